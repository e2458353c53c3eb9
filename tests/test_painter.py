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

DIGITS = np.random.default_rng(0).uniform(0, 1, (100, 20, 20))


@pytest.fixture
def shown(tmp_path):
    costs = np.array([2.0, 1.0, 0.5])
    curves = costs, np.array([np.nan, np.nan, 0.9]), np.array([np.nan, np.nan, 0.8])
    return showing.Trained(tmp_path, jaxnn.init_params(0), "a title", curves)


def painted(shown, cores, monkeypatch):
    """The files that a painter makes, with so many cores: name -> bytes."""
    monkeypatch.setattr(painter, "cores", lambda: cores)
    with showing.Painter() as one:
        assert (one.process is None) == (cores == 1)
        one.show(DIGITS)
        assert one.finish(shown) == 0
    return {path.name: path.read_bytes() for path in shown.folder.iterdir()}


def test_both_processes_draw_the_same(shown, monkeypatch):
    held = [painted(shown, cores, monkeypatch) for cores in (1, 2)]
    for files in held:
        assert set(files) == set(showing.FILES)
        del files["weights.mat"]  # which holds the time
    assert held[0] == held[1]
    found = jaxnn.load_params(shown.folder / "weights.mat")
    assert all(map(np.array_equal, found, shown.params))


def test_a_process_that_died_has_an_exit_code(shown, monkeypatch):
    monkeypatch.setattr(painter, "cores", lambda: 2)
    with showing.Painter() as one:
        one.show(DIGITS)
        one.process.kill()
        assert one.finish(shown) != 0
    assert not list(shown.folder.iterdir())


def test_a_process_that_cannot_start_is_not_needed(shown, monkeypatch):
    def fail():
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(painter, "cores", lambda: 2)
    monkeypatch.setattr(painter, "start", fail)
    with showing.Painter() as one:
        one.show(DIGITS)
        assert one.process is None and one.finish(shown) == 0
    assert {path.name for path in shown.folder.iterdir()} == set(showing.FILES)


@pytest.mark.parametrize("cores", [1, 2])
def test_a_file_that_cannot_be_written_is_named(shown, monkeypatch, capfd, cores):
    monkeypatch.setattr(painter, "cores", lambda: cores)
    (shown.folder / "curves.png").mkdir()
    with showing.Painter() as one:
        one.show(DIGITS)
        assert one.finish(shown) == 0
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("train: ") and "curves.png: cannot be written" in line
    assert {path.name for path in shown.folder.iterdir()} == set(showing.FILES)


def test_a_bug_in_a_picture_keeps_the_others(shown, monkeypatch, capsys):
    def broken(*_, **__):
        raise TypeError("no ink")

    monkeypatch.setattr(painter, "cores", lambda: 1)
    monkeypatch.setattr(showing.pictures, "hidden_units", broken)
    with showing.Painter() as one:
        one.show(DIGITS)
        assert one.finish(shown) == 3
    said = capsys.readouterr().err
    assert said.startswith("Traceback") and said.endswith("TypeError: no ink\n")
    held = {path.name for path in shown.folder.iterdir()}
    assert held == set(showing.FILES) - {"hidden_units.png"}


def test_what_is_missing_is_a_warning_and_made_again(command, monkeypatch, tmp_path):
    monkeypatch.setattr(painter.Painter, "finish", lambda *_: -9)
    done = command("train", "--steps", 2, "--out", "run")
    assert done.returncode == 0 and "result   cost" in done.stdout
    assert done.stderr == (
        "train: warning: no digits.png, curves.png, hidden_units.png, weights.mat (the "
        "process that draws ended with code -9); "
        "python -m jaxnn.train --resume run makes them\n"
    )
    monkeypatch.undo()
    again = command("train", "--resume", "run")
    assert again.returncode == 0 and "is complete" not in again.stdout
    assert (tmp_path / "run" / "curves.png").exists()


def test_files_of_fewer_steps_never_stay(command, monkeypatch, a_run):
    assert all((a_run / name).exists() for name in showing.FILES)
    monkeypatch.setattr(painter.Painter, "finish", lambda *_: -9)
    done = command("train", "--resume", "run", "--steps", 25)
    assert "no digits.png" in done.stderr
    assert not any((a_run / name).exists() for name in showing.FILES)
    monkeypatch.undo()
    assert "is complete" not in command("train", "--resume", "run").stdout
    same = [jaxnn.load_params(a_run / name) for name in ("weights.mat", "params.npz")]
    assert all(map(np.array_equal, *same))


def test_a_run_that_diverges_has_all_its_files(command, tmp_path):
    how = ("--method", "gd", "--learning-rate", 1e30, "--steps", 30)
    done = command("train", *how, "--out", "run")
    assert done.returncode == 2 and "try a smaller --learning-rate" in done.stderr
    held = {path.name for path in (tmp_path / "run").iterdir()}
    assert set(showing.FILES) <= held


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
