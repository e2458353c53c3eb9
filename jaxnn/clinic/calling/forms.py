"""The forms in which people pass parameters, pixels and labels, and read them back."""

import importlib
import warnings
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.networks.problems import Layer, Params, Problem
from jaxnn.mistake import Mistake, install

Array = np.ndarray
CHOICES: dict[str, tuple[str, ...]] = {
    "parameters": (
        "vector",
        "column",
        "list",
        "dictionary",
        "lists",
        "pairs",
        "alone",
        "struct",
    ),
    "matrices": ("out x in", "in x out"),
    "biases": ("column", "row", "flat"),
    "order": ("C", "F", "C F"),
    "first": ("theta1", "theta2"),
    "bias": ("first", "last", "apart", "end", "none"),
    "labels": ("1-10", "10 is 0", "0-9", "one-hot", "0-1"),
    "y": ("flat", "column", "row", "rows", "columns", "scalar"),
    "x": ("rows", "rows with 1", "columns", "columns with 1", "flat", "flat with 1"),
    "type": ("array", "matrix", "lists", "frame"),
    "numbered": ("usual", "shifted"),
    "one_output": ("matrix", "vector"),
}
WORDING = {
    "vector": "a vector unrolled {}",
    "column": "a column vector unrolled {}",
    "list": "a list of matrices",
    "dictionary": "a dictionary of matrices",
    "lists": "a list of weights and a list of biases",
    "pairs": "pairs of W and b",
    "alone": "one matrix",
    "struct": "a struct",
    "C": "row by row",
    "F": "column by column",
    "C F": "theta1 row by row, the others column by column",
    "theta2": "theta2 first",
    "last": "the bias in the last column",
    "end": "the biases after all weights",
    "none": "no biases",
    "in x out": "matrices of shape (in, out)",
    "matrix": "np.matrix",
    "frame": "pandas",
    "rows": "X without the column of ones",
    "rows with 1": "X with the column of ones",
    "columns": "examples as columns",
    "columns with 1": "examples as columns, with the row of ones",
    "flat": "one example a call",
    "flat with 1": "one example a call, with its 1",
    "1-10": "labels 1-{k}",
    "10 is 0": "labels 1-{k}, {k} in row 0",
    "0-9": "labels 0-{last}",
    "one-hot": "one-hot labels",
    "0-1": "labels 0 and 1",
}


class Form(NamedTuple):
    """One way to pass everything; a person may set each field to one of its CHOICES."""

    parameters: str = "vector"  # if they are one argument
    matrices: str = "out x in"  # W (out, in), or (in, out)
    biases: str = "column"  # the shape of a bias of its own
    order: str = "C"  # of a vector: C row by row, F column by column
    first: str = "theta1"  # which layer a vector begins with
    bias: str = "first"  # column of each matrix, or "apart"; "end" of a vector
    labels: str = "1-10"
    y: str = "flat"  # or one-hot rows, columns
    x: str = "rows"
    type: str = "array"
    numbered: str = "usual"  # or "shifted": lists begin with None, keys with W0
    one_output: str = "matrix"  # the weights to a single output, or a "vector"

    @property
    def is_inside(self) -> bool:
        """Whether each matrix has its biases in it."""
        return self.bias in ("first", "last")


def formed(params: Params, form: Form) -> Params:
    """Copies of the parameters, each array as the function expects it."""
    found = [Layer(matrix(one, form), shaped(one.b, form)) for one in params]
    if form.one_output == "vector":
        W, b = found[-1]
        found[-1] = Layer(W.ravel(), b if b is None else b.ravel())
    return tuple(found)


def matrix(layer: Layer, form: Form) -> Array:
    """W (out, in), its biases in the first or last column if they belong there; or its
    transpose."""
    W = layer.W
    if form.is_inside and layer.b is not None:
        parts = [layer.b[:, None], W]
        W = np.hstack(parts if form.bias == "first" else parts[::-1])
    return np.array(W.T if form.matrices == "in x out" else W, order="C")


def shaped(b: Array | None, form: Form) -> Array | None:
    """A bias of its own (out,) as a column (out, 1), a row (1, out) or flat (out,)."""
    if b is None or form.bias not in ("apart", "end"):
        return None
    shapes = {"column": (-1, 1), "row": (1, -1), "flat": (-1,)}
    return b.copy().reshape(shapes[form.biases])


def plain(blocks: Params, form: Form) -> Params:
    """The inverse of formed: W (out, in) and b (out,), float64."""
    made = []
    for block in blocks:
        W = np.array(block.W, np.float64)
        if W.ndim == 1:
            W = W[:, None] if form.matrices == "in x out" else W[None]
        W = W.T if form.matrices == "in x out" else W
        b = None if block.b is None else np.array(block.b, np.float64).ravel()
        if form.is_inside:
            is_first = form.bias == "first"
            W, b = (W[:, 1:], W[:, 0]) if is_first else (W[:, :-1], W[:, -1])
        made.append(Layer(W, b))
    return tuple(made)


def pixels(x: Array, form: Form) -> Array:
    """x (m, n), with ones if expected; transposed if examples are columns."""
    if form.x.endswith("with 1"):
        x = np.hstack([np.ones((len(x), 1)), x])
    if form.x.startswith("flat"):
        return x[0].copy()
    return np.ascontiguousarray(x.T) if form.x.startswith("columns") else x.copy()


def labels(p: Problem, form: Form) -> Any:
    """The labels in the form that the function expects."""
    k = p.sizes[-1]
    if form.labels == "one-hot":
        hot = p.targets  # (k, m)
        if form.y == "flat":
            return hot[:, 0].copy()
        return np.ascontiguousarray(hot.T) if form.y == "rows" else hot
    shifted = {"1-10": p.y + 1, "10 is 0": np.where(p.y == 0, k, p.y)}
    given = shifted.get(form.labels, p.y)
    if form.y == "scalar":
        return given[0]
    shapes = {"flat": (-1,), "column": (-1, 1), "row": (1, -1)}
    return given.reshape(shapes[form.y]).copy()


def typed(value: Any, form: Form, is_data: bool = False) -> Any:
    """As an array, an np.matrix, plain lists; data as a pandas frame."""
    if form.type == "array" or not isinstance(value, np.ndarray):
        return value
    if form.type == "lists":
        return value.tolist()
    if form.type == "frame":
        try:
            pandas = importlib.import_module("pandas")
        except ModuleNotFoundError as error:
            words = f"type=frame needs pandas; {install('pandas')}"
            raise Mistake(words) from error
        return pandas.DataFrame(value) if is_data else value
    with warnings.catch_warnings():  # NumPy warns against np.matrix
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(value)


def label_forms(k: int, is_single: bool) -> list[tuple[str, str]]:
    """The forms of labels, (labels, y), the usual ones first."""
    alone = ("scalar",) if is_single else ()
    if k == 1:
        return [("0-1", y) for y in ("flat", "column", *(alone or ("row",)))]
    shapes = ("flat", "columns", "rows") if is_single else ("rows", "columns")
    hot = [("one-hot", y) for y in shapes]
    words = ("1-10", "10 is 0", "0-9")
    return [(w, y) for w in words for y in alone or ("flat", "column")] + hot
