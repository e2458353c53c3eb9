"""A person's functions, made callable with a value for each role."""

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxnn.clinic.calling.assembly import part
from jaxnn.clinic.calling.inputs import Input, arguments, role_named
from jaxnn.clinic.calling.names import (
    BACKWARD,
    CACHE,
    COST,
    COSTS,
    is_forward,
    is_slope,
    plain,
    read_name,
)
from jaxnn.clinic.calling.parts import Function, Part
from jaxnn.clinic.calling.scope import globals_of
from jaxnn.clinic.calling.texts import guess
from jaxnn.mistake import Mistake

NEVER = re.compile("seed|verb|log|moment|random|shuffle|thresh|tol|eps|batch|print")


class Subject(NamedTuple):
    """What is checked: one function, or one for the cost and one for the gradient."""

    parts: tuple[Part, ...]
    named: Mapping[str, str]  # the roles that the person gave, by argument

    @property
    def inputs(self) -> list[Input]:
        """The inputs of all parts, those of a name once."""
        return list(
            {one.name: one for part in self.parts for one in part.every}.values()
        )

    def takes(self, *wanted: str) -> bool:
        """Whether an input has any of the roles."""
        return any(one.role in wanted for one in self.inputs)

    def name_of(self, role: str) -> str:
        """The name of the first input with this role, or ""."""
        return next((one.name for one in self.inputs if one.role == role), "")

    def uses(self, package: str) -> bool:
        """Whether a function's file has imported a package, or something of it."""
        there = [value for part in self.parts for value in part.scope.values()]
        homes = (
            v if inspect.ismodule(v) else inspect.getmodule(type(v)) for v in there
        )
        names = (getattr(home, "__name__", "") for home in homes)
        return any(name.partition(".")[0] == package for name in names)

    @property
    def guessed(self) -> list[str]:
        """The arguments whose value is one of several, by none of their names."""
        each = [i for part in self.parts for p in part.whole for i in p.sources.items()]
        return [
            name
            for name, (source, _) in each
            if not (source.is_exact or source.place is None)
            and not CACHE.search(plain(name))
        ]

    @property
    def settings(self) -> list[str]:
        """Arguments with a default, and globals, that could be lambda."""
        free = [n for n in self.inputs if n.where == "argument" and not n.is_filled]
        classes = [part.owner for part in self.parts if inspect.isclass(part.owner)]
        takers = [*(part.function for part in self.parts), *classes]
        usual = [p for each in takers for p in arguments(each)[0]]
        other = {
            p.name for p in usual if isinstance(p.default, str | bool | list | dict)
        }
        free = [n for n in free if "returned" not in n.why and n.name not in other]
        found = [n.name for n in free if not NEVER.search(plain(n.name))]
        for each in self.parts:
            for name in sorted(globals_of(each.function)):
                is_number = isinstance(each.scope.get(name), int | float)
                if is_number and not read_name(name).kind and name not in found:
                    found.append(name)
        return found

    @property
    def folder(self) -> Path | None:
        """The folder of the function's file, if it has one."""
        file = self.parts[0].scope.get("__file__")
        return Path(file).parent if file and Path(file).parent.is_dir() else None

    @property
    def title(self) -> str:
        """The names of the functions."""
        return ", ".join(part.name.rpartition(".")[2] for part in self.parts)


def subject(functions: Sequence[Function], named: Mapping[str, str]) -> Subject:
    """The functions with the roles of their arguments; named: roles by argument."""
    said = {n: r for f in functions for n, r in getattr(f, "roles", {}).items()}
    given = said | {name: role_named(word) for name, word in named.items()}
    beside = [getattr(f, "__qualname__", "") for f in functions]
    parts = tuple(part(function, given, 0, beside) for function in functions)
    rates = {one.name for one in parts for one in one.every if one.role == "rate"}
    if len(rates) > 1 and "alpha" in rates:  # beside a rate lr
        parts = tuple(part(f, given | {"alpha": "lam"}, 0, beside) for f in functions)
    found = Subject(ordered(parts), named)
    names = [one.name for each in parts for one in each.every]
    for lost in sorted(set(named) - set(names)):
        read = [name for each in parts for name in globals_of(each.function)]
        known = dict.fromkeys([*names, *read])
        raise Mistake(
            f"{found.title} has no argument {lost}, and reads none; "
            f"{guess(lost, known)}it has {', '.join(known)}"
        )
    has_parameters = any(one.is_parameter for one in found.inputs)
    for there, what, role in (
        (has_parameters, "weights", "params"),
        (found.takes("x", "y", "pairs"), "data", "x"),
    ):
        if not there:
            raise Mistake(
                f"{found.title}: no name among its arguments, globals and attributes "
                f"({', '.join(dict.fromkeys(names))}) means {what}; say which one "
                f"does: --convention NAME={role}"
            )
    return found


def ordered(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The cost first, then the gradient; without those that only prepare for them."""
    if len(parts) < 2:
        return parts
    used = {one.name for part in parts for _, one in part.sources.values()}
    used |= {one.name for part in parts for one in part.before}
    kept = [
        part
        for part in parts
        if not (part.name in used or is_forward(part.name))
        or any(COST.fullmatch(plain(name)) for name in part.returns)
    ]
    kept = kept or list(parts[-2:])
    slopes = [part for part in kept if is_slope(part.name)]
    if len(slopes) > 1:  # one function a parameter
        return (*[part for part in kept if part not in slopes][-1:], *slopes)
    is_cost = [bool(COSTS.search(plain(part.name))) for part in kept[:2]]
    is_back = [bool(BACKWARD.search(plain(part.name))) for part in kept[:2]]
    if len(kept) == 2 and (is_cost, is_back) == ([False, True], [True, False]):
        kept = kept[::-1]
    return tuple(kept[-2:])
