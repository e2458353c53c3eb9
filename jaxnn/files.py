"""Read other people's files without trust; write our own whole or not at all.

Nothing is ever unpickled, and sizes are checked before memory is taken. Whatever a
reader raises on a damaged file becomes one FileError that names the file. MATLAB files
are read in a child process (mat_child.py), because a damaged one can crash SciPy.
"""

import contextlib
import csv
import glob
import gzip
import io
import math
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from jaxnn import limits, locks, mat_child, startup
from jaxnn.mat_child import REFUSED
from jaxnn.mat_child import listed as listed
from jaxnn.mistake import Mistake

MOST_ARRAYS = 1000  # in one .npz; each takes time, however small
GZIP_RATIO = 1032  # DEFLATE's best: the most bytes that one compressed byte can give
CHILD_SECONDS = 300  # reading 4 GiB of .mat takes about one minute


class FileError(Mistake):
    """A file that cannot be used; the message names it and says what to do."""


class Unwritable(FileError):
    """A file that cannot be written. fault: which, and why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.fault = f"{path}: cannot be written ({reason})"
        super().__init__(f"{self.fault}; choose another place")


@contextlib.contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn any error while path is read as `kind` into one FileError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers from Python 2, old type names
            yield
    except FileError:
        raise
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file; check the path") from error
    except MemoryError as error:
        raise FileError(f"{path}: too large for this machine's memory") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"{path}: cannot be read as {kind} ({reason})") from error
    except Exception as error:  # damaged bytes make NumPy and zlib raise anything
        raise FileError(
            f"{path}: damaged, or not {kind} ({type(error).__name__}); "
            "get a fresh copy, or check the name's ending"
        ) from error


def check_size(path: Path, size: int) -> None:
    """Raise FileError if reading takes `size` bytes of memory, more than it may."""
    if reason := limits.refusal(size):
        raise FileError(f"{path}: {reason}")


def check_packing(path: Path, packed: int, size: int) -> None:
    """Raise FileError if `packed` bytes unpack to so many that they are a trap."""
    if mat_child.is_bomb(packed, size):
        raise FileError(
            f"{path}: unpacks to {size // max(packed, 1)} times its size, {size >> 20} "
            "MiB, as no real data do; if yours do, save them without compression"
        )


def check_npy(path: Path, stream: IO[bytes], size: int, is_mapped: bool = False) -> int:
    """The memory that the .npy file in stream takes, if its header describes it.

    size: bytes of the whole file. is_mapped: it stays on disk, so it may be any size.
    Raises FileError.
    """
    npy = np.lib.format
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    shape, _, dtype = readers[npy.read_magic(stream)](stream)
    if dtype.hasobject:
        raise FileError(
            f"{path}: holds pickled Python objects, which are never read; "
            "save plain arrays of numbers"
        )
    need = limits.need(shape, dtype.itemsize)
    if not is_mapped:
        check_size(path, need)
    if math.prod(shape) * dtype.itemsize != size - stream.tell():
        raise FileError(f"{path}: truncated or damaged; get a fresh copy")
    return need


def read_npz(path: Path, names: Container[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, by name; names: those that are wanted."""
    with reading(path, "an .npz file"):
        with zipfile.ZipFile(path) as archive:
            entries, need = archive.infolist(), 0
            if len(entries) > MOST_ARRAYS:
                raise FileError(f"{path}: keep at most {MOST_ARRAYS} arrays in a file")
            for entry in entries:
                packed = min(entry.compress_size, path.stat().st_size)  # it may lie
                check_packing(path, packed, entry.file_size)
                with archive.open(entry) as stream:
                    need += check_npy(path, stream, entry.file_size)
            check_size(path, need)
        with np.load(path, allow_pickle=False) as arrays:
            return {n: arrays[n] for n in arrays.files if names is None or n in names}


