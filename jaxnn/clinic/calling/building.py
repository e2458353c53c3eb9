"""How an object of a person's class is made where its constructor's names do not say.

A number that the constructor takes is the size that it gives the weights. If that does
not show either, the object is made by the lines of the person's own file.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jaxnn.clinic.calling.calls import call
from jaxnn.clinic.calling.inputs import SIZE, Input
from jaxnn.clinic.calling.listing import name_in, trees_of
from jaxnn.clinic.calling.parts import Part
from jaxnn.clinic.calling.templates import seen_of

NUMBERS = (7, 5, 11, 3, 13, 17, 19, 23)  # sizes that tell the arguments apart
SIZES = {"n": 7, "h1": 5, "k": 3, "layers": [7, 5, 3], "hs": [5]}
OTHERS = {"rate": 0.5, "lam": 0.0, "count": 1, "m": 4}
ADDERS = re.compile("add|append|layer|stack|push|use|compile|build|init|set|dense|loss")


def completed(part: Part) -> Part:
    """The part with an object that can be made, if there is a way to make one."""
    if not inspect.isclass(part.owner) or is_clear(part):
        return part
    known = probed(part)
    if is_clear(known):
        return known
    made = own_object(part)
    return known if made is None else part._replace(owner=made, constructor=())


def is_clear(part: Part) -> bool:
    """Whether all that the constructor needs has a role, and makes layers if it must.

    Attributes with parameters are set, so they need not be there.
    """
    if any(unknown(one) for one in part.constructor):
        return False
    if not any(one.where == "objects" for one in part.inputs):
        return True
    if not {one.role for one in part.constructor if one.role} <= set(SIZES | OTHERS):
        return True
    made = call(part.start, SIZES | OTHERS, folder(part))
    return not made.error and bool(seen_of(part, made.result).sizes)


def unknown(one: Input) -> bool:
    """Whether an argument without default has no role."""
    return not one.role and one.why == "not known"


def probed(part: Part) -> Part:
    """The part with roles for the numbers that the constructor makes its weights of."""
    numbers = [
        one for one in part.constructor if unknown(one) or SIZE.fullmatch(one.role)
    ]
    given = dict(OTHERS) | {
        one.name: n for one, n in zip(numbers, NUMBERS, strict=False)
    }
    trial = [
        one._replace(role=one.name) if one in numbers else one
        for one in part.constructor
    ]
    if not {one.role for one in trial if one.role} <= set(given):
        return part
    made = call(part._replace(constructor=tuple(trial)).start, given, folder(part))
    sizes = () if made.error else seen_of(part, made.result).sizes
    last = len(sizes) - 1
    roles = {sizes[i]: f"h{i}" for i in range(1, last)}
    roles |= {sizes[0]: "n", sizes[last]: "k"} if sizes else {}
    if len(roles) < len(sizes):  # two layers of one size
        return part
    found = [
        one._replace(role=roles[given[one.name]], why="by the weights' shapes")
        if one in numbers and given[one.name] in roles
        else one
        for one in part.constructor
    ]
    return part._replace(constructor=tuple(found))


def folder(part: Part) -> Path | None:
    """The folder of a function's file, if it has one."""
    file = part.scope.get("__file__")
    return Path(file).parent if file and Path(file).parent.is_dir() else None


def own_object(part: Part) -> Any:
    """The object that the lines of the file make, or None."""
    kind = part.name.rpartition(".")[0]
    supply = part.scope.get("__jaxnn_supply__", lambda name: None)
    for name, lines in makings(kind, trees_of(part.function)):
        every = [node for line in lines for node in ast.walk(line)]
        for needed in {node.id for node in every if isinstance(node, ast.Name)}:
            if needed not in part.scope and needed != name:
                supply(needed)
        code = compile(ast.Module(lines, []), "<making>", "exec")
        scope = dict(part.scope)
        made = call(lambda _, code=code, scope=scope: exec(code, scope), {}, None)
        if not made.error and seen_of(part, scope[name]).sizes:
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
