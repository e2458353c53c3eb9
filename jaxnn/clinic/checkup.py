"""check_gradient: a person's cost and gradient compared with the course's."""

import contextlib
import inspect
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from jaxnn import three_way
from jaxnn.clinic import findings, notes
from jaxnn.clinic.conventions import CHOICES
from jaxnn.clinic.diagnosis import Diagnosis, Progress, diagnose
from jaxnn.clinic.examination import Answers, examine
from jaxnn.clinic.problems import COURSE, LAMBDA, SMALL, Layers
from jaxnn.clinic.refusals import Unusable
from jaxnn.clinic.roles import WORDS
from jaxnn.clinic.source import forget, load
from jaxnn.clinic.subject import Function, Subject, subject
from jaxnn.clinic.understanding import KINDS, understand, with_lambda
from jaxnn.mistake import Mistake

LEAST = 1e-3  # a smaller lambda is lost in the rounding


class Checkup(NamedTuple):
    """What came of a check; print it."""

    passed: bool
    cost: tuple[str, ...]  # the mistakes in the cost, by name
    gradient: tuple[str, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    __repr__ = __str__  # what a notebook shows


@overload
def check_gradient(
    function: None = None,
    *,
    quick: bool = False,
    all_digits: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> three_way.Report: ...


@overload
def check_gradient(
    function: Function | Sequence[Function] | str,
    gradient: Function | None = None,
    *,
    layers: Sequence[int] | None = None,
    lam: float = LAMBDA,
    progress: Progress | None = None,
    **convention: str,
) -> Checkup: ...


def check_gradient(
    function: Function | Sequence[Function] | str | None = None,
    gradient: Function | None = None,
    *,
    layers: Sequence[int] | None = None,
    lam: float = LAMBDA,
    progress: Progress | None = None,
    **settings: Any,
) -> Checkup | three_way.Report:
    """Check a person's own cost and gradient, and name what is wrong with them.

    function: returns (cost, gradient), or the gradient alone; or the cost, and the
    second argument the gradient; or "mywork.py:name". How it is called is found out by
    trying. layers: (pixels, hidden units, classes), where the function works for one
    size alone that is not the course's. lam: the lambda to check with, beside 0.
    settings: what the trying gets wrong, as labels="0-9", order="F" (all are in
    clinic.conventions.CHOICES), or the role of an argument, as mu="lam".
    progress(text, done, whole) follows the work.

    Without a function: the three-way comparison of this package's own gradients, with
    the settings quick, all_digits and seed of `three_way.three_way`.

    Returns a Checkup to be printed; Mistake where the function cannot be called.
    """
    if function is None:
        if layers is not None or lam != LAMBDA:
            raise Mistake("layers and lam are for a function of yours; name it")
        follow = progress and (lambda done, whole: progress("weights", done, whole))
        return three_way.three_way(progress=follow, **settings)
    if not (lam == 0 or LEAST <= lam < np.inf):
        raise Mistake(f"lam is {lam}; give 0, or at least {LEAST:g} to be seen")
    lams = (0.0, float(lam)) if lam else (0.0,)
    sizes = [size_of(layers)] if layers else [SMALL, COURSE]
    fixed, named = told(settings)
    with restored():
        s = subject(functions_of(function, gradient), named)
        s = with_lambda(s, sizes, fixed, lam)
        return examined(s, sizes, fixed, lams, progress)


def functions_of(
    function: Function | Sequence[Function] | str, gradient: Function | None
) -> Sequence[Function]:
    """The one function, or the cost's and the gradient's."""
    functions = function if isinstance(function, list | tuple) else [function]
    if isinstance(function, str):
        functions = load(function)
    functions = [*functions, *([gradient] if gradient else [])]
    if len(functions) not in (1, 2) or not all(map(callable, functions)):
        raise Mistake(
            "give a function that returns cost and gradient, two functions, the "
            f"cost's and the gradient's, or \"mywork.py:name\"; this is {functions}"
        )
    for one in functions:
        if inspect.isclass(one):
            methods = [name for name in vars(one) if not name.startswith("_")]
            raise Mistake(
                f"{one.__name__} is a class; name a method of it: {one.__name__}."
                f"{'|'.join(methods) or 'cost'}"
            )
    return functions


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Random states, print options, modules and their path are as before."""
    states = np.random.get_state(), random.getstate()
    path, modules = sys.path[:], sys.modules.copy()
    try:
        with np.printoptions(), np.errstate():
            yield
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])
        sys.path[:] = path
        forget()
        sys.modules.update(modules)


def told(convention: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The conventions that a person fixed, and the arguments given a role."""
    fixed, named = {}, {}
    for name, value in convention.items():
        if name in CHOICES:
            if value not in CHOICES[name]:
                known = ", ".join(map(repr, CHOICES[name]))
                raise Mistake(f"{name}={value!r} is none of {known}")
            fixed[name] = value
        elif value in WORDS:
            named[name] = value
        else:
            raise Mistake(
                f"{name}={value!r}: {name} is no convention ({', '.join(CHOICES)}) and "
                f"{value!r} is no role of an argument; choose from {', '.join(WORDS)}"
            )
    if len(set(named.values())) < len(named):
        raise Mistake(f"two arguments have one role: {named}; give each its own")
    return fixed, named


def size_of(layers: Sequence[int]) -> Layers:
    """(n, h, k) out of a person's numbers."""
    if len(layers) != 3 or min(layers) < 1:
        raise Mistake(
            f"layers are {list(layers)}: give pixels, hidden units, classes: 400 25 10"
        )
    n, h, k = map(int, layers)
    return n, h, k


def examined(
    s: Subject,
    sizes: Sequence[Layers],
    fixed: Mapping[str, str],
    lams: Sequence[float],
    progress: Progress | None,
) -> Checkup:
    """The checkup of a function whose arguments are known."""
    first = understand(s, sizes, fixed, lams, progress)
    head = findings.understood(s, first)
    if trouble := findings.unusable(first):
        return Checkup(False, (), (), (*head, *trouble))
    answers = examine(s, first, lams)
    if trouble := findings.not_numbers(s, answers):
        return Checkup(False, (), (), (*head, *trouble))
    if answers.observed("gradient") is None:
        raise Unusable(
            f"{s.title} returns a cost and no gradient; name both functions: "
            "mywork.py:cost,gradient"
        )
    cost, gradient = (diagnosed(answers, kind, progress) for kind in KINDS)
    assert gradient is not None
    apart = max(d.distance for d in (cost, gradient) if d is not None)
    noted = notes.notes(s, answers, apart)
    head += notes.warnings(s, answers)
    if gradient.is_right and (cost is None or cost.is_right):
        return Checkup(True, (), (), (*head, findings.passed(answers), *noted))
    lines = [*head, *findings.values(answers)]
    agree = notes.is_consistent(s, answers, cost, gradient)
    if agree:
        text = "your gradient is that of your cost; both differ from the course's"
        lines.append(findings.line("note", text))
    for kind, found in zip(KINDS, (cost, gradient), strict=True):
        if found is not None and not found.is_right:
            lines += findings.diagnosis(answers, kind, found, agree)
    names = [findings.names(found) for found in (cost, gradient)]
    return Checkup(False, names[0], names[1], (*lines, *noted))


def diagnosed(
    answers: Answers, kind: Any, progress: Progress | None
) -> Diagnosis | None:
    """The diagnosis of cost or gradient; None where the function gives none."""
    seen = answers.observed(kind)
    return None if seen is None else diagnose(seen, progress)
