"""The known mistakes: what stands in one place of the formulas, why, and what to do.

A mistake replaces one entry of formulas.RIGHT. Mistakes of one place exclude each
other; those of different places combine. Some leave a number open, which is fitted to
the person's values: `fits` says which.
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
)


class Mistake(NamedTuple):
    """One way to go wrong."""

    name: str
    place: str  # a key of formulas.RIGHT
    wrong: Callable[..., Any]  # what stands there in place of RIGHT[place]
    why: str
    fix: str
    fits: str = ""  # "step", "count", "eps", "number", "penalty number": left open


def lose(y: Array, k: int, label: int, shift: int) -> Array:
    """Y with every label moved by shift, those of `label` in no row at all."""
    return indicators(np.where(y == label, -1, (y + shift) % k), k)


def softmax(z: Array) -> Array:
    """e^z over its sum, column by column."""
    return np.exp(z) / np.exp(z).sum(axis=0)


def last_alone(delta: Array) -> Array:
    """delta (out, m), all examples but the last zero."""
    return np.hstack([0 * delta[:, :-1], delta[:, -1:]])


def without_row_0(theta1: Array, theta2: Array) -> tuple[Array, Array]:
    """The thetas, 0 in their first row."""
    theta1, theta2 = theta1.copy(), theta2.copy()
    theta1[0] = theta2[0] = 0
    return theta1, theta2


def without_column_1(theta1: Array, theta2: Array) -> tuple[Array, Array]:
    """The thetas, 0 in their column 1."""
    theta1, theta2 = theta1.copy(), theta2.copy()
    theta1[:, 1] = theta2[:, 1] = 0
    return theta1, theta2


def without_last(theta1: Array, theta2: Array) -> tuple[Array, Array]:
    """The thetas, 0 in their last column."""
    theta1, theta2 = theta1.copy(), theta2.copy()
    theta1[:, -1] = theta2[:, -1] = 0
    return theta1, theta2


def swap(order: str) -> str:
    """The other order."""
    return "F" if order == "C" else "C"


TARGETS = "make the targets once, Y = (labels == class), and use them for both"

# places that cost and gradient share; a mistake there can be in either or in both
SHARED = (
    Mistake(
        "labels shifted up by one",
        "labels",
        lambda y, k: indicators((y + 1) % k, k),
        "labels 1 to 10 and rows 0 to 9 were matched without subtracting one",
        TARGETS + "; labels 1 to 10 belong in rows label - 1",
    ),
    Mistake(
        "labels shifted down by one",
        "labels",
        lambda y, k: indicators((y - 1) % k, k),
        "one was subtracted from labels that already count from 0",
        TARGETS + "; do not subtract 1 twice",
    ),
    Mistake(
        "the first class is lost",
        "labels",
        lambda y, k: lose(y, k, 0, 0),
        "no row was given to the first class: label 10 was not mapped to 0",
        TARGETS + "; map label 10 to 0 first: labels % 10",
    ),
    Mistake(
        "the last class is lost",
        "labels",
        lambda y, k: lose(y, k, k - 1, 0),
        "the loop over the classes ends one too early",
        TARGETS + "; loop over all classes",
    ),
    Mistake(
        "labels shifted up by one, the last class lost",
        "labels",
        lambda y, k: lose(y, k, k - 1, 1),
        "labels 1 to 10 were compared with 0 to 9, so that label 10 matches nothing",
        TARGETS + "; compare with range(1, 11), or subtract one from the labels",
    ),
    Mistake(
        "labels shifted down by one, the first class lost",
        "labels",
        lambda y, k: lose(y, k, 0, -1),
        "labels 0 to 9 were compared with 1 to 10, so that label 0 matches nothing",
        TARGETS + "; compare with range(10)",
    ),
    Mistake(
        "the last example is left out",
        "examples",
        lambda m, fit: slice(0, m - 1),
        "the loop over the examples ends one too early",
        "loop over range(m)",
    ),
    Mistake(
        "the first example is left out",
        "examples",
        lambda m, fit: slice(1, m),
        "a loop written from 1 to m, as in Octave, skips Python's example 0",
        "loop over range(m)",
    ),
    Mistake(
        "only the last example counts",
        "examples",
        lambda m, fit: slice(m - 1, m),
        "the sum over the examples is assigned, not added to, in the loop",
        "add with += inside the loop over the examples",
    ),
    Mistake(
        "only the first example counts",
        "examples",
        lambda m, fit: slice(0, 1),
        "the loop over the examples returns or breaks in its first turn",
        "move what follows the sum out of the loop",
    ),
    Mistake(
        "the last examples are left out",
        "examples",
        lambda m, fit: slice(0, m - int(fit["count"])),
        "the number of examples is no multiple of the batch; the rest is dropped",
        "take the last, shorter batch too: range(0, m, size), x[i:i + size]",
        fits="count",
    ),
    Mistake(
        "the hidden units are tanh",
        "forward",
        lambda f: forward(f.problem, np.tanh, lambda z: 1 - np.tanh(z) ** 2),
        "that is another network, which trains as well; the course's has sigmoids",
        "a2 = sigmoid(z2), and its slope a2 * (1 - a2)",
    ),
    Mistake(
        "the hidden units are ReLU",
        "forward",
        lambda f: forward(f.problem, lambda z: np.maximum(z, 0), lambda z: z > 0),
        "that is another network, which trains as well; the course's has sigmoids",
        "a2 = sigmoid(z2), and its slope a2 * (1 - a2)",
    ),
    Mistake(
        "the hidden units are linear",
        "forward",
        lambda f: forward(f.problem, lambda z: z, np.ones_like),
        "the sigmoid of the hidden layer was left out",
        "a2 = sigmoid(z2)",
    ),
    Mistake(
        "the bias column of theta1 is regularised",
        "columns",
        lambda theta1, theta2: (theta1, no_column_0(theta2)),
        "the penalty was taken of all of theta1, column 0 included",
        "leave column 0 out: penalise theta1[:, 1:]",
    ),
    Mistake(
        "the bias column of theta2 is regularised",
        "columns",
        lambda theta1, theta2: (no_column_0(theta1), theta2),
        "the penalty was taken of all of theta2, column 0 included",
        "leave column 0 out: penalise theta2[:, 1:]",
    ),
    Mistake(
        "the bias columns of theta1 and theta2 are regularised",
        "columns",
        lambda theta1, theta2: (theta1, theta2),
        "the penalty was taken of whole matrices, column 0 included",
        "leave column 0 out: penalise theta1[:, 1:] and theta2[:, 1:]",
    ),
    Mistake(
        "row 0 is left out of the penalty in place of column 0",
        "columns",
        without_row_0,
        "theta[1:, :] was written for theta[:, 1:]",
        "leave column 0 out, not row 0: theta[:, 1:]",
    ),
    Mistake(
        "the last column is left out of the penalty in place of column 0",
        "columns",
        without_last,
        "theta[:, :-1] was written for theta[:, 1:]",
        "leave column 0 out, not the last one: theta[:, 1:]",
    ),
    Mistake(
        "column 1 is left out of the penalty in place of column 0",
        "columns",
        without_column_1,
        "theta[:, 1] = 0 or theta[:, 2:] was written, counting from 1 as Octave does",
        "leave column 0 out, not column 1: theta[:, 1:]",
    ),
    Mistake(
        "theta1 is not regularised",
        "columns",
        lambda theta1, theta2: (0 * theta1, no_column_0(theta2)),
        "the penalty's term for theta1 was left out",
        "add the penalty of theta1[:, 1:] as well",
    ),
    Mistake(
        "theta2 is not regularised",
        "columns",
        lambda theta1, theta2: (no_column_0(theta1), 0 * theta2),
        "the penalty's term for theta2 was left out",
        "add the penalty of theta2[:, 1:] as well",
    ),
    Mistake(
        "only the bias columns are regularised",
        "columns",
        lambda theta1, theta2: (
            theta1 - no_column_0(theta1),
            theta2 - no_column_0(theta2),
        ),
        "the mask of the bias column was used the wrong way round",
        "penalise theta[:, 1:], not theta[:, 0]",
    ),
)

GRADIENT = (
    *SHARED,
    Mistake(
        "ones stand for the bias column in the penalty",
        "columns",
        lambda theta1, theta2: (
            np.hstack([np.ones((len(theta1), 1)), theta1[:, 1:]]),
            np.hstack([np.ones((len(theta2), 1)), theta2[:, 1:]]),
        ),
        "np.ones was joined to theta[:, 1:] where np.zeros is meant",
        "join zeros: np.hstack([np.zeros((len(theta), 1)), theta[:, 1:]])",
    ),
    Mistake(
        "an extra sigma' at the output",
        "delta3",
        lambda a3, z3, Y: (a3 - Y) * slope(z3),
        "that is the squared error's delta; with cross-entropy the factor cancels",
        "delta3 = a3 - Y",
    ),
    Mistake(
        "an extra sigma' of the activation at the output",
        "delta3",
        lambda a3, z3, Y: (a3 - Y) * slope(a3),
        "with cross-entropy sigma' cancels at the output, and a3 is sigma(z3) already",
        "delta3 = a3 - Y",
    ),
    Mistake(
        "the output delta has the wrong sign",
        "delta3's sign",
        lambda: -1,
        "the error was written as target minus output",
        "delta3 = a3 - Y",
    ),
    Mistake(
        "the output delta takes z3 in place of a3",
        "delta3",
        lambda a3, z3, Y: z3 - Y,
        "sigma was left out at the output",
        "delta3 = sigmoid(z3) - Y",
    ),
    Mistake(
        "the output delta is softmax's",
        "delta3",
        lambda a3, z3, Y: softmax(z3) - Y,
        "this network's outputs are sigmoids, each for itself",
        "delta3 = sigmoid(z3) - Y",
    ),
    Mistake(
        "theta2 was updated before delta2 was computed",
        "time",
        lambda theta2, gradient2, fit: theta2 - fit["step"] * gradient2,
        "the step theta2 -= rate * gradient2 stands above the line of delta2",
        "compute both gradients first, then update both thetas",
        fits="step",
    ),
    Mistake(
        "the last column of theta2 is dropped for delta2 in place of the bias",
        "column",
        lambda theta2: theta2[:, :-1],
        "the bias is column 0, so it is the first that must go",
        "delta2 = theta2[:, 1:].T @ delta3 * sigma'(z2)",
    ),
    Mistake(
        "sigma' is missing in delta2",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3,
        "the chain rule through the hidden units brings the factor sigma'(z2)",
        "delta2 = theta2[:, 1:].T @ delta3 * a2 * (1 - a2)",
    ),
    Mistake(
        "sigma' is taken of the activation a2",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * slope(a2),
        "sigma' was called with a2 = sigma(z2); it computes sigma once more",
        "sigmoid_gradient(z2), or a2 * (1 - a2)",
    ),
    Mistake(
        "sigma stands in place of sigma' in delta2",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * sigmoid(z2),
        "sigmoid was called where its derivative is meant",
        "delta2 = theta2[:, 1:].T @ delta3 * a2 * (1 - a2)",
    ),
    Mistake(
        "sigma' is taken of the wrong layer",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ (delta3 * slope(z3)),
        "delta2 was given sigma'(z3), the output's; it needs the hidden units' own",
        "delta2 = theta2[:, 1:].T @ delta3 * sigma'(z2)",
    ),
    Mistake(
        "an extra sigma'(z3) on the way back to delta2",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ (delta3 * slope(z3)) * slope2,
        "delta3 is the slope by z3 already; with cross-entropy no factor is left",
        "delta2 = theta2[:, 1:].T @ delta3 * sigma'(z2)",
    ),
    Mistake(
        "delta2 has tanh's derivative",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * (1 - a2**2),
        "1 - a^2 is the slope of tanh; sigma's is a (1 - a)",
        "delta2 = theta2[:, 1:].T @ delta3 * a2 * (1 - a2)",
    ),
    Mistake(
        "delta2 has z2 (1 - z2) for sigma'",
        "delta2",
        lambda W, delta3, z2, a2, z3, slope2: W.T @ delta3 * z2 * (1 - z2),
        "a (1 - a) is the slope only of a = sigma(z)",
        "delta2 = theta2[:, 1:].T @ delta3 * a2 * (1 - a2)",
    ),
    Mistake(
        "theta2's gradient takes z2 in place of a2",
        "activation",
        lambda z2, a2: z2,
        "what enters theta2 is the activation",
        "gradient2 = delta3 @ a2.T / m",
    ),
    Mistake(
        "only the last example counts in theta1",
        "sum",
        lambda delta, layer: last_alone(delta) if layer == 1 else delta,
        "gradient1 is assigned, not added to, in the loop over the examples",
        "gradient1 += inside the loop over the examples",
    ),
    Mistake(
        "only the last example counts in theta2",
        "sum",
        lambda delta, layer: last_alone(delta) if layer == 2 else delta,
        "gradient2 is assigned, not added to, in the loop over the examples",
        "gradient2 += inside the loop over the examples",
    ),
    Mistake(
        "the gradient of the biases is missing",
        "bias",
        lambda delta, m, layer: 0 * delta[:, :1],
        "column 0 was left at zero, or overwritten with it",
        "gradient[:, 0] = delta.sum over the examples / m",
    ),
    Mistake(
        "the sum over the wrong axis in the gradient of the biases",
        "bias",
        lambda delta, m, layer: np.full((len(delta), 1), delta.sum()),
        "np.sum without axis adds up the units as well",
        "sum over the examples alone: np.sum(delta, axis=...)",
    ),
    Mistake(
        "1/m is missing in the gradient of the biases",
        "bias",
        lambda delta, m, layer: m * delta.sum(axis=1, keepdims=True),
        "the biases' sum over the examples was not divided by m",
        "gradient[:, 0] = delta.sum over the examples / m",
    ),
    Mistake(
        "1/m is missing in the gradient of theta1's biases",
        "bias",
        lambda delta, m, layer: (
            delta.sum(axis=1, keepdims=True) * (m if layer == 1 else 1)
        ),
        "the sum of delta2 over the examples was not divided by m",
        "gradient1[:, 0] = delta2.sum over the examples / m",
    ),
    Mistake(
        "1/m is missing in the gradient of theta2's biases",
        "bias",
        lambda delta, m, layer: (
            delta.sum(axis=1, keepdims=True) * (m if layer == 2 else 1)
        ),
        "the sum of delta3 over the examples was not divided by m",
        "gradient2[:, 0] = delta3.sum over the examples / m",
    ),
    Mistake(
        "1/m twice in the gradient of the biases",
        "bias",
        lambda delta, m, layer: delta.sum(axis=1, keepdims=True) / m,
        "a mean over the examples was divided by m again",
        "gradient[:, 0] = delta.mean over the examples",
    ),
    Mistake(
        "1/m is missing",
        "average",
        lambda m, k, fit: (1.0, 1.0),
        "the cost is a mean over the examples, and so is its gradient",
        "divide delta @ a.T by m",
    ),
    Mistake(
        "1/m twice",
        "average",
        lambda m, k, fit: (1 / m**2, 1 / m**2),
        "a mean over the examples was divided by m again",
        "divide delta @ a.T by m once",
    ),
    Mistake(
        "1/m is missing in theta1",
        "average",
        lambda m, k, fit: (1.0, 1 / m),
        "only gradient2 was divided by m",
        "gradient1 = delta2 @ a1.T / m",
    ),
    Mistake(
        "1/m is missing in theta2",
        "average",
        lambda m, k, fit: (1 / m, 1.0),
        "only gradient1 was divided by m",
        "gradient2 = delta3 @ a2.T / m",
    ),
    Mistake(
        "1/m twice in theta1",
        "average",
        lambda m, k, fit: (1 / m**2, 1 / m),
        "delta3 was divided by m, and gradient1, which is made from it, again",
        "divide by m once: the gradients, not the deltas",
    ),
    Mistake(
        "1/m twice in theta2",
        "average",
        lambda m, k, fit: (1 / m, 1 / m**2),
        "gradient2 was divided by m twice",
        "gradient2 = delta3 @ a2.T / m",
    ),
    Mistake(
        "1/(2m) in place of 1/m",
        "average",
        lambda m, k, fit: (1 / (2 * m), 1 / (2 * m)),
        "the 2 belongs to the penalty of the cost alone",
        "divide delta @ a.T by m",
    ),
    Mistake(
        "the mean over classes as well as examples",
        "average",
        lambda m, k, fit: (1 / (m * k), 1 / (m * k)),
        "the cost sums over the classes; only the examples are averaged",
        "divide delta @ a.T by m",
    ),
    Mistake(
        "a fixed number stands for m",
        "average",
        lambda m, k, fit: (1 / fit["number"], 1 / fit["number"]),
        "the sums are divided by a number that is not the count of examples given",
        "m = X.shape[0]",
        fits="number",
    ),
    Mistake(
        "the penalty is missing",
        "penalty",
        lambda lam, m, theta, fit: 0 * theta,
        "the gradient of lambda/(2m) ||theta||^2 was left out",
        "gradient[:, 1:] += lam / m * theta[:, 1:]",
    ),
    Mistake(
        "the penalty is not divided by m",
        "penalty",
        lambda lam, m, theta, fit: lam * theta,
        "the penalty is lambda/(2m) ||theta||^2",
        "gradient[:, 1:] += lam / m * theta[:, 1:]",
    ),
    Mistake(
        "the penalty is twice as large",
        "penalty",
        lambda lam, m, theta, fit: 2 * lam / m * theta,
        "the 2 of the square cancels the 2 of lambda/(2m)",
        "gradient[:, 1:] += lam / m * theta[:, 1:]",
    ),
    Mistake(
        "the penalty is half as large",
        "penalty",
        lambda lam, m, theta, fit: lam / (2 * m) * theta,
        "the cost's factor 1/2 was kept; the derivative of the square cancels it",
        "gradient[:, 1:] += lam / m * theta[:, 1:]",
    ),
    Mistake(
        "the penalty is 2 lambda theta",
        "penalty",
        lambda lam, m, theta, fit: 2 * lam * theta,
        "that is the gradient of lambda ||theta||^2, without the cost's 1/(2m)",
        "gradient[:, 1:] += lam / m * theta[:, 1:]",
    ),
    Mistake(
        "the penalty has the wrong sign",
        "penalty's sign",
        lambda: -1,
        "the penalty is added to the cost, so to the gradient too",
        "gradient[:, 1:] += lam / m * theta[:, 1:]",
    ),
    Mistake(
        "the penalty is divided by m twice",
        "penalty",
        lambda lam, m, theta, fit: lam / m**2 * theta,
        "lambda/m theta was added to the sum before the sum was divided by m",
        "gradient = (sum + lam * theta) / m, or sum / m + lam / m * theta",
    ),
    Mistake(
        "the cost's penalty was not differentiated: lambda/(2m) theta^2",
        "penalty",
        lambda lam, m, theta, fit: lam / (2 * m) * theta**2,
        "the derivative of theta^2 / 2 is theta",
        "gradient[:, 1:] += lam / m * theta[:, 1:]",
    ),
    Mistake(
        "a fixed number stands for m in the penalty",
        "penalty",
        lambda lam, m, theta, fit: lam / fit["penalty number"] * theta,
        "lambda is divided by a number that is not the count of examples given",
        "m = X.shape[0]",
        fits="penalty number",
    ),
    Mistake(
        "the gradient is negated",
        "whole",
        lambda m: -1,
        "the step, which goes downhill, was returned",
        "return the gradient itself; the optimiser subtracts it",
    ),
    Mistake(
        "nothing is divided by m",
        "whole",
        lambda m: m,
        "the division by m at the end is missing, penalty included",
        "divide the whole, sums and penalty, by m",
    ),
    Mistake(
        "everything is divided by m twice",
        "whole",
        lambda m: 1 / m,
        "gradients that were divided by m already were divided again",
        "divide by m once",
    ),
    Mistake(
        "the gradient is unrolled in the other order",
        "order",
        lambda layout: layout._replace(
            order1=swap(layout.order1), order2=swap(layout.order2)
        ),
        "theta was read row by row and the gradient unrolled column by column, "
        "or the reverse; a transposed gradient unrolls the same way",
        "use one order for reshape and for ravel",
    ),
    Mistake(
        "theta1's gradient is unrolled in the other order",
        "order",
        lambda layout: layout._replace(order1=swap(layout.order1)),
        "theta1's gradient was transposed, or unrolled in the other order",
        "use one order for reshape and for ravel",
    ),
    Mistake(
        "theta2's gradient is unrolled in the other order",
        "order",
        lambda layout: layout._replace(order2=swap(layout.order2)),
        "theta2's gradient was transposed, or unrolled in the other order",
        "use one order for reshape and for ravel",
    ),
    Mistake(
        "the layers are swapped in the unrolled gradient",
        "layers",
        lambda layout: layout._replace(theta2_first=not layout.theta2_first),
        "the gradients were joined in another order than the thetas were cut",
        "join the gradients in the thetas' order",
    ),
)

COST = (
    *SHARED,
    Mistake(
        "log(a + eps) in place of log(a)",
        "terms",
        lambda a3, z3, Y, fit: (
            -Y * np.log(a3 + fit["eps"]) - (1 - Y) * np.log(1 - a3 + fit["eps"])
        ),
        "a small number was added lest the logarithm be of 0; it changes the cost",
        "compute log(1 + e^z) - Y z from z3, which cannot overflow, without eps",
        fits="eps",
    ),
    Mistake(
        "the logarithm is left out of the first term",
        "terms",
        lambda a3, z3, Y, fit: -Y * a3 - (1 - Y) * np.log(1 - a3),
        "the first term is Y log(a3)",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "the logarithm is left out of the second term",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log(a3) - (1 - Y) * (1 - a3),
        "the second term is (1 - Y) log(1 - a3)",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "only the first term, Y log(a3)",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log(a3),
        "that is softmax's cost; with sigmoids each output has a second term",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "only the second term, (1 - Y) log(1 - a3)",
        "terms",
        lambda a3, z3, Y, fit: -(1 - Y) * np.log(1 - a3),
        "the first term was overwritten or left out",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "the second term has the wrong sign",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log(a3) + (1 - Y) * np.log(1 - a3),
        "the minus stands before the first term alone",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "a matrix product where an element-wise one is meant",
        "terms",
        lambda a3, z3, Y, fit: -Y @ np.log(a3).T - (1 - Y) @ np.log(1 - a3).T,
        "summing a product of matrices pairs every class with every other",
        "multiply element by element: Y * np.log(a3), summed",
    ),
    Mistake(
        "half the squared error in place of cross-entropy",
        "terms",
        lambda a3, z3, Y, fit: (a3 - Y) ** 2 / 2,
        "that is linear regression's cost",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "the squared error in place of cross-entropy",
        "terms",
        lambda a3, z3, Y, fit: (a3 - Y) ** 2,
        "that is another cost",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "softmax's cross-entropy",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log(softmax(z3)),
        "this network's outputs are sigmoids, each for itself",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "the logarithm to base 10",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log10(a3) - (1 - Y) * np.log10(1 - a3),
        "cross-entropy is in nats here",
        "np.log, the natural logarithm",
    ),
    Mistake(
        "the logarithm to base 2",
        "terms",
        lambda a3, z3, Y, fit: -Y * np.log2(a3) - (1 - Y) * np.log2(1 - a3),
        "cross-entropy is in nats here",
        "np.log, the natural logarithm",
    ),
    Mistake(
        "the cost is not averaged",
        "mean",
        lambda m, k, fit: 1.0,
        "the sum over the examples was not divided by m",
        "divide the sum by m",
    ),
    Mistake(
        "the cost is averaged twice",
        "mean",
        lambda m, k, fit: 1 / m**2,
        "a mean was divided by m again",
        "divide the sum by m once",
    ),
    Mistake(
        "the cost is divided by 2m",
        "mean",
        lambda m, k, fit: 1 / (2 * m),
        "the 2 belongs to the penalty alone",
        "divide the sum by m",
    ),
    Mistake(
        "the cost is averaged over the classes as well",
        "mean",
        lambda m, k, fit: 1 / (m * k),
        "np.mean of a matrix divides by all its elements",
        "sum over the classes, average over the examples",
    ),
    Mistake(
        "a fixed number stands for m in the cost",
        "mean",
        lambda m, k, fit: 1 / fit["number"],
        "the sum is divided by a number that is not the count of examples given",
        "m = X.shape[0]",
        fits="number",
    ),
    Mistake(
        "the penalty is missing in the cost",
        "squares",
        lambda lam, m, theta1, theta2, fit: 0.0,
        "lambda/(2m) times the squares of the weights was left out",
        "add lam / (2 * m) * (sum(theta1[:, 1:]**2) + sum(theta2[:, 1:]**2))",
    ),
    Mistake(
        "the cost's penalty is twice as large",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / m * sum((theta**2).sum() for theta in (theta1, theta2))
        ),
        "lambda/m was written for lambda/(2m)",
        "lam / (2 * m), with the parentheses: / 2 * m multiplies by m",
    ),
    Mistake(
        "the cost's penalty is multiplied by m",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / 2 * m * sum((theta**2).sum() for theta in (theta1, theta2))
        ),
        "lam / 2 * m is (lam / 2) * m",
        "lam / (2 * m), with the parentheses",
    ),
    Mistake(
        "the cost's penalty is not divided by m",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / 2 * sum((theta**2).sum() for theta in (theta1, theta2))
        ),
        "lambda/2 was written for lambda/(2m)",
        "lam / (2 * m)",
    ),
    Mistake(
        "the cost's penalty is lambda times the squares",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam * sum((theta**2).sum() for theta in (theta1, theta2))
        ),
        "the factor 1/(2m) was left out",
        "lam / (2 * m)",
    ),
    Mistake(
        "the cost's penalty is divided by m twice",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * m**2) * sum((theta**2).sum() for theta in (theta1, theta2))
        ),
        "lambda/(2m) was added before the whole was divided by m",
        "lam / (2 * m)",
    ),
    Mistake(
        "the cost's penalty is of the weights, not of their squares",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * m) * sum(theta.sum() for theta in (theta1, theta2))
        ),
        "the square was left out",
        "sum(theta[:, 1:] ** 2)",
    ),
    Mistake(
        "the cost's penalty squares the sum of the weights",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * m) * sum(theta.sum() ** 2 for theta in (theta1, theta2))
        ),
        "the sum was squared, where the squares are to be summed",
        "sum(theta[:, 1:] ** 2)",
    ),
    Mistake(
        "the cost's penalty is of norms, not of their squares",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * m) * sum(np.linalg.norm(theta) for theta in (theta1, theta2))
        ),
        "np.linalg.norm takes a root",
        "sum(theta[:, 1:] ** 2)",
    ),
    Mistake(
        "a fixed number stands for m in the cost's penalty",
        "squares",
        lambda lam, m, theta1, theta2, fit: (
            lam / (2 * fit["penalty number"]) * ((theta1**2).sum() + (theta2**2).sum())
        ),
        "lambda is divided by a number that is not the count of examples given",
        "m = X.shape[0]",
        fits="penalty number",
    ),
    Mistake(
        "the cost is without its minus",
        "total",
        lambda data, penalty: penalty - data,
        "the logarithms of numbers below 1 are negative",
        "cost = -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m",
    ),
    Mistake(
        "the penalty is subtracted from the cost",
        "total",
        lambda data, penalty: data - penalty,
        "the minus stands before the whole, penalty included",
        "cost = data + penalty",
    ),
    Mistake(
        "the cost is negated",
        "total",
        lambda data, penalty: -data - penalty,
        "the likelihood, to be made large, was returned",
        "return the cost itself",
    ),
)
