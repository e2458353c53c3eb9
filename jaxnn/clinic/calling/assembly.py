"""Find what one of a person's functions needs: its inputs, and other functions."""

import inspect
import os
from collections.abc import Mapping, Sequence
from typing import Any

from jaxnn.clinic.calling import octave
from jaxnn.clinic.calling.building import completed
from jaxnn.clinic.calling.callers import with_callers
from jaxnn.clinic.calling.hidden import hidden_inputs
from jaxnn.clinic.calling.inputs import Input, arguments, roles
from jaxnn.clinic.calling.listing import (
    Definitions,
    attributes,
    definitions,
    reached,
    reshaped,
    returned_names,
    star_names,
)
from jaxnn.clinic.calling.names import is_slope
from jaxnn.clinic.calling.objects import has_layers
from jaxnn.clinic.calling.options import options
from jaxnn.clinic.calling.parts import Function, Part
from jaxnn.clinic.calling.scalars import scalars
from jaxnn.clinic.calling.scope import globals_set
from jaxnn.clinic.calling.surroundings import (
    Source,
    earlier,
    filling,
    held_by,
    init,
    preparing,
    source_of,
)
from jaxnn.clinic.calling.usages import Usage, usage
from jaxnn.mistake import Mistake

DEEPEST = 4  # a function that needs another one, and so on


def part(
    function: Function, named: dict[str, str], depth: int, beside: Sequence[str] = ()
) -> Part:
    """One function with all its inputs; beside: the names of the others."""
    defined, owner = definitions(function), owner_of(function)
    name = getattr(inspect.unwrap(function), "__qualname__", "it")
    name = name if owner is not None or name in defined else name.rpartition(".")[2]
    kind, is_deep = name.rpartition(".")[0], depth > DEEPEST

    def at(other: str, depth: int = depth + 1) -> Part:
        return part(function_at(other, function, owner), named, depth)

    first: tuple[Input, ...] = ()
    if inspect.isclass(owner) and owner.__init__ is not object.__init__:
        first = inputs(owner, init(name), named, defined, {}, "constructor", kind)
    found = {} if is_deep else sources(function, name, defined, beside)
    place = "" if owner is not None and held_by(name, defined) else "params"
    own = inputs(function, name, named, defined, found, place)
    lacks = [one.name for one in own if one.why.startswith("returned")]
    others = {arg: (found[arg], at(found[arg].function)) for arg in lacks}
    before = "" if owner is None or is_deep else earlier(name, defined)
    if owner is None and not is_deep:
        before = filling(name, function, defined)
    maker = "" if owner is None or depth else preparing(name, defined)
    taken = {each.role for one in (*own, *first) for each in (one, *one.fields)}
    taken |= {one.role for _, p in others.values() for one in p.inputs}
    hidden = [*hidden_inputs(function, name, taken, defined, named)]
    hidden = [one for one in hidden if owner is not None or one.where == "global"]
    has_none = not any(one.is_parameter for one in (*own, *first, *hidden))
    if owner is not None and has_none:
        hidden += inside(kind, defined)
    returns = tuple(getattr(function, "returns", ()))
    returns = returns or ((name,) if is_slope(name) else ())
    returns = returns or returned_names(defined.get(name))
    whole = Part(
        function,
        name,
        (*own, *hidden),
        owner,
        first,
        others,
        (at(before),) if before else (),
        (at(maker, 9),) if maker else (),
        returns,
        tuple(globals_set(function)),
        getattr(function, "reshaped", 0) or reshaped(reached(name, defined), defined),
    )
    made = {*returns, *attributes(defined.get(name), True)}
    return whole if depth else completed(with_callers(whole, made))


def inside(kind: str, defined: Definitions) -> list[Input]:
    """The layers of an object as an input, if another class holds their parameters."""
    found = Input("its layers", "params", "objects", "", Usage("objects"))
    return [found] if has_layers(kind, defined) else []


