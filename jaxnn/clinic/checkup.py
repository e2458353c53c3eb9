"""check_gradient: compare a person's cost and gradient with the right ones."""

import contextlib
import inspect
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from jaxnn import files, three_way
from jaxnn.clinic import findings, notes
from jaxnn.clinic.conventions import CHOICES
from jaxnn.clinic.diagnosis import Progress, diagnose
from jaxnn.clinic.examination import examine
from jaxnn.clinic.problems import COURSE, LAMBDA, SMALL, Layers
from jaxnn.clinic.refusals import Unusable
from jaxnn.clinic.roles import WORDS
from jaxnn.clinic.source import forget, load
from jaxnn.clinic.subject import Function, Subject, subject
from jaxnn.clinic.understanding import KINDS, understand, with_lambda
from jaxnn.mistake import Mistake

LEAST = 1e-3  # the effect of a smaller lambda is lost in rounding


class Checkup(NamedTuple):
    """The result of a check; print it."""

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
    """Check your own cost and gradient, and name the mistakes in them.

    function: returns (cost, gradient), or only the gradient; or it returns the cost and
    the second argument returns the gradient; or it is "mywork.py:name". The check tries
    in which way to call it. layers: (pixels, hidden units, classes), if the function
    works only for one size, and not the course's. lam: the lambda to check with,
    besides 0. settings: corrections to the way of calling, such as labels="0-9" or
    order="F" (all are in clinic.CHOICES), or the role of an argument, such as mu="lam".
    progress(text, done, whole) reports the work.

    Without a function: the three-way comparison of this package's own gradients, with
    the settings quick, all_digits and seed of `three_way.three_way`.

    Returns a Checkup to print; raises Mistake if the function cannot be called.
    """
    if function is None:
        if layers is not None or lam != LAMBDA:
            raise Mistake("layers and lam need a function of yours; pass it as well")
        follow = progress and (lambda done, whole: progress("weights", done, whole))
        return three_way.three_way(progress=follow, **settings)
    if not (lam == 0 or LEAST <= lam < np.inf):
        raise Mistake(f"lam is {lam}; give 0, or a number of at least {LEAST:g}")
    lams = (0.0, float(lam)) if lam else (0.0,)
    sizes = [size_of(layers)] if layers else [SMALL, COURSE]
    fixed, named = conventions_and_roles(settings)
    with restored():
        s = subject(functions_of(function, gradient), named)
        s = with_lambda(s, sizes, fixed, lam)
        return check(s, sizes, fixed, lams, progress)


def functions_of(
    function: Function | Sequence[Function] | str, gradient: Function | None
) -> Sequence[Function]:
    """One function, or two: for the cost and for the gradient."""
    functions = function if isinstance(function, list | tuple) else [function]
    if isinstance(function, str):
        functions = load(function)
    functions = [*functions, *([gradient] if gradient else [])]
    if len(functions) not in (1, 2) or not all(map(callable, functions)):
        raise Mistake(
            f"this cannot be checked: {functions}; give a function that returns cost "
            'and gradient, two functions (cost, gradient), or "mywork.py:name"'
        )
    for one in functions:
        if inspect.isclass(one):
            methods = [name for name in vars(one) if not name.startswith("_")]
            raise Mistake(
                f"{one.__name__} is a class; name one of its methods: "
                + files.listed(f"{one.__name__}.{name}" for name in methods or ["cost"])
            )
    return functions


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Restore random states, print options, modules and import path at the end."""
    states = np.random.get_state(), random.getstate()
    path, modules = sys.path[:], sys.modules.copy()
    try:
        with np.printoptions(), np.errstate(all="ignore"):
            yield
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])
        sys.path[:] = path
        forget()
        sys.modules.update(modules)


def conventions_and_roles(
    settings: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, str]]:
    """The conventions that a person fixed, and the roles given to arguments."""
    fixed, named = {}, {}
    for name, value in settings.items():
        if name in CHOICES:
            if value not in CHOICES[name]:
                known = ", ".join(map(repr, CHOICES[name]))
                raise Mistake(f"{name} cannot be {value!r}; choose from {known}")
            fixed[name] = value
        elif value in WORDS:
            named[name] = value
        else:
            raise Mistake(
                f"{name}={value!r}: {name} is not a convention ({', '.join(CHOICES)}), "
                f"and {value!r} is not a role; choose from {', '.join(WORDS)}"
            )
    if len(set(named.values())) < len(named):
        raise Mistake(f"two arguments have the same role: {named}; give each its own")
    return fixed, named


def size_of(layers: Sequence[int]) -> Layers:
    """(n, h, k) from a person's numbers."""
    if len(layers) != 3 or min(layers) < 1:
        raise Mistake(
            f"layers are {list(layers)}; give pixels, hidden units and classes, "
            "like 400 25 10"
        )
    n, h, k = map(int, layers)
    return n, h, k


def check(
    s: Subject,
    sizes: Sequence[Layers],
    fixed: Mapping[str, str],
    lams: Sequence[float],
    progress: Progress | None,
) -> Checkup:
    """Check a function whose arguments have their roles."""
    first = understand(s, sizes, fixed, lams, progress)
    head = findings.understood(s, first)
    if trouble := findings.unusable(first):
        return Checkup(False, (), (), (*head, *trouble))
    answers = examine(s, first, lams)
    if trouble := findings.not_numbers(s, answers):
        return Checkup(False, (), (), (*head, *trouble))
    costs, gradients = map(answers.observed, KINDS)
    if gradients is None:
        raise Unusable(
            f"{s.title} returns a cost but no gradient; name both functions: "
            "mywork.py:cost,gradient"
        )
    cost = diagnose(costs, progress) if costs else None
    gradient = diagnose(gradients, progress)
    distance = max(one.distance for one in (cost, gradient) if one)
    noted = notes.notes(s, answers, distance)
    head += notes.warnings(s, answers)
    if gradient.is_right and (cost is None or cost.is_right):
        return Checkup(True, (), (), (*head, findings.passed(answers), *noted))
    lines = [*head, *findings.values(answers)]
    agree = notes.is_consistent(s, answers, cost, gradient)
    if agree:
        text = "your gradient is the gradient of your cost, but both are wrong"
        lines.append(findings.line("note", text))
    for kind, found in zip(KINDS, (cost, gradient), strict=True):
        if found is not None and not found.is_right:
            lines += findings.diagnosis(answers, kind, found, agree)
    names = findings.names(cost), findings.names(gradient)
    return Checkup(False, *names, (*lines, *noted))
