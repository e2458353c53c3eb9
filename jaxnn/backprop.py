"""The gradient of the cost, derived by hand: the proof that autodiff is right.

It shares no code with model.py, not even the forward pass. One body serves NumPy and
JAX: the array type of params decides. Shapes: m examples, n_l units of layer l, k
classes; theta_l is (n_{l+1}, 1 + n_l), column 0 the bias; examples are columns.

Derivation. Forward, with a_0 = x^T:

    z_{l+1} = W_l a_l + b_l,  a_{l+1} = s(z_{l+1}),  s(z) = 1 / (1 + e^-z),  s' = s(1-s)

Cost, with Y (k, m) the labels as indicator columns:

    J = 1/m sum [-Y log a_L - (1 - Y) log(1 - a_L)] + lam/(2m) sum_l ||W_l||^2

Output layer. For one element, with a = s(z),

    d/dz [-y log a - (1-y) log(1-a)] = (-y/a + (1-y)/(1-a)) a(1-a) = a - y,

so, with delta_l = m dJ/dz_l (the penalty does not depend on z),

    delta_L = a_L - Y                                             (k, m)

Hidden layers. z_{l+1} depends on z_l only through a_l = s(z_l); the chain rule gives

    delta_l = W_l^T delta_{l+1} * a_l (1 - a_l)                   (n_l, m)

The bias column of theta_l does not appear: nothing flows back into a constant.

Parameters. dz_{l+1}/dW_l brings the factor a_l, dz_{l+1}/db_l the factor 1. Both are
summed over the m examples. The penalty adds lam/m W_l to the weights' part and nothing
to the bias's:

    dJ/dW_l = 1/m delta_{l+1} a_l^T + lam/m W_l                   (n_{l+1}, n_l)
    dJ/db_l = 1/m sum_examples delta_{l+1}                        (n_{l+1}, 1)
"""

from typing import Any

from jaxnn.meshes import in_auto_axes

Array = Any  # a NumPy or a JAX array


@in_auto_axes
def backprop(
    params: tuple[Array, ...], x: Array, y: Array, lam: Any
) -> tuple[Array, tuple[Array, ...]]:
    """The regularized cost and its gradient by hand-derived backpropagation.

    params: thetas (units_out, 1 + units_in). x: (m, n) pixels. y: (m,) digits.
    lam: penalty, scalar. NumPy params give NumPy results in their dtype, JAX params
    JAX results. Returns (cost in nats per example, a tuple shaped like params).
    Source: the course's exercise 4; the module's docstring derives it.
    """
    xp = params[0].__array_namespace__()
    x, lam = (xp.asarray(a, dtype=params[0].dtype) for a in (x, lam))
    y = xp.asarray(y)
    m = x.shape[0]

    zs, activations = [], [x.T]  # z_{l+1} (n_{l+1}, m); a_l (n_l, m)
    for theta in params:
        zs.append(theta[:, 1:] @ activations[-1] + theta[:, :1])
        activations.append(sigmoid(zs[-1], xp))

    z = zs[-1]  # (k, m)
    target = y == xp.arange(z.shape[0])[:, None]  # Y (k, m)
    # -Y log a - (1-Y) log(1-a) = log(1+e^z) - Y z, written so that e^z cannot overflow
    softplus = xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z)))
    data_cost = xp.sum(softplus - xp.where(target, z, 0.0)) / m
    penalty = lam / (2 * m) * sum(xp.sum(theta[:, 1:] ** 2) for theta in params)

    delta = activations[-1] - target  # (k, m)
    gradient = []
    for layer in reversed(range(len(params))):
        theta, a = params[layer], activations[layer]
        weights = (delta @ a.T + lam * theta[:, 1:]) / m  # (n_{l+1}, n_l)
        bias = xp.sum(delta, axis=1, keepdims=True) / m  # (n_{l+1}, 1)
        gradient.insert(0, xp.concatenate([bias, weights], axis=1))
        if layer > 0:  # the pixels need no delta
            delta = theta[:, 1:].T @ delta * (a * (1 - a))  # (n_l, m)
    return data_cost + penalty, tuple(gradient)


def sigmoid(z: Array, xp: Any) -> Array:
    """1 / (1 + e^-z) where z >= 0, e^z / (1 + e^z) below: no overflow either way."""
    e = xp.exp(-xp.abs(z))
    return xp.where(z >= 0, 1.0, e) / (1 + e)
