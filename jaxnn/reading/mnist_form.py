"""A digit's ink in the form of MNIST's digits: a picture of 28x28.

First the strokes become as wide as those of MNIST's digits. Then MNIST's own steps
follow: the ink is fitted into 20x20 pixels, with its aspect kept, and its center of
mass is moved to the middle of 28x28 (`centered`; it leaves MNIST's own digits as they
are). reader.js does the same in a page, function by function.

Shapes: (h, w) is the size of any picture; ink is 0 none to 1 full.
"""

import functools
from math import isqrt

import numpy as np
from scipy import ndimage

from jaxnn.images import MNIST_SIDE, SIDE, mean_matrix

EDGE = 0.1  # of full ink: less counts as margin
PEN = 100  # pixels of the longer side when the stroke width is measured
PEN_WIDTHS = 0.09, 0.175  # of the longer side: the range of 82% of the embedded digits


def picture(ink: np.ndarray) -> np.ndarray:
    """A digit's ink (h, w), not empty, as MNIST's picture of it, (28, 28)."""
    return centered(with_mnist_pen(trimmed(ink)))


def trimmed(ink: np.ndarray) -> np.ndarray:
    """The ink (h, w) without its empty margins."""
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > EDGE) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def with_mnist_pen(ink: np.ndarray) -> np.ndarray:
    """Thin strokes thickened, and thick ones thinned, to the width of MNIST's digits.

    (h, w) to a picture whose longer side has about 100 pixels.
    """
    ink = fitted(ink, PEN)
    width = stroke_width(ink > 0.5) / PEN
    wanted = np.clip(width, *PEN_WIDTHS)
    reach = round(PEN * abs(wanted - width) / 2)
    changed = spread(ink, reach, wanted > width)
    return trimmed(changed if changed.max() > 0.5 else ink)


def spread(ink: np.ndarray, reach: int, is_thicker: bool) -> np.ndarray:
    """The most (or least) ink (h, w) within a disc around each pixel.

    reach: the disc's radius; the result has a margin of it. One row of the disc after
    another: SciPy's filters by a whole disc take as long as its area.
    """
    of_row = ndimage.maximum_filter1d if is_thicker else ndimage.minimum_filter1d
    padded = np.pad(ink, ((2 * reach, 2 * reach), (reach, reach)))
    rows, found = len(ink) + 2 * reach, []
    for y in range(reach + 1):
        across = of_row(padded, 2 * isqrt(reach**2 - y**2) + 1, axis=1, mode="constant")
        found += [across[top : top + rows] for top in (reach - y, reach + y)]
    return functools.reduce(np.maximum if is_thicker else np.minimum, found)


def stroke_width(strokes: np.ndarray) -> float:
    """In pixels: twice the area of strokes (h, w) over the length of their outline.

    Counted along the sides of pixels, an outline is 4 / pi times as long, on average.
    """
    padded = np.pad(strokes, 1).astype(int)
    sides = sum(np.abs(np.diff(padded, axis=axis)).sum() for axis in (0, 1))
    return 2 * strokes.sum() / max(1.0, sides * np.pi / 4)


def centered(ink: np.ndarray) -> np.ndarray:
    """Ink (h, w) without margins to (28, 28), by MNIST's own steps.

    Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.
    The digits themselves show that the center of mass goes to pixel 14 (of 0-27).
    """
    box, field = fitted(ink, SIDE), np.zeros((MNIST_SIDE, MNIST_SIDE))
    corner = []
    for axis, side in enumerate(box.shape):
        mass = box.sum(axis=1 - axis)  # (side,)
        center = mass @ (np.arange(side) + 0.5) / mass.sum()
        first = int(np.ceil(MNIST_SIDE / 2 - center))
        corner.append(min(max(first, 0), MNIST_SIDE - side))
    (top, left), (h, w) = corner, box.shape
    field[top : top + h, left : left + w] = box
    return field


def fitted(ink: np.ndarray, longest: int) -> np.ndarray:
    """Ink resized by averaging areas, so that its longer side has `longest` pixels."""
    scale = longest / max(ink.shape)
    down, across = (mean_matrix(n, max(1, round(scale * n))) for n in ink.shape)
    return down @ ink @ across.T
