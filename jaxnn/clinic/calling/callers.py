"""What a person's file does with what a function returns: add it to the parameters?"""

import ast
from collections.abc import Iterable, Iterator

from jaxnn.clinic.calling.listing import DEFINITIONS, is_parameter, name_in
from jaxnn.clinic.calling.names import read_name
from jaxnn.clinic.calling.terms import assigned, is_negative

SIGNS = {ast.Add: 1, ast.Sub: -1}


def is_added_by_caller(
    name: str, returns: Iterable[str], trees: Iterable[ast.AST]
) -> bool:
    """Whether the file adds what a function returns to parameters, as W += rate * d."""
    own = name.rpartition(".")[2]
    gradients = {each for each in returns if read_name(each).is_gradient}
    found: set[int] = set()
    for scope in scopes(trees):
        nodes = [*inside(scope)]
        results = {*gradients}
        for target, value in assigned(nodes):
            if any(is_call(each, own) for each in ast.walk(value)):
                results.add(target)
            # for W, d in zip(weights, deltas)
            elif isinstance(value, ast.Name) and value.id in results:
                results.add(target)
        for parameter, term, sign in sums(nodes):
            every = [*ast.walk(term)]
            is_here = any(is_call(each, own) for each in every)
            is_here |= any(name_in(each) in results for each in every if is_plain(each))
            if is_here and parameter not in results:
                found.add(-sign if is_negative(term) else sign)
    return found == {1}


def scopes(trees: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The trees, and each function in them."""
    for tree in trees:
        yield tree
        yield from (n for n in ast.walk(tree) if isinstance(n, DEFINITIONS))


def inside(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope in the lines' order, without those of functions in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, DEFINITIONS):
            yield child
            yield from inside(child)


def is_call(node: ast.AST, name: str) -> bool:
    """Whether a node calls a function of this name."""
    return isinstance(node, ast.Call) and name == (
        getattr(node.func, "id", None) or getattr(node.func, "attr", None)
    )


def is_plain(node: ast.AST) -> bool:
    """Whether a node is a name, an attribute, or an element of one."""
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def sums(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr, int]]:
    """The parameter, the term and its sign in W += d, W - d and weights[i] -= d."""
    for node in nodes:
        if isinstance(node, ast.AugAssign):
            left, right, op = node.target, node.value, node.op
        elif isinstance(node, ast.BinOp):
            left, right, op = node.left, node.right, node.op
        else:
            continue
        if isinstance(left, ast.Subscript) and not isinstance(left.slice, ast.Constant):
            left = left.value
        name = name_in(left) if is_plain(left) else ""
        if type(op) in SIGNS and name and is_parameter(name):
            yield name, right, SIGNS[type(op)]
