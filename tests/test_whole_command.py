"""The benchmark of whole processes: what they say, what they leave, what they hold."""

import ast
import runpy
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import jaxnn

ONE = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}


@pytest.fixture
def whole(load):
    return load("whole_command")


@pytest.fixture
def room(whole, tmp_path, monkeypatch, few_digits):
    """A folder with the problem: 160 digits, 40 held out."""
    monkeypatch.setattr(whole.jaxnn, "load_digits", lambda: few_digits)
    whole.pose(tmp_path)
    return tmp_path


@pytest.fixture
def here(whole, monkeypatch, capsys):
    """Scripts run in this process, which saves the seconds of their imports."""

    def finished(words, env, is_watched):
        monkeypatch.setattr(sys, "argv", list(map(str, words)))
        runpy.run_path(str(words[0]))
        return capsys.readouterr().out, 5_000_000

    monkeypatch.setattr(whole, "finished", finished)


def test_contenders(whole, tmp_path):
    found = whole.contenders(["cpu"], tmp_path, 2, whole.SLACK)
    expected = [("jaxnn, warm", {}), ("jaxnn, cold", {})]
    for name in ("scikit-learn", "PyTorch"):
        expected += [(name, {}), (f"{name}, 1 BLAS thread", ONE)]
    assert [(c.name, c.environment) for c in found] == expected
    both = [c.name for c in whole.contenders(["cpu", "gpu"], tmp_path, 2, whole.TF32)]
    assert both[0] == "jaxnn, warm, cpu" and "PyTorch, gpu" in both


@pytest.mark.parametrize("package", ["sklearn", "torch"])
def test_a_peer_trains_and_says_so(whole, room, here, package):
    pytest.importorskip(package)
    train, place = partial(whole.by_peer, package), room / "peer"
    made = whole.whole(train, "cpu", place, 3, whole.SLACK)
    cost, params = made.run(0), jaxnn.load_params(place / "params.npz")
    assert made.facts["memory"] == 5_000_000
    with np.load(room / "problem.npz") as data:
        x, y, x_test, y_test = (data[n] for n in ("x", "y", "x_test", "y_test"))
    assert cost == pytest.approx(float(jaxnn.cost(params, x, y, 1.0)), rel=1e-5)
    assert made.facts["cost"] == pytest.approx(cost, rel=1e-5)
    start = float(jaxnn.cost(jaxnn.init_params(0), x, y, 1.0))
    assert cost < made.facts["start"] == pytest.approx(start, rel=1e-5)
    right = float(jaxnn.accuracy(params, x_test, y_test))
    assert made.facts["accuracy"] == pytest.approx(right)


BIASES = "layer.weight**2).sum()", "layer.weight**2).sum() + (layer.bias**2).sum()"
MISTAKES = [
    ("sklearn", '"alpha": float', '"alpha": 2 * float'),
    ("sklearn", 'np.eye(10, dtype=int)[data["y"]]', 'data["y"]'),  # softmax
    ("torch", "lam / 2", "lam"),
    ("torch", *BIASES),
    ("torch", "copy_(theta[:, 0])", "zero_()"),  # another start
    ("torch", "network(x_test)", "network(x_test.flip(1))"),
    ("torch", "theta1=theta1", "theta1=theta1 + 1"),  # not the weights it reached
]


@pytest.mark.parametrize("package, right, wrong", MISTAKES)
def test_another_function_is_refused(
    whole, room, here, monkeypatch, package, right, wrong
):
    pytest.importorskip(package)
    path = f"peer_scripts/in_{package}.py"
    text = (whole.FOLDER / path).read_text()
    assert text.count(right) == 1
    monkeypatch.setattr(whole, "FOLDER", room)
    (room / path).parent.mkdir()
    (room / path).write_text(text.replace(right, wrong))
    train, place = partial(whole.by_peer, package), room / "peer"
    with pytest.raises(whole.BenchmarkError, match="^peer says .*; correct the cont"):
        whole.whole(train, "cpu", place, 30, whole.SLACK)


def test_peers_import_what_they_need_alone(whole):
    found = set()
    for path in (whole.FOLDER / "peer_scripts").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
            elif isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
    assert found == {"sys", "warnings", "numpy", "sklearn", "torch"}


