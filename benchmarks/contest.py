"""A script's contest: who takes part, its progress."""

import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from timing import REST, Agree, BenchmarkError, Contender, Timing, compare


def ratio(timing: Timing, base: Timing) -> float:
    """How many times as long as base: the median of the rounds' ratios."""
    return middle(timing.seconds / base.seconds)


def middle(seconds: np.ndarray) -> float:
    """The median of what is known; NaN if nothing is."""
    known = seconds[np.isfinite(seconds)]
    return float(np.median(known)) if known.size else np.nan


def spread(timing: Timing) -> float:
    """The distance between the quartiles as a fraction of the median."""
    low, median, high = np.nanpercentile(timing.seconds, [25, 50, 75])
    return float((high - low) / median)


def tell(line: str) -> None:
    """A line of progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def only(
    names: Sequence[str] | None, contenders: Sequence[Contender]
) -> list[Contender]:
    """The first, which others are compared with, and those whose names begin so."""
    if names is None:
        return list(contenders)
    first, *others = contenders
    chosen = [c for c in others if c.name.startswith(tuple(names))]
    for name in names:
        if not any(c.name.startswith(name) for c in contenders):
            known = ", ".join(c.name for c in contenders)
            tell(f"error: no contender begins with {name!r}; choose from {known}")
            sys.exit(2)
    return [first, *chosen]


def contest(
    contenders: Sequence[Contender],
    rounds: int,
    agree: Agree,
    rest: float = REST,
    may_be_empty: bool = False,
) -> tuple[list[Timing], dict[str, str]]:
    """`compare` for a script: progress on stderr, one line if a contender is wrong.

    So too, with exit code 1, if nobody can run, unless the contest may be empty.
    """
    try:
        timings, skipped = compare(contenders, rounds, agree, tell, rest)
        if not timings and not may_be_empty:
            raise BenchmarkError("no contender can run here")
        return timings, skipped
    except (BenchmarkError, BrokenProcessPool) as error:
        said = "; ".join([str(error), *getattr(error, "__notes__", [])])
        tell(f"error: {said}")
        sys.exit(1)
