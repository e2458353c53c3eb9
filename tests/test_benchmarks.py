"""The benchmarks: NumPy and PyTorch forms, how contenders are timed, the scripts."""

import importlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import jaxnn
from jaxnn import cli, devices
from jaxnn.training import blocks

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks"


def problem(seed, dtype, m=37, layers=(11, 7, 10)):
    """Random weights, pixels (m, n) and classes (m,); lambda."""
    random = np.random.default_rng(seed)
    params = tuple(
        random.normal(0, 1, (n_out, 1 + n_in)).astype(dtype)
        for n_in, n_out in zip(layers[:-1], layers[1:], strict=True)
    )
    x = random.uniform(-0.1, 1.1, (m, layers[0])).astype(dtype)
    return params, x, random.integers(0, layers[-1], m), 1.3


def written_out(params, x, y, lam):
    """The course's formula for the cost, one example and one class at a time."""
    total = 0.0
    for pixels, digit in zip(x.astype(float), y, strict=True):
        a = pixels
        for theta in params:
            a = 1 / (1 + np.exp(-(theta[:, 0] + theta[:, 1:].astype(float) @ a)))
        for k, output in enumerate(a):
            total -= np.log(output) if k == digit else np.log(1 - output)
    squares = sum((theta[:, 1:].astype(float) ** 2).sum() for theta in params)
    return total / len(x) + lam / (2 * len(x)) * squares


def assert_same(result, params, x, y, lam, tolerance):
    """cost and gradient are those of the formula and of jaxnn.backprop."""
    cost, gradient = result
    assert cost == pytest.approx(written_out(params, x, y, lam), rel=tolerance)
    expected_cost, expected = jaxnn.backprop(params, x, y, lam)
    assert cost == pytest.approx(float(expected_cost), rel=tolerance)
    for ours, theirs in zip(gradient, expected, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        assert error < tolerance


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-5)])
def test_tight_numpy_is_right(load, order, seed, dtype, tolerance):
    params, x, y, lam = problem(seed, dtype)
    evaluate = load("harness.peers").tight(params, x, y, order)
    first = evaluate(params, lam)
    assert_same(first, params, x, y, lam, tolerance)
    cost, gradient = evaluate(params, lam)  # in memory that it has used
    assert cost == first[0]
    assert all(map(np.array_equal, gradient, first[1]))


