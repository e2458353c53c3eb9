"""Why a function cannot be checked, with the person's own line."""

import sys
import traceback
from linecache import getline
from pathlib import Path
from types import CodeType

from jaxnn.clinic.source import failed
from jaxnn.clinic.subject import Subject
from jaxnn.clinic.texts import one_line, python2_hint
from jaxnn.mistake import Mistake

FRAMES = 6  # at most, from a person's traceback
# errors that come from the function itself, in whatever convention it is called
OWN = (NameError, ImportError, RecursionError, EOFError, SystemExit)
FOREIGN = (sys.prefix, sys.base_prefix, str(Path(__file__).parent), "<frozen")


class Unusable(Mistake):
    """A function that cannot be checked: one line, and below it the traceback."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.args = (message,)  # Mistake escapes the line breaks of the traceback


def own_frames(error: BaseException | None) -> list[tuple[CodeType, int, str]]:
    """Code, line and file of each traceback frame in a person's own code."""
    frames = traceback.walk_tb(error.__traceback__ if error else None)
    places = [(frame.f_code, line, frame.f_code.co_filename) for frame, line in frames]
    return [place for place in places if not any(home in place[2] for home in FOREIGN)]


def reached(s: Subject, error: BaseException | None) -> tuple[int, ...]:
    """Which part was running, and the lines that it and its helpers had reached."""
    codes = [getattr(part.function, "__code__", None) for part in s.parts]
    own = own_frames(error)
    part = max((codes.index(code) for code, *_ in own if code in codes), default=-1)
    return part, *(line for _, line, _ in own)


def error_text(s: Subject, error: BaseException, more: str = "") -> str:
    """The error in one line that ends in the next step, and below it the traceback."""
    frames = [
        f"  {file}, line {line}, in {code.co_name}\n    {getline(file, line).strip()}"
        for code, line, file in own_frames(error)[-FRAMES:]
    ]
    text = f": {one_line(error)}".removesuffix(": ")
    at = f" at line {own_frames(error)[-1][1]}" if frames else ""
    head = f"{s.title} raised {type(error).__name__}{at}{text}; "
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
    if isinstance(error, TypeError) and not own_frames(error):
        return "say what its arguments mean: --convention ARGUMENT=ROLE"
    return "fix that line, or say how to call your function: --convention, see --help"
