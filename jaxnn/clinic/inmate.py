"""The process that checks a person's function for another one, which watches it.

It says what it found in lines of JSON, and where it is in a file. Whatever the function
does to this process, the other one has its own.
"""

import atexit
import contextlib
import faulthandler
import io
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing import connection, parent_process
from typing import Any

from jaxnn import backends, devices
from jaxnn.mistake import BUG, Mistake, is_out_of_memory
from jaxnn.orientation import warnings_in_lines

ASK = getattr(signal, "SIGUSR1", None)  # to write down where the process is
END = os._exit  # whatever a person's code puts in its place
SHARE = 0.5  # of the machine's memory, which a function may take
LEAST = 4 << 30  # bytes; JAX needs some, too


class Said(io.TextIOBase):
    """A stream whose texts go to the process that watches."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self.send = tell

    def write(self, text: str) -> int:
        self.send(said=text)
        return len(text)

    def writable(self) -> bool:
        return True


def work(pipe: Any, beat: Any, trace: str, asked: dict[str, Any]) -> None:
    """Check the function that asked names, and tell the result through the pipe.

    beat: [how often a person's code began or ended, when it began or 0], for `quiet`.
    trace: the file to write to, where this process is.
    """
    number = os.getpid()

    def tell(**what: Any) -> None:
        if os.getpid() == number:  # no copy of this process, which a function may make
            pipe.send_bytes(json.dumps(what).encode())

    leave_terminal()
    threading.Thread(target=end_with, args=(parent_process(),), daemon=True).start()
    with open(trace, "wb", buffering=0) as place:
        write_down(place)
        limit_memory()
        from jaxnn.clinic.calling import sandbox

        sandbox.BEAT = beat
        sys.stdout, sys.stderr = io.StringIO(), Said(tell)
        tell(**answer(asked, tell))
        pipe.close()
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        END(0)


def answer(asked: dict[str, Any], tell: Callable[..., None]) -> dict[str, Any]:
    """What the check says: passed and lines; or a mistake; or a bug, its traceback."""
    from jaxnn.clinic import check_gradient, script

    def show(*work: Any) -> None:
        tell(progress=work)

    how = dict(asked)
    try:
        with warnings_in_lines("gradcheck"):
            devices.prepare_process(how.pop("device"))
            function, lines = how.pop("function"), how.pop("lines")
            checked = script(function, *lines) if lines else function
            report = check_gradient(checked, progress=show, **how)
            return {"passed": bool(report.passed), "lines": list(report.lines)}
    except (Mistake, KeyboardInterrupt) as error:  # its own: Ctrl-C is ignored here
        return {"mistake": str(error)}
    except BaseException as error:
        if isinstance(error, Exception) and (why := backends.while_computing(error)):
            return {"mistake": f"the GPU failed: {why}"}
        if isinstance(error, Exception) and is_out_of_memory(error):
            return {"mistake": f"{asked['function']}: it leaves no memory; return less"}
        return {"bug": traceback.format_exc(), "code": BUG}


def leave_terminal() -> None:
    """Neither the terminal's keys nor a function's output reach the other side."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(os, "setsid"):
        with contextlib.suppress(OSError):
            os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)


def end_with(parent: Any) -> None:
    """End this process when its parent ends."""
    connection.wait([parent.sentinel])
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def write_down(place: Any) -> None:
    """Write the lines where this process is to a file: when asked, and at a crash."""
    faulthandler.enable(place, all_threads=False)
    if ASK is not None:
        faulthandler.register(ASK, place, all_threads=False)

    def noted(end: Callable[..., Any]) -> Callable[..., Any]:
        def ended(*args: Any) -> Any:
            faulthandler.dump_traceback(place, all_threads=False)
            return end(*args)

        return ended

    for name in ("_exit", "abort", "kill"):
        for home in {sys.modules.get("posix", os), os}:
            setattr(home, name, noted(getattr(home, name)))


def limit_memory() -> None:
    """A function that wants more than its share gets MemoryError; no core is dumped.

    Not where there is a GPU, whose driver takes address space as it likes.
    """
    if backends.plugins():
        return
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        most = max(LEAST, int(SHARE * whole))
        for kind, size in ((resource.RLIMIT_DATA, most), (resource.RLIMIT_CORE, 0)):
            _, hard = resource.getrlimit(kind)
            is_free = hard == resource.RLIM_INFINITY or size < hard
            resource.setrlimit(kind, (size if is_free else hard, hard))
