"""Tables and pictures that benchmarks/report.py makes of rows written by hand."""

import importlib
import json
import math

import pytest

MACHINE = {
    "date": "2026-01-02",
    "on": "cpu",
    "precision": "float32",
    "cpu": "Abacus(R) 3",
    "threads": {"cores": 2},
    "versions": {"python": "3.11.7", "jax": "0.10.2"},
}
README = "# x\n\n{mark}\nold\n<!-- end -->\n\nafter\n"


@pytest.fixture
def report(load):
    return load("report")


def row(what, name, ms, base_ms=2.0, **more):
    """A row as rows.as_rows writes it."""
    rounds = [ms / 1e3 * scale for scale in (0.9, 1.0, 1.1)]
    return {
        **MACHINE,
        "what": what,
        "name": name,
        "device": "cpu",
        "median": rounds[1],
        "min": rounds[0],
        "spread": 0.1,
        "ratio": ms / base_ms,
        "cost": 3.25,
        "compile_seconds": 0.5,
        "memory": 4_000_000,
        "environment": {},
        "seconds": rounds,
        **more,
    }


def gradient(**more):
    """jaxnn at 2 ms, NumPy at 5, the limits at 1 and 0.5."""
    return [
        row("gradient", "jaxnn", 2.0, m=5000, layers=[400, 25, 10], **more),
        row("gradient", "limit: 208 MFLOP, cpu", 1.0, cost=None, **more),
        row("gradient", "limit: reading the data twice, cpu", 0.5, cost=None, **more),
        row("gradient", "NumPy | tight", 5.0, memory=None, **more),
    ]


def training(target, lam):
    """jaxnn lbfgs in 2 s, SciPy in 4 with one thread, one that never arrives."""
    about = {"target": target, "lam": lam}
    more = about | {"evaluations": [100, 102, 110], "curve": [[0, 7], [1, 2], [2, 0.3]]}
    missed = {**MACHINE, "what": "training", "name": "Adam", "why": "too slow"}
    return [
        row("training", "jaxnn lbfgs", 2000.0, 2000.0, **more),
        row("training", "SciPy", 4000.0, 2000.0, environment={"OMP": "1"}, **more),
        missed | about,
    ]


def test_a_curve_is_as_long_as_the_timed_run(load):
    row = {"curve": [[0, 7.0], [1, 2.0], [2, 0.3]], "seconds": [None, 3.0, 4.0]}
    assert load("pictures").as_timed(row) == [(1.5, 2.0), (3.0, 0.3)]


def everything():
    """Rows of every kind, and of one that nobody knows."""
    many = {"method": "gd", "networks": None}
    size = {"m": 5000, "hidden": 25, "form": "one call", "data_bytes": 2_000_000}
    return [
        *gradient(),
        *gradient(precision="float64"),
        *training(0.339, 1.0),
        *training(0.32, 1.0),
        row("process", "cpu, cold", 4000.0),
        row("ensemble", "one network", 2.0, **many),
        row("ensemble", "8 in one call", 1.25, **many | {"networks": 8}),
        row("ensemble", "limit: 208 MFLOP, cpu", 0.5, **many),
        row("scaling", "one call; m 5000", 5.0, **size),
        row("scaling", "one call; m 500", 1.0, **size | {"m": 500}),
        row("unheard of", "thing", 3.0),
    ]


def put(root, rows, report, name="abacus"):
    """A folder like the repository's, with a file of rows."""
    folder = root / "benchmarks" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(rows))
    (root / "README.md").write_text(README.format(mark=report.MARK))
    return folder


def cells(text, *start):
    """By title, the first line of a table that starts with these cells."""
    table = [[c.strip() for c in line.split(" | ")] for line in text.splitlines()]
    at = next(i for i, t in enumerate(table) if tuple(t[: len(start)]) == start)
    head = max(i for i in range(at) if set("".join(table[i])) <= set("|-: ")) - 1
    pairs = zip(table[head], table[at], strict=True)
    return {title.strip("| "): cell.strip("| ") for title, cell in pairs}


@pytest.mark.parametrize(
    "number, expected",
    [
        (2.0, "2.00"),
        (0.85261, "0.853"),
        (9.999, "10.0"),
        (1234.5, "1,230"),
        (0.0081, "0.00810"),
        (0, "0"),
        (math.nan, "–"),
    ],
)
def test_three_digits(load, number, expected):
    assert load("values").short(number) == expected


