"""The digit network as pure functions of its parameters.

Shapes: m examples, n pixels, h hidden units, k classes. `params` is a tuple of
matrices theta_l of shape (units_out, 1 + units_in), column 0 the bias, as in the
course. Inside the network examples are columns: a layer applies theta to (units, m).
The long axis is then contiguous in every product, and autodiff's backward products
inherit that order. On a CPU the row-wise form of the same math takes more than twice
as long (benchmarks/gradient.py, float32).

`cost`, `gradient`, `forward`, `predict` and `accuracy` are jitted and accept NumPy or
JAX arrays. float64 needs `jax.enable_x64(True)`; outside it JAX computes in float32.
Those that take labels raise Mistake for labels that are not classes (labels.py).
Examples may lie on several devices (meshes.py). Where their mesh has Explicit axes, JAX
wants a person's own `jax.grad(cost)` under `jax.jit` or `jax.set_mesh`.
"""

from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxnn.labels import looked_at
from jaxnn.meshes import beside

Array: TypeAlias = jax.Array | np.ndarray
Params: TypeAlias = tuple[Array, ...]


def affine(theta: Array, activation: jax.Array) -> jax.Array:
    """theta (out, 1 + in) applied to activation (in, m): W a + b 1^T, (out, m)."""
    theta = jnp.asarray(theta)
    weights, bias = theta[:, 1:], theta[:, :1]  # W (out, in), b (out, 1)
    # b 1^T in place of broadcasting: the gradient of b is then a product, which a CPU
    # computes faster than a sum along rows. With this and the sign in cross_entropy,
    # cost and gradient take 0.93 of the time ("What was tried", benchmarks/RESULTS.md).
    ones = jnp.ones_like(activation[:1])  # 1^T (1, m)
    return weights @ activation + bias @ ones


def logits(params: Params, x: Array) -> jax.Array:
    """Scores before the output sigmoid, one column per example: x (m, n) -> (k, m)."""
    activation = jnp.asarray(x).T  # (n, m)
    for theta in params[:-1]:
        activation = jax.nn.sigmoid(affine(theta, activation))  # (h, m)
    return affine(params[-1], activation)  # (k, m)


@jax.jit
def forward(params: Params, x: Array) -> jax.Array:
    """The network's outputs in (0, 1), one row per example: x (m, n) -> (m, k)."""
    return jax.nn.sigmoid(logits(params, x)).T


@looked_at
@jax.jit
def cost(
    params: Params,
    x: Array,
    y: ArrayLike,
    lam: ArrayLike,
    weights: ArrayLike | None = None,
) -> jax.Array:
    """Regularized cross-entropy, nats per example; a scalar.

    J = 1/m sum_i sum_k [-y_ik log a_ik - (1 - y_ik) log(1 - a_ik)]
        + lam/(2m) sum of the squared weights, biases left out

    x: (m, n) pixels. y: (m,) class indices (the digits). lam: penalty, scalar.
    weights: (m,) weight of each example, for masks and padding; m is then their sum.
    Source: the course's exercise 4. Never takes log(0): with a = sigmoid(z),
    -log a = softplus(-z) and -log(1 - a) = softplus(z).
    """
    params, m = beside(params, (x, y, weights)), total_weight(x, weights)
    # the classes' means, then their sum: a GPU takes the former where it has the losses
    means = cross_entropy(params, x, y, weights) / m  # (k,)
    return jnp.sum(means) + penalty(params, lam, m)


def total_weight(x: Array, weights: ArrayLike | None = None) -> int | jax.Array:
    """m: the rows of x (m, n), or the sum of their weights (m,); a scalar."""
    return len(x) if weights is None else jnp.sum(jnp.asarray(weights))


def cross_entropy(
    params: Params, x: Array, y: ArrayLike, weights: ArrayLike | None = None
) -> jax.Array:
    """The cross-entropy of each class in nats, summed over weighted examples; (k,).

    Arguments as in `cost`.
    """
    z = logits(params, x)  # (k, m)
    is_class = jnp.asarray(y) == jnp.arange(z.shape[0])[:, None]  # (k, m)
    # multiplying by the sign has a simpler derivative than choosing between -z and z
    sign = jnp.where(is_class, -1.0, 1.0)  # (k, m)
    losses = softplus(sign * z)  # (k, m)
    losses = losses if weights is None else weights * losses  # (m,) * (k, m)
    return jnp.sum(losses, axis=1)


@jax.custom_jvp
def softplus(z: jax.Array) -> jax.Array:
    """log(1 + e^z), element by element, written so that e^z cannot overflow."""
    return jnp.maximum(z, 0) + jnp.log1p(jnp.exp(-jnp.abs(z)))


# The derivative, stated outright. jax.nn.softplus has that of logaddexp, with more
# terms, and is slower ("What was tried" in benchmarks/RESULTS.md).
softplus.defjvps(lambda dz, _, z: jax.nn.sigmoid(z) * dz)


def penalty(params: Params, lam: ArrayLike, m: int | jax.Array) -> jax.Array:
    """lam/(2m) times the squared weights, biases left out; a scalar."""
    squares = sum(jnp.sum(theta[:, 1:] ** 2) for theta in params)
    return jnp.asarray(lam / (2 * m) * squares)


@looked_at
@jax.jit
def gradient(
    params: Params,
    x: Array,
    y: ArrayLike,
    lam: ArrayLike,
    weights: ArrayLike | None = None,
) -> Params:
    """The gradient of `cost` by autodiff: a tuple shaped like params."""
    return jax.grad(cost)(params, x, y, lam, weights)


@jax.jit
def predict(params: Params, x: Array) -> jax.Array:
    """The digit with the largest output: x (m, n) -> (m,) integers."""
    return jnp.argmax(logits(params, x), axis=0)


def reads_right(params: Params, x: Array, y: ArrayLike) -> jax.Array:
    """Whether the network reads each example as its label y (m,); (m,) booleans."""
    return predict(params, x) == jnp.asarray(y)


@looked_at
@jax.jit
def accuracy(params: Params, x: Array, y: ArrayLike) -> jax.Array:
    """The fraction of examples read as their label y (m,); a scalar in [0, 1]."""
    return jnp.sum(reads_right(params, x, y)) / len(x)  # a mean would sum in float32
