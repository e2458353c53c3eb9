"""Which functions of a file to check, if the person named none."""

import ast
import copy
import re
from collections.abc import Iterable, Mapping

from jaxnn.clinic.calling.listing import (
    attributes,
    functions_in,
    is_parameter,
    name_in,
    returned_names,
)
from jaxnn.clinic.calling.names import (
    BACKWARD,
    CACHE,
    COST,
    COSTS,
    is_inputs,
    is_slope,
    plain,
    read_name,
)
from jaxnn.clinic.calling.statements import is_main

OTHER = re.compile(
    "check|numeric|debug|init|predict|test|plot|load|main|sigmoid|relu|tanh"
)


SHOWN = re.compile("print|show|plot|verbose|.{12}")  # no name of a cost
LOOPS = re.compile("train|fit|step|descent|wrapper|optimi")


def obvious(trees: Iterable[ast.Module]) -> tuple[list[str], list[list[str]]]:
    """The names to check if only one choice fits, and all choices that fit."""
    nodes = functions_in(trees)
    fits = {name: node for name, node in nodes.items() if takes_all(name, node)}
    slopes = [name for name, node in fits.items() if gives_gradient(name, node)]
    slopes = [n for n in slopes if not LOOPS.search(plain(n))] or slopes
    costs = [name for name in nodes if COSTS.search(plain(name)) and not is_other(name)]
    costs = [name for name in costs if name not in slopes]
    many = [name for name in nodes if is_slope(name)]
    if (
        len(many) > 1 and slopes and set(slopes) <= set(many)
    ):  # one function a parameter
        return [*costs[:1], *many], [[*costs[:1], *many]]
    alone = [name for name in slopes if gives_cost(nodes[name])]
    pairs = [[c, g] for c in costs for g in slopes if c != g and owner(c) == owner(g)]
    pairs = [[c, penalized(c, g, nodes)] for c, g in pairs]
    pairs = [pair for pair in pairs if pair[1] not in alone and pair[0] not in alone]
    found = [[name] for name in alone] or pairs or [[name] for name in slopes]
    return (found[0] if len(found) == 1 else []), found


def penalized(cost: str, slope: str, nodes: Mapping[str, ast.FunctionDef]) -> str:
    """The function that adds the cost's penalty to the gradient's; or the latter."""
    if not has_penalty(nodes[cost]) or has_penalty(nodes[slope]):
        return slope
    last = slope.rpartition(".")[2]
    calls = (n for n in nodes if owner(n) == owner(slope) and has_penalty(nodes[n]))
    calls = (n for n in calls if n != cost and not LOOPS.search(plain(n)))
    inside = ((n, each) for n in calls for each in ast.walk(nodes[n]))
    found = (
        n for n, e in inside if isinstance(e, ast.Call) and name_in(e.func) == last
    )
    return next(found, slope)


def has_penalty(node: ast.FunctionDef) -> bool:
    """Whether an argument is lambda."""
    return any(read_name(each.arg).kind == "lam" for each in node.args.args)


def owner(name: str) -> str:
    """The class of a method, or ""."""
    return name.rpartition(".")[0]


def is_other(name: str) -> bool:
    """Whether a function is a helper by its name."""
    return bool(OTHER.search(plain(name)))


def takes_all(name: str, node: ast.FunctionDef) -> bool:
    """Whether a function's arguments can be a network's parameters and examples."""
    if is_other(name):
        return False
    every = [each.arg for each in node.args.args if each.arg != "self"]
    if any(read_name(arg).is_gradient for arg in every):
        return False
    held = attributes(node, False) if owner(name) else []
    kinds = {read_name(each).kind for each in (*every, *held)}
    has_cache = any(CACHE.search(plain(arg)) for arg in every)
    has_data = "y" in kinds and ("x" in kinds or has_cache)
    return has_data or (bool(kinds & {"params", "W"}) and bool(kinds & {"x", "y"}))


def gives_gradient(name: str, node: ast.AST) -> bool:
    """Whether a function returns a gradient, by its name or what it returns."""
    names = [read_name(each) for each in returned_names(node)]
    if COSTS.search(plain(name)):
        return len(names) > 1
    return any(one.is_gradient for one in names) or bool(BACKWARD.search(plain(name)))


def gives_cost(node: ast.AST) -> bool:
    """Whether a function returns a cost, by the names in its return statement."""
    names = returned_names(node)
    return len(names) > 1 and any(COST.fullmatch(plain(each)) for each in names)


