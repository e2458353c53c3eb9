"""Limited-memory BFGS by optax, with its zoom line search (strong Wolfe conditions)."""

from typing import Any

import jax
import optax

from jaxnn.optimizers.method import Method, Objective, State, Tree, evaluated

# Curvature pairs. From ten starts to cost 0.339: 20 pairs take 100 to over 150 steps,
# 40 take 90 to 129, for a fifth more time per step; 100 pairs twice the time for 78.
MEMORY = 40
OPTIMIZER: Any = optax.lbfgs(memory_size=MEMORY)


def init(params: Tree, learning_rate: jax.Array) -> Tree:
    """No curvature known yet; the line search finds the rate, so none is kept."""
    del learning_rate
    return OPTIMIZER.init(params)


def step(fun: Objective, state: State, args: tuple) -> State:
    """One step along -H grad, as far as the line search goes."""
    updates, memory = OPTIMIZER.update(
        state.grad,
        state.memory,
        state.params,
        value=state.cost,
        grad=state.grad,
        value_fn=lambda params: fun(params, *args),
    )
    searched = memory[-1]  # the line search has evaluated the point where it stopped
    tried = searched.info.num_linesearch_steps
    return evaluated(
        optax.apply_updates(state.params, updates),
        searched.value,
        searched.grad,
        memory,
        state.steps + 1,
        state.evaluations + tried,
    )


lbfgs = Method(init, step, takes_minibatches=False, default_rate=None)
