"""Limited-memory BFGS in its compact form, with the line search that cg.py uses too.

The inverse Hessian times the gradient takes two products with one matrix of all pairs
and two triangular solves of the memory's size. optax's L-BFGS loops over the pairs
twice: compiled for a GPU, these are two loops of 40 rounds with 5 kernels each, about
500 kernels per step. The compact form takes about 83.

Shapes: p parameters, k pairs.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree
from jax.scipy.linalg import solve_triangular

from jaxnn.optimizers.line_search import line, line_search, moved
from jaxnn.optimizers.method import Method, Objective, State, Tree

# Curvature pairs. To cost 0.339 at lambda 1, from seeds 0-9, 10 pairs take 105-130
# steps, 20 take 94-118, 40 take 84-100 and 100 take 77-90 (float32, jax 0.10.2, CPU); a
# step costs more with each pair.
MEMORY = 40
CURVATURE = 0.9  # c2 of the strong Wolfe conditions: the first trial nearly always does


class Memory(NamedTuple):
    """The last k steps s, and y, the change of the gradient along each."""

    pairs: jax.Array  # (2k, p): every s, then every y; the newest replaces the oldest
    products: jax.Array  # (2k, 2k), pairs @ pairs.T
    seen: jax.Array  # shape (), int32: pairs so far


def init(params: Tree, learning_rate: jax.Array) -> Memory:
    """No curvature is known yet. The line search finds the rate, so none is kept."""
    del learning_rate
    flat, _ = ravel_pytree(params)  # (p,)
    pairs = jnp.zeros((2 * MEMORY, flat.size), flat.dtype)
    products = jnp.zeros((2 * MEMORY, 2 * MEMORY), flat.dtype)
    return Memory(pairs, products, jnp.int32(0))


def step(fun: Objective, state: State, args: tuple) -> State:
    """One step along -H grad, as far as the line search goes."""
    grad, _ = ravel_pytree(state.grad)  # (p,)
    uphill = inverse_hessian_times(state.memory, grad)  # (p,)
    direction = jnp.where(grad @ uphill > 0, -uphill, -grad)
    start, at = line(fun, state, args, direction)
    end, trials = line_search(at, start, jnp.ones_like(state.cost), CURVATURE)
    memory = remember(state.memory, end.step * direction, end.grad - grad)
    return moved(state, direction, end, memory, trials)


def inverse_hessian_times(memory: Memory, grad: jax.Array) -> jax.Array:
    """H grad, (p,). H is the inverse Hessian that BFGS builds from gamma I.

    With S and Y the pairs as columns, oldest first, R the upper triangle of S'Y and D
    its diagonal, H = gamma I + S R'^-1 (D + gamma Y'Y) R^-1 S' - gamma (S R'^-1 Y' +
    Y R^-1 S'). Source: Byrd, Nocedal and Schnabel 1994, equation 2.7; gamma from
    Nocedal and Wright 2006, equation 7.20, without pairs 1 / |grad|.
    """
    pairs, products, seen = memory
    oldest = jnp.where(seen < MEMORY, 0, seen % MEMORY)
    s = (oldest + jnp.arange(MEMORY)) % MEMORY  # rows of pairs, oldest first
    y, newest = s + MEMORY, (seen - 1) % MEMORY
    sy, yy = products[s][:, y], products[y][:, y]  # (k, k)
    curvatures = jnp.diag(sy)
    is_empty = (curvatures == 0).astype(grad.dtype)  # (k,)
    r = jnp.triu(sy) + jnp.diag(is_empty)
    change = products[newest + MEMORY, newest + MEMORY]  # y'y of the newest pair
    known = products[newest, newest + MEMORY] / jnp.where(seen > 0, change, 1)
    gamma = jnp.where(seen > 0, known, 1 / jnp.linalg.norm(grad))
    along = pairs @ grad  # (2k,)
    u = solve_triangular(r, along[s])  # R^-1 S' grad
    v = curvatures * u + gamma * (yy @ u - along[y])
    v = solve_triangular(r, v, trans=1)
    weights = jnp.zeros_like(along).at[s].set(v).at[y].set(-gamma * u)
    return gamma * grad + weights @ pairs


def remember(memory: Memory, s: jax.Array, y: jax.Array) -> Memory:
    """Memory with one more pair, (p,) each; an empty one unless s @ y is above 0."""
    pairs, products, seen = memory
    is_curved = s @ y > 0
    at = seen % MEMORY
    new = (at, jnp.where(is_curved, s, 0)), (at + MEMORY, jnp.where(is_curved, y, 0))
    for row, vector in new:  # pairs are not read in between: XLA would copy
        pairs = lax.dynamic_update_index_in_dim(pairs, vector, row, 0)
    for row, vector in new:
        dots = pairs @ vector  # (2k,)
        for axis in (0, 1):
            products = lax.dynamic_update_index_in_dim(products, dots, row, axis)
    return Memory(pairs, products, seen + is_curved)


lbfgs = Method(init, step)