def test_a_claim_that_drifts_or_is_missing_is_refused(whole, room):
    place = room / "peer"
    place.mkdir()
    shutil.copy(room / "problem.npz", place / "params.npz")  # it has weights
    cost = whole.checked(place, {}, whole.SLACK)["cost"]
    whole.agree(room, whole.SLACK, {"peer": cost * (1 + 0.9e-4)})
    for wrong in (cost * (1 + 1.1e-4), float("nan")):
        with pytest.raises(whole.BenchmarkError, match="peer says cost"):
            whole.agree(room, whole.SLACK, {"peer": wrong})
    claims = {"steps": 2, "cost": cost, "accuracy": 0.1, "memory": 0}
    shutil.rmtree(place)
    with pytest.raises(KeyError, match="start"):
        whole.whole(lambda *_: claims, "cpu", place, 2, whole.SLACK)
    shutil.rmtree(place)
    unavailable = whole.Unavailable
    with pytest.raises(unavailable, match="stopped after 2 of 3 steps"):
        whole.whole(lambda *_: claims, "cpu", place, 3, whole.SLACK)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such'"):
        whole.by_peer("no_such", "cpu", place, 3, True)


@pytest.mark.parametrize("is_warm", [False, True])
def test_a_cold_command_compiles_each_time(whole, room, monkeypatch, is_warm):
    filled = []

    def finished(words, env, is_watched):
        cache, fonts = Path(env["XDG_CACHE_HOME"]), Path(env["MPLCONFIGDIR"])
        assert env["LOCALAPPDATA"] == str(cache) and fonts.parent == cache.parent
        assert "JAX_COMPILATION_CACHE_DIR" not in env
        filled.append(cache.exists())
        cache.mkdir(exist_ok=True)
        out = words[words.index("--out") + 1]
        out.mkdir()  # jaxnn refuses a folder that is there
        shutil.copy(room / "problem.npz", out / "params.npz")
        titles = "step,cost,gradient_norm,seconds,train_accuracy,test_accuracy"
        claims = whole.checked(out.parent, {}, whole.SLACK)
        last = f"1,{claims['cost']},0,0,0.1,{claims['accuracy']}"
        (out / "history.csv").write_text(f"{titles}\n1,9,0,0,,\n{last}\n")
        return "", 7 * is_watched

    monkeypatch.setattr(whole, "finished", finished)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "mine")
    train = partial(whole.by_jaxnn, is_warm)
    made = whole.whole(train, "cpu", room / "jaxnn", 1, whole.SLACK)
    assert made.run(0) == pytest.approx(made.facts["cost"]) and made.device == "cpu"
    assert made.facts["memory"] == 7
    assert filled == [False, is_warm, is_warm, is_warm]


HOLD = """
import subprocess, sys
held = bytearray({} * 10**6)
if sys.argv[1:]:
    subprocess.run([sys.executable, "-c", sys.argv[1]])
import time; time.sleep(0.2)
print("done")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_memory_is_that_of_the_process_and_those_it_starts(whole):
    ours = bytearray(300 * 10**6)  # what starts the process does not count
    printed, alone = whole.finished(["-c", HOLD.format(50)], {}, True)
    words = ["-c", HOLD.format(50), HOLD.format(80)]
    _, both = whole.finished(words, {}, True)
    assert printed == "done\n" and 50e6 < alone < 100e6 < 140e6 < both < 230e6
    assert whole.finished(["-c", "print(1)"], {}, False) == ("1\n", 0)
    del ours


def test_a_process_that_fails_says_why(whole):
    words = ["-c", "import no_such_module"]
    with pytest.raises(whole.Unavailable, match="^-c: ModuleNotFoundError: No module"):
        whole.finished(words, {}, True)
    with pytest.raises(whole.BenchmarkError, match="the command failed: .*no_such"):
        whole.finished(["-m", "no_such_module"], {}, False)


@pytest.mark.slow
def test_script_runs(whole, in_process, monkeypatch, capsys):
    """With the real digits: jaxnn and its peer have the same start, split and cost."""
    pytest.importorskip("sklearn")

    def chosen(*args, contenders=whole.contenders):
        names = "jaxnn, warm", "scikit-learn, 1 BLAS thread"
        return [c for c in contenders(*args) if c.name in names]

    monkeypatch.setattr(whole, "contenders", chosen)
    assert whole.main(["--quick"]) == 0
    printed = capsys.readouterr().out
    assert "\nFrom typing to the trained network, float32, CPU\n" in printed
    for name in ("jaxnn, warm", "scikit-learn, 1 BLAS thread"):
        assert f"\n| {name} " in printed
