"""Load the functions of an Octave file; call them like Python functions."""

import ast
import contextlib
import functools
import inspect
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxnn import files
from jaxnn.clinic.calling.listing import is_parameter
from jaxnn.clinic.calling.octave.process import Octave, executable
from jaxnn.clinic.calling.octave.sources import Head, fields, heads, reshaped
from jaxnn.clinic.calling.texts import guess
from jaxnn.clinic.calling.usages import Usage
from jaxnn.files import FileError
from jaxnn.mistake import Mistake


class Function:
    """A function in an Octave file; `returns` are the names of its outputs."""

    def __init__(self, octave: Octave, number: int) -> None:
        head = octave.functions[number]
        self.octave, self.number, self.path = octave, number, head.path
        self.returns, self.__name__ = head.returns, head.name
        self.__qualname__ = head.name
        self.reshaped = sum(map(is_parameter, reshaped(head)))
        self.stubs = stubs(head.path.parent)
        self.fields = {name: fields(head, name) for name in head.takes}
        self.uses = {name: used(found) for name, found in self.fields.items()}
        self.__signature__ = signature(head.takes)

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        """All its outputs."""
        return self.octave.call(self.number, arguments)


def load(path: Path, names: Sequence[str] = ()) -> tuple[Function, ...]:
    """The functions with these names, or the first one, of an Octave file.

    A name can also be that of another file in the folder. Octave starts at the first
    call.
    """
    path = Path(os.path.abspath(path))
    found = heads(path)
    chosen = [find(path, found, name) for name in names] or found[:1]
    for head in chosen:
        if not head.returns:
            raise Mistake(
                f"{head.path.name}: {head.name} returns nothing; write "
                f"function [J, grad] = {head.name}({', '.join(head.takes)})"
            )
    executable(path)
    octave = Octave(chosen)
    return tuple(Function(octave, number) for number in range(len(chosen)))


@functools.cache
def stubs(folder: Path) -> dict[str, ast.FunctionDef]:
    """The functions of a folder's files as Python's, without what they compute."""
    found: dict[str, ast.FunctionDef] = {}
    for path in sorted(folder.glob("*.m")):
        with contextlib.suppress(FileError):
            for head in heads(path)[:1]:
                (node,) = ast.parse("def f(): return x").body
                assert isinstance(node, ast.FunctionDef)
                assert isinstance(node.body[0], ast.Return)
                node.args.args = [ast.arg(name) for name in head.takes]
                names = [ast.Name(name, ast.Load()) for name in head.returns]
                node.body[0].value = ast.Tuple(list(names), ast.Load())
                found[path.stem] = node
    return found


def find(path: Path, found: Sequence[Head], name: str) -> Head:
    """The function with a name, in the file or in one beside it."""
    if name == path.stem:
        return found[0]
    beside = path.with_name(f"{name}.m")
    for head in found:
        if head.name == name:
            return head
    if beside.is_file():
        return heads(beside)[0]
    offered = [head.name for head in found]
    raise FileError(
        f"{path}: no {name} in it, and no {name}.m beside it; {guess(name, offered)}"
        f"it has: {files.listed(offered)}"
    )


def used(names: Sequence[str]) -> Usage:
    """How an argument with these fields is used: net.W1 as a dictionary's W1."""
    keys = [key for key in names if is_parameter(key.replace("{}", "").split(".")[-1])]
    is_struct = any("{}" in key for key in keys)
    keys = [key for key in keys if ("{}" in key) == is_struct]
    kind = "struct" if is_struct else "dictionary" * bool(keys)
    return Usage(kind, tuple(keys))


def signature(names: Sequence[str]) -> inspect.Signature:
    """The signature of a function with these arguments; varargin is *args."""
    p = inspect.Parameter
    found = [p(name, p.POSITIONAL_ONLY) for name in names if name != "varargin"]
    stars = [p("args", p.VAR_POSITIONAL)] if "varargin" in names else []
    return inspect.Signature([*found, *stars])
