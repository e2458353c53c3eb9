"""Sets of made digits on disk: as many as fit there, never many in memory.

A set is a folder with x.npy (m, 28, 28) uint8, ink 255, and y.npy (m,) uint8. It grows
in a hidden folder next to its own place, and appears there when it is whole.
"""

import contextlib
import itertools
import os
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import IO, Any

import numpy as np

from jaxnn import files, formats
from jaxnn.files import FileError
from jaxnn.images import MNIST_SIDE
from jaxnn.mistake import Mistake
from jaxnn.reading import made
from jaxnn.reading.made import BLOCK, Made

BYTES = MNIST_SIDE**2 + 1  # of a digit and its label
HEADERS = 2**16  # bytes, more than both files' headers and folders take
AHEAD = 4  # blocks that each worker may be ahead of the disk
Show = Callable[[int, int], Any]  # show(digits written, of how many)


def write(
    folder: str | Path,
    count: int,
    seed: int = 0,
    workers: int | None = None,
    show: Show = lambda *_: None,
) -> None:
    """Write `made.drawn(count, seed)` as a set: x.npy and y.npy in a new folder.

    workers: processes that draw; None takes one per core. Their number changes nothing
    in the files. Raises Mistake if the folder exists, or its disk has too little room.
    """
    if count < 1:
        raise Mistake(f"{count} examples: give at least 1")
    folder = Path(folder).expanduser().absolute()
    if os.path.lexists(folder):
        raise FileError(f"{folder}: exists already; choose another folder")
    require_room(folder, count)
    most = -(-count // BLOCK)
    workers = min(most, os.cpu_count() or 1) if workers is None else workers
    with files.writing(folder), contextlib.ExitStack() as stack:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True
        )
        new = Path(stack.enter_context(place)) / "set"
        new.mkdir()
        with contextlib.closing(drawn(most, seed, workers)) as blocks:
            fill(new, count, blocks, show)
        os.replace(new, folder)


def require_room(folder: Path, count: int) -> None:
    """Raise FileError unless the disk of a folder to come has room for so many."""
    there = next(path for path in folder.parents if path.is_dir())
    needed, free = count * BYTES + HEADERS, shutil.disk_usage(there).free
    if needed > free:
        raise FileError(
            f"{folder}: {count} examples take {needed / 1e9:.3g} GB, and its disk has "
            f"{free / 1e9:.3g} GB left; give fewer examples, or another disk"
        )


def fill(folder: Path, count: int, blocks: Iterator[Made], show: Show) -> None:
    """Write the files of a set of count digits, block by block."""
    shapes = (count, MNIST_SIDE, MNIST_SIDE), (count,)
    with contextlib.ExitStack() as stack:
        streams: list[IO[bytes]] = [
            stack.enter_context(open(folder / name, "wb"))
            for name in ("x.npy", "y.npy")
        ]
        for stream, shape in zip(streams, shapes, strict=True):
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(stream, header)
        for first, arrays in zip(range(0, count, BLOCK), blocks, strict=True):
            for stream, array in zip(streams, arrays, strict=True):
                stream.write(array[: count - first].tobytes())
            show(min(count, first + BLOCK), count)
        for stream in streams:
            stream.flush()
            os.fsync(stream.fileno())


def drawn(count: int, seed: int, workers: int) -> Generator[Made, None, None]:
    """The first blocks of digits in their order, drawn side by side by processes."""
    if workers == 1:
        yield from (block_of(seed, number) for number in range(count))
        return
    how: dict[str, Any] = {"mp_context": get_context("spawn"), "initializer": serve}
    pool = ProcessPoolExecutor(workers, **how)
    try:
        numbers = iter(range(count))
        first = itertools.islice(numbers, AHEAD * workers)
        waiting = deque(pool.submit(block_of, seed, number) for number in first)
        while waiting:
            yield waiting.popleft().result()
            for number in itertools.islice(numbers, 1):
                waiting.append(pool.submit(block_of, seed, number))
    except BrokenProcessPool:
        raise Mistake(
            "a process that draws has ended, perhaps for lack of memory; try again"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def block_of(seed: int, number: int) -> Made:
    """One block of new digits, made of the embedded ones."""
    return made.numbered(number, seed, formats.embedded())


def serve() -> None:
    """In a worker: leave Ctrl-C to the parent, and end with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent: Any = parent_process()

    def wait() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    Thread(target=wait, daemon=True).start()
