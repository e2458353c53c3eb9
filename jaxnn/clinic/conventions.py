"""The conventions in which people pass arguments to their functions.

A convention is the layout that parameters and gradient share, and the form of labels
and pixels. The course's cost shows for which one a function was written.
"""

import warnings
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.layout import Array, Layout, Order, unroll
from jaxnn.clinic.problems import Problem
from jaxnn.clinic.roles import Signature

CHOICES: dict[str, tuple[str, ...]] = {
    "parameters": ("vector", "column", "list"),  # if they are one argument
    "matrices": ("out x in", "in x out"),
    "biases": ("column", "row", "flat"),
    "order": ("C", "F"),
    "first": ("theta1", "theta2"),
    "bias": ("first", "last"),
    "labels": ("1-10", "10 is 0", "0-9", "one-hot"),
    "y": ("flat", "column", "rows", "columns"),
    "x": ("rows", "rows with 1", "columns", "columns with 1"),
    "type": ("array", "matrix"),
}
RARE = ("theta2", "last", "in x out", "matrix")
WORDING = {
    "vector": "a vector unrolled {}",
    "column": "a column vector unrolled {}",
    "list": "a list of two matrices",
    "C": "row by row",
    "F": "column by column",
    "theta2": "theta2 first",
    "last": "the bias in the last column",
    "in x out": "matrices of shape (in, out)",
    "matrix": "np.matrix",
    "rows": "X without the column of ones",
    "rows with 1": "X with the column of ones",
    "columns": "examples as columns",
    "columns with 1": "examples as columns, with the row of ones",
    "1-10": "labels 1-10",
    "10 is 0": "labels 1-10, 10 in row 0",
    "0-9": "labels 0-9",
    "one-hot": "one-hot labels",
}


class Convention(NamedTuple):
    """One way to call a function; a person may set each field to one of its CHOICES."""

    parameters: str = "vector"
    matrices: str = "out x in"  # theta1 (h, 1 + n), or (1 + n, h)
    biases: str = "column"  # if they are arguments of their own
    order: str = "C"  # of the vector: C row by row, F column by column
    first: str = "theta1"  # which theta the vector begins with
    bias: str = "first"  # which column of a theta
    labels: str = "1-10"
    y: str = "flat"  # or one-hot rows, columns
    x: str = "rows"
    type: str = "array"

    @property
    def layout(self) -> Layout:
        """How the thetas are unrolled in a vector."""
        order: Order = "C" if self.order == "C" else "F"
        return Layout(order, order, self.first == "theta2", self.bias == "last")

    def is_like(self, other: "Convention", signature: Signature) -> bool:
        """Whether both give a function the same numbers, perhaps in another shape."""
        shapes = {"y": "", "type": "", "parameters": ""}
        if not signature.takes("params"):
            shapes["order"] = ""  # matters only for the gradient
        return self._replace(**shapes) == other._replace(**shapes)

    def in_words(self, signature: Signature) -> str:
        """The choices that matter to this function, in words."""
        words = []
        if signature.takes("params"):
            words.append(WORDING[self.parameters].format(WORDING[self.order]))
        elif signature.takes("bias1"):
            words.append("separate weights and biases")
        elif signature.takes("theta1"):
            words.append("two matrices")
        words += [WORDING[value] for value in self if value in RARE]
        if signature.takes("x"):
            words.append(WORDING[self.x])
        if signature.takes("y"):
            shape = {"flat": "", "column": " as a column"}.get(self.y, f", {self.y}")
            words.append(WORDING[self.labels] + shape)
        lam = signature.name_of("lam")
        words.append(f"lambda is {lam}" if lam else "no lambda")
        return "; ".join(words)


