"""The same cost in coordinates that are easier to minimize: centered parameters.

The scores of a layer are z = b + W a. Take a center c of its inputs a; b' = b + W c:

    z = b' + W (a - c)

This is the same network at the same cost, because the penalty leaves the biases out.
But the gradient by W now comes from what differs among the inputs; what they share
moves b' alone. Sources: LeCun, Bottou, Orr and Mueller 1998, "Efficient BackProp",
section 4.3 (inputs with mean 0); Schraudolph 1998, "Centering neural network gradient
factors" (hidden units).

>>> from jaxnn.training import centering
>>> centers = centering.centers_of(params, x)
>>> start = centering.centered(params, centers)
>>> found = jaxnn.minimize(centering.cost, start, (x, y, lam, centers))
>>> params = centering.uncentered(found.params, centers)

Shapes as in model.py. `centers` has one vector (n_in,) per layer. If `centers` is None,
these functions change nothing.
"""

from typing import Any, TypeAlias

import jax
import numpy as np
from jax.typing import ArrayLike

from jaxnn import processes
from jaxnn.model import Array, Params
from jaxnn.rows import Rows, chosen
from jaxnn.training import blocks

Centers: TypeAlias = tuple[Array, ...]

# The methods that `fit` trains in centered coordinates. Median evaluations of cost and
# gradient from 30 starts (seeds 0-29, 5000 digits, float32), plain -> centered, and how
# many starts reach 0.557 at lambda 3 within 4096 evaluations:
#                    0.339, lambda 1   0.320, lambda 1   0.557, lambda 3
#   lbfgs                97 -> 52         178 -> 96        19 -> 21 of 30
#   cg                  213 -> 92         399 -> 178       24 -> 26 of 30
#   newton-cg           286 -> 136        445 -> 240       21 -> 22 of 30
#   scipy-l-bfgs-b      123 -> 58         224 -> 112       17 -> 21 of 30
METHODS = ("lbfgs", "cg", "newton-cg", "scipy-l-bfgs-b")


def centers_of(
    params: Params, x: Array | Rows, weights: Array | None = None
) -> Centers:
    """c of each layer: a NumPy vector (n_in,) with the dtype of params.

    For the pixels it is the mean image of x (m, n), perhaps with weights (m,). For
    hidden units it is 1/2, the middle of a sigmoid.
    """
    first, *others = params
    if isinstance(x, Rows):
        own = chosen(x, processes.share(len(x)))
        total = own.mean() * len(own) if len(own) else np.zeros(x.shape[1])
        mean = processes.summed(total) / len(x)  # (n,)
    elif weights is None:
        mean = np.asarray(x).mean(axis=0, dtype=np.float64)  # (n,)
    else:
        mean = np.average(x, axis=0, weights=np.asarray(weights, np.float64))  # (n,)
    hidden = (np.full(theta.shape[1] - 1, 0.5, theta.dtype) for theta in others)
    return mean.astype(first.dtype), *hidden


def centered(params: Params, centers: Centers | None) -> Params:
    """(b + W c, W) for each layer (b, W); shaped like params."""
    return params if centers is None else moved(params, centers, 1.0)


def uncentered(params: Params, centers: Centers | None) -> Params:
    """(b' - W c, W) for each layer (b', W): the network's own parameters."""
    return params if centers is None else moved(params, centers, -1.0)


def moved(params: Params, centers: Centers, sign: float) -> Params:
    """(b + sign W c, W) for each layer; sign is 1 or -1. NumPy stays NumPy."""
    is_numpy = isinstance(params[0], np.ndarray)
    return (move_biases if is_numpy else jitted_move)(params, centers, sign)


def move_biases(params: Params, centers: Centers, sign: float) -> Params:
    """As `moved`. W c is written as a sum: a GPU may round a product to TF32."""
    layers = []
    for theta, c in zip(params, centers, strict=True):
        xp = theta.__array_namespace__()  # NumPy or jax.numpy
        bias = theta[:, 0] + sign * xp.sum(theta[:, 1:] * c, axis=1)  # (out,)
        layers.append(xp.concat([bias[:, None], theta[:, 1:]], axis=1))
    return tuple(layers)


jitted_move = jax.jit(move_biases)


def cost(
    params: Params,
    x: Any,
    y: ArrayLike | None,
    lam: ArrayLike,
    centers: Centers | None = None,
    weights: ArrayLike | None = None,
    total: jax.Array | None = None,
) -> jax.Array:
    """`jaxnn.cost` of the network whose centered parameters are params; a scalar."""
    return blocks.cost(uncentered(params, centers), x, y, lam, weights, total)
