"""Everything that could stand in each place of the derivation.

A pool holds the arrays that fit one place of a step, by key; "right" is the formula's
own. The keys are words for telling, or (kind, layer): another array of the network that
fits there. Shapes: m examples, u_l units in layer l; examples are columns.
"""

import numpy as np

from jaxnn.clinic.edits.steps import (
    ALIKE,
    EXAMPLES,
    RIGHT,
    Array,
    Flow,
    Pool,
    Values,
)
from jaxnn.clinic.networks.units import HIDDEN, LINEAR, OUTPUT, SIGMOID, SOFTMAX

ROUNDING = 1e-13
# the wrong layer's slope stands in for another one too; an updated W depends on the
# rate; sums over both axes are 0 at a softmax output alone
SEPARATE = ("wrong layer", "updated", "both axes")


def fitting(v: Values, above: list[Flow], *shapes: tuple[int, ...]) -> Pool:
    """All arrays of the network with one of these shapes; above: flows from L on."""
    found: Pool = {}
    for layer in range(v.net.depth, -1, -1):
        found["A", layer] = v.A[layer]
        if layer:
            found["Z", layer] = v.Z[layer]
            if v.unit(layer) not in (LINEAR, SOFTMAX):  # else all ones
                found["slope", layer] = v.slope(layer)
    for i, flow in enumerate(above):
        found["delta", v.net.depth - i] = flow.delta
        found["back", v.net.depth - i] = flow.back
    found["Y", v.net.depth] = v.Y
    fit = {key: a for key, a in found.items() if a.shape in shapes}
    return {key: np.broadcast_to(a, shapes[0]) for key, a in fit.items()}


def distinct(pool: Pool, up_to_a_factor: bool = True) -> Pool:
    """The pool without arrays that an earlier entry has, perhaps up to a factor.

    SEPARATE entries stay: they may be alike on one layer alone.
    """
    keys = [key for key, array in pool.items() if np.isfinite(array).all()]
    flat = np.array([pool[key].ravel() for key in keys])
    sizes = np.linalg.norm(flat, axis=1)
    flat = flat / np.where(sizes > 0, sizes, 1)[:, None]
    alike = np.abs(flat @ flat.T) > 1 - ALIKE
    if not up_to_a_factor:
        alike &= np.isclose(sizes[:, None], sizes, rtol=1e-9, atol=0)
        alike &= flat @ flat.T > 0
    zero = sizes == 0
    alike |= zero[:, None] & zero
    first = alike.argmax(axis=1)  # the earliest that is alike
    return {
        key: pool[key] for i, key in enumerate(keys) if first[i] == i or key in SEPARATE
    }


def errors(v: Values) -> Pool:
    """What stands for A - Y at the output (k, m)."""
    L = v.net.depth
    A, Z, Y = v.A[L], v.Z[L], v.Y
    pool: Pool = {RIGHT: A - Y, "z": Z - Y, "a": A, "y": Y + 0.0}
    for unit in OUTPUT:
        if unit is not v.unit(L) and not (unit is SOFTMAX and len(Y) == 1):
            pool["unit", unit.name] = unit.f(Z) - Y
    pool["squared"] = (A - Y) ** 2
    if v.net.is_canonical:
        pool |= {
            "the class alone": (A - Y) * Y,
            "all but the class": (A - Y) * (1 - Y),
            "by a": -Y / A + (1 - Y) / (1 - A) if v.unit(L) is SIGMOID else -Y / A,
            "by a, sign": (-Y / A - (1 - Y) / (1 - A)) * A * (1 - A),
        }
    return {key: v.net.loss.times * each for key, each in pool.items()}


def output_slopes(v: Values) -> Pool:
    """The factor at the output: 1 where the loss cancels the slope (k, m)."""
    L = v.net.depth
    A, Z, unit = v.A[L], v.Z[L], v.unit(L)
    one = np.ones_like(A)
    if v.net.is_canonical:
        unit, slope, name = SIGMOID, A * (1 - A), "extra"
        pool: Pool = {RIGHT: one, "extra": slope, "extra at a": unit.slope(A)}
    else:
        slope, name = v.slope(L), "slope"
        pool = {RIGHT: slope, "missing": one, "at a": unit.slope(A)}
    pool |= {"by z": unit.slope_by_a(Z), "f": A, "1 - a": 1 - A}
    pool |= {f"{name} twice": slope**2, f"{name} mean": averaged(slope)}
    for other in HIDDEN:
        pool["unit", other.name] = other.slope_by_a(A)
        pool["unit at z", other.name] = other.slope(Z)
        pool["unit at a", other.name] = other.slope(A)
    return pool


