"""How well a network reads digits, and which digits belong to a run or a file.

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
from jaxnn.training import record, run_folder

DOUBT = 0.2  # if no output reaches this, the picture is no digit


class Evaluation(NamedTuple):
    """What a network reads in m digits; NumPy arrays."""

    outputs: np.ndarray  # (m, k) in (0, 1)
    read: np.ndarray  # (m,) the digit with the largest output
    costs: np.ndarray  # (m,) nats per digit, without penalty
    cost: float  # nats per example, with the given penalty
    accuracy: float  # fraction read right


def evaluate(
    params: Params,
    digits: Digits,
    lam: float = 0.0,
    dtype: str = "float32",
    device: Device = None,
) -> Evaluation:
    """Let the network read digits on the given device, in dtype."""
    with devices.exactly(device, dtype):
        params = tuple(theta.astype(dtype) for theta in params)
        x = digits.x.astype(dtype)
        outputs, read, costs, cost = map(np.asarray, judged(params, x, digits.y, lam))
    accuracy = float(np.mean(read == digits.y))
    return Evaluation(outputs, read, costs, float(cost), accuracy)


@jax.jit
def judged(params: Params, x: jax.Array, y: jax.Array, lam: float) -> tuple:
    """The first four fields of Evaluation, for x (m, n) and y (m,), in one program."""
    alone = jax.vmap(lambda x, y: model.cost(params, x[None], y[None], 0.0))
    return (
        model.forward(params, x),
        model.predict(params, x),
        alone(x, y),
        model.cost(params, x, y, lam),
    )


def digits_of(weights: Path, path: str | None = None) -> Digits:
    """The digits to read: those in a file, those a run held out, or all 5000.

    weights: a run folder or a file of weights. path: a file of digits; its test part is
    used if it has one. Digits of a standardized run are standardized. Raises Mistake if
    the run does not record its digits, or if they have changed since.
    """
    folder = run_folder.folder_of(weights)
    if folder is None:
        parts = data.load_parts(path)
        return parts["test"] if "test" in parts else parts["all"]
    config = record.read_config(folder)
    notes = config.notes
    if path is None and not {"data", "test_fraction"} <= notes.keys():
        raise Mistake(f"{folder}: does not record its digits; name them with --data")
    fraction = notes["test_fraction"] if path is None else 0.0
    source = notes["data"] if path is None else path
    standard = notes.get("standardize", False)
    train, test = data.train_and_test(source, fraction, config.settings.seed, standard)
    digits = test if len(test.y) else train
    held_out = config.data.get("test", config.data["train"])
    if path is None and record.checksum(digits) != held_out.sha256:
        raise Mistake(f"{folder}: its digits have changed since; use --data")
    return digits


def confusion(y: np.ndarray, found: Evaluation) -> np.ndarray:
    """How often class i (in y) was read as class j: counts (k, k)."""
    k = found.outputs.shape[1]
    counts = np.zeros((k, k), int)
    np.add.at(counts, (y, found.read), 1)
    return counts


def worst(y: np.ndarray, found: Evaluation, most: int) -> np.ndarray:
    """The indices of at most `most` misread digits, the largest cost first."""
    wrong = np.flatnonzero(found.read != y)
    return wrong[np.argsort(-found.costs[wrong], kind="stable")][:most]
