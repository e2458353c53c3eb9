"""The benchmark of training: all contenders minimise one function, to one target."""

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import jaxnn

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
LAM = 1.7


@pytest.fixture
def race(load, few_digits):
    """Two starts on 200 digits, to a cost that takes some tens of steps."""
    starts = [jaxnn.init_params(seed) for seed in (3, 4)]
    x = few_digits.x.astype(np.float32)
    return load("race").Race(2.0, LAM, starts, x, few_digits.y)


def published(load, params, race):
    """Cost and gradient of the race in the course's own NumPy, float64."""
    params = tuple(np.asarray(theta, np.float64) for theta in params)
    data = race.x.astype(np.float64), np.eye(10)[race.y]
    return load("numpy_mlp").published(params, *data, race.lam)


def first_evaluation(load, network, race):
    """Loss and gradient that scikit-learn's training computes first."""
    seen, evaluate = [], network._loss_grad_lbfgs

    def noted(*args):
        loss, gradient = evaluate(*args)
        seen.append((loss, np.array(gradient)))
        return loss, gradient

    network._loss_grad_lbfgs = noted
    with load("sklearn_mlp").quiet_sklearn():
        network.fit(race.x.astype(np.float64), np.eye(10, dtype=int)[race.y])
    return seen[0]


@pytest.mark.parametrize("start", range(2))
def test_scikit_learn_minimises_the_same_function(load, race, start):
    pytest.importorskip("sklearn")
    params = [theta.astype(np.float64) for theta in race.starts[start]]
    network = load("sklearn_mlp").as_sklearn(params, LAM, max_iter=1)
    loss, gradient = first_evaluation(load, network, race)
    cost, slopes = published(load, params, race)
    assert loss == pytest.approx(cost, rel=1e-12)
    weights = [slope[:, 1:].T for slope in slopes]  # scikit-learn's order
    expected = [*weights, *(slope[:, 0] for slope in slopes)]
    expected = np.concatenate([a.ravel() for a in expected])
    np.testing.assert_allclose(gradient, expected, atol=1e-12)


def test_scikit_learn_gives_back_its_weights_as_ours(load, race):
    pytest.importorskip("sklearn")
    sklearn_mlp = load("sklearn_mlp")
    network = sklearn_mlp.as_sklearn(race.starts[0], LAM, max_iter=3)
    with sklearn_mlp.quiet_sklearn():
        network.fit(race.x, np.eye(10, dtype=int)[race.y])
    found = sklearn_mlp.thetas(network)
    cost, _ = published(load, found, race)
    assert cost == pytest.approx(network.loss_, rel=1e-5)
    assert cost < published(load, race.starts[0], race)[0]


@pytest.mark.parametrize("start", range(2))
def test_pytorch_minimises_the_same_function(load, race, start):
    torch, torch_mlp = pytest.importorskip("torch"), load("torch_mlp")
    at = torch_mlp.leaves(torch, "cpu", race.starts[start])
    data = torch_mlp.as_tensors(torch, "cpu", race.x, race.y, True)
    cost = float(torch_mlp.cost_function(torch, True)(at, *data, LAM).detach())
    expected, _ = published(load, race.starts[start], race)
    assert cost == pytest.approx(expected, rel=1e-6)


def test_vectors_for_scipy_go_there_and_back(load):
    trainers, params = load("trainers"), jaxnn.init_params(0, (4, 3, 2))
    flat = trainers.laid_out(params)
    assert flat.shape == (3 * 5 + 2 * 4,) and flat.dtype == np.float64
    for ours, theta in zip(trainers.shaped_like(params, flat), params, strict=True):
        assert ours.dtype == theta.dtype
        np.testing.assert_array_equal(ours, theta)


def jax_left_alone(load, monkeypatch):
    """Keep a contender from settling JAX for the whole process of the tests."""
    cpu = jax.devices("cpu")[0]
    monkeypatch.setattr(load("workers"), "start_jax", lambda *_: cpu)
    return cpu


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_the_steps_of_jaxnn_are_the_fewest(load, race, monkeypatch, method):
    cpu = jax_left_alone(load, monkeypatch)
    steps = load("trainers").in_jaxnn(method, False, race, "cpu").facts["steps"]
    data = race.x, race.y, np.float32(LAM)
    starts, data = jax.device_put((race.starts, data), cpu)
    size = max(32, 1 << (max(steps) - 1).bit_length())  # of its loop: compiled already
    how = {"args": data, "method": method, "chunk": size}
    for params, fewest in zip(starts, steps, strict=True):
        found = jaxnn.minimize(jaxnn.cost, params, steps=fewest, **how)
        assert published(load, found.params, race)[0] <= race.target * (1 + 1e-4)
        before = jaxnn.minimize(jaxnn.cost, params, steps=fewest - 1, **how)
        assert published(load, before.params, race)[0] > race.target * (1 - 1e-4)


