"""The network's cost and gradient in NumPy, as contenders for the benchmarks.

`published` is the form in which programs for this exercise usually write it: examples
as rows, float64, a column of ones for the bias. `tight_rows` keeps the rows and wastes
nothing: no copies of the data, operations in place. `tight` is the most that NumPy
gave: besides, every array as long as the data is allocated once, and the examples are
contiguous columns, the order that jaxnn uses too.

Shapes: m examples, n pixels, h hidden units, k classes; theta1 (h, 1 + n) and theta2
(k, 1 + h), column 0 the bias. One hidden layer. Costs are nats per example.
"""

from typing import NamedTuple, TypeAlias

import numpy as np

Params: TypeAlias = tuple[np.ndarray, np.ndarray]  # theta1, theta2


class Buffers(NamedTuple):
    """The data as `tight` wants it, and the memory it works in."""

    pixels: np.ndarray  # (n, m) contiguous
    sign: np.ndarray  # (k, m) -1 at the class of the example, +1 elsewhere
    ones: np.ndarray  # (m,)
    hidden: np.ndarray  # (1 + h, m) row 0 is 1, for the bias; below it a1
    delta1: np.ndarray  # (h, m)
    slope: np.ndarray  # (h, m)
    delta2: np.ndarray  # (k, m)
    losses: np.ndarray  # (k, m)


def buffers(params: Params, x: np.ndarray, y: np.ndarray) -> Buffers:
    """Lay out x (m, n) and the digits y (m,) in the dtype of params."""
    theta1, theta2 = params
    m, h, k, dtype = len(x), len(theta1), len(theta2), theta1.dtype
    return Buffers(
        pixels=np.ascontiguousarray(x.T, dtype),
        sign=np.where(y == np.arange(k)[:, None], -1, 1).astype(dtype),
        ones=np.ones(m, dtype),
        hidden=np.ones((1 + h, m), dtype),
        delta1=np.empty((h, m), dtype),
        slope=np.empty((h, m), dtype),
        delta2=np.empty((k, m), dtype),
        losses=np.empty((k, m), dtype),
    )


def tight(params: Params, work: Buffers, lam: float) -> tuple[float, Params]:
    """Cost and gradient in the dtype of params; overwrites the buffers."""
    theta1, theta2 = params
    m, a1 = work.pixels.shape[1], work.hidden[1:]
    np.matmul(theta1[:, 1:], work.pixels, out=a1)  # z1 (h, m)
    a1 += theta1[:, :1]
    squash(a1)
    np.matmul(theta2, work.hidden, out=work.delta2)  # z2 (k, m)
    data_cost = compare(work.delta2, work.sign, work.losses)

    gradient2 = work.delta2 @ work.hidden.T  # (k, 1 + h)
    np.matmul(theta2[:, 1:].T, work.delta2, out=work.delta1)
    multiply_by_slope(work.delta1, a1, work.slope)
    gradient1 = np.empty_like(theta1)
    gradient1[:, 1:] = (work.pixels @ work.delta1.T).T  # faster than delta1 @ pixels.T
    gradient1[:, 0] = work.delta1 @ work.ones
    return finish(params, (gradient1, gradient2), data_cost, m, lam)


def tight_rows(
    params: Params, x: np.ndarray, sign: np.ndarray, lam: float
) -> tuple[float, Params]:
    """Cost and gradient in the dtype of params, examples as rows.

    x: (m, n). sign: (m, k), -1 at the class of the example, +1 elsewhere.
    """
    theta1, theta2 = params
    a1 = x @ theta1[:, 1:].T  # z1 (m, h)
    a1 += theta1[:, 0]
    squash(a1)
    delta2 = a1 @ theta2[:, 1:].T  # z2 (m, k)
    delta2 += theta2[:, 0]
    data_cost = compare(delta2, sign, np.empty_like(delta2))

    delta1 = delta2 @ theta2[:, 1:]  # (m, h)
    multiply_by_slope(delta1, a1, np.empty_like(a1))
    gradient1, gradient2 = np.empty_like(theta1), np.empty_like(theta2)
    gradient1[:, 1:], gradient1[:, 0] = (x.T @ delta1).T, delta1.sum(axis=0)
    gradient2[:, 1:], gradient2[:, 0] = delta2.T @ a1, delta2.sum(axis=0)
    return finish(params, (gradient1, gradient2), data_cost, len(x), lam)


def squash(z: np.ndarray) -> None:
    """z becomes sigmoid(z) = (1 + tanh(z / 2)) / 2."""
    z *= 0.5
    np.tanh(z, out=z)
    z += 1
    z *= 0.5


def compare(w: np.ndarray, sign: np.ndarray, losses: np.ndarray) -> float:
    """The cross-entropy of w = z2, summed; z2 becomes delta2 = a2 - y; losses is room.

    With w = z2, or -z2 at the class of the example, a loss is softplus(w) =
    max(w, 0) + log(1 + e^-|w|) and its derivative sigmoid(w) = e^(w - softplus(w)).
    """
    w *= sign
    np.abs(w, out=losses)
    np.negative(losses, out=losses)
    np.exp(losses, out=losses)
    np.log1p(losses, out=losses)
    losses += np.maximum(w, 0)
    w -= losses
    np.exp(w, out=w)
    w *= sign
    return float(losses.sum())


def multiply_by_slope(delta: np.ndarray, a: np.ndarray, slope: np.ndarray) -> None:
    """delta *= a (1 - a), the derivative of the sigmoid; slope is room for it."""
    np.subtract(1, a, out=slope)
    slope *= a
    delta *= slope


def finish(
    params: Params, gradient: Params, data_cost: float, m: int, lam: float
) -> tuple[float, Params]:
    """Divide the sums over m examples by m, and add the penalty."""
    squares = 0.0
    for slope, theta in zip(gradient, params, strict=True):
        squares += float(np.sum(theta[:, 1:] ** 2))
        slope[:, 1:] += lam * theta[:, 1:]
        slope /= m
    return data_cost / m + lam / (2 * m) * squares, gradient


def published(
    params: Params, x: np.ndarray, y: np.ndarray, lam: float
) -> tuple[float, Params]:
    """Cost and gradient as the exercise's programs write them.

    x: (m, n). y: (m, k), 1 at the class of the example. Overflows where |z| is large
    and takes log(0) where an output is 0 or 1, as they do.
    """
    theta1, theta2 = params
    m = x.shape[0]
    a1 = np.hstack([np.ones((m, 1)), x])  # (m, 1 + n)
    z2 = a1 @ theta1.T  # (m, h)
    a2 = np.hstack([np.ones((m, 1)), sigmoid(z2)])  # (m, 1 + h)
    a3 = sigmoid(a2 @ theta2.T)  # (m, k)
    cost = np.sum(-y * np.log(a3) - (1 - y) * np.log(1 - a3)) / m
    penalty = np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2)
    cost = cost + lam / (2 * m) * penalty

    delta3 = a3 - y  # (m, k)
    delta2 = (delta3 @ theta2[:, 1:]) * sigmoid(z2) * (1 - sigmoid(z2))  # (m, h)
    gradient1 = delta2.T @ a1 / m  # (h, 1 + n)
    gradient2 = delta3.T @ a2 / m  # (k, 1 + h)
    gradient1[:, 1:] += lam / m * theta1[:, 1:]
    gradient2[:, 1:] += lam / m * theta2[:, 1:]
    return float(cost), (gradient1, gradient2)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-z), element by element."""
    return 1 / (1 + np.exp(-z))
