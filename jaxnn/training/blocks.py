"""The cost of very many examples: on a CPU, summed over blocks that its caches hold.

One call on 500,000 digits writes the activations of all of them to memory and fetches
them back for the gradient. Block by block they stay in the caches, and only the pixels
have to come from memory: a digit takes 1.3 and 1.6 times as long as one of 5000, in
one call 2.2 and 2.5 times, on two cores of an AMD and an Intel (benchmarks/scaling.py),
and less memory. Of 50,000 only the memory is less. Other devices take all at once.
Shapes as in model.py: m examples, n pixels.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import ArrayLike

from jaxnn import model
from jaxnn.model import Array, Params

# Examples. In one trial 250,000 digits took 0.73 us each in blocks of 1000, 0.61 of
# 2500, 0.59 of 5000, 0.55 of 10,000, which take twice the memory (float32, jax 0.10.2,
# the Intel); on the AMD 500,000 took 0.24, 0.22, 0.22 and 0.28; both with biases that
# broadcast.
BLOCK = 5000


@jax.jit
def cost(
    params: Params,
    x: Array,
    y: ArrayLike,
    lam: ArrayLike,
    weights: ArrayLike | None = None,
) -> jax.Array:
    """`model.cost` of any number of examples, to be differentiated by params alone.

    Up to BLOCK examples it is model.cost itself. Raises NotImplementedError where
    another derivative of more of them is wanted.
    """
    if len(x) <= BLOCK:
        return model.cost(params, x, y, lam, weights)
    m = model.total_weight(x, weights)
    data = tuple(None if a is None else jnp.asarray(a) for a in (x, y, weights))
    return cross_entropy(params, *data) / m + model.penalty(params, lam, m)


@jax.custom_jvp
def cross_entropy(
    params: Params, x: jax.Array, y: jax.Array, weights: jax.Array | None
) -> jax.Array:
    """`model.cross_entropy` block by block; a scalar."""
    return of_device(model.cross_entropy, params, x, y, weights)


def derivative(primals: tuple, tangents: tuple) -> tuple[jax.Array, jax.Array]:
    """The loss, and its change where params change by their tangents.

    The gradient is made block by block with the loss, rather than afterwards from
    activations that were kept, as autodiff through the sum would have it.
    """
    params, *data = primals
    direction, *fixed = tangents
    if not all(is_zero(leaf) for leaf in jax.tree.leaves(fixed, is_leaf=is_zero)):
        raise NotImplementedError(
            "blocks.cost has derivatives by params alone; use model.cost"
        )
    loss, gradient = of_device(jax.value_and_grad(model.cross_entropy), params, *data)
    pairs = zip(gradient, direction, strict=True)
    change = sum(jnp.vdot(g, d) for g, d in pairs if not is_zero(d))
    return loss, jnp.asarray(change, loss.dtype)


cross_entropy.defjvp(derivative, symbolic_zeros=True)


def is_zero(tangent: Any) -> bool:
    """Whether nothing changes there."""
    return isinstance(tangent, jax.custom_derivatives.SymbolicZero)


def of_device(function: Any, params: Params, *data: jax.Array | None) -> Any:
    """function(params, *data), a sum over examples, as the device does many best."""
    return lax.platform_dependent(
        params, *data, cpu=in_blocks(function), default=function
    )


def in_blocks(function: Any) -> Any:
    """function, a sum over the examples of data, as a sum over blocks of them."""

    def summed(params: Params, *data: jax.Array | None) -> Any:
        arrays, places = jax.tree.flatten(data)  # data without its None
        m = len(arrays[0])
        head = m % BLOCK or BLOCK  # the first block takes what would be left over

        def block(first: Any, size: int) -> Any:
            cut = (lax.dynamic_slice_in_dim(a, first, size) for a in arrays)
            return function(params, *jax.tree.unflatten(places, cut))

        def add(total: Any, first: jax.Array) -> tuple[Any, None]:
            return jax.tree.map(jnp.add, total, block(first, BLOCK)), None

        return lax.scan(add, block(0, head), jnp.arange(head, m, BLOCK))[0]

    return summed
