"""Limited-memory BFGS in its compact form, with the line search that cg.py uses too.

A step takes three products with one matrix of all pairs, and four of the memory's size.
optax's L-BFGS loops over the pairs twice: compiled for a GPU, these are two loops of 40
rounds with 5 kernels each, about 500 kernels per step. Triangular solves in place of
R^-1 would make JAX load scipy.linalg (0.1 s).

Shapes: p parameters, k pairs.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree

from jaxnn.optimizers.line_search import line, line_search, moved
from jaxnn.optimizers.method import Method, Objective, State, Tree

# Curvature pairs. To cost 0.339 at lambda 1, from seeds 0-9, 10 pairs take 105-130
# steps, 20 take 94-118, 40 take 84-100 and 100 take 77-90 (float32, jax 0.10.2, CPU); a
# step costs more with each pair.
MEMORY = 40
CURVATURE = 0.9  # c2 of the strong Wolfe conditions: the first trial nearly always does

# By default a GPU may round the factors of a product to ten bits, and R^-1 is made from
# its own columns.
PRECISE = partial(jax.default_matmul_precision, "highest")


class Memory(NamedTuple):
    """The last k steps s, and y, the change of the gradient along each.

    The newest pair replaces the oldest, so pairs are not in order. R holds s_i'y_j
    where pair i is not newer than pair j, else 0: in the order of pairs, a triangle.
    """

    pairs: jax.Array  # (2k, p): every s, then every y
    inverse: jax.Array  # (k, k), R^-1
    yy: jax.Array  # (k, k), Y'Y
    seen: jax.Array  # shape (), int32: pairs so far


def init(params: Tree, learning_rate: jax.Array) -> Memory:
    """No curvature is known yet. The line search finds the rate, so none is kept."""
    del learning_rate
    flat, _ = ravel_pytree(params)  # (p,)
    none = jnp.zeros((MEMORY, MEMORY), flat.dtype)
    pairs = jnp.zeros((2 * MEMORY, flat.size), flat.dtype)
    return Memory(pairs, none, none, jnp.int32(0))


def step(fun: Objective, state: State, args: tuple) -> State:
    """One step along -H grad, as far as the line search goes."""
    grad, _ = ravel_pytree(state.grad)  # (p,)
    with PRECISE():
        uphill = inverse_hessian_times(state.memory, grad)  # (p,)
    direction = jnp.where(grad @ uphill > 0, -uphill, -grad)
    start, at = line(fun, state, args, direction)
    end, trials = line_search(at, start, jnp.ones_like(state.cost), CURVATURE)
    with PRECISE():
        memory = remember(state.memory, end.step * direction, end.grad - grad)
    return moved(state, direction, end, memory, trials)


def inverse_hessian_times(memory: Memory, grad: jax.Array) -> jax.Array:
    """H grad, (p,). H is the inverse Hessian that BFGS builds from gamma I.

    With S and Y the pairs as columns and D the diagonal of R, H = gamma I +
    S R'^-1 (D + gamma Y'Y) R^-1 S' - gamma (S R'^-1 Y' + Y R^-1 S'). Source: Byrd,
    Nocedal and Schnabel 1994, equation 2.7; gamma from Nocedal and Wright 2006,
    equation 7.20, without pairs 1 / |grad|.
    """
    pairs, inverse, yy, seen = memory
    newest = (seen - 1) % MEMORY
    curvatures = reciprocal(jnp.diag(inverse))  # D (k,), 0 where no pair is
    known = curvatures[newest] * reciprocal(yy[newest, newest])
    gamma = jnp.where(seen > 0, known, reciprocal(jnp.linalg.norm(grad)))
    along_s, along_y = jnp.split(pairs @ grad, 2)  # (k,), (k,)
    u = inverse @ along_s  # R^-1 S' grad (k,)
    v = inverse.T @ (curvatures * u + gamma * (yy @ u - along_y))
    return gamma * grad + jnp.concatenate([v, -gamma * u]) @ pairs


def reciprocal(a: jax.Array) -> jax.Array:
    """1 / a, element by element, and 0 where a is 0."""
    return jnp.where(a == 0, 0, 1 / jnp.where(a == 0, 1, a))


def remember(memory: Memory, s: jax.Array, y: jax.Array) -> Memory:
    """Memory with one more pair, (p,) each, or with an empty one unless s @ y > 0.

    A new pair adds a column (a, d) to R, and so the column (-R^-1 a / d, 1 / d) to
    R^-1. The oldest pair is forgotten: its row and column of R^-1 become 0.
    """
    pairs, inverse, yy, seen = memory
    at, d = seen % MEMORY, s @ y
    is_curved = d > 0
    s, y = jnp.where(is_curved, s, 0), jnp.where(is_curved, y, 0)
    for row, vector in (at, s), (at + MEMORY, y):
        pairs = lax.dynamic_update_index_in_dim(pairs, vector, row, 0)
    sy, yy_new = jnp.split(pairs @ y, 2)  # (k,), (k,): S'y and Y'y
    is_new = jnp.arange(MEMORY) == at  # (k,)
    rest = jnp.where(is_new | is_new[:, None], 0, inverse)  # (k, k)
    scale = jnp.where(is_curved, 1 / d, 0)
    column = jnp.where(is_new, scale, -scale * (rest @ sy))  # (k,)
    inverse = jnp.where(is_new, column[:, None], rest)
    yy = jnp.where(is_new, yy_new[:, None], jnp.where(is_new[:, None], yy_new, yy))
    return Memory(pairs, inverse, yy, seen + is_curved)


lbfgs = Method(init, step)
