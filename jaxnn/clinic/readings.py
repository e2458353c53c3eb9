"""The cost and gradient in the values that a person's function returned."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.conventions import Convention
from jaxnn.clinic.layout import Array, Pair, read
from jaxnn.clinic.problems import Layers


class Returned(NamedTuple):
    """What one function returned."""

    kind: str  # the name of its type
    arrays: list[Array]  # all numbers and arrays in it


class Reading(NamedTuple):
    """A cost and a gradient, float64 and in the usual layout; None where not found."""

    cost: float | None
    gradient: Pair | None
    is_vector: bool = False  # the gradient came unrolled
    precision: type = np.float64  # of the function's own numbers
    trouble: str = ""  # why no gradient could be read from the returned values
    hint: str = ""  # how to fix it
    several: int = 1  # how many costs were returned


def reading(
    results: Sequence[Returned], layers: Layers, c: Convention, pick: int = 0
) -> Reading:
    """Read the result of one function, or the results of two: cost and gradient.

    pick: which of the costs to take, and which gradient if there are as many, as in
    J, gradient, J_reg, gradient_reg. Otherwise the first gradient is taken.
    """
    found = [array for one in results for array in one.arrays]
    if len(results) == 2:  # the cost from the first, the gradient from the second
        found = [a for a in results[0].arrays if a.size == 1]
        found += [a for a in results[1].arrays if a.size > 1]
    costs = [float(a.ravel()[0]) for a in found if a.size == 1]
    cost = costs[min(pick, len(costs) - 1)] if costs else None
    arrays = [a for a in found if a.size > 1]
    if not found:
        kinds = " and ".join(sorted({one.kind for one in results}))
        trouble = f"your function returns {kinds}, not numbers"
        return Reading(None, None, trouble=trouble)
    if not arrays:
        return Reading(cost, None)
    gradients = list(gradients_of(arrays, layers, c))
    if not gradients:
        trouble, hint = wrong_shape(arrays, layers)
        return Reading(cost, None, trouble=trouble, hint=hint, several=len(costs))
    paired = len(costs) == len(gradients)
    chosen, is_vector = gradients[pick if paired else 0]
    gradient = chosen[0].astype(np.float64), chosen[1].astype(np.float64)
    precision = narrowest([*chosen, np.asarray(cost if cost is not None else 0.0)])
    return Reading(cost, gradient, is_vector, precision, several=len(costs))


def returned(value: Any) -> Returned:
    """A returned value as arrays. It may run code of a person's own types."""
    kind = "None" if value is None else type(value).__name__
    return Returned(kind, list(leaves(value)))


def leaves(value: Any) -> Iterator[Array]:
    """All numbers and arrays in a returned value: of NumPy, JAX, PyTorch or SciPy."""
    if isinstance(value, dict):
        value = list(value.values())
    for method in ("detach", "toarray"):  # PyTorch's tensors, SciPy's sparse matrices
        value = getattr(value, method)() if hasattr(value, method) else value
    if isinstance(value, list) and (numbers := in_lists(value)) is not None:
        yield numbers
    elif isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one)
    elif (array := np.asarray(value)).dtype == object and array.ndim:
        yield from leaves(array.tolist())
    elif array.dtype.kind in "fiub":
        yield array


def in_lists(value: list) -> Array | None:
    """A vector or matrix written as lists of numbers; None for anything else."""
    rows = value if all(isinstance(one, list) for one in value) else [value]
    is_plain = all(isinstance(one, int | float) for row in rows for one in row)
    if not is_plain or len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return None
    return np.asarray(value, float)


def narrowest(found: Sequence[Array]) -> type:
    """float32 or float16 if a value has this type, or no more digits than this type."""
    for kind in (np.float16, np.float32):
        if any(array.dtype == kind for array in found):
            return kind
    real = [a for a in found if a.size > 1 and a.dtype == np.float64]
    with np.errstate(over="ignore"):
        if any(np.any(a) and np.array_equal(np.float32(a), a) for a in real):
            return np.float32
    return np.float64


def gradients_of(
    arrays: Sequence[Array], layers: Layers, c: Convention
) -> Iterator[tuple[Pair, bool]]:
    """Every gradient among the arrays, and whether it is a vector."""
    n, h, k = layers
    total, rest = h * (1 + n) + k * (1 + h), list(arrays)
    while rest:
        if rest[0].size == max(rest[0].shape) == total:
            yield read(rest[0].ravel(), layers, c.layout), True
        elif len(rest) > 1 and (pair := matrices(rest[0], rest[1], layers, c)):
            yield pair, False
            rest.pop(0)
        elif len(rest) > 3 and (pair := weights_and_biases(rest[:4], layers, c)):
            yield pair, False
            del rest[:3]
        rest.pop(0)


def matrices(a: Array, b: Array, layers: Layers, c: Convention) -> Pair | None:
    """Both as the gradients of theta1 and theta2, if their shapes are right."""
    n, h, k = layers
    a, b = (a.T, b.T) if c.matrices == "in x out" else (a, b)
    if b.shape == (h, 1 + n):
        a, b = b, a
    if a.shape != (h, 1 + n) or b.shape != (k, 1 + h):
        return None
    return (np.roll(a, 1, 1), np.roll(b, 1, 1)) if c.bias == "last" else (a, b)


def weights_and_biases(
    four: Sequence[Array], layers: Layers, c: Convention
) -> Pair | None:
    """W1, b1, W2, b2, or W1, W2, b1, b2, joined into two matrices."""
    n, h, k = layers
    for order in ((0, 1, 2, 3), (0, 2, 1, 3)):
        w1, b1, w2, b2 = (four[i] for i in order)
        if c.matrices == "in x out":
            w1, w2 = w1.T, w2.T
        if w1.shape == (h, n) and w2.shape == (k, h) and (b1.size, b2.size) == (h, k):
            return np.c_[b1.reshape(h, 1), w1], np.c_[b2.reshape(k, 1), w2]
    return None


def wrong_shape(arrays: Sequence[Array], layers: Layers) -> tuple[str, str]:
    """What is wrong with the shapes, and how to fix it."""
    n, h, k = layers
    size1, size2 = h * (1 + n), k * (1 + h)
    sizes, shapes = [a.size for a in arrays], [a.shape for a in arrays]
    given = " and ".join(str(shape) for shape in shapes[:4])
    trouble = (
        f"the gradient has shape {given}; "
        f"it should be {(size1 + size2,)}, or {(h, 1 + n)} and {(k, 1 + h)}"
    )
    with_bias = (1 + h) * (1 + n)
    if with_bias in sizes or with_bias + size2 in sizes:
        return trouble, "drop the bias row of delta2: theta2[:, 1:].T @ delta3"
    if (1 + n, h) in shapes or (1 + h, k) in shapes:
        return trouble + "; transposed", "give each gradient the shape of its theta"
    if h * n + k * h in sizes or {(h, n), (k, h)} <= set(shapes):
        return trouble, "add column 0, the gradient of the biases, to each gradient"
    if size1 + size2 in sizes or {size1, size2} <= set(sizes):
        return trouble, "return np.concatenate([gradient1.ravel(), gradient2.ravel()])"
    return trouble, "give each gradient the shape of its theta"
