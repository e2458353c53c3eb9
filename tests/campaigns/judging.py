"""The judge of a campaign: a valid result or one line, in little time and memory.

It knows nothing of how jaxnn reads files. Memory is the process's own, as Linux counts
it, with what libraries take past Python; elsewhere it is not looked at.
"""

import contextlib
import os
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jaxnn

SECONDS = 10  # of the processor, that a case may take
REFUSAL = 300 << 20  # bytes, that a refusal may take above the start
LONGEST = 1000  # characters of a message


class Verdict(NamedTuple):
    """What became of a case."""

    result: Any  # None if it was refused
    message: str | None  # of the refusal
    faults: list[str]  # what should not be
    seconds: float
    memory: int  # bytes above the start, or 0 where nobody counts


def judged(work: Callable[[], Any], name: str, may_take: int) -> Verdict:
    """What becomes of work; its faults.

    name: what a refusal must begin with. may_take: bytes of memory for a result.
    """
    result = message = None
    faults: list[str] = []
    with warnings.catch_warnings(record=True) as caught, standard_error() as written:
        warnings.simplefilter("always")
        before, began = forget_peak(), time.process_time()
        try:
            result = work()
        except jaxnn.Mistake as mistake:
            message = str(mistake)
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            file, text = Path(where.filename).name, f"{error}"[:200]
            faults.append(f"{type(error).__name__} in {file}:{where.lineno}: {text}")
        seconds, memory = time.process_time() - began, peak() - before
    faults += [f"warning: {warning.message}" for warning in caught]
    faults += [f"past Python: {text[:200]}" for text in written]
    if seconds > SECONDS:
        faults.append(f"took {seconds:.1f} s")
    if memory > (REFUSAL if result is None else may_take):
        faults.append(f"took {memory >> 20} MiB")
    if message is not None:
        faults += faults_of(message, name)
    return Verdict(result, message, faults, seconds, max(memory, 0))


def faults_of(message: str, name: str) -> Iterator[str]:
    """What is wrong with the one line of a refusal."""
    if not message.isprintable():
        yield f"not one line of text: {message!r}"
    if not message.startswith(name):
        yield f"names another file: {message}"
    if not 20 < len(message.removeprefix(name)) or len(message) > LONGEST:
        yield f"too short or too long: {message}"


@contextlib.contextmanager
def standard_error() -> Iterator[list[str]]:
    """What was written to file 2 in the block, by C libraries too; read it after."""
    written: list[str] = []
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield written
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            written += filter(None, [file.read().decode(errors="replace")])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What writers of odd files warn of is not looked at."""
    with warnings.catch_warnings(), standard_error():
        warnings.simplefilter("ignore")
        yield


def forget_peak() -> int:
    """The memory of the process now, from which its peak begins again."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> int:
    """The most memory that the process has had, in bytes; 0 where that is not known."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return 1024 * int(found[0]) if found else 0
