"""Digits from the embedded set or a person's file, in one form.

x is (m, 400) float64: 20x20 images unrolled column by column as in the course, ink
near 1 and paper near 0. y is (m,) int64, the digits 0-9. All that files do otherwise
ends here: MATLAB's label 10 for digit 0, rows or columns for examples, row-major
images (every format but .mat), bytes 0-255, 28x28 images.
"""

import gzip
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxnn import files, images
from jaxnn.files import FileError

EMBEDDED = "embedded digits"
FORMATS = ".mat, .npz, .npy, or MNIST's IDX files, gzipped or not"
MAT_NAMES = ("X", "y")
GZIP_RATIO = 1032  # DEFLATE's best: the most bytes that one compressed byte can give


class Digits(NamedTuple):
    """Images x (m, 400) float64, column-major 20x20; their digits y (m,) int64."""

    x: np.ndarray
    y: np.ndarray
    name: str


def load_digits(path: str | Path | None = None, part: str = "all") -> Digits:
    """Load digits; without a path the 5000 of the course, rebuilt from MNIST.

    path: .mat with X, y; .npz with x/y or x_train/y_train/x_test/y_test (any case);
    a .npy pair (x and y in the name) or an IDX pair (give the images; the labels are
    found beside them). Features are 400 or 784 numbers or 20x20 or 28x28 images; the
    latter are shrunk as the course did. part: "all", or "train" or "test" where the
    file has such parts. Raises FileError (a ValueError) that says what is wrong.
    """
    if part not in ("all", "train", "test"):
        raise ValueError(f"unknown part {part!r}; choose from all, train, test")
    parts = load_parts(path)
    if part in parts:
        return parts[part]
    if part != "all":
        raise FileError(f"{path}: has no part {part!r}; it holds one set of digits")
    train, test = parts["train"], parts["test"]
    x, y = np.concatenate([train.x, test.x]), np.concatenate([train.y, test.y])
    return Digits(x, y, train.name.removesuffix(" (train)"))


def load_parts(path: str | Path | None = None) -> dict[str, Digits]:
    """The parts a file has: {"all": ...}, or {"train": ..., "test": ...}."""
    if path is None:
        with np.load(embedded_file(), allow_pickle=False) as arrays:
            pixels, y = arrays["x"], arrays["y"]
        x = images.unroll(images.shrink(pixels / 255))
        return {"all": Digits(x, y.astype(np.int64), EMBEDDED)}
    path = Path(path)
    if path.suffix == ".mat":
        arrays = files.read_mat(path, MAT_NAMES)
        return {"all": as_digits(arrays, "X", "y", path, order="F")}
    if path.suffix == ".npz":
        return npz_parts(files.read_npz(path), path)
    read = files.read_npy if path.suffix == ".npy" else read_idx
    x = read(path)
    if x.ndim < 2:
        raise FileError(f"{path}: holds labels; give the images file instead")
    pair = {"x": x, "y": read(labels_beside(path))}
    return {"all": as_digits(pair, "x", "y", path)}


def embedded_file() -> Path:
    """Where mnist5k.npz lies: in the installed package, or in a checkout's data/."""
    package = Path(__file__).parent
    installed = package / "mnist5k.npz"
    return installed if installed.exists() else package.parent / "data/mnist5k.npz"


def npz_parts(arrays: dict[str, np.ndarray], path: Path) -> dict[str, Digits]:
    """The parts of an .npz file, by its arrays' names in any case."""
    held = {name.lower(): array for name, array in arrays.items()}
    if "x" in held and "y" in held:
        return {"all": as_digits(held, "x", "y", path)}
    train = {"x_train", "y_train"} <= held.keys()
    test = {"x_test", "y_test"} <= held.keys()
    if not train:
        raise FileError(
            f"{path}: holds {', '.join(arrays) or 'nothing'}; expected x and y, "
            "or x_train, y_train, x_test and y_test"
        )
    first = as_digits(held, "x_train", "y_train", path, suffix=" (train)")
    if not test:
        return {"all": first._replace(name=path.name)}
    second = as_digits(held, "x_test", "y_test", path, suffix=" (test)")
    return {"train": first, "test": second}


def as_digits(
    arrays: dict[str, np.ndarray],
    x_name: str,
    y_name: str,
    path: Path,
    order: str = "C",
    suffix: str = "",
) -> Digits:
    """Bring a file's pixels and labels into jaxnn's form, or say why that fails.

    order: how flat images are unrolled in the file, "C" row by row, "F" column by
    column.
    """
    for name in (x_name, y_name):
        if name not in arrays:
            raise FileError(f"{path}: has no variable {name}; expected X and y")
        if arrays[name].dtype.kind not in "biuf":
            raise FileError(f"{path}: {name} holds no numbers ({arrays[name].dtype})")
        if not np.isfinite(arrays[name]).all():
            raise FileError(
                f"{path}: {name} holds NaN or infinite values; repair or drop them"
            )
    y = as_labels(arrays[y_name], y_name, path)
    pictures = as_pictures(arrays[x_name], len(y), order, path)
    if pictures.shape[1] == images.MNIST_SIDE:
        pictures = images.shrink(pictures)
    return Digits(images.unroll(pictures), y, path.name + suffix)


