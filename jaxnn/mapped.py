"""Files of examples that stay on disk: .npy and IDX, mapped, never read as a whole.

The pixels are looked at once, as far as it takes to know that they are bytes or finite
numbers, and what full ink is. The labels are read.
"""

import math
from pathlib import Path

import numpy as np

from jaxnn import files, formats, scales
from jaxnn.classes import DIGITS
from jaxnn.digits import Digits, digit_shape
from jaxnn.files import FileError
from jaxnn.rows import BLOCK, Form, Rows

LIMIT = 2**30  # bytes of float64 features; from here on examples stay on disk
NAMES = ("x.npy", "X.npy")  # of the features in a folder


def file_of(path: Path) -> Path:
    """The file of features that a path means: itself, or x.npy in a folder."""
    if not path.is_dir():
        return path
    for name in NAMES:
        if (path / name).exists():
            return path / name
    raise FileError(
        f"{path}: is a folder; name a file with digits, or a folder that holds x.npy "
        "and y.npy"
    )


def is_large(path: Path) -> bool:
    """Whether a file's features are too many for memory, so that they stay on disk."""
    try:
        if path.suffix.lower() != ".npy" and not is_idx(path):
            return False
        file = opened(path)
    except FileError:
        return False  # who reads it says what is wrong
    width = formats.images.SIDE**2 if is_mnist(file) else math.prod(file.shape[1:])
    return 8 * len(file) * width > LIMIT


def is_idx(path: Path) -> bool:
    """Whether a file is IDX, and not zipped."""
    with files.reading(path, "a file of digits"), open(path, "rb") as stream:
        return stream.read(4) in (b"\0\0\x08\x01", b"\0\0\x08\x03")


def is_mnist(file: np.ndarray) -> bool:
    """Whether these are 28x28 pictures, which become 20x20."""
    return file.shape[1:] == (formats.images.MNIST_SIDE,) * 2


def opened(path: Path) -> np.ndarray:
    """The array of an .npy or IDX file, mapped. Raises FileError if it is damaged."""
    if path.suffix.lower() == ".npy":
        with files.reading(path, "an .npy file"):
            with open(path, "rb") as stream:
                files.check_npy(path, stream, path.stat().st_size, is_mapped=True)
            return np.load(path, mmap_mode="r", allow_pickle=False)
    with files.reading(path, "an IDX file"), open(path, "rb") as stream:
        zeros, kind, dimensions = stream.read(2), *stream.read(2)
        if zeros != b"\0\0" or kind != 8 or dimensions not in (1, 3):
            raise FileError(
                f"{path}: cannot stay on disk; give .npy or IDX, and unzip it"
            )
        shape = np.frombuffer(stream.read(4 * dimensions), ">u4").astype(int)
        if stream.tell() + shape.prod() != path.stat().st_size:
            raise FileError(f"{path}: truncated or damaged; get a fresh copy")
        return np.memmap(path, np.uint8, "r", stream.tell(), tuple(shape.tolist()))


def digits(path: Path) -> Digits:
    """The examples of a pair of files, x on disk. Raises FileError for what is wrong.

    They have the same features and classes as `formats.load_parts` gives them.
    """
    file = opened(path)
    if file.ndim < 2:
        raise FileError(f"{path}: holds labels; name the images file instead")
    labels = formats.labels_next_to(path)
    own = formats.checked(np.array(opened(labels)), str(labels), more="US").ravel()
    file = arranged(file, len(own), path)
    is_sized = formats.is_digit_sized(file)
    y, classes = formats.as_labels(own, str(labels), is_sized)
    if is_sized and file.ndim == 2:
        side = math.isqrt(file.shape[1])
        file = file.reshape(-1, side, side)
    white = white_of(file, path)
    picture = (file.shape[1], file.shape[2]) if file.ndim == 3 else None
    rows = Rows(file, Form(picture, white))
    return Digits(rows, np.array(classes)[y], path.name, classes)


def arranged(file: np.ndarray, m: int, path: Path) -> np.ndarray:
    """The mapped features with an example per row: (m, n), or (m, h, w)."""
    if not file.flags.c_contiguous:
        raise FileError(
            f"{path}: is in Fortran's order, and streaming reads rows; save "
            "np.ascontiguousarray(x)"
        )
    if file.dtype.kind not in "biuf":
        raise FileError(f"{path}: holds no numbers ({file.dtype}); expected numbers")
    if file.ndim == 2 and len(file) != m == file.shape[1]:
        raise FileError(f"{path}: holds examples as columns; save x.T for streaming")
    return formats.arranged(file, m, str(path))


def white_of(file: np.ndarray, path: Path) -> float:
    """What full ink is in mapped pictures (m, h, w), as `scales.found` says; else 1.

    Bytes are looked at in some examples, numbers in all. Raises FileError for those
    that are not finite, or are no pixels.
    """
    which = np.linspace(0, len(file) - 1, min(len(file), scales.MOST)).astype(int)
    some, ends = np.asarray(file[which]), []
    for first in range(0, len(file) if file.dtype != np.uint8 else 0, BLOCK):
        block = np.asarray(file[first : first + BLOCK])
        formats.checked(block, str(path))
        ends += [block.min(), block.max()]
    if file.ndim == 2:
        return 1
    pixels = np.concatenate([some.reshape(-1), np.array(ends or [some[0, 0, 0]])])
    is_digits = digit_shape(math.prod(file.shape[1:]), DIGITS) is not None
    scale = scales.found([pixels], is_digits, str(path))
    if scale.paper:
        raise FileError(
            f"{path}: paper is {scale.paper:g}; save bytes, paper 0, to stream"
        )
    return scale.ink
