"""The benchmark of training: all contenders minimize one function, to one target."""

import time

import numpy as np
import pytest

import jaxnn

LAM = 1.7


@pytest.fixture
def race(load, few_digits, in_process):
    """Two starts on 200 digits, to a cost that takes some tens of steps."""
    starts = [jaxnn.init_params(seed) for seed in (3, 4)]
    x = few_digits.x.astype(np.float32)
    return load("harness.race").Race(2.0, LAM, starts, x, few_digits.y)


@pytest.fixture
def trainers(load):
    return load("harness.trainers")


def published(load, params, race):
    """Cost and gradient of the race in the course's own NumPy, float64."""
    params = tuple(np.asarray(theta, np.float64) for theta in params)
    return load("harness.peers").published(race.x, race.y)(params, race.lam)


@pytest.mark.parametrize("start", range(2))
def test_scikit_learn_minimizes_the_same_function(load, trainers, race, start):
    pytest.importorskip("sklearn")
    params = [theta.astype(np.float64) for theta in race.starts[start]]
    network, seen = trainers.as_sklearn(params, LAM), []
    evaluate = network._loss_grad_lbfgs

    def noted(*args):
        loss, gradient = evaluate(*args)
        seen.append((loss, np.array(gradient)))
        raise load("harness.race").Stop

    network._loss_grad_lbfgs = noted
    with pytest.raises(load("harness.race").Stop):
        network.fit(race.x.astype(np.float64), np.eye(10, dtype=int)[race.y])
    ((loss, gradient),) = seen
    cost, slopes = published(load, params, race)
    assert loss == pytest.approx(cost, rel=1e-12)
    weights = [slope[:, 1:].T for slope in slopes]  # scikit-learn's order
    expected = [*weights, *(slope[:, 0] for slope in slopes)]
    expected = np.concatenate([a.ravel() for a in expected])
    np.testing.assert_allclose(gradient, expected, atol=1e-12)


@pytest.mark.parametrize("start", range(2))
def test_pytorch_minimizes_the_same_function(load, race, start):
    pytest.importorskip("torch")
    peers = load("harness.peers")
    torch, _ = peers.start_torch("cpu")
    at = peers.leaves(torch, "cpu", race.starts[start])
    data = peers.as_tensors(torch, "cpu", race.x, race.y, True)
    cost = float(peers.torch_cost(torch, True)(at, *data, LAM).detach())
    expected, _ = published(load, race.starts[start], race)
    assert cost == pytest.approx(expected, rel=1e-6)


def test_vectors_for_scipy_go_there_and_back(trainers):
    params = jaxnn.init_params(0, (4, 3, 2))
    flat = trainers.laid_out(params)
    assert flat.shape == (3 * 5 + 2 * 4,) and flat.dtype == np.float64
    for ours, theta in zip(trainers.shaped_like(params, flat), params, strict=True):
        assert ours.dtype == theta.dtype
        np.testing.assert_array_equal(ours, theta)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_the_steps_of_jaxnn_are_the_fewest(load, trainers, race, monkeypatch, method):
    monkeypatch.setattr(trainers, "CHUNK", 32)
    minimized = []
    monkeypatch.setattr(trainers, "jaxnn", Noting(minimized))
    made = trainers.in_jaxnn(method, False, race, "cpu")
    costs = [made.run(i) for i in range(2)]
    for i, (steps, found) in enumerate(minimized[-2:]):
        assert costs[i] == found.history[-1] <= race.target < found.history[-2]
        assert len(found.history) == steps > 10
        assert published(load, found.params, race)[0] <= race.target * (1 + 1e-4)


class Noting:
    """jaxnn, whose minimize leaves steps and result in a list."""

    def __init__(self, found):
        self.found, self.cost = found, jaxnn.cost

    def minimize(self, *args, steps, **how):
        result = jaxnn.minimize(*args, steps=steps, **how)
        self.found.append((steps, result))
        return result


def test_centered_trainers_hand_out_the_network_itself(trainers, race, monkeypatch):
    # the race verifies the cost of the weights handed out, in float64 by NumPy
    monkeypatch.setattr(trainers, "CHUNK", 64)
    plain = trainers.in_jaxnn("cg", False, race, "cpu").facts
    there = trainers.in_jaxnn("cg", True, race, "cpu").facts
    assert sum(there["evaluations"]) < sum(plain["evaluations"])
    assert there["reached"] == 2 and there["cost"] == max(there["costs"]) <= 2.0002
    pytest.importorskip("torch")
    facts = [
        trainers.in_torch(is_centered, race, "cpu").facts for is_centered in (0, 1)
    ]
    plain, there = (sum(one["evaluations"]) for one in facts)
    assert there < plain and facts[1]["reached"] == len(race.starts)


