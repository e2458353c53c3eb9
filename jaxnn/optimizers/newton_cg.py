"""Truncated Newton: CG minimizes the second-order model in a trust region.

Hessian-vector products are exact, forward over reverse: no matrix is formed, and one
product costs less than two gradients.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from jaxnn.optimizers.method import Method, Objective, State, Tree, evaluated
from jaxnn.optimizers.packing import packed_loop

PRODUCTS = 100  # Hessian-vector products per step, at most
ACCEPTED = 1e-4  # share of the decrease that the model promised, at least


class Memory(NamedTuple):
    """How far the model is trusted."""

    radius: jax.Array  # shape (), Euclidean; 0 before the first step


class Inner(NamedTuple):
    """The state of conjugate gradient on the model g.d + d.H d / 2."""

    move: jax.Array  # (p,), d so far
    residual: jax.Array  # (p,), g + H d
    direction: jax.Array  # (p,)
    decrease: jax.Array  # shape (), of the model from 0 to d
    products: jax.Array  # shape (), int32: Hessian-vector products so far
    done: jax.Array  # shape (), bool


def init(params: Tree, learning_rate: jax.Array) -> Memory:
    """The first gradient sets the radius; no rate is needed."""
    del learning_rate
    return Memory(jnp.zeros((), jax.tree.leaves(params)[0].dtype))


def step(fun: Objective, state: State, args: tuple) -> State:
    """One trial of a truncated Newton step, kept if the cost falls as promised.

    It counts as evaluations the Hessian-vector products, and cost and gradient at the
    trial.
    """
    flat, unravel = ravel_pytree(state.params)  # (p,)
    grad, _ = ravel_pytree(state.grad)  # (p,)

    def product(v: jax.Array) -> jax.Array:
        return hessian_product(lambda p: fun(unravel(p), *args), flat, v)

    radius = state.memory.radius
    radius = jnp.where(radius > 0, radius, jnp.minimum(1, jnp.linalg.norm(grad)))
    inner = truncated_cg(product, grad, radius)
    params = unravel(flat + inner.move)
    cost, new_grad = jax.value_and_grad(fun)(params, *args)
    ratio = trust(state.cost, cost, inner.decrease)
    length = jnp.linalg.norm(inner.move)
    steps, evaluations = state.steps + 1, state.evaluations + inner.products + 1
    is_kept = (ratio > ACCEPTED) | (inner.products == 0)  # then it went nowhere
    memory = Memory(next_radius(radius, ratio, length))
    new = evaluated(params, cost, new_grad, memory, steps, evaluations)
    old = state._replace(memory=memory, steps=steps, evaluations=evaluations)
    return jax.tree.map(lambda a, b: jnp.where(is_kept, a, b), new, old)


def hessian_product(
    fun: Callable[[jax.Array], jax.Array], p: jax.Array, v: jax.Array
) -> jax.Array:
    """The Hessian of fun at p times v, (p,): the gradient's derivative along v."""
    return jax.jvp(jax.grad(fun), (p,), (v,))[1]


def truncated_cg(
    product: Callable[[jax.Array], jax.Array], grad: jax.Array, radius: jax.Array
) -> Inner:
    """Minimize the model within the radius, more exactly the smaller the gradient.

    It also ends at the border, and follows a direction of negative curvature that far.
    Source: Steihaug 1983; Nocedal and Wright 2006, algorithm 7.2.
    """
    norm = jnp.linalg.norm(grad)
    forcing = norm * jnp.minimum(0.5, jnp.sqrt(norm))  # superlinear convergence

    def body(inner: Inner) -> Inner:
        move, residual, direction, decrease, products, _ = inner
        curved = product(direction)  # H d
        curvature = direction @ curved
        squared = residual @ residual
        full = squared / curvature
        longest = to_border(move, direction, radius)
        leaves = (curvature <= 0) | (full >= longest)
        length = jnp.where(leaves, longest, full)
        # along the direction the model's slope is -residual @ residual
        decrease += length * (squared - 0.5 * length * curvature)
        move += length * direction
        residual += length * curved
        beta = residual @ residual / squared
        done = leaves | (jnp.linalg.norm(residual) <= forcing)
        direction = beta * direction - residual
        return Inner(move, residual, direction, decrease, products + 1, done)

    nowhere, zero = jnp.zeros_like(grad), jnp.zeros_like(norm)
    inner = Inner(nowhere, grad, -grad, zero, jnp.int32(0), norm == 0)
    return packed_loop(lambda i: ~i.done & (i.products < PRODUCTS), body, inner)


def to_border(move: jax.Array, direction: jax.Array, radius: jax.Array) -> jax.Array:
    """The length >= 0 at which |move + length * direction| = radius."""
    a, b = direction @ direction, move @ direction
    c = jnp.maximum(radius**2 - move @ move, 0)
    return c / (b + jnp.sqrt(b**2 + a * c))  # b >= 0 here: no cancellation


def trust(before: jax.Array, after: jax.Array, promised: jax.Array) -> jax.Array:
    """The decrease over what the model promised; 1 where both are only rounding."""
    rounding = 10 * jnp.finfo(before.dtype).eps * jnp.abs(before)
    return (before - after + rounding) / (promised + rounding)


def next_radius(radius: jax.Array, ratio: jax.Array, length: jax.Array) -> jax.Array:
    """The radius shrinks after a broken promise and grows after one kept at the border.

    A ratio that is NaN is a broken promise. Source: Nocedal and Wright 2006, algorithm
    4.1, with no largest radius.
    """
    grown = jnp.where((ratio > 0.75) & (length > 0.99 * radius), 2 * radius, radius)
    return jnp.where(ratio > 0.25, grown, 0.25 * length)


newton_cg = Method(init, step)
