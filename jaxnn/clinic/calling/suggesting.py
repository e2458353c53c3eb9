"""The options that run a script's own names, found in its text."""

import ast
import re
from collections.abc import Iterable, Sequence

from jaxnn.clinic.calling.lines import (
    LOOPS,
    counters,
    flat_body,
    is_round,
    names_in,
    stored,
    unfolded,
)
from jaxnn.clinic.calling.listing import functions_in, is_parameter, name_in
from jaxnn.clinic.calling.names import COST, OUTPUT, is_inputs, plain, read_name
from jaxnn.clinic.calling.statements import DEFINITIONS
from jaxnn.clinic.calling.terms import (
    Change,
    assigned,
    bare,
    changes,
    is_added,
    is_divided,
    is_vector,
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
    return ast.Module([n for n in tree.body if not isinstance(n, DEFINITIONS)], [])


def options_of(trees: list[ast.Module]) -> str:
    """The options for the names at top level, or ""."""
    names = list(dict.fromkeys(name for tree in trees for name in stored(tree)))
    moved = {one.name for one in changes(trees)}
    of = parameters(trees, names, moved)
    steps = [one for one in changes(trees) if one.name in of]
    values = gradients(names, steps) or [n for n in of if n in updated(trees)]
    numbers = literals(trees)
    ready = [n for n in before_loop(trees, {*of}) if n not in of and n not in numbers]
    x = data_of(trees, names, ready, "x")
    is_single = bool(x) and is_vector(trees, x[0])
    targets = [n for n in numbers if is_single and read_name(n).kind == "y"]
    y = data_of(trees, names, [n for n in [*ready, *targets] if n not in x], "y")
    if not (of and values and x and y):
        return ""
    costs = costs_in(trees, names, steps, is_single)[:1]
    if costs and is_divided(values, steps):
        values = of  # the cost's gradient is the step, not what is divided in it
    parts = costs + values, of, x + y
    text = "--values {} --of {} --data {}".format(*(",".join(part) for part in parts))
    return text + " --expect 'tanh, tanh'" * (not costs and all_tanh(trees, of))


def parameters(
    trees: Sequence[ast.Module], names: Sequence[str], moved: set[str]
) -> list[str]:
    """The parameters by their names, or else what is moved and multiplied."""
    running = counters(trees)
    of = [name for name in names if is_parameter(name) and name not in running]
    if not of:
        factors, ready = multiplied(trees), before_loop(trees, moved)
        of = [name for name in ready if name in factors & moved]
    return [name for name in of if name in moved] or of


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
    trees: Sequence[ast.Module],
    names: Iterable[str],
    steps: Sequence[Change],
    is_single: bool,
) -> list[str]:
    """The names of costs: sums or means over the examples, from before the steps.

    is_single: whether there is one example, so that a cost need not be a sum.
    """
    nodes = [node for tree in trees for node in ast.walk(tree)]
    first = min((one.line for one in steps), default=0)
    loops = [n for n in nodes if isinstance(n, LOOPS) and n.lineno < first]
    end = max((n.end_lineno or 0 for n in loops), default=0)
    lines = [n for n in nodes if isinstance(n, ast.Assign | ast.AugAssign)]
    lines = [n for n in lines if n.lineno <= end or not loops]
    late = outdated(loops, lines, steps)
    found: dict[str, set[str]] = {}  # and what they are made of
    for name in (n for n in names if COST.fullmatch(plain(n)) and not SHOWN.search(n)):
        made = [n for n in lines if name in stored(n)]
        parts = set().union(*(names_in(n.value) for n in made))
        is_total = any(isinstance(n, ast.AugAssign) or is_sum(n.value) for n in made)
        is_late = any(
            n.lineno > line and names_in(n.value) & old
            for n in made
            for line, old in late
        )
        is_shown = is_late or any(is_absolute(n.value) for n in made)
        is_total |= is_single and any(is_curved(n.value) for n in made)
        if not is_shown and (is_total or parts & found.keys()):
            found[name] = parts
    inner = {each for name, parts in found.items() for each in parts - {name}}
    return [n for n in found if n not in inner and n not in counters(trees)]


def outdated(
    loops: Sequence[ast.stmt],
    lines: Sequence[ast.Assign | ast.AugAssign],
    steps: Sequence[Change],
) -> list[tuple[int, set[str]]]:
    """After which line names belong to moved parameters, or to one example alone."""
    moved = {one.name for one in steps}
    first = min((one.line for one in steps), default=0)
    found = [(n.lineno, {*stored(n)}) for n in lines if moved and n.lineno >= first]
    for loop in (each for each in loops if not is_round(each, moved)):
        inside = [n for n in ast.walk(loop) if isinstance(n, ast.Assign)]
        found += [(loop.end_lineno or 0, {*stored(n)}) for n in inside]
    return found


def is_sum(value: ast.expr) -> bool:
    """Whether a value is a sum or mean by the functions that it calls."""
    return any(SUMS.search(name) for name in called(value))


def is_curved(value: ast.expr) -> bool:
    """Whether a value is made of powers or logarithms, as the loss of one example."""
    powers = (n for n in ast.walk(value) if isinstance(n, ast.Pow))
    return any(powers) or any("log" in name for name in called(value))


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
    if found := examples(ready, kind) or used(trees, ready, kind)[-1:]:
        return found
    later = examples(names, kind)
    made = list(assigned(trees))
    for name in (*later, *used(trees, names, kind)):  # X where x = X[i], or x in X
        values = [names_in(value) for one, value in made if one == name]
        if near := [n for n in ready if any(n in each for each in values)]:
            return near[:1]
    return later


def used(trees: Iterable[ast.AST], names: Iterable[str], kind: str) -> list[str]:
    """The inputs or labels among names by their use: in X @ W, or in y - output."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    products = multiplied(nodes)
    gaps = [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Sub)]
    sides = {name_in(bare(side)) for n in gaps for side in (n.left, n.right)}
    return [n for n in names if n in (products if kind == "x" else sides - products)]


def examples(names: Iterable[str], kind: str) -> list[str]:
    """The inputs "x" or the labels "y" among names by what they say."""
    found = [n for n in names if read_name(n).kind == kind]
    found = [n for n in found if not OUTPUT.match(plain(n))] or found
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
