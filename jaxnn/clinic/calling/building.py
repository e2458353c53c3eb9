"""How an object of a person's class is made where its constructor's names do not say.

A number that the constructor takes is the size that it gives the weights. If that does
not show either, the object is made by the lines of the person's own file. Attributes
hold the weights by their names, or else by their shapes.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxnn.clinic.calling.calls import call
from jaxnn.clinic.calling.inputs import SIZE, Input
from jaxnn.clinic.calling.listing import name_in
from jaxnn.clinic.calling.parts import Part
from jaxnn.clinic.calling.templates import seen, seen_of

# roles for sizes that tell the arguments apart
NUMBERS = {f"size {n}": n for n in (7, 5, 11, 3, 13, 17, 19, 23)}
SIZES = {"n": 7, "h1": 5, "k": 3, "layers": [7, 5, 3], "hs": [5]}
GIVEN = SIZES | NUMBERS | {"rate": 0.5, "lam": 0.0, "count": 1, "m": 4}
ADDERS = re.compile("add|append|layer|stack|push|use|compile|build|init|set|dense|loss")


def completed(part: Part) -> Part:
    """The part with an object that can be made, and its parameters, as far as known."""
    is_blind = not any(one.is_parameter for one in part.every)
    if not inspect.isclass(part.owner) or (not is_blind and is_clear(part)):
        return part
    for find in (with_numbers, with_file):
        for trial in (part, find(part)) if is_blind else (find(part),):
            made = fresh(trial)
            found = holding(trial, made) if is_blind else trial
            if made is None or not (sizes := seen_of(found, made).sizes):
                continue
            found = with_roles(found, sizes)
            if not any(map(is_unknown, found.constructor)):
                return found
    return part


def is_clear(part: Part) -> bool:
    """Whether all that the constructor needs has a role, and makes layers if it must.

    Attributes with parameters are set, so they need not be there.
    """
    if any(map(is_unknown, part.constructor)):
        return False
    if not any(one.where == "objects" for one in part.inputs):
        return True
    if not {one.role for one in part.constructor if one.role} <= set(GIVEN):
        return True
    return (made := fresh(part)) is not None and bool(seen_of(part, made).sizes)


def is_unknown(one: Input) -> bool:
    """Whether an argument without default has no role."""
    return not one.role and one.why == "not known"


def fresh(part: Part) -> Any:
    """An object with the numbers given to the constructor's roles; None if it fails."""
    made = call(part.start, GIVEN, folder(part))
    return None if made.error else made.result


def with_numbers(part: Part) -> Part:
    """The part with a role of its own for each size that the constructor takes."""
    places = iter(NUMBERS)
    return part._replace(
        constructor=tuple(
            one._replace(role=next(places, one.role))
            if is_unknown(one) or SIZE.fullmatch(one.role)
            else one
            for one in part.constructor
        )
    )


def with_roles(part: Part, sizes: Sequence[int]) -> Part:
    """The part with the roles of the numbers that became the sizes of its weights."""
    last = len(sizes) - 1
    roles = {size: f"h{i}" for i, size in enumerate(sizes)}
    roles |= {sizes[0]: "n", sizes[last]: "k"}
    why = "by the weights' shapes"
    return part._replace(
        constructor=tuple(
            one._replace(role=roles.get(NUMBERS[one.role], ""), why=why)
            if one.role in NUMBERS
            else one
            for one in part.constructor
        )
    )


def with_file(part: Part) -> Part:
    """The part with the object that the lines of the file make, if there are any.

    The data that its constructor would keep are set in it.
    """
    made = own_object(part)
    data = [one for one in part.constructor if one.role in ("x", "y")]
    kept = [one._replace(where="attribute") for one in data if hasattr(made, one.name)]
    if made is None:
        return part
    return part._replace(owner=made, constructor=(), inputs=(*part.inputs, *kept))


def holding(part: Part, made: Any) -> Part:
    """The part with the attributes of an object that hold arrays of a network's shapes.

    They are one list of matrices, or matrices in their order and vectors of biases.
    """
    for name, value in vars(made).items() if hasattr(made, "__dict__") else ():
        whole = {"weights": value if isinstance(value, list) else []}
        if all(map(is_matrix, whole["weights"])) and seen(whole).sizes:
            return with_inputs(part, {name: "weights"})
    arrays = {n: v for n, v in getattr(made, "__dict__", {}).items() if is_matrix(v)}
    roles = {name: f"W{i + 1}" for i, name in enumerate(arrays)}
    shown = seen({roles[name]: value for name, value in arrays.items()})
    return with_inputs(part, roles) if shown.sizes and len(arrays) > 1 else part


def is_matrix(value: Any) -> bool:
    """Whether a value is a matrix of floats."""
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind == "f"


def with_inputs(part: Part, roles: Mapping[str, str]) -> Part:
    """The part with attributes of these roles among its inputs."""
    why = "by its shapes"
    held = [Input(name, role, "attribute", why) for name, role in roles.items()]
    others = [one for one in part.inputs if one.where == "argument"]
    return part._replace(inputs=(*others, *held))


def folder(part: Part) -> Path | None:
    """The folder of a function's file, if it has one."""
    file = part.scope.get("__file__")
    return Path(file).parent if file and Path(file).parent.is_dir() else None


def own_object(part: Part) -> Any:
    """The object that the lines of the file make, or None."""
    kind = part.name.rpartition(".")[0]
    supply = part.scope.get("__jaxnn_supply__", lambda name: None)
    for name, lines in makings(kind, part.trees):
        every = [node for line in lines for node in ast.walk(line)]
        for needed in {node.id for node in every if isinstance(node, ast.Name)}:
            if needed not in part.scope and needed != name:
                supply(needed)
        code = compile(ast.Module(lines, []), "<making>", "exec")
        scope = dict(part.scope)
        made = call(lambda _, code=code, scope=scope: exec(code, scope), {}, None)
        if not made.error:
            return scope[name]
    return None


def makings(
    kind: str, trees: Sequence[ast.Module]
) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Each name of an object of a class, with the lines that make it and add to it."""
    for body in (b for tree in trees for b in bodies(tree)):
        for i, node in enumerate(body):
            value = node.value if isinstance(node, ast.Assign) else None
            if not isinstance(value, ast.Call) or name_of(value.func) != kind:
                continue
            name = name_in(node.targets[0])  # type: ignore[attr-defined]
            yield name, [node, *(one for one in body[i + 1 :] if adds(one, name))]


def bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements in a tree."""
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            yield body


def adds(node: ast.stmt, name: str) -> bool:
    """Whether a statement is net.add(...) or the like, for the object of this name."""
    value = node.value if isinstance(node, ast.Expr) else None
    called = value.func if isinstance(value, ast.Call) else None
    is_method = isinstance(called, ast.Attribute) and name_of(called.value) == name
    return is_method and bool(ADDERS.match(called.attr.lower()))  # type: ignore[union-attr]


def name_of(node: ast.AST) -> str:
    """The name of a variable or attribute, or ""."""
    return getattr(node, "id", None) or getattr(node, "attr", None) or ""