def test_centred_trainers_hand_out_the_network_itself(load, race, monkeypatch):
    # the race verifies the cost of the weights handed out, in float64 by NumPy
    jax_left_alone(load, monkeypatch)
    trainers = load("trainers")
    plain = trainers.in_jaxnn("cg", False, race, "cpu").facts["evaluations"]
    there = trainers.in_jaxnn("cg", True, race, "cpu").facts["evaluations"]
    assert sum(there) < sum(plain)
    pytest.importorskip("torch")
    assert trainers.in_torch(True, race, "cpu").facts["reached"] == len(race.starts)


def test_scipy_stops_at_the_target(load, race):
    trainers = load("trainers")
    made = trainers.scipy_numpy("L-BFGS-B", trainers.UNENDING, race, "float32")
    for i, (cost, curve) in enumerate(
        zip(made.facts["costs"], [made.facts["curve"], None], strict=True)
    ):
        assert made.run(i) == pytest.approx(cost, rel=1e-5)
        assert cost <= race.target * (1 + 1e-4)
        if curve:  # only its last evaluation is low enough
            assert curve[-1][1] <= race.target < curve[-2][1]


def test_scikit_learn_stops_at_the_target(load, race):
    pytest.importorskip("sklearn")
    sklearn_mlp = load("sklearn_mlp")
    made = sklearn_mlp.in_sklearn(race, "float64")
    for i, (cost, steps) in enumerate(
        zip(made.facts["costs"], made.facts["steps"], strict=True)
    ):
        assert made.run(i) == pytest.approx(cost, rel=1e-10)
        assert cost <= race.target
        x, indicators = race.x.astype(np.float64), np.eye(10, dtype=int)[race.y]
        with sklearn_mlp.quiet_sklearn():
            before = sklearn_mlp.as_sklearn(race.starts[i], LAM, max_iter=steps - 1)
            assert before.fit(x, indicators).loss_ > race.target


def test_a_target_out_of_reach_is_said_so(load, race):
    trainers, timing = load("trainers"), load("timing")
    with pytest.raises(timing.Unavailable, match="did not reach 1e-09 from any of 2"):
        far = race._replace(target=1e-9)
        trainers.scipy_numpy("TNC", {"maxfun": 100}, far, "float64")


def test_a_start_that_leads_elsewhere_is_left_out(load, race, monkeypatch):
    monkeypatch.setattr(load("race"), "MOST", 200)
    # hidden units that answer 1 to everything have no gradient, however sums round
    stuck = tuple(np.zeros_like(theta) for theta in race.starts[0])
    stuck[0][:, 0] = 100
    race = race._replace(starts=[stuck, race.starts[1]])
    trainers = load("trainers")
    made = trainers.scipy_numpy("L-BFGS-B", trainers.UNENDING, race, "float32")
    assert made.facts["reached"] == 1 and made.facts["starts"] == 2
    assert made.run(0) is None
    assert made.run(1) == pytest.approx(made.facts["costs"][0], rel=1e-5)


def test_rounds_without_a_time_are_in_no_average(load):
    contest, timing, rows = load("contest"), load("timing"), load("rows")
    base = timing.Timing("base", np.array([1.0, np.nan, 4.0]), 0.5, "float64", 0, "cpu")
    other = base._replace(name="other", seconds=np.array([3.0, 4.0, np.nan]))
    assert contest.ratio(other, base) == 3.0
    row = rows.as_rows([base, other])[1]
    assert row["median"] == 3.5 and row["min"] == 3.0
    assert row["seconds"] == [3.0, 4.0, None]


@pytest.mark.parametrize("wrong", [0.3391, float("nan"), float("inf")])
def test_costs_above_the_target_are_refused(load, wrong):
    agree = load("race").reaches(0.339, 1e-4)
    agree({"a": 0.339, "b": 0.339 * (1 + 0.9e-4), "c": 0.1})
    with pytest.raises(load("timing").BenchmarkError, match="b stops at cost"):
        agree({"a": 0.339, "b": wrong})


@pytest.mark.slow
def test_training_script_runs(tmp_path):
    names = {
        "jaxnn lbfgs centred": "jax",
        "scikit-learn float32, 1 BLAS thread": "sklearn",
        "PyTorch LBFGS centred, 1 BLAS thread": "torch",
    }
    done = subprocess.run(
        [sys.executable, FOLDER / "training.py", "--quick", "--only", *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "did not reach" not in done.stdout + done.stderr
    for name, package in names.items():
        is_there = any(line.startswith(name) for line in done.stdout.splitlines())
        assert is_there == (importlib.util.find_spec(package) is not None), name


@pytest.mark.slow
def test_process_script_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, FOLDER / "process.py", "--quick"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for name in ("cpu, cold", "cpu, warm"):
        assert any(line.startswith(name) for line in done.stdout.splitlines())
