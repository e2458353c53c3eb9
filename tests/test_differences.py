"""Central differences, against a derivative worked by hand."""

import numpy as np
import pytest

import jaxnn
from jaxnn import differences, three_way


def test_central_differences_of_a_known_slope():
    # one pixel that is 0, one output with bias b: J = log(1 + e^-b), J' = -1/(1 + e^b)
    bias = 0.7
    params = (np.array([[bias, 0.0]]),)
    (theta,) = jaxnn.central_differences(params, np.zeros((1, 1)), np.array([0]), 0.0)
    assert theta[0, 0] == pytest.approx(-1 / (1 + np.exp(bias)), abs=1e-9)
    assert theta[0, 1] == 0


def test_differences_are_as_wide_as_asked():
    # of J = log(1 + e^-b): (J(b + 1) - J(b - 1)) / 2, which is no slope
    bias, one = (np.array([[0.7, 0.0]]),), np.zeros((1, 1))
    (theta,) = jaxnn.central_differences(bias, one, np.array([0]), 0.0, epsilon=1.0)
    expected = (np.log1p(np.exp(-1.7)) - np.log1p(np.exp(0.3))) / 2
    assert theta[0, 0] == pytest.approx(expected, rel=1e-12)


def test_slopes_in_batches_are_those_of_one(few_digits, monkeypatch):
    problem = three_way.course_problem()
    picks = np.array([0, 7, 19, 20, 37])
    whole = differences.slopes(*problem[1:4], (0.0, 1.0), picks)
    monkeypatch.setattr(differences, "BATCH", 2)
    seen = []
    cut = differences.slopes(
        *problem[1:4], (0.0, 1.0), picks, progress=lambda *now: seen.append(now)
    )
    np.testing.assert_allclose(cut, whole, atol=1e-12)
    assert seen == [(2, 5), (4, 5), (5, 5)]
