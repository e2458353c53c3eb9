"""Tables and pictures that write_results.py makes of rows written by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from jaxnn import Mistake

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
    return load("write_results")


@pytest.fixture
def tables(load):
    return load("harness.tables")


def row(what, name, ms, **more):
    """A row as the benchmarks save it: a round of ms, one below and one above."""
    rounds = [ms / 1e3 * scale for scale in (0.9, 1.0, 1.1)]
    return {
        **MACHINE,
        "what": what,
        "name": name,
        "device": "cpu",
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
    missed = {**MACHINE, "what": "train_to_cost", "name": "Adam", "why": "too slow"}
    return [
        row("train_to_cost", "jaxnn lbfgs", 2000.0, **more),
        row("train_to_cost", "SciPy", 4000.0, environment={"OMP": "1"}, **more),
        missed | about,
    ]


def test_a_curve_is_as_long_as_the_timed_run(load):
    row = {"curve": [[0, 7.0], [1, 2.0], [2, 0.3]], "seconds": [None, 3.0, 4.0]}
    seconds, costs = load("harness.drawings").as_timed(row)
    assert seconds.tolist() == [1.5, 3.0] and costs.tolist() == [2.0, 0.3]


def everything():
    """Rows of every kind."""
    many = {"method": "gd", "networks": None}
    size = {"m": 5000, "hidden": 25, "form": "one call", "data_bytes": 2_000_000}
    return [
        *gradient(),
        *gradient(precision="float64"),
        *training(0.339, 1.0),
        *training(0.32, 1.0),
        row("whole_command", "jaxnn, warm", 4000.0, accuracy=0.9381),
        row("whole_command", "PyTorch", 6000.0, memory=None),
        row("many_networks", "one network", 2.0, **many),
        row("many_networks", "8 in one call", 1.25, **many | {"networks": 8}),
        row("many_networks", "limit: 208 MFLOP, cpu", 0.5, **many),
        row("scaling", "one call; m 5000", 5.0, **size),
        row("scaling", "one call; m 500", 1.0, **size | {"m": 500}),
        row("streaming", "in memory", 9.0, m=1000, data="an epoch"),
        row("estimators", "jaxnn", 9.0, accuracy=0.9, deviation=0.012, data="wine"),
        row("grid_search", "GridSearchCV", 9.0, data="wine"),
        row("estimator_scripts", "jaxnn", 9.0),
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
    table = [line.split(" | ") for line in text.splitlines()]
    table = [[" ".join(c.split()) for c in line] for line in table]
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
def test_three_digits(tables, number, expected):
    assert tables.short(number) == expected


def test_gradient_table(report):
    text = report.document({"abacus": gradient()})
    found = cells(text, "| jaxnn")
    assert found == {
        "contender": "jaxnn",
        "device": "cpu",
        "median, ms": "2.00",
        "fastest, ms": "1.80",
        "spread": "10%",
        "relative to jaxnn": "1.00",
        "relative to the limit": "2.00",  # not 4, which is the reading's
        "compiling, s": "0.500",
        "memory, MB": "4.00",
        "cost": "3.250000",
    }
    found = cells(text, r"| NumPy \| tight")
    assert (found["relative to jaxnn"], found["relative to the limit"]) == (
        "2.50",
        "5.00",
    )
    assert found["memory, MB"] == "–"
    assert cells(text, "| limit: 208 MFLOP, cpu")["cost"] == "–"


def test_a_limit_counts_on_its_own_device(tables):
    rows = [
        row("gradient", "limit: 208 MFLOP, gpu", 0.5, device="H200"),
        row("gradient", "limit: 208 MFLOP, cpu", 1.0),
    ]
    assert tables.of_limit(row("gradient", "jaxnn", 2.0), rows) == pytest.approx(2)
    elsewhere = row("gradient", "jaxnn", 2.0, device="abacus")
    assert math.isnan(tables.of_limit(elsewhere, rows))


def test_ratio_is_the_median_of_the_rounds(tables):
    base, other = {"seconds": [1.0, 2.0, 4.0]}, {"seconds": [3.0, 4.0, 40.0]}
    assert tables.ratio(other, [base], 1) == 3.0  # of 3, 2 and 10
    base, other = {"seconds": [1.0, None, 4.0]}, {"seconds": [3.0, 4.0, None]}
    assert tables.ratio(other, [base], 1) == 3.0
    assert math.isnan(tables.ratio(other, [base], 2))
    assert tables.middle(other) == 3.5 and tables.quantile(tables.times(other), 0) == 3
    assert math.isnan(tables.middle({})) and math.isnan(tables.ratio({}, [base], 1))


def test_training_table(report):
    text = report.document({"abacus": training(0.32, 1.0)})
    assert "### Training to cost 0.32 at lambda 1, float32, CPU\n" in text
    found = cells(text, "| SciPy")
    assert found["median, s"] == "4.00"
    assert found["relative to jaxnn lbfgs"] == "2.00"
    assert found["the same with compiling"] == "1.80"  # 4.5 / 2.5
    assert found["evaluations"] == "102"
    assert cells(text, "| Adam")["median, s"] == "–"
    assert "- Adam: too slow.\n" in text


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
    assert many["µs per network and step"] == "1,250"
    assert many["networks times steps per s"] == "800"
    assert many["of the limit's speed"] == "40%"
    size = cells(text, "| 5,000")
    assert size["ns per example"] == "1,000"
    assert size["ns per example and weight"] == "0.0972"  # 1000 / 10,285
    assert size["memory / data"] == "2.00"
    whole = cells(text, "| jaxnn, warm")
    assert whole["median, s"] == "4.00" and whole["peak memory, MB"] == "4.00"
    assert whole["held out read right"] == "93.8%"
    other = cells(text, "| PyTorch")
    assert other["relative to jaxnn, warm"] == "1.50"
    assert other["peak memory, MB"] == other["held out read right"] == "–"


def test_tables_are_aligned(tables):
    lines = tables.table(gradient()).split("\n")
    assert len({len(line) for line in lines}) == 1


def test_what_stands_around_the_tables(report):
    text = report.document({"abacus": gradient()})
    assert "## Abacus 3, 2 cores\n\npython 3.11.7, jax 0.10.2; 2026-01-02.\n" in text
    assert "\n400-25-10; 3 rounds.\n" in text  # not all rows have m
    for name in COMMANDS:
        assert f"\npython benchmarks/{name}.py " in text
    assert "No GPU was available" in text
    rows = [one | {"date": "2026-01-05"} for one in gradient(gpu="H200", on="cpu gpu")]
    text = report.document({"abacus": gradient() + rows})
    assert "No GPU was available" not in text
    assert "## Abacus 3, 2 cores, H200\n" in text
    assert "; 2026-01-02 to 2026-01-05.\n" in text
    assert "### One cost and gradient, float32, CPU and GPU\n" in text


COMMANDS = "gradient", "train_to_cost", "whole_command", "many_networks", "scaling"
COMMANDS += "kernels", "estimators", "streaming", "several_devices"


def test_the_words_name_scripts_that_are_there(report):
    folder = Path(report.__file__).parent
    assert {
        f"{name}.py"
        for name in (*COMMANDS, "cases", "checkers", "kernels_run", "write_results")
    } == {path.name for path in folder.glob("*.py")}
    assert "commit 2822fd4" in " ".join(report.document({"a": gradient()}).split())


def test_files_are_written(report, tmp_path):
    folder = put(tmp_path, everything(), report)
    assert report.main([], tmp_path) == 0
    assert {path.name for path in folder.glob("*.png")} == {
        "abacus-gradient.png",
        "abacus-gradient-float64.png",
        "abacus-train_to_cost.png",
        "abacus-many_networks.png",
        "abacus-scaling.png",
    }
    text = (tmp_path / "benchmarks" / "RESULTS.md").read_text()
    for path in folder.glob("*.png"):
        assert f"](results/{path.name})" in text
        assert path.read_bytes().startswith(b"\x89PNG")
    favorite = text.partition("cost 0.339 ")[2].partition("###")[0]
    assert "abacus-train_to_cost.png" in favorite


def test_no_point_is_outside_its_picture(load):
    drawings, rows = load("harness.drawings"), everything()
    for what in ("many_networks", "scaling"):
        figure = drawings.DRAWN[what]([one for one in rows if one["what"] == what])
        for axes in figure.axes:
            heights = np.concatenate([np.ravel(ln.get_ydata()) for ln in axes.lines])
            low, high = axes.get_ylim()
            assert low <= heights.min() and heights.max() < high


def whole(name, milliseconds, **more):
    """A row of the contest that README shows."""
    return row("whole_command", name, milliseconds, **more)


def test_readme_gets_its_table(report, tmp_path, capsys):
    rows = [whole("jaxnn, warm", 1000.0), whole("PyTorch", 2500.0)]
    put(tmp_path, gradient() + rows, report)
    other = [one | {"cpu": "Brain 4"} for one in rows]
    put(tmp_path, other, report, "brain")
    report.main([], tmp_path)
    readme = (tmp_path / "README.md").read_text()
    before, _, rest = readme.partition(report.MARK)
    inside, _, after = rest.partition(report.END)
    assert (before, after) == ("# x\n\n", "\n\nafter\n")
    assert "old" not in inside and "tight" not in inside
    assert "\nAbacus 3, 2 cores; python 3.11.7" in inside
    assert "\nBrain 4, 2 cores; python 3.11.7" in inside
    found = cells(inside, "| PyTorch")
    assert found["median, s"] == "2.50" and found["relative to jaxnn, warm"] == "2.50"
    (tmp_path / "README.md").write_text("no marks\n")
    assert report.main([], tmp_path) == 0
    assert "it needs <!-- made by" in capsys.readouterr().out
    assert (tmp_path / "README.md").read_text() == "no marks\n"


@pytest.mark.parametrize(
    "content",
    [
        "[{",
        "3",
        '[{"what": "gradient"}]',
        "[[1]]",
        json.dumps([row("unheard of", "thing", 3.0)]),
        json.dumps([row("many_networks", "8 in one call", 2.0)]),  # no method
        json.dumps([row("gradient", "jaxnn", 2.0, threads=3)]),
    ],
)
def test_a_damaged_file_is_one_line(report, tmp_path, content):
    folder = put(tmp_path, gradient(), report)
    (folder / "torn.json").write_text(content)
    with pytest.raises(Mistake) as caught:
        report.main([], tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{folder / 'torn.json'} is damaged: ")
    assert message.endswith("; restore it") and "\n" not in message
    assert not (tmp_path / "benchmarks" / "RESULTS.md").exists()


@pytest.mark.parametrize("rows", [None, []])
def test_no_results_is_one_line(report, tmp_path, rows):
    if rows is not None:
        put(tmp_path, rows, report)
    with pytest.raises(Mistake, match="^no results in .*: run a benchmark with --save"):
        report.main([], tmp_path)


def test_the_repositorys_results_are_what_its_rows_say(report):
    folder = Path(report.__file__).parent
    found = report.machines(folder / "results")
    assert (folder / "RESULTS.md").read_text() == report.document(found)
    inside = f"{report.MARK}\n{report.excerpt(found)}\n{report.END}"
    assert inside in (folder.parent / "README.md").read_text()


def test_kernels_are_shown_without_rounds(report):
    about = {"seconds": None, "cost": None, "memory": 17_300_000, "dtype": "float32"}
    about |= {"on": "H100", "device": "H100", "layers": [400, 25, 10], "loops": 1}
    counts = {"kernels per step": 37, "waits per step": 1}
    counts |= {"kernels per evaluation": 25, "waits per evaluation": 2}
    rows = [row("kernels", "lbfgs", 0, **{**about, **counts, "why": "it is long"})]
    text = report.machine("abacus", rows)
    assert "### Kernels: compiled, not run, float32, H100\n\n400-25-10.\n" in text
    line = next(line for line in text.splitlines() if line.startswith("| lbfgs"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:] == "float32 H100 37 25 1 1 2 17.3 0.500".split()
    assert "\n- lbfgs: it is long.\n" in text + "\n"
