"""Who may import whom; the public names."""

import ast
import functools
import importlib
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import jaxnn

PACKAGE = Path(jaxnn.__file__).parent
COMMANDS = {"train", "evaluate", "gradcheck", "reproduce", "sweep", "read", "report"}
COMMANDS |= {"doctor", "make_digits"}
GROUND = {
    "labels",
    "classes",
    "digits",
    "formats",
    "dataframes",
    "data",
    "orientation",
    "images",
    "rows",
    "mapped",
    "scales",
    "limits",
    "files",
    "mat_child",
    "locks",
    "devices",
    "backends",
    "descriptors",
    "cache",
    "meshes",
    "weights",
    "processes",
}

# What each part imports of the others, no less and no more. Everyone may raise a
# Mistake, ask when the process started, and show values and progress. The modules of a
# room, and those of the ground, may import one another.
EVERYONES = {"mistake", "startup", "display", "progress"}
IMPORTS = {
    "ground": set(),
    "initialization": set(),
    "model": {"ground"},
    "backprop": {"ground"},
    "differences": {"model"},
    "three_way": {"initialization", "model", "backprop", "differences", "ground"},
    "optimizers": {"ground"},
    "training": {"initialization", "model", "optimizers", "showing", "ground"},
    "ensemble": {"initialization", "model", "optimizers", "training", "ground"},
    "estimator": {"ensemble", "training", "optimizers", "initialization", "model"}
    | {"ground"},
    "published": {"ensemble", "optimizers", "initialization", "model", "backprop"}
    | {"differences", "ground"},
    "reading": {"ground"},
    "showing": {"reading", "initialization", "ground"},
    "clinic": {"three_way", "ground"},
    "pages": {"training", "showing", "digit_network", "initialization", "model"}
    | {"ground"},
    "digit_network": {"training", "model", "ground"},
    "digit_reader": {"digit_network", "reading", "ground"},
    "cli": {"ground"},
    "flags": {"cli", "training", "initialization", "optimizers", "ground"},
    "commands": {"cli", "flags", "clinic", "three_way", "published", "ensemble"}
    | {"training", "optimizers", "reading", "showing", "pages", "digit_reader"}
    | {"digit_network", "ground"},
}


# The same inside the clinic: its rooms, and the drivers above them.
ROOMS = {
    "networks": set(),
    "calling": {"networks"},
    "edits": {"networks"},
    "expectation": {"calling", "networks"},
    "attempts": {"calling", "networks", "edits"},
    "understanding": {"calling", "networks", "attempts"},
    "examination": {"calling", "networks", "edits", "attempts", "understanding"},
    "judgement": {"calling", "networks", "edits", "attempts", "understanding"}
    | {"examination"},
    "doubts": {"calling", "networks", "edits", "attempts", "understanding"}
    | {"examination", "judgement", "telling"},
    "telling": {"calling", "networks", "edits", "attempts", "understanding"}
    | {"examination", "judgement"},
    "checkup": {"calling", "networks", "attempts", "understanding", "examination"}
    | {"expectation", "judgement", "doubts", "telling", "blame"},
    "blame": {"calling"},
    "inmate": {"calling"},
    "apart": {"inmate"},
}
# of the networks, a person's function is called with problems only
PROBLEMS_ONLY = {"calling"}


def part_of(module: str) -> str:
    """The part that a module belongs to: training.blocks belongs to training."""
    name = module.partition(".")[0]
    return "ground" if name in GROUND else "commands" if name in COMMANDS else name


def modules() -> dict[str, Path]:
    """Every module of jaxnn: training.blocks, its __init__ as training.

    The __init__.py of a room loads the names in its __init__.pyi when they are used.
    """
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
            names = [name for name in names if name != "jaxnn.__version__"]
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
    assert imports_of(part) - EVERYONES == IMPORTS[part]


def inside(room: str) -> set[str]:
    """The modules of other rooms of the clinic that a room's files import."""
    start = f"clinic.{room}"
    files = {
        name: path
        for name, path in MODULES.items()
        if name == start or name.startswith(f"{start}.")
    }
    every = {other for path in files.values() for other in imported(path)}
    return {
        other.removeprefix("clinic.")
        for other in every - set(files)
        if other.startswith("clinic.")
    }


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_the_clinic_imports_what_it_says(room):
    found = inside(room)
    assert {other.partition(".")[0] for other in found} == ROOMS[room]
    if room in PROBLEMS_ONLY:
        assert found == {"networks.problems"}


def test_every_file_of_the_clinic_has_its_room():
    names = (name.split(".") for name in MODULES if name.startswith("clinic."))
    assert {words[1] for words in names} == set(ROOMS)


def test_every_file_has_its_part():
    alone = {"", "__main__", *EVERYONES}
    assert {part_of(name) for name in MODULES} - alone == set(IMPORTS)
    assert GROUND | COMMANDS <= set(MODULES)
    assert not any(imports_of(one) - EVERYONES for one in EVERYONES)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_are_imported_by_nobody(name):
    assert all(name not in imported(path) for path in PACKAGE.rglob("*.py"))


