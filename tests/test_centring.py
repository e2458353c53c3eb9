"""Centred coordinates: the same network and cost, half the steps.

The source of truth is the network itself: `jaxnn.cost` and `backprop` in float64.
"""

import jax
import numpy as np
import pytest

import jaxnn
from jaxnn import centring

LAYERS = [(6, 4), (6, 5, 4), (6, 5, 3, 4)]


def problem(layers):
    """params, x (9, n), y and centres, in float64."""
    random = np.random.default_rng(3)
    params = jaxnn.init_params(0, layers, dtype="float64")
    params = tuple(6 * theta for theta in params)
    x, y = random.uniform(-0.2, 1, (9, layers[0])), np.arange(9) % layers[-1]
    return params, x, y, centring.centres_of(params, x)


@pytest.fixture(autouse=True)
def in_float64():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("layers", LAYERS)
def test_the_scores_are_those_of_centred_inputs(layers):
    params, x, _, centres = problem(layers)
    activation = x
    *hidden, output = centring.centred(params, centres)
    for theta, c in zip(hidden, centres, strict=False):
        z = theta[:, 0] + (activation - c) @ theta[:, 1:].T
        activation = 1 / (1 + np.exp(-z))
    z = output[:, 0] + (activation - centres[-1]) @ output[:, 1:].T
    np.testing.assert_allclose(
        1 / (1 + np.exp(-z)), jaxnn.forward(params, x), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("layers", LAYERS)
def test_centre_and_back(layers):
    params, _, _, centres = problem(layers)
    there = centring.centred(params, centres)
    for own, moved, again in zip(
        params, there, centring.uncentred(there, centres), strict=True
    ):
        assert np.abs(moved[:, 0] - own[:, 0]).min() > 1e-3
        np.testing.assert_array_equal(moved[:, 1:], own[:, 1:])
        np.testing.assert_allclose(again, own, rtol=0, atol=1e-15)


def test_centres():
    params, x, _, centres = problem((6, 5, 3, 4))
    assert [len(c) for c in centres] == [theta.shape[1] - 1 for theta in params]
    np.testing.assert_allclose(centres[0], x.mean(axis=0), rtol=1e-15)
    assert all((c == 0.5).all() for c in centres[1:])


@pytest.mark.parametrize("lam", [0.0, 3.0])
@pytest.mark.parametrize("layers", LAYERS)
def test_same_cost_and_the_gradient_of_the_new_coordinates(layers, lam):
    params, x, y, centres = problem(layers)
    there = centring.centred(params, centres)
    cost, gradient = jax.value_and_grad(centring.cost)(there, x, y, lam, centres)
    expected, slopes = jaxnn.backprop(params, x, y, lam)
    assert float(cost) == pytest.approx(float(expected), rel=1e-14)
    # b = b' - W c: dJ/db' = dJ/db and, at fixed b', dJ/dW = dJ/dW - dJ/db c'
    for found, slope, c in zip(gradient, slopes, centres, strict=True):
        np.testing.assert_allclose(found[:, 0], slope[:, 0], rtol=0, atol=1e-14)
        by_hand = slope[:, 1:] - np.outer(slope[:, 0], c)
        np.testing.assert_allclose(found[:, 1:], by_hand, rtol=0, atol=1e-14)


def test_without_centres_nothing_changes():
    params, x, y, _ = problem((6, 5, 4))
    assert centring.centred(params, None) is params
    assert centring.uncentred(params, None) is params
    assert centring.cost(params, x, y, 1.0) == jaxnn.cost(params, x, y, 1.0)


def evaluations(fun, params, args, method, target):
    """After which the cost is at most target."""
    found = jaxnn.minimize(fun, params, args, method, 150, tolerance=0.0, chunk=150)
    steps = int(np.flatnonzero(found.history <= target)[0]) + 1
    return jaxnn.minimize(fun, params, args, method, steps, chunk=150).evaluations


@pytest.mark.slow
@pytest.mark.parametrize(("method", "share"), [("lbfgs", 0.7), ("cg", 0.6)])
def test_half_the_evaluations(method, share):
    digits, lam = jaxnn.load_digits(), np.float64(1)
    params = jaxnn.init_params(0, dtype="float64")
    centres = centring.centres_of(params, digits.x)
    data = digits.x, digits.y, lam
    plain = evaluations(jaxnn.cost, params, data, method, 0.339)
    start = centring.centred(params, centres)
    there = evaluations(centring.cost, start, (*data, centres), method, 0.339)
    assert there < share * plain