def test_gradient_table(report):
    text = report.document({"abacus": gradient()})
    found = cells(text, "| jaxnn")
    assert found == {
        "contender": "jaxnn",
        "device": "cpu",
        "ms, median": "2.00",
        "ms, min": "1.80",
        "spread": "10%",
        "times jaxnn's": "1.00",
        "times the limit": "2.00",  # not 4, which is the reading's
        "compile s": "0.500",
        "MB": "4.00",
        "cost": "3.250000",
    }
    found = cells(text, r"| NumPy \| tight")
    assert (found["times jaxnn's"], found["times the limit"]) == ("2.50", "5.00")
    assert found["MB"] == "–"
    assert cells(text, "| limit: 208 MFLOP, cpu")["cost"] == "–"


def test_a_limit_counts_on_its_own_device(load):
    rows = [
        row("gradient", "limit: 208 MFLOP, gpu", 0.5, device="H200"),
        row("gradient", "limit: 208 MFLOP, cpu", 1.0),
    ]
    assert load("values").limit(row("gradient", "jaxnn", 2.0), rows) == 1e-3
    elsewhere = row("gradient", "jaxnn", 2.0, device="abacus")
    assert math.isnan(load("values").limit(elsewhere, rows))


def test_training_table(report):
    text = report.document({"abacus": training(0.32, 1.0)})
    assert "### Training to cost 0.32 at lambda 1, float32, CPU\n" in text
    found = cells(text, "| SciPy")
    assert found["s, median"] == "4.00"
    assert found["times jaxnn lbfgs's"] == "2.00"
    assert found["the same with compiling"] == "1.80"  # 4.5 / 2.5
    assert found["evaluations"] == "102"
    assert cells(text, "| Adam")["s, median"] == "–"
    assert "- Adam: too slow.\n" in text
    assert "- With `OMP=1`: SciPy.\n" in text


def test_targets_stand_in_order_and_a_note_once(report):
    noted = [one | {"note": "As it was."} for one in training(0.557, 3.0)]
    text = report.document({"abacus": noted + training(0.32, 1.0)})
    assert text.index("### Training to cost 0.32") < text.index(
        "### Training to cost 0.55"
    )
    assert text.count("\n- As it was.\n") == 1


def test_other_tables(report):
    text = report.document({"abacus": everything()})
    many = cells(text, "| 8 in one call")
    assert many["µs per network-step"] == "1,250"
    assert many["network-steps per s"] == "800"
    assert many["of the product's rate"] == "40%"
    size = cells(text, "| 5,000")
    assert size["ns per example"] == "1,000"
    assert size["ns per example and weight"] == "0.0972"  # 1000 / 10,285
    assert size["memory / data"] == "2.00"
    assert cells(text, "| cpu, cold")["s, median"] == "4.00"
    assert cells(text, "| thing")["s, median"] == "0.00300"


def test_tables_are_aligned(report):
    tables = importlib.import_module("tables")
    lines = tables.table(gradient(), tables.GRADIENT).split("\n")
    widths = [len(line) for line in lines]
    assert len(set(widths)) == 1


def test_what_stands_around_the_tables(report):
    text = report.document({"abacus": gradient()})
    assert "## Abacus 3, 2 cores\n\npython 3.11.7, jax 0.10.2; 2026-01-02.\n" in text
    assert "\npython benchmarks/gradient.py --save\n" in text
    assert report.NO_GPU in text
    rows = gradient(gpu="H200", on="cpu gpu", precision="tf32")
    text = report.document({"abacus": rows})
    assert report.NO_GPU not in text
    assert "gradient.py --device cpu gpu --dtype tf32 --save\n" in text
    assert "## Abacus 3, 2 cores, H200\n" in text


def test_files_are_written_and_checked(report, tmp_path, capsys):
    folder = put(tmp_path, everything(), report)
    assert report.main(["--check"], tmp_path) == 1
    assert not list(folder.glob("*.png"))
    assert report.main([], tmp_path) == 0
    assert {path.name for path in folder.glob("*.png")} == {
        "abacus-gradient.png",
        "abacus-gradient-float64.png",
        "abacus-training.png",
        "abacus-ensemble-gd.png",
        "abacus-scaling.png",
    }
    text = (tmp_path / "benchmarks" / "RESULTS.md").read_text()
    for path in folder.glob("*.png"):
        assert f"](results/{path.name})" in text
        assert path.read_bytes().startswith(b"\x89PNG")
    favourite = text.partition("cost 0.339 ")[2].partition("###")[0]
    assert "abacus-training.png" in favourite
    assert report.main(["--check"], tmp_path) == 0
    (tmp_path / "benchmarks" / "RESULTS.md").write_text(text + "more")
    capsys.readouterr()
    assert report.main(["--check"], tmp_path) == 1
    assert "RESULTS.md is not what the rows say" in capsys.readouterr().out


