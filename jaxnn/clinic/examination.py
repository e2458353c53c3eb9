"""Call a person's function in one convention, and read its values."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic import formulas
from jaxnn.clinic.calls import Call, call
from jaxnn.clinic.conventions import Convention, values
from jaxnn.clinic.hypotheses import NONE, Kind, Observed, distance, misfit, passes
from jaxnn.clinic.problems import Layers, Problem
from jaxnn.clinic.readings import Reading, reading, returned
from jaxnn.clinic.refusals import Unusable, error_text
from jaxnn.clinic.subject import Subject

BARS: dict[type, float] = {np.float64: 1e-6, np.float32: 2e-5, np.float16: 2e-2}


class Attempt(NamedTuple):
    """One call in one convention, and the values read from it."""

    layers: Layers
    convention: Convention
    call: Call
    reading: Reading
    pick: int = 0  # which of several costs and gradients

    def answer(self, s: Subject, p: Problem, lam: float) -> Reading:
        """The function's values for another problem, read in the same way."""
        return ask(s, self.layers, self.convention, p, lam, self.pick).reading

    def with_pick(self, pick: int) -> "Attempt":
        """The same call, read with another of its costs and gradients."""
        again = reading(self.call.result, self.layers, self.convention, pick)
        return self._replace(reading=again, pick=pick)

    def value(self, kind: Kind) -> Any:
        """The cost (1,) or the gradient's two matrices; None if it is missing."""
        cost, gradient = self.reading.cost, self.reading.gradient
        if kind == "gradient":
            return gradient
        return None if cost is None else np.array([cost])

    def matches(self, kind: Kind) -> bool:
        """Whether the value is right, for the first problem at lambda 0."""
        if (given := self.value(kind)) is None:
            return False
        f, bar = passes(self.layers)[0], BARS[self.reading.precision]
        if kind == "cost":
            return distance(np.array([formulas.cost(f, 0)]), given) <= bar
        return distance(formulas.gradient(f, 0), given) <= bar


class Answers(NamedTuple):
    """All values of a function in the chosen convention."""

    lams: tuple[float, ...]  # the first is 0
    rows: tuple[tuple[Attempt, ...], ...]  # [problem][lambda]

    @property
    def first(self) -> Attempt:
        """On the first problem at lambda 0."""
        return self.rows[0][0]

    @property
    def every(self) -> list[Attempt]:
        """On all problems, with all lambdas."""
        return [one for row in self.rows for one in row]

    def observed(self, kind: Kind) -> Observed | None:
        """The costs or the gradients; None if the function gives none."""
        values = [[one.value(kind) for one in row] for row in self.rows]
        if any(value is None for row in values for value in row):
            return None
        is_vector = self.first.reading.is_vector
        return Observed(
            kind,
            self.first.layers,
            self.lams,
            tuple(map(tuple, values)),
            self.first.convention.layout if is_vector else None,
            max(BARS[one.reading.precision] for one in self.every),
        )


def ask(
    s: Subject, layers: Layers, c: Convention, p: Problem, lam: float, pick: int = 0
) -> Attempt:
    """Call the function on a problem."""
    roles = {one.role for one in s.signature.arguments if one.role}
    given = {role: value for role, value in values(p, lam, c).items() if role in roles}
    made = call(lambda copies: list(map(returned, s.run(copies))), given, s.folder)
    if made.error is not None:
        return Attempt(layers, c, made, Reading(None, None, trouble="raises"))
    return Attempt(layers, c, made, reading(made.result, layers, c, pick), pick)


def is_finite(seen: Observed) -> bool:
    """Whether all values are finite."""
    flat = [value for row in seen.values for value in row]
    arrays = [part for value in flat for part in value]
    return all(np.all(np.isfinite(array)) for array in arrays)


def examine(s: Subject, one: Attempt, lams: Sequence[float]) -> Answers:
    """The answers in an attempt's convention; of several costs, the right one."""
    lams = lams if s.signature.takes("lam") else lams[:1]
    return min(answers(s, one, lams), key=count_wrong)


def answers(s: Subject, one: Attempt, lams: Sequence[float]) -> list[Answers]:
    """Call the function for every problem and lambda, in an attempt's convention.

    Returns one Answers for each cost that it returns, at least one.
    """
    picks, rows = range(max(one.reading.several, 1)), []
    for f in passes(one.layers):
        row = []
        for lam in lams:
            made = ask(s, one.layers, one.convention, f.problem, lam)
            if made.call.error is not None:
                given = f"{len(f.problem.y)} examples and lambda {lam:g}"
                text = error_text(s, made.call.error, f"\ncalled with  {given}")
                raise Unusable(text)
            # read at once: the next call may fill the same arrays
            row.append([made.with_pick(pick) for pick in picks])
        rows.append(row)
    if one.reading.precision is np.float16:  # mistakes differ by less than it rounds
        raise Unusable(f"{s.title} uses float16, which is too coarse; use float64")
    return [
        Answers(tuple(lams), tuple(tuple(made[i] for made in row) for row in rows))
        for i in picks
    ]


def count_wrong(one: Answers) -> int:
    """How many of cost and gradient are wrong or missing."""
    seen = [one.observed("cost"), one.observed("gradient")]
    return sum(each is None or not misfit(NONE, each) <= each.bar for each in seen)
