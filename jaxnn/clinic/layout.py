"""How two matrices are unrolled into one vector, and read back."""

from typing import Literal, NamedTuple

import numpy as np

Array = np.ndarray
Pair = tuple[Array, Array]
Order = Literal["C", "F"]  # row by row, column by column


class Layout(NamedTuple):
    """The order of the elements of theta1 (h, 1 + n) and theta2 (k, 1 + h)."""

    order1: Order = "C"
    order2: Order = "C"
    theta2_first: bool = False
    bias_last: bool = False  # in the last column of each, not in column 0


USUAL = Layout()


def unroll(theta1: Array, theta2: Array, layout: Layout = USUAL) -> Array:
    """Both matrices as one vector (h (1 + n) + k (1 + h),)."""
    if layout.bias_last:
        theta1, theta2 = np.roll(theta1, -1, axis=1), np.roll(theta2, -1, axis=1)
    parts = theta1.ravel(layout.order1), theta2.ravel(layout.order2)
    return np.concatenate(parts[::-1] if layout.theta2_first else parts)


def read(vector: Array, layers: tuple[int, int, int], layout: Layout = USUAL) -> Pair:
    """The inverse of unroll; layers is (n, h, k)."""
    n, h, k = layers
    size1, size2 = h * (1 + n), k * (1 + h)
    if layout.theta2_first:
        part2, part1 = vector[:size2], vector[size2:]
    else:
        part1, part2 = vector[:size1], vector[size1:]
    theta1 = part1.reshape((h, 1 + n), order=layout.order1)
    theta2 = part2.reshape((k, 1 + h), order=layout.order2)
    if layout.bias_last:
        theta1, theta2 = np.roll(theta1, 1, axis=1), np.roll(theta2, 1, axis=1)
    return theta1, theta2
