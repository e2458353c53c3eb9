"""How well weights read digits; which digits are meant by a run or a file.

Shapes: m examples, n pixels, k classes.
"""

from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxnn import data, devices, model
from jaxnn.data import Digits
from jaxnn.devices import Device
from jaxnn.mistake import Mistake
from jaxnn.model import Params
from jaxnn.training import run_folder

DOUBT = 0.2  # the largest output below it: not a digit


class Evaluation(NamedTuple):
    """What a network makes of m digits; NumPy arrays."""

    outputs: np.ndarray  # (m, k) in (0, 1)
    read: np.ndarray  # (m,) the digit of the largest
    costs: np.ndarray  # (m,) nats of each, without penalty
    cost: float  # nats per example, with the penalty asked for
    accuracy: float  # fraction read right


def evaluate(
    params: Params,
    digits: Digits,
    lam: float = 0.0,
    dtype: str = "float32",
    device: Device = None,
) -> Evaluation:
    """Let the network read digits: on the device given, in dtype."""
    with devices.exactly(device, dtype):
        params = tuple(theta.astype(dtype) for theta in params)
        x = digits.x.astype(dtype)
        outputs, read, costs, cost = map(np.asarray, judged(params, x, digits.y, lam))
    accuracy = float(np.mean(read == digits.y))
    return Evaluation(outputs, read, costs, float(cost), accuracy)


@jax.jit
def judged(params: Params, x: jax.Array, y: jax.Array, lam: float) -> tuple:
    """The first four of Evaluation, x (m, n) and y (m,): one program to compile."""
    alone = jax.vmap(lambda x, y: model.cost(params, x[None], y[None], 0.0))
    return (
        model.forward(params, x),
        model.predict(params, x),
        alone(x, y),
        model.cost(params, x, y, lam),
    )


def digits_of(weights: Path, path: str | None = None) -> Digits:
    """The digits to read: a file's (its test part), a run's held-out ones, or all.

    weights: a run folder or a file of weights. Those of a standardised run are
    standardised. Raises FileError, or Mistake where the run does not tell which
    digits are its, or they are not the same any more.
    """
    folder = run_folder.folder_of(weights)
    if folder is None:
        parts = data.load_parts(path)
        return parts["test"] if "test" in parts else parts["all"]
    config = run_folder.read_config(folder)
    notes = config.notes
    if path is None and not {"data", "test_fraction"} <= notes.keys():
        raise Mistake(f"{folder}: does not say which digits are its; give --data")
    fraction = notes["test_fraction"] if path is None else 0.0
    source = notes["data"] if path is None else path
    standard = notes.get("standardize", False)
    train, test = data.train_and_test(source, fraction, config.settings.seed, standard)
    digits = test if len(test.y) else train
    held_out = config.data.get("test", config.data["train"])
    if path is None and run_folder.checksum(digits) != held_out.sha256:
        raise Mistake(f"{folder}: its digits have changed since; give --data")
    return digits


def confusion(y: np.ndarray, found: Evaluation) -> np.ndarray:
    """How often class i (of y) was read as j: (k, k) counts."""
    k = found.outputs.shape[1]
    counts = np.zeros((k, k), int)
    np.add.at(counts, (y, found.read), 1)
    return counts


def worst(y: np.ndarray, found: Evaluation, most: int) -> np.ndarray:
    """Which digits were misread, those of the largest cost first: `most` or fewer."""
    wrong = np.flatnonzero(found.read != y)
    return wrong[np.argsort(-found.costs[wrong], kind="stable")][:most]