def test_tight_numpy_is_right_far_from_zero(load):
    params, x, y, lam = problem(3, "float32")
    params = tuple(1000 * theta for theta in params)
    cost, gradient = load("harness.peers").tight(params, x, y)(params, lam)
    expected_cost, expected = jaxnn.backprop(params, x, y, lam)
    assert cost == pytest.approx(float(expected_cost), rel=1e-5)
    for ours, theirs in zip(gradient, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_published_numpy_is_right(load, seed):
    params, x, y, lam = problem(seed, "float64")
    result = load("harness.peers").published(x, y)(params, lam)
    assert_same(result, params, x, y, lam, 1e-12)


@pytest.mark.parametrize("are_columns", [False, True])
def test_torch_computes_the_same(load, are_columns):
    pytest.importorskip("torch")
    peers = load("harness.peers")
    torch, kind = peers.start_torch("cpu")
    params, x, y, lam = problem(0, "float64")
    thetas = peers.leaves(torch, "cpu", params)
    data = peers.as_tensors(torch, "cpu", x, y, are_columns)
    cost = peers.torch_cost(torch, are_columns)(thetas, *data, lam)
    cost.backward()
    result = float(cost.detach()), [theta.grad.numpy() for theta in thetas]
    assert_same(result, params, x, y, lam, 1e-12)
    assert kind == "cpu"


@pytest.mark.parametrize("wrong", [1.01, float("nan")])
def test_wrong_costs_are_refused(load, wrong):
    rounds = load("harness.rounds")
    agree = rounds.same_cost(1e-5)
    agree({"a": 1.0, "b": 1.0 + 1e-7})
    with pytest.raises(rounds.BenchmarkError, match="b computes the cost"):
        agree({"a": 1.0, "b": wrong})


def instant(rounds, name, cost=1.0, log=None):
    """A contender that takes no time; log: names are added to it as they run."""

    def run(i):
        if log is not None:
            log.append(name)
        return cost

    made = rounds.Prepared(run, 2, "float64", facts={"more": 3})
    return rounds.Contender(name, lambda: made)


def test_each_round_has_an_order_of_its_own(load, in_process):
    rounds, log = load("harness.rounds"), []
    names = list("abcde")
    competing = [instant(rounds, name, log=log) for name in names]
    rows = rounds.compare(competing, 4, rounds.same_cost(0))
    ran = log[2 * len(names) :: 2]  # each runs twice, so short it is; first the set-up
    orders = [ran[i : i + len(names)] for i in range(0, len(ran), len(names))]
    assert len(set(map(tuple, orders))) == 4  # as seed 0 draws them
    assert all(sorted(order) == names for order in orders)
    assert [row["name"] for row in rows] == names
    assert all(len(row["seconds"]) == 4 and row["cost"] == 1 for row in rows)
    assert rows[0]["more"] == 3 and rows[0]["dtype"] == "float64"


def test_contenders_that_cannot_run_are_left_out(load, in_process, capsys):
    rounds = load("harness.rounds")

    def failing(error):
        def setup():
            raise error

        return setup

    found = rounds.compare(
        [
            instant(rounds, "one"),
            rounds.Contender("two", lambda: importlib.import_module("no_such")),
            rounds.Contender("three", failing(rounds.Unavailable("it lacks a part"))),
            rounds.Contender("four", failing(RuntimeError("compiler\nlost"))),
        ],
        1,
        rounds.same_cost(0),
    )
    one, three = found
    assert one["name"] == "one" and one["cost"] == 1
    assert three == {"name": "three", "environment": {}, "why": "it lacks a part"}
    printed = capsys.readouterr().err
    assert "two: skipped, No module named 'no_such'; pip install -e '.[be" in printed
    assert "four: skipped, compiler\n" in printed


def test_what_the_first_contender_raises_is_raised(load, in_process):
    rounds = load("harness.rounds")

    def setup():
        raise RuntimeError("broken")

    competing = [rounds.Contender("one", setup), instant(rounds, "two")]
    with pytest.raises(RuntimeError, match="broken") as caught:
        rounds.compare(competing, 1, rounds.same_cost(0))
    assert "contender 'one'" in caught.value.__notes__[0]


def test_a_contender_that_computes_wrongly_ends_the_script(load, in_process, capsys):
    script, rounds = load("harness.script"), load("harness.rounds")
    args = script.flags("gradient", "About.", "little").parse_args(["--rounds", "1"])
    competing = [instant(rounds, "one"), instant(rounds, "two", cost=2.0)]
    with pytest.raises(SystemExit, match="error: two computes the cost 2.0, one 1.0"):
        script.hold(args, competing, rounds.same_cost(0.1))


def test_a_worker_has_its_environment_and_process(load, tmp_path):
    rounds = load("harness.rounds")
    module = tmp_path / "away.py"
    module.write_text(
        "import os\nfrom harness.rounds import Prepared\n"
        "def setup():\n"
        "    facts = {'pid': os.getpid(), 'said': os.environ['SAID']}\n"
        "    return Prepared(lambda i: 1.0, 1, 'float64', facts=facts)\n"
    )
    sys.path.append(str(tmp_path))  # workers get it, too
    try:
        setup = importlib.import_module("away").setup
        contender = rounds.Contender("away", setup, environment={"SAID": "so"})
        (row,) = rounds.compare([contender], 1, rounds.same_cost(0))
    finally:
        sys.path.remove(str(tmp_path))
    assert row["said"] == "so" and row["pid"] != os.getpid()
    assert row["environment"] == {"SAID": "so"} and row["seconds"][0] >= 0


def test_workers_end_with_a_benchmark_that_is_killed(tmp_path):
    killed = tmp_path / "killed.py"
    killed.write_text(
        "import os, signal, sys\n"
        f"sys.path.insert(0, {str(FOLDER)!r})\n"
        "from harness import rounds\n"
        "if __name__ == '__main__':\n"
        "    rounds.worker().submit(os.getpid).result()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # returns when nobody, a worker included, holds its output any more
    done = subprocess.run([sys.executable, killed], capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL


@pytest.fixture
def results(load, monkeypatch, tmp_path):
    """The folder to which scripts save, an empty one."""
    monkeypatch.setattr(load("harness.script"), "RESULTS", tmp_path)
    return tmp_path


def test_rows_replace_those_of_the_same_contest(load, results):
    script = load("harness.script")
    machine = {"cpu": "Intel(R) Xeon(R) Processor", "threads": {"cores": 2}}
    contest = {"what": "gradient", "on": "cpu", "precision": "float32", **machine}
    other = {**contest, "precision": "float64", "cost": 3.0}
    path = script.save([{**contest, "cost": 1.0}, other])
    assert path == results / "intel-xeon-2-cores.json"
    assert script.save([{**contest, "cost": float("nan")}]) == path
    assert [row["cost"] for row in script.load(path)] == [3.0, None]
    script.save([{**contest, "target": 0.339}, {**contest, "target": 0.32}])
    script.save([{**contest, "target": 0.32, "cost": 4.0}])
    kept = [(row.get("target"), row.get("cost")) for row in script.load(path)]
    assert kept == [(None, 3.0), (None, None), (0.339, None), (0.32, 4.0)]
    assert script.save([{**contest, "gpu": "NVIDIA H200"}]) == path
    assert len(script.load(path)) == 5  # in addition to those without it
    script.save([{**contest, "hidden": 25}, {**contest, "hidden": 100}])
    assert len(script.load(path)) == 7  # each size is a contest


def test_a_damaged_file_of_rows_is_found_before_the_work(load, results):
    script = load("harness.script")
    path = script.file_of(script.machine())
    path.write_text("[{")
    parser = script.flags("gradient", "About.", "little")
    with pytest.raises(jaxnn.Mistake, match="is damaged; restore it or move it away"):
        script.read(parser, ["--save"], 1, 1)
    assert path.read_text() == "[{"


def test_gradient_flops(load):
    flops = load("harness.on_device").gradient_flops
    # 2-3-1, five examples: forward 9 products of weights, gradients 9, delta back 3
    assert flops(5, (2, 3, 1)) == 2 * 5 * (9 + 9 + 3)
    assert flops(5000, (400, 25, 10)) == 207.5e6


SCRIPTS = {
    "gradient": ("jaxnn", "JAX, row-wise", "jaxnn.backprop on JAX", "limit: 208 MFLOP")
    + ("PyTorch eager, rows", "PyTorch eager, columns", "NumPy float32, tight rows")
    + ("NumPy float32, tight columns", "NumPy float64, as published")
    + ("jaxnn.backprop on NumPy",),
    "many_networks": ("one network", "Python loop over 8", "8 in one call", "limit: "),
    "scaling": ("jaxnn", "one call", "NumPy, tight columns"),
    "streaming": ("in memory", "from disk, resized once", "from disk, bytes")
    + ("from disk, bytes in batches",),
    "several_devices": ("1 device", "2 devices", "4 devices"),
    "estimators": ("jaxnn", "MLPClassifier", "GridSearchCV", "GridSearch"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_all_contenders_of_a_script_agree(
    load, in_process, results, capsys, monkeypatch, name
):
    if name == "gradient":
        pytest.importorskip("torch")
    script = load(name)
    if name == "estimators":
        monkeypatch.setattr(script, "STARTS", 1)

    def chosen(*args, contenders=script.contenders):  # PyTorch compiles for long
        slow = re.compile("compiled|skorch|MLP.*BLAS")
        return [c for c in contenders(*args) if not slow.search(c.name)]

    monkeypatch.setattr(script, "contenders", chosen)
    assert script.main(["--quick", "--rounds", "1"]) == 0
    printed = capsys.readouterr().out
    for label in SCRIPTS[name]:
        assert re.search(rf"^\|( +500 \| +25 \|)? {re.escape(label)}", printed, re.M)
    assert not list(results.iterdir())


def test_numpy_takes_more_digits_in_blocks(load, monkeypatch):
    scaling = load("scaling")
    whole = scaling.in_numpy(700, 5)
    monkeypatch.setattr(blocks, "BLOCK", 300)  # the last is smaller
    parts = scaling.in_numpy(700, 5)
    assert parts.run(0) == pytest.approx(whole.run(0), rel=1e-5)
    assert parts.memory == whole.memory > parts.facts["data_bytes"] == 700 * 400 * 4


SAVE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import scaling
from harness import script
if __name__ == "__main__":
    scaling.SIZES, script.RESULTS = [(500, 3)], Path(sys.argv[2])
    scaling.main(["--save", "--rounds", "1"])
"""


@pytest.mark.slow
def test_script_runs_and_saves(tmp_path):
    """In processes of its own, as a person runs it; only the folder is another."""
    script = tmp_path / "smallest.py"
    script.write_text(SAVE)
    words = [sys.executable, script, FOLDER, tmp_path]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "scaling" not in done.stderr and "NumPy, tight columns" in done.stdout
    (path,) = tmp_path.glob("*.json")
    rows = json.loads(path.read_text())
    assert [row["form"] for row in rows] == [
        "jaxnn",
        "one call",
        "NumPy, tight columns",
    ]
    assert all(row["seconds"][0] > 0 and row["versions"]["jax"] for row in rows)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--device", "gpu"], "a GPU was asked for, but JAX sees only cpu"),
        (["--rounds", "0"], "argument --rounds: 0 is not above 0; see"),
        (["--save"], "argument --save: leave out --quick, which measures only a part"),
        (["--dtype", "float16"], "invalid choice: 'float16'"),
        (["--many"], "unrecognized arguments: --many; see"),
    ],
)
def test_a_mistake_is_one_line(load, monkeypatch, capsys, flags, message):
    monkeypatch.setattr(devices, "prepare_process", lambda _: None)
    if "gpu" in flags and jax.default_backend() == "gpu":
        pytest.skip("there is a GPU")
    gradient = load("gradient")
    assert cli.exit_code(gradient.main, ["--quick", *flags], "gradient") == 2
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.startswith("gradient: ")
    assert len(printed.err.splitlines()) == 1 and not printed.out


def test_names_differ_from_the_librarys():
    ours = {p.stem for p in FOLDER.rglob("*.py")} | {"harness"}
    package = ROOT / "jaxnn"
    theirs = {p.stem for p in package.rglob("*.py")}
    theirs |= {p.name for p in package.rglob("*") if p.is_dir()}
    assert ours & theirs == {"__init__"}
