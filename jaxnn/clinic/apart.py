"""Check a person's function in a process of its own, which may crash or never end.

The verdict is this process's: it passes on an answer, and anything else that the other
process does is a refusal that names the line where it was. Where JAX is loaded already,
or where processes cannot fork safely, the other process starts from nothing.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from linecache import getline
from multiprocessing import get_context, sharedctypes
from pathlib import Path
from typing import Any, NamedTuple

from jaxnn import startup
from jaxnn.clinic import inmate
from jaxnn.mistake import Mistake

PATIENCE = 30.0  # seconds that a call may take
TICK = 0.1  # seconds between two looks
GRACE = 2.0  # seconds for the other process to write down where it is, or to end
SILENCE = 600.0  # seconds without a sign: what jaxnn itself computes takes less
HOME = str(Path(__file__).parent.parent)
FOREIGN = (sys.prefix, sys.base_prefix, HOME, "<frozen", "<string>", ".pyx")
PLACE = re.compile(r'\s*File "(.*)", line (\d+) in (.*)')
SIGNALS = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGABRT: "an abort",
    9: "killed, perhaps for its memory",
}
DEEP = 6  # lines of a person's code to show, at most


class Found(NamedTuple):
    """The answer: as a Checkup's, for printing."""

    passed: bool
    lines: tuple[str, ...]


class Refused(Mistake):
    """One line, and below it the person's own lines."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        lines = (str(Mistake(line)) for line in message.split("\n"))
        self.args = ("\n".join(lines),)  # Mistake escapes the line breaks, too


class Line(NamedTuple):
    """A line of a person's code."""

    file: str
    number: int
    function: str

    def __str__(self) -> str:
        source = getline(self.file, self.number).strip()
        where = f"  {self.file}, line {self.number}, in {self.function}"
        return f"{where}\n    {source}" if source else where


class Bug(Exception):
    """The other process met a bug of ours; the text is its traceback."""


class Other(NamedTuple):
    """The other process, and what this one knows of it."""

    process: Any
    pipe: Any
    beat: Any  # as in `inmate.work`
    trace: Path
    title: str  # of the function


Show = Callable[[str, int, int], Any]


def check(asked: dict[str, Any], patience: float, show: Show) -> Found:
    """Check the function that asked names; its other entries are check_gradient's.

    patience: seconds that a call may take. Raises Mistake for anything but an answer.
    """
    with other(asked) as one, startup.saying(lambda: stopped(one)):
        try:
            found = hear(one, patience, show)
        except KeyboardInterrupt as stop:
            raise type(stop)(stopped(one)) from None
        one.process.join(GRACE)
    if "mistake" in found:
        raise Refused(str(found["mistake"]))
    if "bug" in found:
        raise Bug(str(found["bug"]))
    return Found(found["passed"] is True, tuple(map(str, found["lines"])))


@contextlib.contextmanager
def other(asked: dict[str, Any]) -> Iterator[Other]:
    """The other process; at the end it and all that it started are gone."""
    is_clean = sys.platform == "linux" and "jax" not in sys.modules
    context: Any = get_context("fork" if is_clean else "spawn")
    ours, its = context.Pipe(duplex=False)
    beat = sharedctypes.RawArray("d", 2)
    title = title_of(asked["function"])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        trace = Path(folder) / "trace"
        how = its, beat, str(trace), asked
        process = context.Process(target=inmate.work, args=how, daemon=False)
        with startup.uncut():  # a signal in between would reach both
            process.start()
        its.close()
        try:
            yield Other(process, ours, beat, trace, title)
        finally:
            end(process)
            ours.close()


def title_of(target: str) -> str:
    """The names in mywork.py:cost,Class.gradient; a file that is named alone."""
    path, sign, names = target.rpartition(":")
    words = (name.strip().rpartition(".")[2] for name in names.split(","))
    return ", ".join(words) if sign else Path(target).name


