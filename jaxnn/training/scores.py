"""How well a network reads digits, and which digits belong to a run or a file.

Shapes: m examples, n pixels, k classes.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxnn import data, devices, model, orientation
from jaxnn.devices import Device
from jaxnn.digits import Digits, in_memory, with_classes
from jaxnn.initialization import layers_of
from jaxnn.mistake import Mistake
from jaxnn.model import Params
from jaxnn.rows import BLOCK, Rows
from jaxnn.training import record, run_folder
from jaxnn.weights import in_precision, load_params

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
    """Let the network read digits on the given device, in dtype.

    Raises Mistake if that overflows.
    """
    if isinstance(digits.x, Rows):
        return evaluated_in_blocks(params, digits, lam, dtype, device)
    with devices.exactly(device, dtype):
        params = in_precision(params, dtype)
        with np.errstate(over="ignore"):  # the cost tells
            x = digits.x.astype(dtype)
        outputs, read, costs, cost = map(np.asarray, judged(params, x, digits.y, lam))
    if not np.isfinite(cost):
        raise Mistake(
            f"the cost is {float(cost)}, for weights, features or lambda are too large "
            f"for {dtype}; {'use float64, or ' * (dtype != 'float64')}scale them down"
        )
    accuracy = float(np.mean(read == digits.y))
    return Evaluation(outputs, read, costs, float(cost), accuracy)


def evaluated_in_blocks(
    params: Params, digits: Digits, lam: float, dtype: str, device: Device
) -> Evaluation:
    """As `evaluate`, of digits on disk."""
    m, firsts = len(digits.y), range(0, len(digits.y), BLOCK)
    parts = [
        evaluate(params, in_memory(digits, first, first + BLOCK), 0.0, dtype, device)
        for first in firsts
    ]
    outputs, read, costs, *_ = zip(*parts, strict=True)
    outputs, read, costs = map(np.concatenate, (outputs, read, costs))
    squares = sum(float(np.sum(np.asarray(theta)[:, 1:] ** 2)) for theta in params)
    cost = float(np.mean(costs, dtype=np.float64)) + lam / (2 * m) * squares
    return Evaluation(outputs, read, costs, cost, float(np.mean(read == digits.y)))


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


def digits_of(
    weights: Path, given: str | Digits | None = None, flag: str = "--data"
) -> Digits:
    """The digits that a network reads: those given, or that its run held out.

    weights: a run folder or a file of weights. given: digits, or a file of them, of
    which the test part is used if it has one; without examples that the run trained on,
    unless it trained on all. flag: how a person gives digits here. Outside a run folder
    the embedded digits serve where none are given. Labels become places in the run's
    classes, and digits of a standardized run are standardized. Raises Mistake if the
    digits do not fit the network, or if those of the run are not recorded or have
    changed since.
    """
    folder = run_folder.folder_of(weights)
    if isinstance(given, Digits):
        parts = {"all": given}
    else:
        parts = {} if folder and given is None else data.parts_of(given)
    if folder is None:
        digits = parts["test"] if "test" in parts else parts["all"]
    else:
        digits = of_run(folder, parts, flag)
    if given is not None:
        orientation.warn(digits)
    n, *_, k = layers_of(load_params(weights))
    if digits.x.shape[1] != n:
        raise Mistake(
            f"{weights}: reads {n} pixels into {k} classes, and {digits.name} has "
            f"{digits.x.shape[1]}; give data of its kind with {flag}"
        )
    known = run_folder.classes_of(weights)
    if known is None:
        known = digits.classes if len(digits.classes) == k else tuple(range(k))
    return with_classes(digits, known)


def of_run(folder: Path, given: dict[str, Digits], flag: str) -> Digits:
    """The digits to judge a run by: from the parts of a file, or those it held out.

    flag: how a person names a file of digits here.
    """
    config = record.read_config(folder)
    run_folder.require_own(folder, config)
    notes, standard = config.notes, config.notes.get("standardize", False)
    if not given and {"data", "test_fraction"} <= notes.keys():
        source = notes["data"], notes["test_fraction"], config.settings.seed
        stream = notes.get("stream") or None
        train, test, _ = data.train_and_test(*source, standard, stream)
        found = test if len(test.y) else train
        known = config.data.get("test", config.data["train"])
        if record.checksum(with_classes(found, config.classes)) != known.sha256:
            raise Mistake(f"{folder}: its digits have changed since; use {flag}")
        return found
    parts = given or data.load_parts()
    if standard:
        parts = {name: data.standardize(part) for name, part in parts.items()}
    found = parts["test"] if "test" in parts else parts["all"]
    trained = run_folder.trained_on(folder)
    if trained is None and given:
        return found._replace(name=f"{found.name} (with or without training digits)")
    left = Counter([] if trained is None else trained.tolist())
    if "train" in parts:  # not found again in the test part, if that repeats some
        left -= Counter(record.hashes(parts["train"]).tolist())
    is_seen = seen(found, left)
    counts = {"train": is_seen.sum(), "test": (~is_seen).sum()}
    is_own = all(counts[name] == part.examples for name, part in config.data.items())
    if not given and not is_own:
        raise Mistake(
            f"{folder}: was trained from Python, on other than the embedded digits; "
            f"give them, or others, with {flag}"
        )
    if not is_seen.any() or is_seen.all():
        return found
    name = f"{found.name} ({data.HELD_OUT})"
    return data.take(found, ~is_seen)._replace(name=name)


def seen(digits: Digits, trained: Counter[int]) -> np.ndarray:
    """Which digits were trained on, (m,) bool; trained: how often each of `hashes`.

    Of equal examples, as many count as were trained on.
    """
    left, found = trained.copy(), np.zeros(len(digits.y), bool)
    for i, one in enumerate(record.hashes(digits).tolist()):
        found[i] = left[one] > 0
        left[one] -= 1
    return found


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
