"""The findings of a check in words: one line each, each with its heading."""

from typing import Any

import numpy as np

from jaxnn.clinic import formulas
from jaxnn.clinic.diagnosis import Diagnosis, runner_up
from jaxnn.clinic.examination import Answers, Attempt, ask, is_finite
from jaxnn.clinic.hypotheses import FLOOR, Hypothesis, Kind, Observed, distance, passes
from jaxnn.clinic.layout import Array
from jaxnn.clinic.location import locations
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
        line("network", f"{n}-{h}-{k}, {m} examples, float64"),
    ]


def unusable(one: Attempt) -> list[str]:
    """What is wrong with what was returned, if there is no gradient to compare."""
    if one.reading.gradient is not None or not one.reading.trouble:
        return []
    if one.reading.trouble == "returns no gradient":
        return []
    fix = one.reading.hint or "end with return J, gradient"
    return [line("diagnosis", one.reading.trouble), line("fix", fix)]


def not_numbers(s: Subject, answers: Answers) -> list[str]:
    """Whether anything is NaN or infinite, or differs from call to call."""
    for kind in KINDS:
        seen = answers.observed(kind)
        if seen is not None and not is_finite(seen):
            i, j = next(
                (i, j)
                for i, row in enumerate(seen.values)
                for j, value in enumerate(row)
                if not all(np.all(np.isfinite(part)) for part in value)
            )
            where = f"with lambda {seen.lams[j]:g}, outputs between 0 and 1"
            if kind == "gradient":
                where = f"{locations_of_nan(seen.values[i][j])}, {where}"
            return [
                line("diagnosis", f"the {kind} is NaN or infinite {where}"),
                line("fix", "look for a log of 0, a division by 0, np.empty for zeros"),
            ]
    first = answers.attempt
    again = ask(s, first.layers, first.convention, passes(first.layers)[0].problem, 0)
    same = first.reading.cost == again.reading.cost or np.isclose(
        first.reading.cost or 0, again.reading.cost or 0, rtol=1e-12
    )
    if first.reading.gradient and again.reading.gradient:
        same = same and distance(first.reading.gradient, again.reading.gradient) < 1e-9
    if same:
        return []
    return [
        line("diagnosis", "two calls with the same arguments give different values"),
        line("fix", "take out what is random, or reset what one call leaves behind"),
    ]


def locations_of_nan(gradient: tuple[Array, Array]) -> str:
    """Which thetas have elements that are no numbers."""
    bad = [i for i in (0, 1) if not np.all(np.isfinite(gradient[i]))]
    count = sum(int((~np.isfinite(gradient[i])).sum()) for i in bad)
    return f"in {' and '.join(f'theta{i + 1}' for i in bad)} ({count} elements)"


def passed(answers: Answers) -> str:
    """The verdict on a correct function."""
    gaps = [
        max(part_gaps(seen, i, j))
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
    f, lam = passes(seen.layers)[i], seen.lams[j]
    if seen.kind == "cost":
        return np.array([formulas.cost(f, lam)])
    return formulas.gradient(f, lam)


def part_gaps(seen: Observed, i: int, j: int) -> list[float]:
    """The relative difference of the cost, or of weights and biases of both thetas."""
    ours, given = right(seen, i, j), seen.values[i][j]
    if seen.kind == "cost":
        return [distance(ours, given)]
    pairs = [
        (a[:, cut], b[:, cut])
        for a, b in zip(ours, given, strict=True)
        for cut in (slice(1, None), slice(0, 1))
    ]
    floor = FLOOR * max(np.linalg.norm(a) for a, _ in pairs)
    return [
        float(np.linalg.norm(a - b) / max(np.linalg.norm(a), floor)) for a, b in pairs
    ]


def values(answers: Answers) -> list[str]:
    """The cost at each lambda; of each theta the weights' and the biases' agreement."""
    found = []
    if seen := answers.observed("cost"):
        told = []
        for j, lam in enumerate(seen.lams):
            given, ours = float(seen.values[0][j][0]), float(right(seen, 0, j)[0])
            ok = part_gaps(seen, 0, j)[0] <= seen.bar
            word = "ok" if ok else f"WRONG, {ours:.6f} is right"
            told.append(f"lambda {lam:g}: {given:.6f} {word}")
        found.append(line("cost", "     ".join(told)))
    seen = answers.observed("gradient")
    assert seen is not None
    gaps = np.array([part_gaps(seen, 0, j) for j in range(len(seen.lams))])
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
    if found is None or not found.found:
        return ()
    return tuple(mistake.name for mistake in found.found[0].mistakes)


def diagnosis(answers: Answers, kind: Kind, found: Diagnosis) -> list[str]:
    """What is wrong with cost or gradient, and what to do."""
    seen = answers.observed(kind)
    assert seen is not None
    if not found.found:
        return unexplained(seen, kind)
    if not found.is_decided:
        told = "; or ".join(explained(h) for h in found.found)
        return [
            line("diagnosis", f"{kind}, undecided: {told}"),
            line("fix", "compute in float64, so that these can be told apart"),
        ]
    first, *others = found.found
    nearest, margin = runner_up(found.found, seen)
    lines = [
        line("diagnosis", f"{kind}: {explained(first)}"),
        line("match", f"your {kind} equals that to {found.distance:.0e}; the next, "
             f"{nearest}, is off by {margin:.0e}"),
        *(line("why", mistake.why) for mistake in first.mistakes),
        *(line("fix", mistake.fix) for mistake in first.mistakes),
    ]  # fmt: skip
    return lines + [line("or", f"the same {kind}: {explained(h)}") for h in others]


def explained(h: Hypothesis) -> str:
    """The mistakes' names, with the numbers that were fitted."""
    return " and ".join(
        mistake.name
        + (
            f" ({FITTED[mistake.fits].format(h.fit[mistake.fits])})"
            if mistake.fits
            else ""
        )
        for mistake in h.mistakes
    )


def unexplained(seen: Observed, kind: Kind) -> list[str]:
    """Where the difference sits, if it is none of what is known."""
    told = f"{kind}: no known mistake, nor two or three together, give your values"
    lines = [line("diagnosis", told)]
    if kind == "cost":
        zero_ok = part_gaps(seen, 0, 0)[0] <= seen.bar
        fix = (
            "look at the penalty: lambda 0 is right"
            if zero_ok
            else "compare with -sum(Y log(a3) + (1 - Y) log(1 - a3)) / m, term by term"
        )
        return [*lines, line("fix", fix)]
    places = locations(seen)
    lines += [line("where", str(place)) for place in places]
    if all(place.of == "what lambda adds" for place in places):
        fix = "gradient[:, 1:] += lam / m * theta[:, 1:]; lambda 0 is right"
    elif all(place.theta == 1 for place in places):
        fix = "theta2 is right, so look at delta2 and gradient1 = delta2 @ a1.T / m"
    elif all(place.theta == 2 for place in places):
        fix = "theta1 is right, and so is delta3; look at gradient2 = delta3 @ a2.T / m"
    else:
        fix = "begin with theta2, on which theta1 depends: delta3 = a3 - Y"
    return [*lines, line("fix", fix)]