def as_labels(y: np.ndarray, name: str, path: Path) -> np.ndarray:
    """Labels of any shape and number type as (m,) int64 digits, 10 as digit 0."""
    y = y.ravel()
    if y.size == 0:
        raise FileError(f"{path}: {name} is empty; expected one digit per image")
    if (y != np.round(y)).any() or y.min() < 0 or y.max() > 10:
        wrong = y[(y != np.round(y)) | (y < 0) | (y > 10)][0]
        raise FileError(
            f"{path}: {name} holds the label {wrong}; expected the digits 0-9 "
            "(or 1-10, 10 for digit 0)"
        )
    if y.min() == 0 and y.max() == 10:
        raise FileError(f"{path}: {name} holds both 0 and 10; 10 would mean digit 0")
    return y.astype(np.int64) % 10


def as_pictures(x: np.ndarray, m: int, order: str, path: Path) -> np.ndarray:
    """Pixels of m images as (m, side, side) float64, side 20 or 28, ink up to 1."""
    sides = (images.SIDE, images.MNIST_SIDE)
    if x.ndim == 4 and x.shape[-1] == 1:
        x = x[..., 0]  # (m, side, side, 1), one grey channel
    flat = [side**2 for side in sides]
    if x.ndim == 2 and x.shape[0] in flat and x.shape[1] == m != x.shape[0]:
        x = x.T  # features as rows: (400, m)
    if x.ndim == 2 and x.shape[1] in flat:
        side = math.isqrt(x.shape[1])
        pictures = x.reshape(-1, side, side)
        pictures = pictures.swapaxes(1, 2) if order == "F" else pictures
    elif x.ndim == 3 and x.shape[1] == x.shape[2] and x.shape[1] in sides:
        pictures = x
    else:
        raise FileError(
            f"{path}: images of shape {x.shape}; expected (m, 400), (m, 784), "
            "(m, 20, 20) or (m, 28, 28)"
        )
    if len(pictures) != m:
        raise FileError(f"{path}: {len(pictures)} images but {m} labels")
    pictures = pictures.astype(np.float64)
    # Bytes are 0-255; the course's own pixels overshoot 1 by 0.13, z-scores go below 0
    is_bytes = pictures.min() >= 0 and pictures.max() > 1.5
    return pictures / 255 if is_bytes else pictures


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array of an IDX file (the format of MNIST), gzipped or not."""
    with files.reading(path, "an IDX file"):
        with open(path, "rb") as stream:
            zipped = stream.read(2) == b"\x1f\x8b"
        limit = path.stat().st_size * (GZIP_RATIO if zipped else 1)
        with gzip.open(path) if zipped else open(path, "rb") as stream:
            zeros, kind, dimensions = stream.read(2), *stream.read(2)
            if zeros != b"\0\0" or kind != 8 or dimensions not in (1, 3):
                raise FileError(f"{path}: not a file of digits; expected {FORMATS}")
            shape = [int(n) for n in np.frombuffer(stream.read(4 * dimensions), ">u4")]
            size = math.prod(shape)
            files.check_size(path, size)
            if len(shape) != dimensions or size > limit:
                raise FileError(f"{path}: truncated or damaged; get a fresh copy")
            data = stream.read(size + 1)
        if len(data) != size:
            raise FileError(f"{path}: truncated or damaged; get a fresh copy")
        return np.frombuffer(data, np.uint8).reshape(shape)


def labels_beside(path: Path) -> Path:
    """The labels file that belongs to an images file, by the usual names."""
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    if name == path.name:  # x.npy, X_train.npy: y.npy, y_train.npy
        name = "y" + name[1:] if name[0] in "xX" else name
    for candidate in (name, name.removesuffix(".gz"), name + ".gz"):
        if candidate != path.name and path.with_name(candidate).exists():
            return path.with_name(candidate)
    raise FileError(
        f"{path}: no labels found beside it (looked for {name}); "
        "name them as MNIST does, train-images-… and train-labels-…, or x.npy and y.npy"
    )


def split(
    digits: Digits, test_fraction: float = 0.2, seed: int = 0
) -> tuple[Digits, Digits]:
    """Part digits into (train, test), each class in the same proportion.

    test_fraction: in [0, 1); of a class of c examples round(c * test_fraction) go to
    the test part. The same seed gives the same parts; examples keep their order.
    """
    if not 0 <= test_fraction < 1:
        raise ValueError(
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
    """Some of the digits: which is a mask (m,) or indices."""
    return digits._replace(x=digits.x[which], y=digits.y[which])


def standardize(digits: Digits) -> Digits:
    """Each image less its own mean, over its own deviation; a blank one becomes 0."""
    centred = digits.x - digits.x.mean(axis=1, keepdims=True)  # (m, 400)
    deviation = centred.std(axis=1, keepdims=True)  # (m, 1)
    return digits._replace(x=centred / np.where(deviation == 0, 1, deviation))
