"""The start of a command: when it was, and Ctrl-C while JAX loads."""

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()


def begin() -> None:
    """If Python starts our command: Ctrl-C ends it at once, until `begun`.

    A KeyboardInterrupt among the imports would be a traceback. A program that imports
    jaxnn keeps its own handler.
    """
    if is_command():
        swap(signal.default_int_handler, stop)


def is_command() -> bool:
    """Whether Python starts our command: "-m" is its name until Python finds it."""
    return Path("".join(sys.argv[:1])).stem in ("jaxnn", "-m")


def lacking(error: ModuleNotFoundError) -> ImportError:
    """The error to raise when a package that `import jaxnn` needs is not installed.

    A command ends here, in one line and with exit code 2, as for each mistake.
    """
    if error.name is None or error.name.startswith("jaxnn"):
        return error
    line = f"jaxnn: {error.name} is not installed for {sys.executable}; "
    line += "pip install ., or use the Python of its environment (.venv/bin/python)"
    if is_command():
        print(line, file=sys.stderr)
        sys.exit(2)
    return ModuleNotFoundError(line, name=error.name)


def begun() -> None:
    """The command runs, and heeds KeyboardInterrupt."""
    swap(stop, signal.default_int_handler)


def swap(old: Any, new: Any) -> None:
    """Handle Ctrl-C by new, if old does so now."""
    if signal.getsignal(signal.SIGINT) is old:
        signal.signal(signal.SIGINT, new)


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """While a command loads JAX, Ctrl-C ends it at once, and no garbage is collected.

    A KeyboardInterrupt inside a half-loaded JAX is lost, or crashes it. Modules are
    never garbage; not searching them saves a tenth.
    """
    swap(signal.default_int_handler, stop)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        begun()


def stop(*_: object) -> None:
    """End the process without running anything more of it."""
    os.write(2, b"\njaxnn: stopped\n")
    os._exit(130)
