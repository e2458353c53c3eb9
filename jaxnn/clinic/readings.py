"""What a person's function returned, read as a cost and a gradient."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.conventions import Convention
from jaxnn.clinic.layout import Array, Pair, read
from jaxnn.clinic.problems import Layers


class Reading(NamedTuple):
    """A cost and a gradient, float64 and in the usual layout; None where not found."""

    cost: float | None
    gradient: Pair | None
    is_vector: bool = False  # the gradient came unrolled
    precision: type = np.float64  # of the function's own numbers
    trouble: str = ""  # why no gradient could be read, where something else came
    hint: str = ""  # what to do about it
    several: int = 1  # how many costs there are to pick from


def reading(
    results: Sequence[Any], layers: Layers, c: Convention, pick: int = 0
) -> Reading:
    """The results of the function, or of cost and gradient apart.

    pick: which of the costs, and of the gradients where there are as many: J, gradient,
    J_reg, gradient_reg. Else the first gradient is meant.
    """
    found = list(leaves(results))
    if len(results) == 2:  # the cost of the first, the gradient of the second
        found = [a for a in leaves(results[0]) if a.size == 1]
        found += [a for a in leaves(results[1]) if a.size > 1]
    costs = [float(a.ravel()[0]) for a in found if a.size == 1]
    cost = costs[min(pick, len(costs) - 1)] if costs else None
    arrays = [a for a in found if a.size > 1]
    if not found:
        kinds = {"None" if one is None else type(one).__name__ for one in results}
        return Reading(None, None, trouble=f"returns {' and '.join(sorted(kinds))}")
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


def leaves(value: Any) -> Iterator[Array]:
    """All numbers and arrays in what was returned, NumPy's, JAX's or PyTorch's."""
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
    """float32 or float16 where a value has that type, or no more digits than it."""
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
        elif len(rest) > 3 and (pair := apart(rest[:4], layers, c)):
            yield pair, False
            del rest[:3]
        rest.pop(0)


def matrices(a: Array, b: Array, layers: Layers, c: Convention) -> Pair | None:
    """The two as theta1's and theta2's gradients, if their shapes are right."""
    n, h, k = layers
    a, b = (a.T, b.T) if c.matrices == "in x out" else (a, b)
    if b.shape == (h, 1 + n):
        a, b = b, a
    if a.shape != (h, 1 + n) or b.shape != (k, 1 + h):
        return None
    return (np.roll(a, 1, 1), np.roll(b, 1, 1)) if c.bias == "last" else (a, b)


def apart(four: Sequence[Array], layers: Layers, c: Convention) -> Pair | None:
    """W1, b1, W2, b2, or W1, W2, b1, b2, as two matrices."""
    n, h, k = layers
    for order in ((0, 1, 2, 3), (0, 2, 1, 3)):
        w1, b1, w2, b2 = (four[i] for i in order)
        if c.matrices == "in x out":
            w1, w2 = w1.T, w2.T
        if w1.shape == (h, n) and w2.shape == (k, h) and (b1.size, b2.size) == (h, k):
            return (
                np.hstack([b1.reshape(h, 1), w1]),
                np.hstack([b2.reshape(k, 1), w2]),
            )
    return None


def wrong_shape(arrays: Sequence[Array], layers: Layers) -> tuple[str, str]:
    """What is wrong with the shapes, and what to do about it."""
    n, h, k = layers
    size1, size2 = h * (1 + n), k * (1 + h)
    sizes, shapes = [a.size for a in arrays], [a.shape for a in arrays]
    came = " and ".join(str(shape) for shape in shapes[:4])
    trouble = (
        f"the gradient has the shape {came}, "
        f"not {(size1 + size2,)}, or {(h, 1 + n)} and {(k, 1 + h)}"
    )
    kept = (1 + h) * (1 + n)
    if kept in sizes or kept + size2 in sizes:
        return trouble, "drop the bias's row of delta2: theta2[:, 1:].T @ delta3"
    if (1 + n, h) in shapes or (1 + h, k) in shapes:
        return trouble + "; transposed", "give each gradient the shape of its theta"
    if h * n + k * h in sizes or {(h, n), (k, h)} <= set(shapes):
        return trouble, "column 0 of each gradient is the bias's; it is missing"
    if size1 + size2 in sizes or {size1, size2} <= set(sizes):
        return trouble, "np.concatenate([gradient1.ravel(), gradient2.ravel()])"
    return trouble, "give each gradient the shape of its theta"
