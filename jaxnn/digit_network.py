"""The network that reads the digits in photos, and what it says of their pictures."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import expit, softmax

from jaxnn import data, files, formats, images, training
from jaxnn.data import Digits
from jaxnn.mistake import Mistake
from jaxnn.weights import in_order, load_digit_reader

if TYPE_CHECKING:
    from jaxnn.model import Params

DOUBT = 0.2  # of a run's network; training.scores has it too, and loads JAX
ROWS = 16  # pictures that are read together, at least
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
    if not isinstance(run, training.Run):
        raise Mistake("run: give a Run, a run folder or a file of weights")
    training.run_folder.require_form("the run", run.classes, run.shape)
    return Reader(run.params, run.standardized)


@functools.cache
def own_reader() -> Reader:
    """The network that comes with jaxnn: data/build_reader.py makes it."""
    path = formats.embedded_file("reader.npz")
    held = files.read_npz(path)
    doubt, temperature = float(held["doubt"]), float(held["temperature"])
    params = tuple(in_order(held, "theta", path))
    return Reader(params, False, doubt, temperature)


def judged(reader: Reader, pictures: np.ndarray) -> np.ndarray:
    """Pictures (k, 20, 20), ink 1 -> (k, 11): how likely each digit is, and none.

    Of jaxnn's own network these are probabilities. A network with ten outputs, each in
    (0, 1) by itself, says nothing of what is no digit: the last column is then 0.
    """
    shape = (images.SIDE, images.SIDE)
    digits = Digits(pictures, [0] * len(pictures), "photo", shape=shape)
    x = data.standardize(digits).x if reader.is_standard else digits.x  # (k, 400)
    found = scores(reader.params, x)
    if reader.temperature is None:
        return np.pad(expit(found), ((0, 0), (0, 1)))
    return softmax(found / reader.temperature, axis=1)


def scores(params: Params, x: np.ndarray) -> np.ndarray:
    """`model.logits` of x (k, 400), an example in each row: (k, outputs) in NumPy.

    JAX compiles again for every number of rows, which takes longer than reading does.
    So blank rows fill x up to 16, 256, 4096, ...
    """
    k, rows = len(x), ROWS
    while rows < k:
        rows *= ROWS
    filled = np.zeros((rows, x.shape[1]), params[0].dtype)
    filled[:k] = x
    return np.asarray(compiled_logits()(params, filled)).T[:k]


@functools.cache
def compiled_logits() -> Any:
    """`model.logits`, compiled as a whole."""
    import jax  # only here: it is slow to load

    from jaxnn import model

    return jax.jit(model.logits)
