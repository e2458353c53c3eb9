"""One of a person's functions, made callable with a value for each role."""

import ast
import contextlib
import copy
import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling.inputs import Input, arguments
from jaxnn.clinic.calling.listing import trees_of
from jaxnn.clinic.calling.objects import described, field, filled, held, put
from jaxnn.clinic.calling.scalars import spread
from jaxnn.clinic.calling.surroundings import Source

Function = Callable[..., Any]


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
    reshaped: int = 0  # weight matrices that it cuts out of a vector
    adds: int = (
        0  # 1 if the file adds what it returns to parameters, -1 if it subtracts
    )

    @property
    def every(self) -> list[Input]:
        """The inputs of this function, of its constructor and of those before it."""
        found = [i for part in self.whole for i in (*part.constructor, *part.inputs)]
        return [each for one in found for each in (one, *one.fields)]

    @property
    def whole(self) -> list["Part"]:
        """This part, and those that it needs."""
        needed = [part for _, part in self.sources.values()]
        needed += [*self.before, *self.making]
        return [self, *(each for part in needed for each in part.whole)]

    @property
    def trees(self) -> list[ast.Module]:
        """The trees of the function's file."""
        return trees_of(self.function)

    @property
    def scope(self) -> dict[str, Any]:
        """The globals of the function."""
        return getattr(inspect.unwrap(self.function), "__globals__", {})

    def start(self, given: Mapping[str, Any]) -> Any:
        """A fresh object: a copy of the person's, or a new instance of the class."""
        if self.owner is None:
            return None
        if inspect.isclass(self.owner):
            np.random.seed(0)  # what is no parameter of ours is the same in each call
            random.seed(0)
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
    ) -> tuple[Any, dict[str, Any], dict[str, Any], list[Any]]:
        """The result for the values of the roles, the parameters afterwards, what the
        call set, and what the functions before it returned."""
        scope, every = self.scope, self.every
        given = with_objects(every, given)
        there = {name: scope[name] for name in self.sets if name in scope}
        with globals_given(self.whole, given):
            instance = self.start(given)
            for one in every:
                if one.where == "attribute" and instance is not None:
                    own = getattr(instance, one.name, None)
                    for name, value in spread(one, value_of(one, given, own)).items():
                        setattr(instance, name, value)
                if one.where == "objects":
                    put(instance, given[one.role])
            there |= getattr(instance, "__dict__", {})
            earlier: dict[str, Any] = {}
            result = self.call(given, instance, earlier)
            made = {name: scope[name] for name in self.sets if name in scope}
            made = changed(there, made | getattr(instance, "__dict__", {}))
            held = [one for one in every if one.is_parameter]
            kept = {one.role: after(one, given, instance, scope) for one in held}
            return result, kept, made, list(earlier.values())

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
            if source.place is not None:
                result = result[source.place]
            elif isinstance(result, tuple) and len(result) == 1:
                (result,) = result  # Octave's only output
            values[name] = result
        function = self.function
        if instance is not None and "." in self.name:
            function = getattr(instance, function.__name__)
        return apply(function, self.inputs, given, values)


@contextlib.contextmanager
def globals_given(parts: Sequence[Part], given: Mapping[str, Any]) -> Iterator[None]:
    """The globals that the parts read have the values of their roles in the block.

    Afterwards all are as before: in a notebook they are the person's own variables.
    """
    saved: list[tuple[dict[str, Any], str, bool, Any]] = []
    for part in parts:
        scope = part.scope
        there = [one for one in part.inputs if one.where == "global"]
        values = {
            name: value
            for one in there
            for name, value in spread(one, value_of(one, given)).items()
        }
        for name in {*values, *part.sets}:
            saved.append((scope, name, name in scope, scope.get(name)))
        scope.update(values)
    try:
        yield
    finally:
        for scope, name, was_there, value in saved[::-1]:
            scope.pop(name, None)
            scope.update({name: value} if was_there else {})


def value_of(one: Input, given: Mapping[str, Any], own: Any = None) -> Any:
    """The value of an input; own: the object with settings that is there."""
    if one.like:
        return described(one.like, given[one.role])
    if not one.fields:
        return given[one.role]
    if one.name + "." in given:
        return given[one.name + "."]
    values = {f.name.rpartition(".")[2]: given[f.role] for f in one.fields}
    return filled(one.own if own is None else own, values)


def with_objects(every: Sequence[Input], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values, and each object with fields, which all functions share."""
    made: dict[str, Any] = {}
    for one in every:
        if one.fields and one.where != "attribute":
            own = made.get(one.name + ".", one.own)
            made[one.name + "."] = value_of(one, given, own)
    return {**given, **made}


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
    if one.where == "field":
        name, _, last = one.name.rpartition(".")
        owner = given.get(name + ".") or getattr(instance, name, None)
        return field(owner, last)
    if one.where not in ("attribute", "global"):
        return given[one.role]
    is_global = one.where == "global"
    there = scope if is_global else getattr(instance, "__dict__", {})
    if one.names:
        return np.array([there.get(n) for n in one.names[: np.size(given[one.role])]])
    return there.get(one.name) if is_global else getattr(instance, one.name, None)


def apply(
    function: Function,
    inputs: Sequence[Input],
    given: Mapping[str, Any],
    values: Mapping[str, Any],
) -> Any:
    """Call the function with the values for its roles; defaults fill the rest."""
    stars = [given[one.role] for one in inputs if one.where == "star"]
    usual = {one.name: one for one in inputs if one.where == "argument"}
    known = dict(values)
    for one in usual.values():
        known |= spread(one, value_of(one, given)) if one.is_filled else {}
    known |= values
    order = [each.name for each in arguments(function)[0]]
    known = {name: known[name] for name in order if name in known}
    if stars:  # arguments before *args can only be passed by position
        return function(*known.values(), *stars)
    bound = inspect.signature(function).bind_partial()
    bound.arguments.update(known)
    by_place = [p.name for p in bound.signature.parameters.values() if p.kind == 0]
    if lost := [name for name in by_place if name not in known]:
        if any(name in known for name in by_place[by_place.index(lost[0]) :]):
            raise TypeError(f"no value is known for {lost[0]}")
    return function(*bound.args, **bound.kwargs)
