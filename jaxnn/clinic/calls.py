"""One call of a person's function, with everything it does beside returning noted."""

import contextlib
import copy
import io
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

LIMIT = 30.0  # seconds a call may take


class TooLong(BaseException):
    """A call that was stopped after LIMIT seconds; not for `except Exception`."""


class Call(NamedTuple):
    """What came of a call."""

    result: Any
    error: BaseException | None
    seconds: float
    lines: int  # printed
    changed: tuple[str, ...]  # the arguments that are not as they were


class Counter(io.TextIOBase):
    """A stream that counts lines and keeps nothing."""

    lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)

    def writable(self) -> bool:
        return True


def call(run: Callable[..., Any], given: dict[str, Any], folder: Path | None) -> Call:
    """run(copies of what is given), silenced, in the folder, in float64."""
    copies = {name: copy.deepcopy(value) for name, value in given.items()}
    printed, error, result = Counter(), None, None
    began = time.perf_counter()
    try:
        with surroundings(printed, folder), limited(LIMIT):
            result = run(copies)
    except (Exception, SystemExit, TooLong) as raised:
        error = raised
    seconds = time.perf_counter() - began
    changed = [name for name in given if not is_equal(given[name], copies[name])]
    return Call(result, error, seconds, printed.lines, tuple(changed))


def is_equal(a: Any, b: Any) -> bool:
    """Whether two arguments, arrays or lists of them, hold the same."""
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(is_equal, a, b))
    return np.shape(a) == np.shape(b) and bool(np.all(a == b))


@contextlib.contextmanager
def surroundings(printed: Counter, folder: Path | None) -> Iterator[None]:
    """Nothing shown, asked, warned of or left behind; JAX, if used, in float64."""
    before = sys.stdin, sys.dont_write_bytecode
    sys.stdin, sys.dont_write_bytecode = io.StringIO(), True
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            contextlib.chdir(folder or os.getcwd()),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            jax.enable_x64(True),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdin, sys.dont_write_bytecode = before


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooLong inside after so many seconds, where the system can."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # and again
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
