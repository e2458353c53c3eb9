"""Read a MATLAB file in a child process: SciPy's reader can crash on a damaged one.

The child runs this very file, so it imports nothing of jaxnn.
"""

import contextlib
import itertools
import math
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

LARGEST = 4 << 30  # bytes; more than this in one file is refused
REFUSED = 3  # the child's exit code when it can say what is wrong


def serve_mat(path: str, names: list[str]) -> None:
    """Write the named variables of path to standard output as .npz."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # missing on Windows: there only the shapes are checked

        resource.setrlimit(resource.RLIMIT_AS, (4 * LARGEST, 4 * LARGEST))
    from scipy.io import loadmat, whosmat

    try:
        held = {name: shape for name, shape, _ in whosmat(path)}
    except NotImplementedError:
        refuse("saved as MATLAB v7.3, which SciPy cannot read; use save('-v7', ...)")
    wanted = [name for name in names if name in held]
    if not wanted:
        refuse(f"holds {listed(held)}; expected {listed(names)}")
    if sum(8 * math.prod(held[name]) for name in wanted) > LARGEST:
        refuse(f"claims more than {LARGEST >> 30} GiB of numbers; too large to read")
    arrays = loadmat(path, variable_names=wanted)
    for name in wanted:
        if (
            not isinstance(arrays[name], np.ndarray)
            or arrays[name].dtype.kind not in "biuf"
        ):
            refuse(f"{name} is not a full array of real numbers; save it as one")
    named: Any = {name: arrays[name] for name in wanted}
    np.savez(sys.stdout.buffer, **named)


def refuse(message: str) -> NoReturn:
    """End the process with a message for the person."""
    print(message, file=sys.stderr)
    sys.exit(REFUSED)


def listed(names: Iterable[str]) -> str:
    """The first few of a file's names, for a message."""
    shown = list(itertools.islice(names, 9))
    return ", ".join(shown[:8] + ["..."] * (len(shown) > 8)) or "nothing"


if __name__ == "__main__":
    serve_mat(sys.argv[1], sys.argv[2:])
