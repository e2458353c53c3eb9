"""From the bytes of an image file to an upright picture that is not too large.

Only formats that photos have are opened: for others Pillow may start programs. Large
pictures are shrunk while they are decoded, or as soon as they are.
"""

import contextlib
import logging

from PIL import Image
from PIL.Image import Transpose

from jaxnn import descriptors

LONGEST = 640  # pixels of the longer side after reading; twice as many are decoded
TURN = 0x0112  # EXIF's tag of the camera's turn: a number, but files hold anything
TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
FORMATS = "JPEG", "PNG", "TIFF", "BMP", "GIF", "PPM", "WEBP", "AVIF"
PLAIN = {"1": "L", "P": "RGB", "PA": "RGBA"}  # modes that cannot be shrunk, and a like

# Pillow logs what it then raises; without a handler, logging prints that
logging.getLogger("PIL").addHandler(logging.NullHandler())


def formats() -> list[str]:
    """Those of FORMATS that this Pillow reads."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def endings() -> set[str]:
    """How the names of image files end, in lower case."""
    known = Image.registered_extensions().items()
    return {ending for ending, name in known if name in FORMATS}


def decoded(image: Image.Image) -> Image.Image:
    """The picture of an image file, upright; a large one is shrunk at once."""
    image.draft("RGB", (2 * LONGEST, 2 * LONGEST))  # JPEG: shrinks while it decodes
    is_loud = image.format == "TIFF"  # libtiff writes to standard error, past Python
    with descriptors.nowhere(2) if is_loud else contextlib.nullcontext():
        image.load()
    turn = TURNS.get(image.getexif().get(TURN, 1))
    small = shrunk(image)
    return small if turn is None else small.transpose(turn)


def shrunk(image: Image.Image) -> Image.Image:
    """A picture whose longer side is at most four times LONGEST, or as it is."""
    factor = max(image.size) // (2 * LONGEST)
    if factor < 2:
        return image
    mode = "I" if image.mode.startswith("I;") else PLAIN.get(image.mode, image.mode)
    if image.mode == "P" and image.has_transparency_data:
        mode = "RGBA"
    plain = image if image.mode == mode else image.convert(mode)  # else it would copy
    return plain.reduce(factor)
