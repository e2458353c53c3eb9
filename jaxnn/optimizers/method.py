"""What a method is: two pure functions over arrays, or a whole run."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.core import Tracer

Tree = Any  # a pytree of arrays
Objective = Callable[..., jax.Array]  # fun(params, *args) -> scalar


class State(NamedTuple):
    """Where a run stands. cost and grad belong to params: nothing is a step behind."""

    params: Tree
    cost: jax.Array  # shape (), fun(params, *args)
    grad: Tree  # like params
    grad_norm: jax.Array  # shape (), Euclidean, over all of grad
    memory: Tree  # what the method remembers: moments, curvature pairs, its rate
    steps: jax.Array  # shape (), int32
    # shape (), int32, of cost and gradient together; newton-cg also counts each product
    # of the Hessian and a vector as one
    evaluations: jax.Array


class Method(NamedTuple):
    """init makes the memory; step moves params downhill and evaluates them there.

    init(params, learning_rate) -> memory
    step(fun, state, args) -> State
    Where the gradient is 0, step evaluates fun at the same params (loop.unevaluated).
    """

    init: Callable[[Tree, jax.Array], Tree]
    step: Callable[[Objective, State, tuple], State]
    # the learning rate; None if the method searches for its step
    default_rate: float | None = None


class Ended(NamedTuple):
    """How a whole run ended."""

    message: str  # from the library that ran it; "" if it has none
    converged: bool  # by the library's own criterion
    evaluations: int  # of cost and gradient together


# follow(params, cost, gradient, evaluations so far, steps since the last call = 1)
Follow = Callable[..., None]


class WholeRun(NamedTuple):
    """A method of another library, which runs to its end in one call.

    run(fun, state, args, steps, tolerance, options, follow) -> Ended
    calls follow after each step, or at least at the end. The library keeps its memory
    to itself: a run that is continued starts again from its params.
    """

    run: Callable[..., Ended]
    # solve(fun, state, args, steps, tolerance) -> the last State and a good one before
    # it, without the host: for jit and vmap. None where the library needs the host
    solve: Callable[..., tuple[State, State]] | None = None
    default_rate = None  # always: a constant, not a field


def is_traced(tree: Tree) -> bool:
    """Whether a transformation of JAX gives some of these arrays their values later."""
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(tree))


def is_finite(state: State) -> bool:
    """Whether cost and gradient are finite, so that the run can continue."""
    return math.isfinite(state.cost) and math.isfinite(state.grad_norm)


def evaluated(
    params: Tree,
    cost: jax.Array,
    grad: Tree,
    memory: Tree,
    steps: jax.Array,
    evaluations: jax.Array,
    flat_grad: jax.Array | None = None,
) -> State:
    """The state at params, whose cost and gradient are known.

    flat_grad: the gradient end to end, (p,), where the caller has it.
    """
    leaves = jax.tree.leaves(grad) if flat_grad is None else [flat_grad]
    norm = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in leaves))
    return State(params, cost, grad, norm, memory, steps, evaluations)
