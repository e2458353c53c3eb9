"""Folds, masks and the bootstrap, against scikit-learn, copies and cases by hand."""

import jax
import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

import jaxnn
from jaxnn import model
from jaxnn.ensemble.folds import (
    Scores,
    chances,
    cross_validate,
    scored,
    stratified_folds,
)
from jaxnn.ensemble.networks import Ensemble
from jaxnn.optimizers import minimize


def test_folds_are_as_even_as_scikit_learns(digits):
    y = digits.y[::7]  # classes of unequal size
    folds = stratified_folds(y, 4, seed=3)
    assert sorted(set(folds.tolist())) == [0, 1, 2, 3]
    splits = StratifiedKFold(4).split(np.zeros(len(y)), y)
    theirs = np.array([np.bincount(y[test], minlength=10) for _, test in splits])
    ours = np.array([np.bincount(y[folds == k], minlength=10) for k in range(4)])
    np.testing.assert_array_equal(np.sort(ours, axis=0), np.sort(theirs, axis=0))
    np.testing.assert_array_equal(folds, stratified_folds(y, 4, seed=3))
    assert (folds != stratified_folds(y, 4, seed=4)).any()


@pytest.mark.parametrize("k", [0, 1, 21])
def test_folds_that_a_class_cannot_fill_are_refused(few_digits, k):
    with pytest.raises(ValueError, match=f"{k} folds: give 2 to 20"):
        stratified_folds(few_digits.y, k)


def test_a_lone_digit_cannot_be_dealt_out():
    with pytest.raises(ValueError, match="only one example of digit 7"):
        stratified_folds(np.array([0, 0, 7, 3, 3]), 2)


@pytest.fixture(scope="module")
def scores(few_digits):
    """Two lambdas, two starts, three of four folds, on 200 digits."""
    folds = stratified_folds(few_digits.y, 4)
    with jax.enable_x64(True):
        found = cross_validate(
            few_digits,
            folds,
            [0, 2, 3],
            [0.0, 1.0],
            [5, 6],
            hidden=4,
            dtype="float64",
            method="lbfgs",
            steps=15,
        )
    return folds, found


def test_a_mask_trains_as_a_copy_does(scores, few_digits):
    folds, found = scores
    right = np.zeros(200, bool)
    for j, fold in enumerate([0, 2, 3]):
        kept = folds != fold
        x, y = few_digits.x[kept], few_digits.y[kept]
        with jax.enable_x64(True):
            start = jaxnn.init_params(6, (400, 4, 10), dtype="float64")
            alone = minimize(model.cost, start, (x, y, 1.0), "lbfgs", 15)
            read = np.asarray(model.predict(alone.params, few_digits.x))
        assert found[1].cost[1, j] == pytest.approx(alone.cost, rel=1e-9)
        accuracy = np.mean(read[kept] == y)
        assert found[1].train_accuracy[1, j] == pytest.approx(accuracy)
        right[folds == fold] = (read == few_digits.y)[folds == fold]
    # every held-out digit, read by the network that has not seen it
    held = folds != 1
    np.testing.assert_array_equal(found[1].right[1], right[held])
    np.testing.assert_array_equal(found[1].folds, folds[held])
    assert found[1].validation_accuracy[1] == pytest.approx(right[held].mean())


def test_a_start_that_diverged_is_in_no_average(scores):
    _, (one, _) = scores
    marked = one._replace(diverged=np.array([[False] * 3, [False, True, False]]))
    assert marked.good.tolist() == [True, False]
    assert len(marked.validation_accuracy) == 1


def test_every_penalty_shows_the_first_network_of_its_own_that_did_not_diverge():
    # three penalties of two starts and two folds: networks 0-3, 4-7 and 8-11
    ones, number = np.ones(12), np.arange(12.0)
    diverged = np.isin(number, [4, 5, 8])
    found = Ensemble(
        params=(np.ones((12, 2, 3)) * number[:, None, None],),
        cost=ones,
        costs=ones[:, None],
        steps=ones,
        evaluations=ones,
        converged=~diverged,
        diverged=diverged,
        seconds=1.0,
    )
    right = np.ones((3, 2, 2, 4), bool)
    how = [0, 1], [0.0, 1.0, 3.0], [5, 6], 2
    shown = [one.theta1 for one in scored(found, right, np.arange(4) % 2, *how)]
    np.testing.assert_array_equal(shown, np.ones((3, 2, 3)) * [[[0]], [[6]], [[9]]])


def made(right):
    """Scores of so many digits read right, (s, d)."""
    right = np.array(right, bool)
    s, d = right.shape
    nothing = np.zeros((s, 1))
    return Scores(
        25, 1.0, np.arange(s), nothing, nothing, nothing, nothing,
        nothing.astype(bool), right, np.zeros(d, int), 0.0, np.zeros((25, 401)),
    )  # fmt: skip


def test_chances_of_a_clear_winner_of_twins_and_of_the_diverged():
    good, bad = made(np.ones((2, 50))), made(np.zeros((2, 50)))
    np.testing.assert_allclose(chances([bad, good, bad]), [0, 1, 0])
    np.testing.assert_allclose(chances([good, good]), [0.5, 0.5])
    lost = good._replace(diverged=np.array([[True], [False]]))
    np.testing.assert_allclose(chances([lost, bad]), [0, 1])
    np.testing.assert_allclose(chances([lost, lost]), [0, 0])


def test_chance_is_that_of_a_coin_where_one_digit_decides():
    # one reads digit 0 alone, the other digit 1 alone: each wins where its digit is
    # drawn more often, equal draws shared, so 1/2 by symmetry
    found = chances([made([[1, 0, 0]]), made([[0, 1, 0]])])
    np.testing.assert_allclose(found, [0.5, 0.5], atol=0.05)
    # digit 0 against digits 0 and 1: the second never loses, and wins alone where
    # digit 1 is drawn at all, 1 - (2/3)^3 = 19/27 of the time
    found = chances([made([[1, 0, 0]]), made([[1, 1, 0]])])
    np.testing.assert_allclose(found[1], 19 / 27 + 4 / 27, atol=0.05)
