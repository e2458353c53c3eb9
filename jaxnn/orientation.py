"""Whether the pixels of images look as jaxnn reads them: upright, ink near 1.

The embedded digits show what a digit looks like on average. Each image of a digit is
compared with the average of its class, upright and transposed, by correlation. Upright
digits agree better as they are, by 0.30 on average (0.22 for the 8x8 digits of
scikit-learn).

This was measured on the embedded digits at 20x20 and 28x28, on copies of them turned by
up to 15 degrees, sheared and scaled, and on the 8x8 digits, each in 400 random
parts of 5 to 200 images. No upright part was called transposed. Transposed parts of 20
or more images always were, and 97% of those of 10. Zeros alone, which have no top, are
never called so, nor are noise and blobs with the labels 0-9.

Shapes: m images, (h, w) their pixels.
"""

import contextlib
import functools
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxnn import images
from jaxnn.classes import DIGITS
from jaxnn.digits import Digits, features
from jaxnn.formats import embedded
from jaxnn.mistake import printable
from jaxnn.scales import BYTES, doubt

PHOTOS = (images.SIDE,) * 2, (images.MNIST_SIDE,) * 2  # shapes that photos get
MOST = 500  # images to look at
# correlation of an image with the average digit of its class: an image of one
LIKE = 0.2
WORSE, ERRORS = -0.05, 2.0  # upright is: on average, and by so many standard errors


class PixelWarning(UserWarning):
    """Images that a network would learn, but not as photos of digits are read."""


def warn(digits: Digits, stacklevel: int = 2) -> None:
    """Warn, by `warnings.warn`, if images are transposed, inverted, or mis-scaled."""
    for text in doubts(digits):
        warnings.warn(
            f"{digits.name or 'digits'}: {text}", PixelWarning, stacklevel + 1
        )


@contextlib.contextmanager
def warnings_in_lines(command: str) -> Iterator[None]:
    """Until the end of the block, a PixelWarning is a line of this command."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", PixelWarning)
        usual = warnings.showwarning

        def show(message: Any, category: type, *where: Any) -> None:
            if issubclass(category, PixelWarning):
                print(f"{command}: warning: {printable(str(message))}", file=sys.stderr)
            else:
                usual(message, category, *where)

        warnings.showwarning = show
        yield


def doubts(digits: Digits) -> list[str]:
    """What looks wrong about the pixels, a line each; nothing of a table."""
    if digits.shape is None or not len(digits.y):
        return []
    which = np.linspace(0, len(digits.y) - 1, min(len(digits.y), MOST)).astype(int)
    x, y = features(digits, which), digits.y[which]
    found, (low, high) = [], (x.min(), x.max())
    most = 2 if digits.shape in PHOTOS else BYTES
    # a resize overshoots; standardized images have the mean 0
    if high > most and low > -high / 4 and x.mean() > high / 50:
        white = 255 if high > 128 else high
        text = f"pixels go up to {high:g}, and ink is 1 to jaxnn; use x / {white:g}"
        found.append(text)
    if digits.classes != DIGITS[: len(digits.classes)]:
        return found
    if not found and digits.shape in PHOTOS and (text := doubt(x)):
        found.append(text)
    h, w = digits.shape
    upright = agreement(images.roll(x, (h, w)), y)  # (m,)
    better = upright - agreement(x.reshape(-1, h, w), y)
    errors = better.mean() / (better.std() / np.sqrt(len(y)) + 1e-12)
    if (upright - better).mean() > LIKE and better.mean() < WORSE and errors < -ERRORS:
        found.append(
            "images look transposed, and jaxnn unrolls them column by column; use "
            f"x.reshape(-1, {h}, {w}).swapaxes(1, 2).reshape(-1, {h * w})"
        )
    if upright.mean() < -LIKE:
        found.append("ink is darker than paper, and ink is 1 to jaxnn; use 1 - x")
    return found


def agreement(pictures: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The correlation (m,) of pictures (m, h, w) with the averages of their classes."""
    expected = scores(averages(*pictures.shape[1:]))[y]
    return (scores(pictures) * expected).sum(axis=(1, 2))


@functools.cache
def averages(h: int, w: int) -> np.ndarray:
    """The average picture (10, h, w) of each embedded digit."""
    pictures, y = embedded()
    means = np.stack([pictures[y == digit].mean(axis=0) for digit in DIGITS])
    down, across = (images.mean_matrix(images.SIDE, side) for side in (h, w))
    return down @ images.shrink(means / 255) @ across.T


def scores(pictures: np.ndarray) -> np.ndarray:
    """Pictures (m, h, w) with mean 0 and norm 1; a blank one becomes 0."""
    centered = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    norm = np.sqrt((centered**2).sum(axis=(1, 2), keepdims=True))
    return centered / np.where(norm <= 1e-12, 1, norm)
