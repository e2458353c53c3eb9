"""The second process, which draws while the first one trains."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import jaxnn
from jaxnn import showing, train
from jaxnn.showing import painter

DIGITS = np.random.default_rng(0).uniform(0, 1, (100, 400))


@pytest.fixture
def trained(tmp_path):
    costs = np.array([2.0, 1.0, 0.5])
    accuracies = np.array([np.nan, np.nan, 0.9]), np.array([np.nan, np.nan, 0.8])
    return showing.Trained(tmp_path, jaxnn.init_params(0), costs, accuracies, "cost")


def painted(trained, cores, monkeypatch):
    """The files that a painter makes, with so many cores: name -> bytes."""
    monkeypatch.setattr(painter, "cores", lambda: cores)
    with showing.Painter() as one:
        assert (one.process is None) == (cores == 1)
        one.show(DIGITS)
        assert one.finish(trained) == {}
    return {path.name: path.read_bytes() for path in trained.folder.iterdir()}


def test_both_processes_draw_the_same(trained, monkeypatch):
    alone = painted(trained, 1, monkeypatch)
    beside = painted(trained, 2, monkeypatch)
    assert set(alone) == set(beside) == set(showing.FILES)
    for name in set(alone) - {"weights.mat"}:  # which holds the time
        assert alone[name] == beside[name]
    for held in (alone, beside):
        assert len(held["weights.mat"]) == len(alone["weights.mat"])


def test_a_process_that_died_is_a_reason_for_each_file(trained, monkeypatch):
    monkeypatch.setattr(painter, "cores", lambda: 2)
    with showing.Painter() as one:
        one.show(DIGITS)
        one.process.kill()
        missing = one.finish(trained)
    assert set(missing) == set(showing.FILES)
    assert set(missing.values()) == {"the process that draws ended with code -9"}
    assert not list(trained.folder.iterdir())


@pytest.mark.parametrize("cores", [1, 2])
def test_a_picture_that_fails_is_named_and_alone(trained, monkeypatch, cores):
    monkeypatch.setattr(painter, "cores", lambda: cores)
    (trained.folder / "curves.png").mkdir()
    with showing.Painter() as one:
        one.show(DIGITS)
        missing = one.finish(trained)
    assert list(missing) == ["curves.png"] and "FileError" in missing["curves.png"]
    assert {path.name for path in trained.folder.iterdir()} == set(showing.FILES)


def test_train_warns_and_resuming_draws(command, monkeypatch, tmp_path):
    monkeypatch.setattr(
        painter.Painter, "finish", lambda *_: {"curves.png": "no more ink"}
    )
    done = command("train", "--steps", 2, "--out", "run")
    assert done.returncode == 0 and "result   cost" in done.stdout
    assert done.stderr == (
        "train: warning: no curves.png (no more ink); "
        "python -m jaxnn.train --resume run makes it\n"
    )
    monkeypatch.undo()
    again = command("train", "--resume", "run")
    assert again.returncode == 0 and "is complete" not in again.stdout
    assert (tmp_path / "run" / "curves.png").exists()


def children(pid):
    """The processes that pid started and that still run."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    return [int(word) for word in found.stdout.split()]


def is_running(pid):
    """Whether there is such a process, and it is no zombie."""
    with contextlib.suppress(OSError):
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")
@pytest.mark.skipif(painter.cores() < 2, reason="one core: no second process")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_the_second_process_never_outlives_the_first(kind, environment, tmp_path):
    words = [sys.executable, "-m", train.__name__, "--steps", "100000", "--quiet"]
    first = subprocess.Popen(
        [*words, "--lam", "0", "--method", "gd", "--out", "run"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "run").exists():
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    (second,) = children(first.pid)
    os.killpg(first.pid, kind)
    _, said = first.communicate(timeout=30)
    deadline = time.monotonic() + 30
    while is_running(second):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "Traceback" not in said
    assert ("continue with" in said) == (kind == signal.SIGINT)
