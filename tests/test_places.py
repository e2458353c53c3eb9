"""The place of a run: locked, mended, its files of one run, checked before a write."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from campaigns.runs import content

import jaxnn
from jaxnn import files, locks
from jaxnn.training import places, record

HOLD = """
import sys
from pathlib import Path
from jaxnn import locks
with locks.lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder():
    """holder(path): a process that holds the lock there."""
    started = []

    def hold(path):
        words = [sys.executable, "-c", HOLD, str(path)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        started.append(subprocess.Popen(words, **pipes))
        assert started[-1].stdout.readline() == b"held\n"
        return started[-1]

    yield hold
    for process in started:
        process.kill()
        process.communicate()


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path, holder):
    path = tmp_path / "lock"
    process = holder(path)
    with pytest.raises(locks.Taken, match=f"^{process.pid}$"), locks.lock(path):
        pass
    process.kill()
    process.wait()
    assert path.exists()  # a dead process cleans nothing up
    with locks.lock(path):
        assert path.read_text() == str(os.getpid())
    assert not path.exists()


def test_a_run_that_another_process_trains_is_refused(command, a_run, holder):
    process, before = holder(a_run / ".lock"), content(a_run)
    done = command("train", "--resume", "run", "--steps", 30)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"run: process {process.pid} is training it; " in done.stderr
    done = command("train", "--out", "run", "--overwrite")
    assert done.returncode == 2 and f"process {process.pid}" in done.stderr
    assert content(a_run) == before
    assert command("evaluate", "run", "--quiet").returncode == 0  # reading is free


def test_the_lock_goes_with_the_run(few_digits, tmp_path):
    seen = []
    how = {"out": tmp_path / "run", "hidden": 3, "steps": 20, "pictures": False}

    def look(_):
        with pytest.raises(jaxnn.FileError, match=f"process {os.getpid()} is training"):
            jaxnn.fit(few_digits, **how, resume=True)
        seen.append((tmp_path / "run" / ".lock").read_text())

    jaxnn.fit(few_digits, **how, progress=look)
    assert seen == [str(os.getpid())] * 2
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    assert ".lock" not in {path.name for path in (tmp_path / "run").iterdir()}


def left(folder: Path, name: str, **runs: Path) -> Path:
    """What a process leaves that is killed while it makes a run beside folder."""
    made = folder.with_name(f".{folder.name}.{name * 8}")
    made.mkdir()
    (made / ".lock").write_text("4194305")
    for kind, source in runs.items():
        shutil.move(source, made / kind)
    return made


def test_what_killed_processes_left_is_removed(command, a_run, holder, tmp_path):
    shutil.copytree(a_run, tmp_path / "copy")
    dead, alive = left(a_run, "a", run=tmp_path / "copy"), left(a_run, "b")
    strangers = tmp_path / ".run.original", tmp_path / ".run.backup"
    for stranger in strangers:
        stranger.mkdir()
    (strangers[0] / "mine.txt").write_text("mine")
    holder(alive / ".lock")
    assert command("train", "--resume", "run").returncode == 0
    assert not dead.exists() and alive.exists()
    assert all(stranger.exists() for stranger in strangers)


def test_a_run_that_a_killed_process_had_moved_is_put_back(command, a_run):
    before, made = content(a_run), left(a_run, "a", old=a_run)
    (made / "run").mkdir()
    done = command("train", "--out", "run", "--steps", 1)
    assert done.returncode == 2 and "holds a run already" in done.stderr
    assert content(a_run) == before and not made.exists()


def test_the_files_of_a_killed_write_are_removed(tmp_path, holder):
    dead, alive = tmp_path / ".a.txt.11.tmp", tmp_path / ".a.txt.12.tmp"
    other = tmp_path / ".b.txt.11.tmp"
    for path in (dead, alive, other):
        path.write_text("half")
    holder(alive)
    files.write_text(tmp_path / "a.txt", "whole")
    assert {*tmp_path.iterdir()} == {tmp_path / "a.txt", alive, other}


@pytest.fixture
def other_run(a_run, command, tmp_path):
    """A run of the same shape, of other settings."""
    how = "--steps", 20, "--seed", 1, "--lam", 2, "--quiet", "--out", "other"
    assert command("train", *how).returncode == 0
    return tmp_path / "other"


