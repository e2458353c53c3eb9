"""What a network makes of digits, against the formulas in NumPy."""

import numpy as np
import pytest

import jaxnn
from jaxnn.training import scores


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_evaluation_is_the_formulas(few_digits, dtype):
    params = jaxnn.init_params(3, dtype="float64")
    found = scores.evaluate(params, few_digits, lam=2.0, dtype=dtype)
    a, m = few_digits.x, len(few_digits.y)
    for theta in params:
        a = 1 / (1 + np.exp(-np.c_[np.ones(m), a] @ theta.T))
    is_class = few_digits.y[:, None] == np.arange(10)
    costs = -np.where(is_class, np.log(a), np.log(1 - a)).sum(axis=1)
    squares = sum((theta[:, 1:] ** 2).sum() for theta in params)
    near = {"rtol": 1e-5 if dtype == "float32" else 1e-12}
    assert found.outputs.dtype == dtype
    np.testing.assert_allclose(found.outputs, a, **near)
    np.testing.assert_array_equal(found.read, a.argmax(axis=1))
    np.testing.assert_allclose(found.costs, costs, **near)
    np.testing.assert_allclose(found.cost, costs.mean() + squares / m, **near)
    assert found.accuracy == np.mean(a.argmax(axis=1) == few_digits.y)


def made(read, costs):
    """An evaluation with three classes; unused fields are empty."""
    read, costs = np.array(read), np.array(costs)
    return scores.Evaluation(np.zeros((len(read), 3)), read, costs, 0.0, 0.0)


def test_worst_are_the_misread_with_the_largest_costs_first():
    y = np.array([0, 1, 2, 1, 0])
    found = made([0, 2, 1, 1, 2], [9.0, 1.0, 3.0, 8.0, 2.0])
    assert scores.worst(y, found, 5).tolist() == [2, 4, 1]
    assert scores.worst(y, found, 2).tolist() == [2, 4]
    assert scores.worst(y, made(y, [1.0] * 5), 2).tolist() == []


def test_confusion_counts_what_was_written_down_and_read_across():
    counts = scores.confusion(np.array([0, 0, 1, 2]), made([0, 1, 1, 0], [0] * 4))
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
