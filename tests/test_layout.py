"""Who may import whom; the public names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import jaxnn

PACKAGE = Path(jaxnn.__file__).parent

# A file imports from jaxnn what stands here, and nothing else.
ALLOWED = {
    "images": set(),
    "files": set(),
    "data": {"images", "files"},
    "model": set(),
    "blocks": {"model"},
    "centering": {"blocks", "model"},
    "backprop": set(),
    "differences": {"model"},
    "checks": {"model", "backprop", "data", "differences"},
    "devices": set(),
    "checkpoint": {"files"},
    "runs": {"checkpoint", "files"},
    "settings": {"centering", "model", "optimizers"},
    "history": {"model", "optimizers"},
    "training": {
        "centering",
        "history",
        "checkpoint",
        "data",
        "devices",
        "model",
        "optimizers",
        "runs",
        "settings",
    },
    "lockstep": {"devices", "model", "optimizers"},
    "ensemble": {"lockstep", "model", "optimizers"},
    "validation": {"data", "devices", "ensemble", "lockstep", "model"}
    | {"optimizers", "settings"},
    "recipes": set(),
    "programs": {"model", "optimizers"},
    "evaluation": {"data", "devices", "files", "model", "runs"},
    "experiments": {
        "backprop",
        "checkpoint",
        "checks",
        "differences",
        "data",
        "devices",
        "ensemble",
        "lockstep",
        "model",
        "programs",
        "recipes",
    },
    "verdicts": {"recipes"},
    "comparison": {"data", "devices", "experiments", "recipes", "verdicts"},
    "plots": set(),
    "pictures": {"images"},
    "page": {"data", "images", "ink", "mnist", "model"},
    "photos": {"files"},
    "mnist": {"images"},
    "ink": {"mnist"},
    "cli": {"devices"},
}
COMMANDS = {"train", "evaluate", "gradcheck", "reproduce", "sweep", "read", "report"}
CLINIC = {"clinic", "checks", "data", "files"}
LIBRARY = set(ALLOWED) | {"clinic", "optimizers"}


def imported(path: Path) -> set[str]:
    """The modules of jaxnn that a file imports, one word each."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "jaxnn":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            words = node.module.split(".")
            found |= {words[1]} if words[0] == "jaxnn" else set()
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {words[1] for words in names if words[0] == "jaxnn" and words[1:]}
    return found


def test_every_file_is_placed():
    files = {path.stem for path in PACKAGE.glob("*.py")}
    assert files == set(ALLOWED) | COMMANDS | {"__init__", "__main__"}


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_library_imports_what_it_may(name):
    assert imported(PACKAGE / f"{name}.py") <= ALLOWED[name]


def test_optimizers_know_only_themselves():
    for path in (PACKAGE / "optimizers").glob("*.py"):
        assert imported(path) <= {"optimizers"}


def test_clinic_knows_little():
    for path in (PACKAGE / "clinic").glob("*.py"):
        assert imported(path) <= CLINIC


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_are_imported_by_nobody(name):
    assert imported(PACKAGE / f"{name}.py") <= LIBRARY
    for path in PACKAGE.rglob("*.py"):
        assert name not in imported(path)


def test_no_public_function_bears_a_commands_name():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    froms = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    public = {alias.asname for node in froms for alias in node.names}
    assert "fit" in public and not public & COMMANDS


def test_importing_starts_no_backend(environment, tmp_path):
    # with a platform that does not exist the first JAX operation would fail
    subprocess.run(
        [sys.executable, "-c", "import jaxnn; jaxnn.load_digits()"],
        env={**environment, "JAX_PLATFORMS": "nonsense"},
        cwd=tmp_path,
        check=True,
    )


def test_importing_loads_no_slow_parts_of_scipy():
    # a third of a second that only some commands need
    code = "import sys, jaxnn; sys.exit('scipy.optimize' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
