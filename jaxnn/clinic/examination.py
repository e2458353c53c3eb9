"""A person's function asked for its values, in the convention it was written for."""

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from linecache import getline
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic import formulas
from jaxnn.clinic.calls import LIMIT, Call, TooLong, call
from jaxnn.clinic.conventions import Convention, conventions, values
from jaxnn.clinic.diagnosis import diagnose
from jaxnn.clinic.hypotheses import NONE, Kind, Observed, distance, misfit, passes
from jaxnn.clinic.layout import Pair
from jaxnn.clinic.problems import Layers, Problem
from jaxnn.clinic.readings import Reading, reading
from jaxnn.clinic.source import failed, python2_hint
from jaxnn.clinic.subject import Subject

BARS: dict[type, float] = {np.float64: 1e-6, np.float32: 2e-5, np.float16: 2e-2}
RANKED = {1: 32, 2: 6, 3: 2}  # conventions compared in that many mistakes
FRAMES = 6  # of a person's traceback
FOREIGN = (sys.prefix, sys.base_prefix, str(Path(__file__).parent), "<frozen")

Progress = Callable[[str, int, int], Any]


class Unusable(ValueError):
    """A function that cannot be checked; the message is one line, and its traceback."""


class Attempt(NamedTuple):
    """A call in some convention, and what was read from it."""

    layers: Layers
    convention: Convention
    call: Call
    reading: Reading

    @property
    def costs_match(self) -> bool:
        """Whether the cost is the course's, with the first problem and lambda 0."""
        return self.misses("cost", self.reading.cost)

    @property
    def gradients_match(self) -> bool:
        """Whether the gradient is."""
        return self.misses("gradient", self.reading.gradient)

    def misses(self, kind: Kind, given: float | Pair | None) -> bool:
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


def ask(s: Subject, layers: Layers, c: Convention, p: Problem, lam: float) -> Attempt:
    """Call the function on a problem."""
    roles = {one.role for one in s.signature.arguments if one.role}
    given = {role: value for role, value in values(p, lam, c).items() if role in roles}
    came = call(s.run, given, s.folder)
    if came.error is not None:
        return Attempt(layers, c, came, Reading(None, None, trouble="raises"))
    return Attempt(layers, c, came, reading(came.result, layers, c))


def attempts(
    s: Subject, layers: Layers, fixed: Mapping[str, str], progress: Progress | None
) -> Iterator[Attempt]:
    """The first problem with lambda 0, in every convention.

    Once the cost is right, in those alone that give it the same numbers.
    """
    every, right = list(conventions(s.signature, fixed)), None
    p = passes(layers)[0].problem
    for i, c in enumerate(every):
        if right is not None and not c.is_like(right, s.signature):
            continue
        if progress is not None:
            progress(f"convention {i + 1} of {len(every)}", i + 1, len(every))
        one = ask(s, layers, c, p, 0.0)
        if isinstance(one.call.error, TooLong):
            raise Unusable(
                f"{s.title} took more than {LIMIT:.0f} s for one call on a few "
                "examples and was stopped; replace its loops by matrix products"
            )
        if right is None and one.costs_match:
            right = c
        yield one


def understand(
    s: Subject,
    sizes: Sequence[Layers],
    fixed: Mapping[str, str],
    lams: Sequence[float],
    progress: Progress | None = None,
) -> Attempt:
    """The convention in which the function is right, or else easiest to explain."""
    every: list[Attempt] = []
    usable: list[Attempt] = []
    for layers in sizes:
        for one in attempts(s, layers, fixed, progress):
            has_cost = one.reading.cost is not None
            if one.gradients_match and (one.costs_match or not has_cost):
                return one
            every.append(one)
        usable = [one for one in every if one.reading.gradient is not None]
        if usable or any(one.costs_match for one in every):
            break
    right = [one for one in usable if one.costs_match or one.gradients_match]
    right += [one for one in every if one.costs_match]
    if right:
        return max(right, key=lambda one: one.costs_match)
    if usable:
        return easiest(s, distinct(usable), lams, progress)
    answered = [one for one in every if one.call.error is None]
    if answered:
        return answered[0]
    raise Unusable(refusal(s, every))


