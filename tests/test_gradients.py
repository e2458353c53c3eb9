"""The equivalence suite: autodiff, hand derivation, differences and JAX's own checker.

Generated networks of any depth, with ordinary and saturated weights. Distances are
|a - b| / |a + b| over the whole gradient, as the course measures them; in float32 to
1e-5 for weights up to 5 and 1e-4 for weights of 50, in float64 to 1e-12. Where every
example is read right with certainty the gradient itself is rounding (a - y of two
numbers near 1), so norms below FLOOR count as FLOOR.
"""

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads

import jaxnn
from jaxnn.three_way import flatten

# all examples of a test share the fixture `device`, as intended
GENERATED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FLOOR = 1e-2
compiled_backprop = jax.jit(jaxnn.backprop)  # or each operation is compiled
LAMBDAS = (0.0, 0.1, 1.0, 10.0)


# pixels, hidden units, classes; few, for each is compiled
LAYERS = [(1, 2), (6, 4), (1, 1, 2), (6, 5, 4), (6, 4, 3, 4), (1, 3, 4, 2, 2)]


@st.composite
def problems(draw, scales=(0.1, 1.0, 5.0, 50.0)):
    """(params, x, y, lam, scale) in float64, of nine examples."""
    layers = draw(st.sampled_from(LAYERS))
    scale = draw(st.sampled_from(scales))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    params = tuple(
        random.uniform(-scale, scale, (n_out, 1 + n_in))
        for n_in, n_out in zip(layers[:-1], layers[1:], strict=True)
    )
    x, y = random.normal(size=(9, layers[0])), random.integers(0, layers[-1], 9)
    return params, x, y, draw(st.sampled_from(LAMBDAS)), scale


def distance(a, b):
    """|a - b| / |a + b| over all thetas."""
    a, b = flatten(a), flatten(b)
    return np.linalg.norm(a - b) / max(np.linalg.norm(a + b), FLOOR)


# found by search: a saturated network that is certain of its one digit, and right
CERTAIN = (
    (np.array([[13.7, -23.0]]), np.array([[-45.9, -48.3], [31.3, 41.3]])),
    np.array([[1.304]]),
    np.array([1]),
    0.0,
    50.0,
)

# one example, of a network that is certain of nothing
SINGLE = (
    (np.linspace(-1, 1, 35).reshape(5, 7), np.linspace(1, -1, 24).reshape(4, 6)),
    np.linspace(-2, 2, 6)[None],
    np.array([2]),
    1.0,
    1.0,
)


@GENERATED
@given(problem=problems())
@example(problem=CERTAIN)
@example(problem=SINGLE)
def test_autodiff_equals_hand_derivation_in_float64(problem, device):
    params, x, y, lam, _ = problem
    with jax.enable_x64(True):
        exact = jaxnn.gradient(params, x, y, lam)
        assert exact[0].dtype == np.float64
        cost = jaxnn.cost(params, x, y, lam)
    cost_by_hand, by_hand = jaxnn.backprop(params, x, y, lam)  # NumPy
    assert distance(exact, by_hand) < 1e-12
    assert cost == pytest.approx(float(cost_by_hand), rel=1e-12)


@GENERATED
@given(problem=problems())
@example(problem=CERTAIN)
@example(problem=SINGLE)
def test_autodiff_equals_hand_derivation_in_float32(problem, device):
    params, x, y, lam, scale = problem
    params = tuple(np.float32(theta) for theta in params)
    x = np.float32(x)
    exact = jaxnn.gradient(params, x, y, lam)
    assert exact[0].dtype == np.float32
    bar = 1e-5 if scale <= 5 else 1e-4
    in_numpy = jaxnn.backprop(params, x, y, lam)[1]
    assert in_numpy[0].dtype == np.float32
    assert distance(exact, in_numpy) < bar
    on_device = compiled_backprop(jax.device_put(params), x, y, lam)[1]
    assert isinstance(on_device[0], jax.Array)
    assert distance(exact, on_device) < bar


@GENERATED
@given(problem=problems(scales=(0.1, 1.0)))
@example(problem=SINGLE)
def test_autodiff_equals_central_differences(problem, device):
    params, x, y, lam, _ = problem
    with jax.enable_x64(True):
        exact = jaxnn.gradient(params, x, y, lam)
    assert distance(exact, jaxnn.central_differences(params, x, y, lam)) < 1e-7


@settings(GENERATED, max_examples=8)
@given(problem=problems(scales=(0.1, 1.0)))
@example(problem=SINGLE)
def test_jax_own_checker_agrees_in_float64(problem, device):
    params, x, y, lam, _ = problem
    with jax.enable_x64(True):
        params = jax.device_put(params)
        # both modes, first order; test_model.py checks softplus' second derivative, as
        # its first is written by hand
        check_grads(lambda p: jaxnn.cost(p, x, y, lam), (params,), order=1)


def test_float32_gradient_of_the_digits(digits, device):
    params = jaxnn.init_params(0)
    x = np.float32(digits.x)
    exact = jaxnn.gradient(params, x, digits.y, 1.0)
    by_hand = jaxnn.backprop(params, x, digits.y, 1.0)[1]
    assert distance(exact, by_hand) < 1e-5


def test_dead_pixels_have_no_gradient(digits):
    # five pixels of the 5000 digits never carry ink: 5 * 25 weights, facts of the data
    silent = ~digits.x.any(axis=0)
    assert silent.sum() == 5
    with jax.enable_x64(True):
        theta1, _ = jaxnn.gradient(jaxnn.init_params(0), digits.x, digits.y, 0.0)
    assert np.count_nonzero(np.asarray(theta1) == 0) == 125
