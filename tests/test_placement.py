"""A run on four devices gives the numbers of a run on one."""

import re

import jax
import numpy as np
import pytest

import jaxnn
from jaxnn import devices, meshes, optimizers
from jaxnn.optimizers import METHODS, loop
from jaxnn.training import blocks, centering, placement, starting
from jaxnn.training.settings import Settings

# scipy-tnc divides by differences of costs: after 20 steps rounding has grown a lot
METHODS_COMPARED = [name for name in METHODS if name != "scipy-tnc"]
COLLECTIVE = r" (all-reduce|all-gather|all-to-all|reduce-scatter|collective-permute)\("


@pytest.fixture(scope="module")
def odd_digits(digits):
    """999 digits: no multiple of four."""
    chosen = np.random.default_rng(0).permutation(len(digits.y))[:999]
    return jaxnn.Digits(digits.x[chosen], digits.y[chosen], "odd digits")


def apart(found, expected):
    """The largest difference between the parameters of two runs."""
    pairs = zip(found.params, expected.params, strict=True)
    return max(np.abs(a - b).max() for a, b in pairs)


@pytest.mark.parametrize("method", METHODS_COMPARED)
def test_twenty_steps_equal_those_of_one_device(odd_digits, method):
    hidden = 3 if method == "bfgs" else 25  # bfgs keeps a matrix of all parameters
    how = {"method": method, "hidden": hidden, "steps": 20, "dtype": "float64"}
    one = jaxnn.fit(odd_digits, **how)
    four = jaxnn.fit(odd_digits, devices=4, **how)
    assert four.device.endswith("and 3 more")
    assert four.cost == pytest.approx(one.cost, rel=1e-9)
    assert apart(four, one) < 1e-9


@pytest.mark.parametrize("method", ["adam", "gd", "momentum"])
def test_minibatches_are_the_same(odd_digits, method):
    # 50 examples on four devices: two of them are filled up
    how = {"method": method, "steps": 20, "dtype": "float64", "batch_size": 50}
    one, four = (jaxnn.fit(odd_digits, devices=n, **how) for n in (1, 4))
    assert apart(four, one) < 1e-9
    np.testing.assert_allclose(four.history.cost, one.history.cost, rtol=1e-9)


def test_float32(odd_digits):
    one, four = (jaxnn.fit(odd_digits, steps=20, devices=n) for n in (1, 4))
    assert four.cost == pytest.approx(one.cost, rel=1e-6)


@pytest.fixture
def blocks_of_100(monkeypatch):
    """999 examples are then many blocks; the jitted cost is traced with that number."""
    monkeypatch.setattr(blocks, "BLOCK", 100)
    monkeypatch.setattr(blocks, "cost", jax.jit(blocks.cost.__wrapped__))


@pytest.mark.parametrize("is_long", [False, True])
def test_cost_and_gradient(odd_digits, is_long, request):
    if is_long:
        request.getfixturevalue("blocks_of_100")
    params = jaxnn.init_params(0, dtype="float64")
    expected = jaxnn.backprop(params, *odd_digits[:2], 1.0)
    place, settings = placement.choose("cpu", 4, None), Settings(dtype="float64")
    with place.computing("float64"):
        sets, work, _ = starting.begin([odd_digits], settings, place)
        assert len(sets[0].x) == 1000 and len(sets[0].x.sharding.device_set) == 4
        compute = jax.jit(lambda *args: jax.value_and_grad(centering.cost)(*args))
        cost, gradient = compute(params, *work["args"])
    assert cost == pytest.approx(expected[0], rel=1e-12)
    for a, b in zip(gradient, expected[1], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize(
    ("method", "expected"), [("adam", 1), ("cg", 1), ("lbfgs", 1), ("newton-cg", 2)]
)
def test_an_evaluation_takes_one_all_reduce(
    odd_digits, method, expected, is_long, request
):
    # newton-cg: one in the gradient, one in a product with the Hessian
    if is_long:
        request.getfixturevalue("blocks_of_100")
    place, settings = placement.choose("cpu", 4, None), Settings(method=method)
    fun = jax.tree_util.Partial(centering.cost)  # traced again
    with place.computing("float32"):
        _, work, snapshot = starting.begin([odd_digits], settings, place)
        how = fun, METHODS[method], None, work["chunk"], snapshot.state, work["args"]
        numbers = np.int32(0), np.int32(1), np.float32(0)
        text = loop.run_chunk.lower(*how, *numbers).compile().as_text()
    assert re.findall(COLLECTIVE, text) == ["all-reduce"] * expected


def test_a_run_goes_on_with_another_number_of_devices(odd_digits, tmp_path):
    how = {"dtype": "float64", "pictures": False}
    whole = jaxnn.fit(odd_digits, steps=20, **how)
    for first, then in ((4, 1), (1, 4), (4, None)):
        folder = tmp_path / f"{first}-{then}"
        jaxnn.fit(odd_digits, steps=11, devices=first, out=folder, **how)
        run = jaxnn.fit(
            odd_digits, steps=20, devices=then, out=folder, resume=True, **how
        )
        assert apart(run, whole) < 1e-9
        config = jaxnn.training.record.read_config(folder)
        assert (config.devices, config.processes) == (then or first, 1)


def test_a_run_begun_on_more_devices_than_there_are_takes_those_there_are():
    assert placement.choose("cpu", None, None, begun_on=64).devices == 4
    assert placement.choose("cpu", None, None).devices == 1


@pytest.mark.parametrize(
    ("kind", "wish", "words"),
    [
        ("cpu", 5, "5 devices were asked for; there are cpu:0"),
        ("cpu", 0, "devices 0: give a number from 1 up, or all"),
        ("cpu", "most", "devices 'most': give a number"),
        ("cpu:1", 2, "device cpu:1 is one; leave out its number, or devices"),
    ],
)
def test_devices_that_cannot_be_had(kind, wish, words):
    with pytest.raises(jaxnn.DeviceError, match=re.escape(words)):
        devices.several(kind, wish)


def test_the_command(command):
    done = command("train", "--steps", 3, "--devices", "all", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "and 3 more" in done.stdout
    done = command("train", "--resume", "run", "--devices", "2", "--steps", 5)
    assert "and 1 more" in done.stdout
    done = command("train", "--devices", "x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--devices: x: give a number from 1 up, or all; see" in done.stderr


def test_arrays_of_one_device_stay_as_they_are():
    indices = np.arange(5)
    assert meshes.in_context() is None
    assert meshes.filled(indices, "float32") == (indices, None)
    assert meshes.spread(indices) is indices
    assert optimizers.as_arrays((1.0,), np.float32)[0] == 1