def stored(tree: ast.AST) -> list[str]:
    """The names that are assigned in a tree, in the order of its lines."""
    names = [each for each in ast.walk(tree) if isinstance(each, ast.Name)]
    found = [each for each in names if isinstance(each.ctx, ast.Store)]
    found.sort(key=lambda each: (each.lineno, each.col_offset))
    return list(dict.fromkeys(each.id for each in found))


def unfolded(tree: ast.Module, function: str) -> ast.Module:
    """The tree with a function's lines at top level, below its arguments' defaults."""
    body: list[ast.stmt] = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name != function:
            body.append(node)
            continue
        names = [each.arg for each in node.args.args]
        values = ["None"] * len(names) + [ast.unparse(n) for n in node.args.defaults]
        pairs = zip(names, values[len(node.args.defaults) :], strict=True)
        body += ast.parse("\n".join(f"{name} = {value}" for name, value in pairs)).body
        body += [NoReturn().visit(each) for each in copy.deepcopy(node.body)]
    return ast.fix_missing_locations(ast.Module(body, []))


class NoReturn(ast.NodeTransformer):
    """Replaces return, which only a function may have."""

    def visit_Return(self, node: ast.Return) -> ast.AST:
        return ast.copy_location(ast.Pass(), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node


def suggestion(trees: Iterable[ast.Module]) -> tuple[str, str]:
    """The options that run a script's own names: --values ... --of ... --data ...

    With them comes "", or the function whose lines they name. The options are "" if
    no names show a gradient, parameters and data.
    """
    trees = list(trees)
    for function in ("", *functions_in(trees)):
        lines = [unfolded(tree, function) for tree in trees]
        if options := options_of([outermost(tree) for tree in lines]):
            return options, function
    return "", ""


def outermost(tree: ast.Module) -> ast.Module:
    """The tree without functions and classes."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return ast.Module([n for n in tree.body if not isinstance(n, inner)], [])


def options_of(trees: list[ast.Module]) -> str:
    """The options for the names at top level, or ""."""
    names = [name for tree in trees for name in stored(tree)]
    of = [name for name in names if is_parameter(name)]
    values = [
        n for n in names if read_name(n).is_gradient and read_name(n).kind in "Wb"
    ]
    values = values or [n for n in names if plain(n).startswith(("grad", "g1", "g2"))]
    moved, running = updated(trees), counters(trees)
    values = values or [n for n in of if n in moved]  # by a step
    costs = [n for n in names if COST.fullmatch(plain(n)) and not SHOWN.search(n)]
    costs = [n for n in costs if n not in running][:1]
    ready = before_loop(trees, {*of, *values})
    data = [examples(ready, kind) or examples(names, kind) for kind in "xy"]
    if not (of and values and all(data)):
        return ""
    parts = costs + values, of, data[0] + data[1]
    return "--values {} --of {} --data {}".format(*(",".join(part) for part in parts))


def examples(names: Iterable[str], kind: str) -> list[str]:
    """The name of the inputs "x" or of the labels "y", in a list; [] if none is."""
    found = [n for n in names if read_name(n).kind == kind]
    found = found or [n for n in names if kind == "x" and is_inputs(n)]
    return ([n for n in found if len(n) == 1] or found)[-1:]


def updated(trees: Iterable[ast.Module]) -> set[str]:
    """The names that a loop assigns."""
    body = [node for tree in trees for node in flat_body(tree)]
    loops = [node for node in body if isinstance(node, ast.For | ast.While)]
    return {name for node in loops for name in stored(node)}


def before_loop(trees: Iterable[ast.Module], made: set[str]) -> list[str]:
    """The names assigned before the loop that makes `made`, and used in it.

    Without such a loop these are all names but the loops' own.
    """
    body = [node for tree in trees for node in flat_body(tree)]
    loops = (ast.For, ast.While)
    places = [i for i, node in enumerate(body) if made & set(stored(node))]
    places = [i for i in places if isinstance(body[i], loops)]
    end = places[-1] if places else len(body)
    found = [name for node in body[:end] for name in stored(node)]
    used = [n for node in body[end : end + 1] for n in ast.walk(node)]
    used = {node.id for node in used if isinstance(node, ast.Name)}
    found = [n for n in dict.fromkeys(found) if n in used or not places]
    running = counters(trees)
    return [name for name in found if name not in running]


def counters(trees: Iterable[ast.Module]) -> set[str]:
    """The names that run through values, as i in `for i in range(9)`."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    heads = [n.target for n in nodes if isinstance(n, ast.For | ast.comprehension)]
    return {name for head in heads for name in stored(head)}


def flat_body(tree: ast.Module) -> list[ast.stmt]:
    """The statements at top level and in main."""
    parts = [node.body if is_main(node) else [node] for node in tree.body]
    return [node for part in parts for node in part]
