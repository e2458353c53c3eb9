"""The globals and the attributes of self that a function reads as its inputs."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jaxnn.clinic.calling.inputs import PARAMETER, SIZE, Input, by_name
from jaxnn.clinic.calling.lines import stored
from jaxnn.clinic.calling.listing import (
    DEFINITIONS,
    Definitions,
    is_parameter,
    name_in,
    reached,
    trees_of,
)
from jaxnn.clinic.calling.names import read_name
from jaxnn.clinic.calling.options import option_fields
from jaxnn.clinic.calling.scalars import scalars
from jaxnn.clinic.calling.scope import globals_made, globals_of, is_literal
from jaxnn.clinic.calling.surroundings import (
    held_by,
    init,
    inner,
    is_input,
    methods,
    of_self,
)
from jaxnn.clinic.calling.usages import fields, usage


def hidden_inputs(
    function: Callable[..., Any],
    own: str,
    taken: set[str],
    defined: Definitions,
    named: Mapping[str, str],
) -> Iterator[Input]:
    """The globals and attributes of self with a role that no argument has.

    If the parameters are arguments, a global theta1 is left alone: a function that
    reads it has a mistake, which the check must show. named: roles that a person gave.
    """
    inside = [*reached(own, defined), init(own)]
    at_first = of_self([init(own)], defined, True)
    here = attributes_of(own, defined)
    here += [name for name in held_by(own, defined) if name not in here]
    there = globals_read(function, defined)
    for where, names in (("attribute", here), ("global", there)):
        uses = {name: usage(name, inside, defined) for name in names}
        given = {name: named[name] for name in names if name in named}
        groups = scalars([n for n in names if n not in given], uses.__getitem__, where)
        groups = [one for one in groups if is_free(one.role, taken)]
        yield from groups
        taken = taken | {one.role for one in groups} | set(given.values())
        single = {name for one in groups for name in one.names}
        free = [name for name in names if name not in given and name not in single]
        roles = by_name(free, {}, uses.__getitem__)
        for name, role in given.items():
            yield Input(name, role, where, "said so", uses[name])
        scope = getattr(function, "__globals__", {}) if where == "global" else {}
        keys = {name: fields(name, inside, defined) for name in free}
        for name in free if where == "attribute" else [n for n in free if n in scope]:
            found = option_fields(name, keys[name], scope.get(name), named, uses[name])
            found = tuple(one for one in found if is_free(one.role, taken))
            taken = taken | {one.role for one in found}
            if found:
                one = Input(name, "", where, "settings", own=scope.get(name))
                yield one._replace(fields=found)
        for name, role in roles.items():
            is_fixed = role == "m" and is_literal(function, name)
            is_fixed |= bool(SIZE.fullmatch(role)) and name in at_first
            is_fixed |= role == "lam" and is_counted(name, defined.get(init(own)))
            if is_free(role, taken) and not is_fixed:
                yield Input(name, role, where, "by its name", uses[name])
        taken = taken | set(roles.values())


def globals_read(function: Callable[..., Any], defined: Definitions) -> list[str]:
    """The globals that no function makes, and the parameters beside them."""
    names = globals_of(function)
    names += [n for n in assigned_beside(function, names) if n not in names]
    made = set().union(*(globals_made(node) for node in defined.values()))
    made = {n for n in made if not is_input(n) or read_name(n).kind in ("lam", "rate")}
    return [name for name in names if name not in made]


def assigned_beside(function: Callable[..., Any], names: Iterable[str]) -> list[str]:
    """The parameters of other layers that the file assigns at its top: W1 beside W2."""
    stems = {n.rstrip("0123456789") for n in names if is_parameter(n)}
    body = [node for tree in trees_of(function) for node in tree.body]
    found = [
        name
        for node in body
        if not isinstance(node, DEFINITIONS)
        for name in stored(node)
    ]
    found = [n for n in found if is_parameter(n) and n[-1].isdigit()]
    return sorted(n for n in set(found) if n.rstrip("0123456789") in stems)


def is_counted(name: str, node: ast.AST | None) -> bool:
    """Whether a function assigns a name a length: self.L = len(sizes)."""
    lines = (n for n in ast.walk(node) if isinstance(n, ast.Assign)) if node else ()
    made = (n.value for n in lines if name_in(n.targets[0]) == name)
    return any("len(" in ast.unparse(value) for value in made)


def is_free(role: str, taken: set[str]) -> bool:
    """Whether no argument has the role, or one that says the same."""
    if PARAMETER.fullmatch(role):
        return not any(PARAMETER.fullmatch(each) for each in taken)
    if SIZE.fullmatch(role) and "layers" in taken:
        return False
    return role not in taken


def attributes_of(own: str, defined: Definitions) -> list[str]:
    """The attributes that a method and those it calls read and do not make."""
    first = init(own)
    made = of_self((e for e in methods(own, defined) if e != first), defined, True)
    reads = of_self(inner(own, defined), defined, False)
    called = {each.rpartition(".")[2] for each in methods(own, defined)}
    kept = [n for n in reads if n not in called and (n not in made or is_input(n))]
    at_first = of_self([first], defined, True)
    return sorted(kept, key=lambda n: at_first.index(n) if n in at_first else 99)
