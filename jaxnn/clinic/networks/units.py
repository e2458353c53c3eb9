"""The units and losses of the networks that the clinic knows; a new one is an entry.

The formulas take NumPy and JAX arrays. Shapes: z, a, Y are (units, m).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

Array = Any  # NumPy or JAX
LEAK = 0.01  # the slope of leaky ReLU where z < 0, as most people choose it


class Unit(NamedTuple):
    """An activation a = f(z), and its slope f'(z) written by a."""

    name: str
    f: Callable[[Array], Array]
    slope_by_a: Callable[[Array], Array]
    prime: str  # f' in words
    slope_code: str  # f', as a person writes it

    def slope(self, z: Array) -> Array:
        """f'(z) (units, m)."""
        return self.slope_by_a(self.f(z))


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^-z); the problems keep z small."""
    return 1 / (1 + namespace(z).exp(-z))


def tanh(z: Array) -> Array:
    """(e^z - e^-z) / (e^z + e^-z)."""
    return namespace(z).tanh(z)


def relu(z: Array) -> Array:
    """max(z, 0)."""
    return namespace(z).where(z > 0, z, 0.0)


def leaky(z: Array) -> Array:
    """z, and LEAK z where z < 0."""
    return namespace(z).where(z > 0, z, LEAK * z)


def softmax(z: Array) -> Array:
    """e^z over its sum, column by column."""
    e = namespace(z).exp(z)
    return e / e.sum(axis=0)


def namespace(z: Array) -> Any:
    """numpy or jax.numpy."""
    return z.__array_namespace__()


def step(a: Array) -> Array:
    """1 where a > 0, else 0: the slope of ReLU."""
    return namespace(a).where(a > 0, 1.0, 0.0)


def leaky_step(a: Array) -> Array:
    """1 where a > 0, else LEAK: the slope of leaky ReLU."""
    return namespace(a).where(a > 0, 1.0, LEAK)


def ones(a: Array) -> Array:
    """The slope of a linear unit."""
    return namespace(a).ones_like(a)


SIGMOID = Unit(
    "sigmoid",
    sigmoid,
    lambda a: a * (1 - a),
    "sigma'",
    "sigmoid({z}) * (1 - sigmoid({z}))",
)
TANH = Unit(
    "tanh",
    tanh,
    lambda a: 1 - a * a,
    "tanh'",
    "(1 - np.tanh({z}) ** 2)",
)
RELU = Unit("ReLU", relu, step, "ReLU'", "({z} > 0)")
LEAKY = Unit(
    "leaky ReLU",
    leaky,
    leaky_step,
    "leaky ReLU'",
    f"(({{z}} > 0) + {LEAK} * ({{z}} <= 0))",  # in Octave, too
)
LINEAR = Unit("linear", lambda z: 1.0 * z, ones, "linear'", "1")
# its slope is no elementwise factor; with cross-entropy none is needed
SOFTMAX = Unit("softmax", softmax, ones, "softmax'", "1")

HIDDEN = (SIGMOID, TANH, RELU, LEAKY, LINEAR)
OUTPUT = (SIGMOID, SOFTMAX, TANH, LINEAR)


class Loss(NamedTuple):
    """The loss of one output of one example, and its derivative."""

    name: str
    terms: Callable[[Array, Array], Array]  # (A, Y) -> (k, m), to be summed
    by_a: Callable[[Array, Array], Array]  # d terms / dA (k, m)
    times: float  # the factor of A - Y in by_a
    code: str  # of the terms


def binary_terms(A: Array, Y: Array) -> Array:
    """-Y log A - (1 - Y) log(1 - A)."""
    log = namespace(A).log
    return -Y * log(A) - (1 - Y) * log(1 - A)


CROSS_ENTROPY = Loss(
    "binary cross-entropy",
    binary_terms,
    lambda A, Y: -Y / A + (1 - Y) / (1 - A),
    1.0,
    "-Y * np.log({A}) - (1 - Y) * np.log(1 - {A})",
)
CATEGORICAL = Loss(
    "cross-entropy",
    lambda A, Y: -Y * namespace(A).log(A),
    lambda A, Y: -Y / A,
    1.0,
    "-Y * np.log({A})",
)
SQUARED = Loss(
    "squared error",
    lambda A, Y: (A - Y) ** 2,
    lambda A, Y: 2 * (A - Y),
    2.0,
    "({A} - Y) ** 2",
)
HALF = Loss(
    "half the squared error",
    lambda A, Y: (A - Y) ** 2 / 2,
    lambda A, Y: A - Y,
    1.0,
    "({A} - Y) ** 2 / 2",
)
LOSSES = (CROSS_ENTROPY, CATEGORICAL, SQUARED, HALF)
# which outputs go with which loss; in the first two, delta is A - Y
PAIRS = (
    (SIGMOID, CROSS_ENTROPY),
    (SOFTMAX, CATEGORICAL),
    *((unit, loss) for loss in (HALF, SQUARED) for unit in (SIGMOID, LINEAR, TANH)),
)
