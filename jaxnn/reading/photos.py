"""Image files as gray levels in which to look for a digit.

Files are not trusted: the size is checked before memory is taken, and whatever Pillow
raises for a damaged file becomes one FileError that names the file.
"""

import warnings
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from jaxnn import files
from jaxnn.files import FileError
from jaxnn.mistake import Mistake
from jaxnn.reading.decoding import LONGEST, TURN, decoded, formats
from jaxnn.reading.decoding import endings as endings
from jaxnn.reading.strokes import Box

SHORTEST = 200  # pixels of the longer side after reading, at least
SMALLEST = 8  # pixels of a side; a digit needs that many
OVERSHOOT = 1.5  # the largest float that is still a gray level 0-1
ASIDE = 5, 6, 7, 8  # turns that swap the sides
MOST = 50_000_000  # pixels
MOST_OF = {"AVIF": 20_000_000, "WEBP": 20_000_000}  # decoded in several copies


class Photo(NamedTuple):
    """A picture, upright: its gray levels, and its own size before it was resized."""

    # (h, w) float64, 0 black to 1 white; its longer side has 200 to 640 pixels
    gray: np.ndarray
    size: tuple[int, int]  # height and width of the picture itself

    def own(self, box: Box) -> Box:
        """A box in the gray levels, in pixels of the picture itself."""
        down, across = (m / n for m, n in zip(self.size, self.gray.shape, strict=True))
        return Box(
            int(box.top * down),
            int(box.left * across),
            min(self.size[0], ceil(box.bottom * down)),
            min(self.size[1], ceil(box.right * across)),
        )


def opened(photo: Any) -> Photo:
    """The photo in a file (a path), a Pillow image or an array."""
    return of_file(Path(photo)) if isinstance(photo, str | Path) else of_levels(photo)


def of_file(path: Path) -> Photo:
    """The picture in an image file, the first frame if there are several.

    Raises FileError.
    """
    with files.reading(path, "an image"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sizes that are read anyway
        try:
            with Image.open(path, formats=formats()) as image:
                check_sides(path, image.size)
                check_pixels(path, image.size, image.format)
                size = upright_size(image)
                gray = in_gray(decoded(image))
                if not np.isfinite(np.asarray(gray)).all():
                    raise FileError(
                        f"{path}: holds NaN or infinite gray levels; save it as PNG"
                    )
        except Image.DecompressionBombError:
            check_pixels(path, (MOST, MOST))
            raise
        except UnidentifiedImageError:
            raise FileError(
                f"{path}: not a photo in a format that is read; save it as JPEG or PNG"
            ) from None
        except (OSError, SyntaxError) as error:  # Pillow raises both for damaged bytes
            if isinstance(error, OSError) and error.errno:
                raise
            raise FileError(f"{path}: damaged ({error}); get a fresh copy") from None
    return Photo(resized(gray), size)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Height and width of an image as it is viewed; the camera may have been turned."""
    width, height = image.size
    is_aside = image.getexif().get(TURN) in ASIDE
    return (width, height) if is_aside else (height, width)


def of_levels(photo: Any) -> Photo:
    """The photo of a Pillow image, or of an array (h, w) or (h, w, 3 or 4).

    Numbers are 0-1, 0-255, or in uint16 0-65535, as the largest says. Raises Mistake
    for others, NaN, and another array.
    """
    if not isinstance(photo, Image.Image):
        levels = np.asarray(photo)
        is_color = levels.ndim == 3 and levels.shape[2] in (3, 4)
        if levels.dtype.kind not in "biuf" or not (levels.ndim == 2 or is_color):
            raise Mistake(
                f"a photo of {levels.dtype}{list(levels.shape)}: give a path, a Pillow "
                "image, or an array (h, w) or (h, w, 3) of gray levels or colors"
            )
        scaled = levels.astype(float) * (255 / white_of(levels))
        photo = Image.fromarray(np.clip(scaled, 0, 255).round().astype(np.uint8))
    check_sides("the photo", photo.size)
    gray = in_gray(ImageOps.exif_transpose(photo))
    require_finite(np.asarray(gray))
    return Photo(resized(gray), upright_size(photo))


def require_finite(levels: np.ndarray) -> None:
    """Raise Mistake for NaN and infinite gray levels."""
    if not np.isfinite(levels).all():
        raise Mistake("the photo holds NaN or infinite gray levels; fill them in")


def white_of(levels: np.ndarray) -> int:
    """What white is among gray levels or colors of an array: 1, 255 or 65535."""
    require_finite(levels)
    ends = (levels.min(), levels.max()) if levels.size else (0, 0)
    low, high = map(float, ends)
    whites = (1, 255, 65535) if levels.dtype == np.uint16 else (1, 255)
    # a resize overshoots: floats up to 1.5 are 0-1, and a few are below 0
    most = OVERSHOOT if levels.dtype.kind == "f" else 1
    found = [white for white in whites if high <= max(white, most)]
    if not found or low < -high / 4:
        raise Mistake(
            f"the photo holds gray levels from {low:.4g} to {high:.4g}; scale them to "
            "0-1 or 0-255"
        )
    return found[0]


def resized(gray: Image.Image) -> np.ndarray:
    """The picture, in mode F, with a longer side of 200 to 640 pixels: (h, w)."""
    longest = max(gray.size)
    scale = np.clip(longest, SHORTEST, LONGEST) / longest
    size = [max(1, round(scale * side)) for side in gray.size]
    return np.asarray(gray.resize(size, Image.Resampling.BICUBIC), np.float64)


def check_sides(path: Path | str, sides: tuple[int, int]) -> None:
    """Raise FileError if the picture is too small for a digit."""
    if min(sides) < SMALLEST:
        raise FileError(
            f"{path}: {sides[0]}x{sides[1]} pixels; give a picture of at least "
            f"{SMALLEST}x{SMALLEST}"
        )


def check_pixels(path: Path, sides: tuple[int, int], kind: str | None = None) -> None:
    """Raise FileError if a picture of this format has more pixels than are decoded."""
    most = MOST_OF.get(kind or "", MOST)
    if sides[0] * sides[1] > most:
        raise FileError(
            f"{path}: more than {most / 1e6:.0f} million pixels; make it smaller"
        )


def in_gray(image: Image.Image) -> Image.Image:
    """The picture in mode F, 0-1; transparent parts show the paper.

    The paper is white, or black if the drawing is mostly light.
    """
    if image.mode.startswith("I"):  # 16 bits, even if Pillow stores them in 32
        return as_floats(np.asarray(image, np.float32) / 65535)
    if image.mode == "F":
        levels = np.asarray(image, np.float32)
        return as_floats(levels / max(float(levels.max()), 1.0))
    if image.mode == "LAB":  # its first channel is the lightness
        image = image.getchannel(0)
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
