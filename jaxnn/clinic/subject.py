"""A person's function, or two, made callable with a value for each role."""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxnn.clinic.roles import PARAMETERS, Signature, plain, role_of, signature
from jaxnn.clinic.surroundings import globals_of, hidden_inputs
from jaxnn.mistake import Mistake

Function = Callable[..., Any]
THIRD = ("theta3", "w3", "weights3", "t3")


class Part(NamedTuple):
    """One function, and if it is a method, the object or class that it belongs to."""

    function: Function
    signature: Signature
    owner: Any = None  # an instance, or a class to be instantiated
    constructor: Signature = Signature(())  # of the class

    def run(self, given: Mapping[str, Any]) -> Any:
        """Call it with the values for its roles."""
        function = self.function
        if self.owner is not None:
            instance = self.instance(given)
            for one in self.signature.of("attribute"):
                setattr(instance, one.name, given[one.role])
            function = getattr(instance, function.__name__)
        scope = getattr(inspect.unwrap(self.function), "__globals__", {})
        values = {one.name: given[one.role] for one in self.signature.of("global")}
        before = {name: scope[name] for name in values if name in scope}
        scope.update(values)
        try:
            return apply(function, self.signature, given)
        finally:  # in a notebook these are the person's own variables
            for name in values:
                scope.pop(name, None)
            scope.update(before)

    def instance(self, given: Mapping[str, Any]) -> Any:
        """A fresh object: a copy of the person's, or a new instance of the class."""
        if inspect.isclass(self.owner):
            return apply(self.owner, self.constructor, given)
        try:
            return copy.deepcopy(self.owner)
        except Exception:  # a lock or an open file cannot be copied
            return copy.copy(self.owner)


class Subject(NamedTuple):
    """What is checked: one function, or one for the cost and one for the gradient."""

    parts: tuple[Part, ...]
    named: Mapping[str, str]  # the roles that the person gave, by argument

    @property
    def signature(self) -> Signature:
        """The inputs of all parts."""
        every = [s for part in self.parts for s in (part.signature, part.constructor)]
        return Signature(tuple(one for s in every for one in s.arguments))

    @property
    def settings(self) -> list[str]:
        """Arguments with a default, and globals, that could be lambda."""
        found = [one.name for one in self.signature.of("argument") if not one.role]
        for part in self.parts:
            scope = getattr(inspect.unwrap(part.function), "__globals__", {})
            for name in sorted(globals_of(part.function)):
                is_number = isinstance(scope.get(name), int | float)
                if is_number and not role_of(name) and name not in found:
                    found.append(name)
        return found

    @property
    def folder(self) -> Path | None:
        """The folder of the function's file, if it has one."""
        inner = inspect.unwrap(self.parts[0].function)
        file = getattr(inner, "__globals__", {}).get("__file__")
        return Path(file).parent if file and Path(file).parent.is_dir() else None

    @property
    def title(self) -> str:
        """The names of the functions."""
        names = [getattr(part.function, "__name__", "it") for part in self.parts]
        return ", ".join(names)

    def run(self, given: Mapping[str, Any]) -> list[Any]:
        """The result of each part."""
        return [part.run(given) for part in self.parts]


def apply(function: Function, s: Signature, given: Mapping[str, Any]) -> Any:
    """Call the function with the values for its roles; defaults fill the rest."""
    stars = [given[one.role] for one in s.of("star")]
    plain = [one for one in s.of("argument") if one.role]
    if stars:  # arguments before *args can only be passed by position
        return function(*(given[one.role] for one in plain), *stars)
    bound = inspect.signature(function).bind_partial()
    bound.arguments.update({one.name: given[one.role] for one in plain})
    return function(*bound.args, **bound.kwargs)


def subject(functions: Sequence[Function], named: Mapping[str, str]) -> Subject:
    """The functions with the roles of their arguments; named: roles by argument."""
    parts = tuple(part(function, dict(named)) for function in functions)
    found = Subject(parts, named)
    given = [one.name for one in found.signature.arguments]
    if lost := set(named) - set(given):  # globals have a role only if they are read
        raise Mistake(
            f"{found.title} has no argument {' or '.join(sorted(lost))}; "
            f"it has {', '.join(given)}"
        )
    needed = (PARAMETERS, "weights", "params"), ({"x", "y"}, "data", "x")
    for roles, what, role in needed:
        if not found.signature.takes(*roles):
            raise Mistake(
                f"{found.title}: no name among its arguments, globals and attributes "
                f"({', '.join(given)}) means {what}; say which one does: --convention "
                f"NAME={role}"
            )
    names = [plain(name) for name in given]
    if third := [name for name in names if name in THIRD]:
        raise Mistake(
            f"{found.title} takes {third[0]}, so its network has two hidden layers; "
            "gradcheck checks one hidden layer: theta1 and theta2"
        )
    return found


def part(function: Function, named: dict[str, str]) -> Part:
    """One function with all its inputs."""
    own = signature(function, named)
    owner = getattr(function, "__self__", None)
    if owner is None or inspect.ismodule(owner):
        owner = owning_class(function)
    elif inspect.isclass(owner):
        owner = None  # a classmethod needs no instance
    constructor = Signature(())
    if inspect.isclass(owner) and owner.__init__ is not object.__init__:
        constructor = signature(owner, named, first="")
    taken = {one.role for one in own.arguments + constructor.arguments}
    hidden = hidden_inputs(function, taken, named)
    if owner is None:
        hidden = [one for one in hidden if one.where == "global"]
    return Part(function, Signature((*own.arguments, *hidden)), owner, constructor)


def owning_class(function: Function) -> Any:
    """The class that defines a plain function, if the function takes self."""
    path = getattr(function, "__qualname__", "").split(".")
    names = list(inspect.signature(function).parameters)
    if len(path) < 2 or "<locals>" in path or names[:1] != ["self"]:
        return None
    found = getattr(function, "__globals__", {}).get(path[0])
    for name in path[1:-1]:
        found = getattr(found, name, None)
    return found
