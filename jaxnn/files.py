"""Read other people's files without trust; write our own whole or not at all.

Nothing is ever unpickled, and sizes are checked before memory is taken. Whatever a
reader raises on a damaged file becomes one FileError that names the file. MATLAB files
are read in a child process (mat_child.py), because a damaged one can crash SciPy.
"""

import contextlib
import csv
import gzip
import io
import math
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from jaxnn import limits, mat_child
from jaxnn.mat_child import REFUSED
from jaxnn.mat_child import listed as listed
from jaxnn.mistake import Mistake

MOST_ARRAYS = 1000  # in one .npz; each takes time, however small
GZIP_RATIO = 1032  # DEFLATE's best: the most bytes that one compressed byte can give
CHILD_SECONDS = 300  # reading 4 GiB of .mat takes about one minute


class FileError(Mistake):
    """A file that cannot be used; the message names it and says what to do."""


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


def check_npy(path: Path, stream: IO[bytes], size: int) -> int:
    """The memory that the .npy file in stream takes, if its header describes it.

    size: bytes of the whole file. Raises FileError.
    """
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, dtype = readers[version](stream)
    if dtype.hasobject:
        raise FileError(
            f"{path}: holds pickled Python objects, which are never read; "
            "save plain arrays of numbers"
        )
    need = limits.need(shape, dtype.itemsize)
    check_size(path, need)
    if math.prod(shape) * dtype.itemsize != size - stream.tell():
        raise FileError(f"{path}: truncated or damaged; get a fresh copy")
    return need


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Every array of an .npz file, by name."""
    with reading(path, "an .npz file"):
        with zipfile.ZipFile(path) as archive:
            entries, need = archive.infolist(), 0
            if len(entries) > MOST_ARRAYS:
                raise FileError(
                    f"{path}: holds {len(entries)} arrays; keep at most {MOST_ARRAYS}"
                )
            for entry in entries:
                packed = min(entry.compress_size, path.stat().st_size)  # it may lie
                check_packing(path, packed, entry.file_size)
                with archive.open(entry) as stream:
                    need += check_npy(path, stream, entry.file_size)
            check_size(path, need)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}


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
    """Turn an OSError while path is written into a FileError that names path."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(
            f"{path}: cannot be written ({reason}); choose another place"
        ) from error


def write_whole(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file through a temporary one: path holds the old bytes or the new.

    Raises FileError if it cannot be written.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise FileError(f"{path}: cannot be written; check that its folder exists")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with writing(path):
            with open(temporary, "wb") as stream:
                write(stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):  # a folder that nobody may write to
            temporary.unlink(missing_ok=True)


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
