"""Run a method that goes to its end by itself, and follow it step by step."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxnn.optimizers.loop import Trace
from jaxnn.optimizers.method import Ended, Objective, State, Tree, WholeRun, evaluated


def run_whole(
    fun: Objective,
    method: WholeRun,
    state: State,
    args: tuple,
    steps: int,
    tolerance: float,
    chunk: int,
    options: dict[str, Any] | None,
    callback: Callable[[State, Trace], Any] | None,
) -> tuple[State, Tree, list[float], Ended]:
    """From state to at most `steps` in all; callback hears of them, a chunk at a time.

    Returns the last state, the last good params before it, the cost after each step
    (NaN for one that could not be seen) and what the method says.
    """
    before = int(state.evaluations) - 1  # the method evaluates the start again
    now, good = state, state.params
    costs: list[float] = []
    norms: list[float] = []  # those that callback has not heard of

    def tell() -> None:
        if norms and callback is not None:
            last, done = jnp.array(costs[-len(norms) :]), jnp.int32(len(norms))
            callback(now, Trace(last, jnp.array(norms), done, good))
        norms.clear()

    def follow(
        params: Tree, cost: float, gradient: Tree, evaluations: int, taken: int = 1
    ) -> None:
        nonlocal now, good
        good = now.params
        now = evaluated(
            params,
            jnp.asarray(cost, now.cost.dtype),
            gradient,
            (),
            now.steps + taken,
            jnp.int32(before + evaluations),
        )
        unseen = [np.nan] * (taken - 1)
        costs.extend([*unseen, float(now.cost)])
        norms.extend([*unseen, float(now.grad_norm)])
        if len(norms) >= chunk:
            tell()

    limit = steps - int(state.steps)
    ended = method.run(fun, state.params, args, limit, tolerance, options, follow)
    tell()
    evaluations = jnp.int32(before + ended.evaluations)
    return now._replace(evaluations=evaluations), good, costs, ended
