"""Parsed JSON as the values that type hints describe, or a line that says what is not.

Known hints: plain types, unions of them, NamedTuples (an object, whose entries with a
default may be missing), dict[str, X], tuple[X, ...], tuple[X, Y] and Any.
"""

import json
from collections.abc import Callable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from jaxnn import files
from jaxnn.files import FileError
from jaxnn.mistake import Mistake

T = TypeVar("T")

WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "null",
    dict: "an object",
    tuple: "a list",
}


class Misfit(ValueError):
    """A value of another type; the text says where, and which is expected."""


class Kind(NamedTuple):
    """What a JSON file is to a person."""

    folder: str  # that it makes of its folder: "a run folder"
    says: str  # "what a run was trained on"
    content: str  # "a run's settings"
    again: str  # what to do in place of mending it: "train again"


def read(path: Path, kind: Kind, parse: Callable[[Any], T]) -> T:
    """What parse makes of the JSON in a file.

    parse may raise Misfit, KeyError or Mistake. Raises FileError if the file is missing
    or anything in it is wrong.
    """
    if not path.exists():
        raise FileError(
            f"{path.parent}: not {kind.folder} (no {path.name}, which says {kind.says})"
            "; check the path"
        )
    with files.reading(path, kind.content):
        held = json.loads(path.read_text(encoding="utf-8"))
        try:
            return parse(held)
        except (Misfit, KeyError, Mistake) as error:
            raise FileError(
                f"{path}: damaged: {error}; get a fresh copy, or {kind.again}"
            ) from error


def parsed(kind: Any, value: Any, name: str = "") -> Any:
    """A value as this kind; name: of its entry. Raises Misfit."""
    if kind is Any:
        return value
    home, inner = get_origin(kind) or kind, get_args(kind)
    if home is UnionType:
        return one_of(inner, value, name)
    if home is dict:
        items = require(dict, value, name).items()
        values = inner[1] if inner else Any
        return {key: parsed(values, held, f"{name}.{key}") for key, held in items}
    if hasattr(home, "_fields"):
        return record(home, require(dict, value, name), name)
    if home is tuple:
        return tuple(list_of(inner, require(list, value, name), name))
    if home is float and is_number(value):
        return float(value)
    return require(home, value, name)


def record(kind: Any, value: dict[str, Any], name: str) -> Any:
    """An object as a NamedTuple."""
    hints, inside = get_type_hints(kind), f"{name}." * bool(name)
    if strange := value.keys() - hints.keys():
        raise Misfit(f"{inside}{min(strange)} is not known to this jaxnn")
    if missing := hints.keys() - value.keys() - kind._field_defaults.keys():
        raise Misfit(f"{inside}{min(missing)} is missing")
    return kind(
        **{key: parsed(hints[key], held, inside + key) for key, held in value.items()}
    )


def one_of(kinds: tuple[Any, ...], value: Any, name: str) -> Any:
    """A value as the first of these kinds that it fits."""
    words = []
    for kind in kinds:
        try:
            return parsed(kind, value, name)
        except Misfit:
            words.append(in_words(kind))
    raise misfit(value, name, " or ".join(words))


def list_of(kinds: tuple[Any, ...], value: list[Any], name: str) -> list[Any]:
    """The elements of a list: all of one kind, or one for each kind."""
    each = [kinds[0]] * len(value) if kinds[1:] == (...,) else list(kinds)
    if len(each) != len(value):
        raise misfit(value, name, f"a list of {len(each)}")
    names = (f"{name}[{i}]" for i in range(len(value)))
    return [parsed(*three) for three in zip(each, value, names, strict=True)]


def require(kind: Any, value: Any, name: str) -> Any:
    """A value of a plain type, as JSON gives it; true is no number."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise misfit(value, name, in_words(kind))
    return value


def is_number(value: Any) -> bool:
    """Whether a value is a number of either kind, and no larger than a float."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and (isinstance(value, float) or abs(value) < 1 << 1023)


def misfit(value: Any, name: str, expected: str) -> Misfit:
    """The Misfit that shows the start of a value."""
    return Misfit(f"{name or 'it'} is {repr(value)[:40]}; expected {expected}")


def in_words(kind: Any) -> str:
    """A kind for a person to read."""
    home = get_origin(kind) or kind
    return WORDS.get(home, WORDS[tuple if home is list else dict])
