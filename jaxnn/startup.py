"""The start of a command: when it was, and Ctrl-C while JAX loads."""

import contextlib
import gc
import os
import signal
import time
from collections.abc import Iterator

STARTED = time.perf_counter()


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """While a command loads JAX, Ctrl-C ends it at once, and no garbage is collected.

    A KeyboardInterrupt inside a half-loaded JAX is lost, or crashes it. Modules are
    never garbage; not searching them saves a tenth.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, stop)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        if signal.getsignal(signal.SIGINT) is stop:
            signal.signal(signal.SIGINT, before)


def stop(*_: object) -> None:
    """End the process without running anything more of it."""
    os.write(2, b"\njaxnn: stopped\n")
    os._exit(130)
