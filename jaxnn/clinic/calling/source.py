"""Load a person's functions from their file or notebook, without running all of it.

Scripts load data, train and plot at top level. Only the statements that the wanted
functions need are run, and those that set the import path, the folder or a seed. If a
statement raises an error, the error is kept, as its names may never be used.
"""

import ast
import builtins
import inspect
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from jaxnn import files
from jaxnn.clinic.calling import octave, texts
from jaxnn.clinic.calling.choosing import obvious
from jaxnn.clinic.calling.listing import functions_in, name_in
from jaxnn.clinic.calling.names import is_slope
from jaxnn.clinic.calling.sandbox import within
from jaxnn.clinic.calling.statements import Statement, needs, statements
from jaxnn.clinic.calling.suggesting import suggestion
from jaxnn.clinic.calling.texts import guess, one_line, place, python2_hint
from jaxnn.files import FileError

PACKAGES = {"sklearn": "scikit-learn", "cv2": "opencv-python", "PIL": "pillow"}
MAIN = 'in if __name__ == "__main__", which is not run; move it out of there'


class Source(NamedTuple):
    """A file that was read but not run."""

    path: Path
    statements: list[Statement]
    offered: list[str]  # its functions and methods
    skipped: list[str]  # the cells left out, each with the reason


def load(target: str) -> tuple[Callable[..., Any], ...]:
    """The functions named by 'a.py:f', 'a.py:cost,gradient' or 'a.ipynb:C.method'."""
    path, names = texts.split(target)
    if path.suffix.lower() == ".m" and path.is_file():
        return octave.load(path, names)
    with files.reading(path, texts.KINDS.get(path.suffix.lower(), "Python")):
        parsed, skipped = texts.parse(path)
        found = statements(parsed)
    trees = [tree for _, tree in parsed]
    offered = [name for name in functions_in(trees) if ".__" not in name]
    source = Source(path, found, offered, skipped)
    names = names or choice(path, trees)
    check(source, names)
    roots = {name.partition(".")[0] for name in names}
    module = ModuleType(path.stem)
    module.__file__ = os.path.abspath(path)
    vars(module)["__jaxnn_trees__"] = trees
    module.__package__ = package_of(path, trees)
    vars(module)["__jaxnn_supply__"] = lambda name: supply(found, module, name)
    with within(module):
        chosen, needed = needs(found, roots)
        run(chosen, module, roots)
        explain(vars(module), needed, skipped)
        functions = tuple(resolve(source, name, vars(module)) for name in names)
    for one in functions:  # one of a file beside it sees what this file imports
        scope = getattr(inspect.unwrap(one), "__globals__", {})
        if scope is not vars(module):
            scope["__jaxnn_beside__"] = vars(module)
    return functions


def failed(function: Any) -> dict[str, str]:
    """The globals missing for a function, unwrapped: name -> cause."""
    for _ in range(20):  # an object can claim to wrap another one without end
        scope = getattr(function, "__globals__", {})
        if "__jaxnn_failed__" in scope:
            return scope["__jaxnn_failed__"]
        inner = ("__wrapped__", "func", "__func__")
        ways = [getattr(function, way) for way in inner if hasattr(function, way)]
        # calling an instance runs a function of its class
        function = ways[0] if ways else vars(type(function)).get("__call__")
    return {}


def choice(path: Path, trees: list[ast.Module]) -> list[str]:
    """The names to check where the person gave none, if there is one choice."""
    names, every = obvious(trees)
    if len(every) > 1:
        start = f"python -m jaxnn.gradcheck {shlex.quote(str(path))}"
        lines = [f"{start}:{','.join(each)}" for each in every[:4]]
        raise FileError(
            f"{path}: no function named, and several fit; run one of: "
            f"{'  or  '.join(lines)}"
        )
    options, function = ("", "") if is_used(names, trees) else suggestion(trees)
    if options and not (names and function):
        target = shlex.quote(str(path)) + f":{function}" * bool(function)
        own = ",".join(names)
        why = f"nothing calls {own}" if names else "no function with a gradient"
        raise FileError(
            f"{path}: {why}; run its lines on test values: "
            f"python -m jaxnn.gradcheck {target} {options}"
            + f"  or check the function: {path.name}:{own}"
            * bool(names)
        )
    return names


def is_used(names: Sequence[str], trees: Iterable[ast.Module]) -> bool:
    """Whether the file calls the last of the functions named."""
    own = names[-1].rpartition(".")[2] if names else None
    nodes = (node for tree in trees for node in ast.walk(tree))
    return any(isinstance(n, ast.Call) and name_in(n.func) == own for n in nodes)


def check(source: Source, names: list[str]) -> None:
    """Raise FileError unless there are one or two names that the file can have."""
    path, found, offered, _ = source
    if not names or sum(not is_slope(name) for name in names) > 3:
        likely = [name for name in offered if "cost" in name.lower()] or offered
        example = f"{path.name}:{(likely or ['nn_cost_function'])[0]}"
        many = f"{len(names)} functions named" if names else "no function named"
        raise FileError(
            f"{path}: {many}; it has: {files.listed(offered)}; "
            f"name the function (or two: cost,gradient), like {example}"
        )
    bound: set[str] = set().union(*(s.binds for s in found))
    for name in names:
        if not bound & {name.partition(".")[0], "*"}:
            raise unknown(source, name)


