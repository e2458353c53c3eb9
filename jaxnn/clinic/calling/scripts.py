"""A script without functions, made into one that runs its lines on other values."""

import ast
import copy
import inspect
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from jaxnn import files
from jaxnn.clinic.calling import texts
from jaxnn.clinic.calling.choosing import flat_body, stored, unfolded
from jaxnn.clinic.calling.names import read_name
from jaxnn.clinic.calling.sandbox import restored, within
from jaxnn.clinic.calling.statements import Statement, needs, statements
from jaxnn.files import FileError


class Script:
    """A function of some values that runs the lines of a file which give others."""

    def __init__(
        self, target: str, values: Sequence[str], given: Sequence[str]
    ) -> None:
        path, names = texts.split(target)
        function = names[0] if names else ""
        self.module = ModuleType(path.stem)
        self.module.__file__ = os.path.abspath(path)
        with files.reading(path, texts.KINDS.get(path.suffix.lower(), "Python")):
            parsed, _ = texts.parse(path)
            lines = [(file, unfolded(tree, function)) for file, tree in parsed]
            every = statements((file, once(tree, set(given))) for file, tree in lines)
        chosen, needed = needs(every, {*values})
        lams = [name for name in sorted(needed) if read_name(name).kind == "lam"]
        given = [*given, *[name for name in lams if name not in given][:1]]
        self.given, self.returns = tuple(given), tuple(values)
        self.check(path, {name for s in every for name in s.binds})
        live = set(depending(chosen, set(given)))
        with restored(), within(self.module):
            self.base: dict[str, Any] = {}
            self.errors = run([s for s in chosen if id(s) not in live], self.base, {})
        self.lines = [s for s in chosen if id(s) in live]
        self.__name__ = self.__qualname__ = path.stem
        self.__globals__ = {
            "__file__": self.module.__file__,
            "__jaxnn_trees__": [EMPTY],
        }
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, kind) for name in given]
        )

    def check(self, path: Path, bound: set[str]) -> None:
        """Raise FileError for a name that the file does not assign."""
        for name in (*self.returns, *self.given):
            if name not in bound:
                near = texts.guess(name, sorted(bound)) or "check the name"
                raise FileError(f"{path}: it assigns no {name}; {near.strip()}")

    def __call__(self, *args: Any, **named: Any) -> tuple[Any, ...]:
        """The values, computed by the file's lines."""
        given = dict(zip(self.given, args, strict=False)) | named
        scope = dict(self.base) | {"__name__": "__main__"}
        errors = run(self.lines, scope, given)
        for name in self.returns:
            if name not in scope:
                raise next(iter([*errors, *self.errors]), NameError(name))
        return tuple(scope[name] for name in self.returns)


EMPTY = ast.Module([], [])


def script(
    target: str | Path, values: Sequence[str], of: Sequence[str], data: Sequence[str]
) -> Script:
    """A function of the parameters `of` and of `data` that returns the values.

    target: a file, or "file.py:function" for the lines of a function. values, of, data:
    names that they assign. A training loop runs once.
    """
    return Script(str(target), values, (*of, *data))


def run(
    lines: Iterable[Statement], scope: dict[str, Any], given: dict
) -> list[Exception]:
    """Run the statements; the given names keep their values. Returns the errors."""
    errors: list[Exception] = []
    for s in lines:
        held = [name for name in s.binds if name in given]
        try:
            if s.code and not (held and name_only(s.node)):
                exec(s.code, scope)
        except Exception as error:
            if not s.binds <= given.keys():  # a lost data file costs nothing
                errors.append(error)
        if not isinstance(s.node, ast.For | ast.While):  # a loop may update them
            scope |= {name: copy.deepcopy(given[name]) for name in held}
    return errors


def name_only(node: ast.stmt) -> bool:
    """Whether a statement only assigns one plain name."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return len(targets) == 1 and isinstance(targets[0], ast.Name)


def depending(lines: Sequence[Statement], names: set[str]) -> list[int]:
    """The statements that depend on the names, directly or not, by identity."""
    found: list[int] = []
    known = set(names)
    for _ in lines:  # a loop above can use what is set below
        for s in lines:
            if id(s) not in found and known & (s.uses | s.binds):
                found.append(id(s))
                known |= s.binds
    return found


def once(tree: ast.Module, given: set[str]) -> ast.Module:
    """The lines at top level, in main too; a loop that changes the given runs once."""
    body = flat_body(tree)
    for node in body:
        if isinstance(node, ast.For | ast.While) and given.intersection(stored(node)):
            node.body = [*node.body, ast.copy_location(ast.Break(), node.body[-1])]
    return ast.fix_missing_locations(ast.Module(body, []))