def slopes(v: Values, layer: int, above: list[Flow]) -> Pool:
    """What stands for f'(Z_l) in a hidden layer's delta (u_l, m)."""
    A, Z, unit = v.A[layer], v.Z[layer], v.unit(layer)
    one, W = np.ones_like(A), v.p.params[layer].W
    pool: Pool = {
        RIGHT: v.slope(layer),
        "missing": one,
        "zero": 0 * one,
        "at a": unit.slope(A),
        "f": A,
        "by z": unit.slope_by_a(Z),
        "twice": v.slope(layer) ** 2,
        "1 - a": 1 - A,
        "mean": averaged(v.slope(layer)),
        # the mask of what comes back, as in dhidden[dhidden <= 0] = 0
        "mask of back": np.where(W.T @ above[-1].delta > 0, 1.0, 0.0),
    }
    for other in HIDDEN:
        pool["unit", other.name] = other.slope_by_a(A)
        pool["unit at z", other.name] = other.slope(Z)
        pool["unit at a", other.name] = other.slope(A)
        pool["unit by z", other.name] = other.slope_by_a(Z)
    pool |= fitting(v, above, A.shape, (1, A.shape[1]))
    return pool


def handed(v: Values, layer: int, above: list[Flow]) -> Pool:
    """What is handed back from layer l + 1 in place of its delta (u_{l+1}, m)."""
    flow, L = above[-1], v.net.depth
    slope, A = v.slope(layer + 1), v.A[layer + 1]
    if layer + 1 == L and v.net.is_canonical:
        slope = A * (1 - A)
    pool: Pool = {
        RIGHT: flow.delta,
        "before the slope": flow.back,
        "extra": flow.delta * slope,
        "wrong layer": flow.delta * slope,
        "extra at a": flow.delta * v.unit(layer + 1).slope(A),
    }
    pool |= fitting(v, above, A.shape)
    return pool


def carriers(v: Values, layer: int) -> Pool:
    """What stands for W_{l+1} (u_{l+1}, u_l)."""
    W, b = v.p.params[layer]
    pool: Pool = {RIGHT: W, "gradient": v.seen[layer].W, "ones": np.ones_like(W)}
    if b is not None:
        pool["shifted"] = np.hstack([b[:, None], W[:, :-1]])
    for j, other in enumerate(v.p.params, 1):
        if other.W.shape == W.shape:
            pool["W", j] = other.W
    if W.shape[0] == W.shape[1]:
        pool["transposed"] = W.T
    pool["updated"] = W
    return pool


def averaged(a: Array) -> Array:
    """The mean of a (u_l, m) over the examples, for every example."""
    return np.broadcast_to(a.mean(axis=1, keepdims=True), a.shape)


def entering(v: Values, layer: int, above: list[Flow]) -> Pool:
    """What stands for A_{l-1} in the weights' gradient (u_{l-1}, m)."""
    A = v.A[layer - 1]
    pool: Pool = {RIGHT: A, "all pairs": A.shape[1] * averaged(A)}
    if layer > 1:
        pool["f(a)"] = v.unit(layer - 1).f(A)
    pool |= fitting(v, above, A.shape)
    if layer > 1:
        for other in HIDDEN:
            pool["unit", other.name] = other.f(v.Z[layer - 1])
    return pool


def summed(v: Values, layer: int, above: list[Flow]) -> Pool:
    """What stands for delta_l in the gradients of the weights (u_l, m)."""
    delta = above[-1].delta
    pool: Pool = {RIGHT: delta, "before the slope": above[-1].back, "zero": 0 * delta}
    pool["extra"] = delta * v.slope(layer)
    if delta.shape[1] > 1:
        for key, keep in EXAMPLES.items():
            pool["only", key] = masked(delta, keep(delta.shape[1]))
    pool |= fitting(v, above, delta.shape)
    return pool


def bias_sums(v: Values, layer: int, above: list[Flow]) -> Pool:
    """What stands for the sum of delta_l over the examples (u_l,)."""
    delta = above[-1].delta
    units, m = delta.shape
    sums: Pool = {
        key: each.sum(axis=1) for key, each in summed(v, layer, above).items()
    }
    whole = delta.sum()
    if abs(whole) <= ROUNDING * np.abs(delta).sum():
        whole = 0.0  # the deltas of softmax cancel
    pool = {RIGHT: sums.pop(RIGHT), "zero": np.zeros(units)}
    pool |= {"both axes": np.full(units, whole)} | sums
    for key, each in fitting(v, above, (1, m)).items():
        pool.setdefault(key, np.full(units, each.sum()))
    return pool


def masked(delta: Array, keep: slice) -> Array:
    """delta (u_l, m) with zeros for all other examples."""
    found = np.zeros_like(delta)
    found[:, keep] = delta[:, keep]
    return found


def delta_pools(v: Values, layer: int, above: list[Flow]) -> dict[str, Pool]:
    """The places of a delta, each with its pool."""
    if layer == v.net.depth:
        return {"error": errors(v), "slope": output_slopes(v)}
    return {
        "handed": handed(v, layer, above),
        "carrier": carriers(v, layer),
        "slope": slopes(v, layer, above),
    }