def test_a_terminal_is_shown_the_same_cells(load, capsys):
    tables, missed = load("tables"), training(0.339, 1.0)[-1]
    tables.show([*training(0.339, 1.0)[:2], missed])
    head, *lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "Adam: too slow"
    markdown = tables.table(
        [*training(0.339, 1.0)[:2], missed], tables.SECTIONS["training"].columns
    )
    assert [ln.split() for ln in (head, *lines[:-1])] == [
        ln.replace("|", " ").split()
        for ln in markdown.splitlines()
        if not set(ln) <= set("|-: ")
    ]


def test_readme_gets_its_table(report, tmp_path, capsys):
    put(tmp_path, gradient(), report)
    report.main([], tmp_path)
    readme = (tmp_path / "README.md").read_text()
    before, _, rest = readme.partition(report.MARK)
    inside, _, after = rest.partition(report.END)
    assert (before, after) == ("# x\n\n", "\n\nafter\n")
    assert "old" not in inside
    assert "](benchmarks/results/abacus-gradient.png)" in inside
    expected = {"contender": "jaxnn", "ms": "2.00", "times jaxnn's": "1.00"}
    assert cells(inside, "| jaxnn") == expected
    (tmp_path / "README.md").write_text("no marks\n")
    assert report.main([], tmp_path) == 0
    assert "it has no <!-- made by" in capsys.readouterr().out
    assert (tmp_path / "README.md").read_text() == "no marks\n"


def test_readme_shows_a_machines_gpu_apart(report, tmp_path):
    both = [
        row("gradient", "jaxnn, cpu", 2.0, on="cpu gpu", gpu="H200"),
        row("gradient", "jaxnn, gpu", 0.1, on="cpu gpu", gpu="H200"),
    ]
    put(tmp_path, gradient() + both, report)
    report.main([], tmp_path)
    readme = (tmp_path / "README.md").read_text()
    assert cells(readme, "| jaxnn")["times jaxnn's"] == "1.00"
    found = cells(readme, "| jaxnn, gpu")
    assert found["ms"] == "0.100" and found["times jaxnn on cpu's"] == "0.0500"


def test_readme_compares_machines(report, tmp_path):
    put(tmp_path, gradient(), report)
    other = [r | {"cpu": "Brain 4"} for r in gradient()[:3]]  # it has no NumPy
    other.append(row("gradient", "PyTorch", 9.0, cpu="Brain 4"))
    put(tmp_path, other, report, "brain")
    report.main([], tmp_path)
    readme = (tmp_path / "README.md").read_text()
    assert "\nAbacus 3, 2 cores; python 3.11.7" in readme
    assert "\nBrain 4, 2 cores; python 3.11.7" in readme
    assert cells(readme, r"| NumPy \| tight") == {
        "contender": r"NumPy \| tight",
        "Abacus 3, 2 cores: ms": "5.00",
        "Abacus 3, 2 cores: times jaxnn's": "2.50",
        "Brain 4, 2 cores: ms": "–",
        "Brain 4, 2 cores: times jaxnn's": "–",
    }
    found = cells(readme, "| PyTorch")
    assert found["Abacus 3, 2 cores: ms"] == "–"
    assert found["Brain 4, 2 cores: times jaxnn's"] == "4.50"


@pytest.mark.parametrize(
    "content",
    [
        "[{",
        "3",
        '[{"what": "gradient"}]',
        "[[1]]",
        json.dumps([{**row("ensemble", "8 in one call", 2.0)}]),  # no method
        json.dumps([row("gradient", "jaxnn", 2.0, threads=3)]),
    ],
)
def test_a_damaged_file_is_one_line(report, tmp_path, capsys, content):
    folder = put(tmp_path, gradient(), report)
    (folder / "torn.json").write_text(content)
    for flags in [], ["--check"]:
        assert report.main(flags, tmp_path) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert str(folder / "torn.json") in told
    assert not (tmp_path / "benchmarks" / "RESULTS.md").exists()


@pytest.mark.parametrize("rows", [None, []])
def test_no_results_is_one_line(report, tmp_path, capsys, rows):
    if rows is not None:
        put(tmp_path, rows, report)
    assert report.main([], tmp_path) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: no results in ")
    assert told.count("\n") == 1


def test_the_repositorys_results_are_what_its_rows_say(report):
    assert report.main(["--check"]) == 0