@pytest.mark.parametrize("name", ["scipy", "sklearn"])
def test_trainers_in_python_stop_at_the_target(trainers, race, name):
    pytest.importorskip(name)
    how = ("L-BFGS-B", trainers.UNENDING, race, "float32")
    made = (
        trainers.scipy_numpy(*how)
        if name == "scipy"
        else trainers.in_sklearn(race, "float64")
    )
    tolerance = 1e-5 if name == "scipy" else 1e-10
    for i, (cost, curve) in enumerate(
        zip(made.facts["costs"], [made.facts["curve"], None], strict=True)
    ):
        assert made.run(i) == pytest.approx(cost, rel=tolerance)
        assert cost <= race.target * (1 + 1e-4)
        if curve:  # only its last evaluation is low enough
            assert curve[-1][1] <= race.target < curve[-2][1]
            assert len(curve) == made.facts["evaluations"][0]


def test_a_target_out_of_reach_is_said_so(load, trainers, race):
    unavailable = load("harness.rounds").Unavailable
    far = race._replace(target=1e-9)
    with pytest.raises(unavailable, match="did not reach 1e-09 from any of 2 starts"):
        trainers.scipy_numpy("TNC", {"maxfun": 20}, far, "float64")


def test_jaxnn_misses_a_target_out_of_reach(load, trainers, race, monkeypatch):
    monkeypatch.setattr(trainers, "CHUNK", 64)
    monkeypatch.setattr(trainers, "MOST", 128)
    with pytest.raises(load("harness.rounds").Unavailable, match="did not reach 1e-09"):
        trainers.in_jaxnn("cg", True, race._replace(target=1e-9), "cpu")


def test_a_start_that_leads_elsewhere_is_left_out(load, trainers, race, monkeypatch):
    monkeypatch.setattr(load("harness.race"), "MOST", 200)
    # hidden units that answer 1 to everything have no gradient, however sums round
    stuck = tuple(np.zeros_like(theta) for theta in race.starts[0])
    stuck[0][:, 0] = 100
    race = race._replace(starts=[stuck, race.starts[1]])
    made = trainers.scipy_numpy("L-BFGS-B", trainers.UNENDING, race, "float32")
    assert made.facts["reached"] == 1 and made.facts["starts"] == 2
    assert made.run(0) is None
    assert made.run(1) == pytest.approx(made.facts["costs"][0], rel=1e-5)


def test_watch_stops_at_the_target_and_at_the_limits(load, monkeypatch):
    module = load("harness.race")
    watch = module.Watch(1.0)
    watch.see(3.0, 2.0)
    with pytest.raises(module.Stop):
        watch.see(1.5, 1.0, 0.5)  # the last is not looked at
    assert watch.costs == [3.0, 2.0, 1.5, 1.0] and watch.is_there()
    assert watch.evaluations == 4 and watch.seconds == sorted(watch.seconds)
    monkeypatch.setattr(module, "MOST", 2)
    watch = module.Watch(0.0)
    watch.see(1.0)
    with pytest.raises(module.Stop):
        watch.see(float("nan"))
    assert not watch.is_there()
    watch = module.Watch(0.0, longest=0.001)
    time.sleep(0.002)
    with pytest.raises(module.Stop):
        watch.see(1.0)


@pytest.mark.parametrize("wrong", [0.3391, float("nan"), float("inf")])
def test_costs_above_the_target_are_refused(load, wrong):
    agree = load("harness.race").reaches(0.339, 1e-4)
    agree({"a": 0.339, "b": 0.339 * (1 + 0.9e-4), "c": 0.1})
    with pytest.raises(load("harness.rounds").BenchmarkError, match="b stops at cost"):
        agree({"a": 0.339, "b": wrong})


CHOSEN = {
    "jaxnn lbfgs": "jax",
    "jaxnn adam": "jax",  # made to miss the target
    "scikit-learn float32": "sklearn",
    "PyTorch LBFGS, centered": "torch",
}


@pytest.mark.slow
def test_training_script_runs(load, in_process, monkeypatch, capsys):
    for package in set(CHOSEN.values()):
        pytest.importorskip(package)
    script, original = load("train_to_cost"), load("train_to_cost").contenders
    unavailable = load("harness.rounds").Unavailable

    def missing(*_):
        raise unavailable("did not reach 2.0")

    def chosen(*args):
        kept = [c for c in original(*args) if c.name in CHOSEN]
        return [c._replace(setup=missing) if "adam" in c.name else c for c in kept]

    monkeypatch.setattr(script, "contenders", chosen)
    monkeypatch.setattr(load("harness.trainers"), "CHUNK", 32)
    assert script.main(["--quick"]) == 0
    printed = capsys.readouterr().out
    assert "Training to cost 2.0 at lambda 1, float32, CPU\n" in printed
    for name in CHOSEN:
        assert f"\n| {name} " in printed
    assert "\njaxnn adam: did not reach 2.0\n" in printed


def test_contenders_of_training(load, race):
    script = load("train_to_cost")
    names = [c.name for c in script.contenders(["cpu"], race)]
    assert names[:2] == ["jaxnn lbfgs, plain coordinates", "jaxnn lbfgs"]
    assert len(set(names)) == len(names) == 21
    assert sum("1 BLAS thread" in name for name in names) == 7
    both = [c.name for c in script.contenders(["cpu", "gpu"], race)]
    assert both[0] == "jaxnn lbfgs, plain coordinates, cpu"
    assert "PyTorch LBFGS, gpu" in both
    assert "PyTorch LBFGS, gpu, 1 BLAS thread" not in both
