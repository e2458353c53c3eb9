"""Networks near the course's, in plain NumPy as people write them, right and wrong.

Each is a function of the mistakes' names, and gives the function that a person would
write. Shapes: m examples, n inputs, k outputs.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.networks.problems import Params, Problem

Array = np.ndarray
Function = Callable[..., Any]
Names = Collection[str]


class Neighbour(NamedTuple):
    """A network, how its function is called, and mistakes that people make in it."""

    name: str
    make: Callable[[Names], Function]
    units: tuple[int, ...]  # of all layers
    orientation: str  # columns: W (out, in), b (out, 1); rows: W (in, out), b (out,)
    data: Callable[[Problem], tuple[Any, ...]]
    mistakes: tuple[str, str]

    def arrays(self, params: Params) -> list[Array]:
        """W1, b1, W2, b2, ... in the shapes of this network; copies."""
        by_columns = self.orientation == "columns"
        found = []
        for W, b in params:
            assert b is not None
            found += [W, b[:, None]] if by_columns else [W.T, b]
        return [array.copy() for array in found]


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^-z)."""
    return 1 / (1 + np.exp(-z))


def dictionaries(made: Names) -> Function:
    """deeplearning.ai's: tanh, one sigmoid output, examples in columns."""

    def model(parameters, X, Y):
        """(cost, grads): X (n, m), Y (1, m)."""
        W1, b1 = parameters["W1"], parameters["b1"]
        W2, b2 = parameters["W2"], parameters["b2"]
        m = X.shape[1]
        A1 = np.tanh(W1 @ X + b1)
        A2 = sigmoid(W2 @ A1 + b2)
        assert A2.shape == (1, m)
        cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
        dZ2 = A2 - Y
        dW2, db2 = dZ2 @ A1.T / m, dZ2.sum(axis=1, keepdims=True) / m
        slope = 1 - A1**2
        if "dZ1 uses the derivative of sigmoid" in made:
            slope = A1 * (1 - A1)
        dZ1 = W2.T @ dZ2 * slope
        dW1, db1 = dZ1 @ X.T / m, dZ1.sum(axis=1, keepdims=True) / m
        if "1/m is missing in db2" in made:
            db2 = db2 * m
        return cost, {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}

    return model


def scores(made: Names) -> Function:
    """CS231n's: ReLU, softmax, examples in rows, W (in, out), penalty reg/2."""

    def loss(W1, b1, W2, b2, X, y, reg):
        """(loss, gradients): X (m, n), y (m,) from 0."""
        m = len(X)
        hidden = np.maximum(0, X @ W1 + b1)
        powers = np.exp(hidden @ W2 + b2)
        probs = powers / powers.sum(axis=1, keepdims=True)
        data = -np.log(probs[range(m), y]).sum() / m
        value = data + reg / 2 * (np.sum(W1**2) + np.sum(W2**2))
        dscores = probs.copy()
        dscores[range(m), y] -= 1
        dscores /= m
        dhidden = dscores @ W2.T
        if "ReLU' is missing in dZ1" not in made:
            dhidden[hidden <= 0] = 0
        factor = 2 * reg if "the penalty is twice as large" in made else reg
        dW1, db1 = X.T @ dhidden + factor * W1, dhidden.sum(axis=0)
        dW2, db2 = hidden.T @ dscores + factor * W2, dscores.sum(axis=0)
        return value, dW1, db1, dW2, db2

    return loss


def errors(made: Names) -> Function:
    """Half the squared error of sigmoid outputs, examples in columns."""

    def backprop(W1, b1, W2, b2, X, Y):
        """(cost, gradients): X (n, m), Y (k, m)."""
        m = X.shape[1]
        A1 = sigmoid(W1 @ X + b1)
        A2 = sigmoid(W2 @ A1 + b2)
        cost = np.sum((A2 - Y) ** 2) / (2 * m)
        dZ2 = A2 - Y
        if "sigma' is missing in the output delta" not in made:
            dZ2 = dZ2 * A2 * (1 - A2)
        inside = sigmoid(A1) if "sigma' is taken of the activation A1" in made else A1
        dZ1 = W2.T @ dZ2 * inside * (1 - inside)
        dW1, db1 = dZ1 @ X.T / m, dZ1.sum(axis=1, keepdims=True) / m
        dW2, db2 = dZ2 @ A1.T / m, dZ2.sum(axis=1, keepdims=True) / m
        return cost, dW1, db1, dW2, db2

    return backprop


def deeper(made: Names) -> Function:
    """Two hidden layers of sigmoids, examples in rows."""

    def network(W1, b1, W2, b2, W3, b3, X, Y, lam):
        """(cost, gradients): X (m, n), Y (m, k), W (in, out)."""
        m = len(X)
        A1 = sigmoid(X @ W1 + b1)
        A2 = sigmoid(A1 @ W2 + b2)
        A3 = sigmoid(A2 @ W3 + b3)
        cost = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m
        cost += lam / (2 * m) * sum(np.sum(W**2) for W in (W1, W2, W3))
        dZ3 = A3 - Y
        dZ2 = dZ3 @ W3.T * A2 * (1 - A2)
        dZ1 = dZ2 @ W2.T
        if "sigma' is missing in dZ1" not in made:
            dZ1 = dZ1 * A1 * (1 - A1)
        factor = lam if "the penalty is not divided by m" in made else lam / m
        dW1, dW2 = X.T @ dZ1 / m + factor * W1, A1.T @ dZ2 / m + factor * W2
        dW3 = A2.T @ dZ3 / m + factor * W3
        db1, db2, db3 = (dZ.sum(axis=0) / m for dZ in (dZ1, dZ2, dZ3))
        return cost, dW1, db1, dW2, db2, dW3, db3

    return network


def values(one: Neighbour, function: Function, arrays: list[Array], p: Problem) -> Any:
    """(cost, gradients in the order of the arrays) of a neighbour's function."""
    if one.make is not dictionaries:
        cost, *slopes = function(*arrays, *one.data(p))
        return cost, slopes
    names = "W1", "b1", "W2", "b2"
    cost, grads = function(dict(zip(names, arrays, strict=True)), *one.data(p))
    return cost, [grads[f"d{name}"] for name in names]


NEIGHBOURS = (
    Neighbour(
        "deeplearning.ai's: tanh, one sigmoid",
        dictionaries,
        (8, 5, 1),
        "columns",
        lambda p: (p.x.T, p.targets),
        ("dZ1 uses the derivative of sigmoid", "1/m is missing in db2"),
    ),
    Neighbour(
        "CS231n's: ReLU, softmax, reg/2",
        scores,
        (8, 5, 10),
        "rows",
        lambda p: (p.x, p.y, 1.0),
        ("ReLU' is missing in dZ1", "the penalty is twice as large"),
    ),
    Neighbour(
        "sigmoids, half the squared error",
        errors,
        (8, 5, 10),
        "columns",
        lambda p: (p.x.T, p.targets),
        (
            "sigma' is missing in the output delta",
            "sigma' is taken of the activation A1",
        ),
    ),
    Neighbour(
        "two hidden layers of sigmoids",
        deeper,
        (8, 5, 3, 10),
        "rows",
        lambda p: (p.x, p.targets.T, 1.0),
        ("sigma' is missing in dZ1", "the penalty is not divided by m"),
    ),
)
