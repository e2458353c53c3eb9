"""From gray levels to the digits in them, row by row, in MNIST's form."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from jaxnn.reading import ink, lines, mnist_form, rows, strokes
from jaxnn.reading.ink import NO_INK, NoDigit
from jaxnn.reading.strokes import Box, Digit


class Found(NamedTuple):
    """What may be a digit."""

    picture: np.ndarray  # (28, 28), ink near 1, in MNIST's form
    box: Box  # in the gray levels


def digits(gray: np.ndarray) -> list[list[Found]]:
    """The rows of digits in gray levels (h, w), from top to bottom.

    A picture of one digit has one row of one. Raises NoDigit if there is no ink.
    """
    levels, places = ink.find_ink(gray)
    labels, found = strokes.digits(lines.without_lines(places))
    ordered = rows.rows_of(found)
    if not ordered:
        raise NoDigit(NO_INK)
    edge = max(1, max(gray.shape) // 200)  # the soft edge of a stroke
    return [[cut_out(levels, labels, each, edge) for each in row] for row in ordered]


def cut_out(levels: np.ndarray, labels: np.ndarray, digit: Digit, edge: int) -> Found:
    """A digit's ink alone, with its soft edge: ink (h, w) and labels (h, w)."""
    top, left, bottom, right = digit.box
    part = (
        slice(max(0, top - edge), bottom + edge),
        slice(max(0, left - edge), right + edge),
    )
    mine = np.isin(labels[part], digit.labels)
    soft = ndimage.binary_dilation(mine, iterations=edge)
    return Found(mnist_form.picture(np.where(soft, levels[part], 0)), digit.box)
