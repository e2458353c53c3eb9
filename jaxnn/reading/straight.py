"""Straight level strokes of a picture: lines of the paper, and parts of digits too.

Upright ones are found as level ones of the turned picture.

Shapes: (h, w) is the size of any picture, true where there is ink.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

SEARCH = 160  # pixels of the longer side at which lines are looked for
STEEPEST, SLOPES = 0.1, 15  # the largest slope, and how many are tried
BREAK = 0.05  # of the longer side: the widest break in a line
SHORTEST, WIDEST = 0.12, 0.1  # of the longer side
INKED, EVEN = 0.65, 0.4  # of a line's length: has ink, is about as wide as the line
BULGE = 1.6  # of a line's width: where ink is wider, something crosses the line
ALIKE = 2.6  # pieces of a line, and lines that meet, are at most so many times as wide
WAVY = 0.35, 0.02  # of a line's width and length: how far from straight it may be
COLUMNS = 16  # of a line, that are looked at at each end; about as many between
THIN = 30  # percentile: that many of a line's columns have nothing else across them


class Line(NamedTuple):
    """A level line: the middle of its ink is at row + slope * column."""

    row: float
    slope: float
    start: int  # columns
    stop: int
    width: float  # of its ink, across

    @property
    def length(self) -> int:
        """How many columns it has."""
        return self.stop - self.start

    def at(self, column):
        """The row of the line's middle at a column."""
        return self.row + self.slope * column


Lines = list[Line]


