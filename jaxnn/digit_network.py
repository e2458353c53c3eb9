"""The network that reads the digits in photos, and what it says of their pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxnn import data, files, formats, images, training
from jaxnn.data import Digits
from jaxnn.weights import load_digit_reader, load_params

if TYPE_CHECKING:
    from jaxnn.model import Params

DOUBT = 0.2  # of a run's network; training.scores has it too, and loads JAX
NONE = 10  # the output of the reader's own network for what is no digit


class Reader(NamedTuple):
    """A network that reads digits, and how to take what it says."""

    params: Params
    is_standard: bool = False  # whether it reads standardized digits
    doubt: float = DOUBT  # below this probability no digit is read
    temperature: float | None = None  # of its scores; None: its outputs are as they are


def reader_of(run: Any) -> Reader:
    """The network of a Run, a run folder or a file of weights, if it reads digits."""
    if isinstance(run, str | Path):
        params, path = load_digit_reader(run), Path(run)
        training.run_folder.require_digits(path)
        return Reader(params, training.run_folder.is_standardized(path))
    training.run_folder.require_form("the run", run.classes, run.shape)
    return Reader(run.params, run.standardized)


def own_reader() -> Reader:
    """The network that comes with jaxnn: data/build_reader.py makes it."""
    path = formats.embedded_file("reader.npz")
    held = files.read_npz(path)
    doubt, temperature = float(held["doubt"]), float(held["temperature"])
    return Reader(load_params(path), False, doubt, temperature)


def judged(reader: Reader, pictures: np.ndarray) -> np.ndarray:
    """Pictures (k, 20, 20), ink 1 -> (k, 11): how likely each digit is, and none.

    Of jaxnn's own network these are probabilities. A network with ten outputs, each in
    (0, 1) by itself, says nothing of what is no digit: the last column is then 0.
    """
    from jaxnn import model  # only here: it loads JAX

    shape = (images.SIDE, images.SIDE)
    digits = Digits(pictures, [0] * len(pictures), "photo", shape=shape)
    x = data.standardize(digits).x if reader.is_standard else digits.x  # (k, 400)
    x = x.astype(reader.params[0].dtype)
    if reader.temperature is None:
        outputs = np.asarray(model.forward(reader.params, x))  # (k, 10)
        return np.pad(outputs, ((0, 0), (0, 1)))
    return shares(np.asarray(model.logits(reader.params, x)).T, reader.temperature)


def shares(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Scores (k, n) as probabilities that sum to 1: softmax of scores / temperature."""
    heat = (scores - scores.max(axis=1, keepdims=True)) / temperature
    odds = np.exp(heat)
    return odds / odds.sum(axis=1, keepdims=True)