def test_no_import_runs_in_a_circle():
    graph = {name: imported(path) - {name, ""} for name, path in MODULES.items()}
    for name in graph:  # a room's __init__ runs before its modules: that is no circle
        graph[name] -= {name.partition(".")[0]}
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)


def lines_of(node: ast.FunctionDef) -> int:
    """How many lines a function has, without its docstring."""
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    text = first.end_lineno - first.lineno + 1 if is_text else 0
    return node.end_lineno - node.lineno + 1 - text


def test_files_and_functions_are_small():
    texts = {name: path.read_text() for name, path in MODULES.items()}
    long = {name for name, text in texts.items() if text.count("\n") > 250}
    assert long <= {"published.recipes"}  # a table of settings
    every = [n for text in texts.values() for n in ast.walk(ast.parse(text))]
    sizes = sorted(lines_of(n) for n in every if isinstance(n, ast.FunctionDef))
    assert sizes[len(sizes) // 2] <= 9 and sizes[-1] <= 62, sizes[-9:]
    assert sum(size > 40 for size in sizes) <= 9


def test_others_import_what_a_room_exports():
    for name, path in MODULES.items():
        for other in imported(path):
            room, _, module = other.partition(".")
            is_inside = part_of(name) == room or not module
            if not is_inside:  # a whole module, not a name in it
                assert f"from jaxnn.{other} import" not in path.read_text(), name


@functools.cache
def exports(stub: Path) -> dict[str, str]:
    """The names that a package exports, each with the module it comes from."""
    froms = [n for n in ast.parse(stub.read_text()).body if type(n) is ast.ImportFrom]
    return {alias.asname: n.module or "" for n in froms for alias in n.names}


def test_modules_are_there_without_a_further_import():
    assert loaded("import jaxnn; jaxnn.model.cost", "jaxnn.model") == {"jaxnn.model"}


def test_no_public_function_bears_a_commands_name():
    public = set(exports(PACKAGE / "__init__.pyi"))
    assert "fit" in public and not public & COMMANDS


@pytest.mark.parametrize("stub", sorted(PACKAGE.rglob("*.pyi")), ids=str)
def test_a_package_exports_what_its_stub_says(stub):
    name = ".".join(stub.parent.relative_to(PACKAGE.parent).parts)
    package = importlib.import_module(name)
    rooms = getattr(package, "ROOMS", ())  # reached, and not shown
    assert package.__all__ == sorted(set(exports(stub)) - set(rooms))
    assert set(rooms) == {n for n, home in exports(stub).items() if not home} & {*rooms}
    for export, home in exports(stub).items():
        module = importlib.import_module(f"{name}.{home or export}")
        expected = getattr(module, export) if home else module
        assert getattr(package, export) is expected


def test_a_public_function_is_not_hidden_by_its_module():
    importlib.import_module("jaxnn.backprop")
    importlib.import_module("jaxnn.optimizers.minimize")
    assert callable(jaxnn.backprop) and callable(jaxnn.optimizers.minimize)


def loaded(code: str, *names: str) -> set[str]:
    """Which of these modules a new Python process has loaded after code."""
    code += f"\nimport sys; print(*{set(names)} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_jaxnn_loads_nothing():
    heavy = "jax", "numpy", "scipy", "matplotlib", "argparse"
    assert not loaded("import jaxnn; dir(jaxnn)", *heavy)


def test_training_loads_no_picture_and_no_bar():
    assert not loaded("import jaxnn; jaxnn.fit, jaxnn.Run", "matplotlib", "tqdm")


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.parametrize("flags", ["--help", "--frobnicate", "--device tpu"])
def test_a_command_answers_without_jax(name, flags):
    code = f"import jaxnn.{name} as it\ntry: it.main({flags.split()})"
    code += "\nexcept SystemExit: print('answered', end=' ')"
    assert "jax" not in (found := loaded(code, "jax")) and "answered" in found


@pytest.mark.parametrize(
    "flags",
    [
        "train --method newton",
        "train --init xavier",
        "train --hidden many",
        "train --lam -1",
        "train --learning-rate 1",
        "train --data nowhere.mat",
        "train --resume nowhere",
        "sweep --method newton",
        "sweep --resume nowhere",
        "reproduce --only nothing",
        "gradcheck --dtype float32",
        "evaluate run --lam -1",
        "evaluate nowhere",
        "read x.png --run nowhere",
        "report nowhere",
    ],
)
def test_a_refusal_needs_no_jax(flags):
    name, *words = flags.split()
    code = f"import jaxnn.{name} as it\nfrom jaxnn import Mistake"
    code += f"\ntry: it.main({words})\nexcept (SystemExit, Mistake): pass"
    code += "\nelse: raise AssertionError('not refused')"
    assert not loaded(code, "jax")


def test_importing_starts_no_backend(environment, tmp_path):
    # with a platform that does not exist the first JAX operation would fail
    subprocess.run(
        [sys.executable, "-c", "import jaxnn; jaxnn.cost, jaxnn.fit, jaxnn.minimize"],
        env={**environment, "JAX_PLATFORMS": "nonsense"},
        cwd=tmp_path,
        check=True,
    )
