"""Arrays on a caller's own mesh of four devices give the numbers of one device."""

import contextlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

import jaxnn
from jaxnn import meshes
from jaxnn.optimizers import minimize
from jaxnn.training import starting


@pytest.fixture(params=[AxisType.Explicit, AxisType.Auto], ids=["explicit", "auto"])
def mesh(request):
    cpus = jax.devices("cpu")[:4]
    return jax.make_mesh((4,), ("examples",), (request.param,), devices=cpus)


@pytest.fixture(params=[False, True], ids=["outside", "inside"])
def spread(request, mesh):
    """spread(arrays): their rows on the four devices, outside or inside set_mesh."""
    context = jax.set_mesh(mesh) if request.param else contextlib.nullcontext()
    rows = NamedSharding(mesh, PartitionSpec("examples"))
    with context:
        yield lambda *arrays: jax.device_put(arrays, rows)


@pytest.fixture(scope="module")
def problem(few_digits):
    """params of the 400-25-10 network, x (200, 400) and y (200,)."""
    return jaxnn.init_params(0), np.float32(few_digits.x), few_digits.y


@pytest.fixture(scope="module")
def expected(problem):
    params, x, y = problem
    return jax.device_get(
        (
            jaxnn.backprop(params, x, y, 1.0),
            jaxnn.predict(params, x),
            jaxnn.accuracy(params, x, y),
        )
    )


@pytest.mark.parametrize("where", ["NumPy", "JAX", "mesh"])
def test_functions_of_the_network(problem, expected, mesh, spread, where):
    params, x, y = problem
    if where != "NumPy":
        place = NamedSharding(mesh, PartitionSpec()) if where == "mesh" else None
        params = jax.device_put(params, place)
    x, y = spread(x, y)
    (cost, gradient), read, accuracy = expected
    both = jaxnn.backprop(params, x, y, 1.0)
    by_jax = jaxnn.cost(params, x, y, 1.0), jaxnn.gradient(params, x, y, 1.0)
    under_jit = jax.jit(jax.value_and_grad(jaxnn.cost))(params, x, y, 1.0)
    for found in (both, by_jax, under_jit, jax.jit(jaxnn.backprop)(params, x, y, 1.0)):
        assert float(found[0]) == pytest.approx(cost, rel=1e-5)
        for a, b in zip(found[1], gradient, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    assert jaxnn.predict(params, x).sharding.spec[0] == "examples"
    np.testing.assert_array_equal(jaxnn.predict(params, x), read)
    assert jaxnn.accuracy(params, x, y) == pytest.approx(accuracy)


def squares(params, x, y):
    return jnp.mean((jnp.tanh(x @ params["w"]) @ params["v"] - y) ** 2)


def a_fit(seed=0):
    """Two layers of a person's own, 40 examples."""
    random = np.random.default_rng(seed)
    params = {"w": random.normal(size=(5, 3)), "v": random.normal(size=3)}
    return params, random.normal(size=(40, 5)), random.normal(size=40)


@pytest.mark.parametrize("method", ["adam", "bfgs", "lbfgs", "scipy-cg"])
def test_minimize_of_a_persons_own_function(spread, method):
    with jax.enable_x64(True):
        params, x, y = a_fit()
        plain = minimize(squares, params, (x, y), method, 8)
        args = spread(x, y)
        found = minimize(squares, params, args, method, 8)
        results = [found]
        if not method.startswith("scipy"):
            run = jax.jit(lambda p, args: minimize(squares, p, args, method, 8))
            results.append(run(params, args))
        for found in results:
            assert float(found.cost) == pytest.approx(plain.cost, rel=1e-7)
            for name in params:
                a, b = found.params[name], plain.params[name]
                np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize("batch_size", [None, 40])
def test_fit_trains_where_the_digits_lie(few_digits, spread, batch_size, monkeypatch):
    method = "lbfgs" if batch_size is None else "adam"
    how = {"steps": 12, "method": method, "batch_size": batch_size}
    plain = jaxnn.fit(few_digits, few_digits, **how)
    places, load = [], starting.load

    def watched(*args):
        loaded = load(*args)
        places.append(loaded.x.sharding.device_set)
        return loaded

    monkeypatch.setattr(starting, "load", watched)
    digits = jaxnn.Digits(*spread(few_digits.x, few_digits.y), "few digits")
    found = jaxnn.fit(digits, few_digits, **how)
    assert [len(place) for place in places] == [4, 4]
    assert found.cost == pytest.approx(plain.cost, rel=1e-4)
    for a, b in zip(found.params, plain.params, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)
    assert found.history.test_accuracy[-1] == plain.history.test_accuracy[-1]


def test_digits_on_a_mesh_are_checked_where_they_lie(few_digits, spread):
    x, y = spread(few_digits.x, few_digits.y)
    found = jaxnn.Digits(x, y)
    assert found.x is x
    expected = jaxnn.standardize(jaxnn.Digits(np.asarray(x), few_digits.y))
    standard = jaxnn.standardize(found)
    assert meshes.devices_of(standard.x)
    np.testing.assert_allclose(standard.x, expected.x, atol=1e-5)
    numbers = jaxnn.Digits(*spread(np.eye(4, dtype=int), np.arange(4)))
    assert numbers.x.dtype.kind == "f" and meshes.devices_of(numbers.x)
    with pytest.raises(jaxnn.Mistake, match="x holds nan in row 0, column 0"):
        jaxnn.Digits(
            *spread(np.where(few_digits.x == few_digits.x[0, 0], np.nan, 1), y)
        )
    with pytest.raises(jaxnn.Mistake, match="complex64 values"):
        jaxnn.Digits(x + 1j, y)
    with pytest.raises(jaxnn.Mistake, match=r"shape \(3, 3\): .* of 400 pixels"):
        jaxnn.Digits(x, y, shape=(3, 3))


def test_fit_of_other_digits_ignores_the_mesh_in_context(few_digits, spread):
    assert jaxnn.fit(few_digits, steps=2).steps == 2


def test_a_sharded_run_resumes(few_digits, spread, tmp_path):
    digits = jaxnn.Digits(*spread(few_digits.x, few_digits.y), "few digits")
    whole = jaxnn.fit(digits, steps=20)
    jaxnn.fit(digits, steps=10, out=tmp_path / "run", pictures=False)
    run = jaxnn.fit(digits, steps=20, out=tmp_path / "run", resume=True, pictures=False)
    for a, b in zip(run.params, whole.params, strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_device_has_no_mesh():
    x = jnp.ones((4, 3))
    assert meshes.explicit_mesh((x, 1.0, None)) is None
    assert meshes.devices_of(x) == meshes.devices_of(np.ones(3)) == []
