"""Centered coordinates: the same network and cost, fewer evaluations.

The source of truth is the network itself: `jaxnn.cost` and `backprop` in float64.
"""

import jax
import numpy as np
import pytest

import jaxnn
from jaxnn.training import blocks, centering

LAYERS = [(6, 4), (6, 5, 4), (6, 5, 3, 4)]


def problem(layers):
    """params, x (9, n), y and centers, in float64."""
    random = np.random.default_rng(3)
    params = jaxnn.init_params(0, layers, dtype="float64")
    params = tuple(6 * theta for theta in params)
    x, y = random.uniform(-0.2, 1, (9, layers[0])), np.arange(9) % layers[-1]
    return params, x, y, centering.centers_of(params, x)


@pytest.fixture(autouse=True)
def in_float64():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("layers", LAYERS)
def test_the_scores_are_those_of_centered_inputs(layers):
    params, x, _, centers = problem(layers)
    activation = x
    there = centering.centered(params, centers)
    for theta, c in zip(there, centers, strict=True):
        z = theta[:, 0] + (activation - c) @ theta[:, 1:].T
        activation = 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(activation, jaxnn.forward(params, x), rtol=0, atol=1e-14)


@pytest.mark.parametrize("layers", LAYERS)
def test_center_and_back(layers):
    params, _, _, centers = problem(layers)
    there = centering.centered(params, centers)
    for own, moved, again in zip(
        params, there, centering.uncentered(there, centers), strict=True
    ):
        assert np.abs(moved[:, 0] - own[:, 0]).min() > 1e-3
        np.testing.assert_array_equal(moved[:, 1:], own[:, 1:])
        np.testing.assert_allclose(again, own, rtol=0, atol=1e-15)


def test_centers():
    params, x, _, centers = problem((6, 5, 3, 4))
    assert [len(c) for c in centers] == [theta.shape[1] - 1 for theta in params]
    np.testing.assert_allclose(centers[0], x.mean(axis=0), rtol=1e-14)
    assert all((c == 0.5).all() for c in centers[1:])


@pytest.mark.parametrize("lam", [0.0, 3.0])
@pytest.mark.parametrize("layers", LAYERS)
def test_same_cost_and_the_gradient_of_the_new_coordinates(layers, lam):
    params, x, y, centers = problem(layers)
    there = centering.centered(params, centers)
    cost, gradient = jax.value_and_grad(centering.cost)(there, x, y, lam, centers)
    expected, slopes = jaxnn.backprop(params, x, y, lam)
    assert float(cost) == pytest.approx(float(expected), rel=1e-14)
    # b = b' - W c: dJ/db' = dJ/db and, at fixed b', dJ/dW = dJ/dW - dJ/db c'
    for found, slope, c in zip(gradient, slopes, centers, strict=True):
        np.testing.assert_allclose(found[:, 0], slope[:, 0], rtol=0, atol=1e-14)
        by_hand = slope[:, 1:] - np.outer(slope[:, 0], c)
        np.testing.assert_allclose(found[:, 1:], by_hand, rtol=0, atol=1e-14)


def test_blocks_are_summed_there_too(monkeypatch):
    params, x, y, centers = problem((6, 5, 4))
    there = centering.centered(params, centers)
    whole = jax.grad(centering.cost)(there, x, y, 1.0, centers)
    compute = blocks.cost.__wrapped__
    monkeypatch.setattr(blocks, "BLOCK", 4)
    monkeypatch.setattr(blocks, "cost", jax.jit(lambda *args: compute(*args)))
    summed = jax.grad(centering.cost)(there, x, y, 1.0, centers)
    for a, b in zip(whole, summed, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-14)


def test_float32_stays():
    params = jaxnn.init_params(0, (6, 5, 4))
    centers = centering.centers_of(params, np.ones((3, 6)))
    dtypes = {theta.dtype for theta in centering.centered(params, centers)}
    assert dtypes == {np.dtype("float32")}


def test_without_centers_nothing_changes():
    params, x, y, _ = problem((6, 5, 4))
    assert centering.centered(params, None) is params
    assert centering.uncentered(params, None) is params
    assert centering.cost(params, x, y, 1.0) == jaxnn.cost(params, x, y, 1.0)


class Reached(Exception):
    """The cost is at most the target; the argument counts the evaluations."""


def evaluations(fun, params, args, method, target):
    """How many evaluations it takes until the cost is at most target."""

    def stop(state, _):
        if state.cost <= target:
            raise Reached(int(state.evaluations))

    with pytest.raises(Reached) as reached:
        how = {"tolerance": 0.0, "chunk": 1, "callback": stop}
        jaxnn.minimize(fun, params, args, method, 150, **how)
    return reached.value.args[0]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "share"), [("lbfgs", 0.7), ("cg", 0.6)])
def test_fewer_evaluations(method, share):
    digits, lam = jaxnn.load_digits(), np.float64(1)
    params = jaxnn.init_params(0, dtype="float64")
    centers = centering.centers_of(params, digits.x)
    data = digits.x, digits.y, lam
    plain = evaluations(jaxnn.cost, params, data, method, 0.339)
    start = centering.centered(params, centers)
    there = evaluations(centering.cost, start, (*data, centers), method, 0.339)
    assert there < share * plain
