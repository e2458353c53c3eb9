"""check_gradient: compare a person's cost and gradient with the right ones."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from jaxnn import files, three_way
from jaxnn.clinic import blame, doubts, examination, expectation, judgement
from jaxnn.clinic.attempts import Progress
from jaxnn.clinic.calling import (
    Subject,
    Unusable,
    load,
    restored,
    subject,
)
from jaxnn.clinic.calling.names import is_slope
from jaxnn.clinic.calling.settings import conventions_and_roles, sizes_of
from jaxnn.clinic.networks.problems import LAMBDA
from jaxnn.clinic.telling import lines, notes, report
from jaxnn.clinic.telling.formulas import Style
from jaxnn.clinic.telling.styles import style_of
from jaxnn.clinic.understanding import Understood, understand
from jaxnn.mistake import Mistake

Function = Callable[..., Any]
Functions = Function | Sequence[Function] | str
GUESSES = 8  # at most so many settings are tried as lambda
LEAST = 1e-3  # the effect of a smaller lambda is lost in rounding


class Checkup(NamedTuple):
    """The result of a check; print it."""

    passed: bool
    cost: tuple[str, ...]  # the mistakes in the cost, by name
    gradient: tuple[str, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return lines.wrapped(self.lines)

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
    function: Functions,
    gradient: Function | None = None,
    *,
    layers: Sequence[int] | None = None,
    lam: float = LAMBDA,
    expect: str = "",
    convention: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    **conventions: str,
) -> Checkup: ...


def check_gradient(
    function: Functions | None = None,
    gradient: Function | None = None,
    *,
    layers: Sequence[int] | None = None,
    lam: float = LAMBDA,
    expect: str = "",
    convention: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Checkup | three_way.Report:
    """Check your own cost and gradient, and name the mistakes in them.

    function: returns (cost, gradient), or only the gradient; or it returns the cost and
    the second argument returns the gradient; or it is "mywork.py:name". The check tries
    in which way to call it. layers: (pixels, hidden units, classes), if the function
    works only for one size, and not the course's. lam: the lambda to check with,
    besides 0. expect: "course", or the units that the network should have, as "tanh,
    softmax"; any known network is right without it. settings: corrections to the way of
    calling, such as labels="0-9" or order="F" (all are in clinic.CHOICES), or the role
    of an argument, such as mu="lam". convention: the same as a dictionary, also for
    names that this function takes itself: {"layers": "params"}. progress(text, done,
    whole) reports the work.
    Returns a Checkup to print; raises Mistake if the function cannot be called.

    Without a function: the three-way comparison of this package's own gradients, with
    the settings of `three_way.three_way`.
    """
    if function is None:
        if layers is not None or lam != LAMBDA or gradient or expect or convention:
            raise Mistake(
                "gradient, layers, lam, expect and convention need a function of "
                "yours; pass it"
            )
        follow = progress and (lambda done, whole: progress("weights", done, whole))
        return three_way.three_way(progress=follow, **settings)
    if not (lam == 0 or LEAST <= lam < np.inf):
        raise Mistake(f"lam is {lam}; give 0, or a number of at least {LEAST:g}")
    lams = (0.0, float(lam)) if lam else (0.0,)
    fixed, named = conventions_and_roles({**settings, **(convention or {})})
    with restored(), blame.theirs():
        s = subject(functions_of(function, gradient), named)
        if layers:
            fixed["sizes"] = sizes_of(layers, s)
        return check(s, fixed, lams, expect, progress)


def functions_of(function: Functions, gradient: Function | None) -> Sequence[Function]:
    """One function, or two: for the cost and for the gradient."""
    functions = function if isinstance(function, list | tuple) else [function]
    if isinstance(function, str):
        functions = load(function)
    functions = [*functions, *([gradient] if gradient else [])]
    names = [getattr(one, "__name__", "") for one in functions]
    is_many = sum(not is_slope(name) for name in names) > 3
    if not functions or is_many or not all(map(callable, functions)):
        raise Mistake(
            f"this cannot be checked: {functions}; give a function that returns cost "
            'and gradient, two functions (cost, gradient), or "mywork.py:name"'
        )
    for one in functions:
        name = getattr(one, "__name__", "it")
        if inspect.isclass(one):
            methods = [name for name in vars(one) if not name.startswith("_")]
            known = files.listed(f"{name}.{method}" for method in methods or ["cost"])
            raise Mistake(f"{name} is a class; name one of its methods: {known}")
        try:
            inspect.unwrap(one)
        except ValueError:
            raise Mistake(f"{name} wraps itself; pass it without decorator") from None
    return functions


def check(
    s: Subject,
    fixed: Mapping[str, Any],
    lams: Sequence[float],
    expect: str,
    progress: Progress | None,
) -> Checkup:
    """Check a function whose arguments have their roles."""
    found = understand(s, fixed, progress)
    if not found.is_explained and len(lams) > 1:
        found = with_lambda(found, fixed, lams[-1], progress)
    if trouble := notes.faults(found):
        return Checkup(False, (), (), (*report.understood_as(found, None), *trouble))
    answers = examination.ask(found, lams)
    if answers.gradients is None:
        raise Unusable(
            f"{s.title} returns a cost but no gradient; name both functions: "
            "mywork.py:cost,gradient"
        )
    if notes.has_guess(answers):
        raise Unusable(doubts.guess(answers.way.subject))
    style = style_of(found)
    if trouble := notes.not_numbers(answers, style) or notes.nothing_yet(answers):
        return Checkup(False, (), (), (*report.understood_as(found, None), *trouble))
    return judged(found, answers, style, expect, progress)


def with_lambda(
    found: Understood, fixed: Mapping[str, Any], lam: float, progress: Progress | None
) -> Understood:
    """The function understood with a setting as lambda, if its name says nothing.

    A setting is lambda if the function is right where the setting is 0, and the values
    grow linearly with it, as a penalty does, whether right or wrong.
    """
    s = found.attempt.way.subject
    functions = [part.function for part in s.parts]
    for name in () if s.takes("lam") else s.settings[:GUESSES]:
        try:
            one = subject(functions, {**s.named, name: "lam"})
            guess = understand(one, fixed, progress)
        except Mistake:
            continue
        if guess.is_whole and examination.is_linear(guess, lam):
            return guess
    return found


def judged(
    found: Understood,
    answers: examination.Answers,
    style: Style,
    expect: str,
    progress: Progress | None,
) -> Checkup:
    """The verdict on values that can be compared."""
    way, idle = answers.way, examination.is_idle(answers)
    if idle:
        answers = answers.at_zero()
    expected = expectation.expected(way, found.networks, expect, len(answers.lams) > 1)
    judgment = judgement.judge(found, answers, expected, bool(expect), progress)
    if expected is None:
        found, answers, judgment = doubts.likelier(found, answers, judgment)
        way, style = answers.way, style_of(found)
    head = report.understood_as(found, judgment) + notes.changes(answers, idle)
    noted = notes.notes(answers, judgment)
    if judgment.is_right:
        if examination.is_bent(answers):
            head += lines.BENT
        is_clean = not any(line.startswith("diagnosis") for line in head)
        verdict = (report.passed(answers, judgment),) if is_clean else ()
        return Checkup(is_clean, (), (), (*head, *verdict, *noted))
    is_own = expected is None and judgment.is_own_cost
    if is_own and examination.is_consistent(answers):
        verdict = report.passed_alone(judgment, style)
        return Checkup(True, (), (), (*head, verdict, *noted))
    if not found.is_explained and judgment.cost == () and way.subject.guessed:
        raise Unusable(doubts.guess(way.subject))
    if not expect and (why := doubts.doubt(answers, judgment)):
        raise Unusable("\n".join([f"{way.subject.title}: {why}", *head]))
    if expected is None and (own := doubts.own_cost(answers, judgment, style)):
        return Checkup(False, (), (), (*head, *own, *noted))
    wrong, cost, gradient = report.verdict(answers, judgment, style)
    return Checkup(False, cost, gradient, (*head, *wrong, *noted))
