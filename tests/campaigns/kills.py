"""Kills at every write: whatever is left resumes to the same bits, or is whole.

An audit hook counts what Python does to files in one folder. At the n-th operation it
raises, before that is done, and at every later one, too, so that nothing cleans up: for
the file system the process is dead. A file that it would have opened to write is empty.
"""

import contextlib
import csv
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

import jaxnn
from jaxnn.training import chunks
from jaxnn.training.places import mend

from . import runs

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"}
CHANGES |= {"os.link", "os.symlink", "os.utime", "os.chmod"}
HOW: dict[str, Any] = {"hidden": 5, "pictures": False, "device": "cpu"}
STEPS = 24
OTHER = 4_194_305  # the number of no process; temporary files are named by it


class Killed(BaseException):
    """The end of the process; nothing that heeds an error heeds it."""


class Shim:
    """Counts operations below a folder; raises Killed from the n-th on."""

    folder = ""  # nothing is counted without one
    left = sys.maxsize
    done = 0


def hook(event: str, args: tuple[Any, ...]) -> None:
    """Called by Python before each operation."""
    if not Shim.folder or not (event == "open" or event in CHANGES):
        return
    if event == "open" and not is_writing(*args[1:3]):
        return
    path = str(args[0])
    if event == "os.rmdir" and not path.startswith("/"):  # rmtree goes by descriptors
        path = Shim.folder
    if path.startswith(Shim.folder) or not path.startswith("/"):
        Shim.done += 1
        if Shim.done == Shim.left and event == "open":
            folder, Shim.folder = Shim.folder, ""
            with contextlib.suppress(OSError):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
            Shim.folder = folder
        if Shim.done >= Shim.left:
            raise Killed(f"{event} {path}")


def is_writing(mode: Any, flags: Any) -> bool:
    """Whether open() may change a file."""
    is_mode = isinstance(mode, str) and bool(set("wax+") & set(mode))
    return is_mode or bool(isinstance(flags, int) and flags & 0x43)  # write, creat


@contextlib.contextmanager
def shim(folder: Path, kill_at: int = sys.maxsize) -> Iterator[None]:
    """In this block the operations below folder are counted; the last one may kill."""
    if hook not in HOOKS:
        sys.addaudithook(hook)  # for good: Python has no way to remove it
        HOOKS.append(hook)
    Shim.folder, Shim.left, Shim.done = str(folder), kill_at, 0
    try:
        with mock.patch.object(os, "getpid", lambda: OTHER):
            yield
    except Killed:
        pass
    finally:
        Shim.folder = ""


HOOKS: list[Callable[..., None]] = []


