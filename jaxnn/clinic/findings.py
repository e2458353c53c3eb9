"""The findings of a check in words: one line each, with its heading."""

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
from jaxnn.clinic.location import ADDED, AT_ZERO, Location, locations
from jaxnn.clinic.mistakes import CROSS_ENTROPY, DELTA3, GRADIENT1, GRADIENT2
from jaxnn.clinic.subject import Subject
from jaxnn.clinic.understanding import KINDS

FITTED = {
    "step": "a step of {:.6g}",
    "eps": "eps = {:.3g}",
    "count": "{:.0f} of them",
    "number": "your code divides by {:.0f}",
    "penalty_number": "your code divides by {:.0f}",
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
        line("understood", f"{count}; {one.convention.in_words(s.signature)}"),
        line("network", f"{n}-{h}-{k}, {m} examples"),
    ]


def unusable(one: Attempt) -> list[str]:
    """What is wrong with the returned values, if no gradient is among them."""
    if not one.reading.trouble:
        return []
    fix = one.reading.hint or "end your function with: return J, gradient"
    return [line("diagnosis", one.reading.trouble), line("fix", fix)]


def not_numbers(s: Subject, answers: Answers) -> list[str]:
    """What to say of values that are NaN or infinite, or differ from call to call."""
    for kind in KINDS:
        if (seen := answers.observed(kind)) is not None and not is_finite(seen):
            return not_finite(seen)
    first = answers.first
    again = first.answer(s, passes(first.layers)[0].problem, 0)
    same = np.allclose(first.reading.cost or 0, again.cost or 0, rtol=1e-12, atol=0)
    if first.reading.gradient and again.gradient:
        same = same and distance(first.reading.gradient, again.gradient) < 1e-9
    if same:
        return []
    return [
        line("diagnosis", "two calls with the same arguments give different values"),
        line("fix", "remove everything random, and keep nothing from call to call"),
    ]


def not_finite(seen: Observed) -> list[str]:
    """For which input a value is NaN or infinite."""
    i, j = next(
        (i, j)
        for i, row in enumerate(seen.values)
        for j, value in enumerate(row)
        if not all(np.all(np.isfinite(part)) for part in value)
    )
    where = f"with lambda {seen.lams[j]:g}, although no output is 0 or 1"
    if seen.kind == "gradient":
        where = f"{thetas_with_nan(seen.values[i][j])}, {where}"
    return [
        line("diagnosis", f"the {seen.kind} is NaN or infinite {where}"),
        line("fix", "look for log(0), a division by 0, np.empty in place of np.zeros"),
    ]


def thetas_with_nan(gradient: tuple[Array, Array]) -> str:
    """Which thetas have elements that are NaN or infinite, and how many."""
    bad = [i for i in (0, 1) if not np.all(np.isfinite(gradient[i]))]
    count = sum(int((~np.isfinite(gradient[i])).sum()) for i in bad)
    elements = "1 element" if count == 1 else f"{count} elements"
    return f"in {' and '.join(f'theta{i + 1}' for i in bad)} ({elements})"


def passed(answers: Answers) -> str:
    """The verdict on a correct function."""
    gaps = [
        max(differences(seen, i, j))
        for kind in KINDS
        if (seen := answers.observed(kind)) is not None
        for i in range(len(seen.values))
        for j in range(len(seen.lams))
    ]
    what = "cost and gradient are" if answers.observed("cost") else "the gradient is"
    lams = " and ".join(f"{lam:g}" for lam in answers.lams)
    return line(
        "PASS",
        f"{what} right at lambda {lams}; largest relative difference {max(gaps):.1e}",
    )


def right(seen: Observed, i: int, j: int) -> Any:
    """The right value on problem i at the j-th lambda."""
    return value(NONE, seen, passes(seen.layers)[i], seen.lams[j])


def differences(seen: Observed, i: int, j: int) -> list[float]:
    """Relative: of the cost, or of the weights and biases of both thetas."""
    return part_gaps(right(seen, i, j), seen.values[i][j])


