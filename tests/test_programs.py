"""The documents' programs, each against its literal transcription to NumPy."""

import jax
import numpy as np
import pytest

from jaxnn import differences, model
from jaxnn.backprop import backprop
from jaxnn.ensemble.networks import minimize_all, stack
from jaxnn.optimizers import minimize
from jaxnn.published.programs import OBJECTIVES


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture
def problem():
    """A 6-5-4 network and 9 examples: params, x, y."""
    random = np.random.default_rng(3)
    thetas = random.normal(size=(5, 7)), random.normal(size=(4, 6))
    return thetas, random.normal(size=(9, 6)), random.integers(0, 4, 9)


def test_tp5_steps_like_its_program(problem):
    (w1, w2), x, y = problem
    lam, rate, m = 0.05, 0.2, len(y)
    with jax.enable_x64(True):
        found = minimize(
            OBJECTIVES["TP 5"],
            (w1, w2),
            (x, y, lam, rate),
            "gd",
            steps=3,
            learning_rate=rate,
            tolerance=0,
        )
    w1, w2 = w1.copy(), w2.copy()
    inputs = np.vstack([np.ones(m), x.T])
    target = np.eye(4)[y].T
    for _ in range(3):  # a loop over examples
        hidden = np.vstack([np.ones(m), sigmoid(w1 @ inputs)])
        error = sigmoid(w2 @ hidden) - target
        slope2, slope1 = 2 * lam * w2, 2 * lam * w1
        for i in range(m):
            slope2 = slope2 + np.outer(error[:, i], hidden[:, i]) / m
        w2 = w2 - rate * slope2  # moved before the hidden delta is computed
        for i in range(m):
            s = sigmoid(hidden[1:, i])  # sigma' of the activation
            delta = w2[:, 1:].T @ error[:, i] * s * (1 - s)
            slope1 = slope1 + np.outer(delta, inputs[:, i]) / m
        w1 = w1 - rate * slope1
    np.testing.assert_allclose(found.params[0], w1, rtol=1e-12)
    np.testing.assert_allclose(found.params[1], w2, rtol=1e-12)


def test_tp5_cost_penalizes_the_biases_too(problem):
    thetas, x, y = problem
    with jax.enable_x64(True):
        values = [OBJECTIVES[n](thetas, x, y, 0.05, 0.2) for n in ("TP 5", "TP 5 cost")]
    squares = sum((theta**2).sum() for theta in thetas)
    expected = backprop(thetas, x, y, 0.0)[0] + 0.05 * squares
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_correct_gradient_of_tp5_is_its_costs_gradient(problem):
    thetas, x, y = problem
    fun, flat = jax.jit(OBJECTIVES["TP 5 cost"]), differences.flatten(thetas)
    shapes = differences.shapes_of(thetas)
    with jax.enable_x64(True):
        exact = differences.flatten(jax.grad(fun)(thetas, x, y, 0.05, 0.2))
        numeric = [
            (
                fun(differences.cut(flat + step, shapes), x, y, 0.05, 0.2)
                - fun(differences.cut(flat - step, shapes), x, y, 0.05, 0.2)
            )
            / 2e-5
            for step in 1e-5 * np.eye(len(flat))
        ]
    np.testing.assert_allclose(exact, numeric, atol=1e-8)


def test_cost_with_eps_and_the_exact_gradient(problem):
    thetas, x, y = problem
    fun = OBJECTIVES["log(a + 1e-5)"]
    with jax.enable_x64(True):
        cost, gradient = jax.value_and_grad(fun)(thetas, x, y, 0.7, 0.0)
        a = np.asarray(model.forward(thetas, x))
    target = np.eye(4)[y]
    logs = target * np.log(a + 1e-5) + (1 - target) * np.log(1 - a + 1e-5)
    penalty = sum((theta[:, 1:] ** 2).sum() for theta in thetas)
    assert cost == pytest.approx(-logs.sum() / 9 + 0.7 / 18 * penalty, rel=1e-12)
    expected = backprop(thetas, x, y, 0.7)[1]
    for ours, theirs in zip(gradient, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_no_bias_gradient_is_0_for_the_biases(problem):
    thetas, x, y = problem
    fun = OBJECTIVES["no bias gradient"]
    with jax.enable_x64(True):
        gradient = jax.grad(fun)(thetas, x, y, 0.7, 0.0)
    for ours, theirs in zip(gradient, backprop(thetas, x, y, 0.7)[1], strict=True):
        np.testing.assert_array_equal(ours[:, 0], 0)
        np.testing.assert_allclose(ours[:, 1:], theirs[:, 1:], rtol=1e-10)


def test_mistakes_of_tp5_survive_training_many_networks_at_once(problem):
    thetas, x, y = problem
    others = tuple(theta + 0.1 for theta in thetas)
    args = x, y, np.float64(0.05), np.float64(0.2)
    how = {"method": "gd", "steps": 4, "learning_rate": 0.2, "tolerance": 0}
    with jax.enable_x64(True):
        both = minimize_all(
            OBJECTIVES["TP 5"],
            stack([thetas, others]),
            args,
            (None,) * 4,
            **how,
        )
        one = minimize(OBJECTIVES["TP 5"], others, args, **how)
    np.testing.assert_allclose(both.params[0][1], one.params[0], rtol=1e-12)
