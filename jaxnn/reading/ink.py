"""Find the one digit in a picture: which pixels are ink, which ink is the digit.

Paper is never evenly lit, so each pixel is compared with the paper around it. Darker
pixels are ink; lighter ones if most of the picture is dark. Ink along the paper's
lines, at the border, or in small isolated specks is not part of the digit.

Shapes: (h, w) is the size of any picture. Gray levels are 0 black to 1 white; ink is 0
none to 1 full.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from jaxnn.mistake import Mistake
from jaxnn.reading import mnist_form

WINDOW = 0.3  # of the longer side: wider than a stroke, narrower than a shadow
SOFT = 1 / 640  # of the longer side: the width of the smoothing that removes grain
FULL = 0.9  # of the ink's median contrast: from here on ink counts as full
LEAST_CONTRAST = 0.06  # between ink and paper
SPECK, SECOND = 0.03, 0.15  # of the digit's area: below, a speck; above, another digit
ASIDE, BELOW = 0.1, 0.25  # of the taller stroke's height: the widest gaps in a digit
STEEPEST, WHOLE = 0.1, 0.85  # a line of the paper: its largest slope, its inked share
NO_INK = "no digit found; take the photo closer, on plain paper"
Slices = tuple[slice, slice]  # of rows, of columns


class NoDigit(Mistake):
    """A picture does not hold exactly one digit; the message says what it holds."""


def digit(gray: np.ndarray) -> np.ndarray:
    """Gray levels (h, w) to MNIST's picture of the digit in them, (28, 28), ink near 1.

    Raises NoDigit if there is no ink, or more than one digit.
    """
    ink, strokes = find_ink(gray)
    mine = find_strokes(strokes)
    edge = max(1, max(gray.shape) // 200)  # the soft edge of a stroke
    ink = np.where(ndimage.binary_dilation(mine, iterations=edge), ink, 0)
    return mnist_form.picture(ink)


def find_ink(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gray levels (h, w) to ink (h, w) and the places of its strokes, (h, w) bool."""
    smooth = ndimage.gaussian_filter(gray, SOFT * max(gray.shape))
    if is_light_on_dark(smooth):
        smooth = 1 - smooth
    side = int(WINDOW * max(gray.shape)) | 1
    paper = ndimage.grey_closing(smooth, (side, side))  # paper in place of strokes
    contrast = paper - smooth  # (h, w)
    strokes = contrast > threshold(contrast)
    if strokes.all() or not strokes.any():
        raise NoDigit(NO_INK)
    full, rest = np.median(contrast[strokes]), contrast[~strokes]
    blank = np.median(rest)
    grain = 1.4826 * np.median(np.abs(rest - blank))  # standard deviation, if normal
    floor = blank + 2 * grain
    if full < max(LEAST_CONTRAST, floor + 4 * grain):
        raise NoDigit(NO_INK)
    return np.clip((contrast - floor) / (FULL * full - floor), 0, 1), strokes