def conventions(signature: Signature, fixed: Mapping[str, str]) -> Iterator[Convention]:
    """The conventions to try, the usual ones first; the `fixed` choices stay.

    Rare choices (theta2 first, np.matrix, ...) are tried one at a time.
    """
    options = {
        name: (fixed[name],) if name in fixed else choices
        for name, choices in CHOICES.items()
    }
    if not signature.takes("params"):
        options["parameters"] = ("split" if signature.takes("bias1") else "matrices",)
    for role, names in (("y", ("labels", "y")), ("x", ("x",)), ("bias1", ("biases",))):
        if not signature.takes(role):
            options |= {name: CHOICES[name][:1] for name in names}
    rare = ("first", "bias", "type", "parameters", "matrices")
    names = [name for name in CHOICES if name not in rare]
    for change in ({}, *({n: v} for n in rare for v in options[n][1:])):
        usual = {name: options[name][0] for name in rare} | change
        if change.get("matrices") and "list" in options["parameters"]:
            usual["parameters"] = "list"  # a vector has no axes to swap
        for chosen in product(*(options[name] for name in names)):
            one = Convention(**usual, **dict(zip(names, chosen, strict=True)))
            is_hot = one.y in ("rows", "columns")
            if is_hot == (one.labels == "one-hot"):
                yield one


def values(p: Problem, lam: float, c: Convention) -> dict[str, Any]:
    """The value of every role."""
    theta1, theta2 = p.theta1, p.theta2
    n, h, k = p.layers
    made: dict[str, Any] = {
        "params": parameters(p, c),
        "theta1": matrix(theta1, c),
        "theta2": matrix(theta2, c),
        "bias1": bias(theta1, c), "bias2": bias(theta2, c),
        "n": n, "h": h, "k": k, "layers": [n, h, k], "m": len(p.y),
        "x": typed(pixels(p.x, c), c),
        "y": typed(labels(p.y, k, c), c),
        "lam": lam,
        "rate": 0.1,
    }  # fmt: skip
    if c.parameters == "split":
        made["theta1"] = oriented(theta1[:, 1:], c)
        made["theta2"] = oriented(theta2[:, 1:], c)
    return made


def matrix(theta: Array, c: Convention) -> Array:
    """theta (out, 1 + in) with its bias column and its axes as the function expects."""
    return oriented(np.roll(theta, -1, axis=1) if c.bias == "last" else theta, c)


def oriented(weights: Array, c: Convention) -> Array:
    """A copy of the matrix (out, in), or its transpose."""
    is_turned = c.matrices == "in x out"
    return typed(np.ascontiguousarray(weights.T) if is_turned else weights.copy(), c)


def bias(theta: Array, c: Convention) -> Array:
    """Column 0 of theta as a column (out, 1), a row (1, out) or flat (out,)."""
    column = theta[:, :1]
    shapes = {"column": column, "row": column.T, "flat": column[:, 0]}
    return shapes[c.biases].copy()


def parameters(p: Problem, c: Convention) -> Any:
    """Both thetas in one argument."""
    if c.parameters == "list":
        return [matrix(p.theta1, c), matrix(p.theta2, c)]
    vector = unroll(p.theta1, p.theta2, c.layout)
    return vector[:, None] if c.parameters == "column" else vector


def pixels(x: Array, c: Convention) -> Array:
    """x (m, n), with ones if expected; transposed if examples are columns."""
    if c.x.endswith("with 1"):
        x = np.hstack([np.ones((len(x), 1)), x])
    return np.ascontiguousarray(x.T) if c.x.startswith("columns") else x


def labels(y: Array, k: int, c: Convention) -> Array:
    """y (m,) in the form that the function expects."""
    if c.labels == "one-hot":
        hot = (y[:, None] == np.arange(k)).astype(float)  # (m, k)
        return np.ascontiguousarray(hot.T) if c.y == "columns" else hot
    given = {"1-10": y + 1, "10 is 0": np.where(y == 0, k, y), "0-9": y}[c.labels]
    return given[:, None] if c.y == "column" else given


def typed(value: Array, c: Convention) -> Array:
    """As an array or an np.matrix."""
    if c.type == "array":
        return value
    with warnings.catch_warnings():  # NumPy warns against np.matrix
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(value)
