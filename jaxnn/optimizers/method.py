"""What an optimisation method is: two pure functions over one NamedTuple of arrays."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import optax

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
    evaluations: jax.Array  # shape (), int32, of cost and gradient together


class Method(NamedTuple):
    """init makes the memory; step moves params downhill and evaluates them there.

    init(params, learning_rate) -> memory
    step(fun, state, args) -> State
    """

    init: Callable[[Tree, jax.Array], Tree]
    step: Callable[[Objective, State, tuple], State]
    takes_minibatches: bool
    default_rate: float | None  # of the learning rate; None if it searches for it


def evaluated(
    params: Tree,
    cost: jax.Array,
    grad: Tree,
    memory: Tree,
    steps: jax.Array,
    evaluations: jax.Array,
) -> State:
    """The state at params, of which cost and gradient are known."""
    return State(params, cost, grad, optax.tree.norm(grad), memory, steps, evaluations)
