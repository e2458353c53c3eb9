"""The findings of a check in words: one line each, each with its heading."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxnn.clinic.diagnosis import Diagnosis, runner_up
from jaxnn.clinic.examination import Answers, Attempt, is_finite
from jaxnn.clinic.hypotheses import (
    NONE,
    Hypothesis,
    Kind,
    Observed,
    distance,
    first_wrong,
    part_gaps,
    passes,
    value,
)
from jaxnn.clinic.layout import Array
from jaxnn.clinic.location import Location, locations
from jaxnn.clinic.subject import Subject
from jaxnn.clinic.understanding import KINDS

FITTED = {
    "step": "a step of {:.6g}",
    "eps": "eps = {:.3g}",
    "count": "{:.0f} of them",
    "number": "it divides by {:.0f}",
    "penalty number": "it divides by {:.0f}",
}


def line(head: str, text: str) -> str:
    """A finding under its heading."""
    return f"{head:<12}{text}"


def understood(s: Subject, one: Attempt) -> list[str]:
    """How the function is called, and on what."""
    count = "two functions" if len(s.parts) == 2 else "one function"
    n, h, k = one.layers
    m = len(passes(one.layers)[0].problem.y)
    return [
        line("understood", f"{count}; {one.convention.told(s.signature)}"),
        line("network", f"{n}-{h}-{k}, {m} examples"),
    ]


def unusable(one: Attempt) -> list[str]:
    """What is wrong with what was returned, if there is no gradient to compare."""
    if not one.reading.trouble:
        return []
    fix = one.reading.hint or "end with return J, gradient"
    return [line("diagnosis", one.reading.trouble), line("fix", fix)]


def not_numbers(s: Subject, answers: Answers) -> list[str]:
    """Whether anything is NaN or infinite, or differs from call to call."""
    for kind in KINDS:
        if (seen := answers.observed(kind)) is not None and not is_finite(seen):
            return not_finite(seen)
    first = answers.attempt
    again = first.asked(s, passes(first.layers)[0].problem, 0)
    same = np.allclose(first.reading.cost or 0, again.cost or 0, rtol=1e-12, atol=0)
    if first.reading.gradient and again.gradient:
        same = same and distance(first.reading.gradient, again.gradient) < 1e-9
    if same:
        return []
    return [
        line("diagnosis", "two calls with the same arguments give different values"),
        line("fix", "take out what is random, or reset what one call leaves behind"),
    ]


def not_finite(seen: Observed) -> list[str]:
    """At which input something is no number."""
    i, j = next(
        (i, j)
        for i, row in enumerate(seen.values)
        for j, value in enumerate(row)
        if not all(np.all(np.isfinite(part)) for part in value)
    )
    where = f"with lambda {seen.lams[j]:g} and no output saturated"
    if seen.kind == "gradient":
        where = f"{locations_of_nan(seen.values[i][j])}, {where}"
    return [
        line("diagnosis", f"the {seen.kind} is NaN or infinite {where}"),
        line("fix", "look for a log of 0, a division by 0, np.empty for zeros"),
    ]


def locations_of_nan(gradient: tuple[Array, Array]) -> str:
    """Which thetas have elements that are no numbers."""
    bad = [i for i in (0, 1) if not np.all(np.isfinite(gradient[i]))]
    count = sum(int((~np.isfinite(gradient[i])).sum()) for i in bad)
    return f"in {' and '.join(f'theta{i + 1}' for i in bad)} ({count} elements)"


def passed(answers: Answers) -> str:
    """The verdict on a correct function."""
    gaps = [
        max(apart(seen, i, j))
        for kind in KINDS
        if (seen := answers.observed(kind)) is not None
        for i in range(len(seen.values))
        for j in range(len(seen.lams))
    ]
    what = "cost and gradient" if answers.observed("cost") else "the gradient"
    lams = " and ".join(f"{lam:g}" for lam in answers.lams)
    return line(
        "PASS",
        f"{what} right at lambda {lams}; largest relative difference {max(gaps):.1e}",
    )


def right(seen: Observed, i: int, j: int) -> Any:
    """The right value on problem i at the j-th lambda."""
    return value(NONE, seen, passes(seen.layers)[i], seen.lams[j])


def apart(seen: Observed, i: int, j: int) -> list[float]:
    """The relative difference of the cost, or of weights and biases of both thetas."""
    return part_gaps(right(seen, i, j), seen.values[i][j])


def values(answers: Answers) -> list[str]:
    """The cost at each lambda; of each theta the weights' and the biases' agreement."""
    found = []
    if seen := answers.observed("cost"):
        told, i = [], first_wrong(seen)
        for j, lam in enumerate(seen.lams):
            given, ours = float(seen.values[i][j][0]), float(right(seen, i, j)[0])
            ok = apart(seen, i, j)[0] <= seen.bar
            word = "ok" if ok else f"WRONG, {ours:.6f} is right"
            told.append(f"lambda {lam:g}: {given:.6f} {word}")
        found.append(line("cost", "     ".join(told)))
    seen = answers.observed("gradient")
    assert seen is not None
    gaps = np.array([apart(seen, first_wrong(seen), j) for j in range(len(seen.lams))])
    for theta in (0, 1):
        parts = [
            f"{name} {agreement(gaps[:, 2 * theta + i], seen)}"
            for i, name in enumerate(("weights", "bias"))
        ]
        found.append(line(f"theta{theta + 1}", f"{parts[0]:<40}{parts[1]}"))
    return found


def agreement(gaps: Array, seen: Observed) -> str:
    """'ok 1.2e-16', or by how much it is wrong, and where lambda 0 is right."""
    if gaps.max() <= seen.bar:
        return f"ok {gaps.max():.1e}"
    with_lam = gaps[0] <= seen.bar
    return f"WRONG by {gaps.max():.1e}" + (" (lambda 0: ok)" if with_lam else "")


def names(found: Diagnosis | None) -> tuple[str, ...]:
    """The mistakes of the first explanation."""
    if found is None or not found.found or not found.is_decided:
        return ()
    return tuple(mistake.name for mistake in found.found[0].mistakes)


def diagnosis(
    answers: Answers, kind: Kind, found: Diagnosis, is_consistent: bool
) -> list[str]:
    """What is wrong with cost or gradient, and what to do."""
    seen = answers.observed(kind)
    assert seen is not None
    if not found.found:
        return unexplained(seen, kind, is_consistent)
    if not found.is_decided:
        told = "; or ".join(explained(h, seen) for h in found.found)
        return [
            line("diagnosis", f"{kind}, undecided: {told}"),
            line("fix", "compute in float64, so that these can be told apart"),
        ]
    first, *others = found.found
    nearest, margin = runner_up(found.found, seen)
    lines = [
        line("diagnosis", f"{kind}: {explained(first, seen)}"),
        line("match", f"your {kind} equals that to {found.distance:.0e}; the next, "
             f"{nearest}, is off by {margin:.0e}"),
        *(line("why", mistake.why) for mistake in first.mistakes),
        *(line("fix", mistake.fix) for mistake in first.mistakes),
    ]  # fmt: skip
    return lines + [
        line("or", f"the same {kind}: {explained(h, seen)}") for h in others
    ]


def explained(h: Hypothesis, seen: Observed) -> str:
    """The mistakes' names, with the numbers that were fitted."""
    told = []
    for mistake in h.mistakes:
        number = h.fit[mistake.fits] if mistake.fits else 0.0
        of = dict(zip(seen.layers, ("pixels", "hidden units", "classes"), strict=True))
        also = f", as many as there are {of[int(number)]}" if number in of else ""
        fitted = f" ({FITTED[mistake.fits].format(number)}{also})" if number else ""
        told.append(mistake.name + fitted)
    return " and ".join(told)


