"""The settings that decide the numbers of a run.

Nothing here imports JAX: a command refuses a setting before JAX is loaded.
"""

from typing import NamedTuple

import numpy as np

from jaxnn import optimizers
from jaxnn.digits import Digits, require_digits, with_classes
from jaxnn.mistake import Mistake

MOST_UNITS = 2**31 - 1  # of a hidden layer: beyond it, NumPy has words of its own


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


def checked(train: Digits, test: Digits | None) -> list[Digits]:
    """The parts that a run has: train, and test unless it is empty.

    The labels of test become places in the classes of train. Raises Mistake for parts
    that cannot serve for training and testing.
    """
    parts = [train] if test is None else [train, test]
    for part in parts:
        require_digits(part)
    if not len(train.y):
        raise Mistake("no digits to train on; use a smaller test fraction")
    if len(train.classes) < 2:
        raise Mistake(
            f"{train.name or 'digits'}: of one class alone; train on two or more"
        )
    for part in parts:
        check_part(part, train.x.shape[-1])
    return [with_classes(part, train.classes) for part in parts if len(part.y)]


def check_part(part: Digits, n: int) -> None:
    """Raise Mistake unless a part has n features and a class for each example.

    `Digits` itself looks at these, but not at what its `_replace` puts in their place.
    """
    name = part.name or "digits"
    if part.x.ndim != 2 or part.x.shape[1] != n:
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


def cost_name(batch_size: int | None) -> str:
    """How to label the costs a run reports: of all examples, or of one mini-batch."""
    return "cost" if batch_size is None else "batch cost"
