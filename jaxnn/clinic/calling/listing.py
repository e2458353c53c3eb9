"""What the text of a person's file says: definitions, returned names, uses."""

import ast
import inspect
import linecache
import os
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jaxnn.clinic.calling.names import read_name

PLAIN = ("float", "int", "sum", "list", "tuple", "unroll", "flatten")  # not cost(x)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Definitions = Mapping[str, ast.FunctionDef]


def functions_in(trees: Iterable[ast.Module]) -> dict[str, ast.FunctionDef]:
    """Every function "f" and method "C.f" at top level, and its tree."""
    found: dict[str, Any] = {}
    for node in (n for tree in trees for n in tree.body):
        if isinstance(node, DEFINITIONS):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            inside = [each for each in node.body if isinstance(each, DEFINITIONS)]
            found |= {f"{node.name}.{each.name}": each for each in inside}
    return found


def definitions(function: Callable[..., Any]) -> Definitions:
    """Every function and method beside a function, with what its files import."""
    if stubs := getattr(function, "stubs", {}):  # an Octave function
        return stubs
    inner, trees = inspect.unwrap(function), trees_of(function)
    scope = getattr(inner, "__globals__", {})
    file, outer = scope.get("__file__"), scope.get("__jaxnn_beside__", {})
    above = outer.get("__jaxnn_trees__", [])
    beside = neighbors([*above, *trees], os.path.dirname(file)) if file else []
    found = functions_in([*beside, *trees])
    own = getattr(inner, "__qualname__", "")
    if own and own not in found and (node := own_tree(inner)):
        found[own] = node
    return found


def trees_of(function: Callable[..., Any]) -> list[ast.Module]:
    """The trees of a function's file, or of the notebook's cells."""
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    return scope.get("__jaxnn_trees__") or parsed(scope)


