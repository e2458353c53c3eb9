"""Files of labeled examples, each format turned into `Digits`.

This module undoes the conventions of files: MATLAB's label 10 for digit 0, examples in
rows or columns, row-major images (every format except .mat), bytes 0-255, 28x28 images.
Images of 20x20 or 28x28 pixels are digits, unless their labels say otherwise.
"""

import functools
import math
from pathlib import Path

import numpy as np

from jaxnn import dataframes, files, images, scales
from jaxnn.classes import DIGITS, Classes, are_numbers, as_places, as_words, is_integer
from jaxnn.digits import Digits
from jaxnn.files import FileError
from jaxnn.mistake import Mistake, printable

EMBEDDED = "embedded digits"
MAT_NAMES = ("X", "y")
ROWS = 200  # pictures that are converted together: fewer copies at a time
SIDES = images.SIDE, images.MNIST_SIDE


def load_parts(path: str | Path | None = None) -> dict[str, Digits]:
    """The parts of a file: {"all": ...}, or {"train": ..., "test": ...}."""
    if path is None:
        pixels, y = embedded()
        x = images.unroll(images.shrink(pixels / 255))
        return {"all": Digits(x, y.astype(np.int64), EMBEDDED, DIGITS)}
    path = Path(path)
    if path.is_dir():
        raise FileError(f"{path}: is a folder; name a file with digits")
    ending = path.suffix.lower()
    if ending in dataframes.READERS:
        x, y, label = dataframes.read(path)
        where = str(path), f"{path}: column {label}"
        return as_parts({"all": (x, y)}, path, where, is_table=True)
    if ending == ".mat":
        arrays = named(files.read_mat(path, MAT_NAMES), *MAT_NAMES, path)
        where = f"{path}: {MAT_NAMES[0]}", f"{path}: {MAT_NAMES[1]}"
        return as_parts({"all": arrays}, path, where, order="F")
    if ending == ".npz":
        return npz_parts(files.read_npz(path), path)
    read = files.read_npy if ending == ".npy" else files.read_idx
    x = read(path)
    if x.ndim < 2:
        raise FileError(f"{path}: holds labels; name the images file instead")
    labels = labels_next_to(path)
    return as_parts({"all": (x, read(labels))}, path, (str(path), str(labels)))


def embedded_file(name: str = "mnist5k.npz") -> Path:
    """The path of a data file, in the installed package or in a checkout's data/."""
    package = Path(__file__).parent
    installed = package / name
    return installed if installed.exists() else package.parent / "data" / name


@functools.cache
def embedded() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's bytes (5000, 28, 28) of the embedded digits, and the digits (5000,)."""
    with np.load(embedded_file(), allow_pickle=False) as arrays:
        return arrays["x"], arrays["y"]


def npz_parts(arrays: dict[str, np.ndarray], path: Path) -> dict[str, Digits]:
    """The parts of an .npz file, found by the names of its arrays in any case."""
    held = {name.lower(): array for name, array in arrays.items()}
    if len(held) < len(arrays):
        raise FileError(
            f"{path}: holds {files.listed(arrays)}, of which some differ only in case; "
            "keep one of each"
        )
    where = f"{path}: x", f"{path}: y"
    if "x" in held and "y" in held:
        return as_parts({"all": (held["x"], held["y"])}, path, where)
    parts = {
        part: named(held, f"x_{part}", f"y_{part}", path)
        for part in ("train", "test")
        if f"x_{part}" in held
    }
    if "train" not in parts:
        raise FileError(
            f"{path}: holds {files.listed(arrays)}; expected x and y, "
            "or x_train, y_train, x_test and y_test"
        )
    parts = parts if "test" in parts else {"all": parts["train"]}
    return as_parts(parts, path, where)


def named(
    arrays: dict[str, np.ndarray], x_name: str, y_name: str, path: Path
) -> tuple[np.ndarray, np.ndarray]:
    """The two named arrays of a file."""
    for wanted in (x_name, y_name):
        if wanted not in arrays:
            raise FileError(
                f"{path}: holds {files.listed(arrays)}; expected {x_name} and {y_name}"
            )
    return arrays[x_name], arrays[y_name]


def as_parts(
    parts: dict[str, tuple[np.ndarray, np.ndarray]],
    path: Path,
    where: tuple[str, str],
    order: str = "C",
    is_table: bool = False,
) -> dict[str, Digits]:
    """Digits of the arrays x and y of each part; all parts share their classes.

    where: the names of x and y in a message. order: how the file unrolls an image, "C"
    row by row or "F" column by column. is_table: whether only ten labels in a table of
    400 or 784 columns mean images.
    """
    labels = [checked(y, where[1], more="US").ravel() for _, y in parts.values()]
    x = [
        arranged(checked(rows, where[0]), len(own), where[0])
        for (rows, _), own in zip(parts.values(), labels, strict=True)
    ]
    every = np.concatenate(labels)
    is_sized = all(map(is_digit_sized, x))
    is_sized &= not is_table or len(np.unique(every)) == len(DIGITS)
    y, classes = as_labels(every, where[1], is_sized)
    is_digits = is_sized and (classes == DIGITS or all(rows.ndim == 3 for rows in x))
    if is_sized:
        x = [rows if rows.ndim == 3 else squares(rows, order) for rows in x]
    scale = scales.found([rows for rows in x if rows.ndim == 3], is_digits, where[0])
    bounds = np.cumsum([len(one) for one in labels])[:-1]
    found = {}
    for part, rows, own in zip(parts, x, np.split(y, bounds), strict=True):
        name = printable(path.name) + f" ({part})" * (part != "all")
        rows = rows if rows.ndim == 2 else as_pictures(rows, scale)
        found[part] = Digits(rows, np.array(classes)[own], name, classes)
    return found


