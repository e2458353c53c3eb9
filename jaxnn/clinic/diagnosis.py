"""The simplest sets of mistakes that give exactly the values of a person's function.

First no mistake, then each mistake alone, then pairs, then triples. A set is named only
if it gives every observed value, on three problems, within the function's precision.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic import mistakes
from jaxnn.clinic.elimination import UNROLLING, candidates
from jaxnn.clinic.hypotheses import (
    NONE,
    Hypothesis,
    Observed,
    distance,
    misfit,
    passes,
    problem_gap,
    value,
    variants,
)

MOST = 3  # mistakes at once
SAME = 1e-9  # explanations that differ by less are the same function

Progress = Callable[[str, int, int], Any]


class Diagnosis(NamedTuple):
    """The simplest explanations of the observed values, all of one size."""

    found: tuple[Hypothesis, ...]  # () if no known mistakes explain them
    distance: float  # of the first from the observed values
    is_decided: bool = True  # False if two of `found` are different functions

    @property
    def is_right(self) -> bool:
        """Whether there is nothing to explain."""
        return bool(self.found) and not self.found[0].mistakes


def diagnose(
    seen: Observed, progress: Progress | None = None, most: int = MOST
) -> Diagnosis:
    """Compare the observed values with every set of at most `most` mistakes."""
    for size in range(most + 1):
        if progress is not None:
            progress(f"{seen.kind}: mistakes at once: {size}", size, most + 1)
        apart = [(misfit(h, seen), h) for h in candidates(seen, size)]
        matching = [(gap, h) for gap, h in apart if gap <= seen.bar]
        if matching:
            found = tuple(h for _, h in matching)
            return Diagnosis(found, matching[0][0], are_same(found, seen))
    return Diagnosis((), np.inf)


def are_same(found: Sequence[Hypothesis], seen: Observed) -> bool:
    """Whether all hypotheses give the same values on every problem."""
    for f in passes(seen.layers):
        for lam in seen.lams:
            first, *others = (value(h, seen, f, lam) for h in found)
            if any(not distance(first, other) <= SAME for other in others):
                return False
    return True


def runner_up(found: Sequence[Hypothesis], seen: Observed) -> tuple[Hypothesis, float]:
    """The nearest hypothesis that does not match, and how far it is off.

    It is a single mistake, or found[0] with one mistake dropped or replaced.
    """
    table = mistakes.COST if seen.kind == "cost" else mistakes.GRADIENT
    places = {mistake.place for mistake in table}
    if seen.layout is None:
        places -= set(UNROLLING)
    singles = [
        h
        for h in variants(table, tuple(places), passes(seen.layers)[0])
        if not h.mistakes[0].fits
    ]
    tried = [NONE, *singles]
    for dropped in found[0].mistakes if found else ():
        kept = tuple(one for one in found[0].mistakes if one != dropped)
        rest, taken = Hypothesis(kept, found[0].fit), {one.place for one in kept}
        free = [one for one in singles if one.mistakes[0].place not in taken]
        tried += [rest, *(rest.joined(one) for one in free)]
    apart = [(problem_gap(h, seen, 0), h) for h in tried]
    gap, nearest = min(
        (pair for pair in apart if not pair[0] <= seen.bar), key=lambda pair: pair[0]
    )
    return nearest, gap
