"""The network that reads the digits in photos, and what it says of their pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxnn import cache, data, files, images, training
from jaxnn.data import Digits
from jaxnn.files import FileError
from jaxnn.weights import load_digit_reader, load_params, save_params

if TYPE_CHECKING:
    from jaxnn.model import Params


class Reader(NamedTuple):
    """A network that reads digits, and whether it reads standardized ones."""

    params: Params
    is_standard: bool = False
    doubt: float = 0.2  # below this probability no digit is read


def judged(reader: Reader, pictures: np.ndarray) -> np.ndarray:
    """Pictures (k, 20, 20) -> (k, 11): probabilities of 0 to 9, and of none of them."""
    from jaxnn import model  # only here: it loads JAX

    shape = (images.SIDE, images.SIDE)
    digits = Digits(pictures, [0] * len(pictures), "photo", shape=shape)
    x = data.standardize(digits).x if reader.is_standard else digits.x  # (k, 400)
    dtype = reader.params[0].dtype
    outputs = np.asarray(model.forward(reader.params, x.astype(dtype)))  # (k, 10)
    return np.pad(outputs, ((0, 0), (0, 1)))


def reader_of(run: Any) -> Reader:
    """The network of a Run, a run folder or a file of weights, if it reads digits."""
    if isinstance(run, str | Path):
        params, path = load_digit_reader(run), Path(run)
        training.run_folder.require_digits(path)
        return Reader(params, training.run_folder.is_standardized(path))
    training.run_folder.require_form("the run", run.classes, run.shape)
    return Reader(run.params, run.standardized)


def own_reader(
    seed: int,
    notice: Callable[..., None] = lambda *_, **__: None,
    device: str = "auto",
    progress: bool | None = False,
) -> Reader:
    """The network in the user's cache, trained and kept there the first time.

    notice: called with what happens then. device, progress: of that training, as in
    `fit`.
    """
    path = cache.folder() / f"network-{seed}.npz"
    try:
        return Reader(load_params(path))
    except FileError:
        notice("no --run: training a network on the 5000 embedded digits", flush=True)
    how = {"seed": seed, "device": device, "progress": progress}
    params = training.fit(data.load_digits(), **how).params
    try:
        with files.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        save_params(path, params)
        notice(f"kept for the next time in {path}")
    except FileError as error:
        notice(f"not kept: {error}")
    return Reader(params)
