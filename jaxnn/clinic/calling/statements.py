"""The top-level statements of a file, and which of them the wanted names need."""

import ast
import dis
import re
from collections.abc import Iterable, Iterator, Sequence
from types import CodeType
from typing import NamedTuple, TypeGuard

STORES = {"STORE_NAME", "STORE_GLOBAL", "DELETE_NAME"}
LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
ALTERS = {"add", "append", "extend", "insert", "setdefault", "update"}
ALWAYS = re.compile(r"sys\.path\.|os\.chdir$|(.+\.)?random\.seed$")


class Statement(NamedTuple):
    """A top-level statement, the names that it binds, and the globals that it reads."""

    node: ast.stmt
    file: str  # its name in tracebacks
    code: CodeType | None  # None under if __name__ == "__main__", which is not run
    binds: set[str]
    uses: set[str]


def statements(parsed: Iterable[tuple[str, ast.Module]]) -> list[Statement]:
    """The statements of all texts, with the names they bind and use."""
    found: list[Statement] = []
    for file, tree in parsed:
        imports = [s for s in tree.body if isinstance(s, ast.ImportFrom)]
        futures = [s for s in imports if s.module == "__future__"]
        found += describe(tree.body, file, futures)
    modules = set().union(*(s.binds for s in found if isinstance(s.node, IMPORTS)))
    for s in found:  # np.append(a, b) does not change np, as a.append(b) changes a
        if not isinstance(s.node, IMPORTS):
            s.binds.difference_update(modules - stores(s.code))
    return found


def is_main(node: ast.stmt) -> TypeGuard[ast.If]:
    """Whether the statement is if __name__ == "__main__"."""
    usual = ("__name__ == '__main__'", "'__main__' == __name__")
    return isinstance(node, ast.If) and ast.unparse(node.test) in usual


def describe(
    nodes: list[ast.stmt], file: str, futures: list[ast.ImportFrom]
) -> Iterator[Statement]:
    """Each statement with its names; the compiler separates globals from locals."""
    for node in nodes:
        body = node.body if is_main(node) else [node]
        code = compile(ast.Module([*futures, *body], []), file, "exec", 0, True)
        binds = stores(code)
        if is_main(node):
            yield Statement(node, file, None, binds, set())
            yield from describe(node.orelse, file, futures)
            continue
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            binds = {"*"}
        if not isinstance(node, DEFINITIONS):
            binds |= set(altered(node))
        yield Statement(node, file, code, binds, loads(code))


def stores(code: CodeType | None) -> set[str]:
    """The globals that the code itself binds or deletes."""
    steps = dis.get_instructions(code) if code else ()
    return {step.argval for step in steps if step.opname in STORES}


def loads(code: CodeType) -> set[str]:
    """The globals that the code reads, and those that functions inside it read."""
    steps = dis.get_instructions(code)
    own = {step.argval for step in steps if step.opname in LOADS}
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return own.union(*map(loads, inner))


def altered(node: ast.stmt) -> Iterator[str]:
    """The names whose values change in place: params["lr"] = 3, sizes.append(25)."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            each = each.func if each.func.attr in ALTERS else each
        elif not isinstance(getattr(each, "ctx", None), ast.Store | ast.Del):
            continue
        while isinstance(each, ast.Attribute | ast.Subscript):
            each = each.value
        if isinstance(each, ast.Name):
            yield each.id


def always(node: ast.stmt) -> bool:
    """Whether a statement only sets the import path, the folder or a seed."""
    if isinstance(node, ast.If):
        return all(always(each) for each in node.body + node.orelse)
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and bool(ALWAYS.match(ast.unparse(call.func)))


def gives_numbers(node: ast.stmt) -> bool:
    """Whether a statement binds no function: a loop, cost += 1, cost, grad = f(x)."""
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Tuple) for target in node.targets)
    return isinstance(node, ast.For | ast.While | ast.AugAssign)


def needs(found: list[Statement], roots: set[str]) -> tuple[list[Statement], set[str]]:
    """The statements that the roots need, in file order, and all names in them."""
    defined = {s.node.name for s in found if isinstance(s.node, DEFINITIONS)}
    bound: set[str] = set().union(*(s.binds for s in found))
    candidates = [
        (s, s.binds - defined if gives_numbers(s.node) else s.binds, always(s.node))
        for s in found
    ]
    names = set(roots)
    while True:
        chosen = [s for s, binds, fixed in candidates if fixed or binds & names]
        more = names.union(*(s.uses for s in chosen))
        if more - bound:  # even for builtins: numpy's star brings its own sum and abs
            more.add("*")
        if more == names:
            return chosen, names
        names = more


def depending(lines: Sequence[Statement], names: set[str]) -> list[Statement]:
    """The statements that depend on the names, directly or not."""
    found: set[int] = set()
    known = set(names)
    for _ in lines:  # a loop above can use what is set below
        for s in lines:
            if id(s) not in found and known & (s.uses | s.binds):
                found.add(id(s))
                known |= s.binds
    return [s for s in lines if id(s) in found]


def moves(s: Statement, of: set[str], live: set[str]) -> bool:
    """Whether a statement changes a parameter by what is computed from the data."""
    return bool(s.binds & s.uses & of and (s.uses - s.binds) & live)
