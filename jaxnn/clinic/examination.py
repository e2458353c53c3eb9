"""A person's function asked for its values in a convention."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxnn.clinic import formulas
from jaxnn.clinic.calls import Call, call
from jaxnn.clinic.conventions import Convention, values
from jaxnn.clinic.hypotheses import NONE, Kind, Observed, distance, misfit, passes
from jaxnn.clinic.layout import Pair
from jaxnn.clinic.problems import Layers, Problem
from jaxnn.clinic.readings import Reading, reading
from jaxnn.clinic.refusals import Unusable, told
from jaxnn.clinic.subject import Subject

BARS: dict[type, float] = {np.float64: 1e-6, np.float32: 2e-5, np.float16: 2e-2}


class Attempt(NamedTuple):
    """A call in some convention, and what was read from it."""

    layers: Layers
    convention: Convention
    call: Call
    reading: Reading
    pick: int = 0  # of several costs and gradients

    def asked(self, s: Subject, p: Problem, lam: float) -> Reading:
        """What the function gives for another problem, read in the same way."""
        return ask(s, self.layers, self.convention, p, lam, self.pick).reading

    @property
    def costs_match(self) -> bool:
        """Whether the cost is the course's, with the first problem and lambda 0."""
        return self.matches("cost", self.reading.cost)

    @property
    def gradients_match(self) -> bool:
        """Whether the gradient is."""
        return self.matches("gradient", self.reading.gradient)

    def matches(self, kind: Kind, given: float | Pair | None) -> bool:
        """Whether the value is right; False where there is none."""
        if given is None:
            return False
        f, bar = passes(self.layers)[0], BARS[self.reading.precision]
        if kind == "cost":
            return distance(np.array([formulas.cost(f, 0)]), np.array([given])) <= bar
        return distance(formulas.gradient(f, 0), given) <= bar


class Answers(NamedTuple):
    """All that a function gave in the convention chosen."""

    attempt: Attempt  # the first, on the first problem with lambda 0
    lams: tuple[float, ...]
    calls: tuple[tuple[Call, ...], ...]  # [problem][lambda]
    readings: tuple[tuple[Reading, ...], ...]

    def observed(self, kind: Kind) -> Observed | None:
        """The costs or the gradients; None where the function gives none."""
        rows = [
            [one.cost if kind == "cost" else one.gradient for one in row]
            for row in self.readings
        ]
        if any(value is None for row in rows for value in row):
            return None
        if kind == "cost":
            rows = [[np.array([value]) for value in row] for row in rows]
        first = self.attempt.reading
        layout = self.attempt.convention.layout if first.is_vector else None
        return Observed(
            kind,
            self.attempt.layers,
            self.lams,
            tuple(map(tuple, rows)),
            layout,
            max(BARS[one.precision] for row in self.readings for one in row),
        )


def ask(
    s: Subject, layers: Layers, c: Convention, p: Problem, lam: float, pick: int = 0
) -> Attempt:
    """Call the function on a problem."""
    roles = {one.role for one in s.signature.arguments if one.role}
    given = {role: value for role, value in values(p, lam, c).items() if role in roles}
    came = call(s.run, given, s.folder)
    if came.error is not None:
        return Attempt(layers, c, came, Reading(None, None, trouble="raises"))
    read = reading(came.result, layers, c, pick)
    return Attempt(layers, c, came, read, pick)


def is_finite(seen: Observed) -> bool:
    """Whether all values are finite."""
    flat = [value for row in seen.values for value in row]
    arrays = [part for value in flat for part in value]
    return all(np.all(np.isfinite(array)) for array in arrays)


def examine(s: Subject, one: Attempt, lams: Sequence[float]) -> Answers:
    """Ask for every problem and lambda in the convention of an attempt."""
    lams = lams if s.signature.takes("lam") else lams[:1]
    rows = []
    for f in passes(one.layers):
        row = [ask(s, one.layers, one.convention, f.problem, lam) for lam in lams]
        for lam, asked in zip(lams, row, strict=True):
            if asked.call.error is not None:
                given = f"{len(f.problem.y)} examples and lambda {lam:g}"
                raise Unusable(told(s, asked.call.error, f"\ncalled with  {given}"))
        rows.append([asked.call for asked in row])
    if one.reading.precision is np.float16:  # coarser than mistakes are apart
        raise Unusable(
            f"{s.title} computes in float16, too coarse; use float32 or more"
        )
    picks = [read_again(one, lams, rows, i) for i in range(max(one.reading.several, 1))]
    return min(picks, key=wrong)


def read_again(
    one: Attempt, lams: Sequence[float], rows: Sequence[Sequence[Call]], pick: int
) -> Answers:
    """The calls, read with the pick-th cost and gradient."""
    readings = [
        tuple(reading(c.result, one.layers, one.convention, pick) for c in row)
        for row in rows
    ]
    first = one._replace(reading=readings[0][0], pick=pick)
    return Answers(first, tuple(lams), tuple(map(tuple, rows)), tuple(readings))


def wrong(one: Answers) -> int:
    """How many of cost and gradient are not right."""
    seen = [one.observed("cost"), one.observed("gradient")]
    return sum(each is None or not misfit(NONE, each) <= each.bar for each in seen)
