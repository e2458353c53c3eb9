"""The course's resize once for all: a file of 20x20 pictures beside the data.

A full-batch method on a CPU reads all examples dozens of times. Of bytes of 28x28, a
cost and gradient takes about twice as long as of features of 20x20, because the first
layer has twice the work (streams.py). So these are written once, float32, 1600 bytes
each: x.npy gets x.20x20.npy. Elsewhere bytes serve better: mini-batches take them once
per epoch, a GPU waits for the bus, and float64 would lose digits in such a file.

It is made again if it is older than the data, or has other pictures. If its folder
cannot be written or its disk is too full, training goes on without it.
"""

import contextlib
import shutil
from pathlib import Path
from typing import IO

import numpy as np

from jaxnn import files, mapped
from jaxnn.digits import Digits
from jaxnn.files import FileError
from jaxnn.images import SIDE
from jaxnn.rows import Form, Rows

ENDING = f".{SIDE}x{SIDE}.npy"
SPARE = 0.05  # of the disk's free room, left to others
KIND = np.dtype(np.float32)


def resized(digits: Digits) -> Digits:
    """The same digits, read from 20x20 pictures on disk; those given if there are none.

    Digits in memory, and such as need no resize, stay as they are.
    """
    x = digits.x
    if not (isinstance(x, Rows) and x.form.shrinks and isinstance(x.file, np.memmap)):
        return digits
    source = Path(str(x.file.filename))
    path = source.with_suffix(ENDING)
    every = Rows(x.file, x.form)
    with contextlib.suppress(FileError):
        if not is_current(path, source, every):
            write(path, every)
        rows = Rows(mapped.opened(path), Form(None, 1), x.ranges)
        return digits._replace(x=rows)
    return digits


def is_current(path: Path, source: Path, every: Rows) -> bool:
    """Whether path holds the pictures of all the examples in the file source."""
    if not path.exists() or path.stat().st_mtime_ns < source.stat().st_mtime_ns:
        return False
    try:
        held = mapped.opened(path)
    except FileError:  # damaged: made again
        return False
    if held.shape != every.shape or held.dtype != KIND:
        return False
    which = [0, len(every) // 2, len(every) - 1]
    return np.array_equal(held[which], every[which].astype(KIND))


def write(path: Path, every: Rows) -> None:
    """Write the pictures, whole or not at all. Raises FileError if that cannot be."""
    m, n = every.shape
    room = shutil.disk_usage(path.parent).free * (1 - SPARE)
    if m * n * KIND.itemsize > room:
        raise FileError(f"{path}: its disk has too little room")

    def fill(stream: IO[bytes]) -> None:
        header = {"descr": KIND.str, "fortran_order": False, "shape": (m, n)}
        np.lib.format.write_array_header_1_0(stream, header)
        for block in every.blocks(KIND):
            stream.write(block.tobytes())

    files.write_whole(path, fill)