@pytest.mark.parametrize("name", ["config.json", "checkpoint.npz"])
def test_a_file_of_another_run_is_refused(command, a_run, other_run, name):
    shutil.copy(other_run / name, a_run / name)
    before = content(a_run)
    for words in (["train", "--resume"], ["evaluate"], ["report"]):
        done = command(*words, "run")
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert "checkpoint.npz: belongs to another run than run/config" in done.stderr
    assert content(a_run) == before


def test_config_and_checkpoint_bear_the_identity(a_run):
    identity = record.read_config(a_run).identity
    with np.load(a_run / "checkpoint.npz") as arrays:
        assert str(arrays["identity"]) == identity and len(identity) == 16


def test_a_run_without_identity_resumes(command, a_run):
    config = record.read_config(a_run)._replace(identity="")
    record.write_config(a_run, config)
    with np.load(a_run / "checkpoint.npz") as arrays:
        leaves = {name: arrays[name] for name in arrays.files if name != "identity"}
    np.savez(a_run / "checkpoint.npz", **leaves)
    assert command("train", "--resume", "run", "--steps", 21).returncode == 0


@pytest.mark.parametrize("lost", ["checkpoint.npz", "trained_on.npz"])
def test_a_run_that_lost_a_file_is_judged_by_what_it_held_out(command, a_run, lost):
    before = command("evaluate", "run").stdout
    assert "of 1000 digits read right" in before
    (a_run / lost).unlink()
    assert command("evaluate", "run").stdout == before
    assert command("evaluate", "run/params.npz").stdout == before


@pytest.mark.parametrize("weights", ["run", "run/params.npz"])
def test_a_run_that_does_not_say_its_digits_is_refused(command, a_run, weights):
    (a_run / "config.json").unlink()
    for name in ("evaluate", "report"):
        done = command(name, weights)
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert "no config.json, which says what a run was trained on" in done.stderr


def test_a_config_of_another_program_beside_weights_is_no_run(command, a_run, tmp_path):
    shutil.copy(a_run / "params.npz", tmp_path / "mine.npz")
    (tmp_path / "config.json").write_text("{}")
    done = command("evaluate", "mine.npz", "--quiet")
    assert done.returncode == 0 and "of 5000 digits" in done.stdout


@pytest.mark.parametrize("damage", ["shape", "folder", "nan"])
def test_a_refused_resume_changes_nothing(command, a_run, damage):
    with np.load(a_run / "checkpoint.npz") as arrays:
        leaves = dict(arrays)
    if damage == "shape":
        leaves["leaf0"] = leaves["leaf0"][:, 1:]
    elif damage == "nan":
        leaves["leaf0"] = leaves["leaf0"] * np.float32("nan")
    else:
        (a_run / "best.npz").unlink()
        (a_run / "best.npz").mkdir()
    np.savez(a_run / "checkpoint.npz", **leaves)
    (a_run / ".half.tmp").write_text("half")
    before = content(a_run)
    done = command("train", "--resume", "run", "--steps", 30)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert content(a_run) == before


def test_a_full_disk_names_the_file_and_how_to_continue(command, a_run, monkeypatch):
    replace, full = os.replace, []

    def fill(source, target):
        if Path(target).name == "checkpoint.npz" and not full:
            full.append(target)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", fill)
    done = command("train", "--resume", "run", "--steps", 30)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("train: run/checkpoint.npz: cannot be written (No sp")
    assert done.stderr.endswith(
        "; mend that, then continue with python -m jaxnn.train --resume run\n"
    )
    assert command("train", "--resume", "run", "--steps", 30).returncode == 0


def test_nothing_is_saved_where_nothing_can_be(command, tmp_path):
    (tmp_path / "file").write_text("")
    done = command("train", "--steps", 1, "--out", "file/run")
    assert done.returncode == 2 and done.stderr.endswith("; choose another place\n")


def test_two_new_runs_of_one_name(few_digits, tmp_path):
    how = {"out": tmp_path / "run", "hidden": 3, "steps": 1, "pictures": False}
    put = places.put

    def late(*how_put):
        places.put = put
        jaxnn.fit(few_digits, **how)  # the other one is there first
        put(*how_put)

    try:
        places.put = late
        with pytest.raises(jaxnn.FileError, match="run: cannot be written"):
            jaxnn.fit(few_digits, **how)
    finally:
        places.put = put
    assert jaxnn.load_run(tmp_path / "run").steps == 1
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
