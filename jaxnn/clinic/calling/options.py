"""Settings in one object: opts["lam"], cfg.hidden_size, and a network's own net.W1.

Each field that has a role is an input of its own; what else is in the person's own
object stays as it is.
"""

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxnn.clinic.calling.calls import call
from jaxnn.clinic.calling.inputs import PARAMETER, SECOND, SIZE, Input, by_name
from jaxnn.clinic.calling.listing import Definitions, name_in, parameter_keys, trees_of
from jaxnn.clinic.calling.names import CACHE, OUTPUT, plain, read_name
from jaxnn.clinic.calling.objects import field
from jaxnn.clinic.calling.usages import Usage, fields, usage

SETTING = re.compile(SIZE.pattern + "|lam|rate|m|count")


def options(
    name: str,
    default: Any,
    inside: Sequence[str],
    defined: Definitions,
    function: Callable[..., Any],
    named: Mapping[str, str],
) -> Input:
    """The argument as an object with settings; its fields are () if it is none."""
    there = dict.fromkeys(getattr(function, "fields", {}).get(name, ()), "")
    keys = there or fields(name, inside, defined)
    if not keys or name in named:
        return Input(name, "")
    own = own_value(name, default, function)
    used = getattr(function, "uses", {}).get(name) or usage(name, inside, defined)
    found = option_fields(name, keys, own, named, used)
    return Input(name, "", "argument", "settings", Usage(), (), found, own)


def option_fields(
    name: str,
    keys: Mapping[str, str],
    own: Any,
    named: Mapping[str, str],
    used: Usage,
) -> tuple[Input, ...]:
    """The fields of an argument, a global or an attribute that have a role.

    () if they are not those of settings, or of a network's object, net.W1. own: the
    person's own value, or None. keys: with how each is used.
    """
    others = [key for key in keys if plain(key) not in SECOND]
    kinds = {read_name(key).kind for key in others}
    is_data = any(OUTPUT.match(plain(key)) for key in others)
    is_network = "W" in kinds and not used.kind and len(parameter_keys(keys, 0)) > 1
    if not is_network and kinds & {"W", "b", "grads"}:
        return ()
    if CACHE.search(plain(name)) or (is_data and not is_network):
        return ()
    there = {key: field(own, key) for key in keys}
    free = [key for key in keys if there[key] is None or is_numbers(there[key])]
    roles = by_name(free, {}, lambda _: Usage(), False)
    found = []
    for key, role in roles.items():
        is_many = isinstance(there[key], list | tuple)
        if (SIZE.fullmatch(role) and is_many) or (role == "h1" and keys[key] == "list"):
            role = "hs" if role[0] == "h" else "layers"
        role = SECOND.get(plain(key), role) if role == "y" else role
        role = named.get(f"{name}.{key}", role)
        if SETTING.fullmatch(role) or (is_network and PARAMETER.fullmatch(role)):
            found.append(Input(f"{name}.{key}", role, "field", "by its name"))
    return tuple(found)


def is_numbers(value: Any) -> bool:
    """Whether a value is a number, an array, or numbers in a list."""
    if isinstance(value, list | tuple):
        return all(type(one) in (int, float) for one in value)
    return type(value) in (int, float) or isinstance(value, np.ndarray | np.number)


def own_value(name: str, default: Any, function: Callable[..., Any]) -> Any:
    """The value that the person's file gives something of this name, or None."""
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    if default not in (None, inspect.Parameter.empty):
        return default
    scope.get("__jaxnn_supply__", lambda _: None)(name)
    if name in scope:
        return scope[name]
    for node in (each for tree in trees_of(function) for each in ast.walk(tree)):
        if isinstance(node, ast.Assign) and name_in(node.targets[0]) == name:
            if isinstance(node.value, ast.Dict | ast.Call):
                code = compile(ast.Expression(node.value), "<options>", "eval")
                made = call(lambda _, code=code: eval(code, dict(scope)), {}, None)
                if made.error is None:
                    return made.result
    return None
