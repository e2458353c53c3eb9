"""The steps of a gradient's derivation, and the mistakes that spoil all of them.

Shapes: m examples, u_l units in layer l, 1 to L; examples are columns; A_0 (n, m).
Backpropagation, with s the scale (1/m) and f' the slope:

    delta_L = (A_L - Y) f'(Z_L)        without f' where the loss cancels it    (k, m)
    delta_l = W_{l+1}^T delta_{l+1} f'(Z_l)                                  (u_l, m)
    dW_l = s delta_l A_{l-1}^T                                         (u_l, u_{l-1})
    db_l = s sum of delta_l over the examples                                  (u_l,)
"""

from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple

import numpy as np

from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Layer, Params, Problem
from jaxnn.clinic.networks.units import (
    HIDDEN,
    SOFTMAX,
    Unit,
    softmax,
)

Array = np.ndarray
Key = Hashable  # "right", other words, or (kind, layer)
Pool = dict[Key, Array]
RIGHT = "right"
ALIKE = 1e-13  # the square of a relative difference that is rounding
WHOLE = ("forward", "labels", "examples")  # places of the whole, in order
WHOLE_DELTA = ("by a, sign",)  # errors that have their slope already


class Flow(NamedTuple):
    """What comes back to a layer: delta_l, and the same before the slope (u_l, m)."""

    delta: Array
    back: Array


class Values(NamedTuple):
    """A network's forward pass on a problem; lists are indexed by layer, 0 to L."""

    net: Network
    p: Problem
    lam: float
    Z: tuple[Array, ...]  # Z[0] is A[0]
    A: tuple[Array, ...]
    Y: Array  # (k, m)
    seen: Params  # the person's gradient, for what is computed from it
    still: Params  # the same at lambda 0

    @property
    def m(self) -> int:
        """The number of examples of the problem, also where some are left out."""
        return len(self.p.y)

    def unit(self, layer: int) -> Unit:
        """The units of a layer from 1."""
        return self.net.units[layer - 1]

    def slope(self, layer: int) -> Array:
        """f'(Z_l) (u_l, m)."""
        return self.unit(layer).slope_by_a(self.A[layer])


def values(
    net: Network, p: Problem, lam: float, seen: Params, still: Params = ()
) -> Values:
    """The forward pass of a network on a problem."""
    passed = net.forward(p.params, p.x.T)
    Z, A = (tuple(one[i] for one in passed) for i in (0, 1))
    return Values(net, p, lam, (p.x.T, *Z), (p.x.T, *A), p.targets, seen, still)


def deltas(v: Values) -> list[Array]:
    """The right deltas (u_l, m) of layers 1 to L."""
    L = v.net.depth
    delta = v.net.loss.by_a(v.A[L], v.Y) * v.slope(L)  # (k, m)
    if v.net.is_canonical:
        delta = v.A[L] - v.Y
    found = [delta]
    for layer in range(L - 1, 0, -1):
        found.append(v.p.params[layer].W.T @ found[-1] * v.slope(layer))  # (u_l, m)
    return found[::-1]


def right(v: Values) -> Params:
    """The right gradient without scale and penalty."""
    pairs = zip(deltas(v), v.A, v.p.params, strict=False)
    return tuple(
        Layer(delta @ a.T, None if b is None else delta.sum(axis=1))
        for delta, a, (_, b) in pairs
    )


# --- what is wrong everywhere: labels, examples, the units


def wholes(v: Values) -> dict[tuple[str, Key], Callable[[Values], Values]]:
    """The edits of the whole derivation: (step, key) -> the values that it leads to."""
    k = len(v.Y)
    found: dict[tuple[str, Key], Callable[[Values], Values]] = {}
    for key, change in (LABELS if k > 1 else ONE_LABEL).items():
        if v.m > 1 or key not in OF_ONE:
            found["labels", key] = lambda v, change=change: v._replace(Y=change(v.Y))
    if v.m > 1:
        for key in EXAMPLES:
            found["examples", key] = lambda v, key=key: kept(v, EXAMPLES[key](v.m))
        for count in range(2, v.m // 2 + 1):
            found["examples", ("last", count)] = lambda v, count=count: kept(
                v, slice(0, v.m - count)
            )
    if v.net.units[-1] is SOFTMAX:
        for key in ("softmax of examples", "softmax of all"):
            found["forward", key] = lambda v, key=key: with_outputs(v, key)
    hidden = v.net.units[:-1]
    for unit in HIDDEN:
        if hidden and set(hidden) != {unit}:
            found["forward", unit.name] = lambda v, unit=unit: with_units(v, unit)
    return found


def moved(Y: Array, shift: int, lost: int | None = None) -> Array:
    """Y (k, m) with every 1 moved by shift; the class that was `lost` has none."""
    Y = Y if lost is None else np.where(np.arange(len(Y))[:, None] == lost, 0.0, Y)
    return np.roll(Y, shift, axis=0)


OF_ONE: Mapping[str, Callable[[Array], Array]] = {
    "of the last": lambda Y: Y[:, -1:] + 0 * Y,
    "of the first": lambda Y: Y[:, :1] + 0 * Y,
}
LABELS: Mapping[str, Callable[[Array], Array]] = {
    "up": lambda Y: moved(Y, 1),
    "down": lambda Y: moved(Y, -1),
    "first lost": lambda Y: moved(Y, 0, 0),
    "last lost": lambda Y: moved(Y, 0, len(Y) - 1),
    "up, last lost": lambda Y: moved(Y, 1, len(Y) - 1),
    "down, first lost": lambda Y: moved(Y, -1, 0),
    **OF_ONE,
}
ONE_LABEL = {"inverted": lambda Y: 1 - Y, **OF_ONE}
EXAMPLES: Mapping[str, Callable[[int], slice]] = {
    "all but the last": lambda m: slice(0, m - 1),
    "all but the first": lambda m: slice(1, m),
    "the last": lambda m: slice(m - 1, m),
    "the first": lambda m: slice(0, 1),
}


def kept(v: Values, keep: slice) -> Values:
    """The values of some examples only."""
    Z, A = (tuple(a[:, keep] for a in every) for every in (v.Z, v.A))
    return v._replace(Z=Z, A=A, Y=v.Y[:, keep])


def with_outputs(v: Values, key: str) -> Values:
    """Softmax over all examples, or over all numbers, in place of the classes."""
    Z = v.Z[-1]  # (k, m)
    e = np.exp(Z)
    A = softmax(Z.T).T if key == "softmax of examples" else e / e.sum()
    return v._replace(A=(*v.A[:-1], A))


def with_units(v: Values, unit: Unit) -> Values:
    """The forward pass with other hidden units."""
    net = v.net._replace(units=(unit,) * (v.net.depth - 1) + v.net.units[-1:])
    return values(net, v.p, v.lam, v.seen, v.still)._replace(Y=v.Y)


def ratio(ours: Array, given: Array, bar: float) -> float | None:
    """The c with given = c * ours, or None if there is no such number."""
    a, b = ours.ravel(), given.ravel()
    square, size = float(a @ a), float(b @ b)
    if square == 0 or size == 0:
        return 1.0 if square == size else None
    along = float(a @ b)
    miss = size - along * along / square  # the square of what is left
    return along / square if miss <= max(bar * bar, ALIKE) * size else None
