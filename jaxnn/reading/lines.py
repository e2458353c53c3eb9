"""Lines of the paper and of forms: ruled and squared paper, printed boxes and cells.

A line is straight, level or upright or nearly, and ends at the picture's border or at
other lines. So a ruled line reaches from border to border and the four sides of a box
end at one another, while most strokes of a digit have a free end. What crosses a line
stays whole. Upright lines are found as level ones of the turned picture.

Shapes: (h, w) is the size of any picture, true where there is ink.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from jaxnn.reading import mnist_form
from jaxnn.reading.straight import ALIKE, BULGE, Line, Lines, band, ends_of_runs, found

BORDER, JOINT = 0.015, 0.5  # of a side, of a line's width: the gap where a line ends
SIDE = 6  # of its width: the shortest side of a box
# of its length, of its ink: a line so wide, with as much ink beside, can be a stem
STEM, OTHERS = 0.03, 0.3
FINE, LONG = 0.6, 0.5  # of the pen's width, of a side: such a line needs one end


def without_lines(strokes: np.ndarray) -> np.ndarray:
    """The strokes (h, w) without the paper's lines; strokes that cross them stay."""
    level, upright = found(strokes), found(strokes.T)
    held = attached(level, upright, strokes.shape)
    if is_stem(held, strokes):
        held = [], []
    kept = erased(strokes, *held)
    pen = FINE * mnist_form.stroke_width(kept)
    fine = (
        [a for a in level if is_fine(a, pen, strokes.shape[1])],
        [b for b in upright if is_fine(b, pen, strokes.shape[0])],
    )
    return erased(kept, *fine)


def attached(
    level: Lines, upright: Lines, shape: tuple[int, ...]
) -> tuple[Lines, Lines]:
    """Those lines whose ends are both at the border of (h, w) or at another of them."""
    h, w = shape
    while True:
        kept = (
            [a for a in level if is_held(a, upright, w)],
            [b for b in upright if is_held(b, level, h)],
        )
        if kept == (level, upright):
            return kept
        level, upright = kept


def is_fine(line: Line, pen: float, length: int) -> bool:
    """Whether a line that ends anywhere is too fine and too long for a digit's."""
    border = max(2, BORDER * length)
    at_border = line.start <= border or line.stop >= length - border
    return at_border and line.width <= pen and line.length >= LONG * length


def is_stem(lines: tuple[Lines, Lines], strokes: np.ndarray) -> bool:
    """Whether the only line can be the stem of a digit that is cut tight: (h, w)."""
    alone = [*lines[0], *lines[1]]
    if len(alone) != 1 or alone[0].width <= STEM * alone[0].length:
        return False
    marked: Any = ndimage.label(strokes, np.ones((3, 3)))
    gone = np.unique(marked[0][strokes & ~erased(strokes, *lines)])
    joined = np.isin(marked[0], gone)
    return (strokes & ~joined).sum() <= OTHERS * (strokes & joined).sum()


def erased(strokes: np.ndarray, level: Lines, upright: Lines) -> np.ndarray:
    """The strokes (h, w) without these lines, and without what lies wholly there."""
    if not level and not upright:
        return strokes
    kept, near = strokes.copy(), np.zeros_like(strokes)
    for lines, turned in ((level, np.asarray), (upright, np.transpose)):
        erase(lines, turned(kept), turned(near))
    return without_rests(kept, near)


def is_held(line: Line, others: Sequence[Line], length: int) -> bool:
    """Whether both ends of a line are at the border or at lines across it."""

    def ends_at(column: int, other: Line) -> bool:
        row = line.at(column)
        narrow, wide = sorted((line.width, other.width))
        near = 2 + JOINT * wide
        return (
            wide <= ALIKE * narrow + 1
            and abs(other.at(row) - column) <= other.width / 2 + near
            and other.start - near <= row <= other.stop + near
        )

    border = max(2, BORDER * length)
    start, stop = line.start, line.stop - 1
    first, last = start <= border, stop >= length - 1 - border
    long = first and last or line.length >= SIDE * line.width
    return (
        long
        and (first or any(ends_at(start, other) for other in others))
        and (last or any(ends_at(stop, other) for other in others))
    )


def erase(lines: Lines, strokes: np.ndarray, near: np.ndarray) -> None:
    """Erase lines from strokes (h, w), except where strokes cross; mark the places."""
    h, w = strokes.shape
    rows = np.arange(h)[:, None]
    for line in lines:
        first, last = ends_of_runs(strokes)
        reach = int(0.02 * max(h, w)) + 1
        columns = np.arange(max(0, line.start - reach), min(w, line.stop + reach))
        tops, bottoms = band(first, last, line, columns)
        thin = bottoms - tops + 1 <= BULGE * line.width + 1
        gone = (rows >= tops) & (rows <= bottoms) & thin
        strokes[:, columns] &= ~gone
        near[:, columns] |= np.abs(rows - line.at(columns)) <= line.width + 1


def without_rests(strokes: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The strokes (h, w) without those that lie wholly near an erased line."""
    marked: Any = ndimage.label(strokes, np.ones((3, 3)))
    labels, count = marked
    beyond = np.bincount(labels[~near], minlength=count + 1) > 0
    beyond[0] = False
    return beyond[labels]
