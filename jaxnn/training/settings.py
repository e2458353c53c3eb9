"""The settings that decide the numbers of a run.

Nothing here imports JAX: a command refuses a setting before JAX is loaded.
"""

import json
import os
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from jaxnn import optimizers
from jaxnn.digits import (
    Digits,
    as_sides,
    require_digits,
    require_fields,
    with_classes,
)
from jaxnn.meshes import devices_of
from jaxnn.mistake import Mistake, shortened
from jaxnn.rows import Rows

MOST_UNITS = 2**31 - 1  # of a hidden layer: beyond it, NumPy has words of its own
SOME = 100  # examples to compare before all are


class Settings(NamedTuple):
    """All that decides the numbers of a run, except its data; see `fit`."""

    hidden: tuple[int, ...] = (25,)
    lam: float = 1.0
    init: str = "course"
    method: str = "lbfgs"
    learning_rate: float | None = None
    batch_size: int | None = None
    dtype: str = "float32"
    seed: int = 0
    center: bool = False  # the coordinates follow from the method; see centering.py


def as_array(value: Any) -> np.ndarray:
    """A value as NumPy sees it; what is uneven is one object."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.array(None)


def is_number(value: Any) -> bool:
    """Whether a value is one real number, in Python's types or NumPy's."""
    array = as_array(value)
    return array.ndim == 0 and array.dtype.kind in "biuf"


def is_whole(value: Any) -> bool:
    """Whether a value is one whole number."""
    return is_number(value) and float(value).is_integer()


def are_units(value: Any) -> bool:
    """Whether a value is a whole number or a row of them."""
    array = as_array(value)
    return array.ndim < 2 and all(map(is_whole, np.atleast_1d(array).tolist()))


def is_json(value: Any) -> bool:
    """Whether config.json can hold a value."""
    try:
        return isinstance(value, Mapping) and bool(json.dumps(dict(value)))
    except (TypeError, ValueError):
        return False


def is_text(value: Any) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "hidden": (are_units, "units per layer, as 25, (50, 25) or ()"),
    "lam": (is_number, "a number from 0 up"),
    "learning_rate": (lambda v: v is None or is_number(v), "a number, or None"),
    "batch_size": (lambda v: v is None or is_whole(v), "a whole number, or None"),
    "seed": (is_whole, "a whole number"),
    **dict.fromkeys(("init", "method", "dtype", "device"), (is_text, "a name")),
    "out": (
        lambda v: v is None or isinstance(v, str | os.PathLike),
        "the path of a folder, or None",
    ),
    "notes": (lambda v: v is None or is_json(v), "a dictionary of JSON types, or None"),
    **dict.fromkeys(
        ("resume", "overwrite", "held_out", "pictures"),
        (lambda v: isinstance(v, bool | int | np.bool), "True or False"),
    ),
}


def check_kinds(given: Mapping[str, Any]) -> None:
    """Raise Mistake for arguments of `fit` that are of another kind than KINDS says."""
    for name, (is_right, words) in KINDS.items():
        if not is_right(given[name]):
            raise Mistake(f"{name}={shortened(repr(given[name]), 60)}: give {words}")


def tidy(settings: Settings) -> Settings:
    """The same settings as plain Python numbers, which config.json can store."""
    rate, size = settings.learning_rate, settings.batch_size
    return settings._replace(
        hidden=tuple(int(units) for units in settings.hidden),
        lam=float(settings.lam),
        learning_rate=None if rate is None else float(rate),
        batch_size=None if size is None else int(size),
        seed=int(settings.seed),
        center=bool(settings.center),
    )


def check(settings: Settings, steps: int) -> None:
    """Raise Mistake for settings that can be refused without seeing the digits."""
    if min(settings.hidden, default=1) < 1:
        raise Mistake(f"hidden units {settings.hidden}: each layer needs at least 1")
    if max(settings.hidden, default=1) > MOST_UNITS:
        raise Mistake(f"hidden units {settings.hidden}: give at most {MOST_UNITS}")
    check_dtype(settings.dtype)
    largest = float(np.finfo(settings.dtype).max)
    if not 0 <= settings.lam <= largest:
        raise Mistake(f"lambda {settings.lam}: give a number from 0 up")
    if settings.learning_rate is not None and not settings.learning_rate <= largest:
        raise Mistake(f"learning rate {settings.learning_rate} is too large")
    if not 0 <= settings.seed < 2**31:
        raise Mistake(f"seed {settings.seed} is not in 0..2147483647")
    size = settings.batch_size
    if size is not None and size < 1:
        raise Mistake(f"batch size {size}: at least 1 is needed")
    method, rate = settings.method, settings.learning_rate
    optimizers.check_method(method, rate, has_batches=size is not None)
    optimizers.check_run(method, steps)


def check_dtype(dtype: str) -> None:
    """Raise Mistake for a precision that networks do not have."""
    if not (isinstance(dtype, str) and dtype in ("float32", "float64")):
        raise Mistake(f"unknown dtype {dtype!r}; float32 or float64")


def checked(train: Digits, test: Digits | None, dtype: str = "float64") -> list[Digits]:
    """The parts that a run has: train, and test unless it is empty.

    The labels of test become places in the classes of train. dtype: the precision of
    training. Raises Mistake for parts that cannot serve for training and testing.
    """
    parts = [train] if test is None else [train, test]
    for part in parts:
        require_digits(part)
        require_fields(part)
    if not len(train.y):
        raise Mistake("no digits to train on; use a smaller test fraction")
    for part in parts:
        check_part(part, train.x.shape[1])
        check_largest(part, dtype)
    check_lesson(train, dtype)
    return [with_classes(part, train.classes) for part in parts if len(part.y)]


def check_largest(part: Digits, dtype: str) -> None:
    """Raise Mistake for features whose squares and sums are beyond dtype.

    Those on disk are not looked at: the cost tells.
    """
    if isinstance(part.x, Rows):
        return
    largest = max(-part.x.min(initial=0), part.x.max(initial=0))
    if largest > np.sqrt(np.finfo(dtype).max) / part.x.shape[1]:
        raise Mistake(
            f"{part.name or 'digits'}: features as large as {largest:.3g} are beyond "
            f"{dtype}; scale them: x = (x - x.mean(axis=0)) / x.std(axis=0)"
        )


def check_lesson(train: Digits, dtype: str) -> None:
    """Raise Mistake if all labels, or all examples, are alike: nothing to learn."""
    name, held = train.name or "digits", np.unique(train.y)
    if len(held) < 2:
        raise Mistake(f"{name}: of one class alone; train on two or more")
    if devices_of(train.x):  # left there
        return
    x = train.x if isinstance(train.x, Rows) else np.asarray(train.x)
    some, spread = np.linspace(0, len(x) - 1, SOME).astype(int), 0.0
    for rows in chain([x[some]], x.blocks() if isinstance(x, Rows) else [x]):
        low, high = rows.min(axis=0).astype(dtype), rows.max(axis=0).astype(dtype)
        spread = float((high - low).max())
        if np.square(spread, dtype=dtype) != 0:
            return
    raise Mistake(
        f"{name}: nothing to learn, for the features of all examples are alike (they "
        f"differ by {spread:.3g} at most); check how the data were made"
    )


def check_part(part: Digits, n: int) -> None:
    """Raise Mistake unless a part has n features, and a class, for each example."""
    name = part.name or "digits"
    if part.x.shape[1] != n:
        raise Mistake(
            f"{name}: x of shape {part.x.shape}; expected a row per digit, "
            f"of {n} pixels as in the training digits"
        )
    if part.y.shape != part.x.shape[:1]:
        raise Mistake(f"{name}: {part.y.shape} labels for {len(part.x)} x")
    k = len(part.classes)
    if len(part.y) and not 0 <= part.y.min() <= part.y.max() < k:
        raise Mistake(
            f"{name}: labels {part.y.min()}..{part.y.max()}; expected the places "
            f"0-{k - 1} of its classes"
            + " (y % 10 turns the course's 10 into 0)"
            * (k == 10)
        )
    as_sides(part.shape, n)


def cost_name(batch_size: int | None) -> str:
    """How to label the costs a run reports: of all examples, or of one mini-batch."""
    return "cost" if batch_size is None else "batch cost"
