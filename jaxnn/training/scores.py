"""How well a network reads digits, and which digits belong to a run or a file.

Shapes: m examples, n pixels, k classes.
"""

from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxnn import data, devices, model, orientation
from jaxnn.devices import Device
from jaxnn.digits import Digits, with_classes
from jaxnn.initialization import layers_of
from jaxnn.mistake import Mistake
from jaxnn.model import Params
from jaxnn.training import record, run_folder
from jaxnn.weights import load_params

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
    """The digits that a network reads: those in a file, or that its run held out.

    weights: a run folder or a file of weights. path: a file of digits; its test part is
    used if it has one. Outside a run folder the embedded digits serve where there is no
    file. Labels become places in the run's classes, and digits of a standardized run
    are standardized. Raises Mistake if the digits do not fit the network, or if those
    of the run are not recorded or have changed since.
    """
    folder = run_folder.folder_of(weights)
    parts = {} if folder and path is None else data.load_parts(path)
    if folder is None:
        digits = parts["test"] if "test" in parts else parts["all"]
    else:
        digits = of_run(folder, parts)
    if path is not None:
        orientation.warn(digits)
    n, *_, k = layers_of(load_params(weights))
    if digits.x.shape[1] != n:
        raise Mistake(
            f"{weights}: reads {n} pixels into {k} classes, and {digits.name} has "
            f"{digits.x.shape[1]}; name data of its kind with --data"
        )
    known = run_folder.classes_of(weights)
    if known is None:
        known = digits.classes if len(digits.classes) == k else tuple(range(k))
    return with_classes(digits, known)


def of_run(folder: Path, given: dict[str, Digits]) -> Digits:
    """The digits to judge a run by: from the parts of a file, or those it held out."""
    config = record.read_config(folder)
    notes, seed = config.notes, config.settings.seed
    standard = notes.get("standardize", False)
    is_recorded = {"data", "test_fraction"} <= notes.keys()
    if is_recorded and not given:
        source = notes["data"], notes["test_fraction"]
        train, test, _ = data.train_and_test(*source, seed, standard)
        found = test if len(test.y) else train
        known = config.data.get("test", config.data["train"])
        if record.checksum(with_classes(found, config.classes)) != known.sha256:
            raise Mistake(f"{folder}: its digits have changed since; use --data")
        return found
    found = None if is_recorded else held_out(config, given or data.load_parts())
    if found is None and not given:
        raise Mistake(
            f"{folder}: was trained from Python, on other than the embedded digits; "
            "name a file of them, or of others, with --data"
        )
    if found is None:
        found = given["test"] if "test" in given else given["all"]
        return data.standardize(found) if standard else found
    return found


def held_out(config: record.Config, given: dict[str, Digits]) -> Digits | None:
    """What a run has not seen of a file, or all of it if it was trained on all.

    None if the run's checksums fit neither the file nor a split of it by the run's
    seed, or by 0.
    """
    known, pairs = config.data, []
    if "all" in given:
        whole = given["all"]
        share = max(0.0, 1 - known["train"].examples / len(whole.y))
        seeds = dict.fromkeys((config.settings.seed, 0))
        splits = [data.split(whole, share, seed) for seed in seeds] if share else []
        pairs = [(whole, whole), *splits]
    else:
        pairs = [(given["train"], given["test"])]
    for train, test in pairs:
        if config.notes.get("standardize", False):
            train, test = data.standardize(train), data.standardize(test)
        is_same = record.checksum(train) == known["train"].sha256
        is_judge = "test" not in known or record.checksum(test) == known["test"].sha256
        if is_same and is_judge:
            return test
    return None


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
