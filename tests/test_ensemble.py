"""Many networks at once are the same networks one by one."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from jaxnn import model
from jaxnn.ensemble import lockstep, networks, spread
from jaxnn.ensemble.kept import Store
from jaxnn.ensemble.lockstep import (
    group_size,
    networks_at_once,
    of_each,
    size_to_keep,
)
from jaxnn.ensemble.networks import minimize_all, stack
from jaxnn.optimizers import METHODS, minimize

LAMS = np.array([0.0, 0.3, 1.0, 5.0, 20.0])
AXES = (None, None, 0)


@pytest.fixture
def five(few_digits):
    """Five small networks, each with its own start and lambda: params, args."""
    starts = [jaxnn.init_params(s, (400, 4, 10), dtype="float64") for s in range(5)]
    return stack(starts), (few_digits.x, few_digits.y, LAMS)


def one_by_one(params, args, method, steps, **how):
    x, y, lams = args
    return [
        minimize(
            model.cost,
            tuple(t[i] for t in params),
            (x, y, lams[i]),
            method,
            steps,
            **how,
        )
        for i in range(len(lams))
    ]


@pytest.mark.parametrize("method", ["gd", "momentum", "lbfgs", "cg", "scipy-cg"])
def test_together_is_one_by_one(method, five, device):
    params, args = five
    with jax.enable_x64(True):
        found = minimize_all(model.cost, params, args, AXES, method, 12)
        alone = one_by_one(params, args, method, 12)
    np.testing.assert_allclose(found.cost, [one.cost for one in alone], rtol=1e-9)
    np.testing.assert_allclose(found.costs, [one.history for one in alone], rtol=1e-9)
    assert found.steps.tolist() == [one.steps for one in alone]
    assert found.evaluations.tolist() == [one.evaluations for one in alone]
    for i, one in enumerate(alone):
        for theta, expected in zip(found.params, one.params, strict=True):
            np.testing.assert_allclose(theta[i], expected, atol=1e-8)


def test_networks_that_converge_wait_for_the_others(five):
    params, args = five
    with jax.enable_x64(True):
        how = {"tolerance": 0.05, "learning_rate": 2.0}
        found = minimize_all(model.cost, params, args, AXES, "gd", 300, **how)
        alone = one_by_one(params, args, "gd", 300, **how)
    assert found.converged.tolist() == [one.converged for one in alone]
    assert found.steps.tolist() == [one.steps for one in alone]
    assert len(set(found.steps.tolist())) > 1
    taken = np.isfinite(found.costs).sum(axis=1)
    np.testing.assert_array_equal(taken, found.steps)


def drops_off(p, edge):
    """Slope 1 down to an edge, beyond which there is nothing."""
    return jnp.where(p[0] > edge, p[0], jnp.nan)


def test_a_network_that_diverges_is_marked_and_touches_no_other():
    starts = (np.zeros((3, 1)),)

    def fun(params, edge):
        return drops_off(params[0], edge)

    with jax.enable_x64(True):
        found = minimize_all(
            fun, starts, (np.array([-99.0, -2.5, -99.0]),), (0,), "gd", 6
        )
    assert found.diverged.tolist() == [False, True, False]
    assert found.params[0].ravel().tolist() == [-6, -2, -6]  # -2: the last good one
    assert np.isnan(found.cost[1]) and found.cost[[0, 2]].tolist() == [-6, -6]
    assert found.steps.tolist() == [6, 3, 6]


@pytest.mark.slow
def test_groups_that_are_halved_where_memory_is_full_change_nothing(five, monkeypatch):
    params, args = five
    notices, shown = [], []
    whole_run = networks.run_all

    def small_device(*call):
        if len(call[5].cost) > 2:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return whole_run(*call)

    with jax.enable_x64(True):
        whole = minimize_all(model.cost, params, args, AXES, "gd", 7)
        monkeypatch.setattr(networks, "run_all", small_device)
        parts = minimize_all(
            model.cost,
            params,
            args,
            AXES,
            "gd",
            7,
            notice=notices.append,
            progress=lambda done, all: shown.append((done, all)),
        )
    assert notices == ["the device's memory is full: now in groups of 2"]
    np.testing.assert_allclose(parts.cost, whole.cost, rtol=1e-12)
    assert shown[-1] == (35, 35) and len(shown) > 1


def test_a_full_memory_later_keeps_the_groups_before(five, monkeypatch):
    params, args = five
    shown, real, failures = [], networks.run_all, []

    def full_once(*call):
        if shown and shown[-1] == (14, 35) and not failures:
            failures.append(1)
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return real(*call)

    monkeypatch.setattr(networks, "threads_for", lambda n: 1)
    monkeypatch.setattr(networks, "group_size", lambda *_: 2)
    monkeypatch.setattr(networks, "run_all", full_once)
    note = {"progress": lambda done, all: shown.append((done, all))}
    parts = minimize_all(model.cost, params, args, AXES, "gd", 7, **note)
    monkeypatch.setattr(networks, "group_size", lambda *_: 5)
    whole = minimize_all(model.cost, params, args, AXES, "gd", 7)
    assert failures and shown == sorted(shown) and shown[-1] == (35, 35)
    np.testing.assert_allclose(parts.cost, whole.cost, rtol=1e-5)


def test_an_error_of_progress_ends_every_group(five, monkeypatch):
    monkeypatch.setattr(networks, "threads_for", lambda n: 2)

    def fails(*_):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):  # or this runs for an hour
        minimize_all(model.cost, *five, AXES, "gd", 10**6, tolerance=0, progress=fails)


def takes_70_terabytes(params):
    v = params[0][0] + jnp.ones(2**22, "float32")
    return jnp.sum(jnp.outer(v, jnp.sin(v)) @ v)


def test_not_even_one_fits():
    notices, starts = [], (np.zeros((3, 1), "float32"),)
    with pytest.raises(jaxnn.Mistake, match="one network does not fit .* use fewer"):
        minimize_all(takes_70_terabytes, starts, (), (), "gd", notice=notices.append)
    assert len(notices) == 1


def test_another_error_of_the_device_is_raised_as_it_is(five, monkeypatch):
    def broken(*_):
        raise jax.errors.JaxRuntimeError("INTERNAL: broken")

    monkeypatch.setattr(networks, "run_all", broken)
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL: broken"):
        minimize_all(model.cost, *five, AXES, "gd", 7)


@pytest.mark.parametrize(("hidden", "networks"), [(25, 160), (1000, 4), (100_000, 1)])
def test_a_group_holds_half_a_gigabyte_of_state(hidden, networks):
    # a weight is 1 number, and 2 x 40 more in the pairs of L-BFGS
    one = [np.broadcast_to(0, (1, *s)) for s in ((hidden, 401), (10, 1 + hidden))]
    assert group_size(METHODS["lbfgs"], tuple(one), np.float32(0)) == networks


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "at least 1"),
        ({"tolerance": np.nan}, "tolerance nan"),
        ({"options": {"gtol": 1}}, "lbfgs takes no options; they are for scipy-cg"),
        ({"method": "lbgfs"}, "unknown method"),
    ],
)
def test_unusable_settings_are_refused(five, settings, message):
    params, args = five
    with pytest.raises(ValueError, match=message):
        minimize_all(model.cost, params, args, AXES, **settings)


def test_evaluate_is_the_function_of_each(five):
    params, args = five
    with jax.enable_x64(True):
        found = of_each(model.cost, params, args, AXES)
        expected = [
            model.cost(tuple(t[i] for t in params), *args[:2], lam)
            for i, lam in enumerate(LAMS)
        ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_searching_methods_step_alone_on_a_cpu():
    with jax.default_device(jax.devices("cpu")[0]):
        assert networks_at_once(METHODS["lbfgs"], 32) == 1
        assert networks_at_once(METHODS["gd"], 32) == 8
        assert networks_at_once(METHODS["gd"], 3) == 3


class Killed(Exception):
    """Ends a run as a kill does: nothing may be kept after it."""


class Dies(Store):
    """A store whose process dies after two groups."""

    def keep(self, first, part):
        kept = super().keep(first, part)
        if len(self.parts()) == 2:
            raise Killed
        return kept


@pytest.mark.parametrize(("method", "groups"), [("gd", 3), ("scipy-cg", 5)])
def test_a_run_that_is_killed_goes_on_to_the_same_numbers(
    five, tmp_path, monkeypatch, method, groups
):
    params, args = five
    monkeypatch.setattr(networks, "threads_for", lambda n: 1)
    monkeypatch.setattr(networks, "group_size", lambda *_: 2)
    made, shown, kept = [], [], (tmp_path, (400, 4, 10), "float64")
    real = Store.keep
    monkeypatch.setattr(Store, "keep", lambda *a: made.append(a[1]) or real(*a))
    how = {"method": method, "steps": 7}
    with jax.enable_x64(True):
        whole = minimize_all(model.cost, params, args, AXES, **how)
        with pytest.raises(Killed):
            minimize_all(model.cost, params, args, AXES, **how, store=Dies(*kept))
        before = len(made)
        how["progress"] = lambda done, _: shown.append(done)
        found = minimize_all(model.cost, params, args, AXES, **how, store=Store(*kept))
    assert before == 2 and len(made) == groups and len(set(made)) == groups
    assert shown[0] > 7 * made[1] and shown[-1] == 35
    for name in ("cost", "steps", "evaluations", "converged", "diverged"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    for theta, expected in zip(found.params, whole.params, strict=True):
        np.testing.assert_array_equal(theta, expected)
    assert found.costs.shape == (5, 0) and whole.costs.shape == (5, 7)


def test_a_group_of_other_networks_is_refused(five, tmp_path):
    params, args = five
    with jax.enable_x64(True):
        store = Store(tmp_path, (400, 4, 10), "float64")
        minimize_all(model.cost, params, args, AXES, "gd", 1, store=store)
    assert store.kept(0) is not None and store.kept(1) is None
    for wrong in (store._replace(layers=(399, 4, 10)), store._replace(dtype="float32")):
        with pytest.raises(jaxnn.Mistake, match="4-0.npz: not a group of this sweep"):
            wrong.parts()


def test_groups_that_are_kept_are_small_and_alike():
    with jax.default_device(jax.devices("cpu")[0]):
        assert size_to_keep(5000, 10_000, 2) == 64
        assert size_to_keep(65, 130, 2) == 33  # two rounds of two: 132 in all
        assert size_to_keep(3, 5, 2) == 3


@pytest.mark.parametrize("method", ["gd", "lbfgs"])
def test_networks_spread_over_devices_are_those_of_one(few_digits, method):
    # 5 networks on 4 devices: each device trains two, three of them again
    how = {"lams": [0.0, 1.0, 2.0, 3.0, 1e9], "hidden": 4, "seeds": 1, "steps": 20}
    how |= {"method": method, "dtype": "float64", "device": "cpu"}
    one, four = (jaxnn.train_many(few_digits, devices=n, **how) for n in (1, 4))
    for a, b in zip(one, four, strict=True):
        np.testing.assert_allclose(b.cost, a.cost, rtol=1e-9)
        np.testing.assert_allclose(b.theta1, a.theta1, atol=1e-9)
        np.testing.assert_array_equal(b.right, a.right)
        np.testing.assert_array_equal(b.diverged, a.diverged)


def test_networks_on_several_devices_wait_for_none(few_digits):
    mesh = spread.mesh_of("cpu", 4)
    params = stack([jaxnn.init_params(s, (400, 3, 10)) for s in range(4)])
    args = np.float32(few_digits.x), few_digits.y, np.float32(1)
    axes = (None, None, None)
    args = spread.share(mesh, args, axes)
    params, args = spread.placed(mesh, params, args, axes)
    method = METHODS["lbfgs"]
    start = lockstep.all_unevaluated(method, params, np.float32(0))
    how = jaxnn.cost, method, axes, 1, 5, start, args, np.int32(5), np.float32(0)
    text = lockstep.run_all.lower(*how, mesh).compile().as_text()
    assert not re.search(r"all-(reduce|gather|to-all)|collective-permute", text)