def found(strokes: np.ndarray) -> Lines:
    """All straight level strokes (h, w), of digits too, the longest first."""
    step = -(-max(strokes.shape) // SEARCH)
    first, last = ends_of_runs(strokes)
    lines = []
    left = runs(pooled(strokes, step))  # slope, row, start, stop, ink
    while len(left):
        slope, row, start, stop, _ = left[0]
        left, rest = left[1:], left[0]
        line = fitted(first, last, rest, step)
        reach = 2.0 if line is None else max(2.0, line.width / step)
        begin, end = np.maximum(left[:, 2], start), np.minimum(left[:, 3], stop)
        apart = [
            np.abs((left[:, 0] - slope) * x + left[:, 1] - row) for x in (begin, end)
        ]
        same = (end - begin > 0.5 * (left[:, 3] - left[:, 2])) & (
            np.maximum(*apart) <= reach
        )
        left = left[~same]
        if line is not None:
            lines.append(line)
    return joined(lines, BREAK * max(strokes.shape))


def joined(lines: Lines, gap: float) -> Lines:
    """Lines in which pieces of one line, at most a gap apart, are one."""
    whole: Lines = []
    for line in sorted(lines, key=lambda line: line.start):
        for i, other in enumerate(whole):
            if line.start <= other.stop + gap and are_one(other, line):
                whole[i] = both(other, line)
                break
        else:
            whole.append(line)
    return whole


def are_one(a: Line, b: Line) -> bool:
    """Whether b goes on where a, which starts before it, is or ends."""
    narrow, wide = sorted((a.width, b.width))
    ends = np.array([b.start, min(a.stop, b.stop)])
    apart = np.abs(a.at(ends) - b.at(ends)).max()
    return apart <= narrow + 1 and wide <= ALIKE * narrow + 1


def both(a: Line, b: Line) -> Line:
    """The line of two pieces; the longer one decides its width."""
    long = max(a, b, key=lambda line: line.length)
    if b.stop <= a.stop:
        return long._replace(start=a.start, stop=a.stop)
    slope = (b.at(b.stop) - a.at(a.start)) / (b.stop - a.start)
    return Line(a.at(a.start) - slope * a.start, slope, a.start, b.stop, long.width)


def pooled(strokes: np.ndarray, step: int) -> np.ndarray:
    """The picture (h, w), step times smaller; ink anywhere in a block is ink."""
    h, w = (-(-n // step) for n in strokes.shape)
    whole = np.zeros((h * step, w * step), bool)
    whole[: strokes.shape[0], : strokes.shape[1]] = strokes
    return np.asarray(whole.reshape(h, step, w, step).any(axis=(1, 3)))


def runs(strokes: np.ndarray) -> np.ndarray:
    """Long runs of ink along straight paths, (runs, 5), those with the most ink first.

    Columns: slope, row at column 0, start, stop, ink with that of the two rows beside.
    """
    h, w = strokes.shape
    longest = max(h, w)
    slopes, across = np.linspace(-STEEPEST, STEEPEST, SLOPES), np.arange(w)
    shift = np.round(slopes[:, None] * (across - w // 2)).astype(int)  # (slopes, w)
    margin = int(np.abs(shift).max()) + 1
    padded = np.pad(strokes, ((margin, margin), (0, 0)))
    rows = np.arange(h)[None, :, None] + shift[:, None] + margin
    level = padded[rows, across].astype(np.int8)  # (slopes, h, w): paths along rows
    gap = max(3, 2 * int(BREAK * longest / 2) + 1)
    closed = ndimage.maximum_filter1d(level, gap, mode="constant")
    closed = ndimage.minimum_filter1d(closed, gap, mode="nearest")
    steps = np.diff(np.pad(closed, ((0, 0), (0, 0), (1, 1))))
    s, r, start = np.nonzero(steps == 1)
    stop = np.nonzero(steps == -1)[2]
    total = np.pad(np.cumsum(level, axis=2, dtype=np.int32), ((0, 0), (1, 1), (1, 0)))
    ink = [total[s, r + i, stop] - total[s, r + i, start] for i in range(3)]
    long = (stop - start >= SHORTEST * longest) & (ink[1] >= INKED * (stop - start))
    score = ink[1] + 0.2 * (ink[0] + ink[2])
    at_zero = r - slopes[s] * (w // 2)
    table = np.stack([slopes[s], at_zero, start, stop, score], axis=1)[long]
    return table[np.argsort(-table[:, 4], kind="stable")]


def ends_of_runs(strokes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel of ink (h, w) the first and the last row of its upright run.

    Where there is no ink, the last comes before the first.
    """
    h = len(strokes)
    rows = np.arange(h)[:, None]
    first = np.maximum.accumulate(np.where(strokes, -1, rows), axis=0) + 1
    below = np.where(strokes, h, rows)[::-1]
    last = np.minimum.accumulate(below, axis=0)[::-1] - 1
    return first, last


def fitted(
    first: np.ndarray, last: np.ndarray, run: np.ndarray, step: int
) -> Line | None:
    """The line in full size along a run of the small picture; None if it is no line."""
    h, w = first.shape
    slope, row, start, stop = run[:4]
    rough = Line((row + 0.5) * step - slope * step / 2, slope, 0, 0, 2 * step)
    columns = some(int(start) * step, min(w, int(stop) * step))
    tops, bottoms = band(first, last, rough, columns)
    widths, is_ink = bottoms - tops + 1, bottoms >= tops
    if is_ink.mean() < INKED:
        return None
    width = float(np.percentile(widths[is_ink], THIN))
    even = is_ink & (widths <= BULGE * width + 1) & (widths >= 0.5 * width - 1)
    length = columns[-1] - columns[0]
    if (
        width > WIDEST * max(h, w)
        or length < 4 * width
        or even.sum() < EVEN * is_ink.sum()
    ):
        return None
    middle = (tops + bottoms)[even] / 2
    slope, row = np.polyfit(columns[even], middle, 1)
    most = min(WAVY[0] * width, WAVY[1] * length) + 1
    within = np.abs(row + slope * columns[even] - middle) <= most
    if within.mean() < 0.8 or abs(slope) > 1.2 * STEEPEST:
        return None
    ends = columns[is_ink]
    return Line(float(row), float(slope), int(ends[0]), int(ends[-1]) + 1, width)


def some(start: int, stop: int) -> np.ndarray:
    """Columns from start to stop: some on the way, and all near both ends."""
    columns = np.arange(start, stop)
    each = max(1, len(columns) // (2 * COLUMNS))
    return np.unique([*columns[:COLUMNS], *columns[::each], *columns[-COLUMNS:]])


def band(
    first: np.ndarray, last: np.ndarray, line: Line, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last row of the ink nearest to a line, at each column.

    The last comes before the first where no ink is within half the line's width.
    """
    h = len(first)
    tops, bottoms = np.zeros(len(columns), int), np.full(len(columns), -1)
    for apart in sorted(
        range(-int(line.width / 2) - 1, int(line.width / 2) + 2), key=abs
    ):
        rows = np.round(line.at(columns)).astype(int) + apart
        at = np.clip(rows, 0, h - 1), columns
        new = (bottoms < tops) & (last[at] >= first[at]) & (rows >= 0) & (rows < h)
        tops, bottoms = np.where(new, first[at], tops), np.where(new, last[at], bottoms)
    return tops, bottoms
