"""The benchmarks' own NumPy code, their refusal of wrong answers, and their script."""

import importlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import jaxnn

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
CONTENDERS = (
    "jaxnn",
    "JAX, row-wise",
    "jaxnn.backprop on JAX",
    "NumPy float32, tight rows",
    "NumPy float32, tight columns",
    "NumPy float64, as published",
    "jaxnn.backprop on NumPy",
)


def problem(seed, dtype, m=37, layers=(11, 7, 4)):
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


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-5)])
def test_tight_numpy_is_right(load, seed, dtype, tolerance):
    numpy_mlp = load("numpy_mlp")
    params, x, y, lam = problem(seed, dtype)
    work = numpy_mlp.buffers(params, x, y)
    first = numpy_mlp.tight(params, work, lam)
    assert_same(first, params, x, y, lam, tolerance)
    cost, gradient = numpy_mlp.tight(params, work, lam)  # in the buffers it has used
    assert cost == first[0]
    assert all(map(np.array_equal, gradient, first[1]))


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-5)])
def test_tight_numpy_in_rows_is_right(load, dtype, tolerance):
    params, x, y, lam = problem(0, dtype)
    sign = np.where(y[:, None] == np.arange(4), -1, 1).astype(dtype)
    result = load("numpy_mlp").tight_rows(params, x, sign, lam)
    assert_same(result, params, x, y, lam, tolerance)


def test_tight_numpy_is_right_far_from_zero(load):
    numpy_mlp = load("numpy_mlp")
    params, x, y, lam = problem(3, "float32")
    params = tuple(1000 * theta for theta in params)
    cost, gradient = numpy_mlp.tight(params, numpy_mlp.buffers(params, x, y), lam)
    expected_cost, expected = jaxnn.backprop(params, x, y, lam)
    assert cost == pytest.approx(float(expected_cost), rel=1e-5)
    for ours, theirs in zip(gradient, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_published_numpy_is_right(load, seed):
    numpy_mlp = load("numpy_mlp")
    params, x, y, lam = problem(seed, "float64")
    result = numpy_mlp.published(params, x, np.eye(4)[y], lam)
    assert_same(result, params, x, y, lam, 1e-12)


@pytest.mark.parametrize("wrong", [1.01, float("nan")])
def test_wrong_costs_are_refused(load, wrong):
    timing = load("timing")
    agree = timing.same_cost(1e-5)
    agree({"a": 1.0, "b": 1.0 + 1e-7})
    with pytest.raises(timing.BenchmarkError, match="b computes the cost"):
        agree({"a": 1.0, "b": wrong})


def test_ratio_is_the_median_of_the_rounds(load):
    timing, rows, contest = load("timing"), load("rows"), load("contest")
    base = timing.Timing("base", np.array([1.0, 2.0, 4.0]), 0.5, "float64", 0.0, "cpu")
    other = base._replace(name="other", seconds=np.array([3.0, 4.0, 40.0]))
    assert contest.ratio(other, base) == 3.0  # of 3, 2 and 10
    assert rows.as_rows([base, other], m=5)[1]["ratio"] == 3.0


def test_rows_replace_those_of_the_same_contest(load, tmp_path):
    rows = load("rows")
    machine = {"cpu": "Intel(R) Xeon(R) Processor", "threads": {"cores": 2}}
    contest = {"what": "gradient", "on": "cpu", "precision": "float32", **machine}
    other = {**contest, "precision": "float64", "median": 3.0}
    path = rows.save([{**contest, "median": 1.0}, other], tmp_path)
    assert path.name == "intel-xeon-2-cores.json"
    assert rows.save([{**contest, "median": 2.0}], tmp_path) == path
    assert [row["median"] for row in rows.load(path)] == [3.0, 2.0]
    rows.save([{**contest, "target": 0.339}, {**contest, "target": 0.32}], tmp_path)
    rows.save([{**contest, "target": 0.32, "median": 4.0}], tmp_path)
    kept = [(row.get("target"), row.get("median")) for row in rows.load(path)]
    assert kept == [(None, 3.0), (None, 2.0), (0.339, None), (0.32, 4.0)]
    assert rows.save([{**contest, "gpu": "NVIDIA H200"}], tmp_path) == path
    assert len(rows.load(path)) == 5  # beside those without it


def instant(times):
    """For a worker: a contender that takes no time."""
    timing = importlib.import_module("timing")
    return timing.Prepared(lambda i: 1.0, times, "float64")


def missing_part():
    raise importlib.import_module("timing").Unavailable("it lacks a part")


def test_contenders_that_cannot_run_are_skipped(load, monkeypatch, capsys):
    timing = load("timing")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(FOLDER), str(FOLDER.parent / "tests")])
    )
    said = []
    found, skipped = timing.compare(
        [
            timing.Contender("one", instant, (2,)),
            timing.Contender("two", instant, (2,), needs="no_such_package"),
            timing.Contender("three", missing_part),
        ],
        rounds=3,
        agree=timing.same_cost(0),
        report=said.append,
        rest=0,
    )
    assert [t.name for t in found] == ["one"]
    assert found[0].seconds.shape == (3,) and found[0].cost == 1
    assert skipped["two"].startswith("no_such_package is not installed; pip install")
    assert "three: skipped, it lacks a part" in said
    alone, agree = [timing.Contender("three", missing_part)], timing.same_cost(0)
    assert timing.compare(alone, 1, agree)[0] == []
    contest = load("contest").contest
    assert contest(alone, 1, agree, may_be_empty=True)[0] == []
    with pytest.raises(SystemExit):
        contest(alone, 1, agree)
    assert "error: no contender can run here" in capsys.readouterr().err


