"""A layer of a member of the family: its variables' names and its right expressions.

The names are those of the style: theta1, a1, z2, a2, delta2, gradient1 where the biases
are in the matrices, else W1, b1, Z1, A1, dZ1, dW1, db1.
"""

import re
from typing import NamedTuple

from .members import SQUARES, Member, keeps_axis

# the products of a layer: forward, back through the weights, delta with inputs
PRODUCTS = {
    ("rows", "out x in"): ("{A} @ {W}.T", "{D} @ {W}", "{D}.T @ {A}"),
    ("rows", "in x out"): ("{A} @ {W}", "{D} @ {W}.T", "{A}.T @ {D}"),
    ("columns", "out x in"): ("{W} @ {A}", "{W}.T @ {D}", "{D} @ {A}.T"),
    ("columns", "in x out"): ("{W}.T @ {A}", "{W} @ {D}", "{A} @ {D}.T"),
}
# a unit's slope by its activation a where that is possible, and by its input z
SLOPE = {
    "sigmoid": "{a} * (1 - {a})",
    "tanh": "(1 - {a} ** 2)",
    "relu": "({z} > 0)",
    "leaky relu": "np.where({z} > 0, 1, 0.01)",
    "linear": "",
}
SLOPE_AT_Z = SLOPE | {
    "sigmoid": "sigmoid_gradient({z})",
    "tanh": "(1 - np.tanh({z}) ** 2)",
}
SCALE = {"m": " / m", "mk": " / (m * k)", "1": ""}
COST_PENALTY = {
    "lam/2m": "lam / (2 * m)",
    "lam/m": "lam / m",
    "lam/2": "lam / 2",
    "lam": "lam",
}
PENALTY = {  # the gradient's
    "lam/2m": "lam / m",
    "lam/m": "2 * lam / m",
    "lam/2": "lam",
    "lam": "2 * lam",
}


def operand(text: str) -> str:
    """The expression as a factor: in parentheses where it needs them."""
    bare, shorter = "", text
    while bare != shorter:
        bare, shorter = shorter, re.sub(r"\([^()]*\)|\[[^][]*\]", "", shorter)
    return f"({text})" if " " in bare else text


def product(*factors: str) -> str:
    """The product of the factors that are there."""
    there = [factor for factor in factors if factor]
    if len(there) == 1 and there[0] == operand(there[0][1:-1]):
        return there[0][1:-1]
    return " * ".join(there)


class Layer(NamedTuple):
    """Layer `number`, from 1. The capitals are the names in the person's file."""

    member: Member
    number: int
    W: str  # in theta style with the biases
    V: str  # without them
    B: str  # the biases themselves
    Z: str
    A: str  # in theta style with ones, but for the outputs
    H: str  # without ones
    D: str
    G: str  # the gradient for W
    db: str  # for B, in theta style G
    unit: str
    last: bool
    theta: bool  # whether the biases are in the matrices
    rows: bool  # whether the examples are rows
    inward: bool  # whether the matrices are (in, out)

    @property
    def scale(self) -> str:
        """What follows the sum over the examples."""
        return SCALE[self.member.scale]

    @property
    def penalized(self) -> str:
        """What the penalty squares of the matrix."""
        return self.W if self.member.penalize_biases else self.V

    @property
    def before(self) -> "Layer":
        """The layer below; the inputs are layer 0."""
        return layer(self.member, self.number - 1)

    @property
    def after(self) -> "Layer":
        """The layer above."""
        return layer(self.member, self.number + 1)

    def _product(self, which: int, **operands: str) -> str:
        """One of the three products, of these operands."""
        form = PRODUCTS[self.member.orientation, self.member.weights][which]
        return form.format(**{name: operand(text) for name, text in operands.items()})

    def forward(self) -> str:
        """The layer's z."""
        b = f" + {self.B}" if self.member.biases == "apart" else ""
        return self._product(0, A=self.before.A, W=self.W) + b

    def back(self, delta: str = "", weights: str = "") -> str:
        """A delta of this layer handed to the units of the layer before."""
        return self._product(1, D=delta or self.D, W=weights or self.V)

    def outer(self, delta: str = "", a: str = "") -> str:
        """The matrix's gradient, summed over the examples."""
        return self._product(2, D=delta or self.D, A=a or self.before.A)

    def bias_sum(self, delta: str = "", count: str = "m") -> str:
        """The biases' gradient, summed over `count` examples."""
        if self.theta:
            ones = f"np.ones(({count}, 1))" if self.rows else f"np.ones((1, {count}))"
            return self.outer(delta, ones)
        keep = ", keepdims=True" if keeps_axis(self.member) else ""
        return f"{operand(delta or self.D)}.sum(axis={0 if self.rows else 1}{keep})"

    def cut(self, matrix: str, part: str = "1:") -> str:
        """A matrix without its biases where they are in it, or another part of it."""
        if not self.theta:
            return matrix
        return matrix + (f"[{part}]" if self.inward else f"[:, {part}]")

    def joined(self, biases: str, weights: str) -> str:
        """A matrix made of its biases and its weights, in theta style."""
        return f"np.{'vstack' if self.inward else 'hstack'}([{biases}, {weights}])"

    def ones(self, a: str) -> str:
        """Activations with ones in front, in theta style."""
        if not self.theta:
            return a
        stack, shape = ("hstack", "(m, 1)") if self.rows else ("vstack", "(1, m)")
        return f"np.{stack}([np.ones({shape}), {a}])"

    def slope(self, unit: str = "") -> str:
        """The slope of the layer's units, or of another unit with their values."""
        form = (SLOPE_AT_Z if self.theta else SLOPE)[unit or self.unit]
        return form.format(z=self.Z, a=self.H)

    def error(self) -> tuple[str, str, str]:
        """The factors of the output delta: 2, the error, and the slope, or nothing."""
        two = "2" if self.member.loss == "squared error" else ""
        slope = self.slope() if self.member.loss in SQUARES else ""
        return two, f"({self.A} - Y)", slope

    def delta(self) -> str:
        """The layer's delta."""
        if self.last:
            return product(*self.error())
        return product(self.after.back(), self.slope())


def layer(member: Member, number: int) -> Layer:
    """The names of one layer."""
    last = number == len(member.hidden) + 1
    rows, inward = member.orientation == "rows", member.weights == "in x out"
    theta, unit = member.biases == "theta", ("", *member.hidden, member.output)[number]
    if theta:
        w, a, g = f"theta{number}", f"a{number + 1}", f"gradient{number}"
        part = ("[{}]" if inward else "[:, {}]").format
        units = a if last else a + ("[:, 1:]" if rows else "[1:]")
        names = (w, w + part("1:"), w + part(":1"), f"z{number + 1}", a)
        names = (*names, units if number else "X", f"delta{number + 1}", g, g)
    else:
        w, a = f"W{number}", f"A{number}" if number else "X"
        names = (w, w, f"b{number}", f"Z{number}", a, a)
        names = (*names, f"dZ{number}", f"dW{number}", f"db{number}")
    return Layer(member, number, *names, unit, last, theta, rows, inward)


def layers(member: Member) -> list[Layer]:
    """All layers but the inputs, the first one first."""
    return [layer(member, i + 1) for i in range(len(member.hidden) + 1)]
