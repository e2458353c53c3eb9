"""Which functions of a file to check, if the person named none."""

import ast
import re
from collections.abc import Iterable, Mapping

from jaxnn.clinic.calling.listing import (
    attributes,
    functions_in,
    name_in,
    returned_names,
)
from jaxnn.clinic.calling.names import (
    BACKWARD,
    CACHE,
    COST,
    COSTS,
    is_slope,
    plain,
    read_name,
)

OTHER = re.compile(
    "check|numeric|debug|init|predict|test|plot|load|main|sigmoid|relu|tanh"
)


LOOPS = re.compile("train|fit|step|descent|wrapper|optimi")


def obvious(trees: Iterable[ast.Module]) -> tuple[list[str], list[list[str]]]:
    """The names to check if only one choice fits, and all choices that fit."""
    nodes = functions_in(trees)
    fits = {name: node for name, node in nodes.items() if takes_all(name, node)}
    slopes = [name for name, node in fits.items() if gives_gradient(name, node)]
    slopes = [n for n in slopes if not LOOPS.search(plain(n))] or slopes
    costs = [name for name in nodes if COSTS.search(plain(name)) and not is_other(name)]
    costs = [name for name in costs if name not in slopes]
    many = [name for name in nodes if is_slope(name)]  # one function a parameter
    if len(many) > 1 and slopes and set(slopes) <= set(many):
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
