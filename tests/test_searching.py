"""Line searches and directions, each against a rule or a step worked by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn.ensemble.networks import minimize_all
from jaxnn.optimizers import METHODS, cg, lbfgs, loop, minimize
from jaxnn.optimizers.line_search import Point, line_search


def state_at(method, fun, p):
    """The state of a method at p, with its first memory."""
    cost, grad = jax.value_and_grad(fun)(p)
    norm, none = jnp.linalg.norm(grad), jnp.int32(0)
    memory = METHODS[method].init(p, 0.0)
    return loop.State(p, cost, grad, norm, memory, none, none)


def searched(fun, slope, trial, curvature):
    """What line_search finds from 0, and its trials; fun and slope: of the step."""

    def at(step):
        return Point(step, fun(step), slope(step), jnp.full(1, slope(step)))

    with jax.enable_x64(True):
        end, trials = line_search(
            at, at(jnp.asarray(0.0)), jnp.asarray(trial), curvature
        )
    return Point(*map(np.asarray, end)), int(trials)


LINES = {
    "parabola": lambda s: (s - 1) ** 2,
    "quartic": lambda s: (s - 2) ** 4,
    "waves": lambda s: 0.5 * s - jnp.sin(s),  # rises by pi at each wave
    "wall": lambda s: s**2 / 2 - 0.3 * s + jnp.exp(20 * (s - 1)),
    "far": lambda s: -s + s**2 / 2000,  # the minimum is at 1000
    "barrier": lambda s: jnp.where(s < 1, -jnp.log1p(-jnp.minimum(s, 1)) - 3 * s, s),
}


@pytest.mark.parametrize("curvature", [0.9, 0.15])
@pytest.mark.parametrize("trial", [0.01, 1.0, 6.8832])
@pytest.mark.parametrize("name", LINES)
def test_both_wolfe_conditions_hold(name, trial, curvature):
    fun, slope = LINES[name], jax.grad(LINES[name])
    end, _ = searched(fun, slope, trial, curvature)
    with jax.enable_x64(True):
        start, downhill = float(fun(0.0)), float(slope(0.0))
    assert end.step > 0
    assert end.cost <= start + 1e-4 * end.step * downhill
    assert abs(end.slope) <= curvature * abs(downhill)


@pytest.mark.parametrize(("trial", "trials"), [(1.9997, 1), (1.9999, 2)])
def test_the_decrease_that_is_enough_is_a_ten_thousandth(trial, trials):
    # s^2 - 2 s <= 1e-4 s (-2) up to s = 1.9998
    end, taken = searched(lambda s: s**2 - 2 * s, lambda s: 2 * s - 2, trial, 0.99999)
    assert (end.step == trial) == (trials == 1) and taken == trials


@pytest.mark.parametrize(("curvature", "trials"), [(0.5, 1), (0.499, 2)])
def test_the_slope_that_may_remain_is_the_curvatures_share(curvature, trials):
    _, taken = searched(lambda s: s**2 - 2 * s, lambda s: 2 * s - 2, 0.5, curvature)
    assert taken == trials


@pytest.mark.parametrize(
    ("size", "trials"), [(4e-16, True), (1e-14, False), (1, False)]
)
def test_only_a_rise_within_rounding_is_taken(size, trials):
    # at 6.8832 the wave rises by 2.88 sizes and falls at a slope that is flat enough;
    # rounding is ten times 2.2e-16 of the cost, 1
    def fun(s):
        return 1 + size * (0.5 * s - jnp.sin(s))

    end, taken = searched(fun, lambda s: size * (0.5 - jnp.cos(s)), 6.8832, 0.9)
    assert (taken == 1) == trials
    assert trials or end.cost < 1


def half_square(p):
    return 0.5 * jnp.sum(p**2)


@pytest.mark.parametrize(
    ("trial", "ahead"),
    [
        (0.9, -0.1),  # to 0.1: beta is 0.1 (0.1 - 1) < 0, so the direction is -0.1
        (1.1, -0.01),  # to -0.1: beta is -0.1 (-0.1 - 1) = 0.11, so -0.11 + 0.1
    ],
)
def test_a_step_of_cg_by_hand(trial, ahead):
    with jax.enable_x64(True):
        memory = cg.Memory(-jnp.ones(1), jnp.asarray(trial), -jnp.asarray(1.0))
        state = state_at("cg", half_square, jnp.ones(1))._replace(memory=memory)
        new = METHODS["cg"].step(half_square, state, ())
    assert float(new.params[0]) == pytest.approx(1 - trial)
    assert float(new.memory.direction[0]) == pytest.approx(ahead)
    assert int(new.evaluations) == 1


def test_newton_cg_takes_no_step_uphill():
    # from 0 the model is p, and the radius |slope| = 1 leads to 50 - 1: refused. A
    # quarter of it leads to 50 / 256 - 1 / 4
    with jax.enable_x64(True):
        found = minimize(lambda p: p + 50 * p**4, np.zeros(()), (), "newton-cg", 2)
    np.testing.assert_allclose(found.history, [0, 50 / 256 - 1 / 4], rtol=1e-12)
    assert float(found.params) == -0.25


def pairs_of(count, size):
    """Steps and changes of the gradient, (count, size); every s @ y is above 0."""
    random = np.random.default_rng(count)
    root = random.normal(size=(size, size))
    s = random.normal(size=(count, size))
    return s, s @ (np.eye(size) + root @ root.T / size)


def bfgs_matrix(s, y):
    """The inverse Hessian after pairs, one after the other, from gamma I."""
    size = s.shape[1]
    matrix = np.eye(size) * (s[-1] @ y[-1]) / (y[-1] @ y[-1])
    for one, change in zip(s, y, strict=True):
        turn = np.eye(size) - np.outer(change, one) / (one @ change)
        matrix = turn.T @ matrix @ turn + np.outer(one, one) / (one @ change)
    return matrix


@pytest.mark.parametrize("count", [0, 1, 39, 40, 41, 95])
def test_directions_of_lbfgs_are_those_of_a_dense_matrix(count):
    s, y = pairs_of(count, 50)
    grad = np.random.default_rng(1).normal(size=50)
    with jax.enable_x64(True):
        memory, remember = lbfgs.init(jnp.zeros(50), 0.0), jax.jit(lbfgs.remember)
        for one, change in zip(s, y, strict=True):
            memory = remember(memory, jnp.asarray(one), jnp.asarray(change))
        found = lbfgs.inverse_hessian_times(memory, jnp.asarray(grad))
    expected = grad / np.linalg.norm(grad)  # without pairs
    if count:
        expected = bfgs_matrix(s[-40:], y[-40:]) @ grad
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def test_lbfgs_falls_back_to_the_gradient_where_its_matrix_leads_uphill():
    with jax.enable_x64(True):
        state = state_at("lbfgs", half_square, jnp.asarray([3.0, -4.0]))
        memory = state.memory  # one pair of curvature -1: gamma is -1
        memory = memory._replace(
            inverse=memory.inverse.at[0, 0].set(-1),
            yy=memory.yy.at[0, 0].set(1),
            seen=jnp.int32(1),
        )
        new = METHODS["lbfgs"].step(half_square, state._replace(memory=memory), ())
    np.testing.assert_allclose(new.params, [0, 0], atol=1e-12)  # 1 along -grad


def rosenbrock(p):
    return 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2


# a tenth above the steps and evaluations taken: 39 and 56, 29 and 110, 30 and 77
BOUNDS = {"lbfgs": (43, 62), "cg": (32, 121), "newton-cg": (33, 85)}


@pytest.mark.parametrize("method", BOUNDS)
def test_no_more_is_spent_on_rosenbrock(method):
    with jax.enable_x64(True):
        p = np.array([-1.2, 1.0])
        found = minimize(rosenbrock, p, (), method, 500, tolerance=1e-8)
    steps, evaluations = BOUNDS[method]
    assert found.converged
    assert found.steps <= steps and found.evaluations <= evaluations


def steep(p):
    """-3 at -3, as at a slope of 1, but there the slope is infinite."""
    return p + jnp.where(p > -2.5, 0, jnp.sqrt(jnp.maximum(p + 3, 0)))


def blind(p):
    """-3 at -3, as at a slope of 1, but there the slope is NaN."""
    return p + 0 * jnp.sqrt(jnp.abs(p + 3))


@pytest.mark.parametrize("fun", [steep, blind])
@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_a_slope_that_is_not_finite_ends_the_run(fun, chunk):
    found = minimize(fun, np.float32(0), (), "gd", 9, chunk=chunk)
    assert found.diverged and not found.converged and found.steps == 3
    assert "gradient became NaN or infinite at step 3" in found.message
    assert float(found.params) == found.cost == -2


@pytest.mark.parametrize("fun", [steep, blind])
def test_a_slope_that_is_not_finite_ends_one_network_of_many(fun):
    starts, ends = (np.array([[0.0], [99.5]]),), np.array([0.0, 0.0])
    with jax.enable_x64(True):
        found = minimize_all(
            lambda p, end: fun(p[0][0]) + end, starts, (ends,), (0,), "gd", 9
        )
    assert found.diverged.tolist() == [True, False]
    assert found.params[0].ravel().tolist() == [-2, 90.5]


def test_the_last_good_weights_outlive_many_calls():
    # the first call takes one step; the third begins after the second network's end
    def drops_off(p, edge):
        return jnp.where(p[0][0] > edge, p[0][0], jnp.nan)

    edges = np.array([-99.0, -2.5, -99.0])
    with jax.enable_x64(True):
        found = minimize_all(drops_off, (np.zeros((3, 1)),), (edges,), (0,), "gd", 40)
    assert found.diverged.tolist() == [False, True, False]
    assert found.params[0].ravel().tolist() == [-40, -2, -40]
