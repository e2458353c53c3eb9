"""Digits from the embedded set or a person's file, in one form.

x is (m, 400) float64: 20x20 images unrolled column by column as in the course, ink
near 1 and paper near 0. y is (m,) int64, the digits 0-9. This module undoes every other
convention of files: MATLAB's label 10 for digit 0, examples in rows or columns,
row-major images (every format except .mat), bytes 0-255, 28x28 images.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxnn import files, images
from jaxnn.display import displayed
from jaxnn.files import FileError
from jaxnn.mistake import Mistake

EMBEDDED = "embedded digits"
MAT_NAMES = ("X", "y")
LARGEST_SCORE = 1e6  # the largest standardized pixel of a real image


@displayed
class Digits(NamedTuple):
    """Images x (m, 400) float64, column-major 20x20, and their digits y (m,) int64."""

    x: np.ndarray
    y: np.ndarray
    name: str


def load_digits(path: str | Path | None = None, part: str = "all") -> Digits:
    """Load digits from a file; without a path, the course's 5000, rebuilt from MNIST.

    path: .mat with X and y; .npz with x and y, or with x_train, y_train, x_test and
    y_test (in any case); one of a pair of .npy or IDX files (name the images; the
    labels are found in the same folder). An image has 400 or 784 numbers, or 20x20 or
    28x28; 28x28 images are shrunk like the course's. part: "all", or "train" or "test"
    if the file has such parts. Raises FileError (a Mistake) that says what is wrong.
    """
    if part not in ("all", "train", "test"):
        raise Mistake(f"unknown part {part!r}; choose from all, train, test")
    parts = load_parts(path)
    if part in parts:
        return parts[part]
    if part != "all":
        name = EMBEDDED if path is None else path
        raise FileError(f"{name}: has no part {part!r}; use part='all'")
    train, test = parts["train"], parts["test"]
    x, y = np.concatenate([train.x, test.x]), np.concatenate([train.y, test.y])
    return Digits(x, y, train.name.removesuffix(" (train)"))


def load_parts(path: str | Path | None = None) -> dict[str, Digits]:
    """The parts of a file: {"all": ...}, or {"train": ..., "test": ...}."""
    if path is None:
        with np.load(embedded_file(), allow_pickle=False) as arrays:
            pixels, y = arrays["x"], arrays["y"]
        x = images.unroll(images.shrink(pixels / 255))
        return {"all": Digits(x, y.astype(np.int64), EMBEDDED)}
    path = Path(path)
    if path.is_dir():
        raise FileError(f"{path}: is a folder; name a file with digits")
    ending = path.suffix.lower()
    if ending == ".mat":
        arrays = files.read_mat(path, MAT_NAMES)
        return {"all": from_names(arrays, *MAT_NAMES, path, path.name, order="F")}
    if ending == ".npz":
        return npz_parts(files.read_npz(path), path)
    read = files.read_npy if ending == ".npy" else files.read_idx
    x = read(path)
    if x.ndim < 2:
        raise FileError(f"{path}: holds labels; name the images file instead")
    labels = labels_next_to(path)
    y = as_labels(read(labels), str(labels))
    return {"all": Digits(as_rows(x, len(y), str(path)), y, path.name)}


def embedded_file() -> Path:
    """The path of mnist5k.npz, in the installed package or in a checkout's data/."""
    package = Path(__file__).parent
    installed = package / "mnist5k.npz"
    return installed if installed.exists() else package.parent / "data/mnist5k.npz"


def npz_parts(arrays: dict[str, np.ndarray], path: Path) -> dict[str, Digits]:
    """The parts of an .npz file, found by the names of its arrays in any case."""
    held = {name.lower(): array for name, array in arrays.items()}
    if "x" in held and "y" in held:
        return {"all": from_names(held, "x", "y", path, path.name)}
    parts = {
        part: from_names(held, f"x_{part}", f"y_{part}", path, f"{path.name} ({part})")
        for part in ("train", "test")
        if f"x_{part}" in held
    }
    if "train" not in parts:
        raise FileError(
            f"{path}: holds {files.listed(arrays)}; expected x and y, "
            "or x_train, y_train, x_test and y_test"
        )
    return parts if "test" in parts else {"all": parts["train"]}


def from_names(
    arrays: dict[str, np.ndarray],
    x_name: str,
    y_name: str,
    path: Path,
    name: str,
    order: str = "C",
) -> Digits:
    """The digits in the two named arrays of a file."""
    for wanted in (x_name, y_name):
        if wanted not in arrays:
            raise FileError(
                f"{path}: holds {files.listed(arrays)}; expected {x_name} and {y_name}"
            )
    y = as_labels(arrays[y_name], f"{path}: {y_name}")
    return Digits(as_rows(arrays[x_name], len(y), f"{path}: {x_name}", order), y, name)


def check_numbers(array: np.ndarray, where: str) -> None:
    """Raise FileError unless array holds finite real numbers; where: its name."""
    if array.dtype.kind not in "biuf":
        raise FileError(f"{where}: holds no numbers ({array.dtype}); expected numbers")
    if array.size == 0:
        raise FileError(f"{where}: is empty; expected at least one digit")
    if not np.isfinite(array).all():
        raise FileError(f"{where}: holds NaN or infinite values; repair or drop them")


