"""A person's own functions out of their file or notebook, which is never run whole.

Scripts load data, train and plot at top level. Only the statements that the wanted
functions need are run; what one of these raises is remembered and not fatal, because
the names that it would have bound may never be used.
"""

import ast
import builtins
import contextlib
import difflib
import dis
import io
import json
import linecache
import os
import re
import sys
import tokenize
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from jaxnn import files
from jaxnn.files import FileError

LARGEST = 20 << 20  # bytes; notebooks keep their plots inside
KINDS = {".py": "a Python file", ".ipynb": "a notebook"}
STORES = {"STORE_NAME", "STORE_GLOBAL", "DELETE_NAME"}
LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
ALTERS = {"add", "append", "extend", "insert", "setdefault", "update"}
ALWAYS = re.compile(r"sys\.path\.|os\.chdir$|(.+\.)?random\.seed$")
MAGIC = ((r"^([ \t]*)(?:[%!?].*|[\w., ]+=\s*[%!].*|.*\?\s*)$", r"\1pass"),)
OTHER_CELL = re.compile(r"\s*%%(?!(?:time|timeit|capture|prun)\b)")  # bash, html, ...
PACKAGES = {"sklearn": "scikit-learn", "cv2": "opencv-python", "PIL": "pillow"}
PYTHON2 = (
    (r"(^\s*|[:;]\s*)(print|exec)\s+(?![=>])(.+?)(,?)\s*$", r"\1\2(\3)"),
    (r"\bexcept\s+([\w.]+|\(.+\))\s*,\s*(\w+)", r"except \1 as \2"),
    (r"\braise\s+([\w.]+)\s*,\s*(.+)", r"raise \1(\2)"),
    (r"`([^`]+)`", r"repr(\1)"),
    (r"<>", "!="),
    (r"\b[uU]([rR])(?=['\"])", r"\1"),
    (r"(?<![\w.])0+([1-7][0-7]*)\b(?!\.)", r"0o\1"),
    (r"\bxrange\b", "range"),
)
RENAMED = {
    **{"xrange": "range", "raw_input": "input", "unicode": "str", "unichr": "chr"},
    **{"long": "int", "basestring": "str", "reduce": "functools.reduce"},
    **{"has_key": "key in d", "iteritems": "items", "iterkeys": "keys"},
    **{"itervalues": "values", "cPickle": "pickle", "urllib2": "urllib.request"},
}
HOMES: set[str] = set()  # the folders of the files loaded so far


class Statement(NamedTuple):
    """A top-level statement: the names it binds, and the globals it can ever read."""

    node: ast.stmt
    file: str  # as tracebacks name it
    code: CodeType | None  # None: under if __name__ == "__main__", so not run
    binds: set[str]
    uses: set[str]


def load(target: str) -> tuple[Callable[..., Any], ...]:
    """The functions that 'a.py:f', 'a.py:cost,gradient' or 'a.ipynb:C.method' names."""
    path, names = split(target)
    with files.reading(path, KINDS.get(path.suffix.lower(), "Python")):
        check(path)
        source, skipped = read(path)
    roots = {name.partition(".")[0] for name in names}
    offered = list(offers(source))
    if not 1 <= len(names) <= 2:
        example = f"{path.name}:{(offered or ['nn_cost_function'])[0]}"
        many = f"{len(names)} functions named" if names else "no function named"
        raise FileError(
            f"{path}: {many}; it has: {files.listed(offered)}; "
            f"name the function (or two: cost,gradient), like {example}"
        )
    bound = {"*"}.union(*(s.binds for s in source))
    stars = any("*" in s.binds for s in source)
    for name in names:
        if name.partition(".")[0] not in bound and not stars:
            raise unknown(path, name, offered, skipped)
    with at_home(Path(os.path.abspath(path))) as module:
        chosen, needed = needs(source, roots)
        run(chosen, module, roots)
        explain(vars(module), needed, skipped)
        return tuple(resolve(path, n, vars(module), offered, skipped) for n in names)


