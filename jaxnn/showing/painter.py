"""Start a second process, which makes a run's pictures and its weights.mat.

While the first process loads JAX, compiles and trains, the second one loads matplotlib
and SciPy, but no JAX, and draws the digits. When the run is over, it draws the rest
(run_pictures.py). It ends soon after the pipe to it closes, whatever ended the first.
On one core the first process draws everything at the end.
"""

import contextlib
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxnn import showing

FILES = ("digits.png", "curves.png", "hidden_units.png", "weights.mat")
# modules are never garbage; not searching them saves a tenth
PROGRAM = "import gc; gc.disable(); from jaxnn.showing.run_pictures import main; main()"


class Trained(NamedTuple):
    """What the pictures of a run show, and where they go."""

    folder: Path
    params: tuple[Any, ...]
    title: str
    curves: tuple[Any, ...]  # arguments of charts.curves


class Painter:
    """with Painter() as painter: the second process, if there is a core for it."""

    def __init__(self) -> None:
        self.digits = np.zeros((0, 400))
        self.process = None
        if cores() > 1:
            with contextlib.suppress(OSError):  # of a system with no room for it
                self.process = start()
        self.thread = ThreadPoolExecutor(1)  # a pipe may be full

    def __enter__(self) -> "Painter":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.kill()
            self.thread.shutdown()
            self.process.communicate()  # which closes the pipe

    def show(self, digits: np.ndarray) -> None:
        """Begin with the picture of the digits, (m, h, w); other axes: no images."""
        self.digits = digits
        if self.process is not None:
            self.thread.submit(send, self.process, digits)

    def finish(self, run: Trained) -> int:
        """Make all files; 0, or the exit code of a process that failed."""
        if self.process is None:
            return showing.run_pictures.write(run, self.digits)
        self.thread.submit(send, self.process, run).result()
        return self.process.wait()


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start() -> subprocess.Popen:
    """The second process. Ctrl-C on the terminal does not reach it."""
    path = os.pathsep.join(map(os.path.abspath, sys.path))
    return subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM],  # -P: only the path below
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows
    )


def send(process: subprocess.Popen, value: Any) -> None:
    """Send a value to the second process, if that still runs."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        pickle.dump(value, process.stdin)
        process.stdin.flush()
