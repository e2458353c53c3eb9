"""The cost in blocks equals the cost, checked by the hand-derived NumPy gradient."""

import jax
import numpy as np
import pytest

import jaxnn
from jaxnn.training import blocks


@pytest.fixture
def small_blocks(monkeypatch, device):
    """Blocks of four examples, in a cost that this test alone compiles."""
    compute = blocks.cost.__wrapped__
    monkeypatch.setattr(blocks, "BLOCK", 4)
    monkeypatch.setattr(blocks, "cost", jax.jit(lambda *args: compute(*args)))


def problem(m):
    """Random params, x (m, 6), y (m,), lambda in float64."""
    random = np.random.default_rng(m)
    params = tuple(random.normal(size=shape) for shape in ((5, 7), (3, 6)))
    return params, random.uniform(size=(m, 6)), random.integers(0, 3, m), 2.5


@pytest.mark.parametrize("m", [3, 4, 5, 8, 11])
def test_cost_and_gradient_are_those_of_backprop(small_blocks, m):
    args = problem(m)
    with jax.enable_x64(True):
        cost, gradient = jax.value_and_grad(blocks.cost)(*args)
    expected_cost, expected = jaxnn.backprop(*args)
    assert cost == pytest.approx(expected_cost, rel=1e-13)
    for ours, theirs in zip(gradient, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_weights_leave_out_whole_blocks(small_blocks):
    params, x, y, lam = problem(11)
    weights = np.r_[np.zeros(5), np.ones(6)]  # two blocks without weight
    with jax.enable_x64(True):
        cost, gradient = jax.value_and_grad(blocks.cost)(params, x, y, lam, weights)
    expected_cost, expected = jaxnn.backprop(params, x[5:], y[5:], lam)
    assert cost == pytest.approx(expected_cost, rel=1e-13)
    for ours, theirs in zip(gradient, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_hessian_times_vector(small_blocks):
    params, *data = problem(11)
    random = np.random.default_rng(1)
    v = tuple(random.normal(size=theta.shape) for theta in params)
    with jax.enable_x64(True):
        gradient = jax.grad(lambda params: blocks.cost(params, *data))
        _, product = jax.jvp(gradient, (params,), (v,))
    eps = 1e-6  # central differences of the hand-derived gradient
    ends = (
        tuple(theta + sign * eps * d for theta, d in zip(params, v, strict=True))
        for sign in (1, -1)
    )
    plus, minus = (jaxnn.backprop(end, *data)[1] for end in ends)
    for ours, above, below in zip(product, plus, minus, strict=True):
        np.testing.assert_allclose(ours, (above - below) / (2 * eps), atol=1e-8)


def test_many_networks_at_once(small_blocks):
    params, x, y, lam = problem(11)
    several = jax.tree.map(lambda theta: np.stack([theta, 2 * theta]), params)
    with jax.enable_x64(True):
        costs = jax.vmap(blocks.cost, (0, None, None, None))(several, x, y, lam)
    doubled = tuple(2 * theta for theta in params)
    expected = [jaxnn.backprop(p, x, y, lam)[0] for p in (params, doubled)]
    np.testing.assert_allclose(costs, expected, rtol=1e-12)


def test_only_params_have_a_derivative(small_blocks):
    with pytest.raises(NotImplementedError, match="use model.cost"):
        jax.grad(blocks.cost, argnums=1)(*problem(11))


def test_other_devices_take_all_at_once():
    shapes = (jax.ShapeDtypeStruct((12_000, 400), "float32"), np.zeros(12_000, "int32"))
    traced = jax.jit(jax.value_and_grad(blocks.cost)).trace(
        jaxnn.init_params(0), *shapes, np.float32(1)
    )
    on_gpu = traced.lower(lowering_platforms=("cuda",)).as_text()
    on_cpu = traced.lower(lowering_platforms=("cpu",)).as_text()
    assert "while" in on_cpu and "while" not in on_gpu
    assert "tensor<25x12000xf32>" in on_gpu and "tensor<25x12000xf32>" not in on_cpu


def test_many_digits_need_little_more_memory_than_themselves():
    m = 200_000
    shapes = (
        jax.ShapeDtypeStruct((m, 400), "float32"),
        jax.ShapeDtypeStruct((m,), "int32"),
    )
    data = 1600 * m  # bytes of x
    step = jax.jit(jax.value_and_grad(blocks.cost))
    with jax.default_device(jax.devices("cpu")[0]):
        compiled = step.lower(jaxnn.init_params(0), *shapes, np.float32(1)).compile()
    need = compiled.memory_analysis()
    assert need.argument_size_in_bytes + need.temp_size_in_bytes < 1.2 * data
