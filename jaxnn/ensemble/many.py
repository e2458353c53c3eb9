"""`train_many`: networks of many penalties, widths and starts, cross-validated."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn import devices
from jaxnn.digits import Digits
from jaxnn.ensemble.folds import (
    Scores,
    check_room,
    cross_validate,
    stratified_folds,
)
from jaxnn.mistake import Mistake

FIFTH = 5  # folds where none are asked for; one of them is held out


def train_many(
    digits: Digits,
    lams: Sequence[float] = (0.0, 0.1, 1.0, 3.0, 10.0),
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
    seed: int = 0,
    progress: Callable[[int, int], Any] | None = None,
) -> list[Scores]:
    """Train a network for each width, penalty, start and fold; a Scores for each pair.

    lams: penalties. hidden: units of the one hidden layer, or several such numbers.
    seeds: starts of each, numbered from seed. folds: hold each of so many parts of the
    digits out in turn; None holds one fifth out. method, steps, learning_rate, init,
    dtype, device: as in `fit`. progress: called with steps done and of all.

    All networks of a width train in one compiled call. `scores.validation_accuracy`
    counts only digits that a network has not seen. Raises Mistake for what cannot be
    trained.
    """
    if seeds < 1 or not len(lams):
        raise Mistake("give at least one seed and one penalty in lams")
    chosen = devices.choose(device)
    widths = np.atleast_1d(hidden).tolist()
    with devices.computing(chosen, dtype):
        each = each_width(
            digits,
            lams,
            widths,
            range(seed, seed + seeds),
            left_out(digits, folds, seed),
            lambda _: progress,
            method=method,
            steps=steps,
            learning_rate=learning_rate,
            init=init,
            dtype=dtype,
        )
        return [one for scores in each for one in scores]


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
    **how: Any,
) -> Iterator[list[Scores]]:
    """The scores of each width, when its networks are trained.

    follow(width): what to call as progress of `cross_validate`. how: as there. Raises
    Mistake at once if one width has no room.
    """
    networks = len(lams) * len(seeds) * len(out.used)
    for width in widths:
        layers = digits.x.shape[1], width, len(digits.classes)
        check_room(layers, networks, how["method"], how["dtype"])
    where = digits, out.folds, out.used, lams, seeds
    return (
        cross_validate(*where, width, progress=follow(width), **how) for width in widths
    )
