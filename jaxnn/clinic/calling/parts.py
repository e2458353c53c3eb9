"""One of a person's functions, made callable with a value for each role."""

import ast
import contextlib
import copy
import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling.inputs import Input
from jaxnn.clinic.calling.listing import trees_of
from jaxnn.clinic.calling.objects import described, held, put
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
        return [i for part in self.whole for i in (*part.constructor, *part.inputs)]

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
        there = {name: scope[name] for name in self.sets if name in scope}
        with globals_given(self.whole, given):
            instance = self.start(given)
            for one in every:
                if one.where == "attribute" and instance is not None:
                    setattr(instance, one.name, given[one.role])
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
            values[name] = result if source.place is None else result[source.place]
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
        values = {i.name: given[i.role] for i in part.inputs if i.where == "global"}
        for name in {*values, *part.sets}:
            saved.append((scope, name, name in scope, scope.get(name)))
        scope.update(values)
    try:
        yield
    finally:
        for scope, name, was_there, value in saved[::-1]:
            scope.pop(name, None)
            scope.update({name: value} if was_there else {})


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
    usual = {one.name: one for one in inputs if one.where == "argument"}
    filled = {
        name: described(one.like, given[one.role]) if one.like else given[one.role]
        for name, one in usual.items()
        if one.role
    } | dict(values)
    filled = {name: filled[name] for name in usual if name in filled}
    if stars:  # arguments before *args can only be passed by position
        return function(*filled.values(), *stars)
    bound = inspect.signature(function).bind_partial()
    bound.arguments.update(filled)
    by_place = [p.name for p in bound.signature.parameters.values() if p.kind == 0]
    if lost := [name for name in by_place if name not in filled]:
        if any(name in filled for name in by_place[by_place.index(lost[0]) :]):
            raise TypeError(f"no value is known for {lost[0]}")
    return function(*bound.args, **bound.kwargs)
