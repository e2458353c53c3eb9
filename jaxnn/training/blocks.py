"""The cost of very many examples: on a CPU, a sum over blocks that fit in its caches.

One call on 500,000 digits writes all their activations to memory and fetches them back
for the gradient. Block by block, the activations stay in the caches and only the pixels
come from memory. One of 500,000 digits then takes 1.3 (AMD) and 1.6 (Intel) times as
long as one of 5000; in one call it takes 2.2 and 2.5 times as long
(benchmarks/scaling.py). Blocks also need less memory. Other devices take all examples
in one call. Examples on disk are summed block by block anywhere (streams.py). Shapes as
in model.py: m examples, n pixels.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import ArrayLike

from jaxnn import meshes, model
from jaxnn.model import Array, Params
from jaxnn.training import streams

# Examples per block. Smaller blocks are slower on an Intel, larger ones on an AMD, and
# 10,000 take twice the memory.
BLOCK = 5000


@jax.jit
def cost(
    params: Params,
    x: Array | streams.Stream | streams.Mapped | streams.Stored,
    y: ArrayLike | None,
    lam: ArrayLike,
    weights: ArrayLike | None = None,
    total: jax.Array | None = None,
) -> jax.Array:
    """`model.cost` of any number of examples; it can be differentiated by params alone.

    Up to BLOCK examples on one device this is model.cost itself. Beyond that, any other
    derivative raises NotImplementedError. x: examples, or where they are stored; a
    stream knows their labels. total: the sum of the weights, if known; on several
    devices summing them takes a second all-reduce.
    """
    if isinstance(x, streams.Stream | streams.Mapped | streams.Stored):
        return of_stored(params, x, y, lam)
    assert y is not None
    if len(x) <= BLOCK and meshes.in_context() is None:
        return model.cost(params, x, y, lam, weights)
    m = model.total_weight(x, weights) if total is None else total
    data = tuple(None if a is None else jnp.asarray(a) for a in (x, y, weights))
    return cross_entropy(params, *data) / m + model.penalty(params, lam, m)


def of_stored(params: Params, x: Any, y: Any, lam: ArrayLike) -> jax.Array:
    """`cost` of examples on disk, or of a mini-batch of them; a scalar."""
    inner = streams.of_stored(params, x.form)
    if not isinstance(x, streams.Stored):
        m, loss = x.examples, cross_entropy(inner, x, None, None)
    else:
        rows = streams.as_numbers(x, params[0].dtype)
        m, loss = len(rows), all_classes(inner, rows, y, None)
    return loss / m + model.penalty(params, lam, m)


@jax.custom_jvp
def cross_entropy(params: Params, x: Any, y: Any, weights: Any) -> jax.Array:
    """The sum of `model.cross_entropy` block by block; a scalar."""
    return summed(all_classes, params, x, y, weights)


def all_classes(
    params: Params, x: jax.Array, y: jax.Array, weights: jax.Array | None
) -> jax.Array:
    """The sum of `model.cross_entropy`; a scalar."""
    return jnp.sum(model.cross_entropy(params, x, y, weights))


def derivative(primals: tuple, tangents: tuple) -> tuple[jax.Array, jax.Array]:
    """The loss, and how it changes when params change by their tangents.

    Each block gives its part of the gradient together with its part of the loss.
    Autodiff through the sum would keep the activations of all blocks instead.
    """
    params, *data = primals
    direction, *fixed = tangents
    if not all(is_zero(leaf) for leaf in jax.tree.leaves(fixed, is_leaf=is_zero)):
        raise NotImplementedError(
            "blocks.cost has derivatives by params alone; use model.cost"
        )
    loss, gradient = summed(jax.value_and_grad(all_classes), params, *data)
    pairs = zip(gradient, direction, strict=True)
    change = sum(jnp.vdot(g, d) for g, d in pairs if not is_zero(d))
    return loss, jnp.asarray(change, loss.dtype)


cross_entropy.defjvp(derivative, symbolic_zeros=True)


def is_zero(tangent: Any) -> bool:
    """Whether this tangent is zero everywhere."""
    return isinstance(tangent, jax.custom_derivatives.SymbolicZero)


def summed(function: Any, params: Params, *data: Any) -> Any:
    """Evaluate function, a sum over examples, in blocks on a CPU, elsewhere at once.

    Of a stream, in blocks anywhere.
    """
    if isinstance(data[0], streams.Stream | streams.Mapped):
        return streams.total(function, params, data[0])

    def on_device(params: Params, *data: jax.Array | None) -> Any:
        if len(jax.tree.leaves(data)[0]) <= BLOCK:
            return function(params, *data)
        return lax.platform_dependent(
            params, *data, cpu=in_blocks(function), default=function
        )

    return meshes.summed(on_device, params, *data)


def in_blocks(function: Any) -> Any:
    """Turn function, a sum over examples, into the same sum taken block by block."""

    def by_blocks(params: Params, *data: jax.Array | None) -> Any:
        arrays, places = jax.tree.flatten(data)  # without None
        m = len(arrays[0])
        head = m % BLOCK or BLOCK  # the first block takes the remainder

        def block(first: Any, size: int) -> Any:
            cut = (lax.dynamic_slice_in_dim(a, first, size) for a in arrays)
            return function(params, *jax.tree.unflatten(places, cut))

        def add(total: Any, first: jax.Array) -> tuple[Any, None]:
            return jax.tree.map(jnp.add, total, block(first, BLOCK)), None

        return lax.scan(add, block(0, head), jnp.arange(head, m, BLOCK))[0]

    return by_blocks
