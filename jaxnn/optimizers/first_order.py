"""Gradient descent, momentum and Adam: a direction from the gradient, a fixed rate.

The learning rate is an array in the memory, not a constant of the program: another
rate compiles nothing, and many rates run side by side.
"""

from typing import NamedTuple

import jax
import optax

from jaxnn.optimizers.method import Method, Objective, State, Tree, evaluated


class Memory(NamedTuple):
    """The rate and the moving averages of the gradient."""

    learning_rate: jax.Array  # shape ()
    moments: Tree  # optax's state


def first_order(transform: optax.GradientTransformation, default_rate: float) -> Method:
    """The method that steps by -learning_rate * transform(gradient)."""

    def init(params: Tree, learning_rate: jax.Array) -> Memory:
        return Memory(learning_rate, transform.init(params))

    def step(fun: Objective, state: State, args: tuple) -> State:
        rate, moments = state.memory
        direction, moments = transform.update(state.grad, moments, state.params)
        params = jax.tree.map(lambda p, d: p - rate * d, state.params, direction)
        cost, grad = jax.value_and_grad(fun)(params, *args)
        memory = Memory(rate, moments)
        return evaluated(
            params, cost, grad, memory, state.steps + 1, state.evaluations + 1
        )

    return Method(init, step, default_rate)


gd = first_order(optax.identity(), default_rate=1.0)
momentum = first_order(optax.trace(decay=0.9), default_rate=0.1)
adam = first_order(optax.scale_by_adam(), default_rate=0.03)