def checked(array: np.ndarray, where: str, more: str = "") -> np.ndarray:
    """The array, if it holds finite real numbers (or kinds `more`); else FileError."""
    if array.dtype.kind not in "biuf" + more:
        raise FileError(f"{where}: holds no numbers ({array.dtype}); expected numbers")
    if array.size == 0:
        raise FileError(f"{where}: is empty; expected at least one digit")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise FileError(f"{where}: holds NaN or infinite values; repair or drop them")
    return array


def is_digit_sized(x: np.ndarray) -> bool:
    """Whether images (m, n) or (m, h, w) have 20x20 or 28x28 pixels."""
    shapes = [(side**2,) if x.ndim == 2 else (side, side) for side in SIDES]
    return x.shape[1:] in shapes


def squares(x: np.ndarray, order: str) -> np.ndarray:
    """Square images (m, n), unrolled in this order, as pictures (m, h, w)."""
    side = math.isqrt(x.shape[1])
    x = x.reshape(-1, side, side)
    return x.swapaxes(1, 2) if order == "F" else x


def as_labels(y: np.ndarray, where: str, is_sized: bool) -> tuple[np.ndarray, Classes]:
    """Labels (m,) as places (m,) and classes: the ten digits, or those that occur.

    is_sized: whether the images have the size of digits.
    """
    if y.dtype.kind in "US" and are_numbers(np.unique(as_words(y))):
        y = y.astype(np.int64)
    try:
        y, classes = as_places(y, np.unique(y) if y.dtype.kind in "iuf" else None)
    except Mistake as mistake:
        raise FileError(f"{where}: {mistake}") from None
    if len(classes) > max(100, len(y) / 2):
        raise FileError(
            f"{where}: holds {len(classes)} different labels in {len(y)} examples; "
            "give the labels, few of them, as y"
        )
    if not (is_sized and all(is_integer(str(name)) for name in classes)):
        return y, classes
    numbers = np.array(classes, np.int64)
    if numbers[0] in (0, 1) and numbers[-1] == numbers[0] + len(numbers) - 1 > 10:
        return y, classes  # letters, for example, counted from 0 or 1
    return digits_of(numbers, where)[y], DIGITS


def digits_of(numbers: np.ndarray, where: str) -> np.ndarray:
    """The digits that the labels in a file of digits mean: 10 becomes 0."""
    wrong = numbers[(numbers < 0) | (numbers > 10)]
    if wrong.size:
        raise FileError(
            f"{where}: holds the label {wrong[0]}; expected the digits 0-9 "
            "(or 1-10, 10 for digit 0)"
        )
    if numbers.min() == 0 and numbers.max() == 10:
        raise FileError(
            f"{where}: holds the labels 0 and 10, and both mean digit 0; "
            "use 0-9 or 1-10"
        )
    return numbers % 10


def arranged(x: np.ndarray, m: int, where: str) -> np.ndarray:
    """x with an example per row (m, n), or a picture per row (m, h, w)."""
    shape = x.shape
    if x.ndim == 4 and shape[-1] == 1:
        x = x[..., 0]  # (m, h, w, 1), one gray channel
    if x.ndim == 2 and shape[0] != m == shape[1]:
        x = x.T  # features as rows: (n, m)
    if x.ndim not in (2, 3):
        raise FileError(
            f"{where}: images of shape {shape}; expected (m, n) features or (m, h, w) "
            "pixels, as (m, 400) or (m, 28, 28)"
        )
    if len(x) != m:
        raise FileError(
            f"{where}: {len(x)} images but {m} labels (shape {shape}); each needs one"
        )
    return x


def as_pictures(x: np.ndarray, scale: scales.Scale) -> np.ndarray:
    """Pixels (m, h, w) as float64 pictures, ink near 1; 28x28 becomes 20x20."""
    is_mnist = x.shape[1:] == (images.MNIST_SIDE,) * 2
    sides = (images.SIDE,) * 2 if is_mnist else x.shape[1:]
    pictures = np.empty((len(x), *sides))
    for i in range(0, len(x), ROWS):
        some = scale.apply(x[i : i + ROWS])
        pictures[i : i + ROWS] = images.shrink(some) if is_mnist else some
    return pictures


def labels_next_to(path: Path) -> Path:
    """The labels file next to an images file, found by the usual names."""
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    names = [name, name.removesuffix(".gz"), name + ".gz"]
    if name[0] in "xX":  # x.npy, X_train.npy: y.npy, y_train.npy
        names = ["y" + name[1:], "Y" + name[1:]]
    for candidate in names:
        if candidate != path.name and path.with_name(candidate).exists():
            return path.with_name(candidate)
    raise FileError(
        f"{path}: no file of labels next to it; name the two like MNIST's, "
        "train-images-... and train-labels-..., or x.npy and y.npy"
    )
