"""The lines of a script: a function's lines unfolded, a training loop run once."""

import ast
import copy
import re
from collections.abc import Collection, Iterable
from typing import Any, TypeGuard

from jaxnn.clinic.calling.statements import DEFINITIONS, is_main

MANY = 10**9  # examples
LOOPS = (ast.For, ast.While)
INNER = (*DEFINITIONS, ast.Lambda)


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

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, self.kinds):
            return ast.copy_location(ast.Pass(), node)
        return node if isinstance(node, self.inner) else self.generic_visit(node)


def over_all(tree: ast.Module, data: Iterable[str]) -> ast.Module:
    """The tree with `for i in range(4)` over rows X[i] of the data as one over all."""
    for loop in (node for node in ast.walk(tree) if isinstance(node, ast.For)):
        rows = [n for n in ast.walk(loop) if isinstance(n, ast.Subscript)]
        firsts = {getattr(n.slice, "lower", n.slice): n.value for n in rows}
        names = [
            ast.unparse(value)
            for first, value in firsts.items()
            if isinstance(first, ast.Name) and first.id in stored(loop.target)
        ]
        if re.fullmatch(r"range\(\d+\)", ast.unparse(loop.iter)):
            for name in [n for n in data if n in names][:1]:
                loop.iter = ast.parse(f"range(len({name}))", mode="eval").body
    return ast.fix_missing_locations(tree)


def batch_size(node: ast.For) -> int | None:
    """The number in `for i in range(0, m, 16)`, if there is one."""
    parts = node.iter.args if isinstance(node.iter, ast.Call) else []
    last = parts[2] if len(parts) == 3 else None
    value = last.value if isinstance(last, ast.Constant) else None
    return value if isinstance(value, int) else None


class Whole(ast.NodeTransformer):
    """Makes slices of a batch, as X[i : i + 16], slices of all examples."""

    def __init__(self, size: int) -> None:
        self.size = size

    def visit_Slice(self, node: ast.Slice) -> ast.AST:
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and each.value == self.size:
                each.value = MANY
        return node


def is_round(node: ast.stmt, given: Collection[str]) -> TypeGuard[ast.For | ast.While]:
    """Whether a loop assigns one of the names, or elements of it, but not each in turn.

    `for l in range(2): weights[l] -= rate * grads[l]` runs through the layers.
    """
    if not isinstance(node, LOOPS):
        return False
    running = names_in(node.target) if isinstance(node, ast.For) else set()
    parts = [n for n in ast.walk(node) if isinstance(n, ast.Subscript)]
    parts = [n for n in parts if isinstance(n.ctx, ast.Store)]
    filled = {n.value for n in parts if not names_in(n.slice) & running}
    names = {each.id for each in filled if isinstance(each, ast.Name)}
    return not names.union(stored(node)).isdisjoint(given)


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
        if isinstance(node, ast.For) and (size := batch_size(node)):
            node = Whole(size).visit(node)
        first = [Without(ast.Break, ast.Continue).visit(each) for each in node.body]
        for each in once(first, given):
            if isinstance(each, ast.If) and names_in(each.test) & running:
                found += each.body if not each.orelse else [each]
            else:
                found.append(each)
    return found


def rounds(
    lines: Iterable[tuple[str, ast.Module]], given: set[str], values: set[str]
) -> list[tuple[str, ast.Module]]:
    """The lines up to the first round of the last loop that assigns a given name.

    What follows a training loop, as a test on other data, can use the same names.
    """
    found: list[tuple[str, ast.Module]] = []
    whole: list[tuple[str, ast.Module]] = []
    for file, tree in lines:
        before: list[ast.stmt] = []
        for node in flat_body(tree):
            before += once([node], given)
            if is_round(node, given):
                found = [*whole, (file, ast.Module(before[:], []))]
        whole.append((file, ast.Module(before, [])))
    bound = {name for _, tree in found for name in stored(tree)}
    return found if values <= bound else whole


def counters(trees: Iterable[ast.AST]) -> set[str]:
    """The names that run through values, as i in `for i in range(9)`."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    heads = [n.target for n in nodes if isinstance(n, ast.For | ast.comprehension)]
    return {name for head in heads for name in stored(head)}