def inputs(
    function: Function,
    name: str,
    named: dict[str, str],
    defined: Definitions,
    provided: Mapping[str, Source],
    first: str,
    owner: str = "",
) -> tuple[Input, ...]:
    """The arguments of a function with their roles."""
    usual, star = arguments(function)
    names = [p.name for p in usual]
    stars = star_names(defined.get(name), star) if star else []
    defaults = {p.name: p.default for p in usual if p.default is not p.empty}
    inside = [each for each in defined if each.startswith(f"{owner}.")] if owner else []
    inside = inside or reached(name, defined)
    uses = {one: usage(one, inside, defined) for one in (*names, *stars)}
    uses |= getattr(function, "uses", {})
    sets = {
        one: options(one, defaults.get(one), inside, defined, function, named)
        for one in names
    }
    beside = {each.arg for node in defined.values() for each in node.args.args}
    groups = scalars(names, uses.__getitem__, "argument") if not stars else ()
    single = {name for one in groups for name in one.names}
    whole = [n for n in names if not sets[n].fields and n not in single]
    found = roles(
        [*whole, *stars], defaults, named, provided, uses.__getitem__, first, beside
    )
    where = dict.fromkeys(names, "argument") | dict.fromkeys(stars, "star")
    made = {
        one: Input(one, role, where[one], why, uses[one], like_of(function, one, role))
        for one, (role, why) in found.items()
    }
    made |= {name: one for name, one in sets.items() if one.fields}
    return *groups, *(made[n] for n in (*names, *stars) if n not in single)


def like_of(function: Function, name: str, role: str) -> tuple[Any, ...]:
    """The global of an argument's name, if it has a dictionary for each layer."""
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    if role == "layers" and name not in scope and "__jaxnn_supply__" in scope:
        scope["__jaxnn_supply__"](name)
    found = scope.get(name) if role == "layers" else None
    every = tuple(found) if isinstance(found, list | tuple) else ()
    return every if all(isinstance(one, dict) for one in every) else ()


def sources(
    function: Function, name: str, defined: Definitions, first: Sequence[str] = ()
) -> dict[str, Source]:
    """The functions beside it that give its arguments a value; `first` are named."""
    usual, _ = arguments(function)
    every = {p.name: source_of(p.name, name, defined, first) for p in usual}
    return {arg: source for arg, source in every.items() if source is not None}


def function_at(name: str, beside: Function, owner: Any) -> Function:
    """The function or method of this name; it is loaded if it was not needed yet."""
    head, _, last = name.rpartition(".")
    if head:
        return getattr(owner if inspect.isclass(owner) else type(owner), last)
    if isinstance(beside, octave.Function):
        return octave.load(beside.path, [name])[0]
    scope = getattr(inspect.unwrap(beside), "__globals__", {})
    if name not in scope:
        scope = scope.get("__jaxnn_beside__", scope)
    if name not in scope and "__jaxnn_supply__" in scope:
        scope["__jaxnn_supply__"](name)
    if name not in scope:  # a function of a module beside the file
        modules = [value for value in scope.values() if inspect.ismodule(value)]
        folder = os.path.dirname(scope.get("__file__", ""))
        for each in modules:
            near = os.path.dirname(getattr(each, "__file__", None) or "") == folder
            if near and callable(vars(each).get(name)):
                return vars(each)[name]
    if not callable(scope.get(name)):
        raise Mistake(
            f"{name}, which gives a value that is needed, could not be loaded"
        )
    return scope[name]


def owner_of(function: Function) -> Any:
    """The object, or the class, that a method needs; None for any other function."""
    owner = getattr(function, "__self__", None)
    if owner is not None and not inspect.ismodule(owner):
        return None if inspect.isclass(owner) else owner  # a classmethod needs none
    path = getattr(function, "__qualname__", "").split(".")
    names = list(inspect.signature(function).parameters)
    if len(path) < 2 or "<locals>" in path or names[:1] != ["self"]:
        return None
    found = getattr(function, "__globals__", {}).get(path[0])
    for name in path[1:-1]:
        found = getattr(found, name, None)
    return found