def end(process: Any) -> None:
    """Kill the other process and its group, if it has one."""
    with contextlib.suppress(OSError, AttributeError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def hear(one: Other, patience: float, show: Show) -> dict[str, Any]:
    """What the other process answers; raises Refused if it does not."""
    count, since = 0.0, time.monotonic()
    looked = since
    while True:
        if one.pipe.poll(TICK):
            message, since = message_of(one), time.monotonic()
            if "progress" in message:
                show(*message["progress"])
            elif "said" in message:
                print(message["said"], end="", file=sys.stderr)
            else:
                return message
            continue
        if not one.process.is_alive():
            raise ended(one)
        now, began = time.monotonic(), one.beat[1]
        if one.beat[0] != count:
            count, since = one.beat[0], now
        if began and now - began > patience:
            raise too_long(one, patience)
        if now - max(since, looked) > patience:  # what they return is their code, too
            looked = now
            if own_lines(one):
                raise too_long(one, patience)
        if not began and now - since > SILENCE:
            raise Refused(f"{one.title}: no answer in {SILENCE:.0f} s; stopped")


def message_of(one: Other) -> dict[str, Any]:
    """The next message; raises Refused if the process ends, or says something else."""
    try:
        return dict(json.loads(one.pipe.recv_bytes()))
    except (EOFError, OSError, ValueError, TypeError):
        raise ended(one) from None


def too_long(one: Other, patience: float) -> Refused:
    """The refusal of a call that does not end."""
    head = f"{one.title} took more than {patience:g} s for one call"
    more = f"--timeout {4 * patience:g}"
    return refused(
        one,
        head,
        f"and was stopped; replace its loops with matrix products, or allow {more}",
        own_lines(one),
    )


def ended(one: Other) -> Refused:
    """The refusal of a function that ended its process."""
    one.process.join(GRACE)
    code, lines = one.process.exitcode, places(one.trace)
    if code is not None and code < 0:
        what = f"crashed Python ({SIGNALS.get(-code) or signal.strsignal(-code)})"
        return refused(one, f"{one.title} {what}", "; fix that line", lines)
    return refused(
        one, f"{one.title} ended the process", "; take that out of it", lines
    )


def refused(one: Other, head: str, step: str, lines: list[Line]) -> Refused:
    """A refusal that names the line, and shows it and those that called it."""
    at = f" at line {lines[0].number}" if lines else ""
    space = "" if step.startswith(";") else " "
    shown = [str(line) for line in lines[:DEEP][::-1]]
    return Refused("\n".join([f"{head}{at}{space}{step}", *shown]))


def stopped(one: Other) -> str:
    """What Ctrl-C says: the line where the function was. Ends the other process."""
    lines = own_lines(one)
    end(one.process)
    shutil.rmtree(one.trace.parent, ignore_errors=True)
    if not lines:
        return "stopped"
    name = os.path.basename(lines[0].file)
    return f"stopped at line {lines[0].number} of {name}, in {lines[0].function}"


def own_lines(one: Other) -> list[Line]:
    """The lines of a person's code where the other process is now, innermost first."""
    size = one.trace.stat().st_size if one.trace.exists() else 0
    if inmate.ASK is None or not size and not one.beat[0]:
        return []  # it could not answer, or has run nothing of a person's
    with contextlib.suppress(OSError):
        os.kill(one.process.pid, inmate.ASK)
        until = time.monotonic() + GRACE
        while one.trace.stat().st_size == size and time.monotonic() < until:
            time.sleep(TICK / 10)
        time.sleep(TICK / 10)  # it writes line by line
    return places(one.trace)


def places(trace: Path) -> list[Line]:
    """The lines of a person's code in what was written down last, innermost first."""
    text = trace.read_text(errors="replace") if trace.exists() else ""
    last = text.rpartition("most recent call first")[2].partition("\n\n")[0]
    found = (PLACE.match(line) for line in last.splitlines())
    every = (Line(one[1], int(one[2]), one[3]) for one in found if one)
    return [one for one in every if not any(home in one.file for home in FOREIGN)]
