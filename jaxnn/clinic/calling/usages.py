"""How a person's functions treat a value: as a dictionary, list, vector or matrix."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jaxnn.clinic.calling.listing import Definitions, is_parameter, name_in
from jaxnn.clinic.calling.names import read_name

LOOPS = {"zip", "enumerate", "reversed", "list"}
KINDS = ("pairs", "dictionary", "vector", "list", "matrix", "number")  # pairs (x, y)
ARRAY = {*dir(np.ndarray), "values", "iloc", "loc", "index", "columns"}
PRODUCTS = {"dot", "matmul", "multiply", "transpose"}


class Usage(NamedTuple):
    """How a function treats an argument."""

    kind: str = ""  # one of KINDS, or "" if nothing shows
    keys: tuple[str, ...] = ()  # of a dictionary, or the names that a list unpacks into


def usage(name: str, inside: Iterable[str], defined: Definitions) -> Usage:
    """How the functions named treat their argument or attribute of this name."""
    votes: dict[str, int] = {}
    keys: list[str] = []
    for node, called, function in traced(name, inside, defined):
        kind, new = evidence(node, called)
        if kind == "list" and isinstance(node, ast.Subscript):
            words = texts_for(node.slice, defined[function])
            kind, new = ("dictionary", words) if words else (kind, new)
        votes[kind] = votes.get(kind, 0) + 1
        keys += [key for key in new if key not in keys]
    for kind in KINDS:
        if votes.get(kind):
            return Usage(kind, tuple(keys))
    return Usage()


def traced(
    name: str, inside: Iterable[str], defined: Definitions
) -> Iterator[tuple[ast.AST, str, str]]:
    """The nodes of the functions that have a value, its name in them, the function."""
    todo, seen = [(each, name) for each in inside], set()
    while todo:
        function, called = todo.pop(0)
        if (function, called) in seen or function not in defined:
            continue
        seen.add((function, called))
        for node in ast.walk(defined[function]):
            yield node, called, function
            todo += passes(node, called, function, defined)


def fields(name: str, inside: Sequence[str], defined: Definitions) -> dict[str, str]:
    """The keys, and the attributes but for methods, that the functions read of it.

    With each comes how it is used.
    """
    keys, methods = {}, set()
    for node, called, _ in traced(name, inside, defined):
        if isinstance(node, ast.Call):
            methods.add(id(node.func))
        new: list[str] = []
        if isinstance(node, ast.Subscript | ast.Call):
            new = evidence(node, called)[1]
        elif isinstance(node, ast.Attribute) and is_named(node.value, called):
            new = [node.attr] * (id(node) not in methods)
        keys |= dict.fromkeys(key for key in new if "*" not in key)
    found = [key for key in keys if key not in ARRAY]
    return {key: usage(key, inside, defined).kind for key in found}


def is_named(node: ast.AST | None, name: str) -> bool:
    """Whether the node is the variable, or the attribute, of this name."""
    label = getattr(node, "id", None) or getattr(node, "attr", None)
    return isinstance(node, ast.Name | ast.Attribute) and label == name


def evidence(node: ast.AST, name: str) -> tuple[str, list[str]]:
    """What one node shows of the value with this name: its kind, and keys."""
    if isinstance(node, ast.Subscript) and is_named(node.value, name):
        return subscript(node.slice)
    if isinstance(node, ast.Assign) and is_named(node.targets[0], name):
        keys = node.value.keys if isinstance(node.value, ast.Dict) else []
        words = [str(key.value) for key in keys if isinstance(key, ast.Constant)]
        return "dictionary" * bool(words), words
    if isinstance(node, ast.Assign) and is_named(node.value, name):
        parts = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else ()
        return ("list", [name_in(part) for part in parts]) if parts else ("", [])
    if isinstance(node, ast.For | ast.comprehension) and is_named(node.iter, name):
        parts = node.target.elts if isinstance(node.target, ast.Tuple) else ()
        is_example = [read_name(name_in(part)).kind for part in parts] == ["x", "y"]
        return ("pairs" if is_example else "list"), []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = node.left, node.right
        is_joined = any(isinstance(side, ast.List) for side in sides)
        return "list" * (is_joined and any(is_named(s, name) for s in sides)), []
    if isinstance(node, ast.Starred) and is_named(node.value, name):
        return "list", []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        near = any(is_named(side, name) for side in (node.left, node.right))
        return ("matrix" if near else ""), []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        near = any(is_named(side, name) for side in (node.left, node.right))
        return "number" * near, []  # or an array, if nothing else shows
    if isinstance(node, ast.Attribute) and is_named(node.value, name):
        word = {"items": "dictionary", "keys": "dictionary", "get": "dictionary"}
        word |= dict.fromkeys(("T", "dot", "transpose"), "matrix")
        return word.get(node.attr, ""), []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if is_named(node.func.value, name) and node.func.attr in ("get", "pop"):
            return subscript(node.args[0]) if node.args else ("", [])
    if isinstance(node, ast.Call) and any(is_named(arg, name) for arg in node.args):
        called = name_in(node.func)
        return ("list" if called in LOOPS else "matrix" * (called in PRODUCTS)), []
    return "", []


def subscript(index: ast.expr) -> tuple[str, list[str]]:
    """What an index shows: ["W1"], ["W" + str(i)], [0], [:5], [:, 1:]."""
    if isinstance(index, ast.Constant) and isinstance(index.value, str):
        return "dictionary", [index.value]
    texts = [n.value for n in ast.walk(index) if isinstance(n, ast.Constant)]
    if words := [text for text in texts if isinstance(text, str) and text.strip("{}")]:
        return "dictionary", [words[0] + "*"] if "{" not in words[0] else []
    if isinstance(index, ast.Slice):
        ends = [ast.unparse(each) for each in (index.lower, index.upper) if each]
        is_layers = ends and all(end in ("1", "-1") for end in ends)
        return ("list" if is_layers else "vector"), []
    return ("matrix" if isinstance(index, ast.Tuple) else "list"), []


def texts_for(index: ast.expr, tree: ast.AST) -> list[str]:
    """The parameters' names that a variable index can be, if it is a text."""
    if isinstance(index, ast.Constant | ast.Slice | ast.UnaryOp | ast.BinOp):
        return []
    parts = [n for n in ast.walk(tree) if isinstance(n, ast.BinOp | ast.JoinedStr)]
    stems = {id(each) for node in parts for each in ast.walk(node)}
    every = [n for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    texts = [(n.value, id(n) in stems) for n in every if isinstance(n.value, str)]
    named = [text + "*" * stem for text, stem in texts if is_parameter(text)]
    return [text for text in named if text[-1] == "*" or text[-1].isdigit()]


def passes(
    node: ast.AST, name: str, function: str, defined: Definitions
) -> list[tuple[str, str]]:
    """The functions that a call gives the value to, and its name there."""
    if not isinstance(node, ast.Call):
        return []
    called, owner = name_in(node.func), function.rpartition(".")[0]
    is_method = isinstance(node.func, ast.Attribute)
    target = f"{owner}.{called}" if is_method else called
    if target not in defined:
        return []
    names = [each.arg for each in defined[target].args.args][int(is_method) :]
    places = [i for i, each in enumerate(node.args) if is_named(each, name)]
    found = [(target, names[i]) for i in places if i < len(names)]
    given = [key.arg for key in node.keywords if is_named(key.value, name)]
    return found + [(target, arg) for arg in given if arg]
