"""python -m jaxnn.reproduce, from outside."""

import csv

import pytest

from jaxnn.published.recipes import RECIPES

ROWS = [(r.name, f.name) for r in RECIPES for f in r.figures]


def table_of(folder):
    """The rows of reproduce.md's table, as lists of cells."""
    lines = (folder / "reproduce.md").read_text().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


@pytest.mark.slow
def test_quick_prints_every_row(command, tmp_path):
    done = command("reproduce", "--quick", "--out", "here")
    assert done.returncode == 0, done.stderr
    rows = table_of(tmp_path / "here")
    assert [(row[0], row[1]) for row in rows] == ROWS
    for recipe in RECIPES:
        assert f"\n{recipe.name}  ({recipe.source}" in done.stdout
        for figure in recipe.figures:
            assert figure.name in done.stdout
    assert "fewer steps: not comparable" in done.stdout
    assert "here" in done.stdout.splitlines()[-1]
    with open(tmp_path / "here" / "reproduce.csv") as file:
        values = list(csv.DictReader(file))
    starts = {v["start"] for v in values if v["experiment"] == "lambda_20"}
    assert starts == {"0", "1", "2", "3"}
    assert (tmp_path / "here" / "reproduce.png").read_bytes()[:4] == b"\x89PNG"


def test_whole_small_run_without_the_weights(
    command, tmp_path, environment, monkeypatch
):
    monkeypatch.delitem(environment, "JAXNN_EX4_WEIGHTS", raising=False)
    names = ("given_weights", "tiny_network", "gradient_check")
    done = command("reproduce", "--only", *names, "--seeds", 8, "--out", "here")
    assert done.returncode == 0, done.stderr
    cells = {(row[0], row[1]): row[2:] for row in table_of(tmp_path / "here")}
    assert cells["given_weights", "cost at lambda 0"] == [
        "0.2876291651613189",
        "",
        "",
        "skipped: file missing (ex4weights.mat)",
    ]
    assert cells["tiny_network", "cost at lambda 4"][-1] == "exact"
    assert cells["gradient_check", "the larger, which must be below"][-1] == "better"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--only", "nonsense"), "choose from given_weights, tiny_network,"),
        (("--seeds", "0"), "give 1 to 100000"),
        (("--dtype", "float32"), "leave it out"),
        (("--weights", "nowhere.mat"), "nowhere.mat"),
        (("--out", "."), "choose another"),
    ],
)
def test_mistake_is_one_line(command, tmp_path, flags, message):
    (tmp_path / "something").touch()
    done = command("reproduce", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()
