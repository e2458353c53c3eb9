"""What a network reads, in NumPy: a prediction compiles nothing, however many its rows.

m examples, n features, k classes; thetas as in model.py.
"""

from typing import Any

import numpy as np
from scipy.special import log_expit
from sklearn.utils import gen_batches

from jaxnn.estimator.fitting import Examples
from jaxnn.model import Params

ROWS = 10_000  # of X that are scored at once


def scores(params: Params, x: np.ndarray) -> np.ndarray:
    """z of the output units, before their sigmoids: (m, k) float64; x: (m, n)."""
    activation = x.T.astype(np.float64)  # (n, m)
    for i, matrix in enumerate(params):
        theta = np.asarray(matrix, np.float64)
        activation = np.exp(log_expit(activation)) if i else activation
        activation = theta[:, 1:] @ activation + theta[:, :1]  # (units_out, m)
    return activation.T


def scores_of(params: Params, x: Any) -> np.ndarray:
    """As `scores`, for dense or sparse x of any number of rows."""
    parts = (x[rows] for rows in gen_batches(x.shape[0], ROWS))
    return np.concatenate([scores(params, dense(part)) for part in parts])


def dense(x: Any) -> np.ndarray:
    """x (m, n) as an array."""
    return x.toarray() if hasattr(x, "toarray") else x


def accuracy(params: Params, part: Examples) -> float:
    """The share of the examples, by weight, that a network reads right."""
    right = scores(params, part.x).argmax(axis=1) == part.y
    return float(np.average(right, weights=part.weights))
