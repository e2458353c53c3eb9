"""The options that run a script's own names, found in its text."""

import ast
import re
from collections.abc import Iterable, Sequence

from jaxnn.clinic.calling.lines import (
    LOOPS,
    counters,
    flat_body,
    names_in,
    stored,
    unfolded,
)
from jaxnn.clinic.calling.listing import functions_in, is_parameter, name_in
from jaxnn.clinic.calling.names import COST, is_inputs, plain, read_name
from jaxnn.clinic.calling.terms import (
    Change,
    bare,
    changes,
    is_added,
    is_divided,
    literals,
    multiplied,
)

SHOWN = re.compile("print|show|plot|verbose")  # no name of a cost
SUMS = re.compile("mean|sum|average|log|loss|cost|mse|entropy|norm")


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
    steps = [one for one in changes(trees) if one.name in names]
    ready = before_loop(trees, {one.name for one in steps})
    running = counters(trees)
    of = [name for name in names if is_parameter(name) and name not in running]
    if not of:
        factors = multiplied(trees)
        of = [n for n in ready if n in factors and n in {one.name for one in steps}]
    steps = [one for one in steps if one.name in of]
    of = [n for n in of if n in {one.name for one in steps}] or of
    ready = [n for n in before_loop(trees, {*of}) if n not in of]
    values = gradients(names, steps) or [n for n in of if n in updated(trees)]
    ready = [n for n in ready if n not in literals(trees)]
    data = [data_of(trees, names, ready, kind) for kind in "xy"]
    data = [
        one or used(trees, ready, kind) for one, kind in zip(data, "xy", strict=True)
    ]
    if not (of and values and all(data)):
        return ""
    costs = costs_in(trees, names, steps)[:1]
    if costs and is_divided(values, steps):
        values = of  # the cost's gradient is the step, not what is divided in it
    parts = costs + values, of, data[0] + data[1]
    text = "--values {} --of {} --data {}".format(*(",".join(part) for part in parts))
    return text + " --expect 'tanh, tanh'" * (not costs and all_tanh(trees, of))


def all_tanh(trees: Iterable[ast.AST], of: Iterable[str]) -> bool:
    """Whether each layer's units are assigned as tanh of something."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    made = [n.value for n in nodes if isinstance(n, ast.Assign)]
    units = [n for n in made if isinstance(n, ast.Call) and name_in(n.func) == "tanh"]
    return len(units) == len(multiplied(nodes).intersection(of)) > 0


def gradients(names: Iterable[str], steps: Sequence[Change]) -> list[str]:
    """The names of gradients; [] where the steps are made of others, or add them."""
    values = [
        n for n in names if read_name(n).is_gradient and read_name(n).kind in "Wb"
    ]
    values = values or [n for n in names if plain(n).startswith(("grad", "g1", "g2"))]
    whole = {one.name for one in steps if names_in(one.term) & set(values)}
    some = whole and whole != {one.name for one in steps}
    return [] if some or any(is_added(name, steps) for name in values) else values


def costs_in(
    trees: Sequence[ast.Module], names: Iterable[str], steps: Sequence[Change]
) -> list[str]:
    """The names of costs: sums or means, of values from before the first step."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    first = min((one.line for one in steps), default=0)
    loops = [n for n in nodes if isinstance(n, LOOPS) and n.lineno < first]
    end = max((n.end_lineno or 0 for n in loops), default=0)
    lines = [n for n in nodes if isinstance(n, ast.Assign | ast.AugAssign)]
    lines = [n for n in lines if n.lineno <= end or not loops]
    late = {n.lineno: {*stored(n)} for n in lines if n.lineno >= first}
    found: dict[str, set[str]] = {}  # and what they are made of
    for name in names:
        made = [n for n in lines if name in stored(n)]
        if not COST.fullmatch(plain(name)) or SHOWN.search(name) or not made:
            continue
        lost = [set().union(*(late[i] for i in late if i < n.lineno)) for n in made]
        parts = set().union(*(names_in(n.value) for n in made))
        is_total = any(isinstance(n, ast.AugAssign) or is_sum(n.value) for n in made)
        is_late = any(
            names_in(n.value) & old for n, old in zip(made, lost, strict=True)
        )
        if not is_late and (is_total or parts & found.keys()):
            if not any(is_absolute(n.value) for n in made):
                found[name] = parts
    inner = {each for name, parts in found.items() for each in parts - {name}}
    return [n for n in found if n not in inner and n not in counters(trees)]


def is_sum(value: ast.expr) -> bool:
    """Whether a value is a sum or mean by the functions that it calls."""
    return any(SUMS.search(name) for name in called(value))


def is_absolute(value: ast.expr) -> bool:
    """Whether a value is made of absolute errors, which people print only."""
    return any("abs" in name for name in called(value))


def called(tree: ast.AST) -> list[str]:
    """The functions that a tree calls."""
    return [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]


def data_of(
    trees: Sequence[ast.Module], names: Sequence[str], ready: list[str], kind: str
) -> list[str]:
    """The name of the inputs "x" or of the labels "y", in a list; [] if none is."""
    found = examples(ready, kind) or used(trees, ready, kind)
    later = [] if found else examples(names, kind)
    if later:  # X in x = X[i]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        made = [n for n in nodes if isinstance(n, ast.Assign) and later[0] in stored(n)]
        found = [n for n in ready if any(n in names_in(one.value) for one in made)][:1]
    return found or later


def used(trees: Iterable[ast.AST], ready: Iterable[str], kind: str) -> list[str]:
    """The inputs or labels among names by their use: in X @ W, or in y - output."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    products = multiplied(nodes)
    gaps = [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Sub)]
    sides = {name_in(bare(side)) for n in gaps for side in (n.left, n.right)}
    found = [n for n in ready if (n in products if kind == "x" else n in sides)]
    return [n for n in found if kind == "x" or n not in products][-1:]


def examples(names: Iterable[str], kind: str) -> list[str]:
    """The inputs "x" or the labels "y" among names by what they say."""
    found = [n for n in names if read_name(n).kind == kind]
    found = found or [n for n in names if kind == "x" and is_inputs(n)]
    return ([n for n in found if len(n) == 1] or found)[-1:]


def updated(trees: Iterable[ast.Module]) -> set[str]:
    """The names that a loop assigns."""
    body = [node for tree in trees for node in flat_body(tree)]
    return {name for node in body if isinstance(node, LOOPS) for name in stored(node)}


def before_loop(trees: Iterable[ast.Module], made: set[str]) -> list[str]:
    """The names assigned before the loop that makes `made`, and used in it.

    Without such a loop these are all names but the loops' own.
    """
    body = [node for tree in trees for node in flat_body(tree)]
    places = [i for i, node in enumerate(body) if made & set(stored(node))]
    places = [i for i in places if isinstance(body[i], LOOPS)]
    end = places[-1] if places else len(body)
    found = [name for node in body[:end] for name in stored(node)]
    inside = {name for node in body[end : end + 1] for name in names_in(node)}
    running = counters(trees)
    found = [n for n in dict.fromkeys(found) if n in inside or not places]
    return [name for name in found if name not in running]
