"""The costs and gradients that the documents' own programs compute.

Three programs differ from the course's formulas: two in the cost, two in the gradient.
The difference is written out here as the program has it, and the optimizer gets what
the program gave it. Every objective is fun(params, x, y, lam, rate): x (m, n), y (m,)
digits, and rate the learning rate, on which one program's gradient depends.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxnn import model
from jaxnn.model import Params
from jaxnn.optimizers import Objective

Value = Callable[..., jax.Array]


def with_gradient(value: Value, gradient: Callable[..., Params]) -> Objective:
    """`value`, with `gradient` in place of its true gradient."""

    @jax.custom_vjp
    def fun(params: Params, x: Any, y: Any, lam: Any, rate: Any) -> jax.Array:
        return value(params, x, y, lam, rate)

    def forward(params: Params, *args: Any) -> tuple[jax.Array, Params]:
        return value(params, *args), gradient(params, *args)

    def backward(slopes: Params, scale: jax.Array) -> tuple:
        return jax.tree.map(lambda slope: scale * slope, slopes), None, None, None, None

    fun.defvjp(forward, backward)
    return fun


def course(params: Params, x: Any, y: Any, lam: Any, rate: Any) -> jax.Array:
    """The course's cost."""
    del rate
    return model.cost(params, x, y, lam)


def course_gradient(params: Params, x: Any, y: Any, lam: Any, rate: Any) -> Params:
    """The gradient of the course's cost."""
    del rate
    return model.gradient(params, x, y, lam)


def log_eps_cost(params: Params, x: Any, y: Any, lam: Any, rate: Any) -> jax.Array:
    """The course's cost with log(a + 1e-5) and log(1 - a + 1e-5)."""
    del rate
    eps = 1e-5
    a = model.forward(params, x)  # (m, k)
    is_class = y[:, None] == jnp.arange(a.shape[1])  # (m, k)
    likely = jnp.where(is_class, a, 1 - a)  # (m, k)
    penalty = sum(jnp.sum(theta[:, 1:] ** 2) for theta in params)
    return (lam / 2 * penalty - jnp.sum(jnp.log(likely + eps))) / len(y)


def no_bias_gradient(params: Params, *args: Any) -> Params:
    """The course's gradient, with 0 for the biases."""
    gradient = course_gradient(params, *args)
    return tuple(jnp.asarray(theta).at[:, 0].set(0) for theta in gradient)


def practical_cost(params: Params, x: Any, y: Any, lam: Any, rate: Any) -> jax.Array:
    """TP 5's cost: cross-entropy plus lam times all squared weights and biases."""
    del rate
    squares = sum(jnp.sum(theta**2) for theta in params)
    return model.cost(params, x, y, 0.0) + lam * squares


def practical_gradient(params: Params, x: Any, y: Any, lam: Any, rate: Any) -> Params:
    """The gradient that TP 5's program uses for its cost; two layers.

    It has two mistakes. The hidden units' slope is s'(a) and should be s'(z), a = s(z).
    And theta2 is moved by -rate times its gradient before the hidden delta, which
    depends on theta2, is computed.
    """
    theta1, theta2 = params
    m = x.shape[0]
    inputs = x.T  # (n, m)
    hidden = jax.nn.sigmoid(model.affine(theta1, inputs))  # (h, m)
    output = jax.nn.sigmoid(model.affine(theta2, hidden))  # (k, m)
    delta3 = output - (y == jnp.arange(output.shape[0])[:, None])  # (k, m)
    slopes2 = layer_gradient(delta3, hidden) / m + 2 * lam * theta2
    moved2 = theta2 - rate * slopes2
    s = jax.nn.sigmoid(hidden)
    delta2 = moved2[:, 1:].T @ delta3 * (s * (1 - s))  # (h, m)
    return layer_gradient(delta2, inputs) / m + 2 * lam * theta1, slopes2


def layer_gradient(delta: jax.Array, a: jax.Array) -> jax.Array:
    """delta (out, m), a (in, m) -> summed over examples, (out, 1 + in), bias first."""
    return jnp.concatenate([delta.sum(axis=1, keepdims=True), delta @ a.T], axis=1)


OBJECTIVES: dict[str, Objective] = {
    "course": course,
    "log(a + 1e-5)": with_gradient(log_eps_cost, course_gradient),
    "no bias gradient": with_gradient(course, no_bias_gradient),
    "TP 5": with_gradient(practical_cost, practical_gradient),
    "TP 5 cost": practical_cost,
}
