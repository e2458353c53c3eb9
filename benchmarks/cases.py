"""What the check says of code as people write it, as a page: docs/clinic.md.

    python benchmarks/cases.py --save

The files are in tests/cases, one case a folder. Each command runs in its folder, in a
process of its own; what it prints is on the page as it is, without the folder's path.
"""

import ast
import difflib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.case_list import CALLS, MENDED, Call
from harness.rounds import progress
from harness.script import Parser
from jaxnn import cli, files
from jaxnn.mistake import Mistake

ROOT = Path(__file__).resolve().parents[1]
CASES, PAGE = ROOT / "tests" / "cases", ROOT / "docs" / "clinic.md"
WHOLE = 30  # a file of so many lines is shown whole, of a longer one what is checked
FENCE = "```"


def code(folder: str, call: Call) -> str:
    """The file, or the functions that are called where it is long."""
    text = (CASES / folder / call.file).read_text(encoding="utf-8").rstrip()
    if len(text.splitlines()) <= WHOLE or not call.names:
        return text
    gap = "\n\n" if "." in call.names[0] else "\n\n\n"  # between methods
    return gap.join(parts(text, call.names))


def parts(text: str, names: Sequence[str]) -> Iterator[str]:
    """The source of functions; methods stand below the line of their class."""
    lines, last = text.splitlines(), ""
    for name in names:
        node: ast.AST = ast.parse(text)
        *classes, _ = words = name.split(".")
        for word in words:
            inner = ast.iter_child_nodes(node)
            node = next(one for one in inner if getattr(one, "name", "") == word)
        assert isinstance(node, ast.FunctionDef)
        found = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        owner = ".".join(classes)
        yield f"class {owner}:\n    ...\n\n{found}" if owner != last else found
        last = owner


def change(folder: str, before: Call, after: Call) -> str:
    """The lines that differ between two files, as a diff."""
    old, new = (
        (CASES / folder / call.file).read_text(encoding="utf-8").splitlines()
        for call in (before, after)
    )
    lines = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


def said(folder: str, call: Call) -> str:
    """The command, what it printed, and its exit code."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-m", "jaxnn.gradcheck", *call.words.split()],
        cwd=CASES / folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    text = done.stdout.replace(f"{CASES / folder}{os.sep}", "").rstrip()
    command = f"$ python -m jaxnn.gradcheck {call.words}"
    return f"{command}\n{text}\n(exit code {done.returncode})"


def section(folder: str) -> str:
    """One case: its code, and of each call what is true and what is said."""
    first, *others = CALLS[folder]
    language = "matlab" if first.file.endswith(".m") else "python"
    found = [f"## {folder}", block(language, code(folder, first))]
    for call in (first, *others):
        found.append(call.truth)
        if call.truth == MENDED:
            found.append(block("diff", change(folder, first, call)))
        elif call.file != first.file:
            found.append(block(language, code(folder, call)))
        found.append(block("console", said(folder, call)))
    return "\n\n".join(found)


def block(language: str, text: str) -> str:
    """A block of code in Markdown."""
    return f"{FENCE}{language}\n{text}\n{FENCE}"


def page() -> str:
    """docs/clinic.md."""
    about = (
        "<!-- made by python benchmarks/cases.py --save -->\n"
        "# What the check says of code as people write it\n\n"
        f"{len(CALLS)} cases: the code, what is true of it, and the command with all "
        "that it prints. The files are in [tests/cases](../tests/cases); of the longer "
        "ones only the functions that are checked are shown. What is true was found "
        "without jaxnn: by central differences of the function's own cost, in float64."
    )
    sections = []
    for folder in CALLS:
        sections.append(section(folder))
        progress(f"{len(sections)} of {len(CALLS)}")
    return "\n\n".join([about, *sections]) + "\n"


def main(argv: Sequence[str]) -> int:
    """Print the page, or save it."""
    parser = Parser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="write docs/clinic.md")
    args = parser.parse_args(argv)
    if not shutil.which("octave-cli"):
        raise Mistake("octave-cli is missing; install it: apt-get install octave")
    text = page()
    if args.save:
        files.write_text(PAGE, text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    cli.run(main)
