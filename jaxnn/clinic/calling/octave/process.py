"""The process in which Octave runs a person's functions."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.io import loadmat, savemat

from jaxnn.clinic.calling import calls
from jaxnn.clinic.calling.octave.errors import (
    REFUSAL,
    OctaveError,
    Place,
    explained,
    never_set,
)
from jaxnn.clinic.calling.octave.sources import Head, copied
from jaxnn.clinic.calling.octave.values import cells, to_python
from jaxnn.clinic.calling.texts import one_line
from jaxnn.mistake import Mistake

FLAGS = ("--no-gui", "--no-window-system", "--no-history", "--norc", "--quiet")
SERVER = Path(__file__).with_name("octave_server.m")
ANSWER = b"jaxnn answer"
LONGEST = 1 << 16  # bytes of a printed line that are read at once
# a function may be in an endless loop when Python is killed: nothing must be left
WATCHED = """
(while kill -0 "$PPID"; do sleep 1; done; kill -9 -$$) </dev/null >/dev/null 2>&1 &
exec "$@"
"""
WATCH = ("sh", "-c", WATCHED, "sh") if os.name == "posix" else ()
SET = {  # plots open no window; for small matrices one thread is fastest
    "GNUTERM": "dumb",
    "QT_QPA_PLATFORM": "offscreen",
    "OMP_NUM_THREADS": "1",
}
REFUSED = f"""
function varargout = {{0}}(varargin)
  error('{{0}} {REFUSAL}');
end
"""
# functions that would wait for a person, or end Octave
INSTEAD = {"pause": "function pause(varargin)\nend\n"} | {
    name: REFUSED.format(name)
    for name in ("input", "keyboard", "kbhit", "exit", "quit")
}
UNITS = ("i", "j", "I", "J")


class Octave:
    """An Octave process for some functions; the first call starts it."""

    def __init__(self, functions: Sequence[Head]) -> None:
        self.functions = functions
        self.process: subprocess.Popen[bytes] | None = None
        self.home = Path()
        self.stop: weakref.finalize | None = None

    def call(self, number: int, arguments: Sequence[Any]) -> tuple[Any, ...]:
        """The outputs of a function; raises OctaveError, or TooLong after LIMIT s."""
        head = self.functions[number]
        job = {
            "name": head.path.stem if head.is_direct else copy_name(number),
            "count": float(max(1, len(set(head.returns) - {"varargout"}))),
            "arguments": cells(arguments),
        }
        try:
            answer = self.ask(job, head)
        except BaseException:  # Ctrl-C too: a late answer must not be read
            self.close()
            raise
        if isinstance(answer["failure"], dict):
            raise explained(answer["failure"], head, self.home, self.copies())
        for name, value in zip(head.returns, answer["outputs"], strict=False):
            # where J is not set, it is Octave's imaginary unit
            if name in UNITS and isinstance(value, complex) and value == 1j:
                raise never_set(name, Place(head.path, head.name))
        return tuple(answer["outputs"])

    def ask(self, job: dict[str, Any], head: Head) -> dict[str, Any]:
        """Have a job done; start the process if it does not run."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        assert self.process and self.process.stdin
        savemat(self.home / "job.mat", job, oned_as="column", long_field_names=True)
        with contextlib.suppress(BrokenPipeError):
            # fgetl waits for the first character of the next line
            self.process.stdin.write(os.fsencode(head.path.parent) + b"\n\n")
            self.process.stdin.flush()
        place = Place(head.path, head.name)
        await_answer(self.process, place)
        try:
            saved = loadmat(self.home / "answer.mat", struct_as_record=False)
            return {name: to_python(saved[name]) for name in ("failure", "outputs")}
        except Exception as error:  # text with half a character, objects
            raise OctaveError("SciPy cannot read the outputs", place) from error

    def start(self) -> None:
        """Start Octave in a new temporary folder."""
        self.close()
        self.home = Path(os.path.realpath(tempfile.mkdtemp(prefix="jaxnn-octave-")))
        shutil.copy(SERVER, self.home)
        for name, text in INSTEAD.items():
            (self.home / f"{name}.m").write_text(text)
        for path, head in self.copies().items():
            path.write_text(copied(head, path.stem), encoding="utf-8")
        hidden = ("DISPLAY", "WAYLAND_DISPLAY")
        inherited = {k: v for k, v in os.environ.items() if k not in hidden}
        self.process = subprocess.Popen(
            [*WATCH, executable(self.functions[0].path), *FLAGS, "--eval", SERVER.stem],
            cwd=self.home,
            env=inherited | SET,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.stop = weakref.finalize(self, end, self.process, self.home)

    def copies(self) -> dict[Path, Head]:
        """The copies of functions that Octave cannot call by their file's name."""
        return {
            self.home / f"{copy_name(number)}.m": head
            for number, head in enumerate(self.functions)
            if not head.is_direct
        }

    def close(self) -> None:
        """End the process and all that it started; the next call starts a new one."""
        if self.stop:
            self.stop()
        self.process = self.stop = None


def copy_name(number: int) -> str:
    """The name under which Octave calls the copy of a function."""
    return f"jaxnn_copy_{number}"


def executable(path: Path) -> str:
    """The path of Octave's program; Mistake if it is not installed."""
    found = shutil.which("octave-cli") or shutil.which("octave")
    if found is None:
        raise Mistake(
            f"{path.name} needs Octave to run; install it (Debian: apt install octave; "
            "macOS: brew install octave), or translate the function to Python"
        )
    return found


def await_answer(process: subprocess.Popen[bytes], place: Place) -> None:
    """Read what the function prints until the answer is there."""
    printed = process.stderr
    assert printed
    stops, last = time.monotonic() + calls.LIMIT, b""
    timer = threading.Timer(calls.LIMIT, kill, [process])
    timer.start()
    try:
        for line in iter(lambda: printed.readline(LONGEST), b""):
            if line.strip() == ANSWER:
                return
            if line.strip() and not line.startswith(b"warning"):
                last = line
    finally:
        timer.cancel()
    if time.monotonic() >= stops:
        raise calls.TooLong
    reason = one_line(last.decode(errors="replace")) or "with no message"
    raise OctaveError(f"Octave ended ({reason})", place)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and those that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def end(process: subprocess.Popen[bytes], home: Path) -> None:
    """Kill the process, and remove its folder."""
    kill(process)
    process.wait()
    for stream in filter(None, (process.stdin, process.stderr)):
        with contextlib.suppress(OSError):  # a job that was never read
            stream.close()
    shutil.rmtree(home, ignore_errors=True)
