"""`train_many`: networks of many penalties, widths and starts, cross-validated."""

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxnn import orientation, training
from jaxnn.devices import choose, computing
from jaxnn.digits import Digits
from jaxnn.ensemble.folds import (
    Scores,
    check_room,
    cross_validate,
    stratified_folds,
)
from jaxnn.ensemble.kept import Store
from jaxnn.ensemble.spread import mesh_of
from jaxnn.mistake import Mistake
from jaxnn.progress import bar

FIFTH = 5  # folds where none are asked for; one of them is held out


def train_many(
    digits: Digits,
    lams: float | Sequence[float] = (0.0, 0.1, 1.0, 3.0, 10.0),
    *,
    hidden: int | Sequence[int] = 25,
    seeds: int = 8,
    folds: int | None = None,
    method: str = "lbfgs",
    steps: int = 200,
    learning_rate: float | None = None,
    init: str = "course",
    dtype: str = "float32",
    device: str = "auto",
    devices: int | str | None = None,
    seed: int = 0,
    progress: bool | Callable[[int, int], Any] | None = None,
) -> list[Scores]:
    """Train a network for each width, penalty, start and fold.

    Returns a Scores for each pair of width and penalty.
    lams: a penalty, or several. hidden: units of the one hidden layer, or several such
    numbers. seeds: starts of each, numbered from seed. folds: hold each of so many
    parts of the digits out in turn; None holds one fifth out. method, steps,
    learning_rate, init, dtype, device: as in `fit`. devices: so many of them, or "all",
    train their share of the networks each. progress: a bar, as in `fit`, or a
    function, called with the steps done and those of all networks of a width.

    All networks of a width train in one compiled call. `scores.validation_accuracy`
    counts only digits that a network has not seen. Raises Mistake for what cannot be
    trained.
    """
    training.check_progress(progress)
    training.check_dtype(dtype)
    (digits,) = training.checked(digits, None, dtype)
    penalties, widths = np.atleast_1d(lams).tolist(), np.atleast_1d(hidden).tolist()
    check_grid(penalties, widths, seeds)
    for width, lam in itertools.product(widths, penalties):
        how = (width,), lam, init, method, learning_rate, None, dtype, seed
        training.check(training.Settings(*how), steps)
    chosen, mesh = choose(device), mesh_of(device, devices)
    orientation.warn(digits)
    with computing(chosen, dtype), following(progress, method) as follow:
        starts, out = range(seed, seed + seeds), left_out(digits, folds, seed)
        each = each_width(
            *(digits, penalties, widths, starts, out, follow),
            method=method,
            steps=steps,
            learning_rate=learning_rate,
            init=init,
            dtype=dtype,
            mesh=mesh,
        )
        return [one for scores in each for one in scores]


def check_grid(lams: Sequence[float], hidden: Sequence[int], seeds: int) -> None:
    """Raise Mistake unless there is something to train."""
    if seeds < 1 or not lams or not hidden:
        raise Mistake("give at least one seed, one penalty in lams and one of hidden")


@contextmanager
def following(
    progress: bool | Callable[[int, int], Any] | None, method: str
) -> Iterator[Callable[[int], Any]]:
    """What gives, for a width, the function to call with its steps; or None."""
    if callable(progress) or not training.wants_bar(progress):
        yield lambda _: progress or None
        return
    show = bar(sys.stderr)
    try:
        yield lambda width: partial(show, f"{width} hidden units, {method}")
    finally:
        show("", 0, 0)


class LeftOut(NamedTuple):
    """Folds of digits, and which of them are left out, one by each network."""

    folds: np.ndarray  # (m,)
    whole: int
    used: Sequence[int]


def left_out(digits: Digits, folds: int | None, seed: int) -> LeftOut:
    """So many stratified folds, each left out in turn; None leaves out one of five."""
    k = FIFTH if folds is None else folds
    parts = stratified_folds(digits.y, k, seed, digits.classes)
    return LeftOut(parts, k, range(1 if folds is None else k))


def each_width(
    digits: Digits,
    lams: Sequence[float],
    widths: Sequence[int],
    seeds: Sequence[int],
    out: LeftOut,
    follow: Callable[[int], Any],
    kept: Path | None = None,
    **how: Any,
) -> Iterator[list[Scores]]:
    """The scores of each width, when its networks are trained.

    follow(width): what to call as progress of `cross_validate`. kept: the folder that
    keeps groups of trained networks. how: as there. Raises Mistake at once if one width
    has no room.
    """
    networks, stores = len(lams) * len(seeds) * len(out.used), {}
    for width in widths:
        layers = digits.x.shape[1], width, len(digits.classes)
        check_room(layers, networks, how["method"], how["dtype"])
        stores[width] = None if kept is None else Store(kept, layers, how["dtype"])
    where = digits, out.folds, out.used, lams, seeds
    return (
        cross_validate(
            *where, width, progress=follow(width), store=stores[width], **how
        )
        for width in widths
    )