def is_light_on_dark(gray: np.ndarray) -> bool:
    """Whether the ink is lighter than the paper, which is most of the picture.

    The light on the paper is modeled as a quadratic surface.
    """
    step = max(1, max(gray.shape) // 64)
    small = ndimage.uniform_filter(gray, step)[::step, ::step]
    h, w = small.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    terms = np.stack([x**0, x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    level = small.ravel()
    apart, is_paper = level, np.ones(level.size, bool)
    for _ in range(8):
        light, *_ = np.linalg.lstsq(terms[is_paper], level[is_paper])
        apart = level - terms @ light
        usual = np.median(np.abs(apart[is_paper]))
        is_paper = np.abs(apart) <= 3 * usual + 1e-6
    return float((apart**3).sum()) > 0


def threshold(values: np.ndarray) -> float:
    """Otsu's threshold: it splits the values into the two most different classes.

    Source: N. Otsu, A threshold selection method from gray-level histograms, IEEE
    Transactions on Systems, Man, and Cybernetics 9 (1979), p. 62.
    """
    counts, edges = np.histogram(values, 256)
    share = counts / counts.sum()
    levels = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(share), np.cumsum(share * levels)
    apart = (sums[-1] * below - sums) ** 2 / np.maximum(below * (1 - below), 1e-12)
    best = apart[:-1] >= apart[:-1].max() * (1 - 1e-9)  # an empty stretch ties
    return float(levels[:-1][best].mean())


def find_strokes(strokes: np.ndarray) -> np.ndarray:
    """The digit's strokes, (h, w) bool: no lines, no specks, nothing at the border.

    Raises NoDigit if there is another digit.
    """
    whole: Any = ndimage.label(without_lines(strokes), np.ones((3, 3)))
    labels, count = whole  # (h, w) 1 to count, 0 elsewhere
    boxes: list[Slices] = ndimage.find_objects(labels)
    areas = np.bincount(labels.ravel())[1:]
    is_inside = np.array([not touches_border(box, strokes.shape) for box in boxes])
    main = areas.argmax()  # the digit, unless it is a table's edge or a thumb
    if (areas * is_inside).max() > SECOND * areas[main]:
        main = (areas * is_inside).argmax()
    found = [i for i in range(count) if areas[i] >= SPECK * areas[main]]
    groups = grouped(boxes, found)
    mine = next(group for group in groups if main in group)
    for group in groups:
        other = sum(areas[i] for i in group if is_inside[i])
        if group is not mine and other > SECOND * areas[mine].sum():
            raise NoDigit("more than one digit; crop the picture to one")
    return np.isin(labels, np.add(mine, 1))


def touches_border(box: Slices, shape: tuple[int, ...]) -> bool:
    """Whether a stroke reaches the picture's border."""
    return any(s.start == 0 or s.stop == n for s, n in zip(box, shape, strict=True))


def grouped(boxes: Sequence[Slices], found: Sequence[int]) -> list[list[int]]:
    """Strokes in groups: strokes that are near each other share a group."""
    groups: list[list[int]] = []
    for i in found:
        near = [g for g in groups if any(are_near(boxes[i], boxes[j]) for j in g)]
        groups = [g for g in groups if g not in near] + [[i, *sum(near, [])]]
    return groups


def are_near(a: Slices, b: Slices) -> bool:
    """Whether two strokes can be one digit: one above the other, or almost joined."""
    tallest = max(rows.stop - rows.start for rows, _ in (a, b))
    down, across = (
        max(s.start - t.stop, t.start - s.stop) for s, t in zip(a, b, strict=True)
    )
    return across <= ASIDE * tallest and down <= BELOW * tallest


def without_lines(strokes: np.ndarray) -> np.ndarray:
    """The strokes without the paper's lines; strokes that cross a line stay whole."""
    kept = strokes & ~lines_across(strokes) & ~lines_across(strokes.T).T
    return kept if kept.any() else strokes


def lines_across(strokes: np.ndarray) -> np.ndarray:
    """Where lines run from left to right, level or a little sloped, (h, w) bool.

    The picture is sheared until one of its rows is all ink, or nearly.
    """
    h, w = strokes.shape
    down, across = np.arange(h)[:, None], np.arange(w)
    lines = np.zeros_like(strokes)
    if strokes.any(axis=0).mean() <= WHOLE:  # too few columns have any ink
        return lines

    def places(slope: float, columns: np.ndarray) -> np.ndarray:
        """The rows (h, columns) that a line of this slope meets, one line per row."""
        return (down + np.round(slope * (columns - w / 2)).astype(int)) % h

    few = across[::8]  # enough to find the slope
    slopes = np.linspace(-STEEPEST, STEEPEST, 41)
    seen = [strokes[places(s, few), few].mean(axis=1).max() for s in slopes]
    slope = slopes[np.argmax(seen)]
    level = strokes[places(slope, across), across]  # (h, w), the lines now along rows
    cover = level.mean(axis=1)  # (h,)
    if cover.max() > WHOLE:
        lines[places(slope, across), across] = along_rows(level, cover > 0.5)
    return lines


def along_rows(strokes: np.ndarray, is_line: np.ndarray) -> np.ndarray:
    """The ink (h, w) of rows that are lines (h,), without strokes that cross them."""
    lines, h = np.zeros_like(strokes), len(strokes)
    bands: Any = ndimage.label(is_line)
    for (band,) in ndimage.find_objects(bands[0]):
        top, bottom = band.start - 2, band.stop + 2
        if top < 2 or bottom > h - 2 or bottom - top > h // 10:  # too thick for a line
            continue
        beyond = strokes[[top - 2, top - 1, bottom, bottom + 1]].any(axis=0)  # (w,)
        crossed: Any = ndimage.binary_dilation(beyond, iterations=2)
        lines[top:bottom] = strokes[top:bottom] & ~crossed
    return lines