def as_labels(y: np.ndarray, where: str) -> np.ndarray:
    """Labels of any shape and number type as digits (m,) int64; 10 becomes 0."""
    check_numbers(y, where)
    y = y.ravel()
    wrong = y[(y != np.round(y)) | (y < 0) | (y > 10)]
    if wrong.size:
        raise FileError(
            f"{where}: holds the label {wrong[0]}; expected the digits 0-9 "
            "(or 1-10, 10 for digit 0)"
        )
    if y.min() == 0 and y.max() == 10:
        raise FileError(
            f"{where}: holds the labels 0 and 10, and both mean digit 0; "
            "use 0-9 or 1-10"
        )
    return y.astype(np.int64) % 10


def as_rows(x: np.ndarray, m: int, where: str, order: str = "C") -> np.ndarray:
    """Pixels of m images, in any known shape, as jaxnn's x (m, 400).

    order: how the file unrolls an image, "C" row by row or "F" column by column.
    """
    check_numbers(x, where)
    pictures = as_pictures(x, m, order, where)
    if pictures.shape[1] == images.MNIST_SIDE:
        pictures = images.shrink(pictures)
    return images.unroll(pictures)


def as_pictures(x: np.ndarray, m: int, order: str, where: str) -> np.ndarray:
    """Pixels of m images as (m, side, side) float64; side is 20 or 28, ink near 1."""
    sides = (images.SIDE, images.MNIST_SIDE)
    flat = [side**2 for side in sides]
    shape = x.shape
    if x.ndim == 4 and shape[-1] == 1:
        x = x[..., 0]  # (m, side, side, 1), one gray channel
    if x.ndim == 2 and shape[0] in flat and shape[1] == m != shape[0]:
        x = x.T  # features as rows: (400, m)
    if x.ndim == 2 and x.shape[1] in flat:
        side = math.isqrt(x.shape[1])
        x = x.reshape(-1, side, side)
        x = x.swapaxes(1, 2) if order == "F" else x
    if x.ndim != 3 or x.shape[1] != x.shape[2] or x.shape[1] not in sides:
        raise FileError(
            f"{where}: images of shape {shape}; expected (m, 400), (m, 784), "
            "(m, 20, 20) or (m, 28, 28)"
        )
    if len(x) != m:
        raise FileError(f"{where}: {len(x)} images but {m} labels; each needs one")
    low, high = x.min(), x.max()
    if low < -LARGEST_SCORE or high > (255 if low >= 0 else LARGEST_SCORE):
        raise FileError(
            f"{where}: pixels from {low:.3g} to {high:.3g}; expected 0-1 or 0-255"
        )
    # bytes are 0-255; the course's pixels overshoot 1 by 0.13; z-scores go below 0
    is_bytes = low >= 0 and high > 1.5
    x = x.astype(np.float64)
    return x / 255 if is_bytes else x


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


def train_and_test(
    path: str | Path | None, test_fraction: float, seed: int, standard: bool
) -> tuple[Digits, Digits]:
    """The two parts of a file, or a split of its digits; standardized if standard."""
    parts = load_parts(path)
    if "all" in parts:
        train, test = split(parts["all"], test_fraction, seed)
    else:
        train, test = parts["train"], parts["test"]
    return (standardize(train), standardize(test)) if standard else (train, test)


def split(
    digits: Digits, test_fraction: float = 0.2, seed: int = 0
) -> tuple[Digits, Digits]:
    """Split digits into (train, test), each class in the same proportion.

    test_fraction: in [0, 1). A class with c examples gives round(c * test_fraction) of
    them to the test part. The same seed gives the same parts; examples keep their
    order. Raises Mistake for another fraction.
    """
    if not 0 <= test_fraction < 1:
        raise Mistake(
            f"test fraction {test_fraction} is not in [0, 1); 0.2 is the default"
        )
    random = np.random.default_rng(seed)
    is_test = np.zeros(len(digits.y), bool)
    for digit in np.unique(digits.y):
        members = random.permutation(np.flatnonzero(digits.y == digit))
        is_test[members[: round(len(members) * test_fraction)]] = True
    train, test = take(digits, ~is_test), take(digits, is_test)
    return (
        train._replace(name=f"{digits.name} (train)"),
        test._replace(name=f"{digits.name} (test)"),
    )


def take(digits: Digits, which: np.ndarray) -> Digits:
    """Some of the digits; which: a mask (m,) or indices."""
    return digits._replace(x=digits.x[which], y=digits.y[which])


def standardize(digits: Digits) -> Digits:
    """Give each image mean 0 and standard deviation 1; a blank image becomes 0.

    x (m, 400) of digits is replaced, in float64.
    """
    centered = digits.x - digits.x.mean(axis=1, keepdims=True)  # (m, 400)
    deviation = centered.std(axis=1, keepdims=True)  # (m, 1)
    # the resize leaves rounding errors in a blank image: do not blow them up
    blank = deviation <= 1e-12 * np.abs(digits.x).max(axis=1, keepdims=True)
    centered[blank[:, 0]] = 0
    return digits._replace(x=centered / np.where(blank, 1, deviation))
