"""Read files and notebooks as parsed texts: magics, Python 2, syntax errors."""

import ast
import difflib
import json
import linecache
import os
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

from jaxnn.files import FileError

LARGEST = 20 << 20  # bytes; a notebook contains its plots
KINDS = {".py": "a Python file", ".ipynb": "a notebook"}
MAGIC = ((r"^([ \t]*)(?:[%!?].*|[\w., ]+=\s*[%!].*|.*\?\s*)$", r"\1pass"),)
OTHER_CELL = re.compile(r"\s*%%(?!(?:time|timeit|capture|prun)\b)")  # bash, html, ...
PYTHON2 = (
    (r"(^\s*|[:;]\s*)(print|exec)\s+(?![=>])(?s:(.+?))(,?)\s*$", r"\1\2(\3)"),
    (r"\bexcept\s+([\w.]+|\(.+\))\s*,\s*(\w+)", r"except \1 as \2"),
    (r"\braise\s+([\w.]+)\s*,\s*(.+)", r"raise \1(\2)"),
    (r"`([^`]+)`", r"repr(\1)"),
    (r"<>", "!="),
    (r"\b[uU]([rR])(?=['\"])", r"\1"),
    (r"(?<![\w.])0+([1-7][0-7]*)\b(?!\.)", r"0o\1"),
)
RENAMED = {
    **{"xrange": "range", "raw_input": "input", "unichr": "chr", "basestring": "str"},
    **{"has_key": "__contains__", "iteritems": "items", "iterkeys": "keys"},
    **{"itervalues": "values", "cPickle": "pickle", "urllib2": "urllib.request"},
}
OLD_NAME = re.compile(rf"\b({'|'.join(RENAMED)})\b")


def split(target: str) -> tuple[Path, list[str]]:
    """The path and the names; C:\\mywork.py has a colon but no name."""
    head, _, tail = target.rpartition(":")
    if not head or re.search(r"[\\/]|\.(?:py|ipynb|m)$", tail):
        head, tail = target, ""
    names = [name.strip() for name in tail.split(",")]
    return Path(head).expanduser(), [name for name in names if name]


def refusal(path: Path) -> str | None:
    """Why path is not a Python file or notebook of a sane size, and what to do."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return f"this is a folder; name a file in it: {path / 'mywork.py'}:f"
    if suffix not in (*KINDS, ".m"):
        return "this is neither .py nor .ipynb; name a Python file: mywork.py:f"
    if not path.is_file():
        nearby = [each.name for each in path.parent.glob(f"*{path.suffix}")]
        close = difflib.get_close_matches(path.name, nearby, 1)
        near = f"did you mean {path.with_name(close[0])}?" if close else ""
        return f"no such file; {near or 'check the path'}"
    if path.stem in sys.stdlib_module_names and suffix == ".py":
        return f"the name hides Python's own {path.stem}; rename it: my_{path.name}"
    if path.stat().st_size > LARGEST:
        return f"over {LARGEST >> 20} MB; put the function in its own file"
    return None


def pieces(path: Path) -> Iterator[tuple[str, str]]:
    """Each text to compile, or each cell, with its name in tracebacks."""
    if why := refusal(path):
        raise FileError(f"{path}: {why}")
    raw = path.read_bytes()
    if b"\0" in raw:
        raise FileError(f"{path}: not text (it has null bytes); save it as UTF-8 text")
    if path.suffix.lower() == ".py":
        try:
            with tokenize.open(path) as stream:
                text = stream.read()
        except (SyntaxError, UnicodeDecodeError) as error:
            raise FileError(f"{path}: not UTF-8 text; save it as UTF-8") from error
        yield os.path.abspath(path), text
        return
    content = json.loads(raw)
    cells = [c for s in content.get("worksheets", [content]) for c in s["cells"]]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        lines = cell["source"] if "source" in cell else cell["input"]
        yield f"{path.name}[cell {number}]", "".join(lines)


def parse(path: Path) -> tuple[list[tuple[str, ast.Module]], list[str]]:
    """The parsed texts with their names, and why cells were left out."""
    parsed, skipped = [], []
    notebook = path.suffix.lower() == ".ipynb"
    for file, text in pieces(path):
        shown = [f"{line}\n" for line in text.split("\n")]
        linecache.cache[file] = (len(text), None, shown, file)
        text = "" if notebook and OTHER_CELL.match(text) else modern(text, file)
        if error := problem(text, file):
            skipped.append(syntax(file, error))
        else:
            parsed.append((file, ast.parse(text)))
    if skipped and not notebook:
        raise FileError(f"{path}: {skipped[0]}")
    return parsed, skipped


def problem(text: str, file: str) -> SyntaxError | None:
    """The syntax error, if any; only compiling finds a return at top level."""
    try:
        compile(text, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    return None


def place(file: str, line: int | None) -> str:
    """'line 3', or in a notebook 'cell 2 line 3'."""
    cell = re.search(r"\[(cell \d+)\]$", file)
    return f"{cell[1]} line {line}" if cell else f"line {line}"


def syntax(file: str, error: SyntaxError) -> str:
    """What is wrong with a text that does not compile."""
    line = f": {error.text.strip()[:60]}" if error.text else ""
    return f"{place(file, error.lineno)}: {error.msg}{line}; fix that line"


def modern(text: str, file: str) -> str:
    """The text as Python 3 without magics, if it is Python 2 or has magics.

    Lines that compile stay as they are: part of a long expression or a docstring can
    look like Python 2.
    """
    text = OLD_NAME.sub(lambda found: RENAMED[found[1]], text)
    is_mixed = isinstance(problem(text, file), TabError)
    lines = (text.expandtabs(8) if is_mixed else text).split("\n")
    while error := problem("\n".join(lines), file):
        number = min(error.lineno or 1, len(lines))
        is_print = error.msg.startswith("Missing parentheses")  # of several lines
        here = slice(number - 1, (error.end_lineno or number) if is_print else number)
        old = new = "\n".join(lines[here])
        for pattern, instead in (*MAGIC, *PYTHON2):
            new = re.sub(pattern, instead, new)
        lines[here] = new.split("\n")
        again = problem("\n".join(lines), file)
        if new == old or (again and again.lineno == number):
            lines[here] = old.split("\n")
            break
    return "\n".join(lines)


def guess(name: str, known: Iterable[str]) -> str:
    """'did you mean ...? ' with the known name most like this one, if there is one."""
    every = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), every, 1)
    return f"did you mean {every[close[0]]}? " if close else ""


def one_line(value: object) -> str:
    """The text of an error or a path in one line, at most 200 characters."""
    try:
        return " ".join(str(value).split())[:200]
    except BaseException:  # a person's error can have a __str__ that raises
        return "no message"


def python2_hint(error: BaseException) -> str | None:
    """'xrange is from Python 2; write range', if this name caused the error."""
    name = getattr(error, "name", None)
    if isinstance(error, NameError | AttributeError | ImportError) and name in RENAMED:
        return f"{name} is from Python 2; write {RENAMED[name]}"
    return None