def neighbors(trees: Iterable[ast.Module], folder: str) -> list[ast.Module]:
    """The functions that the files use from files in the same folder."""
    found = []
    nodes = [node for tree in trees for node in ast.walk(tree)]
    for node in (n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)):
        names = {each.name for each in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            files = [node.module]
        else:  # of modules whose functions are called
            files, names = names & called(trees), {"*"}
        for file in files:
            path = os.path.join(folder, *file.split(".")) + ".py"
            try:
                with open(path, encoding="utf-8") as stream:
                    body = ast.parse(stream.read()).body
            except (OSError, SyntaxError, ValueError):
                continue
            kept = [n for n in body if isinstance(n, (*DEFINITIONS, ast.ClassDef))]
            kept = [n for n in kept if {n.name, "*"} & names]
            found.append(ast.Module(list(kept), []))
    return found


def called(trees: Iterable[ast.Module]) -> set[str]:
    """The names of the modules and objects whose functions are called."""
    nodes = [n for tree in trees for n in tree.body if isinstance(n, DEFINITIONS)]
    calls = [
        n.func for node in nodes for n in ast.walk(node) if isinstance(n, ast.Call)
    ]
    return {ast.unparse(n.value) for n in calls if isinstance(n, ast.Attribute)}


def parsed(scope: Mapping[str, Any]) -> list[ast.Module]:
    """The trees of the files, or notebook cells, that define a scope's functions."""
    every = [value for value in scope.values() if inspect.isfunction(value)]
    kinds = [value for value in scope.values() if inspect.isclass(value)]
    kinds = [kind for kind in kinds if kind.__module__ == scope.get("__name__")]
    every += [f for kind in kinds for f in vars(kind).values() if inspect.isfunction(f)]
    files = {f.__code__.co_filename: 0 for f in every if f.__globals__ is scope}
    trees = []
    for file in files:
        try:
            trees.append(ast.parse("".join(linecache.getlines(file))))
        except SyntaxError:
            continue
    return trees


def own_tree(function: Any) -> ast.FunctionDef | None:
    """The tree of a function inside another one."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return None
    return tree.body[0] if isinstance(tree.body[0], ast.FunctionDef) else None


def returned_names(node: ast.AST | None) -> tuple[str, ...]:
    """The names in a function's last return statement; keys of a dictionary in it."""
    found = [each for each in own_nodes(node) if isinstance(each, ast.Return)]
    found = sorted((each for each in found if each.value), key=lambda one: one.lineno)
    for value in (each.value for each in found[-1:]):
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
        return tuple(name_in(part) for part in parts if part)
    return ()


def reshaped(names: Iterable[str], defined: Definitions) -> int:
    """How many weight matrices the functions named cut out of a vector."""
    nodes = [node for name in names for node in own_nodes(defined.get(name))]
    made = [node for node in nodes if isinstance(node, ast.Assign)]
    made = [node for node in made if "reshape" in ast.unparse(node.value)]
    found = {name_in(node.targets[0]) for node in made}
    return sum(is_parameter(name) for name in found)


def returned_keys(node: ast.AST | None) -> list[str]:
    """The keys of the one dictionary that a function returns."""
    names, found = returned_names(node), []
    for each in own_nodes(node) if len(names) == 1 else ():
        target = each.targets[0] if isinstance(each, ast.Assign) else None
        value = getattr(each, "value", None)
        if isinstance(target, ast.Subscript) and name_in(target.value) == names[0]:
            found.append(target.slice)
        is_it = isinstance(each, ast.Return) or (target and name_in(target) == names[0])
        found += value.keys if is_it and isinstance(value, ast.Dict) else []
    return [str(key.value) for key in found if isinstance(key, ast.Constant)]


def name_in(node: ast.AST) -> str:
    """The name that an expression has: x, self.x, grads["x"], x / m, np.sum(x)."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    if isinstance(node, ast.BinOp):
        return name_in(node.left) or name_in(node.right)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id not in PLAIN:
            return node.func.id
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(node.func, ast.Attribute) and node.func.attr == "argmax":
            return ""  # the classes, not the outputs
        names = [name_in(each) for each in (*node.args, inner) if each is not None]
        return next((name for name in names if name not in ("", "np")), "")
    return ""


def own_nodes(node: ast.AST | None) -> Iterator[ast.AST]:
    """All nodes of a function, without those of functions inside it."""
    todo: list[ast.AST] = [node] if node else []
    while todo:
        for child in ast.iter_child_nodes(todo.pop(0)):
            if not isinstance(child, (*DEFINITIONS, ast.Lambda, ast.ClassDef)):
                yield child
                todo.append(child)


def attributes(node: ast.AST | None, is_set: bool) -> list[str]:
    """The attributes of self that a method sets, or reads, in order."""
    if not isinstance(node, DEFINITIONS) or not node.args.args:
        return []
    me, found = node.args.args[0].arg, []
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            if each.value.id == me and isinstance(each.ctx, ast.Store) == is_set:
                found.append((each.lineno, each.col_offset, each.attr))
    return list(dict.fromkeys(name for *_, name in sorted(found)))


def reached(name: str, defined: Definitions) -> list[str]:
    """A function or method and those that it calls, by name; "C.f" reaches "C.g"."""
    names = [name]
    for each in names:
        owner = each.rpartition(".")[0]
        for node in ast.walk(defined[each]) if each in defined else ():
            called = node.func if isinstance(node, ast.Call) else node
            inner = (
                f"{owner}.{called.attr}" if isinstance(called, ast.Attribute) else ""
            )
            outer = called.id if isinstance(called, ast.Name) else ""
            names += [n for n in (inner, outer) if n in defined and n not in names]
    return names


def parameter_keys(keys: Iterable[str], count: int, start: int = 1) -> list[str]:
    """The keys of weights and biases; "W*" stands for W1, W2, ... up to `count`."""
    found: list[str] = []
    for key in keys:
        many = [key[:-1] + str(i) for i in range(start, start + count)]
        found += many if key.endswith("*") else [key]
    return [key for key in dict.fromkeys(found) if is_parameter(key)]


def is_parameter(key: str) -> bool:
    """Whether a key names weights or biases, not their gradient."""
    name = read_name(key)
    return name.kind in ("W", "b") and not name.is_gradient


def star_names(node: Any, star: str) -> list[str]:
    """The names in `a, b, c = args`; the course's names if the source is not known."""
    picked: dict[int, str] = {}
    for each in own_nodes(node):
        if not isinstance(each, ast.Assign):
            continue
        target, value = each.targets[0], each.value
        if isinstance(value, ast.Name) and value.id == star:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
            return [ast.unparse(one) for one in parts]
        if isinstance(value, ast.Subscript) and ast.unparse(value.value) == star:
            place = value.slice.value if isinstance(value.slice, ast.Constant) else None
            if isinstance(place, int):
                picked[place] = ast.unparse(target)
    usual = ["input_layer_size", "hidden_layer_size", "num_labels", "X", "y", "lam"]
    return [picked[i] for i in sorted(picked)] if node is not None else usual
