"""What an experiment measures, against NumPy and figures that involve no chance."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import jaxnn
from jaxnn import save_params
from jaxnn.backprop import backprop
from jaxnn.published import experiments
from jaxnn.published.comparison import compare
from jaxnn.published.recipes import RECIPES, Setup
from jaxnn.published.verdicts import EXACT, judge

NAMED = {recipe.name: recipe for recipe in RECIPES}
WEIGHTS = os.environ.get("JAXNN_EX4_WEIGHTS", "data/ex4weights.mat")


def verdicts(name, digits, **how):
    return [row.verdict for row in compare(NAMED[name], range(1), digits, **how).rows]


def test_tiny_network_is_exact(digits):
    assert verdicts("tiny_network", digits) == 4 * [EXACT]


@pytest.mark.skipif(not Path(WEIGHTS).is_file(), reason="ex4weights.mat is missing")
def test_given_weights_are_exact(digits):
    assert verdicts("given_weights", digits, weights=Path(WEIGHTS)) == 7 * [EXACT]


@pytest.mark.slow
def test_logistic_regression_is_exact(digits):
    recipe = NAMED["logistic_regression"]
    found = experiments.run(recipe, recipe.setup, range(1), digits)
    assert judge(recipe.figures[0], found["train accuracy"]) == EXACT


def test_gradient_check_differs_by_rounding_only():
    # 3.0e-11 was published; the sum's rounding over 2 eps = 2e-4 gives about 1e-11
    found = experiments.gradient_check(range(3))
    larger = found["the larger, which must be below"]
    assert larger.shape == (3,) and (larger > 1e-12).all() and (larger < 1e-9).all()


def test_gradient_descent_equals_numpy(few_digits):
    setup = replace(
        NAMED["gradient_descent"].setup, steps=5, dtype="float64", layers=(400, 6, 10)
    )
    recipe = replace(NAMED["gradient_descent"], setup=setup)
    found = experiments.run(recipe, setup, range(3, 5), few_digits)
    for i, seed in enumerate((3, 4)):
        params = jaxnn.init_params(seed, (400, 6, 10), dtype="float64")
        for _ in range(5):
            _, slopes = backprop(params, few_digits.x, few_digits.y, 1.0)
            params = tuple(p - 0.5 * s for p, s in zip(params, slopes, strict=True))
        cost, _ = backprop(params, few_digits.x, few_digits.y, 1.0)
        assert found["cost"][i] == pytest.approx(float(cost), rel=1e-12)
        free, _ = backprop(params, few_digits.x, few_digits.y, 0.0)
        assert found["cost without penalty"][i] == pytest.approx(float(free), rel=1e-12)


def test_each_split_has_its_own_1000_digits(digits):
    setup = NAMED["split_25"].setup
    learned = experiments.learned_digits(setup, digits, range(3))
    assert learned.shape == (3, 1000)
    assert all(len(set(row)) == 1000 for row in learned.tolist())
    assert not np.array_equal(learned[0], learned[1])
    x = np.asarray(experiments.pixels(setup, digits))
    np.testing.assert_allclose(x.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=1), 1, atol=1e-5)


def test_accuracies_of_the_learned_and_of_the_others():
    right = np.array([[True, True, False, False, False]])
    found = experiments.accuracies(right, np.array([[0, 2]]))
    assert found["train accuracy"] == [50]  # of digits 0 and 2
    assert found["test accuracy"] == [pytest.approx(100 / 3)]  # of 1, 3 and 4


def test_moved_starts_stay_near_the_given_weights(tmp_path):
    params = jaxnn.init_params(0, dtype="float64")
    save_params(tmp_path / "w.npz", params)
    setup = Setup(start="given weights", dtype="float64")
    moved = experiments.starts(setup, range(2), tmp_path / "w.npz")
    for theta, start in zip(params, moved, strict=True):
        assert start.shape == (2, *theta.shape)
        np.testing.assert_allclose(start[0], theta, rtol=1e-8)
        assert not np.array_equal(start[0], start[1])
