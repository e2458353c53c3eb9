"""Run a method that runs to its end by itself, and follow it step by step."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.optimizers.loop import Trace
from jaxnn.optimizers.method import Ended, Objective, State, Tree, WholeRun, evaluated


@partial(jax.jit, static_argnames="fun")
def first_state(fun: Objective, params: Tree, args: tuple) -> State:
    """The state before the first step; evaluates fun at params."""
    cost, grad = jax.value_and_grad(fun)(params, *args)
    return evaluated(params, cost, grad, (), jnp.int32(0), jnp.int32(1))


class Followed:
    """What a method reports of its run; passed on to callback a chunk at a time."""

    def __init__(
        self, state: State, chunk: int, callback: Callable[[State, Trace], Any] | None
    ):
        self.now = self.good = state  # good: the step before
        self.costs: list[float] = []  # after each step, NaN for one not reported
        self.norms: list[float] = []  # of the steps not yet passed on
        self.before = int(state.evaluations) - 1  # the method repeats the start's
        self.chunk, self.callback = chunk, callback

    def follow(
        self, params: Tree, cost: float, grad: Tree, evaluations: int, taken: int = 1
    ) -> None:
        """Note the point after `taken` more steps; the method calls this."""
        self.good = self.now
        count = jnp.int32(self.before + evaluations)
        number = jnp.asarray(cost, self.now.cost.dtype)
        steps = self.now.steps + taken
        self.now = evaluated(params, number, grad, (), steps, count)
        unseen = [np.nan] * (taken - 1)
        self.costs.extend([*unseen, float(self.now.cost)])
        self.norms.extend([*unseen, float(self.now.grad_norm)])
        if len(self.norms) >= self.chunk:
            self.pass_on()

    def pass_on(self) -> None:
        """Call callback with the steps since its last call."""
        if self.norms and self.callback is not None:
            done = len(self.norms)
            costs, norms = jnp.array(self.costs[-done:]), jnp.array(self.norms)
            good = self.good.params, self.good.cost
            trace = Trace(costs, norms, jnp.int32(done), good)
            self.callback(self.now, trace)
        self.norms.clear()


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
) -> tuple[State, tuple[Tree, jax.Array], list[float], Ended]:
    """Run method from state, to at most `steps` in all.

    Returns the last state, params and cost of the one before it, the cost after each
    step (NaN for one the method did not report) and how the run ended.
    """
    run = Followed(state, chunk, callback)
    ended = method.run(fun, state, args, steps, tolerance, options, run.follow)
    run.pass_on()
    count = jnp.int32(run.before + ended.evaluations)
    good = run.good.params, run.good.cost
    return run.now._replace(evaluations=count), good, run.costs, ended