def campaign(cases: int, seed: int) -> list[str]:
    """What went wrong, a line each. cases: so many of all operations, spread evenly."""
    wrong: list[str] = []
    saves = chunks.SAVE_SECONDS, chunks.SAVE_SHARE
    chunks.SAVE_SECONDS, chunks.SAVE_SHARE = 0, 0  # each chunk is saved
    try:
        with runs.world() as one:
            data = jaxnn.split(jaxnn.load_digits(one.run.parent / "few.npz"))
            kinds = [kind(one, data) for kind in (new, resumed, replaced, page, swept)]
            for kind in kinds:
                wrong += kill_each(*kind, max(1, cases // len(kinds)), seed)
    finally:
        chunks.SAVE_SECONDS, chunks.SAVE_SHARE = saves
    return wrong


def kill_each(
    name: str,
    prepare: Callable[[Path], None],
    work: Callable[[Path], Any],
    judge: Callable[[Path], Iterator[str]],
    most: int,
    seed: int,
) -> list[str]:
    """Kill work at each of its operations, or at `most` of them; what judge says."""
    wrong = []
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) / "whole"
        place.mkdir()
        prepare(place)
        with shim(place):
            work(place)
        last = Shim.done
        points = np.unique(np.linspace(1, last, min(most, last)).round().astype(int))
        shift = seed % max(1, last // len(points))
        for point in np.minimum(points + shift, last).tolist():
            place = Path(made) / f"at{point}"
            place.mkdir()
            prepare(place)
            with shim(place, point):
                work(place)
            title = f"{name}, killed at operation {point} of {last}"
            try:
                wrong += [f"{title}: {what}" for what in judge(place)]
            except Exception as error:
                wrong.append(f"{title}: {type(error).__name__}: {error}")
    return wrong


def bits(run: Any) -> list[bytes]:
    """What must be equal: weights, best weights, history but for the seconds."""
    history = run.history._replace(seconds=np.zeros(0))
    arrays = *run.params, *(run.best_params or ()), *history
    return [np.asarray(array).tobytes() for array in arrays]


def rest(place: Path) -> Iterator[str]:
    """What a killed process left although another one came after it."""
    names = [path.name for path in place.rglob(".*") if path.name.startswith(".")]
    if names:
        yield f"left over: {', '.join(names)}"


def new(one: runs.World, data: Any) -> tuple[Any, ...]:
    """A new run."""

    def work(place: Path, **how: Any) -> Any:
        return jaxnn.fit(*data, out=place / "run", steps=STEPS, **HOW, **how)

    with tempfile.TemporaryDirectory() as made:
        whole = bits(work(Path(made)))

    def judge(place: Path) -> Iterator[str]:
        mend(place / "run")
        if (place / "run").exists():
            jaxnn.load_run(place / "run")
        if bits(work(place, resume=(place / "run").exists())) != whole:
            yield "other bits"
        yield from rest(place)

    return "a new run", lambda place: None, work, judge


def resumed(one: runs.World, data: Any) -> tuple[Any, ...]:
    """A run that continues."""

    def prepare(place: Path) -> None:
        shutil.copytree(one.run, place / "run")

    def work(place: Path) -> Any:
        return jaxnn.fit(*data, out=place / "run", steps=STEPS, resume=True, **HOW)

    with tempfile.TemporaryDirectory() as made:
        prepare(Path(made))
        whole = bits(work(Path(made)))

    def judge(place: Path) -> Iterator[str]:
        jaxnn.load_run(place / "run")
        if bits(work(place)) != whole:
            yield "other bits"
        yield from rest(place)

    return "a run that continues", prepare, work, judge


def replaced(one: runs.World, data: Any) -> tuple[Any, ...]:
    """A run that replaces another one: the place holds the one or the other."""

    def prepare(place: Path) -> None:
        shutil.copytree(one.run, place / "run")

    def work(place: Path) -> Any:
        how = {**HOW, "lam": 3.0, "steps": STEPS}
        return jaxnn.fit(*data, out=place / "run", overwrite=True, **how)

    def finish(place: Path) -> tuple[float, list[bytes]]:
        lam = jaxnn.load_run(place / "run").settings.lam
        how = {**HOW, "lam": lam, "steps": STEPS}
        return lam, bits(jaxnn.fit(*data, out=place / "run", resume=True, **how))

    with tempfile.TemporaryDirectory() as made:
        prepare(Path(made))
        whole = dict([finish(Path(made))])
        work(Path(made))
        whole |= dict([finish(Path(made))])

    def judge(place: Path) -> Iterator[str]:
        mend(place / "run")
        lam, found = finish(place)
        if found != whole[lam]:
            yield f"other bits, of the run with lambda {lam:g}"
        yield from rest(place)

    return "a run that replaces another", prepare, work, judge


def page(one: runs.World, data: Any) -> tuple[Any, ...]:
    """A page over an older one."""

    def prepare(place: Path) -> None:
        shutil.copytree(one.run, place / "run")
        jaxnn.write_page(place / "run", device="cpu")

    def work(place: Path) -> Any:
        return jaxnn.write_page(place / "run", device="cpu")

    def judge(place: Path) -> Iterator[str]:
        text = (place / "run" / "report.html").read_text()
        if not text.rstrip().endswith("</html>"):
            yield "half a page"
        if work(place).read_text() != text:
            yield "another page"
        yield from rest(place)

    return "a page", prepare, work, judge


def swept(one: runs.World, data: Any) -> tuple[Any, ...]:
    """A sweep: every file of it is whole, or not there."""
    from jaxnn import files, sweep

    def work(place: Path) -> Any:
        how = ("--lam", 0, 1, "--seeds", 2, "--hidden", 3, 4, "--steps", 4, "--quiet")
        file = one.run.parent / "few.npz"
        return runs.command(sweep, *how, "--data", file, "--out", place / "sweep")

    def judge(place: Path) -> Iterator[str]:
        for path in (place / "sweep").glob("[!.]*"):
            if path.is_dir():
                for group in path.glob("[!.]*.npz"):
                    files.read_npz(group)
            elif path.suffix == ".png":
                Image.open(path).load()
            elif path.suffix == ".csv":
                rows = list(csv.reader(path.read_text().splitlines()))
                if {len(row) for row in rows} != {10} or len(rows) not in (5, 9):
                    yield f"{path.name} has {len(rows)} rows"
            elif not path.read_text().endswith("\n"):
                yield f"{path.name} is cut"

    return "a sweep", lambda place: None, work, judge
