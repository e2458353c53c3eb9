"""Hypotheses (sets of mistakes made together) compared with a function's values.

A hypothesis has at most one mistake in each place of the formulas.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np

from jaxnn.clinic import formulas
from jaxnn.clinic.formulas import NOTHING, RIGHT, Array, Choices, Fit, Pass
from jaxnn.clinic.layout import USUAL, Layout
from jaxnn.clinic.mistakes import KnownMistake
from jaxnn.clinic.problems import Layers, problems

FLOOR = 1e-3  # of the largest part: a smaller part is measured against this

Kind = Literal["cost", "gradient"]


class Hypothesis(NamedTuple):
    """Mistakes made together, and the values of their unknown numbers."""

    mistakes: tuple[KnownMistake, ...] = ()
    fit: Fit = NOTHING

    @property
    def at(self) -> Choices:
        """The formulas, with these mistakes in their places."""
        return {**RIGHT, **{mistake.place: mistake.wrong for mistake in self.mistakes}}

    def fits(self, what: str) -> bool:
        """Whether a mistake has this unknown number."""
        return any(mistake.fits == what for mistake in self.mistakes)

    def joined(self, other: "Hypothesis") -> "Hypothesis":
        """The mistakes of both."""
        return Hypothesis(self.mistakes + other.mistakes, {**self.fit, **other.fit})

    def fitted(self, **fit: float) -> "Hypothesis":
        """The same mistakes, with these values for their unknown numbers."""
        return Hypothesis(self.mistakes, {**self.fit, **fit})

    def __str__(self) -> str:
        names = " and ".join(mistake.name for mistake in self.mistakes)
        return names or "no mistake"


NONE = Hypothesis()


class Observed(NamedTuple):
    """The costs or the gradients of a person's function.

    values[problem][lambda] is a cost (1,) or a pair of matrices in the usual layout.
    """

    kind: Kind
    layers: Layers
    lams: tuple[float, ...]  # the first is 0
    values: tuple[tuple[Any, ...], ...]
    layout: Layout | None = None  # of the parameters, if the gradient is a vector
    bar: float = 1e-6  # a smaller relative difference is rounding


@cache
def passes(layers: Layers) -> tuple[Pass, ...]:
    """The problems for functions of this size, with their forward passes."""
    return tuple(formulas.forward(p) for p in problems(layers))


def value(h: Hypothesis, seen: Observed, f: Pass, lam: float) -> Any:
    """The cost or gradient that h gives for an observed value."""
    if seen.kind == "cost":
        return np.array([formulas.cost(f, lam, h.at, h.fit)])
    return formulas.gradient(f, lam, h.at, h.fit, seen.layout or USUAL)


def distance(ours: Any, observed: Any) -> float:
    """The largest relative difference of a part, in Euclidean norms.

    Parts are a cost, or the weights and the biases of theta1 and theta2.
    """
    return max(part_gaps(ours, observed))


def part_gaps(ours: Any, observed: Any) -> list[float]:
    """|ours - observed| / |ours| for each part; infinite if a number is not finite.

    A part smaller than FLOOR times the largest is divided by that in place of |ours|.
    """
    a, b = parts(ours), parts(observed)
    sizes = [np.linalg.norm(part) for part in a]
    floor = max(FLOOR * max(sizes), 1e-300)
    gaps = [np.linalg.norm(x - y) for x, y in zip(a, b, strict=True)]
    return [
        float(gap / max(size, floor)) if np.isfinite(gap) else np.inf
        for gap, size in zip(gaps, sizes, strict=True)
    ]


def parts(value: Any) -> list[Array]:
    """The parts that are compared separately."""
    if isinstance(value, tuple):
        return [part for theta in value for part in (theta[:, 1:], theta[:, :1])]
    return [value]


def problem_gap(h: Hypothesis, seen: Observed, i: int) -> float:
    """How far h is from the observed values on problem i, at the worst lambda."""
    f = passes(seen.layers)[i]
    pairs = zip(seen.lams, seen.values[i], strict=True)
    return max(distance(value(h, seen, f, lam), given) for lam, given in pairs)


def misfit(h: Hypothesis, seen: Observed) -> float:
    """How far h is from the observed values, on the worst problem."""
    worst = 0.0
    for i, f in enumerate(passes(seen.layers)):
        # the number of examples left over by a batch depends on m
        tried = [h.fitted(count=c) for c in counts(f)] if h.fits("count") else [h]
        worst = max(worst, min(problem_gap(one, seen, i) for one in tried))
        if not worst <= seen.bar:
            break  # h does not match, whatever the other problems say
    return worst


def first_wrong(seen: Observed) -> int:
    """The first problem on which the function is wrong; 0 if it is always right."""
    every = range(len(seen.values))
    return next((i for i in every if not problem_gap(NONE, seen, i) <= seen.bar), 0)


def counts(f: Pass) -> range:
    """How many of the last examples can be left out; one is a mistake of its own."""
    return range(2, len(f.problem.y) // 2 + 1)


def variants(
    table: Sequence[KnownMistake], places: Sequence[str], f: Pass
) -> list[Hypothesis]:
    """Each single mistake in these places, once for each count of left-out examples."""
    found = []
    for mistake in table:
        if mistake.place in places:
            one = Hypothesis((mistake,))
            fitted = [one.fitted(count=count) for count in counts(f)]
            found += fitted if mistake.fits == "count" else [one]
    return found


def sets(
    table: Sequence[KnownMistake], places: Sequence[str], size: int, f: Pass
) -> Iterator[Hypothesis]:
    """All hypotheses of `size` mistakes in these places."""
    for chosen in combinations(variants(table, places, f), size):
        if len({h.mistakes[0].place for h in chosen}) == size:
            together = NONE
            for h in chosen:
                together = together.joined(h)
            yield together


def is_count(number: float) -> bool:
    """Whether a fitted number can be a number of examples."""
    if not 1.5 < number < 1e9:
        return False
    return abs(number - round(number)) < 1e-4 * number
