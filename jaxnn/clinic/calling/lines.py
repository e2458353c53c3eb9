"""The lines of a script: a function's lines unfolded, a training loop run once."""

import ast
import copy
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, TypeGuard

from jaxnn.clinic.calling.listing import name_in
from jaxnn.clinic.calling.statements import is_main

LOOPS = (ast.For, ast.While)
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
FACTORS = (ast.Mult, ast.MatMult, ast.Div)
PRODUCTS = ("dot", "matmul", "inner", "outer", "einsum")


class Change(NamedTuple):
    """A term that a line adds to a name's own value, or subtracts from it."""

    name: str
    term: ast.expr
    is_added: bool
    line: int


def stored(tree: ast.AST) -> list[str]:
    """The names that a tree assigns, or imports from a file, in its lines' order."""
    found: list[tuple[int, int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append((node.lineno, node.col_offset, node.id))
        if isinstance(node, ast.ImportFrom):
            found += [(n.lineno, n.col_offset, n.asname or n.name) for n in node.names]
    return list(dict.fromkeys(name for *_, name in sorted(found)))


def names_in(tree: ast.AST) -> set[str]:
    """All names in a tree."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def flat_body(tree: ast.Module) -> list[ast.stmt]:
    """The statements at top level and in main."""
    parts = [node.body if is_main(node) else [node] for node in tree.body]
    return [node for part in parts for node in part]


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
        body += [Without(ast.Return).visit(each) for each in copy.deepcopy(node.body)]
    return ast.fix_missing_locations(ast.Module(body, []))


class Without(ast.NodeTransformer):
    """Puts pass in the place of statements that only a function or loop can have."""

    def __init__(self, *kinds: type[ast.stmt]) -> None:
        self.inner = INNER if ast.Return in kinds else (*INNER, *LOOPS)
        self.kinds = kinds

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, self.kinds):
            return ast.copy_location(ast.Pass(), node)
        return node if isinstance(node, self.inner) else self.generic_visit(node)


def is_round(node: ast.stmt, given: Collection[str]) -> TypeGuard[ast.For | ast.While]:
    """Whether a statement is a loop that assigns one of the names."""
    return isinstance(node, LOOPS) and not set(given).isdisjoint(stored(node))


def once(body: Iterable[ast.stmt], given: Collection[str]) -> list[ast.stmt]:
    """The lines; of a loop that assigns a given name those of its first round.

    A line that only some rounds run, as `if i % 100 == 0`, is one of them.
    """
    found: list[ast.stmt] = []
    for node in body:
        if not is_round(node, given):
            found.append(node)
            continue
        running: set[str] = set()
        if isinstance(node, ast.For):
            head = copy.copy(node)
            head.body, head.orelse = [ast.Break()], []
            running = names_in(node.target)
            found.append(ast.fix_missing_locations(head))
        first = [Without(ast.Break, ast.Continue).visit(each) for each in node.body]
        for each in once(first, given):
            is_some = isinstance(each, ast.If) and bool(names_in(each.test) & running)
            found += each.body if is_some and not each.orelse else [each]
    return found


def changes(trees: Iterable[ast.AST]) -> Iterator[Change]:
    """The terms in W += d, W = W - rate * d and W, b = W - d, b - e."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            if isinstance(node.op, ast.Add | ast.Sub):
                value = ast.BinOp(node.target, node.op, node.value)
                yield from terms(node.target.id, value, node.lineno)
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = zip(target.elts, value.elts) if both else [(target, value)]  # type: ignore[union-attr] # noqa: B905
            for one, made in pairs:
                if isinstance(one, ast.Name):
                    yield from terms(one.id, made, node.lineno)


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


def counters(trees: Iterable[ast.Module]) -> set[str]:
    """The names that run through values, as i in `for i in range(9)`."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    heads = [n.target for n in nodes if isinstance(n, ast.For | ast.comprehension)]
    return {name for head in heads for name in stored(head)}


def literals(trees: Iterable[ast.Module]) -> set[str]:
    """The names that are set to a number, as rate = 0.1 or a, b = 1, 2e-3."""
    found: set[str] = set()
    for node in (node for tree in trees for node in flat_body(tree)):
        if isinstance(node, ast.Assign) and is_number(node.value):
            found.update(stored(node))
    return found - counters(trees)


def is_number(node: ast.expr) -> bool:
    """Whether a value is made of numbers alone."""
    numbers = (ast.Constant, ast.Tuple, ast.BinOp, ast.UnaryOp)
    marks = (ast.operator, ast.unaryop, ast.expr_context)
    return all(
        isinstance(each, numbers + marks)
        and isinstance(getattr(each, "value", 0), int | float)
        for each in ast.walk(node)
    )
