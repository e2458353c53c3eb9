"""`minimize`: one call for every method, in chunks between which the host may act."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.optimizers.first_order import adam, gd, momentum
from jaxnn.optimizers.lbfgs import lbfgs
from jaxnn.optimizers.loop import Minibatches, Trace, initial_state, run_chunk
from jaxnn.optimizers.method import Method, Objective, State, Tree

METHODS = {"adam": adam, "gd": gd, "lbfgs": lbfgs, "momentum": momentum}


class Result(NamedTuple):
    """What a minimisation found, and how it ended."""

    params: Tree  # the last ones at which cost and gradient were finite
    cost: float  # fun there
    history: np.ndarray  # (steps of this call,) the cost after each
    steps: int  # of the whole run
    evaluations: int  # of cost and gradient together, of the whole run
    converged: bool
    diverged: bool  # cost or gradient became NaN or infinite
    message: str
    state: State  # to go on from


def minimize(
    fun: Objective,
    params: Tree,
    args: tuple = (),
    method: str = "lbfgs",
    steps: int = 200,
    *,
    learning_rate: float | None = None,
    batches: Minibatches | None = None,
    seed: int = 0,
    tolerance: float = 1e-6,
    chunk: int = 100,
    state: State | None = None,
    callback: Callable[[State, Trace], Any] | None = None,
) -> Result:
    """Minimise fun(params, *args) over a pytree of floating-point arrays.

    fun: pure and traceable, to a scalar; compiled once per function object, so data
    and numbers belong in args, not in a closure. args: a pytree; Python numbers in it
    take the dtype of params. method: adam, gd, lbfgs or momentum. steps: at most, of
    the whole run (those that `state` has behind it count). learning_rate: adam 0.03,
    gd 1.0, momentum 0.1 unless given; lbfgs searches for its own. batches: draw
    mini-batches (not lbfgs), in an order given by seed; costs are then the batches'.
    tolerance: the gradient's Euclidean norm at which the run has converged.
    chunk: steps per compiled call. callback(state, trace) follows each chunk.
    state: Result.state of an earlier call, to go on where it ended.

    A cost that becomes NaN or infinite ends the run, and the message says at which
    step; params are then the last good ones. Raises ValueError for a setting that
    cannot be used.
    """
    chosen = chosen_method(method, learning_rate, batches)
    if min(steps, chunk) < 1:
        raise ValueError(f"steps {steps}, chunk {chunk}: at least one step is needed")
    if not tolerance >= 0:
        raise ValueError(f"tolerance {tolerance} is not a number from 0 up")
    if state is None:
        state = start(fun, params, args, method, learning_rate, batches, seed)
    now, good, costs = state, state.params, [float(state.cost)]
    args = as_arrays(args, now.cost.dtype)
    tol = np.asarray(tolerance, now.cost.dtype)  # the host must see what the loop does
    while int(now.steps) < steps and ending(now, float(tol)) is None:
        taken = int(now.steps)  # chunks end at multiples of chunk, resumed or not
        limit = np.int32(min(chunk - taken % chunk, steps - taken))
        now, trace = run_chunk(
            fun, chosen, batches, chunk, now, args, np.int32(seed), limit, tol
        )
        good = trace.last_good
        costs.extend(np.asarray(trace.costs)[: int(trace.done)].tolist())
        if callback is not None:
            callback(now, trace)
    message = ending(now, float(tol)) or f"all {int(now.steps)} steps taken"
    is_good = is_finite(now)
    return Result(
        params=now.params if is_good else good,
        cost=costs[-1] if is_good else costs[max(len(costs) - 2, 0)],
        history=np.array(costs[1:]),
        steps=int(now.steps),
        evaluations=int(now.evaluations),
        converged=message.startswith("converged"),
        diverged=not is_good,
        message=message,
        state=now,
    )


def start(
    fun: Objective,
    params: Tree,
    args: tuple = (),
    method: str = "lbfgs",
    learning_rate: float | None = None,
    batches: Minibatches | None = None,
    seed: int = 0,
    chunk: int = 100,
) -> State:
    """The state before the first step; arguments as in `minimize`."""
    del chunk  # taken so that one set of settings serves all three functions
    chosen = chosen_method(method, learning_rate, batches)
    params = jax.tree.map(jnp.asarray, params)
    dtype = jax.tree.leaves(params)[0].dtype
    rate = np.asarray(learning_rate or chosen.default_rate or 0, dtype)
    args = as_arrays(args, dtype)
    return initial_state(fun, chosen, batches, params, args, rate, np.int32(seed))


def chosen_method(
    name: str, learning_rate: float | None, batches: Minibatches | None
) -> Method:
    """The method of that name; ValueError if it, or a setting of it, is unusable."""
    if name not in METHODS:
        known = ", ".join(METHODS)
        raise ValueError(f"unknown method {name!r}; choose from {known}")
    method = METHODS[name]
    if learning_rate is not None:
        if method.default_rate is None:
            raise ValueError(f"{name} searches for its step; leave learning rate out")
        if not 0 < learning_rate < math.inf:
            raise ValueError(f"learning rate {learning_rate} is not a positive number")
    if batches is not None:
        if not method.takes_minibatches:
            able = ", ".join(n for n, m in METHODS.items() if m.takes_minibatches)
            raise ValueError(
                f"{name} needs all examples in every step; use mini-batches with {able}"
            )
        if not 1 <= batches.size <= batches.examples:
            raise ValueError(
                f"batch size {batches.size} is not in 1..{batches.examples}, "
                "the number of examples"
            )
    return method


def as_arrays(args: tuple, dtype: Any) -> tuple:
    """args as arrays of fixed types: lam = 2, 2.0 and 3 are to compile one program."""

    def as_array(a: Any) -> Any:
        return jnp.asarray(np.asarray(a, dtype) if type(a) in (int, float) else a)

    return jax.tree.map(as_array, args)


def is_finite(state: State) -> bool:
    """Whether cost and gradient are numbers one can go on from."""
    return math.isfinite(state.cost) and math.isfinite(state.grad_norm)


def ending(state: State, tolerance: float) -> str | None:
    """Why the run ends here, None if it can go on."""
    if not is_finite(state):
        what = "cost" if not math.isfinite(state.cost) else "gradient"
        return f"the {what} became NaN or infinite at step {int(state.steps)}"
    if float(state.grad_norm) <= tolerance:
        return f"converged: the gradient's norm is at most {tolerance:g}"
    return None


def warm_up(
    fun: Objective,
    state: State,
    args: tuple = (),
    method: str = "lbfgs",
    learning_rate: float | None = None,
    batches: Minibatches | None = None,
    seed: int = 0,
    chunk: int = 100,
) -> None:
    """Compile the loop that `minimize` will run, without taking a step."""
    chosen = chosen_method(method, learning_rate, batches)
    args = as_arrays(args, state.cost.dtype)
    tol = np.asarray(0, state.cost.dtype)
    run_chunk(
        fun, chosen, batches, chunk, state, args, np.int32(seed), np.int32(0), tol
    )
