"""Sets of made digits: the generator's own, whole or not at all."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from jaxnn import make_digits
from jaxnn.mistake import Mistake
from jaxnn.reading import made, sets


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 20 digits, for tests of milliseconds."""
    monkeypatch.setattr(made, "BLOCK", 20)
    monkeypatch.setattr(sets, "BLOCK", 20)


def read(folder):
    return np.load(folder / "x.npy"), np.load(folder / "y.npy")


def test_a_set_holds_the_generators_digits(tmp_path):
    seen = []
    sets.write(tmp_path / "a", 50, 3, 1, lambda *now: seen.append(now))
    x, y = read(tmp_path / "a")
    pictures, labels = made.drawn(50, 3)
    np.testing.assert_array_equal(x, pictures)
    np.testing.assert_array_equal(y, labels)
    assert x.dtype == y.dtype == np.uint8 and x.shape == (50, 28, 28)
    assert seen == [(20, 50), (40, 50), (50, 50)]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.undo()  # workers have the usual blocks
    for workers in (1, 2):
        sets.write(tmp_path / str(workers), 2100, 1, workers)
    for name in ("x.npy", "y.npy"):
        one, two = ((tmp_path / w / name).read_bytes() for w in "12")
        assert one == two


def test_the_command_says_where_they_are(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    folder = tmp_path / "new" / "big"
    assert make_digits.main(["--examples", "30", "--out", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "digits: 66%" in out and f"result   30 digits in {folder}" in out
    assert len(read(folder)[0]) == 30
    with pytest.raises(Mistake, match="exists already; choose another folder"):
        make_digits.main(["--examples", "30", "--out", str(folder)])
    with pytest.raises(Mistake, match="0 examples: give at least 1"):
        make_digits.main(["--examples", "0", "--out", str(tmp_path / "none")])


def test_a_disk_without_room_is_found_beforehand(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**9, 0, 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(Mistake, match=r"2000 examples take 0.00164 GB.*0.001 GB left"):
        sets.write(tmp_path / "a", 2000)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_that_fills_leaves_nothing(tmp_path, monkeypatch):
    def open_full(path, mode):
        return open("/dev/full" if path.name == "y.npy" else path, mode)

    monkeypatch.setattr(sets, "open", open_full, raising=False)
    with pytest.raises(Mistake, match="a: cannot be written .No space left on device"):
        sets.write(tmp_path / "a", 50, workers=1)
    assert not list(tmp_path.iterdir())


def test_ctrl_c_leaves_nothing(tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sets.write(tmp_path / "a", 50, workers=1, show=stop)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
def test_a_kill_leaves_no_set_and_no_worker(tmp_path, environment):
    code = "from jaxnn.reading import sets\nif __name__ == '__main__':\n"
    code += "    sets.write('a', 10**6, workers=2, show=lambda *_: print(flush=True))"
    script = tmp_path / "making.py"
    script.write_text(code)
    how = {"cwd": tmp_path, "env": environment, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, script], **how) as process:
        process.stdout.readline()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        workers = [int(pid) for pid in children.read_text().split()]
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "a").exists() and workers
    deadline = time.monotonic() + 20
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
