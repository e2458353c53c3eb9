"""Errors of Octave functions: the innermost line in a person's files, the next step."""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jaxnn.clinic.calling.octave.sources import Head, heads, original, read
from jaxnn.clinic.calling.texts import one_line
from jaxnn.files import FileError

INSTALLED = re.compile(r"[\\/]share[\\/]octave[\\/]")  # Octave's own functions
PARSE = re.compile(r"parse error(?: near line (\d+) of file| in) (.+?):?\n+ *(.*)")
UNDEFINED = re.compile(r"[`']([\w.]+)' undefined")
UNSET = re.compile(r"element number (\d+) undefined in return list")
MISSING = re.compile(r"is not yet implemented|belongs to the .+ package")
POSITION = re.compile(r" near line \d+, column \d+")
TEXTS_ADDED = re.compile(r"\"[^\"]*\"\s*\+|\+\s*\"[^\"]*\"")
REFUSAL = "cannot be used here"
CHECKS = re.compile(r"^[ \t]*arguments[ \t]*(?:\([^)]*\)[ \t]*)?$", re.MULTILINE)
NO_CHECKS = "Octave does not run an arguments block; set defaults with nargin"


class Place(NamedTuple):
    """Where an error was raised; line 0 and source "" are unknown."""

    path: Path
    function: str
    line: int = 0
    source: str = ""


class OctaveError(Exception):
    """An error in a person's function: what, where and, if known, the next step.

    The step is known where the function fails in whatever way it is called.
    """

    def __init__(self, message: str, place: Place, step: str = "") -> None:
        self.message, self.place, self.step = message, place, step
        at = f" in {place.path.name}" + f" line {place.line}" * bool(place.line)
        text = message + at + f": {place.source}" * bool(place.source)
        super().__init__(text + f"; {step}" * bool(step))


def explained(
    failure: Mapping[str, Any], head: Head, home: Path, copies: Mapping[Path, Head]
) -> OctaveError:
    """The error that a function raised.

    failure: message, files, names and lines of the frames, the innermost first.
    home: the folder of our files. copies: those with a copy of a function.
    """
    message = failure["message"]
    if parse := PARSE.search(message):
        message, frames = parse[3], [(parse[2], "", int(parse[1] or 0))]
    else:
        names = ("files", "names", "lines")
        frames = zip(*(failure[name] for name in names), strict=True)
    places = (
        place(Path(file), name, int(line), copies)
        for file, name, line in frames
        if Path(file).parent != home or Path(file) in copies
    )
    at = next(filter(None, places), Place(head.path, head.name))
    if parse:
        return OctaveError(message, at, parse_step(at))
    for path, copy in copies.items():
        message = message.replace(path.stem, copy.name)
    return advised(message, at, head)


def place(
    path: Path, function: str, line: int, copies: Mapping[Path, Head]
) -> Place | None:
    """The place of a frame; None if it is not in a person's file."""
    if copy := copies.get(path):
        function = function.replace(path.stem, copy.name)
        path, line = copy.path, original(copy, line)
    if line < 1 or INSTALLED.search(str(path)):
        return None
    try:
        source = read(path).split("\n")[line - 1 : line]
    except FileError:  # text that the function evaluates has no file
        return None
    return Place(path, function, line, one_line("".join(source)).rstrip("; "))


def parse_step(at: Place) -> str:
    """What to do about a line that Octave cannot read."""
    if at.source in ("", "end", "endfunction"):
        return "check that each block and each function has one end"
    if has_checks(at):
        return NO_CHECKS
    return "fix that line; if it is right in MATLAB, Octave has no such syntax"


def advised(message: str, at: Place, head: Head) -> OctaveError:
    """The error with the next step."""
    unset, undefined = UNSET.search(message), UNDEFINED.match(message)
    name = undefined[1] if undefined else ""
    if unset and int(unset[1]) <= len(head.returns):
        name = head.returns[int(unset[1]) - 1]
    if unset or is_output(name, at):
        return never_set(name, at)
    if message.startswith("save: "):
        text = "an output is neither numbers nor text, cells or structs"
        return OctaveError(text, at, "return numbers")
    step = undefined_step(name, message, at) if undefined else ""
    if TEXTS_ADDED.search(at.source):
        step = 'Octave joins texts as ["a", "b"], where MATLAB has "a" + "b"'
    elif message.endswith(REFUSAL):
        step = "remove that call"
    text = f"{name} is undefined" if undefined else POSITION.sub("", message)
    return OctaveError(one_line(text), at, step)


def never_set(name: str, at: Place) -> OctaveError:
    """The error that an output has no value at the end of its function."""
    text = f"the output {name} is never set"
    return OctaveError(text, Place(at.path, at.function), "set it in every case")


def is_output(name: str, at: Place) -> bool:
    """Whether an undefined name is an output, missed when its function ends."""
    if not name or not at.line or re.search(rf"\b{re.escape(name)}\b", at.source):
        return False
    with contextlib.suppress(FileError):  # a script has no functions
        return any(name in head.returns for head in heads(at.path))
    return False


def undefined_step(name: str, message: str, at: Place) -> str:
    """What to do about an undefined name."""
    if re.search(rf"\b{re.escape(name)}\s*\(", at.source):
        if MISSING.search(message):
            return f"this Octave does not have it; write it in {name}.m"
        return f"put {name}.m beside {at.path.name}"
    if has_checks(at):
        return NO_CHECKS
    return f"set {name} before that line"


def has_checks(at: Place) -> bool:
    """Whether a block that checks arguments begins above a place."""
    above = read(at.path).split("\n")[: at.line]
    return CHECKS.search("\n".join(above)) is not None
