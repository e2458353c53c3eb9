"""What a person's file does with what a function returns: add it to the parameters?"""

import ast
from collections.abc import Collection, Iterable, Iterator

from jaxnn.clinic.calling.listing import DEFINITIONS, is_parameter, name_in
from jaxnn.clinic.calling.names import read_name
from jaxnn.clinic.calling.parts import Part
from jaxnn.clinic.calling.terms import assigned, is_negative

SIGNS = {ast.Add: 1, ast.Sub: -1}


def with_callers(part: Part, returns: Iterable[str]) -> Part:
    """The part, and whether the file adds or subtracts it: W += rate * d.

    returns: the names that it returns, or sets in its object.
    """
    own = part.name.rpartition(".")[2]
    parameters = {one.name for one in part.inputs if one.is_parameter}
    gradients = {each for each in returns if read_name(each).is_gradient}
    every = [*scopes(part.trees)]
    held = [holders(own, gradients, nodes) for _, nodes in every]
    for (_, nodes), results in zip(every, [*held], strict=True):
        for i, (scope, _) in enumerate(every):
            held[i] = held[i] | passed(scope, nodes, results)
    found: set[int] = set()
    for (_, nodes), results in zip(every, held, strict=True):
        for parameter, term, sign in sums(nodes):
            inside = [*ast.walk(term)]
            is_here = any(is_call(each, own) for each in inside)
            is_here |= any(name_in(each) in results for each in inside if is_one(each))
            is_held = is_parameter(parameter) or parameter in parameters
            if is_here and is_held and parameter not in results:
                found.add(-sign if is_negative(term) else sign)
    return part._replace(adds=found.pop() if len(found) == 1 else 0)


def scopes(trees: Iterable[ast.AST]) -> Iterator[tuple[ast.AST, list[ast.AST]]]:
    """The trees and each function in them, with their own nodes in order."""
    for tree in trees:
        yield tree, [*within(tree)]
        for node in ast.walk(tree):
            if isinstance(node, DEFINITIONS):
                yield node, [*within(node)]


def within(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope in the lines' order, without those of functions in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, DEFINITIONS):
            yield child
            yield from within(child)


def holders(own: str, first: set[str], nodes: Iterable[ast.AST]) -> set[str]:
    """The names that hold what the function returned, or run through it in a loop."""
    found = {*first}
    for target, value in assigned(nodes):
        is_made = any(is_call(each, own) for each in ast.walk(value))
        if is_made or (isinstance(value, ast.Name) and value.id in found):
            found.add(target)
    return found


def passed(
    scope: ast.AST, nodes: Iterable[ast.AST], results: Collection[str]
) -> set[str]:
    """The arguments of a function for which the nodes pass it the results."""
    if not isinstance(scope, DEFINITIONS):
        return set()
    names = [each.arg for each in scope.args.args if each.arg != "self"]
    calls = [n for n in nodes if isinstance(n, ast.Call) and is_call(n, scope.name)]
    pairs = [pair for n in calls for pair in zip(names, n.args, strict=False)]
    return {
        name for name, value in pairs if is_one(value) and name_in(value) in results
    }


def is_call(node: ast.AST, name: str) -> bool:
    """Whether a node calls a function of this name."""
    return isinstance(node, ast.Call) and name == (
        getattr(node.func, "id", None) or getattr(node.func, "attr", None)
    )


def is_one(node: ast.AST) -> bool:
    """Whether a node is a name, an attribute, or an element of one."""
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def sums(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr, int]]:
    """The name, the term and its sign in W += d, W - d and weights[i] -= d."""
    for node in nodes:
        if isinstance(node, ast.AugAssign):
            left, right, op = node.target, node.value, node.op
        elif isinstance(node, ast.BinOp):
            left, right, op = node.left, node.right, node.op
        else:
            continue
        if isinstance(left, ast.Subscript) and not isinstance(left.slice, ast.Constant):
            left = left.value
        if type(op) in SIGNS and is_one(left):
            yield name_in(left), right, SIGNS[type(op)]
