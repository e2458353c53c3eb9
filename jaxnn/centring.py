"""The same cost in coordinates that are easier to minimise: centred parameters.

A layer's scores are z = b + W a. With c a middle of its inputs a, and b' = b + W c,

    z = b' + W (a - c)

is the same network at the same cost, for the penalty leaves biases out. But W's own
part of the gradient now knows of the inputs' differences alone: what they have in
common moves b'. L-BFGS and CG need half the evaluations (benchmarks/training.py);
Adam, whose steps are of one size whatever the gradient's, gains nothing. Why inputs
should be near 0: LeCun, Bottou, Orr and Mueller 1998, "Efficient BackProp", 4.3.

>>> centres = centring.centres_of(params, x)
>>> start = centring.centred(params, centres)
>>> found = jaxnn.minimize(centring.cost, start, (x, y, lam, centres))
>>> params = centring.uncentred(found.params, centres)

Shapes as in model.py. `centres` has a vector (n_in,) per layer, or is None: then
nothing is changed.
"""

from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxnn import blocks
from jaxnn.model import Array, Params

Centres: TypeAlias = tuple[Array, ...]


def centres_of(params: Params, x: Array) -> Centres:
    """The mean image of x (m, n), (n,); of a hidden layer 1/2, a sigmoid's middle."""
    mean = jnp.mean(jnp.asarray(x), axis=0)  # (n,)
    hidden = (jnp.full(theta.shape[1] - 1, 0.5, mean.dtype) for theta in params[1:])
    return mean, *hidden


def centred(params: Params, centres: Centres | None) -> Params:
    """(b + W c, W) of each layer (b, W); shaped like params."""
    return params if centres is None else with_biases_moved(params, centres, 1.0)


def uncentred(params: Params, centres: Centres | None) -> Params:
    """(b' - W c, W) of each layer (b', W): the network's own parameters."""
    return params if centres is None else with_biases_moved(params, centres, -1.0)


@jax.jit
def with_biases_moved(params: Params, centres: Centres, sign: float) -> Params:
    """(b + sign W c, W) of each layer."""
    pairs = zip(params, centres, strict=True)
    biases = [theta[:, 0] + sign * (theta[:, 1:] @ c) for theta, c in pairs]  # (out,)
    pairs = zip(biases, params, strict=True)
    return tuple(jnp.column_stack([bias, theta[:, 1:]]) for bias, theta in pairs)


def cost(
    params: Params,
    x: Array,
    y: ArrayLike,
    lam: ArrayLike,
    centres: Centres | None = None,
) -> jax.Array:
    """`jaxnn.cost` of the network whose centred parameters are params; a scalar."""
    return blocks.cost(uncentred(params, centres), x, y, lam)
