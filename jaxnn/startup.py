"""The start of a command: when it was, and what Ctrl-C and SIGTERM do in it.

Python raises KeyboardInterrupt between any two lines: in a half-loaded module, in a
callback of JAX's, which drops it, in Python's own end. So a command does not have it
raised. A signal ends the process at once, with one line; or, where there is something
to save, it waits until the command asks.

Python runs a handler only between two of its lines, and compiling, or a run that is one
call of JAX's, takes longer. So a thread sees the signals, too.
"""

import contextlib
import gc
import os
import signal
import sys
import time
from _thread import allocate_lock, get_ident, start_new_thread
from collections.abc import Callable, Iterator
from typing import Any

STARTED = time.perf_counter()
USUAL = {  # handlers of a process whose signals nobody has changed
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
ENDING = allocate_lock()
COUNTING = allocate_lock()  # JAX compiles, and keeps programs, in several threads


class Terminated(KeyboardInterrupt):
    """SIGTERM, in a command; all that heeds Ctrl-C heeds it."""


class Now:
    """What a signal would do at this moment."""

    name = "jaxnn"  # begins the line
    uncut = 0  # blocks that may not be cut
    noted = 0  # the signal that waits for their end
    pressed = 0  # signals so far
    ending = 0  # the thread that ends the process
    waits = False  # whether the first one waits until the command asks

    @staticmethod
    def said() -> str:
        """The rest of the line."""
        return "stopped"


def begin() -> None:
    """If Python starts our command, a signal ends it at once.

    A program that imports jaxnn keeps its own handlers.
    """
    if is_command():
        swap(USUAL, dict.fromkeys(USUAL, stop))
        seen, tell = os.pipe()
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        start_new_thread(watch, (seen,))


def watch(seen: int) -> None:
    """End the process at a signal that need not wait, whatever its other threads do.

    seen: where Python writes the number of each signal as it comes.
    """
    while number := os.read(seen, 1):
        if number[0] in USUAL and signal.getsignal(number[0]) is not signal.SIG_IGN:
            Now.pressed += 1
            if not Now.waits or Now.pressed > 1:
                stop(number[0])


def is_command() -> bool:
    """Whether Python starts our command."""
    script = os.path.basename("".join(sys.argv[:1]))  # "-m" until Python finds it
    names = [word.removeprefix("-m").partition(".")[0] for word in sys.orig_argv[1:]]
    return script in ("jaxnn", "jaxnn.exe") or (script == "-m" and "jaxnn" in names)


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


def swap(old: dict[Any, Any], new: dict[Any, Any]) -> None:
    """Handle signals by new, if old does so now."""
    for number in USUAL:
        if signal.getsignal(number) is old[number]:
            signal.signal(number, new[number])


@contextlib.contextmanager
def saying(words: Callable[[], str]) -> Iterator[None]:
    """In this block the line of a signal ends in these words."""
    before, Now.said = Now.said, staticmethod(words)
    try:
        yield
    finally:
        Now.said = staticmethod(before)


@contextlib.contextmanager
def uncut() -> Iterator[None]:
    """A signal to a command waits for the end of this block."""
    with COUNTING:
        Now.uncut += 1
    try:
        yield
    finally:
        with COUNTING:
            Now.uncut -= 1
        if Now.noted and not Now.uncut:
            stop(Now.noted)


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """While a command loads JAX, a signal ends it at once, and no garbage is collected.

    A KeyboardInterrupt inside a half-loaded JAX is lost, or crashes it. Modules are
    never garbage; not searching them saves a tenth.
    """
    before = {number: signal.getsignal(number) for number in USUAL}
    swap(USUAL, dict.fromkeys(USUAL, stop))
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        swap(dict.fromkeys(USUAL, stop), before)


def stop(number: int, *_: object) -> None:
    """End the process with one line, and without running anything more of it."""
    if Now.uncut:
        Now.noted = number
        return
    if not ENDING.acquire(blocking=False):
        if Now.ending != get_ident():  # the other thread is at it
            time.sleep(9)
        return
    Now.ending = get_ident()
    with contextlib.suppress(Exception):  # a pipe that is gone, or in use just now
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        os.write(2, f"\n{Now.name}: {Now.said()}\n".encode(errors="backslashreplace"))
    os._exit(code_of(number))


def code_of(number: int) -> int:
    """The exit code of a process that a signal has ended, as shells have it."""
    return 128 + number


begin()
