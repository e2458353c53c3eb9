"""What every command shares: its name, its messages and exit codes, its progress."""

import argparse
import atexit
import contextlib
import errno
import io
import os
import re
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from jaxnn import backends, data, processes, startup
from jaxnn.mistake import BUG, Mistake, is_out_of_memory, printable, printable_lines
from jaxnn.orientation import warnings_in_lines
from jaxnn.progress import Show, bar

MISTAKE = 2  # an exit code, next to BUG
REPORT = "this is a bug in jaxnn, not your mistake; please report the lines above"
# errors of a place that a person chose, also without its name
PLACES = (errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS, errno.EDQUOT)
HELD: dict[int, Any] = {}  # the handlers of signals that wait
SILENT = 10.0  # seconds without a line of progress, at most
OTHER_NAMES = {  # what other programs call our flags
    **dict.fromkeys(["--lambda", "--alpha", "--reg"], "--lam"),
    **dict.fromkeys(["--optimizer", "--optim", "--solver"], "--method"),
    **dict.fromkeys(["--units", "--hidden-units", "--layers"], "--hidden"),
    "--epochs": "--steps",
    "--lr": "--learning-rate",
    "--batch": "--batch-size",
    "--output": "--out",
    "--gpu": "--device gpu",
    "--cpu": "--device cpu",
}


def as_typed(command: str) -> str:
    """The command as a person types it, in the way that started this process."""
    ways = {"jaxnn": "jaxnn ", "__main__": "python -m jaxnn "}
    return ways.get(Path(sys.argv[0]).stem, "python -m jaxnn.") + command


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line that ends in the next step."""

    def error(self, message: str) -> NoReturn:
        flags = re.findall(r"--[a-z-]+", self.format_usage())
        for unknown in message.partition("unrecognized arguments: ")[2].split():
            for flag in nearest(unknown.partition("=")[0], flags):
                message += f" (did you mean {flag}?)"
        name = re.split(r"[ .]", self.prog.removesuffix(".py"))[-1]
        self.exit(MISTAKE, f"{name}: {printable(message)}; see {self.prog} --help\n")


def nearest(word: str, flags: Sequence[str]) -> list[str]:
    """The flag that a word stands for, or is short for, or resembles; one or none."""
    other = OTHER_NAMES.get(word, "")
    if other and other.split()[0] in flags:
        return [other]
    longer = [flag for flag in flags if flag.startswith(word) and word[2:]]
    return longer[:1] or get_close_matches(word, flags, 1, cutoff=0.75)


def run(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a command on the words of the command line, and exit with its code."""
    leave(exit_code(main, sys.argv[1:], Path(sys.argv[0]).stem))


def leave(code: int) -> NoReturn:
    """Exit at once: Python would spend up to 0.1 s on taking JAX to pieces.

    At a prompt, in a debugger or a profiler it exits in Python's own way.
    """
    is_watched = hasattr(sys, "ps1") or sys.flags.interactive
    if is_watched or sys.gettrace() or sys.getprofile():
        sys.exit(code)
    if code == 0 or processes.is_alone():  # else JAX would wait for the others
        atexit._run_exitfuncs()
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def exit_code(
    main: Callable[[Sequence[str]], int], argv: Sequence[str], name: str
) -> int:
    """Run a command: a mistake is one line and code 2, a bug its traceback and code 3.

    name: of the command, which begins each line.
    """
    startup.Now.name = name
    for stream in (sys.stdout, sys.stderr):  # a file's name may be no text
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings_in_lines(name):
            code = main(argv)
        sys.stdout.flush()  # so that a closed pipe is found here
        return code
    except KeyboardInterrupt as stop:
        said = printable(str(stop)) or startup.Now.said()
        print(f"\n{name}: {said}", file=sys.stderr)
        is_term = isinstance(stop, startup.Terminated)
        return startup.code_of(signal.SIGTERM if is_term else signal.SIGINT)
    except BrokenPipeError:
        silence()
        return 0
    except Exception as error:
        mistake = as_mistake(error)
        if mistake is None:
            print(printable_lines(traceback.format_exc()), end="", file=sys.stderr)
        text = REPORT if mistake is None else printable_lines(str(mistake))
        print(f"{name}: {text}", file=sys.stderr)
        return BUG if mistake is None else MISTAKE


