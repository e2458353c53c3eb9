"""One of a person's functions, made callable with a value for each role."""

import copy
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling.inputs import Input, arguments, roles
from jaxnn.clinic.calling.listing import (
    Definitions,
    definitions,
    reached,
    returned_names,
    star_names,
)
from jaxnn.clinic.calling.objects import has_layers, held, put
from jaxnn.clinic.calling.surroundings import (
    Source,
    earlier,
    globals_set,
    held_by,
    hidden_inputs,
    init,
    preparing,
    source_of,
)
from jaxnn.clinic.calling.usages import Usage, usage
from jaxnn.mistake import Mistake

Function = Callable[..., Any]
DEEPEST = 4  # a function that needs another one, and so on


class Part(NamedTuple):
    """One function, and if it is a method, the object or class that it belongs to."""

    function: Function
    name: str  # "f" or "C.f"
    inputs: tuple[Input, ...]
    owner: Any = None  # an instance, or a class to be instantiated
    constructor: tuple[Input, ...] = ()  # of the class
    sources: Mapping[str, tuple[Source, "Part"]] = {}  # by argument
    before: tuple["Part", ...] = ()  # methods that run first
    making: tuple["Part", ...] = ()  # a method that makes the parameters
    returns: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()  # globals

    @property
    def every(self) -> list[Input]:
        """The inputs of this function, of its constructor and of those before it."""
        others = [part for _, part in self.sources.values()]
        others += [*self.before, *self.making]
        return [*self.constructor, *self.inputs, *(i for p in others for i in p.every)]

    @property
    def scope(self) -> dict[str, Any]:
        """The globals of the function."""
        return getattr(inspect.unwrap(self.function), "__globals__", {})

    def start(self, given: Mapping[str, Any]) -> Any:
        """A fresh object: a copy of the person's, or a new instance of the class."""
        if self.owner is None:
            return None
        if inspect.isclass(self.owner):
            made = apply(self.owner, self.constructor, given, {})
            for part in self.making:
                part.call(given, made, {})
            return made
        try:
            return copy.deepcopy(self.owner)
        except Exception:  # a lock or an open file cannot be copied
            return copy.copy(self.owner)

    def run(
        self, given: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """The result for the values of the roles, the parameters afterwards, and what
        the call set."""
        scope, every = self.scope, self.every
        values = {one.name: given[one.role] for one in every if one.where == "global"}
        touched = {*values, *self.sets}
        before = {name: scope[name] for name in touched if name in scope}
        scope.update(values)
        try:
            instance = self.start(given)
            for one in every:
                if one.where == "attribute" and instance is not None:
                    setattr(instance, one.name, given[one.role])
                if one.where == "objects":
                    put(instance, given[one.role])
            held = [one for one in every if one.is_parameter]
            there = [*getattr(instance, "__dict__", {}).items(), *before.items()]
            result = self.call(given, instance, {})
            made = {name: scope[name] for name in self.sets if name in scope}
            made |= getattr(instance, "__dict__", {})
            made = changed(dict(there), made)
            every = {one.role: after(one, given, instance, scope) for one in held}
            return result, every, made
        finally:  # in a notebook these are the person's own variables
            for name in touched:
                scope.pop(name, None)
            scope.update(before)

    def call(self, given: Mapping[str, Any], instance: Any, made: dict) -> Any:
        """Call it after those that it needs; `made` has their results."""
        for part in self.before:
            if part.name not in made:
                made[part.name] = part.call(given, instance, made)
        values = {}
        for name, (source, part) in self.sources.items():
            if part.name not in made:
                made[part.name] = part.call(given, instance, made)
            result = made[part.name]
            values[name] = result if source.place is None else result[source.place]
        function = self.function
        if instance is not None and "." in self.name:
            function = getattr(instance, function.__name__)
        return apply(function, self.inputs, given, values)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What is new, or can be filled in place, as a number cannot."""
    return {
        name: value
        for name, value in after.items()
        if before.get(name) is not value or not np.isscalar(value)
    }


def after(one: Input, given: Mapping[str, Any], instance: Any, scope: Any) -> Any:
    """The value of a parameter input after the call."""
    if one.where == "objects":
        return held(instance)
    if one.where == "attribute":
        return getattr(instance, one.name, None)
    return scope.get(one.name) if one.where == "global" else given[one.role]


def apply(
    function: Function,
    inputs: Sequence[Input],
    given: Mapping[str, Any],
    values: Mapping[str, Any],
) -> Any:
    """Call the function with the values for its roles; defaults fill the rest."""
    stars = [given[one.role] for one in inputs if one.where == "star"]
    usual = {one.name: one.role for one in inputs if one.where == "argument"}
    filled = {n: given[role] for n, role in usual.items() if role} | dict(values)
    filled = {name: filled[name] for name in usual if name in filled}
    if stars:  # arguments before *args can only be passed by position
        return function(*filled.values(), *stars)
    bound = inspect.signature(function).bind_partial()
    bound.arguments.update(filled)
    return function(*bound.args, **bound.kwargs)


def part(
    function: Function,
    named: dict[str, str],
    depth: int = 0,
    beside: Sequence[str] = (),
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
    lacks = {one.name for one in own if one.why.startswith("returned")}
    others = {
        arg: (source, at(source.function))
        for arg, source in found.items()
        if arg in lacks
    }
    before = "" if owner is None or is_deep else earlier(name, defined)
    maker = "" if owner is None or depth else preparing(name, defined)
    taken = {one.role for one in (*own, *first)}
    taken |= {one.role for _, p in others.values() for one in p.inputs}
    hidden = [*hidden_inputs(function, name, taken, defined, named)]
    hidden = [one for one in hidden if owner is not None or one.where == "global"]
    if owner is not None and not any(i.is_parameter for i in (*own, *first, *hidden)):
        if has_layers(kind, defined):
            usage_of = Usage("objects")
            hidden.append(Input("its layers", "params", "objects", "", usage_of))
    returns = getattr(function, "returns", None) or returned_names(defined.get(name))
    return Part(
        function,
        name,
        (*own, *hidden),
        owner,
        first,
        others,
        (at(before),) if before else (),
        (at(maker, 9),) if maker else (),
        tuple(returns),
        tuple(globals_set(function)),
    )


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
    found = roles([*names, *stars], defaults, named, provided, uses.__getitem__, first)
    where = dict.fromkeys(names, "argument") | dict.fromkeys(stars, "star")
    return tuple(
        Input(one, role, where[one], why, uses[one])
        for one, (role, why) in found.items()
    )


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
    scope = getattr(inspect.unwrap(beside), "__globals__", {})
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
