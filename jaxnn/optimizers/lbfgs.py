"""Limited-memory BFGS: optax's product of the inverse Hessian, our line search.

It runs on params laid end to end in one vector, and searches as cg.py does: fewer
kernels to compile and to launch. A CPU's compiled chunk has 85 fusions and takes 0.9 s
to compile; with optax's zoom line search, which calls the objective in several places,
130 and 1.2 s, for as many steps (jax 0.10.2).
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree

from jaxnn.optimizers.line_search import line, line_search, moved
from jaxnn.optimizers.method import Method, Objective, State, Tree

# Curvature pairs. To cost 0.339 at lambda 1, from seeds 0-9, 10 pairs take 106-130
# steps, 20 take 95-118, 40 take 85-101 and 100 take 77-90 (float32, jax 0.10.2, CPU); a
# step costs more with each pair.
MEMORY = 40
CURVATURE = 0.9  # c2 of the strong Wolfe conditions: nearly every first trial will do
DIRECTION: Any = optax.scale_by_lbfgs(MEMORY)


def init(params: Tree, learning_rate: jax.Array) -> Tree:
    """No curvature known yet; the line search finds the rate, so none is kept."""
    del learning_rate
    return DIRECTION.init(ravel_pytree(params)[0])


def step(fun: Objective, state: State, args: tuple) -> State:
    """One step along -H grad, as far as the line search goes."""
    flat, _ = ravel_pytree(state.params)  # (p,)
    grad, _ = ravel_pytree(state.grad)  # (p,)
    uphill, memory = DIRECTION.update(grad, state.memory, flat)  # H grad
    direction = jnp.where(grad @ uphill > 0, -uphill, -grad)  # (p,)
    start, at = line(fun, state, args, direction)
    end, count = line_search(at, start, jnp.ones_like(state.cost), CURVATURE)
    return moved(state, direction, end, memory, count)


lbfgs = Method(init, step, takes_minibatches=False, default_rate=None)
