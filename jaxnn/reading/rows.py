"""Rows of digits: which stand beside one another, from left to right, top to bottom."""

from collections.abc import Sequence

import numpy as np

from jaxnn.reading.strokes import Box, Digit

BESIDE = 0.4  # of the smaller one's height: digits of one row share that many rows
LOWEST = 0.5, 0.35, 0.45  # of the highest row, digit, usual digit: lower is no digit
FLAT = 2.5  # widths in a height: wider strokes are no digit


def rows_of(digits: Sequence[Digit]) -> list[list[Digit]]:
    """Digits in rows, without what is too low or too wide for a digit among them."""
    rows: list[list[Digit]] = []
    for digit in digits:
        near = [row for row in rows if any(are_beside(digit.box, d.box) for d in row)]
        rows = [row for row in rows if row not in near] + [[digit, *sum(near, [])]]
    rows = [tidy for row in rows if (tidy := like_digits(row))]
    highest = max(map(height, rows), default=0)
    high = [row for row in rows if height(row) >= LOWEST[0] * highest]
    high.sort(key=lambda row: np.mean([d.box.top + d.box.bottom for d in row]))
    return [sorted(row, key=lambda d: d.box.left + d.box.right) for row in high]


def are_beside(a: Box, b: Box) -> bool:
    """Whether two digits stand in one row."""
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return shared >= BESIDE * min(a.height, b.height)


def height(row: Sequence[Digit]) -> float:
    """The median height of a row's digits."""
    return float(np.median([digit.box.height for digit in row]))


def like_digits(row: Sequence[Digit]) -> list[Digit]:
    """Those of a row that are about as high as most, and not too wide."""
    most = max(digit.box.height for digit in row)
    usual = height([d for d in row if d.box.height >= LOWEST[1] * most])
    high = [d for d in row if d.box.height >= LOWEST[2] * usual]
    return [d for d in high if d.box.width <= FLAT * d.box.height]
