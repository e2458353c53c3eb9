"""Standard error, passed through a process that leaves lines of other programs out."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable


def sieve(script: str, *args: str) -> Callable[[], None]:
    """Pass standard error through a process that runs a script of Python.

    What it passes on is not lost in a crash of this process. Returns what ends it.
    """
    if sys.stderr is None:
        return lambda: None
    words = [sys.executable, "-I", "-S", "-c", script, *args]
    sys.stderr.flush()
    real = os.dup(2)
    # in a session of its own, Ctrl-C does not reach it
    process = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()

    def end() -> None:
        assert sys.stderr is not None
        sys.stderr.flush()
        os.dup2(real, 2)
        os.close(real)
        with contextlib.suppress(subprocess.TimeoutExpired):  # if others hold the pipe
            process.wait(5)

    return end