def values(answers: Answers) -> list[str]:
    """A line with the cost at each lambda, and one for each theta."""
    found = []
    if seen := answers.observed("cost"):
        costs, i = [], first_wrong(seen)
        for j, lam in enumerate(seen.lams):
            given, ours = float(seen.values[i][j][0]), float(right(seen, i, j)[0])
            ok = differences(seen, i, j)[0] <= seen.bar
            word = "ok" if ok else f"WRONG, should be {ours:.6f}"
            costs.append(f"lambda {lam:g}: {given:.6f} {word}")
        found.append(line("cost", "     ".join(costs)))
    seen = answers.observed("gradient")
    assert seen is not None
    i = first_wrong(seen)
    gaps = np.array([differences(seen, i, j) for j in range(len(seen.lams))])
    for theta in (0, 1):
        parts = [
            f"{name} {agreement(gaps[:, 2 * theta + part], seen)}"
            for part, name in enumerate(("weights", "bias"))
        ]
        found.append(line(f"theta{theta + 1}", f"{parts[0]:<40}{parts[1]}"))
    return found


def agreement(gaps: Array, seen: Observed) -> str:
    """'ok 1.2e-16', or 'WRONG by 0.5', and whether lambda 0 is right."""
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
        either = ", or ".join(explained(h, seen) for h in found.found)
        fix = line("fix", "compute in float64, so that the check can decide")
        return [line("diagnosis", f"{kind}: one of these, undecided: {either}"), fix]
    first, *others = found.found
    nearest, margin = runner_up(found.found, seen)
    lines = [
        line("diagnosis", f"{kind}: {explained(first, seen)}"),
        line("match", f"your {kind} agrees with this to {found.distance:.0e}; the next "
             f"best explanation, {nearest}, differs by {margin:.0e}"),
        *(line("why", mistake.why) for mistake in first.mistakes),
        *(line("fix", mistake.fix) for mistake in first.mistakes),
    ]  # fmt: skip
    return lines + [
        line("or", f"{explained(h, seen)}; this gives the same {kind}") for h in others
    ]


def explained(h: Hypothesis, seen: Observed) -> str:
    """The names of the mistakes, with the numbers that were fitted."""
    sizes = dict(zip(seen.layers, ("pixels", "hidden units", "classes"), strict=True))
    names = []
    for mistake in h.mistakes:
        number = h.fit[mistake.fits] if mistake.fits else 0.0
        size = f", the number of {sizes[int(number)]}" if number in sizes else ""
        fitted = f" ({FITTED[mistake.fits].format(number)}{size})" if number else ""
        names.append(mistake.name + fitted)
    return " and ".join(names)


def unexplained(seen: Observed, kind: Kind, is_consistent: bool) -> list[str]:
    """Where the value is wrong, if no known mistakes explain it."""
    text = "wrong, but no known mistake explains it, alone or with one or two others"
    lines = [line("diagnosis", f"{kind}: {text}")]
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
        return ["your cost and gradient fit each other, so check your forward pass"]
    if seen.kind == "cost":
        if differences(seen, first_wrong(seen), 0)[0] <= seen.bar:
            return ["check the penalty: at lambda 0 the cost is right"]
        return [f"compare term by term: {CROSS_ENTROPY}"]
    at_zero = [place for place in places if place.what == AT_ZERO]
    found = []
    if any(place.theta == 2 for place in at_zero):
        found.append(f"check {DELTA3} first, then {GRADIENT2}")
    elif at_zero and all(place.columns == (0,) for place in at_zero):
        found.append("gradient1[:, 0] = (sum of delta2 over the examples) / m")
    elif at_zero:
        found.append(f"delta3 is right, so check delta2, then {GRADIENT1}")
    numbers = [place.theta for place in places if place.what == ADDED]
    return found + [f"gradient{n}[:, 1:] += lam / m * theta{n}[:, 1:]" for n in numbers]
