"""From gray levels to the digits in them, row by row, in MNIST's form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from jaxnn.reading import ink, lines, mnist_form, rows, strokes, touching
from jaxnn.reading.ink import NO_INK, NoDigit
from jaxnn.reading.strokes import Box, Digit

LOWEST = 0.5  # of the whole's height: the lowest of two digits that touch


class Found(NamedTuple):
    """What may be a digit, or several that touch."""

    picture: np.ndarray  # (28, 28), ink near 1, in MNIST's form
    box: Box  # in the gray levels
    ink: np.ndarray  # (h, w) in the box, with a margin of `edge` pixels
    strokes: np.ndarray  # (h, w) its own, there
    edge: int

    def divisions(self) -> Iterator[tuple[Found, Found]]:
        """Ways to see two digits in it, each of which can be divided further."""
        e = self.edge
        for inner in touching.divisions(self.strokes[e:-e, e:-e]):
            is_left = np.pad(inner, e, mode="edge")
            sides = self.strokes & is_left, self.strokes & ~is_left
            lowest = min(side.any(axis=1).sum() for side in sides)
            if lowest >= LOWEST * self.box.height:
                left, right = map(self.only, sides)
                yield left, right

    def only(self, strokes: np.ndarray) -> Found:
        """Some of its strokes (h, w) alone."""
        top, left = self.box.top - self.edge, self.box.left - self.edge
        return alone(self.ink, strokes, self.edge, (top, left))


def digits(gray: np.ndarray, window: float = ink.WINDOW) -> list[list[Found]]:
    """The rows of digits in gray levels (h, w), from top to bottom.

    A picture of one digit has one row of one. Raises NoDigit if there is no ink.
    """
    levels, places = ink.find_ink(gray, window)
    labels, found = strokes.digits(lines.without_lines(places))
    ordered = rows.rows_of(found)
    if not ordered:
        raise NoDigit(NO_INK)
    edge = max(1, max(gray.shape) // 200)  # the soft edge of a stroke
    levels, labels = np.pad(levels, edge), np.pad(labels, edge)
    return [[cut_out(levels, labels, each, edge) for each in row] for row in ordered]


def cut_out(levels: np.ndarray, labels: np.ndarray, digit: Digit, edge: int) -> Found:
    """A digit alone; ink (h, w) and labels (h, w) have a margin of `edge` pixels."""
    top, left, bottom, right = digit.box
    part = slice(top, bottom + 2 * edge), slice(left, right + 2 * edge)
    mine = np.isin(labels[part], digit.labels)
    return alone(levels[part], mine, edge, (top - edge, left - edge))


def alone(
    levels: np.ndarray, mine: np.ndarray, edge: int, corner: tuple[int, int]
) -> Found:
    """The ink (h, w) of some strokes (h, w), with their soft edge.

    corner: where the top left pixel is in the gray levels.
    """
    y, x = (np.flatnonzero(mine.any(axis=axis)) for axis in (1, 0))
    part = slice(y[0] - edge, y[-1] + 1 + edge), slice(x[0] - edge, x[-1] + 1 + edge)
    soft = ndimage.binary_dilation(mine[part], iterations=edge)
    own = np.where(soft, levels[part], 0)
    down, across = corner
    box = Box(
        *map(int, (y[0] + down, x[0] + across, y[-1] + down + 1, x[-1] + across + 1))
    )
    return Found(mnist_form.picture(own), box, own, mine[part], edge)
