"""Who may import whom; the public names."""

import ast
import functools
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import jaxnn

PACKAGE = Path(jaxnn.__file__).parent
COMMANDS = {"train", "evaluate", "gradcheck", "reproduce", "sweep", "read", "report"}
GROUND = {"data", "images", "files", "mat_child", "devices", "weights"}

# What each part imports of the others, no less and no more. Everyone may raise a
# Mistake and ask when the process started. The modules of a room, and those of the
# ground, may import one another.
IMPORTS = {
    "ground": set(),
    "model": set(),
    "backprop": set(),
    "differences": {"model"},
    "three_way": {"model", "backprop", "differences", "ground"},
    "optimizers": set(),
    "training": {"model", "optimizers", "ground"},
    "ensemble": {"training", "model", "optimizers", "ground"},
    "published": {"ensemble", "optimizers", "model", "backprop", "differences"}
    | {"ground"},
    "reading": {"ground"},
    "showing": {"model", "reading", "ground"},
    "clinic": {"three_way", "ground"},
    "cli": {"ground"},
    "flags": {"cli", "training", "model", "optimizers", "ground"},
    "commands": {"cli", "flags", "clinic", "three_way", "published", "ensemble"}
    | {"training", "optimizers", "reading", "showing", "model", "ground"},
}


def part_of(module: str) -> str:
    """The part that a module belongs to: training.blocks belongs to training."""
    name = module.partition(".")[0]
    return "ground" if name in GROUND else "commands" if name in COMMANDS else name


def modules() -> dict[str, Path]:
    """Every module of jaxnn: training.blocks, its __init__ as training."""
    names = {}
    for path in PACKAGE.rglob("*.py"):
        words = path.relative_to(PACKAGE).with_suffix("").parts
        names[".".join(word for word in words if word != "__init__")] = path
    return names


MODULES = modules()


@functools.cache
def imported(path: Path) -> set[str]:
    """The modules of jaxnn that a file imports, at its top or in a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write from jaxnn, not from a dot"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            home, _, inner = name.partition(".")
            if home == "jaxnn":
                found.add(inner if inner in MODULES else inner.rpartition(".")[0])
    return found


def imports_of(part: str) -> set[str]:
    """The other parts that a part's files import."""
    files = [path for name, path in MODULES.items() if part_of(name) == part]
    return {part_of(name) for path in files for name in imported(path)} - {part}


@pytest.mark.parametrize("part", IMPORTS)
def test_a_part_imports_what_it_says(part):
    assert imports_of(part) - {"mistake", "startup"} == IMPORTS[part]


def test_every_file_has_its_part():
    alone = {"", "__main__", "mistake", "startup"}
    assert {part_of(name) for name in MODULES} - alone == set(IMPORTS)
    assert GROUND | COMMANDS <= set(MODULES)
    assert imports_of("mistake") == imports_of("startup") == set()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_are_imported_by_nobody(name):
    assert all(name not in imported(path) for path in PACKAGE.rglob("*.py"))


def test_no_import_runs_in_a_circle():
    graph = {name: imported(path) - {name, ""} for name, path in MODULES.items()}
    for name in graph:  # a room's __init__ runs before its modules: that is no circle
        graph[name] -= {name.partition(".")[0]}
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)


def test_others_import_what_a_room_exports():
    for name, path in MODULES.items():
        for other in imported(path):
            room, _, module = other.partition(".")
            is_inside = part_of(name) == room or not module
            if not is_inside:  # a whole module, not a name in it
                assert f"from jaxnn.{other} import" not in path.read_text(), name


def test_no_public_function_bears_a_commands_name():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
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
