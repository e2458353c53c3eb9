"""The globals and attributes of self that a function reads besides its arguments."""

import builtins
import dis
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

import numpy as np

from jaxnn.clinic.roles import PARAMETERS, SIZES, Argument, role_of


def hidden_inputs(
    function: Callable[..., Any], taken: set[str], named: dict[str, str]
) -> list[Argument]:
    """The globals and attributes of self with a role that no argument has.

    If the parameters are arguments, a global theta1 is left alone: a function that
    reads it has a mistake, which the check must show.
    """
    if taken & PARAMETERS:
        taken = taken | PARAMETERS
    if taken & {"layers"}:
        taken = taken | set(SIZES)
    places = {"global": globals_of(function), "attribute": attributes_of(function)}
    found = []
    for where, names in places.items():
        for name in sorted(names):
            role = named.get(name) or role_of(name)
            if role == "rate":  # a global with such a name is often a module
                role = "" if taken & {"lam"} else "lam"
            is_fixed = role == "m" and "x" in taken and is_literal(function, name)
            if role and role not in taken and not is_fixed:
                found.append(Argument(name, role, where))
    return found


def is_literal(function: Callable[..., Any], name: str) -> bool:
    """Whether a global m is a fixed number, which is a mistake.

    A missing m, or one that is the length of a global array, comes from their data.
    """
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    lengths = {len(v) for v in scope.values() if isinstance(v, np.ndarray) and v.ndim}
    return isinstance(scope.get(name), int | float) and scope[name] not in lengths


def globals_of(function: Callable[..., Any]) -> set[str]:
    """The global values, set or missing, that a function and its helpers read."""
    inner = inspect.unwrap(function)
    scope = getattr(inner, "__globals__", {})
    names = set()
    for code in codes(function):
        steps = dis.get_instructions(code)
        for name in {step.argval for step in steps if step.opname == "LOAD_GLOBAL"}:
            value = scope.get(name, getattr(builtins, name, None))
            if not callable(value) and not inspect.ismodule(value):
                names.add(name)
    return names


def attributes_of(function: Callable[..., Any]) -> set[str]:
    """The attributes of self that the function reads."""
    names, before = set(), ""
    for code in codes(function)[:1]:
        for step in dis.get_instructions(code):
            if step.opname == "LOAD_ATTR" and before == "self":
                names.add(step.argval)
            before = ""
            if step.opname.startswith("LOAD_FAST"):  # some of these load two names
                pair = isinstance(step.argval, tuple)
                before = step.argval[-1] if pair else step.argval
    return names


def codes(function: Callable[..., Any]) -> list[CodeType]:
    """The code of a function, of functions in it, and of its helpers in the file."""
    inner = inspect.unwrap(function)
    scope = getattr(inner, "__globals__", {})
    todo: list[Any] = [getattr(inner, "__code__", None)]
    seen: list[CodeType] = []
    while todo:
        code = todo.pop(0)
        if code is None or code in seen:
            continue
        seen.append(code)
        todo += [each for each in code.co_consts if isinstance(each, CodeType)]
        helpers = (scope.get(name) for name in code.co_names)
        todo += [
            each.__code__
            for each in helpers
            if inspect.isfunction(each) and each.__globals__ is scope
        ]
    return seen
