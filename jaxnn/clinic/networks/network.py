"""One network of the family, its cost as a formula, and its exact gradient by autodiff.

Shapes: m examples, u_l units in layer l; W_l (u_l, u_{l-1}), b_l (u_l,); examples are
columns; A_0 = X^T (n, m).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnn.clinic.networks.problems import Layer, Params, Problem, Sizes
from jaxnn.clinic.networks.units import CROSS_ENTROPY, SIGMOID, SOFTMAX, Loss, Unit

Array = Any  # NumPy or JAX


class Scale(NamedTuple):
    """What the sum of the losses is multiplied by."""

    name: str
    factor: Callable[[int, int], float]  # of m and k
    code: str  # of the divisor; "" for none


class Penalty(NamedTuple):
    """lam times a factor times the sum of the squared weights."""

    name: str
    factor: Callable[[int], float]  # of m
    code: str  # of its gradient's factor
    cost_code: str
    has_biases: bool = False


MEAN = Scale("averaged over the examples", lambda m, k: 1 / m, "{m}")
SUM = Scale("summed over the examples", lambda m, k: 1.0, "")
MEAN_OF_ALL = Scale(
    "averaged over examples and outputs", lambda m, k: 1 / (m * k), "({m} * k)"
)
SCALES = (MEAN, SUM, MEAN_OF_ALL)
FACTORS = (
    Penalty("lambda/(2m)", lambda m: 0.5 / m, "{lam} / {m}", "{lam} / (2 * {m})"),
    Penalty("lambda/2", lambda m: 0.5, "{lam}", "{lam} / 2"),
    Penalty("lambda/m", lambda m: 1 / m, "2 * {lam} / {m}", "{lam} / {m}"),
    Penalty("lambda", lambda m: 1.0, "2 * {lam}", "{lam}"),
)
PENALTIES = (*FACTORS, *(one._replace(has_biases=True) for one in FACTORS))


class Network(NamedTuple):
    """A member of the family."""

    sizes: Sizes  # (n, h..., k)
    units: tuple[Unit, ...]  # of layers 1 to L
    loss: Loss = CROSS_ENTROPY
    scale: Scale = MEAN
    penalty: Penalty | None = FACTORS[0]
    has_biases: bool = True

    @property
    def depth(self) -> int:
        """L, the number of layers with weights."""
        return len(self.units)

    @property
    def is_canonical(self) -> bool:
        """Whether the slope at the output cancels: delta_L is A - Y."""
        pair = self.units[-1], self.loss
        return pair == (SIGMOID, CROSS_ENTROPY) or self.units[-1] is SOFTMAX

    def forward(self, params: Params, a: Array) -> list[tuple[Array, Array]]:
        """(Z_l, A_l) of layers 1 to L, for A_0 (n, m)."""
        found = []
        for unit, (W, b) in zip(self.units, params, strict=True):
            z = W @ a if b is None else W @ a + b[:, None]  # (u_l, m)
            a = unit.f(z)
            found.append((z, a))
        return found

    def cost(self, params: Params, x: Array, Y: Array, lam: Any) -> Array:
        """Scalar: x (m, n), Y (k, m)."""
        A = self.forward(params, x.T)[-1][1]
        k, m = Y.shape
        data = self.scale.factor(m, k) * self.loss.terms(A, Y).sum()
        if self.penalty is None:
            return data
        squares = sum((part**2).sum() for part in self.penalized(params))
        return data + lam * self.penalty.factor(m) * squares

    def penalized(self, params: Params) -> list[Array]:
        """The arrays in the penalty."""
        assert self.penalty is not None
        parts = [layer.W for layer in params]
        if self.penalty.has_biases:
            parts += [layer.b for layer in params if layer.b is not None]
        return parts

    def cost_of(self, p: Problem, lam: float) -> float:
        """The cost on a problem."""
        return float(self.cost(p.params, p.x, p.targets, lam))

    def gradient_of(self, p: Problem, lam: float) -> Params:
        """The exact gradient on a problem, by JAX's autodiff in float64."""
        with jax.enable_x64(True):
            given = jax.tree.map(jax.numpy.asarray, (p.params, p.x, p.targets))
            found = compiled_gradient(self)(*given, float(lam))
        return tuple(
            Layer(np.asarray(W), None if b is None else np.asarray(b)) for W, b in found
        )

    def in_words(self) -> str:
        """'2-4-1, tanh, then one sigmoid; binary cross-entropy ...; no penalty'."""
        sizes = "-".join(map(str, self.sizes))
        return f"{sizes}, {self.units_in_words()}; {self.cost_in_words()}"

    def units_in_words(self) -> str:
        """'tanh, then one sigmoid', or 'sigmoid' if all are alike."""
        hidden = list(dict.fromkeys(unit.name for unit in self.units[:-1]))
        output = self.units[-1].name
        many = "one " if self.sizes[-1] == 1 else ""
        if hidden == [output] and not many:
            return output
        return ", then ".join([*hidden, many + output])

    def cost_in_words(self) -> str:
        """The loss, how it is averaged, and the penalty."""
        penalty = "no penalty"
        if self.penalty is not None:
            of = "weights and biases" if self.penalty.has_biases else "weights"
            penalty = f"penalty {self.penalty.name} of the squared {of}"
        return f"{self.loss.name}, {self.scale.name}; {penalty}"


@cache
def compiled_gradient(net: Network) -> Callable[..., Params]:
    """The gradient of net.cost; compiling takes most of a check's time."""
    return jax.jit(jax.grad(net.cost))


def course(sizes: Sizes) -> Network:
    """The course's network: sigmoids, and regularized cross-entropy."""
    return Network(sizes, (SIGMOID,) * (len(sizes) - 1))