def distinct(usable: Sequence[Attempt]) -> list[Attempt]:
    """Those whose values no earlier one gave."""
    found: dict[Any, Attempt] = {}
    for one in usable:
        gradient = one.reading.gradient
        assert gradient is not None
        key = one.layers, one.reading.cost, *(theta.tobytes() for theta in gradient)
        found.setdefault(key, one)
    return list(found.values())


def easiest(
    s: Subject,
    usable: list[Attempt],
    lams: Sequence[float],
    progress: Progress | None,
) -> Attempt:
    """The attempt that the fewest mistakes explain; the first of those."""
    ranked = usable
    for most, kept in RANKED.items():
        sizes = []
        for i, one in enumerate(ranked[:kept]):
            if progress is not None:
                progress(f"{most} mistakes in convention {i + 1}", i, len(ranked))
            sizes.append(mistakes_in(s, one, lams, most))
        order = sorted(range(len(sizes)), key=lambda i: sizes[i])
        ranked = [ranked[i] for i in order]
        if sizes[order[0]] <= most:
            break
    return ranked[0]


def mistakes_in(s: Subject, one: Attempt, lams: Sequence[float], most: int) -> int:
    """How many mistakes explain cost and gradient; most + 1 for each that none does."""
    try:
        answers = examine(s, one, lams)
    except Unusable:
        return 3 * most
    total = 0
    for kind in ("cost", "gradient"):
        seen = answers.observed(kind)
        if seen is None or not is_finite(seen):
            total += 0 if seen is None else most + 1
            continue
        found = diagnose(seen, most=most).found
        total += len(found[0].mistakes) if found else most + 1
    return total


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
    first = one._replace(reading=readings[0][0])
    return Answers(first, tuple(lams), tuple(map(tuple, rows)), tuple(readings))


def wrong(one: Answers) -> int:
    """How many of cost and gradient are not right."""
    seen = [one.observed("cost"), one.observed("gradient")]
    return sum(each is None or not misfit(NONE, each) <= each.bar for each in seen)


def refusal(s: Subject, every: Sequence[Attempt]) -> str:
    """Why no convention works: what the one that came furthest raised."""
    errors = [one for one in every if one.call.error is not None]
    furthest = max(errors, key=lambda one: reached(s, one.call.error))
    error = furthest.call.error
    assert error is not None
    called = furthest.convention.told(s.signature)
    return told(s, error, f"\ncalled with  {called} ({len(errors)} ways were tried)")


def own_frames(error: BaseException | None) -> list[tuple[CodeType, int, str]]:
    """Code, line and file of the traceback's frames that are a person's own."""
    frames = traceback.walk_tb(error.__traceback__ if error else None)
    places = [(frame.f_code, line, frame.f_code.co_filename) for frame, line in frames]
    return [place for place in places if not any(home in place[2] for home in FOREIGN)]


def reached(s: Subject, error: BaseException | None) -> tuple[int, ...]:
    """Which part was running, and the lines that it and its helpers had come to."""
    codes = [getattr(part.function, "__code__", None) for part in s.parts]
    own = own_frames(error)
    part = max((codes.index(code) for code, *_ in own if code in codes), default=-1)
    return part, *(line for _, line, _ in own)


def told(s: Subject, error: BaseException, more: str = "") -> str:
    """The error in one line that ends in the next step, its traceback below."""
    text = " ".join(str(error).split())[:200]
    frames = [
        f"  {file}, line {line}, in {code.co_name}\n    {getline(file, line).strip()}"
        for code, line, file in own_frames(error)[-FRAMES:]
    ]
    at = f" at line {own_frames(error)[-1][1]}" if frames else ""
    return "\n".join(
        [
            f"{s.title} raised {type(error).__name__}{at}: {text}; "
            f"{next_step(s, error)}{more}",
            *frames,
        ]
    )


def next_step(s: Subject, error: BaseException) -> str:
    """What to do about an error."""
    if isinstance(error, NameError) and error.name:
        causes = [failed(part.function).get(error.name) for part in s.parts]
        if cause := next(filter(None, causes), None):
            return cause
    if hint := python2_hint(error):
        return hint
    if isinstance(error, TypeError) and not own_frames(error):
        return "say what its arguments are: --convention ARGUMENT=ROLE"
    return "mend that line, or say how it is called: --convention, see --help"
