"""Weights in files: theta1, theta2, ... in .npz, Theta1, Theta2, ... in .mat.

A .mat file keeps the course's order: row 0 of the last theta is digit 1, row 9 digit 0.
"""

from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import files
from jaxnn.files import FileError
from jaxnn.mistake import Mistake

MOST_LAYERS = 99
PIXELS, DIGITS = 400, 10  # the inputs and outputs of a network that reads digits
PARAMS = "params.npz"  # the weights that a run folder stands for


def save_params(path: str | Path, params: tuple[Any, ...]) -> None:
    """Write weights as .npz, or in the course's format as .mat; path's ending decides.

    params: a tuple of matrices (units_out, 1 + units_in), as `load_params` returns. The
    file is replaced whole or not at all. A .mat file opens in Octave and MATLAB.
    Raises FileError (a Mistake) for other params, and if the file cannot be written.
    """
    path = Path(path)
    if not (isinstance(params, tuple | list) and params):
        raise FileError(
            f"{path}: not saved, for params is {type(params).__name__} of length "
            f"{len(params)}; give a tuple of matrices, one for each layer"
        )
    named = {f"theta{i}": np.asarray(theta) for i, theta in enumerate(params, 1)}
    in_order(named, "theta", path)  # what could not be read back is not written
    thetas = list(named.values())
    if path.suffix == ".mat":
        from scipy.io import savemat  # slow to import, and only .mat needs it

        thetas[-1] = np.roll(thetas[-1], -digit_shift(thetas[-1]), axis=0)
        named = {f"Theta{i}": theta for i, theta in enumerate(thetas, 1)}
        files.write_whole(path, lambda stream: savemat(stream, named))
    elif path.suffix == ".npz":
        files.write_npz(path, named)
    else:
        raise FileError(f"{path}: weights are written as .npz or .mat; choose one")


def load_params(path: str | Path) -> tuple[np.ndarray, ...]:
    """Read weights from .npz, .mat or a run folder (its params.npz).

    Returns NumPy matrices (units_out, 1 + units_in), float32 if the file holds float32,
    else float64. Row i of the last one is digit i.
    Raises FileError (a Mistake) for anything except the weights of a network.
    """
    path = Path(path)
    if path.is_dir():
        if not (path / PARAMS).exists():
            raise FileError(f"{path}: not a run folder (no {PARAMS}); check the path")
        path = path / PARAMS
    if not path.exists():
        raise FileError(f"{path}: no such run or file; check the path")
    if path.suffix == ".mat":
        names = tuple(f"Theta{i}" for i in range(1, MOST_LAYERS + 1))
        arrays = files.read_mat(path, names)
        thetas = in_order(arrays, "Theta", path)
        thetas[-1] = np.roll(thetas[-1], digit_shift(thetas[-1]), axis=0)
    elif path.suffix == ".npz":
        thetas = in_order(files.read_npz(path), "theta", path)
    else:
        raise FileError(f"{path}: weights are a .npz or .mat file, or a run folder")
    return tuple(thetas)


def load_digit_reader(path: str | Path) -> tuple[np.ndarray, ...]:
    """Like `load_params`, but only for networks from 400 pixels to the ten digits."""
    params = load_params(path)
    pixels, classes = params[0].shape[1] - 1, params[-1].shape[0]
    if (pixels, classes) != (PIXELS, DIGITS):
        raise FileError(
            f"{path}: reads {pixels} pixels into {classes} classes, "
            f"not {PIXELS} into {DIGITS}; train a network on 20x20 digits"
        )
    return params


def in_precision(params: tuple[Any, ...], dtype: str) -> tuple[np.ndarray, ...]:
    """Weights as NumPy matrices in dtype; a Mistake if one is beyond it."""
    with np.errstate(over="ignore"):
        found = tuple(np.asarray(theta).astype(dtype) for theta in params)
    if not all(np.isfinite(theta).all() for theta in found):
        largest = max(float(abs(np.asarray(theta)).max()) for theta in params)
        raise Mistake(
            f"weights as large as {largest:.3g} are beyond {dtype}; use float64, or "
            "other weights"
        )
    return found


def digit_shift(theta: np.ndarray) -> int:
    """How many rows the course's order (1, ..., 9, 0) is ahead of ours."""
    return 1 if theta.shape[0] == 10 else 0


def in_order(arrays: dict[str, np.ndarray], stem: str, path: Path) -> list[np.ndarray]:
    """The arrays stem1, stem2, ..., after checking that they form one network."""
    count = sum(name.startswith(stem) for name in arrays)
    if count == 0:
        raise FileError(f"{path}: holds no {stem}1; name a run folder or its {PARAMS}")
    thetas = []
    for name in (f"{stem}{i}" for i in range(1, count + 1)):
        if name not in arrays:
            raise FileError(f"{path}: {name} is missing; give every layer")
        theta = arrays[name]
        if theta.ndim != 2 or theta.dtype.kind not in "fiu" or 0 in theta.shape:
            raise FileError(
                f"{path}: {name} is {theta.dtype} of shape {theta.shape}; expected a "
                "matrix of real numbers"
            )
        if not np.isfinite(theta).all():
            raise FileError(f"{path}: {name} holds NaN or infinite values")
        if thetas and theta.shape[1] != 1 + thetas[-1].shape[0]:
            raise FileError(
                f"{path}: {name} has {theta.shape[1]} columns; expected a bias and "
                f"the {thetas[-1].shape[0]} units of the layer before"
            )
        # MATLAB stores a matrix of whole numbers as integers
        is_single = theta.dtype.kind == "f" and theta.dtype.itemsize <= 4
        thetas.append(theta.astype(np.float32 if is_single else np.float64))
    return thetas
