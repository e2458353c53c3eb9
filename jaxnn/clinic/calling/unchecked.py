"""What a function reads besides its parameters and data, and nobody checks."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jaxnn.clinic.calling.hidden import attributes_of
from jaxnn.clinic.calling.listing import definitions
from jaxnn.clinic.calling.names import read_name
from jaxnn.clinic.calling.parts import Part
from jaxnn.clinic.calling.scope import globals_of
from jaxnn.clinic.calling.sizes import fresh
from jaxnn.clinic.calling.way import Way
from jaxnn.clinic.networks.problems import Problem


def unchecked(way: Way, problems: Sequence[Problem]) -> list[str]:
    """The names of numbers that may be parameters, but are the same in every call."""
    single = [n for one in way.subject.inputs if one.is_parameter for n in one.names]
    found = [n for n in single if not way.has_biases and read_name(n).kind == "b"]
    parts = [one for part in way.subject.parts for one in part.whole]
    known = {one.name.partition(".")[0] for one in way.subject.inputs}
    known |= {*single, *(name for part in parts for name in part.sets)}
    for part in parts:
        there: dict[str, Any] = {
            n: part.scope.get(n) for n in globals_of(part.function)
        }
        one, other = (dict(attributes(way, part, p)) for p in problems[:2])
        floats = {n: a for n, a in (there | one).items() if is_floats(a)}
        # what the constructor makes of the data is another one for other data
        alike = (
            n for n in floats if np.array_equal(floats[n], other.get(n, floats[n]))
        )
        found += [name for name in alike if name not in known]
    return list(dict.fromkeys(found))


def attributes(way: Way, part: Part, problem: Problem) -> Iterator[tuple[str, Any]]:
    """The attributes that a method reads and no method sets, of a fresh object."""
    if part.owner is not None:
        made = getattr(fresh(way, part, problem), "__dict__", {})
        for name in attributes_of(part.name, definitions(part.function)):
            yield name, made.get(name)


def is_floats(value: Any) -> bool:
    """Whether a value is an array of floats."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim > 0