def test_gradient_flops(load):
    workers = load("workers")
    # 2-3-1, five examples: forward 9 products of weights, gradients 9, delta back 3
    assert workers.gradient_flops(5, (2, 3, 1)) == 2 * 5 * (9 + 9 + 3)
    assert workers.gradient_flops(5000, (400, 25, 10)) == 207.5e6


def test_shifted_digits(load):
    x, y = load("scaling").examples(7000)
    assert x.shape == (7000, 400) and x.dtype == np.float32
    again, _ = load("scaling").examples(6000)
    np.testing.assert_array_equal(x[:6000], again)
    assert np.isin(y, range(10)).all() and np.bincount(y[:5000]).tolist() == [500] * 10
    # a network of the course's kind reads digits that are moved by no more than a pixel
    digits = jaxnn.load_digits()
    run = jaxnn.fit(digits, steps=60, device="cpu")
    assert jaxnn.accuracy(run.params, x, y) > 0.6


@pytest.mark.parametrize("are_columns", [False, True])
def test_torch_computes_the_same(load, are_columns):
    pytest.importorskip("torch")
    torch_mlp = load("torch_mlp")
    torch = torch_mlp.start_torch("cpu", "float64")
    params, x, y, lam = problem(0, "float64", layers=(11, 7, 10))
    thetas = torch_mlp.leaves(torch, "cpu", params)
    data = torch_mlp.as_tensors(torch, "cpu", x, y, are_columns)
    cost = torch_mlp.cost_function(torch, are_columns)
    found, gradient = torch_mlp.cost_and_gradient(torch, cost, thetas, *data, lam)
    result = float(found.detach()), [slope.numpy() for slope in gradient]
    assert_same(result, params, x, y, lam, 1e-12)


def script(name, *flags, folder):
    """What a benchmark prints, run as a user runs it."""
    words = [sys.executable, FOLDER / f"{name}.py", *flags]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True)


def has_lines(text, names):
    """Whether a line has each of the names at its beginning or as its form."""
    return all(re.search(rf"^(\d+ +25 +)?{name}", text, re.M) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "flags", "lines"),
    [
        ("gradient", ("--only", "limit"), ("jaxnn", "limit: 208 MFLOP, cpu")),
        ("scaling", (), ("jaxnn", "one call", "NumPy, tight columns")),
        ("ensemble", ("--networks", "2", "--only", "2 in"), ("one network", "2 in")),
        ("tried", ("--only", "softplus of"), ("jaxnn", "softplus of jax.nn")),
    ],
)
def test_script_runs(tmp_path, name, flags, lines):
    file = tmp_path / "rows.json"
    done = script(
        name, "--quick", "--rounds", "1", *flags, "--json", file, folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert has_lines(done.stdout, lines)
    rows = json.loads(file.read_text())
    assert all(row["median"] > 0 and row["versions"]["jax"] for row in rows)


ALL_AGREE = """
import gradient, tried, timing
for competing in (gradient.contenders(["cpu"], "float32", 2), tried.contenders(2)):
    costs = {}
    for c in competing:
        if c.has_cost and c.needs is None and not c.environment:
            costs[c.name] = c.setup(*c.args).run(0)
    timing.same_cost(1e-5)(costs)
    print(*costs, sep="\\n")
"""


@pytest.mark.slow
def test_all_contenders_of_a_gradient_agree(tmp_path, environment):
    # each in a worker of its own would take a minute; PyTorch's has a test above
    done = subprocess.run(
        [sys.executable, "-c", ALL_AGREE],
        env={**environment, "PYTHONPATH": str(FOLDER), "JAX_PLATFORMS": "cpu"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert has_lines(done.stdout, CONTENDERS)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--device", "gpu"), "a GPU was asked for, but JAX sees only cpu"),
        (("--rounds", "0"), "0 is not a whole number above 0; see gradient.py --help"),
        (("--save",), "a part would replace the whole; not --quick"),
        (("--only", "nobody"), "no contender begins with 'nobody'; choose from jaxnn,"),
        (("--json", "no/where.json"), "no is no folder"),
        (("--dtype", "tf32"), "tf32 is a GPU's; say --device gpu"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, environment, flags, told):
    words = [sys.executable, FOLDER / "gradient.py", "--quick", *flags]
    env = {**environment, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=env)
    assert done.returncode == 2
    assert told in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_damaged_file_of_rows_is_put_aside(load, tmp_path, capsys):
    rows = load("rows")
    row = {"what": "gradient", "on": "cpu", "precision": "float32", "cpu": "x"}
    path = rows.save([{**row, "threads": {"cores": 2}}], tmp_path)
    path.write_text("[{")
    rows.save([{**row, "threads": {"cores": 2}}], tmp_path)
    assert len(rows.load(path)) == 1
    assert path.with_suffix(".damaged").read_text() == "[{"
    assert "is damaged; it is now" in capsys.readouterr().err


def test_workers_end_with_a_benchmark_that_is_killed(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(
        "import os, signal, sys\n"
        f"sys.path.insert(0, {str(FOLDER)!r})\n"
        "import timing\n"
        "if __name__ == '__main__':\n"
        "    timing.worker().submit(os.getpid).result()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # returns when nobody, a worker included, holds its output any more
    done = subprocess.run([sys.executable, script], capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
