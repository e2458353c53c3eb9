"""Pictures in files of any format, as grey levels in which a digit can be looked for.

A file is read without trust: its size is known before memory is taken, and whatever a
damaged one makes Pillow raise becomes one FileError that names the file.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from jaxnn import files
from jaxnn.files import FileError

LONGEST, SHORTEST = 640, 200  # pixels of the longer side, after reading
SMALLEST = 8  # pixels of a side in which there could be a digit
LARGEST = 178_956_970  # pixels: Pillow's own bound against bombs


def grey_levels(path: Path) -> np.ndarray:
    """An image file's picture, upright: (h, w) float64, 0 black to 1 white.

    Of several frames the first. The longer side has 200 to 640 pixels: larger ones are
    shrunk, smaller ones enlarged. Raises FileError.
    """
    with files.reading(path, "an image"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes that are read all the same
        try:
            with Image.open(path) as image:
                check_sides(path, image.size)
                image.draft("RGB", (2 * LONGEST, 2 * LONGEST))  # JPEG: shrinks at once
                grey = in_grey(ImageOps.exif_transpose(image))
        except Image.DecompressionBombError:
            raise FileError(
                f"{path}: more than {LARGEST / 1e6:.0f} million pixels; make it smaller"
            ) from None
        except UnidentifiedImageError:
            raise FileError(
                f"{path}: not an image that Pillow reads; save it as JPEG or PNG"
            ) from None
        except (OSError, SyntaxError) as error:  # Pillow's words for damaged bytes
            if isinstance(error, OSError) and error.errno:
                raise
            raise FileError(f"{path}: damaged ({error}); get a fresh copy") from None
    longest = max(grey.size)
    scale = np.clip(longest, SHORTEST, LONGEST) / longest
    size = [max(1, round(scale * side)) for side in grey.size]
    return np.asarray(grey.resize(size, Image.Resampling.BICUBIC), np.float64)


def check_sides(path: Path, sides: tuple[int, int]) -> None:
    """Raise FileError unless there is room for a digit."""
    if min(sides) < SMALLEST:
        raise FileError(
            f"{path}: {sides[0]}x{sides[1]} pixels; give a picture of at least "
            f"{SMALLEST}x{SMALLEST}"
        )


def in_grey(image: Image.Image) -> Image.Image:
    """The picture in mode F, 0-1; what is transparent lies on paper.

    The paper is white, or black where the drawing is mostly light.
    """
    if image.mode.startswith("I"):  # 16 bits, also where Pillow takes 32 for them
        return as_floats(np.asarray(image, np.float32) / 65535)
    if image.mode == "F":
        levels = np.asarray(image, np.float32)
        return as_floats(levels / max(float(levels.max()), 1.0))
    if not image.has_transparency_data:
        return as_floats(np.asarray(image.convert("L"), np.float32) / 255)
    layers = image.convert("RGBA")
    levels = np.asarray(layers.convert("RGB").convert("L"), np.float32) / 255
    cover = np.asarray(layers.getchannel("A"), np.float32) / 255
    is_light = (cover * levels).sum() > 0.5 * cover.sum()
    return as_floats(cover * levels + (1 - cover) * (0.0 if is_light else 1.0))


def as_floats(levels: np.ndarray) -> Image.Image:
    """An array (h, w) as an image in mode F."""
    return Image.fromarray(np.clip(levels, 0, 1).astype(np.float32))
