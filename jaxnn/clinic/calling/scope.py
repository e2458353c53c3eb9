"""The globals that a function and its helpers read and set, by their compiled code."""

import ast
import builtins
import dis
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

import numpy as np


def is_literal(function: Callable[..., Any], name: str) -> bool:
    """Whether a global m is a fixed number, which is a mistake.

    A missing m, or one that is the length of a global array, comes from their data.
    """
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    lengths = {len(v) for v in scope.values() if isinstance(v, np.ndarray) and v.ndim}
    return isinstance(scope.get(name), int | float) and scope[name] not in lengths


def globals_of(function: Callable[..., Any]) -> list[str]:
    """The global values, set or missing, that a function and its helpers read."""
    inner = inspect.unwrap(function)
    scope = getattr(inner, "__globals__", {})
    names: dict[str, None] = {}
    for code in codes(function):
        steps = dis.get_instructions(code)
        for name in (step.argval for step in steps if step.opname == "LOAD_GLOBAL"):
            value = scope.get(name, getattr(builtins, name, None))
            if not callable(value) and not inspect.ismodule(value):
                names[name] = None
    return list(names)


def globals_set(function: Callable[..., Any]) -> list[str]:
    """The globals that a function and its helpers set."""
    steps = (step for code in codes(function) for step in dis.get_instructions(code))
    found = (step.argval for step in steps if step.opname == "STORE_GLOBAL")
    return list(dict.fromkeys(found))


def globals_made(node: ast.AST) -> set[str]:
    """The globals that a function sets, or whose elements it sets."""
    every = [*ast.walk(node)]
    found = {name for n in every if isinstance(n, ast.Global) for name in n.names}
    own = {n.arg for n in every if isinstance(n, ast.arg)}
    own |= {
        n.id for n in every if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    stores = (
        n.value
        for n in every
        if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)
    )
    filled = {n.id for n in stores if isinstance(n, ast.Name)}
    return found | (filled - own)


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
