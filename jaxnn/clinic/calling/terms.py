"""The terms that the lines of a script add to its parameters, and their factors."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from jaxnn.clinic.calling.lines import counters, flat_body, names_in
from jaxnn.clinic.calling.listing import name_in
from jaxnn.clinic.calling.names import COST, layers_of, plain, read_name

FACTORS = (ast.Mult, ast.MatMult, ast.Div)
PRODUCTS = ("dot", "matmul", "inner", "outer", "einsum")


class Numbers(NamedTuple):
    """The names of numbers in a script that a check has to choose."""

    roles: dict[str, str]  # of lambda, the sizes and the first of the counts
    counts: list[str]  # of examples, or of those in a batch
    rates: list[str]


class Change(NamedTuple):
    """A term that a line adds to a name's own value, or subtracts from it."""

    name: str
    term: ast.expr
    is_added: bool
    line: int


def changes(trees: Iterable[ast.AST]) -> Iterator[Change]:
    """The terms in W += d, W = W - rate * d and W, b = W - d, b - e."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            if isinstance(node.op, ast.Add | ast.Sub):
                value = ast.BinOp(node.target, node.op, node.value)
                yield from terms(node.target.id, value, node.lineno)
    for name, value in assigned(trees):
        yield from terms(name, value, value.lineno)


def assigned(trees: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """Each name with the value that it is set to, or runs through in a loop."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Assign):
            yield from paired(node.targets[0], node.value)
        if isinstance(node, ast.For):
            yield from paired(node.target, zipped(node.iter))


def zipped(value: ast.expr) -> ast.expr:
    """X, Y of zip(X, Y)."""
    if isinstance(value, ast.Call) and name_in(value.func) == "zip":
        return ast.copy_location(ast.Tuple(value.args, ast.Load()), value)
    return value


def paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The names in a target, each with its own part of the value if that is clear."""
    if isinstance(target, ast.Tuple):
        whole = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
        values = value.elts if whole else [value] * len(target.elts)  # type: ignore[union-attr]
        for one, part in zip(target.elts, values, strict=True):
            yield from paired(one, part)
    elif isinstance(target, ast.Name):
        yield target.id, value


def terms(name: str, value: ast.expr, line: int) -> Iterator[Change]:
    """The terms besides the name itself in a sum that begins or ends with it."""
    found: list[tuple[ast.expr, bool]] = []
    while isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        found.append((value.right, isinstance(value.op, ast.Add)))
        value = value.left
    found.append((value, True))
    rest = [one for one in found if not (is_name(one[0], name) and one[1])]
    for term, is_added in rest if len(rest) < len(found) else ():
        yield Change(name, term, is_added != is_negative(term), line)


def is_name(node: ast.AST, name: str) -> bool:
    """Whether a node is the variable of this name."""
    return isinstance(node, ast.Name) and node.id == name


def is_negative(node: ast.expr) -> bool:
    """Whether a product begins with a minus."""
    while isinstance(node, ast.BinOp):
        node = node.left
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def factors(node: ast.expr) -> Iterator[ast.expr]:
    """The factors of a product, as rate in rate * x.T @ d; numbers below it too."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, FACTORS):
        yield from factors(node.left)
        is_below = isinstance(node.op, ast.Div)
        if not is_below or isinstance(node.right, ast.Constant):
            yield from factors(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from factors(node.operand)
    else:
        yield node


def divisors(trees: Iterable[ast.AST]) -> set[str]:
    """The names that something is divided by."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    divided = [n for n in nodes if isinstance(n, ast.BinOp | ast.AugAssign)]
    below = [n for n in divided if isinstance(n.op, ast.Div)]
    sides = [n.right if isinstance(n, ast.BinOp) else n.value for n in below]
    return {node.id for node in sides if isinstance(node, ast.Name)}


def multiplied(trees: Iterable[ast.AST]) -> set[str]:
    """The names that are factors of matrix products, as X and W in X.dot(W.T)."""
    found: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        factors: list[ast.AST] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            factors = [node.left, node.right]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in PRODUCTS:
                factors = [node.func.value, *node.args]
        found |= {name_in(bare(each)) for each in factors}
    return found


def bare(node: ast.AST) -> ast.AST:
    """A value without .T, .values and slices; of a list's element the element."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript):
            if not isinstance(node.slice, ast.Slice | ast.Tuple):
                return node
        node = node.value
    return node


def is_vector(trees: Iterable[ast.Module], name: str) -> bool:
    """Whether a name is set to numbers in one row, as in x = np.array([1.0, 0.5])."""
    made = (value for one, value in assigned(trees) if one == name)
    lists = (n for value in made for n in ast.walk(value) if isinstance(n, ast.List))
    first = next(lists, None)
    return first is not None and all(map(is_number, first.elts))


def literals(trees: Iterable[ast.Module]) -> set[str]:
    """The names that are set to a number, as rate = 0.1 or a, b = 1, 2e-3."""
    nodes = [node for tree in trees for node in flat_body(tree)]
    made = assigned(node for node in nodes if isinstance(node, ast.Assign))
    return {name for name, value in made if is_number(value)} - counters(trees)


def is_number(node: ast.expr) -> bool:
    """Whether a value is made of numbers alone."""
    numbers = (ast.Constant, ast.BinOp, ast.UnaryOp)
    marks = (ast.operator, ast.unaryop, ast.expr_context)
    return all(
        isinstance(each, numbers + marks)
        and isinstance(getattr(each, "value", 0), int | float)
        for each in ast.walk(node)
    )


def numbers(
    trees: Sequence[ast.Module], steps: Iterable[Change], used: set[str]
) -> Numbers:
    """The numbers among the names used that are not the script's to choose."""
    every = literals(trees) & used
    kinds = {name: "m" if name == "N" else read_name(name).kind for name in every}
    below = divisors(trees)
    rates = rate_names(steps) & (every | counters(trees) & used)
    rates = sorted(name for name in rates if kinds.get(name) != "m")
    free = sorted(every.difference(rates))
    counts = [n for n in free if kinds[n] == "m"]
    counts += [n for n in free if kinds[n] in ("n", "") and n in below]
    roles = dict.fromkeys(counts[:1], "m")
    for kind in ("lam", "n", "k"):
        found = [n for n in free if kinds[n] == kind and n not in counts]
        roles |= dict.fromkeys(found[:1], kind)
    hidden = [n for n in free if kinds[n] == "h"]
    roles |= {name: f"h{i + 1}" for i, name in enumerate(hidden)}
    return Numbers(roles, counts, rates)


def rate_names(steps: Iterable[Change]) -> set[str]:
    """The names that steps are multiplied by, but for lambda in lambda * W."""
    found: set[str] = set()
    for one in steps:
        leaves = [n.id for n in factors(one.term) if isinstance(n, ast.Name)]
        found |= {*leaves} if one.name not in leaves else set()
    return found


def with_rates_of_one(steps: Iterable[Change], trees: Sequence[ast.Module]) -> None:
    """Put 1 in the place of the number that all steps are multiplied by: their rate.

    A number beside a rate with a name, or in some steps alone, may be a mistake.
    """
    named = literals(trees) | counters(trees)
    plain = [one for one in steps if not rate_names([one]) & named]
    numbers = [
        [n for n in factors(one.term) if isinstance(n, ast.Constant)] for one in plain
    ]
    if len({tuple(n.value for n in each) for each in numbers}) == 1:
        for each in (number for some in numbers for number in some):
            each.value = 1.0


def has_rate(values: Iterable[str], of: Iterable[str], steps: Iterable[Change]) -> bool:
    """Whether the values may be steps: the gradient times what a person chose."""
    moved = {*values} & {*of}
    bare = {one.term.id for one in steps if isinstance(one.term, ast.Name)}
    has_cost = any(COST.fullmatch(plain(name)) for name in values)
    return bool(moved or bare & {*values} or (has_cost and is_divided(values, steps)))


def is_divided(values: Iterable[str], steps: Iterable[Change]) -> bool:
    """Whether a step divides one of the values, as in W -= rate * dW / m."""
    terms = [one.term for one in steps if names_in(one.term) & {*values}]
    return any(isinstance(n, ast.Div) for term in terms for n in ast.walk(term))


def is_added(name: str, steps: Iterable[Change]) -> bool:
    """Whether a step adds a value, so that it is minus the gradient."""
    return any(one.is_added and name in names_in(one.term) for one in steps)


def parameter_roles(of: Sequence[str], factors: set[str]) -> dict[str, str]:
    """The roles of parameters by their names, or else by their use and order.

    factors: of matrix products, which a list of matrices is not.
    """
    if not factors.intersection(of):
        return {}
    if {read_name(name).kind for name in of} <= {"W", "b"}:
        found = [(kind, layers_of(of, kind)) for kind in "Wb"]
    else:
        apart = [n for n in of if n in factors], [n for n in of if n not in factors]
        found = [
            (kind, {n: i for i, n in enumerate(names)})
            for kind, names in zip("Wb", apart, strict=True)
        ]
    return {n: f"{kind}{i + 1}" for kind, places in found for n, i in places.items()}
