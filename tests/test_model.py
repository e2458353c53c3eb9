"""The model and the hand derivation against hand-worked and published numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import jaxnn
from jaxnn import model
from jaxnn.mistake import Mistake

L = np.log(3)  # the sigmoid of L, 0 and -L is 3/4, 1/2 and 1/4

# A 2-2-1 network worked by hand. x = (1, 1), and the one output is to be 1.
#   z1 = [0 + L + 0, L + 0 - L] = [L, 0]        a1 = [3/4, 1/2]
#   z2 = -L + 4L * 3/4 - 2L * 1/2 = L           a2 = 3/4
#   cost = -log(3/4)                            delta2 = 3/4 - 1 = -1/4
#   dJ/dtheta2 = delta2 * [1, a1] = [-1/4, -3/16, -1/8]
#   delta1 = [4L, -2L] * delta2 * a1 (1 - a1) = [-L * 3/16, L/2 * 1/4]
#   dJ/dtheta1 = delta1 * [1, x] : rows of three equal numbers
# Penalty, lambda = 2, m = 1: the weights are L, 0, 0, -L, 4L, -2L, so it adds
#   2/2 * (1 + 1 + 16 + 4) L^2 = 22 L^2 to the cost and 2 W to the gradient.
HAND = (np.array([[0, L, 0], [L, 0, -L]]), np.array([[-L, 4 * L, -2 * L]]))
HAND_X, HAND_Y = np.array([[1.0, 1.0]]), np.array([0])
HAND_GRADIENT = (
    np.array([[-3 * L / 16] * 3, [L / 8] * 3]),
    np.array([[-1 / 4, -3 / 16, -1 / 8]]),
)
HAND_PENALTY = (
    np.array([[0, 2 * L, 0], [0, 0, -2 * L]]),
    np.array([[0, 8 * L, -4 * L]]),
)

# The course forum's test case, published with all its digits (tiny_net_2_2_4): thetas
# (1..18)/10 unrolled column by column, X = cos([[1,2],[3,4],[5,6]]), labels 4, 2, 3.
TINY = (
    np.arange(1, 7).reshape(2, 3, order="F") / 10,
    np.arange(7, 19).reshape(4, 3, order="F") / 10,
)
TINY_X, TINY_Y = np.cos([[1, 2], [3, 4], [5, 6]]), np.array([3, 1, 2])
TINY_COST = {0: 7.406969856065749, 4: 19.473636522732416}
TINY_GRADIENT = {
    0: [0.76614, 0.9799, -0.02754, -0.03584, -0.02493, -0.05386]
    + [0.88342, 0.56876, 0.58467, 0.59814, 0.45931, 0.34462]
    + [0.25631, 0.31189, 0.47834, 0.36892, 0.25977, 0.32233],
    4: [0.76614, 0.9799, 0.37246, 0.49749, 0.64174, 0.74614]
    + [0.88342, 0.56876, 0.58467, 0.59814, 1.92598, 1.94462]
    + [1.98965, 2.17855, 2.47834, 2.50225, 2.52644, 2.72233],
}


def by_autodiff(params, x, y, lam):
    with jax.enable_x64(True):
        cost, gradient = jax.value_and_grad(jaxnn.cost)(params, x, y, lam)
        return float(cost), jax.device_get(gradient)


def by_hand(params, x, y, lam):
    cost, gradient = jaxnn.backprop(params, x, y, lam)
    return float(cost), gradient


@pytest.mark.parametrize("method", [by_autodiff, by_hand])
@pytest.mark.parametrize("lam", [0.0, 2.0])
def test_network_worked_by_hand(method, lam):
    cost, gradient = method(HAND, HAND_X, HAND_Y, lam)
    penalty = 22 * L**2 if lam else 0.0
    assert cost == pytest.approx(np.log(4 / 3) + penalty, rel=1e-14)
    for got, data, extra in zip(gradient, HAND_GRADIENT, HAND_PENALTY, strict=True):
        np.testing.assert_allclose(got, data + (extra if lam else 0), atol=1e-15)


@pytest.mark.parametrize("method", [by_autodiff, by_hand])
@pytest.mark.parametrize("lam", [0, 4])
def test_published_tiny_network(method, lam):
    cost, gradient = method(TINY, TINY_X, TINY_Y, float(lam))
    assert cost == pytest.approx(TINY_COST[lam], rel=1e-14)
    unrolled = np.concatenate([theta.ravel(order="F") for theta in gradient])
    np.testing.assert_allclose(unrolled, TINY_GRADIENT[lam], atol=5.1e-6)


@pytest.mark.parametrize(("z", "slope"), [(0.0, 0.25), (1000.0, 0.0), (-1000.0, 0.0)])
def test_slope_of_the_sigmoid(z, slope):
    # n = 1 pixel that is 0, and a bias of z: the one output is the sigmoid of z
    def output(bias):
        return jaxnn.forward((jnp.array([[bias, 0.0]]),), jnp.zeros((1, 1)))[0, 0]

    assert jax.grad(output)(z) == slope


@pytest.mark.parametrize("lam", [0.0, 1.0])
def test_cost_and_gradient_stay_finite_when_saturated(lam):
    params = (np.full((3, 3), 1e4, np.float32), np.full((2, 4), -1e4, np.float32))
    x, y = np.ones((2, 2), np.float32), np.array([0, 1])
    # z2 = -1e4 (1 + 3): each example misses one class by 4e4 nats, the other by none
    assert jaxnn.cost(params, x, y, 0.0) == pytest.approx(4e4)
    for theta in (
        *jaxnn.gradient(params, x, y, lam),
        *jaxnn.backprop(params, x, y, lam)[1],
    ):
        assert np.isfinite(theta).all()


@pytest.mark.parametrize("lam", [0.0, 1.0])
def test_weights_of_zero_mask_examples_out(few_digits, lam):
    params = jaxnn.init_params(0)
    keep = np.arange(len(few_digits.y)) % 3 == 0
    masked = jaxnn.cost(params, few_digits.x, few_digits.y, lam, weights=keep)
    # the independent answer: the hand derivation's cost of the kept digits alone
    alone = jaxnn.backprop(params, few_digits.x[keep], few_digits.y[keep], lam)[0]
    assert masked == pytest.approx(float(alone), rel=1e-5)
    moved = few_digits.x + ~keep[:, None]  # what is masked out has no influence
    again = jaxnn.gradient(params, moved, few_digits.y, lam, weights=keep)
    np.testing.assert_allclose(
        again[0],
        jaxnn.gradient(params, few_digits.x, few_digits.y, lam, weights=keep)[0],
        atol=1e-7,
    )


@pytest.mark.parametrize(
    ("scheme", "half_width"),
    [
        ("course", 0.12),
        ("glorot", 0.1187),
        ("bresson", 0.1),
        ("wittenauer", 0.125),
        ("illustration", 3 / 425),
    ],
)
def test_initial_weights_fill_their_range(scheme, half_width):
    theta1, theta2 = jaxnn.init_params(0, (400, 25, 10), scheme)
    assert theta1.shape == (25, 401) and theta2.shape == (10, 26)
    assert theta1.dtype == np.float32
    largest = np.abs(theta1).max()
    assert 0.99 * half_width < largest <= half_width * (1 + 1e-3)
    # uniform: mean 0 and deviation r / sqrt(3), each to four standard errors
    error = 4 * half_width / np.sqrt(theta1.size)
    assert abs(theta1.mean()) < error
    assert theta1.std() == pytest.approx(half_width / np.sqrt(3), abs=error)


def test_seed_decides_the_initial_weights():
    first, again, other = (jaxnn.init_params(seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_unknown_initialization_lists_the_known():
    with pytest.raises(ValueError, match="choose from course, glorot, bresson, witt"):
        jaxnn.init_params(0, scheme="xavier")


@pytest.mark.parametrize("layers", [(400,), (400, 0, 10)])
def test_impossible_layers_are_refused(layers):
    with pytest.raises(ValueError, match="at least one unit"):
        jaxnn.init_params(0, layers)


def test_predict_takes_the_largest_output():
    # three outputs equal to the pixels themselves
    params = (np.eye(3, 4, k=1, dtype=np.float32),)
    x = np.float32([[3, 1, 2], [0, 5, 1], [-1, -3, 0]])
    assert jaxnn.predict(params, x).tolist() == [0, 1, 2]
    assert jaxnn.accuracy(params, x, [0, 1, 1]) == pytest.approx(2 / 3)
    np.testing.assert_allclose(jaxnn.forward(params, x), 1 / (1 + np.exp(-x)), 1e-6)


def test_examples_are_columns_inside():
    z = jax.jit(model.logits)(TINY, TINY_X)
    assert z.shape == (4, 3)  # (k, m)


def test_softplus_and_its_derivatives_against_scipy():
    z = np.r_[-np.geomspace(800, 1e-12, 40), 0, np.geomspace(1e-12, 800, 40)]
    s = special.expit(z)
    with jax.enable_x64(True):
        value = jax.jit(model.softplus)(z)
        slope = jax.jit(jax.vmap(jax.grad(model.softplus)))(z)
        curvature = jax.jit(jax.vmap(jax.grad(jax.grad(model.softplus))))(z)
    np.testing.assert_allclose(value, np.logaddexp(0, z), rtol=1e-14)
    np.testing.assert_allclose(slope, s, rtol=1e-13)
    np.testing.assert_allclose(curvature, s * special.expit(-z), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("function", [jaxnn.accuracy, jaxnn.cost, jaxnn.gradient])
@pytest.mark.parametrize(
    "wrong, hint",
    [
        (lambda y: np.where(y == 0, 10, y), r"labels 1 to 10; .*: y % 10$"),
        (lambda y: y[:, None], r"shape \(200, 1\) for 200 examples; .*: y.ravel\(\)$"),
        (lambda y: np.eye(10)[y], r"shape \(200, 10\) .*: y.argmax\(axis=1\)$"),
        (lambda y: y[1:], r"shape \(199,\) for 200 examples"),
        (lambda y: y - 1, r"labels -1 to 8; the network's classes are 0 to 9"),
        (lambda y: y + 0.5, r"labels 0.5 to 9.5; .* whole numbers$"),
        (lambda y: y.astype(str), r"number the classes from 0: np.unique"),
        (lambda y: jax.numpy.asarray(y)[:, None], r"shape \(200, 1\)"),
    ],
)
def test_labels_that_are_no_classes_are_refused(function, wrong, hint, few_digits):
    more = () if function is jaxnn.accuracy else (1.0,)
    params = jaxnn.init_params(0)
    function(params, few_digits.x, list(few_digits.y), *more)
    with pytest.raises(Mistake, match=hint):
        function(params, few_digits.x, wrong(few_digits.y), *more)


def test_labels_from_one_in_a_network_of_three_classes():
    params = jaxnn.init_params(0, (2, 3))
    with pytest.raises(
        Mistake, match="1 to 3; the network's classes are 0 to 2.*y - 1"
    ):
        jaxnn.cost(params, np.eye(3, 2), [1, 2, 3], 0.0)


def test_accuracy_counts_in_whole_numbers():
    x, y = np.ones((3, 1)), np.zeros(3, int)
    params = (np.array([[1.0, 0.0], [0.0, 0.0]]),)  # reads class 0, always
    with jax.enable_x64(True):
        assert float(jaxnn.accuracy(params, x, [0, 0, 1])) == 2 / 3
        assert float(jaxnn.accuracy(params, x, y)) == 1.0