def failed(function: Any) -> dict[str, str]:
    """Why globals are missing that the function, unwrapped, may want: name -> cause."""
    for _ in range(20):  # an object can claim to wrap for ever
        scope = getattr(function, "__globals__", {})
        if "__jaxnn_failed__" in scope:
            return scope["__jaxnn_failed__"]
        inner = ("__wrapped__", "func", "__func__")
        ways = [getattr(function, way) for way in inner if hasattr(function, way)]
        # an instance that is called runs its class's function
        function = ways[0] if ways else vars(type(function)).get("__call__")
    return {}


def python2_hint(error: BaseException) -> str | None:
    """'xrange is Python 2's; write range', if that is what was raised."""
    name = getattr(error, "name", None)
    if isinstance(error, NameError | AttributeError | ImportError) and name in RENAMED:
        return f"{name} is Python 2's; write {RENAMED[name]}"
    return None


# --- reading: from a path to statements ---


def split(target: str) -> tuple[Path, list[str]]:
    """The path and the names; C:\\mywork.py has a colon, and no name."""
    head, _, tail = target.rpartition(":")
    if not head or re.search(r"[\\/]|\.(?:py|ipynb|m)$", tail):
        head, tail = target, ""
    names = [name.strip() for name in tail.split(",")]
    return Path(head).expanduser(), [name for name in names if name]


def check(path: Path) -> None:
    """Raise FileError unless path is a Python file or a notebook of a sane size."""
    suffix = path.suffix.lower()
    if path.is_dir():
        raise FileError(f"{path}: a folder; name a file in it: {path / 'mywork.py'}:f")
    if suffix == ".m":
        raise FileError(
            f"{path}: an Octave file; gradcheck checks Python (.py, .ipynb)"
        )
    if suffix not in KINDS:
        raise FileError(
            f"{path}: neither .py nor .ipynb; name a Python file: mywork.py:f"
        )
    if not path.is_file():
        beside = [each.name for each in path.parent.glob(f"*{path.suffix}")]
        close = difflib.get_close_matches(path.name, beside, 1)
        step = (
            f"did you mean {path.with_name(close[0])}?" if close else "check the path"
        )
        raise FileError(f"{path}: no such file; {step}")
    if path.stat().st_size > LARGEST:
        raise FileError(
            f"{path}: over {LARGEST >> 20} MB; put the function in a file of its own"
        )


def pieces(path: Path) -> Iterator[tuple[str, str]]:
    """Each text to compile, a notebook's cells apart, with its name in tracebacks."""
    raw = path.read_bytes()
    if b"\0" in raw:
        raise FileError(f"{path}: not text (null bytes); save it as UTF-8 text")
    if path.suffix.lower() == ".py":
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
            text = io.TextIOWrapper(io.BytesIO(raw), encoding).read()
        except (SyntaxError, UnicodeDecodeError) as error:
            raise FileError(f"{path}: not UTF-8 text; save it as UTF-8") from error
        yield os.path.abspath(path), text
        return
    content = json.loads(raw)
    sheets = content["worksheets"] if "worksheets" in content else [content]
    cells = [cell for sheet in sheets for cell in sheet["cells"]]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        lines = cell["source"] if "source" in cell else cell["input"]
        yield f"{path.name}[cell {number}]", "".join(lines)


def read(path: Path) -> tuple[list[Statement], list[str]]:
    """The top-level statements, and why cells had to be left out."""
    source, skipped = [], []
    for file, text in pieces(path):
        shown = [f"{line}\n" for line in text.split("\n")]
        linecache.cache[file] = (len(text), None, shown, file)
        if path.suffix.lower() == ".ipynb":
            text = "" if OTHER_CELL.match(text) else mended(text, file, MAGIC)[0]
        if error := problem(text, file):
            skipped.append(syntax(text, file, error))
        else:
            body = ast.parse(text).body
            source += describe(body, file, [s for s in body if is_future(s)])
    modules = set().union(*(s.binds for s in source if isinstance(s.node, IMPORTS)))
    for s in source:  # np.append(a, b) is no list's append: it leaves np as it was
        if not isinstance(s.node, IMPORTS):
            s.binds.difference_update(modules - names_in(s.code, STORES, deep=False))
    if skipped and path.suffix.lower() == ".py":
        raise FileError(f"{path}: {skipped[0]}")
    return source, skipped


