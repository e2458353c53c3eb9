"""The known mistakes: which place of the formulas is wrong, why, and how to fix it.

A mistake replaces one entry of formulas.RIGHT. Two mistakes in one place exclude each
other; mistakes in different places combine. Some contain an unknown number, which is
fitted to the person's values: `fits` names it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.formulas import (
    Array,
    forward,
    indicators,
    no_column_0,
    sigmoid,
    slope,
    squares,
)
from jaxnn.clinic.layout import Pair


class KnownMistake(NamedTuple):
    """One way to go wrong."""

    name: str
    place: str  # a key of formulas.RIGHT
    wrong: Callable[..., Any]  # used in place of RIGHT[place]
    why: str
    fix: str
    fits: str = ""  # the unknown: "step", "count", "eps", "number", "penalty_number"


def lose(y: Array, k: int, label: int, shift: int) -> Array:
    """Y with every label moved by shift; examples of class `label` get no 1 at all."""
    return indicators(np.where(y == label, -1, (y + shift) % k), k)


def softmax(z: Array) -> Array:
    """e^z over its sum, column by column."""
    return np.exp(z) / np.exp(z).sum(axis=0)


def last_alone(delta: Array) -> Array:
    """delta (out, m) with zeros for all examples but the last."""
    return np.hstack([0 * delta[:, :-1], delta[:, -1:]])


def replaced(index: Any, value: float) -> Callable[[Array, Array], Pair]:
    """A function that returns theta1 and theta2 with this value at the index."""

    def columns(theta1: Array, theta2: Array) -> Pair:
        theta1, theta2 = theta1.copy(), theta2.copy()
        theta1[index] = theta2[index] = value
        return theta1, theta2

    return columns


def swap(order: str) -> str:
    """The other order."""
    return "F" if order == "C" else "C"


# fixes that several mistakes share
TARGETS = "compute Y once and use it in both cost and gradient; "
DELTA3 = "delta3 = a3 - Y"
DELTA2 = "delta2 = theta2[:, 1:].T @ delta3 * a2 * (1 - a2)"
GRADIENT1 = "gradient1 = delta2 @ a1.T / m"
GRADIENT2 = "gradient2 = delta3 @ a2.T / m"
DIVIDE = "divide delta @ a.T by m"
ADD_PENALTY = "gradient[:, 1:] += lam / m * theta[:, 1:]"
CROSS_ENTROPY = "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m"
COUNT = "m = X.shape[0]"

# places that cost and gradient share; a mistake there can be in either or in both
SHARED = (
    KnownMistake(
        "labels shifted up by one",
        "labels",
        lambda y, k: indicators((y + 1) % k, k),
        "labels 1 to 10 were used as indices 0 to 9 without subtracting 1",
        TARGETS + "label 1 has index 0, so use labels - 1",
    ),
    KnownMistake(
        "labels shifted down by one",
        "labels",
        lambda y, k: indicators((y - 1) % k, k),
        "1 was subtracted from labels that already start at 0",
        TARGETS + "do not subtract 1 again",
    ),
    KnownMistake(
        "the first class is lost",
        "labels",
        lambda y, k: lose(y, k, 0, 0),
        "label 10 was not mapped to 0, so the first class has no 1 in Y",
        TARGETS + "map label 10 to 0 first: labels % 10",
    ),
    KnownMistake(
        "the last class is lost",
        "labels",
        lambda y, k: lose(y, k, k - 1, 0),
        "the loop over the classes ends one too early",
        TARGETS + "loop over all classes",
    ),
    KnownMistake(
        "labels shifted up by one, the last class lost",
        "labels",
        lambda y, k: lose(y, k, k - 1, 1),
        "labels 1 to 10 were compared with 0 to 9, so label 10 matches nothing",
        TARGETS + "compare with range(1, 11), or subtract 1 from the labels",
    ),
    KnownMistake(
        "labels shifted down by one, the first class lost",
        "labels",
        lambda y, k: lose(y, k, 0, -1),
        "labels 0 to 9 were compared with 1 to 10, so label 0 matches nothing",
        TARGETS + "compare with range(10)",
    ),
    KnownMistake(
        "the last example is left out",
        "examples",
        lambda m, fit: slice(0, m - 1),
        "the loop over the examples ends one too early",
        "loop over range(m)",
    ),
    KnownMistake(
        "the first example is left out",
        "examples",
        lambda m, fit: slice(1, m),
        "the loop starts at 1, as in Octave, and skips example 0",
        "loop over range(m)",
    ),
    KnownMistake(
        "only the last example counts",
        "examples",
        lambda m, fit: slice(m - 1, m),
        "the loop assigns with =, so each example overwrites the one before",
        "add with += inside the loop over the examples",
    ),
    KnownMistake(
        "only the first example counts",
        "examples",
        lambda m, fit: slice(0, 1),
        "the loop over the examples returns or breaks in its first round",
        "put return after the loop, and take break out",
    ),
    KnownMistake(
        "the last examples are left out",
        "examples",
        lambda m, fit: slice(0, m - int(fit["count"])),
        "m is not a multiple of the batch size, and the last, shorter batch is dropped",
        "use the shorter batch too: for i in range(0, m, size): x[i:i + size]",
        fits="count",
    ),
    KnownMistake(
        "the hidden units are tanh",
        "forward",
        lambda f: forward(f.problem, np.tanh, lambda z: 1 - np.tanh(z) ** 2),
        "a tanh network can be trained too, but the course's network has sigmoids",
        "a2 = sigmoid(z2), with the derivative a2 * (1 - a2)",
    ),
    KnownMistake(
        "the hidden units are ReLU",
        "forward",
        lambda f: forward(f.problem, lambda z: np.maximum(z, 0), lambda z: z > 0),
        "a ReLU network can be trained too, but the course's network has sigmoids",
        "a2 = sigmoid(z2), with the derivative a2 * (1 - a2)",
    ),
    KnownMistake(
        "the hidden units are linear",
        "forward",
        lambda f: forward(f.problem, lambda z: z, np.ones_like),
        "the sigmoid of the hidden layer was left out",
        "a2 = sigmoid(z2)",
    ),
    KnownMistake(
        "the bias column of theta1 is regularized",
        "columns",
        lambda theta1, theta2: (theta1, no_column_0(theta2)),
        "the penalty includes all of theta1, with the biases in column 0",
        "leave column 0 out: penalize theta1[:, 1:]",
    ),
    KnownMistake(
        "the bias column of theta2 is regularized",
        "columns",
        lambda theta1, theta2: (no_column_0(theta1), theta2),
        "the penalty includes all of theta2, with the biases in column 0",
        "leave column 0 out: penalize theta2[:, 1:]",
    ),
    KnownMistake(
        "the bias columns of theta1 and theta2 are regularized",
        "columns",
        lambda theta1, theta2: (theta1, theta2),
        "the penalty includes the whole matrices, with the biases in column 0",
        "leave column 0 out: penalize theta1[:, 1:] and theta2[:, 1:]",
    ),
    KnownMistake(
        "row 0 is left out of the penalty in place of column 0",
        "columns",
        replaced(np.s_[0], 0),
        "theta[1:, :] was written in place of theta[:, 1:]",
        "leave column 0 out, not row 0: theta[:, 1:]",
    ),
    KnownMistake(
        "the last column is left out of the penalty in place of column 0",
        "columns",
        replaced(np.s_[:, -1], 0),
        "theta[:, :-1] was written in place of theta[:, 1:]",
        "leave column 0 out, not the last column: theta[:, 1:]",
    ),
    KnownMistake(
        "column 1 is left out of the penalty in place of column 0",
        "columns",
        replaced(np.s_[:, 1], 0),
        "theta[:, 1] = 0 or theta[:, 2:] was written; Python counts columns from 0",
        "leave column 0 out, not column 1: theta[:, 1:]",
    ),
    KnownMistake(
        "theta1 is not regularized",
        "columns",
        lambda theta1, theta2: (0 * theta1, no_column_0(theta2)),
        "the penalty has no term for theta1",
        "add the penalty of theta1[:, 1:] too",
    ),
    KnownMistake(
        "theta2 is not regularized",
        "columns",
        lambda theta1, theta2: (no_column_0(theta1), 0 * theta2),
        "the penalty has no term for theta2",
        "add the penalty of theta2[:, 1:] too",
    ),
    KnownMistake(
        "only the bias columns are regularized",
        "columns",
        replaced(np.s_[:, 1:], 0),
        "the mask keeps the bias column and removes the rest; it should do the reverse",
        "penalize theta[:, 1:], not theta[:, 0]",
    ),
)

GRADIENT = (
    *SHARED,
    KnownMistake(
        "the penalty has ones in place of the bias column",
        "columns",
        replaced(np.s_[:, 0], 1),
        "np.ones was joined to theta[:, 1:], where np.zeros is needed",
        "join zeros: np.hstack([np.zeros((len(theta), 1)), theta[:, 1:]])",
    ),
    KnownMistake(
        "an extra sigma' at the output",
        "delta3",
        lambda a3, z3, Y: (a3 - Y) * slope(z3),
        "this delta is for the squared error; with cross-entropy sigma'(z3) cancels",
        DELTA3,
    ),
    KnownMistake(
        "an extra sigma'(a3) at the output",
        "delta3",
        lambda a3, z3, Y: (a3 - Y) * slope(a3),
        "with cross-entropy sigma' cancels at the output; and a3 is already sigma(z3)",
        DELTA3,
    ),
    KnownMistake(
        "the output delta has the wrong sign",
        "delta3's sign",
        lambda: -1,
        "the error was written as target minus output",
        DELTA3,
    ),
    KnownMistake(
        "the output delta uses z3 in place of a3",
        "delta3",
        lambda a3, z3, Y: z3 - Y,
        "the sigmoid at the output was left out",
        "delta3 = sigmoid(z3) - Y",
    ),
    KnownMistake(
        "the output delta uses softmax",
        "delta3",
        lambda a3, z3, Y: softmax(z3) - Y,
        "the outputs of this network are separate sigmoids, not one softmax",
        "delta3 = sigmoid(z3) - Y",
    ),
    KnownMistake(
        "theta2 was updated before delta2 was computed",
        "time",
        lambda theta2, gradient2, fit: theta2 - fit["step"] * gradient2,
        "theta2 -= rate * gradient2 comes before the line that computes delta2",
        "compute both gradients first, then update both thetas",
        fits="step",
    ),
    KnownMistake(
        "delta2 drops the last column of theta2 in place of the bias column",
        "column",
        lambda theta2: theta2[:, :-1],
        "the biases are in column 0, so drop the first column, not the last",
        DELTA2,
    ),
    KnownMistake(
        "sigma' is missing in delta2",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3,
        "the chain rule through the hidden units gives the factor sigma'(z2)",
        DELTA2,
    ),
    KnownMistake(
        "sigma' is taken of the activation a2",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * slope(a2),
        "a2 is sigma(z2) already, and sigma'(a2) applies sigma once more",
        "use sigmoid_gradient(z2), or a2 * (1 - a2)",
    ),
    KnownMistake(
        "delta2 uses sigma in place of sigma'",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * sigmoid(z2),
        "sigmoid was called where its derivative is needed",
        DELTA2,
    ),
    KnownMistake(
        "sigma' is taken of the wrong layer",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ (delta3 * slope(z3)),
        "delta2 uses sigma'(z3) of the output; it needs sigma'(z2) of the hidden layer",
        DELTA2,
    ),
    KnownMistake(
        "an extra sigma'(z3) in delta2",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ (delta3 * slope(z3)) * slope2,
        "delta3 is already the derivative with respect to z3; it needs no other factor",
        DELTA2,
    ),
    KnownMistake(
        "delta2 uses the derivative of tanh",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * (1 - a2**2),
        "1 - a^2 is the derivative of tanh; the derivative of sigma is a (1 - a)",
        DELTA2,
    ),
    KnownMistake(
        "delta2 uses z2 (1 - z2) in place of sigma'(z2)",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * z2 * (1 - z2),
        "sigma'(z2) is a2 (1 - a2), with a2 = sigma(z2)",
        DELTA2,
    ),
    KnownMistake(
        "theta2's gradient uses z2 in place of a2",
        "activation",
        lambda z2, a2: z2,
        "theta2 is multiplied by the activation a2, so its gradient has a2 too",
        GRADIENT2,
    ),
    KnownMistake(
        "only the last example counts in theta1",
        "sum",
        lambda delta, layer: last_alone(delta) if layer == 1 else delta,
        "the loop assigns gradient1 with =, so each example overwrites the one before",
        "write gradient1 += inside the loop over the examples",
    ),
    KnownMistake(
        "only the last example counts in theta2",
        "sum",
        lambda delta, layer: last_alone(delta) if layer == 2 else delta,
        "the loop assigns gradient2 with =, so each example overwrites the one before",
        "write gradient2 += inside the loop over the examples",
    ),
    KnownMistake(
        "the gradient of the biases is missing",
        "bias",
        lambda delta, m, layer: 0 * delta[:, :1],
        "column 0 of the gradient stayed zero, or was overwritten with zeros",
        "gradient[:, 0] = (sum of delta over the examples) / m",
    ),
    KnownMistake(
        "the gradient of the biases is summed over both axes",
        "bias",
        lambda delta, m, layer: np.full((len(delta), 1), delta.sum()),
        "np.sum without axis adds up the units as well as the examples",
        "sum over the examples only: np.sum(delta, axis=...)",
    ),
    KnownMistake(
        "1/m is missing in the gradient of the biases",
        "bias",
        lambda delta, m, layer: m * delta.sum(axis=1, keepdims=True),
        "the sum of delta over the examples was not divided by m",
        "gradient[:, 0] = (sum of delta over the examples) / m",
    ),
    KnownMistake(
        "1/m is missing in the gradient of theta1's biases",
        "bias",
        lambda delta, m, layer: (
            delta.sum(axis=1, keepdims=True) * (m if layer == 1 else 1)
        ),
        "the sum of delta2 over the examples was not divided by m",
        "gradient1[:, 0] = (sum of delta2 over the examples) / m",
    ),
    KnownMistake(
        "1/m is missing in the gradient of theta2's biases",
        "bias",
        lambda delta, m, layer: (
            delta.sum(axis=1, keepdims=True) * (m if layer == 2 else 1)
        ),
        "the sum of delta3 over the examples was not divided by m",
        "gradient2[:, 0] = (sum of delta3 over the examples) / m",
    ),
    KnownMistake(
        "1/m is applied twice in the gradient of the biases",
        "bias",
        lambda delta, m, layer: delta.sum(axis=1, keepdims=True) / m,
        "a mean over the examples was divided by m again",
        "gradient[:, 0] = (mean of delta over the examples)",
    ),
    KnownMistake(
        "1/m is missing",
        "average",
        lambda m, k, fit: (1.0, 1.0),
        "the cost is a mean over the examples, so its gradient is a mean too",
        DIVIDE,
    ),
    KnownMistake(
        "1/m is applied twice",
        "average",
        lambda m, k, fit: (1 / m**2, 1 / m**2),
        "a mean over the examples was divided by m again",
        DIVIDE + " only once",
    ),
    KnownMistake(
        "1/m is missing in theta1",
        "average",
        lambda m, k, fit: (1.0, 1 / m),
        "only gradient2 was divided by m",
        GRADIENT1,
    ),
    KnownMistake(
        "1/m is missing in theta2",
        "average",
        lambda m, k, fit: (1 / m, 1.0),
        "only gradient1 was divided by m",
        GRADIENT2,
    ),
    KnownMistake(
        "1/m is applied twice in theta1",
        "average",
        lambda m, k, fit: (1 / m**2, 1 / m),
        "delta3 was divided by m; then gradient1, computed from it, was divided again",
        "divide by m once: the gradients, not the deltas",
    ),
    KnownMistake(
        "1/m is applied twice in theta2",
        "average",
        lambda m, k, fit: (1 / m, 1 / m**2),
        "gradient2 was divided by m twice",
        GRADIENT2,
    ),
    KnownMistake(
        "1/(2m) in place of 1/m",
        "average",
        lambda m, k, fit: (1 / (2 * m), 1 / (2 * m)),
        "only the penalty in the cost has the factor 1/2",
        DIVIDE,
    ),
    KnownMistake(
        "the gradient is averaged over the classes as well",
        "average",
        lambda m, k, fit: (1 / (m * k), 1 / (m * k)),
        "the cost is a sum over the classes; only the examples are averaged",
        DIVIDE,
    ),
    KnownMistake(
        "a fixed number is used in place of m",
        "average",
        lambda m, k, fit: (1 / fit["number"], 1 / fit["number"]),
        "the sums are divided by a number that is not the number of examples",
        COUNT,
        fits="number",
    ),
    KnownMistake(
        "the penalty is missing",
        "penalty",
        lambda lam, m, theta, fit: 0 * theta,
        "the gradient of the penalty lambda/(2m) ||theta||^2 was left out",
        ADD_PENALTY,
    ),
    KnownMistake(
        "the penalty is not divided by m",
        "penalty",
        lambda lam, m, theta, fit: lam * theta,
        "the penalty lambda/(2m) ||theta||^2 has the gradient lambda/m theta",
        ADD_PENALTY,
    ),
    KnownMistake(
        "the penalty is twice as large",
        "penalty",
        lambda lam, m, theta, fit: 2 * lam / m * theta,
        "the 2 from the square cancels the 2 in lambda/(2m)",
        ADD_PENALTY,
    ),
    KnownMistake(
        "the penalty is half as large",
        "penalty",
        lambda lam, m, theta, fit: lam / (2 * m) * theta,
        "the factor 1/2 of the cost was kept, but the 2 from the square cancels it",
        ADD_PENALTY,
    ),
    KnownMistake(
        "the penalty is 2 lambda theta",
        "penalty",
        lambda lam, m, theta, fit: 2 * lam * theta,
        "this is the gradient of lambda ||theta||^2; the factor 1/(2m) is missing",
        ADD_PENALTY,
    ),
    KnownMistake(
        "the penalty has the wrong sign",
        "penalty's sign",
        lambda: -1,
        "the cost adds the penalty, so the gradient must add it too",
        ADD_PENALTY,
    ),
    KnownMistake(
        "the penalty is divided by m twice",
        "penalty",
        lambda lam, m, theta, fit: lam / m**2 * theta,
        "lambda/m theta was added to the sum before the sum was divided by m",
        "gradient = (sum + lam * theta) / m, or sum / m + lam / m * theta",
    ),
    KnownMistake(
        "the penalty is not differentiated: lambda/(2m) theta^2",
        "penalty",
        lambda lam, m, theta, fit: lam / (2 * m) * theta**2,
        "the derivative of theta^2 / 2 is theta",
        ADD_PENALTY,
    ),
    KnownMistake(
        "a fixed number is used in place of m in the penalty",
        "penalty",
        lambda lam, m, theta, fit: lam / fit["penalty_number"] * theta,
        "lambda is divided by a number that is not the number of examples",
        COUNT,
        fits="penalty_number",
    ),
    KnownMistake(
        "the gradient is negated",
        "whole",
        lambda m: -1,
        "minus the gradient, the step downhill, was returned",
        "return the gradient itself; the optimizer subtracts it",
    ),
    KnownMistake(
        "nothing is divided by m",
        "whole",
        lambda m: m,
        "the division by m at the end is missing, for the penalty too",
        "divide everything, sums and penalty, by m",
    ),
    KnownMistake(
        "everything is divided by m twice",
        "whole",
        lambda m: 1 / m,
        "gradients that were divided by m already were divided again",
        "divide by m only once",
    ),
    KnownMistake(
        "the gradient is unrolled in the other order",
        "order",
        lambda layout: layout._replace(
            order1=swap(layout.order1), order2=swap(layout.order2)
        ),
        "theta was read row by row, but the gradient was unrolled column by column, or "
        "the reverse; or the gradient was transposed, which gives the same vector",
        "use the same order in reshape and in ravel",
    ),
    KnownMistake(
        "theta1's gradient is unrolled in the other order",
        "order",
        lambda layout: layout._replace(order1=swap(layout.order1)),
        "theta1's gradient was transposed, or unrolled in the other order",
        "use the same order in reshape and in ravel",
    ),
    KnownMistake(
        "theta2's gradient is unrolled in the other order",
        "order",
        lambda layout: layout._replace(order2=swap(layout.order2)),
        "theta2's gradient was transposed, or unrolled in the other order",
        "use the same order in reshape and in ravel",
    ),
    KnownMistake(
        "the layers are swapped in the unrolled gradient",
        "layers",
        lambda layout: layout._replace(theta2_first=not layout.theta2_first),
        "the parameters begin with one theta, but the gradient begins with the other",
        "join the gradients in the same order as the thetas",
    ),
)

COST = (
    *SHARED,
    KnownMistake(
        "log(a + eps) in place of log(a)",
        "terms",
        lambda a3, z3, Y, fit: (
            -Y * np.log(a3 + fit["eps"]) - (1 - Y) * np.log(1 - a3 + fit["eps"])
        ),
        "a small number was added to avoid log(0), but it changes the cost",
        "leave eps out and sum np.logaddexp(0, z3) - Y * z3, which never takes log(0)",
        fits="eps",
    ),
    KnownMistake(
        "the logarithm is left out of the first term",
        "terms",
        lambda a3, z3, Y, fit: -Y * a3 - (1 - Y) * np.log(1 - a3),
        "the first term is Y log(a3)",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "the logarithm is left out of the second term",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log(a3) - (1 - Y) * (1 - a3),
        "the second term is (1 - Y) log(1 - a3)",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "only the first term, Y log(a3)",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log(a3),
        "this is the cost for softmax; with sigmoids each output has a second term",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "only the second term, (1 - Y) log(1 - a3)",
        "terms",
        lambda a3, z3, Y, fit: -(1 - Y) * np.log(1 - a3),
        "the first term was overwritten or left out",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "the second term has the wrong sign",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log(a3) + (1 - Y) * np.log(1 - a3),
        "the minus sign applies to the first term only; it must apply to both",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "a matrix product in place of an element-wise product",
        "terms",
        lambda a3, z3, Y, fit: -Y @ np.log(a3).T - (1 - Y) @ np.log(1 - a3).T,
        "a matrix product combines each class with every other class",
        "multiply element by element, then sum: np.sum(Y * np.log(a3))",
    ),
    KnownMistake(
        "half the squared error in place of cross-entropy",
        "terms",
        lambda a3, z3, Y, fit: (a3 - Y) ** 2 / 2,
        "this is the cost of linear regression",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "the squared error in place of cross-entropy",
        "terms",
        lambda a3, z3, Y, fit: (a3 - Y) ** 2,
        "this is a different cost",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "softmax cross-entropy in place of sigmoid cross-entropy",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log(softmax(z3)),
        "the outputs of this network are separate sigmoids, not one softmax",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "the logarithm to base 10",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log10(a3) - (1 - Y) * np.log10(1 - a3),
        "this cost is in nats, so its logarithm has base e",
        "use np.log, the natural logarithm",
    ),
    KnownMistake(
        "the logarithm to base 2",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log2(a3) - (1 - Y) * np.log2(1 - a3),
        "this cost is in nats, so its logarithm has base e",
        "use np.log, the natural logarithm",
    ),
    KnownMistake(
        "the cost is not averaged",
        "mean",
        lambda m, k, fit: 1.0,
        "the sum over the examples was not divided by m",
        "divide the sum by m",
    ),
    KnownMistake(
        "the cost is averaged twice",
        "mean",
        lambda m, k, fit: 1 / m**2,
        "a mean over the examples was divided by m again",
        "divide the sum by m only once",
    ),
    KnownMistake(
        "the cost is divided by 2m",
        "mean",
        lambda m, k, fit: 1 / (2 * m),
        "only the penalty has the factor 1/2",
        "divide the sum by m",
    ),
    KnownMistake(
        "the cost is averaged over the classes as well",
        "mean",
        lambda m, k, fit: 1 / (m * k),
        "np.mean of a matrix divides by the number of all its elements",
        "sum over the classes, average over the examples",
    ),
    KnownMistake(
        "a fixed number is used in place of m in the cost",
        "mean",
        lambda m, k, fit: 1 / fit["number"],
        "the sum is divided by a number that is not the number of examples",
        COUNT,
        fits="number",
    ),
    KnownMistake(
        "the penalty is missing in the cost",
        "squares",
        lambda lam, m, theta1, theta2, fit: 0.0,
        "lambda/(2m) times the sum of the squared weights was left out",
        "add lam / (2 * m) * (sum(theta1[:, 1:]**2) + sum(theta2[:, 1:]**2))",
    ),
    KnownMistake(
        "the cost's penalty is twice as large",
        "squares",
        lambda lam, m, theta1, theta2, fit: lam / m * squares(theta1, theta2),
        "lambda/m was written in place of lambda/(2m)",
        "write lam / (2 * m) with parentheses: lam / 2 * m multiplies by m",
    ),
    KnownMistake(
        "the cost's penalty is multiplied by m",
        "squares",
        lambda lam, m, theta1, theta2, fit: lam / 2 * m * squares(theta1, theta2),
        "lam / 2 * m means (lam / 2) * m",
        "write lam / (2 * m), with parentheses",
    ),
    KnownMistake(
        "the cost's penalty is not divided by m",
        "squares",
        lambda lam, m, theta1, theta2, fit: lam / 2 * squares(theta1, theta2),
        "lambda/2 was written in place of lambda/(2m)",
        "write lam / (2 * m)",
    ),
    KnownMistake(
        "the cost's penalty is not divided by 2m",
        "squares",
        lambda lam, m, theta1, theta2, fit: lam * squares(theta1, theta2),
        "lambda was written in place of lambda/(2m)",
        "write lam / (2 * m)",
    ),
    KnownMistake(
        "the cost's penalty is divided by m twice",
        "squares",
        lambda lam, m, theta1, theta2, fit: lam / (2 * m**2) * squares(theta1, theta2),
        "a penalty with lambda/(2m) was added before everything was divided by m",
        "divide by m first, then add lam / (2 * m) times the squares",
    ),
    KnownMistake(
        "the cost's penalty sums the weights, not their squares",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * m) * (theta1.sum() + theta2.sum())
        ),
        "the weights were not squared",
        "sum(theta[:, 1:] ** 2)",
    ),
    KnownMistake(
        "the cost's penalty squares the sum of the weights",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * m) * (theta1.sum() ** 2 + theta2.sum() ** 2)
        ),
        "the sum was squared; square each weight first, then sum",
        "sum(theta[:, 1:] ** 2)",
    ),
    KnownMistake(
        "the cost's penalty sums the norms, not their squares",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * m) * (np.linalg.norm(theta1) + np.linalg.norm(theta2))
        ),
        "np.linalg.norm takes a square root",
        "sum(theta[:, 1:] ** 2)",
    ),
    KnownMistake(
        "a fixed number is used in place of m in the cost's penalty",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * fit["penalty_number"]) * squares(theta1, theta2)
        ),
        "lambda is divided by a number that is not the number of examples",
        COUNT,
        fits="penalty_number",
    ),
    KnownMistake(
        "the minus sign of the cost is missing",
        "total",
        lambda data, penalty: penalty - data,
        "the logarithms of numbers below 1 are negative, so the sum needs a minus sign",
        CROSS_ENTROPY,
    ),
    KnownMistake(
        "the penalty is subtracted from the cost",
        "total",
        lambda data, penalty: data - penalty,
        "the minus sign applies to everything, the penalty included",
        "cost = -sum(...) / m + penalty",
    ),
    KnownMistake(
        "the cost is negated",
        "total",
        lambda data, penalty: -data - penalty,
        "the log-likelihood, which should become large, was returned",
        "return the cost, which should become small",
    ),
)
