"""All values of a person's function, and differences of their own cost."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxnn.clinic.attempts import BARS
from jaxnn.clinic.calling import Answer, Unusable, Way, error_text
from jaxnn.clinic.calling.calls import TooLong
from jaxnn.clinic.calling.modes import flat
from jaxnn.clinic.edits.steps import ratio
from jaxnn.clinic.networks.problems import Layer, Params, Problem
from jaxnn.clinic.understanding import Understood

STEP = 1e-5  # of central differences
NEAR = 1e-5  # central differences are right to this
DIRECTIONS = 5
MANY = 2000  # weights; of a larger network only some are compared with differences


class Answers(NamedTuple):
    """All values of a function."""

    way: Way
    problems: tuple[Problem, ...]
    lams: tuple[float, ...]  # the first is 0
    rows: tuple[tuple[Answer, ...], ...]  # [problem][lambda]

    @property
    def every(self) -> list[Answer]:
        """On all problems, with all lambdas."""
        return [one for row in self.rows for one in row]

    @property
    def bar(self) -> float:
        """A smaller relative difference is rounding."""
        return max(BARS[one.precision] for one in self.every)

    @property
    def costs(self) -> tuple[tuple[float, ...], ...] | None:
        """[problem][lambda]; None if a cost is missing."""
        found = tuple(tuple(one.cost for one in row) for row in self.rows)
        return None if any(c is None for row in found for c in row) else found  # type: ignore[return-value]

    @property
    def gradients(self) -> tuple[tuple[Params, ...], ...] | None:
        """[problem][lambda]; None if one is missing."""
        found = tuple(tuple(one.gradient for one in row) for row in self.rows)
        return None if any(g is None for row in found for g in row) else found  # type: ignore[return-value]

    def at_zero(self) -> "Answers":
        """The values at lambda 0 alone."""
        return self._replace(lams=self.lams[:1], rows=tuple(r[:1] for r in self.rows))


def ask(understood: Understood, lams: Sequence[float]) -> Answers:
    """Call the function for every problem and lambda."""
    way, every = understood.attempt.way, understood.attempt.problems
    lams = tuple(lams) if way.lam else tuple(lams[:1])
    way = with_penalty(way, every[0], lams[-1])
    rows = []
    for p in every:
        row = []
        for lam in lams:
            made = way.ask(p, lam)
            if isinstance(made.error, TooLong):
                raise Unusable(f"{way.subject.title} takes too long for a call")
            if made.error is not None:
                given = f"\ncalled with  {len(p.y)} examples and lambda {lam:g}"
                raise Unusable(error_text(way.subject, made.error, given))
            row.append(made)
        rows.append(tuple(row))
    if any(one.precision is np.float16 for row in rows for one in row):
        raise Unusable(
            f"{way.subject.title} uses float16, which is too coarse; use float64"
        )
    return Answers(way, every, lams, tuple(rows))


def with_penalty(way: Way, p: Problem, lam: float) -> Way:
    """The way that reads the cost with a penalty, if the plain cost came back too."""
    plain, whole = (way.ask(p, one).costs for one in (0.0, lam))
    pairs = list(zip(plain, whole, strict=False))
    if way.pick >= len(pairs) or pairs[way.pick][0] != pairs[way.pick][1]:
        return way
    equal = [i for i, (a, b) in enumerate(pairs) if a == plain[way.pick] != b]
    return way._replace(pick=equal[0]) if equal else way


def is_step(answers: Answers) -> bool:
    """Whether the change of the parameters is a step along the returned gradient."""
    given = answers.rows[0][0].gradient
    moved = answers.way._replace(mode="in place")
    step = moved.ask(answers.problems[0], answers.lams[0]).gradient
    if given is None or step is None:
        return False
    return ratio(flat(given), flat(step), 1e-4) is not None


def is_linear(understood: Understood, lam: float) -> bool:
    """Whether cost and gradient grow linearly with lambda, and grow at all."""
    way, p = understood.attempt.way, understood.attempt.problems[0]
    grown, bend = growth(way.ask(p, 0.0), way.ask(p, lam / 2), way.ask(p, lam))
    return bool(0 < grown < np.inf and bend <= NEAR * grown)


def is_bent(answers: Answers) -> bool:
    """Whether they grow in another way than a penalty's: with lambda^2, say."""
    if len(answers.lams) == 1 or answers.bar > BARS[np.float64]:
        return False
    still, *_, whole = answers.rows[0]
    half = answers.way.ask(answers.problems[0], answers.lams[-1] / 2)
    grown, bend = growth(still, half, whole)
    return bool(NEAR * grown < bend < np.inf)