def problem(text: str, file: str) -> SyntaxError | None:
    """What Python has against the text; compiled, as return is wrong at top level."""
    try:
        compile(text, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    return None


def place(file: str, line: int | None) -> str:
    """'line 3', or in a notebook 'cell 2 line 3'."""
    cell = re.search(r"\[(cell \d+ ?)\]$", file)
    return f"{cell[1]} line {line}" if cell else f"line {line}"


def syntax(text: str, file: str, error: SyntaxError) -> str:
    """What is wrong with a text that does not compile, and what to do."""
    if changes := mended(text, file, PYTHON2, most=4)[1]:
        these = "this line" if len(changes) == 1 else f"these {len(changes[:3])} lines"
        more = " and those after them" if len(changes) > 3 else ""
        return (
            f"a Python 2 file; {'; '.join(changes[:3])}; change {these}{more} "
            "(2to3 -w, which comes with Python up to 3.12, does it)"
        )
    line = f": {error.text.strip()[:60]}" if error.text else ""
    return f"{place(file, error.lineno)}: {error.msg}{line}; mend that line"


def mended(
    text: str, file: str, changes: Iterable[tuple[str, str]], most: int = 1000
) -> tuple[str, list[str]]:
    """The text with the changes made in lines that do not compile, and these lines.

    In no others: a line of a long expression or of a docstring can look like those.
    """
    lines, found = text.split("\n"), []
    while len(found) < most and (error := problem("\n".join(lines), file)):
        number = min(error.lineno or 1, len(lines))
        old = new = lines[number - 1]
        for pattern, instead in changes:
            new = re.sub(pattern, instead, new)
        lines[number - 1] = new
        again = problem("\n".join(lines), file)
        if new == old or (again and again.lineno == number):
            lines[number - 1] = old
            break
        found.append(f"{place(file, number)}: {old.strip()} -> {new.strip()}")
    return "\n".join(lines), found


# --- slicing: which statements the wanted names need ---


def is_future(node: ast.stmt) -> bool:
    """Whether it is from __future__ import: each statement is compiled with it."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def is_main(node: ast.stmt) -> bool:
    """Whether it is if __name__ == "__main__"."""
    usual = ("__name__ == '__main__'", "'__main__' == __name__")
    return isinstance(node, ast.If) and ast.unparse(node.test) in usual


def describe(
    nodes: list[ast.stmt], file: str, futures: list[ast.stmt]
) -> Iterator[Statement]:
    """Each statement with its names, as the compiler tells globals from locals."""
    for node in nodes:
        body = node.body if isinstance(node, ast.If) and is_main(node) else [node]
        code = compile(ast.Module([*futures, *body], []), file, "exec", 0, True)
        binds = names_in(code, STORES, deep=False)
        if isinstance(node, ast.If) and is_main(node):
            yield Statement(node, file, None, binds, set())
            yield from describe(node.orelse, file, futures)
            continue
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            binds = {"*"}
        if not isinstance(node, DEFINITIONS):
            binds |= set(altered(node))
        yield Statement(node, file, code, binds, names_in(code, LOADS, deep=True))


def names_in(code: CodeType | None, operations: set[str], deep: bool) -> set[str]:
    """The names that the operations touch, in the functions inside too if deep."""
    if code is None:
        return set()
    steps = dis.get_instructions(code)
    inner = [each for each in code.co_consts if deep and isinstance(each, CodeType)]
    return {step.argval for step in steps if step.opname in operations}.union(
        *(names_in(each, operations, deep) for each in inner)
    )


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
    """Whether it sets the import path, the folder or a seed, and does nothing else."""
    if isinstance(node, ast.If):
        return all(always(each) for each in node.body + node.orelse)
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and bool(ALWAYS.match(ast.unparse(call.func)))


def gives_numbers(node: ast.stmt) -> bool:
    """Whether what it binds is no function: loops, cost += 1, cost, grad = f(x)."""
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Tuple) for target in node.targets)
    return isinstance(node, ast.For | ast.While | ast.AugAssign)


def needs(source: list[Statement], roots: set[str]) -> tuple[list[Statement], set[str]]:
    """The statements that the roots need, in file order, and all the names in them."""
    defined = {s.node.name for s in source if isinstance(s.node, DEFINITIONS)}
    bound: set[str] = set().union(*(s.binds for s in source))
    candidates = [
        (s, s.binds - defined if gives_numbers(s.node) else s.binds, always(s.node))
        for s in source
    ]
    names = set(roots)
    while True:
        chosen = [s for s, binds, fixed in candidates if fixed or binds & names]
        more = names.union(*(s.uses for s in chosen))
        if more - bound:  # a builtin, too: numpy's star brings its own sum and abs
            more.add("*")
        if more == names:
            return chosen, names
        names = more


# --- running ---


@contextlib.contextmanager
def at_home(path: Path) -> Iterator[ModuleType]:
    """A module for path's names, in its folder; nothing shown, asked or left there."""
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    register(module, str(path.parent))
    if "matplotlib" not in sys.modules:
        os.environ.setdefault("MPLBACKEND", "Agg")
    before = sys.stdin, sys.argv, sys.dont_write_bytecode
    sys.stdin, sys.argv, sys.dont_write_bytecode = silence(), [str(path)], True
    try:
        with (
            warnings.catch_warnings(),
            contextlib.chdir(path.parent),
            contextlib.redirect_stdout(silence()),
            contextlib.redirect_stderr(silence()),
        ):
            warnings.simplefilter("ignore")
            yield module
    finally:
        sys.stdin, sys.argv, sys.dont_write_bytecode = before


def silence() -> io.TextIOWrapper:
    """An empty stream; never closed, because loggers made now write to it later."""
    return io.TextIOWrapper(io.BytesIO(), "utf-8")


def register(module: ModuleType, folder: str) -> None:
    """Make module and its neighbours importable; those of earlier loads are forgotten.

    Other folders have modules of the same names, and files change between two loads.
    """
    HOMES.add(folder)
    for name, other in list(sys.modules.items()):
        file = getattr(other, "__dict__", {}).get("__file__") or ""
        if os.path.dirname(file) in HOMES and "." not in name and name != "__main__":
            del sys.modules[name]
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    sys.modules[f"_jaxnn_{module.__name__}"] = module
    sys.modules.setdefault(module.__name__, module)  # where dataclasses look


def run(chosen: Iterable[Statement], module: ModuleType, roots: set[str]) -> None:
    """Run the statements; what raises leaves its names missing, with the cause kept."""
    scope = vars(module)
    causes: dict[str, str] = scope.setdefault("__jaxnn_failed__", {})
    folder = os.path.dirname(module.__file__ or "")
    for s in chosen:
        # def cost(...) and then cost = cost(theta): the function is what is wanted
        kept = {name: scope[name] for name in roots if callable(scope.get(name))}
        try:
            if s.code:
                exec(s.code, scope)
            else:
                causes |= dict.fromkeys(s.binds, not_run(s))
        except (Exception, SystemExit) as error:
            lacks = error.name if isinstance(error, NameError) else None
            first = lacks and causes.get(lacks, causes.get("*"))  # what began it
            causes |= dict.fromkeys(s.binds, first or cause(s, error, folder))
            for name in s.binds - roots:
                scope.pop(name, None)
        scope |= {n: f for n, f in kept.items() if not callable(scope.get(n))}


def not_run(s: Statement) -> str:
    """The cause for names that only the program's own main part binds."""
    line = place(s.file, s.node.lineno)
    return f'{line} is if __name__ == "__main__", which is not run; move it out of that'


def cause(s: Statement, error: BaseException, folder: str) -> str:
    """'line 12 raised FileNotFoundError: ex4data1.mat', with the neighbour's line."""
    frames = traceback.extract_tb(error.__traceback__)
    spots = [(frame.filename, frame.lineno) for frame in frames]
    line = next((n for file, n in spots if file == s.file), s.node.lineno)
    if isinstance(error, SyntaxError) and error.filename:
        spots.append((error.filename, error.lineno))
    where = place(s.file, line)
    for file, n in spots[::-1]:
        if os.path.dirname(file) == folder and file != s.file:
            where += f" (at {os.path.basename(file)} line {n})"
            break
    hint = python2_hint(error)
    if isinstance(error, ModuleNotFoundError) and error.name and not hint:
        package = error.name.partition(".")[0]
        return (
            f"{where} imports {package}, which is neither beside the file nor "
            f"installed; put it there, or pip install {PACKAGES.get(package, package)}"
        )
    lost = isinstance(error, OSError) and error.filename
    text = " ".join(str(lost or error).split())[:200]
    return f"{where} raised {type(error).__name__}: {text}" + f" ({hint})" * bool(hint)


def explain(scope: dict[str, Any], needed: set[str], skipped: list[str]) -> None:
    """Keep the causes of what is missing; the rest may come from what broke whole."""
    causes = scope["__jaxnn_failed__"]
    whole = causes.pop("*", None) or next(iter(skipped), None)
    unbound = (needed - {"*"}).difference(dir(builtins)) if whole else ()
    every = dict.fromkeys(unbound, whole) | causes
    causes.clear()
    causes |= {name: every[name] for name in sorted(every) if name not in scope}


# --- names ---


def offers(source: list[Statement]) -> Iterator[str]:
    """The functions and methods that a file defines, as one names them."""
    for node in (s.node for s in source):
        if isinstance(node, ast.ClassDef):
            inner = [each for each in node.body if isinstance(each, DEFINITIONS)]
            plain = [each.name for each in inner if not each.name.startswith("__")]
            yield from (f"{node.name}.{name}" for name in plain)
        elif isinstance(node, DEFINITIONS):
            yield node.name


def unknown(path: Path, name: str, offered: list[str], skipped: list[str]) -> FileError:
    """The error for a name that is not there; skipped cells may have had it."""
    close = difflib.get_close_matches(name, offered, 1)
    guess = f"did you mean {close[0]}? " if close else ""
    left_out = "".join(f"{why}; " for why in skipped[:1])
    return FileError(
        f"{path}: no {name} in it; {left_out}{guess}it has: {files.listed(offered)}"
    )


def resolve(
    path: Path, name: str, scope: dict[str, Any], offered: list[str], skipped: list[str]
) -> Callable[..., Any]:
    """The function that a dotted name means, as attribute access gives it."""
    root, *rest = name.split(".")
    if root in scope["__jaxnn_failed__"]:
        told = scope["__jaxnn_failed__"][root]
        step = "" if ";" in told else f"; {root} needs that line, so mend it first"
        raise FileError(f"{path}: {told}{step}")
    try:
        value = scope[root]
        for part in rest:
            inside = [f"{root}.{each}" for each in dir(value) if each[0] != "_"]
            offered = inside + offered
            value = getattr(value, part)
    except Exception as error:  # a property can raise anything
        raise unknown(path, name, offered, skipped) from error
    if not callable(value):
        raise FileError(
            f"{path}: {name} is of type {type(value).__name__}, not a function; "
            f"it has: {files.listed(offered)}"
        )
    return value
