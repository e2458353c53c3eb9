"""The place of a run folder: free or taken, locked by one process, and mended.

A run is made in a hidden folder beside its place, .NAME.*, and renamed. Each process
holds a lock in its hidden folder, so the next run in that place knows what a killed
process has left.
"""

import contextlib
import itertools
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from jaxnn import files, locks
from jaxnn.files import FileError
from jaxnn.showing import FILES
from jaxnn.training.record import CONFIG, read_config
from jaxnn.weights import PARAMS

CHECKPOINT = "checkpoint.npz"
HISTORY = "history.csv"
TRAINED_ON = "trained_on.npz"
LOCK = ".lock"
OWN = {CONFIG, CHECKPOINT, TRAINED_ON, PARAMS, "best.npz", HISTORY, *FILES}
OWN |= {"report.html", LOCK}
HIDDEN = {"run", "old", LOCK}  # what a hidden folder holds


def holds_run(folder: Path) -> bool:
    """Whether a folder holds a run that can be resumed."""
    return (folder / CHECKPOINT).exists()


def require_free(folder: Path, again: str = "", overwrite: bool = False) -> None:
    """Raise FileError unless a run can be made at this path.

    again: what else to do where a run is. overwrite: whether one may be there, with no
    files but its own.
    """
    mend(folder)
    if holds_run(folder) and overwrite:
        read_config(folder)  # or it is another program's checkpoint
        names = {path.name for path in folder.iterdir() if not path.match(".*.tmp")}
        if strangers := names - OWN:
            raise FileError(
                f"{folder}: holds {min(strangers)}, which is no part of a run; move it "
                "to another folder"
            )
    elif holds_run(folder):
        raise FileError(f"{folder}: holds a run already; {again}choose another folder")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(f"{folder}: exists and is not an empty folder; choose another")


def dated(prefix: str = "") -> str:
    """A new folder's name, runs/<prefix><time>, with -2, -3, ... if that exists."""
    name = time.strftime(f"runs/{prefix}%Y-%m-%d-%H%M%S")
    names = (f"{name}-{i}" if i > 1 else name for i in itertools.count(1))
    return next(name for name in names if not Path(name).exists())


def results_folder(out: str | None, kind: str) -> Path:
    """The folder for a command's results, out or runs/<kind>-<time>, which is free."""
    folder = Path(out or dated(f"{kind}-"))
    require_free(folder)
    return folder


@contextlib.contextmanager
def locked(folder: Path | None) -> Iterator[None]:
    """Hold the lock of a run, if there is one; FileError names who else holds it."""
    if folder is None or not holds_run(folder):
        yield
        return
    with alone(folder):
        yield


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder that exists; FileError names who else holds it."""
    with contextlib.ExitStack() as stack:
        try:
            with files.writing(folder):
                stack.enter_context(locks.lock(folder / LOCK))
        except locks.Taken as other:
            number = f" {other}" if str(other) else ""
            raise FileError(
                f"{folder}: process{number} is training it; wait until that ends, or "
                "stop it"
            ) from None
        yield


@contextlib.contextmanager
def hidden(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder`, for this process alone; removed at the end."""
    with contextlib.ExitStack() as stack:
        while True:
            made = tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.")
            new = Path(made)
            stack.callback(shutil.rmtree, new, ignore_errors=True)
            # a process that mends may take it for a dead one's, until it is locked
            with contextlib.suppress(FileNotFoundError, locks.Taken):
                stack.enter_context(locks.lock(new / LOCK))
                break
        yield new


def put(new: Path, folder: Path, overwrite: bool) -> None:
    """Rename new to folder. overwrite: a run that is there moves next to new.

    A process killed between the two renames leaves both runs next to folder, the old
    one as "old"; `mend` puts that back.
    """
    old = new.with_name("old")
    is_there = overwrite and holds_run(folder)
    if is_there:
        os.replace(folder, old)
    try:
        os.replace(new, folder)
    except BaseException:
        if is_there:
            os.replace(old, folder)
        raise


def mend(folder: Path) -> None:
    """Put a run back that a killed process had moved away, and remove what it left."""
    name = re.compile(re.escape(f".{folder.name}.") + "[a-z0-9_]{8}")
    with contextlib.suppress(OSError):  # no such place, or one to read only
        for one in folder.absolute().parent.iterdir():
            is_ours = name.fullmatch(one.name) and one.is_dir()
            if is_ours and {inner.name for inner in one.iterdir()} <= HIDDEN:
                settle(one, folder)


def settle(left: Path, folder: Path) -> None:
    """`mend` one hidden folder, unless its process is alive."""
    with contextlib.suppress(OSError, locks.Taken), locks.lock(left / LOCK):
        if (left / "old").exists() and not folder.exists():
            os.replace(left / "old", folder)
        shutil.rmtree(left, ignore_errors=True)
