"""Problems, what a file computes for them, and the gradient of its own cost."""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from .members import Member, array_names, keeps_axis

Array = np.ndarray
Layers = list[tuple[Array, Array | None]]  # of each layer W (out, in), b (out,)


class Problem(NamedTuple):
    """Weights, examples in rows x (m, n), classes y (m,) from 0, and how many: k."""

    weights: Layers
    x: Array
    y: Array
    k: int


def problem(member: Member, sizes: tuple[int, ...], m: int, seed: int) -> Problem:
    """A random one. sizes: n, those of the hidden layers, k; for k = 1 y is 0 or 1."""
    rng = np.random.default_rng(seed)
    weights = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        w = rng.normal(size=(after, before)) * 1.5 / math.sqrt(before)
        b = rng.normal(size=after) / 2
        weights.append((w, None if member.biases == "none" else b))
    y = rng.permutation(np.arange(m) % max(sizes[-1], 2))
    return Problem(weights, rng.normal(size=(m, sizes[0])), y, sizes[-1])


def probes(member: Member, outputs: int = 3) -> list[Problem]:
    """Two problems, no two of whose sizes agree."""
    depth = len(member.hidden)
    first = problem(member, (4, *(5, 6, 7, 8)[:depth], outputs), 9, seed=1)
    return [first, problem(member, (6, *(4, 8, 5, 7)[:depth], outputs), 11, seed=2)]


def run(text: str, member: Member, p: Problem, lam: float) -> tuple[float, Layers]:
    """The cost and the gradient that the file computes; what it gives is not checked.

    A bias's gradient that is one number stands for each unit's.
    """
    given = _own_arrays(member, p.weights)
    data = _data(member, p) + ((lam,) if member.penalty else ())
    sizes = (p.x.shape[1], *(len(w) for w, _ in p.weights))
    names = array_names(member)
    gradient_names = array_names(member, gradient=True)
    with np.errstate(all="ignore"):
        match member.packing:
            case "vector C" | "vector F":
                cost, vector = _loaded(text)(_joined(member, given), *sizes, *data)
                out = _cut(member, vector, [a.shape for a in given])
            case "matrices":
                cost, *out = _loaded(text)(*given, *data)
            case "lists":
                step = 2 if member.biases == "apart" else 1
                lists = [given[i::step] for i in range(step)]
                cost, *lists = _loaded(text)(*lists, *data)
                out = [a for layer in zip(*lists, strict=True) for a in layer]
            case "dict":
                cost, grads = _loaded(text)(dict(zip(names, given, strict=True)), *data)
                out = [grads[name] for name in gradient_names]
            case _:
                net = _loaded(text)(sizes)
                vars(net).update(zip(names, given, strict=True))
                cost = net.cost_and_gradient(*data)
                out = [getattr(net, name) for name in gradient_names]
    return float(cost), _layers(member, out)


def numeric(text: str, member: Member, p: Problem, lam: float) -> Layers:
    """Central differences of the file's own cost, step 1e-5."""

    def slope(a: Array, i: int) -> float:
        """The derivative by the array's element i, which is moved in place."""
        here, costs = a.flat[i], []
        for moved in (here + 1e-5, here - 1e-5):
            a.flat[i] = moved
            costs.append(run(text, member, p, lam)[0])
        a.flat[i] = here
        return (costs[0] - costs[1]) / 2e-5

    def slopes(a: Array) -> Array:
        """The derivatives by all elements of the array."""
        return np.array([slope(a, i) for i in range(a.size)]).reshape(a.shape)

    return [(slopes(w), None if b is None else slopes(b)) for w, b in p.weights]


def gap(a: Layers, b: Layers) -> float:
    """The largest relative difference of a part, infinite where shapes differ."""
    parts = [
        (np.asarray(u), np.asarray(v))
        for one, other in zip(a, b, strict=True)
        for u, v in zip(one, other, strict=True)
        if u is not None
    ]
    if any(u.shape != v.shape for u, v in parts):
        return math.inf
    norm = np.linalg.norm
    return max(float(norm(u - v) / (norm(u) + norm(v) + 1e-300)) for u, v in parts)


def _own_arrays(member: Member, weights: Layers) -> list[Array]:
    """The parameters in the member's shapes, in the order of their names."""
    arrays = []
    for w, b in weights:
        if b is not None and member.biases == "theta":
            w = np.column_stack([b, w])
        arrays.append((w.T if member.weights == "in x out" else w).copy())
        if b is not None and member.biases == "apart":
            column = b[:, None] if member.orientation == "columns" else b[None, :]
            arrays.append((column if keeps_axis(member) else b).copy())
    return arrays


def _data(member: Member, p: Problem) -> tuple[Array, Array]:
    """The inputs and the labels in the member's form."""
    if member.labels != "one-hot":
        y = p.y + 1 if member.labels == "1-10" else p.y
    else:
        y = p.y[:, None] * 1.0 if p.k == 1 else np.eye(p.k)[p.y]
    return (p.x, y) if member.orientation == "rows" else (p.x.T, y.T)


def _joined(member: Member, arrays: list[Array]) -> Array:
    """The arrays as one vector."""
    by_columns = member.packing == "vector F"
    return np.concatenate([a.ravel(order="F" if by_columns else "C") for a in arrays])


def _cut(member: Member, vector: Array, shapes: list[tuple[int, ...]]) -> list[Array]:
    """The arrays of these shapes in one vector."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    parts = np.split(vector, ends[:-1])
    order = "F" if member.packing == "vector F" else "C"
    return [a.reshape(s, order=order) for a, s in zip(parts, shapes, strict=True)]


def _layers(member: Member, arrays: list[Array]) -> Layers:
    """What the file gave, each layer's matrix (out, in) and its biases (out,)."""
    flip = member.weights == "in x out"
    step = 2 if member.biases == "apart" else 1
    found: Layers = []
    for i in range(0, len(arrays), step):
        w = arrays[i].T if flip else arrays[i]
        match member.biases:
            case "theta":
                found.append((w[:, 1:], w[:, 0]))
            case "apart":
                b = np.ravel(arrays[i + 1])
                found.append((w, np.repeat(b, len(w)) if b.size == 1 else b))
            case _:
                found.append((w, None))
    return found


@functools.lru_cache(maxsize=256)
def _loaded(text: str) -> Any:
    """The file's function, or its class."""
    names: dict[str, Any] = {}
    exec(compile(text, "<member>", "exec"), names)
    return names.get("Network") or names["cost_and_gradient"]