def supply(found: list[Statement], module: ModuleType, name: str) -> None:
    """Run what one more function of the file needs, but nothing that was run before."""
    with within(module):
        there = {n for n in vars(module) if not n.startswith("__")}
        chosen = [s for s in needs(found, {name})[0] if not s.binds <= there]
        run([s for s in chosen if s.binds], module, {name, *there})


def package_of(path: Path, trees: Iterable[ast.Module]) -> str:
    """The package of a file with relative imports, by its folders; else ""."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    level = max((n.level for n in nodes if isinstance(n, ast.ImportFrom)), default=0)
    folders = Path(os.path.abspath(path)).parents
    if level:
        sys.path.append(str(folders[level]))
    return ".".join(folder.name for folder in folders[:level][::-1])


def run(chosen: Iterable[Statement], module: ModuleType, roots: set[str]) -> None:
    """Run the statements; if one raises, its names are missing and its error kept."""
    scope = vars(module)
    causes: dict[str, str] = scope.setdefault("__jaxnn_failed__", {})
    folder = os.path.dirname(module.__file__ or "")
    for s in chosen:
        # after def cost(...), cost = cost(theta) must not replace the function
        kept = {name: scope[name] for name in roots if callable(scope.get(name))}
        try:
            if s.code:
                exec(s.code, scope)
            else:
                line = place(s.file, s.node.lineno)
                causes |= dict.fromkeys(s.binds, f"{line} is {MAIN}")
        except (Exception, SystemExit) as error:
            lacks = error.name if isinstance(error, NameError) else None
            first = lacks and causes.get(lacks, causes.get("*"))  # the first cause
            causes |= dict.fromkeys(s.binds, first or cause(s, error, folder))
            for name in s.binds - roots:
                scope.pop(name, None)
        scope |= {n: f for n, f in kept.items() if not callable(scope.get(n))}


def cause(s: Statement, error: BaseException, folder: str) -> str:
    """'line 12 raised FileNotFoundError: ex4data1.mat', with a neighbor's line."""
    frames = traceback.extract_tb(error.__traceback__)
    spots = [(frame.filename, frame.lineno) for frame in frames]
    line = next((n for file, n in spots if file == s.file), s.node.lineno)
    if isinstance(error, SyntaxError) and error.filename:
        spots.append((error.filename, error.lineno))
    nearby = [(f, n) for f, n in spots if os.path.dirname(f) == folder and f != s.file]
    deepest = [f" (at {os.path.basename(f)} line {n})" for f, n in nearby[-1:]]
    where = "".join([place(s.file, line), *deepest])
    hint = python2_hint(error)
    if isinstance(error, ModuleNotFoundError) and error.name and not hint:
        package = error.name.partition(".")[0]
        return (
            f"{where} imports {package}, which is neither in the file's folder nor "
            f"installed; put it there, or pip install {PACKAGES.get(package, package)}"
        )
    lost = isinstance(error, OSError) and error.filename
    text = f"{where} raised {type(error).__name__}: {one_line(lost or error)}"
    return text + f" ({hint})" * bool(hint)


def explain(scope: dict[str, Any], needed: set[str], skipped: list[str]) -> None:
    """Keep the causes of missing names; a broken cell or star import can be one."""
    causes = scope["__jaxnn_failed__"]
    whole = causes.pop("*", None) or next(iter(skipped), None)
    unbound = (needed - {"*"}).difference(dir(builtins)) if whole else ()
    every = dict.fromkeys(unbound, whole) | causes
    causes.clear()
    causes |= {name: every[name] for name in sorted(every) if name not in scope}


def unknown(source: Source, name: str, inside: Iterable[str] = ()) -> FileError:
    """The error for a name that the file lacks; a skipped cell may have had it."""
    offered = [*inside, *source.offered]
    near = guess(name, offered)
    left_out = "".join(f"{why}; " for why in source.skipped[:1])
    has = files.listed(offered)
    return FileError(f"{source.path}: no {name} in it; {left_out}{near}it has: {has}")


def resolve(source: Source, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function that a dotted name means, found by attribute access."""
    root, *rest = name.split(".")
    if why := scope["__jaxnn_failed__"].get(root):
        step = "" if ";" in why else f"; {root} needs that line, so fix it first"
        raise FileError(f"{source.path}: {why}{step}")
    inside: list[str] = []
    try:
        value = scope[root]
        for part in rest:
            inside = [f"{root}.{each}" for each in dir(value) if each[0] != "_"]
            value = getattr(value, part)
    except Exception as error:  # a property can raise anything
        raise unknown(source, name, inside) from error
    if not callable(value):
        raise FileError(
            f"{source.path}: {name} is of type {type(value).__name__}, not a function; "
            f"it has: {files.listed(inside + source.offered)}"
        )
    return value