def read_npy(path: Path) -> np.ndarray:
    """The array of an .npy file."""
    with reading(path, "an .npy file"):
        with open(path, "rb") as stream:
            check_npy(path, stream, path.stat().st_size)
        return np.load(path, allow_pickle=False)


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array of an IDX file (MNIST's format), gzipped or not."""
    with reading(path, "an IDX file"):
        with open(path, "rb") as stream:
            zipped = stream.read(2) == b"\x1f\x8b"
        limit = path.stat().st_size * (GZIP_RATIO if zipped else 1)
        with gzip.open(path) if zipped else open(path, "rb") as stream:
            zeros, kind, dimensions = stream.read(2), *stream.read(2)
            if zeros != b"\0\0" or kind != 8 or dimensions not in (1, 3):
                raise FileError(
                    f"{path}: not a file of digits; expected .mat, .npz, .npy, IDX, "
                    ".csv or .parquet (np.savez makes .npz)"
                )
            shape = [int(n) for n in np.frombuffer(stream.read(4 * dimensions), ">u4")]
            size = math.prod(shape)
            check_size(path, limits.need(tuple(shape), 1))
            if len(shape) != dimensions or size > limit:
                raise FileError(f"{path}: truncated or damaged; get a fresh copy")
            check_packing(path, path.stat().st_size, size)
            data = stream.read(size + 1)
        if len(data) != size:
            raise FileError(f"{path}: truncated or damaged; get a fresh copy")
        return np.frombuffer(data, np.uint8).reshape(shape)


def read_mat(path: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The numeric variables of a MATLAB file (up to v7), restricted to these names."""
    with reading(path, "a .mat file"):
        path.open("rb").close()  # a missing file costs no child
        # -P: keep jaxnn's modules off the child's path
        child_args = [mat_child.__file__, str(path), str(limits.most()), *names]
        command = [sys.executable, "-P", *child_args]
        try:
            child = subprocess.run(command, capture_output=True, timeout=CHILD_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise FileError(f"{path}: took over {CHILD_SECONDS} s to read") from error
        if child.returncode == REFUSED:
            raise FileError(f"{path}: {child.stderr.decode(errors='replace').strip()}")
        if child.returncode != 0:
            raise FileError(
                f"{path}: damaged, or not a .mat file; get a fresh copy, "
                "or save it again with save('-v7', ...)"
            )
        with np.load(io.BytesIO(child.stdout), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError while path is written into an Unwritable that names path."""
    try:
        yield
    except OSError as error:
        raise Unwritable(path, error.strerror or str(error)) from error


def write_whole(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file through a temporary one: path holds the old bytes or the new.

    Ctrl-C waits until it is written. Raises FileError if it cannot be written.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise FileError(f"{path}: cannot be written; check that its folder exists")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    remove_left(path)
    with startup.uncut():
        try:
            with writing(path):
                with open(temporary, "wb") as stream:
                    with contextlib.suppress(locks.Taken):
                        locks.take(stream.fileno())
                    write(stream)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):  # a folder that nobody may write to
                temporary.unlink(missing_ok=True)


def remove_left(path: Path) -> None:
    """Remove the temporary files that killed processes left beside path."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with contextlib.suppress(OSError, locks.Taken), locks.lock(left):
            pass  # at its end the lock removes its file


def make_folder(flag: str, path: str | Path) -> Path:
    """Make the folder that a flag names, before the work that fills it."""
    path = Path(path).expanduser()
    if path.exists() and not path.is_dir():
        raise FileError(f"{flag} {path}: is a file; name a folder")
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_bytes(path: Path, content: bytes) -> None:
    """Write content, whole or not at all."""
    write_whole(path, lambda stream: stream.write(content))


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_csv(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    """Write a CSV file, whole or not at all; the first row is the heading."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    write_text(path, stream.getvalue())


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays of numbers as an .npz file, whole or not at all."""
    named: Any = arrays
    if any(array.dtype.hasobject for array in arrays.values()):
        raise FileError(f"{path}: Python objects are never written; save numbers")
    write_whole(path, lambda stream: np.savez(stream, **named))
