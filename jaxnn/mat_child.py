"""Read a MATLAB file in a child process: SciPy's reader can crash on a damaged one.

The child runs this very file, so it imports nothing of jaxnn. It takes little memory to
look at what the file holds, and for its numbers what their shapes and types say.
"""

import contextlib
import itertools
import math
import os
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

REFUSED = 3  # the child's exit code when it can say what is wrong
SLACK = 200 << 20  # bytes that the child may take, beside the numbers
COPIES = 4  # of the numbers, in the child and in the process that asks for them
WIDE = {"double": 8, "int64": 8, "uint64": 8, "single": 4, "int32": 4, "uint32": 4}
WIDE |= {"int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "logical": 1}  # bytes
MOST_VARIABLES = 1000
RATIO, LARGE = 100, 100 << 20  # digits pack to a fifth; a bomb to a thousandth
TRAP = "unpacks as no real data do; if yours do, save them with '-v6'"
LONGEST = 40  # characters of a name that are shown


def serve_mat(path: str, most: int, names: list[str]) -> None:
    """Write the named variables of path to standard output as .npz.

    most: bytes of memory that they may take.
    """
    from scipy.io import loadmat, whosmat

    limit_memory(SLACK)
    try:
        found = whosmat(path)
    except NotImplementedError:
        refuse("saved as MATLAB v7.3, which SciPy cannot read; use save('-v7', ...)")
    if len(found) > MOST_VARIABLES:
        refuse(f"holds {len(found)} variables; keep at most {MOST_VARIABLES}")
    held = {name: (shape, kind) for name, shape, kind in found}
    wanted = [name for name in names if name in held]
    if not wanted:
        refuse(f"holds {listed(held)}; expected {listed(names)}")
    size = size_of({name: held[name] for name in wanted})
    if COPIES * size > most:
        refuse(
            f"claims to need {COPIES * size / 2**30:.3g} GiB of memory, and at most "
            f"{most / 2**30:.3g} GiB may be taken; give fewer or smaller examples"
        )
    if is_bomb(os.path.getsize(path), size):
        refuse(TRAP)
    limit_memory(SLACK + COPIES * size)
    arrays = loadmat(path, variable_names=wanted)
    for name in wanted:
        if (
            not isinstance(arrays[name], np.ndarray)
            or arrays[name].dtype.kind not in "biuf"
        ):
            refuse(f"{name} is not a full array of real numbers; save it as one")
    named: Any = {name: arrays[name] for name in wanted}
    np.savez(sys.stdout.buffer, **named)


def size_of(held: dict[str, tuple[tuple[int, ...], str]]) -> int:
    """The bytes of variables with these shapes and kinds; refuses other kinds."""
    for name, (_, kind) in held.items():
        if kind not in WIDE:
            refuse(f"{name} is not a full array of real numbers; save it as one")
    return sum(WIDE[kind] * math.prod(shape) for shape, kind in held.values())


def is_bomb(packed: int, size: int) -> bool:
    """Whether `packed` bytes that unpack to `size` are like no data of a person."""
    return size > max(LARGE, RATIO * packed)


def limit_memory(more: int) -> None:
    """Let this process take so many bytes more than now; not on every system."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # missing on Windows: there only the shapes are checked

        with open("/proc/self/statm") as file:  # only on Linux
            now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (now + more, hard))


def refuse(message: str) -> NoReturn:
    """End the process with a message for the person."""
    print(message, file=sys.stderr)
    sys.exit(REFUSED)


def listed(names: Iterable[str]) -> str:
    """The first few of a file's names, for a message; long ones are cut."""
    shown = [
        n[:LONGEST] + "..." * (len(n) > LONGEST) for n in itertools.islice(names, 9)
    ]
    return ", ".join(shown[:8] + ["..."] * (len(shown) > 8)) or "nothing"


if __name__ == "__main__":
    try:
        serve_mat(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
    except MemoryError:
        refuse(TRAP)
