"""The start of a command: when it was, and Ctrl-C while JAX loads."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

STARTED = time.perf_counter()


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """While our command loads JAX, Ctrl-C ends it at once.

    A KeyboardInterrupt inside a half-loaded JAX is lost, or crashes it. A program that
    imports jaxnn keeps its own handler.
    """
    script = Path("".join(sys.argv[:1])).stem  # "-m" until Python finds it
    before = signal.getsignal(signal.SIGINT)
    if script in ("jaxnn", "-m") and before is signal.default_int_handler:
        signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is stop:
            signal.signal(signal.SIGINT, before)


def stop(*_: object) -> None:
    """End the process without running anything more of it."""
    os.write(2, b"\njaxnn: stopped\n")
    os._exit(130)
