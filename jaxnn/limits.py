"""How much memory a file may take: a quarter of the machine's.

A file of a few kilobytes can claim any shape, and unpack to it. So what reading takes
is computed from the shapes and types that it declares, before any of it is taken.
"""

import math
import os
import sys
from pathlib import Path

PART = 4  # a file may take the machine's memory divided by this
COPIES = 2 * 8  # bytes: two copies of each number as float64, while x is made
LABEL = 4 * 8  # bytes: of each label, while classes are looked for
SIZED = {28 * 28: 20 * 20}  # pixels of a picture that is shrunk, and after it
GROUPS = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"


def machine() -> int:
    """The memory of the machine in bytes, or what a container may take of it."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # this system does not say
        memory = sys.maxsize
    return min([memory, *filter(None, map(of_group, GROUPS))])


def of_group(file: str) -> int:
    """The limit in a file of Linux's control groups; 0 if there is none."""
    try:
        return int(Path(file).read_text())
    except (OSError, ValueError):  # no such group, or "max"
        return 0


def most() -> int:
    """How many bytes of memory a file may take."""
    return machine() // PART


def need(shape: tuple[int, ...], itemsize: int) -> int:
    """The bytes that an array of this shape takes while it becomes features or labels.

    itemsize: bytes of one element in the file.
    """
    count = math.prod(shape)
    if len(shape) < 2 or count == max(shape):
        return count * (4 * itemsize + LABEL)
    pixels = math.prod(shape[1:])
    kept = shape[0] * SIZED.get(pixels, pixels)
    return count * itemsize + kept * COPIES


def refusal(size: int) -> str:
    """Why a file that would take so many bytes of memory is not read; or nothing."""
    if size <= most():
        return ""
    return (
        f"reading it would take {gib(size)} GiB of memory, and at most {gib(most())} "
        f"GiB may be taken, 1/{PART} of this machine's; give fewer or smaller examples"
    )


def gib(size: int) -> str:
    """Bytes as GiB, to three digits."""
    return f"{size / 2**30:.3g}" if size < 2**60 else "over 1e9"