def growth(*answers: Answer) -> tuple[float, float]:
    """How much cost and gradient grow with lambda, and how far not linearly.

    answers: with lambda 0, with half of it, with all of it.
    """
    still, half, whole = (
        np.append(flat(one.gradient or ()), one.cost or 0.0) for one in answers
    )
    if not len(still) == len(half) == len(whole):
        return 0.0, 0.0
    bend = np.linalg.norm(whole - 2 * half + still)
    return float(np.linalg.norm(whole - still)), float(bend)


def is_idle(answers: Answers) -> bool:
    """Whether lambda changes neither cost nor gradient."""
    return len(answers.lams) > 1 and all(
        first.cost == last.cost
        and np.array_equal(flat(first.gradient or ()), flat(last.gradient or ()))
        for first, *_, last in answers.rows
    )


def is_consistent(answers: Answers) -> bool:
    """Whether the gradient is that of the person's own cost, by central differences."""
    if answers.costs is None:
        return False
    if any(one.precision is not np.float64 for one in answers.every):
        return False  # the differences of a cost in float32 are rounding
    return all(
        agrees(answers.way, answers.problems[0], lam, one.gradient)
        for lam, one in zip(answers.lams, answers.rows[0], strict=True)
    )


def agrees(way: Way, p: Problem, lam: float, given: Params | None) -> bool:
    """Whether a gradient is the cost's: every weight, or along some directions.

    A step may be a multiple of it.
    """
    if given is None:
        return False
    if (own := numeric(way, p, lam)) is not None:
        times = 1.0 if way.mode == "gradient" else ratio(flat(own), flat(given), NEAR)
        gap = np.linalg.norm((times or 0.0) * flat(own) - flat(given))
        return bool(gap <= NEAR * np.linalg.norm(flat(given)) and (times or 0.0) > 0)
    random = np.random.default_rng(0)
    for _ in range(DIRECTIONS):
        along = random.normal(size=len(flat(p.params)))
        slope = difference(way, p, lam, shaped(along, p.params))
        if slope is None or abs(slope - along @ flat(given)) > NEAR * abs(slope):
            return False
    return True


def difference(way: Way, p: Problem, lam: float, along: Params) -> float | None:
    """The cost's central difference along a direction."""
    ends = []
    for sign in (STEP, -STEP):
        moved = tuple(
            Layer(
                layer.W + sign * a.W,
                None if layer.b is None or a.b is None else layer.b + sign * a.b,
            )
            for layer, a in zip(p.params, along, strict=True)
        )
        ends.append(way.ask(p._replace(params=moved), lam).cost)
    if ends[0] is None or ends[1] is None:
        return None
    return (ends[0] - ends[1]) / (2 * STEP)


def numeric(way: Way, p: Problem, lam: float) -> Params | None:
    """The gradient of the person's own cost by central differences."""
    vector = flat(p.params)
    if len(vector) > MANY:
        return None
    found = []
    for unit in np.eye(len(vector)):
        if (one := difference(way, p, lam, shaped(unit, p.params))) is None:
            return None
        found.append(one)
    return shaped(np.array(found), p.params)


def shaped(vector: np.ndarray, like: Params) -> Params:
    """The inverse of flat."""
    numbers, found = iter(vector), []
    for W, b in like:
        made = np.fromiter(numbers, float, W.size).reshape(W.shape)
        bias = None if b is None else np.fromiter(numbers, float, b.size)
        found.append(Layer(made, bias))
    return tuple(found)
