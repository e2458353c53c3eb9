"""Gradient descent, momentum and Adam: a direction from the gradient, a fixed rate.

The learning rate is an array in the memory, not a constant of the program: another
rate compiles nothing, and many rates run side by side.
"""

from typing import Any, NamedTuple

import jax

from jaxnn.optimizers.method import Method, Objective, State, Tree, evaluated
from jaxnn.optimizers.traits import TRAITS


class Memory(NamedTuple):
    """The rate and the moving averages of the gradient."""

    learning_rate: jax.Array  # shape ()
    moments: Tree  # optax's state


def transform(name: str) -> Any:
    """optax's transformation of the gradient, for the method of that name."""
    import optax  # only here: the other methods do without it

    if name == "adam":
        return optax.scale_by_adam()
    return optax.trace(decay=0.9) if name == "momentum" else optax.identity()


def first_order(name: str) -> Method:
    """The method of that name, which steps by -learning_rate * transform(gradient)."""

    def init(params: Tree, learning_rate: jax.Array) -> Memory:
        return Memory(learning_rate, transform(name).init(params))

    def step(fun: Objective, state: State, args: tuple) -> State:
        rate, moments = state.memory
        direction, moments = transform(name).update(state.grad, moments, state.params)
        params = jax.tree.map(lambda p, d: p - rate * d, state.params, direction)
        cost, grad = jax.value_and_grad(fun)(params, *args)
        memory = Memory(rate, moments)
        return evaluated(
            params, cost, grad, memory, state.steps + 1, state.evaluations + 1
        )

    return Method(init, step, TRAITS[name].default_rate)


gd, momentum, adam = map(first_order, ("gd", "momentum", "adam"))
