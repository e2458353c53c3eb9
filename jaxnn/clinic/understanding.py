"""Find the convention of a person's function: the one in which it is right.

If it is right in none, the one in which the fewest mistakes explain its values.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from jaxnn.clinic import calls, formulas
from jaxnn.clinic.conventions import conventions
from jaxnn.clinic.diagnosis import Progress, diagnose
from jaxnn.clinic.examination import Attempt, ask, examine, is_finite
from jaxnn.clinic.hypotheses import Kind, passes
from jaxnn.clinic.layout import Array, unroll
from jaxnn.clinic.problems import Layers
from jaxnn.clinic.readings import Reading
from jaxnn.clinic.refusals import OWN, Unusable, error_text, reached
from jaxnn.clinic.subject import Subject, subject
from jaxnn.mistake import Mistake

PATIENCE = 60.0  # seconds; after that the rarer conventions are left out
GUESSES = 8  # at most so many settings are tried as lambda
RANKED = {1: 32, 2: 6, 3: 2}  # mistakes at once: how many conventions are compared
KINDS: tuple[Kind, Kind] = ("cost", "gradient")


def attempts(
    s: Subject, layers: Layers, fixed: Mapping[str, str], progress: Progress | None
) -> Iterator[Attempt]:
    """Call the function on the first problem at lambda 0, in every convention.

    Once the cost is right, only conventions that give it the same numbers are tried.
    """
    every, right = list(conventions(s.signature, fixed)), None
    if not every:
        raise Unusable(
            "one-hot labels need y=rows or y=columns; other labels need flat or column"
        )
    p, began = passes(layers)[0].problem, time.monotonic()
    for i, c in enumerate(every):
        if time.monotonic() - began > PATIENCE:
            return
        if right is not None and not c.is_like(right, s.signature):
            continue
        if progress is not None:
            progress("trying ways to call it", i + 1, len(every))
        one = ask(s, layers, c, p, 0.0)
        if isinstance(one.call.error, calls.TooLong):
            raise Unusable(
                f"{s.title} took more than {calls.LIMIT:.0f} s for one call on a few "
                "examples and was stopped; replace its loops with matrix products"
            )
        if right is None and one.matches("cost"):
            right = c
        yield one


def understand(
    s: Subject,
    sizes: Sequence[Layers],
    fixed: Mapping[str, str],
    lams: Sequence[float],
    progress: Progress | None = None,
) -> Attempt:
    """The attempt in which the function is right, or else is easiest to explain."""
    every: list[Attempt] = []
    usable: list[Attempt] = []
    for layers in sizes:
        for one in attempts(s, layers, fixed, progress):
            has_cost = one.reading.cost is not None
            if one.matches("gradient") and (one.matches("cost") or not has_cost):
                return one
            every.append(one)
        usable = [one for one in every if one.reading.gradient is not None]
        if usable or any(one.matches("cost") for one in every):
            break
    right = [one for one in usable if one.matches("cost") or one.matches("gradient")]
    right += [one for one in every if one.matches("cost")]
    if right:
        return max(right, key=lambda one: one.matches("cost"))
    if usable:
        return easiest(s, distinct(usable), lams, progress)
    answered = [one for one in every if one.call.error is None]
    if answered:
        return answered[0]
    raise Unusable(refusal(s, every))


def with_lambda(
    s: Subject, sizes: Sequence[Layers], fixed: Mapping[str, str], lam: float
) -> Subject:
    """The subject, with lambda found among the settings whose names say nothing.

    A setting is lambda if the function is right where the setting is 0, and the values
    grow linearly with it, as a penalty does, whether right or wrong.
    """
    if s.signature.takes("lam") or not lam:
        return s
    functions = [part.function for part in s.parts]
    for name in s.settings[:GUESSES]:
        guess = subject(functions, {**s.named, name: "lam"})
        try:
            first = understand(guess, sizes, fixed, (0.0, lam))
        except Mistake:
            continue
        p = passes(first.layers)[0].problem
        if first.matches("cost") or (
            first.matches("gradient") and first.reading.cost is None
        ):
            half, whole = (numbers(first.answer(guess, p, t)) for t in (lam / 2, lam))
            grown = whole - numbers(first.reading)
            bend = whole - 2 * half + numbers(first.reading)
            if 0 < np.linalg.norm(grown) < np.inf:
                if np.linalg.norm(bend) <= 1e-5 * np.linalg.norm(grown):
                    return guess
    return s


def numbers(one: Reading) -> Array:
    """Cost and gradient in one vector; 0 for one that is missing."""
    gradient = unroll(*one.gradient) if one.gradient else np.zeros(1)
    return np.append(gradient, one.cost if one.cost is not None else 0.0)


def distinct(usable: Sequence[Attempt]) -> list[Attempt]:
    """The attempts without those that repeat the values of an earlier one."""
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
    """The first of the attempts that the fewest mistakes explain."""
    ranked = usable
    for most, kept in RANKED.items():
        sizes = []
        for i, one in enumerate(ranked[:kept]):
            if progress is not None:
                progress(f"comparing ways to call it, round {most}", i, len(ranked))
            sizes.append(mistakes_in(s, one, lams, most))
        # among equals, labels of the wrong kind give the oddest costs
        ranks = [(size, oddity(one)) for size, one in zip(sizes, ranked, strict=False)]
        order = sorted(range(len(sizes)), key=lambda i: ranks[i])
        ranked = [ranked[i] for i in order]
        if sizes[order[0]] <= most:
            break
    return ranked[0]


def oddity(one: Attempt) -> float:
    """The ratio of the cost to the right one, or its inverse, in whole powers of e."""
    cost, right = one.reading.cost, formulas.cost(passes(one.layers)[0], 0)
    if cost is None:
        return 0.0
    return round(abs(math.log(cost / right))) if 0 < cost < math.inf else math.inf


def mistakes_in(s: Subject, one: Attempt, lams: Sequence[float], most: int) -> int:
    """How many mistakes explain cost and gradient; most + 1 for each unexplained."""
    try:
        answers = examine(s, one, lams)
    except Unusable:
        return 3 * most
    total = 0
    for kind in KINDS:
        seen = answers.observed(kind)
        if seen is None or not is_finite(seen):
            total += 0 if seen is None else most + 1
            continue
        found = diagnose(seen, most=most).found
        total += len(found[0].mistakes) if found else most + 1
    return total


def refusal(s: Subject, every: Sequence[Attempt]) -> str:
    """Why no convention works: the error of the call that came furthest."""
    errors = [one for one in every if one.call.error is not None]
    furthest = max(errors, key=lambda one: reached(s, one.call.error))
    error = furthest.call.error
    assert error is not None
    if isinstance(error, OWN):
        return error_text(s, error)
    called = furthest.convention.in_words(s.signature)
    tried = f"({len(errors)} ways to call it were tried)"
    return error_text(s, error, f"\ncalled with  {called} {tried}")
