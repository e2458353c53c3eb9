"""The cost and its gradient as formulas with places where a person can go wrong.

Each place looks up its formula in `at`: RIGHT holds the course's formulas, mistakes.py
the wrong ones. Nothing else differs between a right gradient and a wrong one, so
mistakes can be combined freely. Shapes: m examples, n pixels, h hidden units,
k classes; examples are columns; theta1 (h, 1 + n), theta2 (k, 1 + h), the bias in
column 0. Source: the course's exercise 4.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.layout import USUAL, Array, Layout, Pair, read, unroll
from jaxnn.clinic.problems import Problem

Choices = Mapping[str, Callable[..., Any]]
Unit = Callable[[Array], Array]
Fit = Mapping[str, float]
NOTHING: Fit = {}


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^-z); the problems keep z small."""
    return 1 / (1 + np.exp(-z))


def slope(z: Array) -> Array:
    """sigma'(z) = sigma(z) (1 - sigma(z))."""
    return sigmoid(z) * (1 - sigmoid(z))


def indicators(y: Array, k: int) -> Array:
    """Y (k, m): 1 in the row of the label, else 0."""
    return (np.arange(k)[:, None] == y).astype(float)


def without_bias(theta1: Array, theta2: Array) -> Pair:
    """Both thetas with zeros in their bias column."""
    return no_column_0(theta1), no_column_0(theta2)


def no_column_0(theta: Array) -> Array:
    """theta with zeros in its bias column."""
    return np.hstack([np.zeros((len(theta), 1)), theta[:, 1:]])


def squares(theta1: Array, theta2: Array) -> float:
    """The sum of the squares of all elements."""
    return (theta1**2).sum() + (theta2**2).sum()


RIGHT: Choices = {
    "labels": indicators,
    "examples": lambda m, fit: slice(None),
    "forward": lambda f: f,
    # only in the gradient
    "delta3": lambda a3, z3, Y: a3 - Y,
    "delta3's sign": lambda: 1,
    "time": lambda theta2, gradient2, fit: theta2,
    "column": lambda theta2: theta2[:, 1:],
    "delta2": lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * slope2,
    "activation": lambda z2, a2: a2,
    "sum": lambda delta, layer: delta,
    "bias": lambda delta, m, layer: delta.sum(axis=1, keepdims=True),
    "average": lambda m, k, fit: (1 / m, 1 / m),
    "penalty": lambda lam, m, theta, fit: lam / m * theta,
    "penalty's sign": lambda: 1,
    "columns": without_bias,
    "whole": lambda m: 1,
    "order": lambda layout: layout,
    "layers": lambda layout: layout,
    # only in the cost
    "terms": lambda a3, z3, Y, fit: -Y * np.log(a3) - (1 - Y) * np.log(1 - a3),
    "mean": lambda m, k, fit: 1 / m,
    "squares": lambda lam, m, theta1, theta2, fit: (
        lam / (2 * m) * squares(theta1, theta2)
    ),
    "total": lambda data, penalty: data + penalty,
}


class Pass(NamedTuple):
    """A problem and its forward pass."""

    problem: Problem
    a1: Array  # (n, m)
    z2: Array  # (h, m)
    a2: Array  # (h, m)
    z3: Array  # (k, m)
    a3: Array  # (k, m)
    slope2: Array  # (h, m) derivative of the hidden units' activation, at z2

    def of(self, keep: slice) -> Iterator[Array]:
        """a1, z2, a2, z3, a3, slope2 for the kept examples only."""
        return (a[:, keep] for a in self[1:])


def forward(p: Problem, activation: Unit = sigmoid, by: Unit = slope) -> Pass:
    """The forward pass; `by` is the derivative of the hidden units' activation."""
    a1 = p.x.T
    z2 = p.theta1[:, 1:] @ a1 + p.theta1[:, :1]
    a2 = activation(z2)
    z3 = p.theta2[:, 1:] @ a2 + p.theta2[:, :1]
    return Pass(p, a1, z2, a2, z3, sigmoid(z3), by(z2))


def products(delta: Array, a: Array, m: int, layer: int, at: Choices) -> Array:
    """delta (out, m) times 1 and a (in, m), summed over the examples: (out, 1 + in)."""
    delta = at["sum"](delta, layer)
    return np.hstack([at["bias"](delta, m, layer), delta @ a.T])


def penalty(lam: float, m: int, theta: Array, at: Choices, fit: Fit) -> Array:
    """What lambda adds to the gradient of a theta, in its shape."""
    return at["penalty's sign"]() * at["penalty"](lam, m, theta, fit)


def gradient2(
    f: Pass, lam: float, at: Choices = RIGHT, fit: Fit = NOTHING
) -> tuple[Array, Array]:
    """delta3 (k, m) of the kept examples, and the gradient of theta2 (k, 1 + h)."""
    p = f.problem
    k, m = len(p.theta2), len(p.y)
    keep = at["examples"](m, fit)
    _, z2, a2, z3, a3, _ = at["forward"](f).of(keep)
    Y = at["labels"](p.y, k)[:, keep]  # (k, m)
    delta3 = at["delta3's sign"]() * at["delta3"](a3, z3, Y)  # (k, m)
    data = products(delta3, at["activation"](z2, a2), m, 2, at)  # (k, 1 + h)
    added = penalty(lam, m, at["columns"](p.theta1, p.theta2)[1], at, fit)
    return delta3, at["whole"](m) * (at["average"](m, k, fit)[1] * data + added)


def gradient(
    f: Pass,
    lam: float,
    at: Choices = RIGHT,
    fit: Fit = NOTHING,
    layout: Layout = USUAL,
) -> Pair:
    """The gradient (h, 1 + n), (k, 1 + h) by the formulas in `at`.

    fit: the unknown numbers in the formulas, such as the step that moved theta2.
    layout: how the person's parameters are unrolled, and so how the gradient is read.
    """
    p = f.problem
    k, m = len(p.theta2), len(p.y)
    delta3, slopes2 = gradient2(f, lam, at, fit)
    W = at["column"](at["time"](p.theta2, slopes2, fit))  # (k, h)
    a1, z2, a2, z3, _, slope2 = at["forward"](f).of(at["examples"](m, fit))
    delta2 = at["delta2"](W, delta3, z2, a2, z3, slope2)  # (h, m)
    data = products(delta2, a1, m, 1, at)  # (h, 1 + n)
    added = penalty(lam, m, at["columns"](p.theta1, p.theta2)[0], at, fit)
    slopes1 = at["whole"](m) * (at["average"](m, k, fit)[0] * data + added)
    unrolled = unroll(slopes1, slopes2, at["layers"](at["order"](layout)))
    return read(unrolled, p.layers, layout)


def cost(f: Pass, lam: float, at: Choices = RIGHT, fit: Fit = NOTHING) -> float:
    """The cost, in nats per example, by the formulas in `at`."""
    p = f.problem
    k, m = len(p.theta2), len(p.y)
    keep = at["examples"](m, fit)
    *_, z3, a3, _ = at["forward"](f).of(keep)
    Y = at["labels"](p.y, k)[:, keep]  # (k, m)
    data = at["mean"](m, k, fit) * at["terms"](a3, z3, Y, fit).sum()
    added = 0.0
    if lam:
        added = at["squares"](lam, m, *at["columns"](p.theta1, p.theta2), fit)
    return float(at["total"](data, added))
