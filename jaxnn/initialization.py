"""The weights before training, drawn by NumPy; shapes as in model.py."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnn.mistake import Mistake

LAYERS = (400, 25, 10)

# Half-width r of the initial weights, U(-r, r), of a layer with n_in inputs and n_out
# outputs. One published program of this exercise uses each.
SCHEMES = {
    "course": lambda n_in, n_out: 0.12,
    "glorot": lambda n_in, n_out: math.sqrt(6) / math.sqrt(n_in + n_out),
    "bresson": lambda n_in, n_out: 2 / math.sqrt(n_in),
    "wittenauer": lambda n_in, n_out: 0.125,
    # meant as sqrt(6 / (n_in + n_out)), written (6 / (n_in + n_out))**1/2
    "illustration": lambda n_in, n_out: 3 / (n_in + n_out),
}


def init_params(
    seed: int,
    layers: Sequence[int] = LAYERS,
    scheme: str = "course",
    dtype: str = "float32",
) -> tuple[np.ndarray, ...]:
    """Draw the initial weights, biases included, from U(-r, r).

    layers: units per layer, input first; (400, 10) is logistic regression.
    scheme: course, glorot, bresson, wittenauer or illustration; SCHEMES has their r.
    Returns a tuple of NumPy matrices (units_out, 1 + units_in). Drawing on the host
    compiles nothing and gives the same weights on every device. Raises Mistake for an
    unknown scheme, fewer than two layers or a layer without units.
    """
    if scheme not in SCHEMES:
        known = ", ".join(SCHEMES)
        raise Mistake(f"unknown initialization {scheme!r}; choose from {known}")
    if len(layers) < 2 or min(layers) < 1:
        raise Mistake(
            f"layers {tuple(layers)}: give an input and an output layer of at least "
            "one unit each, as in (400, 25, 10)"
        )
    random = np.random.default_rng(seed)
    params = []
    for n_in, n_out in zip(layers[:-1], layers[1:], strict=True):
        r = SCHEMES[scheme](n_in, n_out)
        params.append(random.uniform(-r, r, (n_out, 1 + n_in)).astype(dtype))
    return tuple(params)


def layers_of(params: tuple[Any, ...]) -> tuple[int, ...]:
    """Units per layer, input first, as `init_params` takes them."""
    return params[0].shape[1] - 1, *(theta.shape[0] for theta in params)
