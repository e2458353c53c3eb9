"""Why a function cannot be called: a table of its arguments, and the person's line."""

import re
import sys
import traceback
from collections.abc import Sequence
from linecache import getline
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from jaxnn.clinic.calling import calls
from jaxnn.clinic.calling.source import failed
from jaxnn.clinic.calling.subject import Subject
from jaxnn.clinic.calling.texts import one_line, python2_hint
from jaxnn.clinic.calling.way import Way
from jaxnn.mistake import Mistake

FRAMES = 6  # at most, from a person's traceback
# errors that come from the function itself, in whatever way it is called
OWN = (NameError, ImportError, RecursionError, EOFError, SystemExit)
OWN_TEXTS = re.compile(
    "unexpected keyword|module .* has no attribute|tuple index out of range"
)
CALLING = (TypeError, LookupError, ValueError, AttributeError)
SIZES = re.compile("reshape|aligned|broadcast|nonconformant|mismatch|out of bound")
HOME = str(Path(__file__).parent.parent)
FOREIGN = (sys.prefix, sys.base_prefix, HOME, "<frozen", ".pyx")


MEANINGS = (
    "x (examples), y (labels), pairs (a list of both), lam (lambda), "
    "rate (step size), m (number of examples), n h1 k (sizes), "
    "hs (hidden sizes), layers (all sizes), params (all parameters), "
    "weights or biases (lists), W1 b1 (of a layer), count (number of steps)"
)


class Unusable(Mistake):
    """A function that cannot be checked: one line, and below it the table."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.args = (message,)  # Mistake escapes the line breaks of the table


class Failure(NamedTuple):
    """A call that raised an error."""

    way: Way
    part: int
    error: BaseException

    @property
    def reached(self) -> tuple[int, ...]:
        """Which function was running, and the lines that it and its helpers reached."""
        return self.part, *(line for _, line, _ in own_frames(self.error))


def is_own(error: BaseException) -> bool:
    """Whether no other way to call the function can help."""
    is_known = isinstance(error, OWN) or bool(OWN_TEXTS.search(one_line(error)))
    return is_known and bool(own_frames(error))


def own_frames(error: BaseException | None) -> list[tuple[CodeType, int, str]]:
    """Code, line and file of each traceback frame in a person's own code."""
    frames = traceback.walk_tb(error.__traceback__ if error else None)
    places = [(frame.f_code, line, frame.f_code.co_filename) for frame, line in frames]
    return [one for one in places if not any(home in one[2] for home in FOREIGN)]


def refusal(s: Subject, failures: Sequence[Failure]) -> Unusable:
    """Why no way works: the error of the call that came furthest, and the roles."""
    if not failures:
        return Unusable(
            f"{s.title} cannot be called with these settings; leave one out"
        )
    usual = [one for one in failures if one.way.form.type == "array"]
    furthest = max(usual or failures, key=lambda one: one.reached)
    error = furthest.error
    if isinstance(error, calls.TooLong):
        return Unusable(
            f"{s.title} took more than {calls.LIMIT:.0f} s for one call on a few "
            "examples and was stopped; replace its loops with matrix products"
        )
    text = error_text(s, error)
    if is_own(error):
        return Unusable(text)
    called = furthest.way.in_words()
    tried = f"\ncalled with  {called} ({len(failures)} ways to call it were tried)"
    return Unusable(text + tried + "\n" + "\n".join(table(s)))


def table(s: Subject) -> list[str]:
    """Each argument, what it was taken for and why, and how to say otherwise."""
    rows = [
        (one.name, one.role or "-", one.where, one.why or "by its name")
        for one in s.inputs
    ]
    rows = [("argument", "taken for", "kind", "why"), *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [
        "  " + "  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3]])
        for row in rows
    ]
    odd = [one for one in s.inputs if "place" in one.why or not one.role] or s.inputs
    return [
        *lines,
        f"if one is wrong: --convention {odd[0].name}=ROLE; roles: {MEANINGS}",
    ]


def error_text(s: Subject, error: BaseException, more: str = "") -> str:
    """The error in one line that ends in the next step, and below it the traceback."""
    frames = [
        f"  {file}, line {line}, in {code.co_name}\n    {getline(file, line).strip()}"
        for code, line, file in own_frames(error)[-FRAMES:]
    ]
    text = f": {one_line(error)}".removesuffix(": ")
    at = f" at line {own_frames(error)[-1][1]}" if frames else ""
    raised = f"raised {type(error).__name__}{at}"
    if isinstance(error, CALLING) and not frames:  # the call, not the function
        raised = "cannot be called"
    head = f"{s.title} {raised}{text}; "
    return "\n".join([head + next_step(s, error) + more, *frames])


def next_step(s: Subject, error: BaseException) -> str:
    """How to fix an error."""
    if isinstance(error, NameError) and error.name:
        causes = [failed(part.function).get(error.name) for part in s.parts]
        if cause := next(filter(None, causes), None):
            return cause
    if hint := python2_hint(error):
        return hint
    if isinstance(error, OWN):
        return "fix that line"
    if isinstance(error, CALLING) and not own_frames(error):
        return "say what its arguments mean: --convention ARGUMENT=ROLE"
    if SIZES.search(one_line(error)):
        return (
            "fix that line; or, if it works for one size only, give the layers' "
            "sizes, like --layers 3 5 3; or its conventions: --convention, see --help"
        )
    return "fix that line, or say how to call your function: --convention, see --help"
