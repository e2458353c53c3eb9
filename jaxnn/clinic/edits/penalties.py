"""Everything that could stand in the gradient of a layer's penalty."""

from typing import Any

import numpy as np

from jaxnn.clinic.edits.pools import distinct
from jaxnn.clinic.edits.steps import RIGHT, Array, Key, Values
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Layer


def penalty_factor(net: Network, m: int) -> float:
    """lambda is multiplied by this in the penalty's gradient."""
    return 1 / m if net.penalty is None else 2 * net.penalty.factor(m)


def penalized(v: Values, layer: int) -> dict[Key, Layer]:
    """What stands for W_l, and zeros for the biases, in the penalty's gradient."""
    W, b = v.p.params[layer - 1]
    biases = np.zeros(len(W)) if b is None else b
    none, zeros = np.zeros_like(biases), np.zeros_like(W)
    has_biases = v.net.penalty is not None and v.net.penalty.has_biases
    theta = np.hstack([biases[:, None], W])  # (u_l, 1 + u_{l-1})
    own = biases if has_biases else none
    pool: dict[Key, Layer] = {
        RIGHT: Layer(W, own),
        "missing": Layer(zeros, none),
        "weights": Layer(W, none),
        "biases": Layer(W, biases),
        "only biases": Layer(zeros, biases),
        "ones": Layer(W, none + 1),
        "squares": Layer(W**2 / 2, own),
        "all squares": Layer(W**2 / 2, biases**2 / 2),
        "signs": Layer(np.sign(W), own),
        "sum": Layer(zeros + W.sum(), own),
        "sum of all": Layer(zeros + theta.sum(), none + theta.sum()),
        "row 0": split(zeroed(theta, np.s_[0])),
        "row 0 of the weights": Layer(zeroed(W, np.s_[0]), own),
        "column 0 of the weights": Layer(zeroed(W, np.s_[:, 0]), own),
        "last row": split(zeroed(theta, np.s_[-1])),
        "last column": split(zeroed(theta, np.s_[:, -1])),
        "column 1": split(zeroed(theta, np.s_[:, 1])),
    }
    if v.still:
        dW, db = v.still[layer - 1]
        pool["gradient"] = Layer(dW, own)
        if db is not None and has_biases:
            pool["whole gradient"] = Layer(dW, db)
    for j, other in enumerate(v.p.params, 1):
        if j != layer and other.W.shape == W.shape:
            pool["W", j] = Layer(other.W, own)
    if v.net.penalty is None:
        pool[RIGHT] = pool["missing"]
    if b is None:
        pool = {key: one._replace(b=none) for key, one in pool.items()}
    return pool


def split(theta: Array) -> Layer:
    """(W, b) of a theta (out, 1 + in)."""
    return Layer(theta[:, 1:], theta[:, 0])


def zeroed(array: Array, index: Any) -> Array:
    """A copy with zeros at the index."""
    array = array.copy()
    array[index] = 0
    return array


def distinct_penalties(pool: dict[Key, Layer]) -> dict[Key, Layer]:
    """The pool without entries that an earlier one is a multiple of."""
    flat = {
        key: np.concatenate([W.ravel(), np.zeros(0) if b is None else b])
        for key, (W, b) in pool.items()
    }
    return {key: pool[key] for key in distinct(flat)}