def as_mistake(error: Exception) -> Mistake | None:
    """The line that says what a person can do about an error; None if it is a bug."""
    if isinstance(error, Mistake):
        return error
    if isinstance(error, OSError) and is_a_persons_place(error):
        where = f"{error.filename}: " if error.filename else ""
        return Mistake(f"{where}{error.strerror or error}; choose another place")
    if reason := backends.while_computing(error):
        return Mistake(f"the GPU failed: {reason}")
    if is_out_of_memory(error):
        return Mistake("not enough memory; use fewer hidden units, seeds or digits")
    return None


def is_a_persons_place(error: OSError) -> bool:
    """Whether a person chose the place; no person chose that of jaxnn's own files."""
    if not error.filename:
        return error.errno in PLACES
    homes, path = (Path(__file__).parent, data.embedded_file()), str(error.filename)
    return not any(Path(path).is_relative_to(home) for home in homes)


def printer(quiet: bool) -> Callable[..., None]:
    """print, or a function that prints nothing."""
    return (lambda *_, **__: None) if quiet else print


def progress() -> Show:
    """show(text, done, whole): a bar on a terminal, few lines in a pipe; 0 ends it."""
    if sys.stdout.isatty():
        return bar(sys.stdout)
    tenths, last = 0, time.monotonic()

    def show(text: str, done: int, whole: int) -> None:
        nonlocal tenths, last
        if not whole:
            return
        if 10 * done // whole > tenths or time.monotonic() - last > SILENT:
            tenths, last = 10 * done // whole, time.monotonic()
            try:
                print(text, flush=True)
            except BrokenPipeError:
                silence()

    return show


def progress_of_parts(quiet: bool) -> Show:
    """show(part, done, whole): a bar for each part, unless quiet; heeds Ctrl-C."""
    check, bars = hold_ctrl_c(), defaultdict(progress)

    def show(part: str, done: int, whole: int) -> None:
        check()
        if not quiet:
            bars[part](f"{part}: {100 * done // whole}%", done, whole)

    return show


def progress_of_stages(quiet: bool) -> Show:
    """show(stage, done, whole): a bar on a terminal, which whole 0 removes, or nothing.

    For work of seconds.
    """
    is_shown = not quiet and sys.stderr.isatty()
    return bar(sys.stderr, leaves=False) if is_shown else lambda *_: None


def stopped(folder: Path, more: str = "") -> KeyboardInterrupt:
    """What to raise for the one that is handled: it names the folder of the results.

    An empty folder is removed. more: the end of the line, where it is not.
    """
    is_term = isinstance(sys.exception(), startup.Terminated)
    kind = startup.Terminated if is_term else KeyboardInterrupt
    if any(folder.iterdir()):
        return kind(f"stopped; what was finished is in {folder}{more}")
    folder.rmdir()
    return kind("stopped; nothing saved")


def hold_ctrl_c() -> Callable[[], None]:
    """From now on the first Ctrl-C waits for check(), which raises KeyboardInterrupt.

    SIGTERM likewise, which raises Terminated. A second one ends the process at once.
    """
    noted: list[int] = []

    def note(number: int, *_: object) -> None:
        noted.append(number)
        if len(noted) > 1:
            startup.stop(number)

    def check() -> None:
        if noted:
            is_term = noted[0] == signal.SIGTERM
            raise startup.Terminated if is_term else KeyboardInterrupt

    for number in startup.USUAL:
        if signal.getsignal(number) is not signal.SIG_IGN:
            HELD.setdefault(number, signal.getsignal(number))
            signal.signal(number, note)
    startup.Now.waits, startup.Now.pressed = True, 0
    return check


def release_ctrl_c() -> None:
    """Signals do again what they did before `hold_ctrl_c`."""
    startup.Now.waits = False
    while HELD:
        signal.signal(*HELD.popitem())


def silence() -> None:
    """Continue without output: its reader is gone, as after `| head`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def seconds_since_import() -> float:
    """Seconds since `import jaxnn` began; when Python itself began is not known.

    Linux knows when the process did, but a shell may have become Python much later.
    """
    return time.perf_counter() - startup.STARTED
