"""One call of a person's function, and everything it does besides returning."""

import contextlib
import copy
import io
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnn.clinic.calling.sandbox import quiet

LIMIT = 30.0  # seconds a call may take


class TooLong(BaseException):
    """A call was stopped after LIMIT seconds; `except Exception` does not catch it."""


class Call(NamedTuple):
    """The outcome of a call."""

    result: Any
    error: BaseException | None
    lines: int  # printed
    changed: tuple[str, ...]  # the arguments that the call changed


class LineCounter(io.TextIOBase):
    """A stream that counts lines and keeps nothing."""

    lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)

    def writable(self) -> bool:
        return True


def call(run: Callable[..., Any], given: dict[str, Any], folder: Path | None) -> Call:
    """run(copies of the given values), in silence, in the folder, in float64."""
    copies = {name: copy.deepcopy(value) for name, value in given.items()}
    printed, error, result = LineCounter(), None, None
    try:
        with (
            quiet(folder or os.getcwd(), printed),
            np.errstate(all="ignore"),
            jax.enable_x64(True),
            limited(LIMIT),
        ):
            result = run(copies)
    except KeyboardInterrupt:
        raise
    except BaseException as raised:  # whatever it is, it is the function's error
        error = raised
        traceback.clear_frames(raised.__traceback__)  # they hold copies of everything
    changed = [name for name in given if not is_equal(given[name], copies[name])]
    return Call(result, error, printed.lines, tuple(changed))


def is_equal(a: Any, b: Any) -> bool:
    """Whether two arguments, arrays or lists of arrays, are equal."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if all(isinstance(one, int | float) for one in a):
            return a == b
        return len(a) == len(b) and all(map(is_equal, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(is_equal(a[key], b[key]) for key in a)
    return np.array_equal(a, b)


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooLong in the block after so many seconds, if the system supports it."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # then each second
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
