"""The same cost in coordinates that are easier to minimise: centred parameters.

A layer's scores are z = b + W a. With c a middle of its inputs a, and b' = b + W c,

    z = b' + W (a - c)

is the same network at the same cost, for the penalty leaves biases out. But W's part
of the gradient is now of what the inputs differ in; what they have in common moves b'.
L-BFGS, CG and truncated Newton reach a cost in about half the evaluations
(benchmarks/train_to_cost.py). Sources: LeCun, Bottou, Orr and Mueller 1998, "Efficient
BackProp", section 4.3, of inputs with mean 0; Schraudolph 1998, "Centering neural
network gradient factors", of hidden units.

>>> from jaxnn import centering
>>> centers = centering.centers_of(params, x)
>>> start = centering.centered(params, centers)
>>> found = jaxnn.minimize(centering.cost, start, (x, y, lam, centers))
>>> params = centering.uncentered(found.params, centers)

Shapes as in model.py. `centers` has a vector (n_in,) per layer, or is None: then
nothing is changed.
"""

from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxnn.model import Array, Params
from jaxnn.training import blocks

Centers: TypeAlias = tuple[Array, ...]


def centers_of(params: Params, x: Array) -> Centers:
    """c of each layer, a NumPy vector (n_in,) of params' dtype.

    The mean image of x (m, n); of hidden units 1/2, the middle of a sigmoid.
    """
    first, *others = params
    mean = np.asarray(x).mean(axis=0, dtype=np.float64)  # (n,)
    hidden = (np.full(theta.shape[1] - 1, 0.5, theta.dtype) for theta in others)
    return mean.astype(first.dtype), *hidden


def centered(params: Params, centers: Centers | None) -> Params:
    """(b + W c, W) of each layer (b, W); shaped like params."""
    return params if centers is None else biases_moved(params, centers, 1.0)


def uncentered(params: Params, centers: Centers | None) -> Params:
    """(b' - W c, W) of each layer (b', W): the network's own parameters."""
    return params if centers is None else biases_moved(params, centers, -1.0)


@jax.jit
def biases_moved(params: Params, centers: Centers, sign: float) -> Params:
    """(b + sign W c, W) of each layer; sign is 1 or -1.

    W c is a sum: as a product a GPU may round it to TF32, and not the same everywhere.
    """
    moved = []
    for theta, c in zip(params, centers, strict=True):
        bias = theta[:, 0] + sign * jnp.sum(theta[:, 1:] * c, axis=1)  # (out,)
        moved.append(jnp.column_stack([bias, theta[:, 1:]]))
    return tuple(moved)


def cost(
    params: Params,
    x: Array,
    y: ArrayLike,
    lam: ArrayLike,
    centers: Centers | None = None,
) -> jax.Array:
    """`jaxnn.cost` of the network whose centred parameters are params; a scalar."""
    return blocks.cost(uncentered(params, centers), x, y, lam)
