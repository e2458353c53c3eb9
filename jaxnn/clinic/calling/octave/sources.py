"""Octave function files as text: find their functions, and copy one to the top."""

import re
from pathlib import Path
from typing import NamedTuple

from jaxnn import files
from jaxnn.clinic.calling.texts import LARGEST
from jaxnn.files import FileError

HEAD = re.compile(
    r"^[ \t]*(?:\d+;[ \t]*)?(?P<start>function)\b[ \t\f]*"
    r"(?:(?P<returns>\[[^\]]*\]|\w+)[ \t\f]*=[ \t\f]*)?"
    r"(?P<name>[A-Za-z_]\w*)[ \t\f]*(?:\((?P<takes>[^)]*)\))?",
    re.MULTILINE,
)
BLOCK = re.compile(r"^[ \t]*[%#]\{[ \t]*$.*?^[ \t]*[%#]\}[ \t]*$", re.M | re.S)
INTO = "put the code into a function: function [J, grad] = nnCostFunction(...)"
FOREIGN = (  # other languages whose files end in .m
    (r"^[ \t]*[#@](?:import|include|interface|implementation)\b", "Objective-C"),
    (r"\(\*|\bBeginPackage\[|:=", "Mathematica"),
)


class Head(NamedTuple):
    """A function in a file, by its first line."""

    path: Path
    name: str
    returns: tuple[str, ...]
    takes: tuple[str, ...]
    span: tuple[int, int]  # of the function in the text
    spot: int  # of its name in the text
    is_direct: bool  # whether Octave can call it by the file's name


def read(path: Path) -> str:
    """The text of a file; its lines end in a line feed."""
    with files.reading(path, "an Octave file"):
        if path.stat().st_size > LARGEST:
            raise FileError(f"{path}: over {LARGEST >> 20} MB; name a function file")
        raw = path.read_bytes()
    if b"\0" in raw:
        raise FileError(f"{path}: not text (it has null bytes); save it as UTF-8 text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:  # an older editor's comments
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def heads(path: Path) -> list[Head]:
    """The functions of a file, at least one."""
    text = read(path)
    bare = without_comments(text)
    if re.match(r"\s*classdef\b", bare):
        raise FileError(f"{path}: this is a class; {INTO}")
    found = list(HEAD.finditer(bare))
    if not found:
        raise FileError(f"{path}: this is {kind(text)}")
    starts = [match.start("start") for match in found] + [len(text)]
    is_script = bare[: starts[0]].strip() != ""
    return [
        Head(
            path,
            match["name"],
            tuple(re.findall(r"\w+", match["returns"] or "")),
            arguments(match["takes"] or ""),
            (starts[i], starts[i + 1]),
            match.start("name"),
            i == 0 and not is_script and path.stem.isidentifier(),
        )
        for i, match in enumerate(found)
    ]


def without_comments(text: str) -> str:
    """The text with spaces in place of comments; form feeds continue a line."""
    text = BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    text = re.sub(r"\.\.\.[^\n]*\n", lambda rest: " " * (len(rest[0]) - 1) + "\f", text)
    return re.sub(r"[%#][^\n]*", lambda comment: " " * len(comment[0]), text)


def kind(text: str) -> str:
    """What a .m file without functions is, and what to do."""
    for sign, language in FOREIGN:
        if re.search(sign, text, re.MULTILINE):
            return f"{language}, not Octave; name an Octave function file"
    what = "a script, which is never run" if text.strip() else "empty"
    return f"{what}; {INTO}"


def arguments(text: str) -> tuple[str, ...]:
    """The names in an argument list; ~ has none."""
    names = [one.partition("=")[0].strip() for one in text.split(",") if one.strip()]
    return tuple(
        name if name.isidentifier() else f"unused{i}" for i, name in enumerate(names, 1)
    )


def reshaped(head: Head) -> set[str]:
    """The names that a function cuts out of a vector: Theta1 = reshape(...)."""
    start, end = head.span
    text = without_comments(read(head.path))[start:end]
    return set(re.findall(r"(\w+)\s*=\s*reshape\s*\(", text))


def fields(head: Head, name: str) -> list[str]:
    """The fields of an argument that is a struct: W1 of net.W1, W{} of net.W{i},
    layers{}.w of net.layers{i}.w."""
    start, end = head.span
    text = without_comments(read(head.path))[start:end]
    found = re.findall(rf"\b{name}\.(\w+(?:\{{[^}}]*\}}(?:\.\w+)?)?)", text)
    return list(dict.fromkeys(re.sub(r"\{[^}]*\}", "{}", one) for one in found))


def copied(head: Head, name: str) -> str:
    """A file in which the function, under a new name, comes first.

    The whole file follows, so that the function can call itself and its neighbors.
    """
    text, (start, end) = read(head.path), head.span
    spot = head.spot + len(head.name)
    return text[start : head.spot] + name + text[spot:end] + "\n" + text


def original(head: Head, line: int) -> int:
    """The line in a person's file of a line in the copy of it."""
    text, (start, end) = read(head.path), head.span
    ahead = text.count("\n", start, end) + 1
    return line - ahead if line > ahead else line + text.count("\n", 0, start)
