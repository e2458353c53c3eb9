"""`minimize`: one call for every method, in chunks between which the host may act."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.mistake import Mistake
from jaxnn.optimizers.loop import Minibatches, Trace, initial_state, run_chunk
from jaxnn.optimizers.method import (
    Ended,
    Method,
    Objective,
    State,
    Tree,
    WholeRun,
    is_finite,
)
from jaxnn.optimizers.methods import check_run, chosen_method, refuse_large
from jaxnn.optimizers.whole import run_whole


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
    options: dict[str, Any] | None = None,
    force: bool = False,
) -> Result:
    """Minimise fun(params, *args) over a pytree of floating-point arrays.

    fun: pure and traceable, to a scalar; compiled once per function object, so data
    and numbers belong in args, not in a closure. args: a pytree; Python numbers in it
    take the dtype of params. method: a name in METHODS. steps: at most, of the whole
    run (those that `state` has behind it count). learning_rate: adam 0.03, gd 1.0,
    momentum 0.1 unless given; the others search for their own. batches: draw
    mini-batches (adam, gd, momentum), in an order given by seed; costs are then the
    batches'. tolerance: the gradient's Euclidean norm at which the run has converged.
    chunk: steps per compiled call. callback(state, trace) follows each chunk.
    state: Result.state of an earlier call, to go on where it ended; bfgs and SciPy's
    methods then begin anew from its params. options: SciPy's own, for its methods.
    force: let bfgs take its dense matrix for more than 3000 parameters.

    bfgs tells few of its costs, the last among them; its history is NaN between. A
    cost that becomes NaN or infinite ends the run, and the message says at which step;
    params are then the last good ones that the method told of. Raises Mistake for
    an unusable setting.
    """
    chosen = chosen_method(method, learning_rate, batches)
    check_run(method, steps, tolerance, options)
    if chunk < 1:
        raise Mistake(f"chunk {chunk}: at least one step is needed")
    if state is None:
        state = start(
            fun, params, args, method, learning_rate, batches, seed, force=force
        )
    args = as_arrays(args, state.cost.dtype)
    tol = np.asarray(tolerance, state.cost.dtype)  # the host sees what the loop does
    told, costs = Ended("", False, 0), []
    now, good = state, (state.params, float(state.cost))
    if int(now.steps) < steps and ending(now, float(tol)) is None:
        if isinstance(chosen, WholeRun):
            now, good, costs, told = run_whole(
                fun, chosen, now, args, steps, float(tol), chunk, options, callback
            )
        else:
            how = fun, chosen, batches, chunk
            now, good, costs = run_chunks(*how, now, args, seed, steps, tol, callback)
    message = ending(now, float(tol)) or told.message
    is_good = is_finite(now)
    params, cost = (now.params, float(now.cost)) if is_good else good
    return Result(
        params=params,
        cost=cost,
        history=np.array(costs),
        steps=int(now.steps),
        evaluations=int(now.evaluations),
        converged=is_good and (message.startswith("converged") or told.converged),
        diverged=not is_good,
        message=message or f"all {int(now.steps)} steps taken",
        state=now,
    )


def run_chunks(
    fun: Objective,
    method: Method,
    batches: Minibatches | None,
    chunk: int,
    state: State,
    args: tuple,
    seed: int,
    steps: int,
    tolerance: np.ndarray,
    callback: Callable[[State, Trace], Any] | None,
) -> tuple[State, tuple[Tree, float], list[float]]:
    """The state after at most `steps`, params and cost before its last, the costs."""
    good, costs = (state.params, float(state.cost)), [float(state.cost)]
    while int(state.steps) < steps and ending(state, float(tolerance)) is None:
        taken = int(state.steps)  # chunks end at multiples of chunk, resumed or not
        limit = np.int32(min(chunk - taken % chunk, steps - taken))
        numbers = np.int32(seed), limit, tolerance
        state, trace = run_chunk(fun, method, batches, chunk, state, args, *numbers)
        costs.extend(np.asarray(trace.costs)[: int(trace.done)].tolist())
        if callback is not None:
            callback(state, trace)
        good = trace.last_good, costs[-2]
    return state, good, costs[1:]


def start(
    fun: Objective,
    params: Tree,
    args: tuple = (),
    method: str = "lbfgs",
    learning_rate: float | None = None,
    batches: Minibatches | None = None,
    seed: int = 0,
    chunk: int = 100,
    force: bool = False,
) -> State:
    """The state before the first step; arguments as in `minimize`."""
    del chunk  # taken so that one set of settings serves all three functions
    chosen = chosen_method(method, learning_rate, batches)
    params = jax.tree.map(jnp.asarray, params)
    refuse_large(method, params, force)
    dtype = jax.tree.leaves(params)[0].dtype
    rate = np.asarray(learning_rate or chosen.default_rate or 0, dtype)
    args = as_arrays(args, dtype)
    return initial_state(fun, chosen, batches, params, args, rate, np.int32(seed))


def as_arrays(args: tuple, dtype: Any) -> tuple:
    """args as arrays of fixed types: lam = 2, 2.0 and 3 are to compile one program."""

    def as_array(a: Any) -> Any:
        return jnp.asarray(np.asarray(a, dtype) if type(a) in (int, float) else a)

    return jax.tree.map(as_array, args)


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
    force: bool = False,
) -> None:
    """Compile the loop that `minimize` will run, without taking a step.

    bfgs and SciPy's methods are compiled when they run.
    """
    del force  # `start` has seen it
    chosen = chosen_method(method, learning_rate, batches)
    if isinstance(chosen, WholeRun):
        return
    args = as_arrays(args, state.cost.dtype)
    tol = np.asarray(0, state.cost.dtype)
    run_chunk(
        fun, chosen, batches, chunk, state, args, np.int32(seed), np.int32(0), tol
    )