def unexplained(seen: Observed, kind: Kind, is_consistent: bool) -> list[str]:
    """Where the difference sits, if it is none of what is known."""
    told = f"{kind}: no known mistake, nor two or three together, give your values"
    lines = [line("diagnosis", told)]
    if i := first_wrong(seen):
        few, many = (len(passes(seen.layers)[n].problem.y) for n in (0, i))
        lines.append(line("where", f"right with {few} examples, wrong with {many}"))
    places = locations(seen) if kind == "gradient" else []
    lines += [line("where", str(place)) for place in places]
    return lines + [line("fix", text) for text in remedies(seen, places, is_consistent)]


def remedies(
    seen: Observed, places: Sequence[Location], is_consistent: bool
) -> list[str]:
    """Which of the course's formulas to compare with."""
    if is_consistent:
        return ["cost and gradient fit each other, so compare the forward pass"]
    if seen.kind == "cost":
        if apart(seen, first_wrong(seen), 0)[0] <= seen.bar:
            return ["the penalty: lambda 0 is right"]
        return ["term by term: -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m"]
    at_zero = [place for place in places if place.of != "what lambda adds"]
    found = []
    if any(place.theta == 2 for place in at_zero):
        found.append("begin with delta3 = a3 - Y and gradient2 = delta3 @ a2.T / m")
    elif at_zero and all(place.columns == (0,) for place in at_zero):
        found.append("theta1's column 0 is the sum of delta2 over the examples, / m")
    elif at_zero:
        found.append("delta2 and gradient1 = delta2 @ a1.T / m; delta3 is right")
    numbers = [place.theta for place in places if place not in at_zero]
    return found + [f"lam / m * theta{n}[:, 1:] is what it adds" for n in numbers]
