"""`minimize`: one call for every method, in chunks between which the host may act."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.display import displayed
from jaxnn.meshes import beside
from jaxnn.mistake import Mistake
from jaxnn.optimizers.bfgs import bfgs, check_size
from jaxnn.optimizers.loop import (
    Minibatches,
    Trace,
    first_batch,
    run_chunk,
    unevaluated,
)
from jaxnn.optimizers.method import (
    Ended,
    Method,
    Objective,
    State,
    Tree,
    WholeRun,
    is_finite,
    is_traced,
)
from jaxnn.optimizers.methods import chosen_method
from jaxnn.optimizers.traits import check_run
from jaxnn.optimizers.whole import first_state, run_whole


@displayed
class Result(NamedTuple):
    """What `minimize` found, and how the run ended."""

    params: Tree  # JAX arrays: the last ones at which cost and gradient were finite
    cost: float  # fun there
    history: np.ndarray  # (steps of this call,) float64, the cost after each
    steps: int  # in the whole run
    evaluations: int  # of cost and gradient together, in the whole run
    converged: bool  # within the tolerance, or by SciPy's own criterion
    diverged: bool  # cost or gradient became NaN or infinite
    message: str  # why the run ended, in a few words
    state: State  # to continue from


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
) -> Result:
    """Minimize fun(params, *args) over params.

    >>> def fun(p, center):  # (n,), (n,) -> scalar
    ...     return jnp.sum((p - center) ** 2)
    >>> start, center = np.zeros(2, np.float32), np.array([1, 2], np.float32)
    >>> jaxnn.minimize(fun, start, (center,)).params
    Array([1., 2.], dtype=float32)

    fun: a pure function that JAX can differentiate; returns a scalar, the cost, in any
    unit. It is compiled once per function object: pass data and numbers in args, not in
    a closure. params: where to start; a pytree of floating-point arrays of any shapes
    and one dtype. Without `jax.enable_x64(True)` JAX turns float64 into float32. args:
    pytrees of arrays; Python numbers in them take the dtype of params.

    method: adam, bfgs, cg, gd, lbfgs, momentum, newton-cg, scipy-cg, scipy-l-bfgs-b or
    scipy-tnc. bfgs keeps a dense matrix, p by p for p parameters. steps: at most, in
    the whole run; those already in `state` count. learning_rate: only of adam (default
    0.03), gd (1.0) and momentum (0.1). batches: mini-batches, for the same three; costs
    are then of the batches, and seed decides their order. tolerance: the run has
    converged where the gradient's Euclidean norm, over all params, is at most this.
    chunk: steps per compiled call; callback(state, trace) follows each. state: continue
    from the Result.state of an earlier call instead of params; bfgs and SciPy's methods
    have no memory in it and start again from its params. options: SciPy's own, for its
    methods.

    Under `jax.jit` and `jax.vmap` all methods but SciPy's are one pure program. Every
    field of Result is then an array, history (steps,) with NaN after the last step, and
    message is None. steps stays a Python number; learning_rate, seed and tolerance may
    be traced. chunk changes nothing, and a callback is refused. `jax.jacfwd` gives
    derivatives by args; `jax.grad` raises Mistake. Where args lie on a mesh whose axes
    are Explicit, params move to all of its devices.

    A cost or gradient that becomes NaN or infinite ends the run: diverged is True,
    message names the step, params and cost are the last good ones. bfgs reports few of
    its costs, always the last one; the others are NaN in history. Raises Mistake, a
    ValueError of one line, for an unknown method, for a setting that is out of range or
    that the method does not take, and where bfgs's matrices are too large.
    """
    chosen = chosen_method(method, learning_rate, batches)
    check_run(method, steps, 0 if is_traced(tolerance) else tolerance, options)
    if chunk < 1:
        raise Mistake(f"chunk {chunk}: give at least 1 step")
    if state is None:
        state = start(fun, params, args, method, learning_rate, batches, seed, chunk)
    args = as_arrays(args, state.cost.dtype)
    if is_traced((state, args, seed, tolerance)):
        from jaxnn.optimizers import traced  # a plain call does without it

        if callback is not None:
            raise Mistake("callback runs on the host; leave it out under jit and vmap")
        how = fun, method, batches, state, args, seed, steps, tolerance
        return Result(*traced.run(*how))
    tol = np.asarray(tolerance, state.cost.dtype)  # host and loop compare the same
    ended, costs = Ended("", False, 0), []
    now, good = state, (state.params, state.cost)
    if int(now.steps) < steps and ending(now, float(tol)) is None:
        if isinstance(chosen, WholeRun):
            now, good, costs, ended = run_whole(
                fun, chosen, now, args, steps, float(tol), chunk, options, callback
            )
        else:
            how = fun, chosen, batches, chunk
            now, good, costs = run_chunks(*how, now, args, seed, steps, tol, callback)
    message = ending(now, float(tol)) or ended.message
    is_good = is_finite(now)
    params, cost = (now.params, now.cost) if is_good else good
    return Result(
        params=params,
        cost=float(cost),
        history=np.array(costs),
        steps=int(now.steps),
        evaluations=int(now.evaluations),
        converged=is_good and (message.startswith("converged") or ended.converged),
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
) -> tuple[State, tuple[Tree, jax.Array], list[float]]:
    """The last state, params and cost of the one before it, the cost after each step.

    steps: at most, in the whole run.
    """
    good, costs = (state.params, state.cost), []
    while int(state.steps) < steps and ending(state, float(tolerance)) is None:
        taken = int(state.steps)  # chunks end at multiples of chunk, resumed or not
        limit = np.int32(min(chunk - taken % chunk, steps - taken))
        numbers = np.int32(seed), limit, tolerance
        state, trace = run_chunk(fun, method, batches, chunk, state, args, *numbers)
        costs.extend(np.asarray(trace.costs)[: int(trace.done)].tolist())
        if callback is not None:
            callback(state, trace)
        good = trace.last_good
    return state, good, costs


def start(
    fun: Objective,
    params: Tree,
    args: tuple = (),
    method: str = "lbfgs",
    learning_rate: float | None = None,
    batches: Minibatches | None = None,
    seed: int = 0,
    chunk: int = 100,
    first: int = 0,
) -> State:
    """The state before the first step; compiles the loop of `minimize`.

    Arguments as in `minimize`. first: how many steps count as taken, which decides the
    mini-batches that follow.
    """
    chosen = chosen_method(method, learning_rate, batches)
    params = beside(jax.tree.map(jnp.asarray, params), args)
    leaves = jax.tree.leaves(params)
    odd = [a.dtype for a in leaves if not jnp.issubdtype(a.dtype, jnp.floating)]
    if odd or not leaves:
        raise Mistake(
            f"params hold {odd[0] if odd else 'no'} numbers; give arrays of floating-"
            "point numbers, as np.zeros(3, np.float32)"
        )
    if chosen is bfgs:
        check_size(sum(leaf.size for leaf in leaves), leaves[0])
    dtype = leaves[0].dtype
    args = as_arrays(args, dtype)
    taken = np.int32(first)
    if isinstance(chosen, WholeRun):
        return first_state(fun, params, args)._replace(steps=taken)
    rate = chosen.default_rate or 0 if learning_rate is None else learning_rate
    if is_traced((params, args, rate, seed)):
        args = first_batch(batches, args, jnp.int32(seed), taken)
        memory = beside(chosen.init(params, jnp.asarray(rate, dtype)), args)
        return first_state(fun, params, args)._replace(memory=memory, steps=taken)
    rate = np.asarray(rate, dtype)
    before = unevaluated(chosen, params, rate)._replace(steps=taken - 1)
    numbers = np.int32(seed), np.int32(1), np.zeros((), dtype)
    how = fun, chosen, batches, chunk
    return run_chunk(*how, before, args, *numbers)[0]._replace(memory=before.memory)


def as_arrays(args: tuple, dtype: Any) -> tuple:
    """args as arrays of fixed types, so that lam = 2, 2.0 and 3 compile one program."""

    def as_array(a: Any) -> Any:
        return np.asarray(a, dtype if type(a) in (int, float) else None)

    # jnp.asarray would compile a program for each shape
    return jax.tree.map(
        lambda a: a if isinstance(a, jax.Array) else jax.device_put(as_array(a)), args
    )


def ending(state: State, tolerance: float) -> str | None:
    """Why the run ends here; None if it can continue."""
    if not is_finite(state):
        what = "cost" if not math.isfinite(state.cost) else "gradient"
        return f"the {what} became NaN or infinite at step {int(state.steps)}"
    if float(state.grad_norm) <= tolerance:
        return f"converged: the gradient's norm is at most {tolerance:g}"
    return None
