"""python -m jaxnn.sweep, from outside."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import jaxnn
from jaxnn import locks


def cells_of(line):
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in line[1:-1].split("|")]


def test_sweep_says_the_same_in_table_csv_and_picture(command, tmp_path):
    words = "--lam 1 0 10 --seeds 2 --hidden 3 --folds 3 --steps 20 --out here".split()
    done = command("sweep", *words)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    cells = [cells_of(line) for line in lines if line.startswith("|")][2:]
    assert [(row[0], row[1]) for row in cells] == [("3", "1"), ("3", "0"), ("3", "10")]
    with open(tmp_path / "here" / "sweep.csv") as file:
        networks = list(csv.DictReader(file))
    assert len(networks) == 3 * 2 * 3
    for row in cells:
        mine = [n for n in networks if float(n["lambda"]) == float(row[1])]
        for column, cell in (("train", row[2]), ("validation", row[3])):
            starts = [
                np.mean(
                    [float(n[f"{column}_accuracy"]) for n in mine if n["seed"] == s]
                )
                for s in ("0", "1")
            ]
            median, low, high = map(float, re.findall(r"[\d.]+", cell))
            # the folds' sizes differ by at most one digit
            np.testing.assert_allclose(median, 100 * np.median(starts), atol=0.02)
            np.testing.assert_allclose([low, high], 100 * np.sort(starts), atol=0.02)
        assert float(row[4]) == pytest.approx(
            np.median([float(n["cost"]) for n in mine]), abs=1e-4
        )
        assert {n["diverged"] for n in mine} == {"False"} and row[6] == ""
    assert "best     lambda" in done.stdout and "ms per network-step" in done.stdout
    for name in ("sweep", "hidden_units_3"):
        picture = (tmp_path / "here" / f"{name}.png").read_bytes()
        assert picture[:4] == b"\x89PNG"
    assert cells[0][3] in (tmp_path / "here" / "sweep.md").read_text()


def test_networks_that_diverge_are_marked(command, tmp_path):
    # at this rate and lambda every step makes the weights larger
    words = (
        "--lam 0 20000 --seeds 2 --hidden 3 --method gd --steps 300 --learning-rate 1"
    )
    done = command("sweep", *words.split(), "--out", "here")
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "here" / "sweep.csv") as file:
        networks = list(csv.DictReader(file))
    assert [n["diverged"] for n in networks] == ["False", "False", "True", "True"]
    lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
    (cells,) = (cells_of(line) for line in lines if cells_of(line)[1] == "20000")
    assert cells[2:5] == ["", "", ""] and cells[6] == "2"
    assert "best     lambda 0:" in done.stdout


def test_results_are_kept_where_every_network_diverged(command, tmp_path):
    # the second diverges before its first step
    words = "--lam 20000 1e38 --seeds 2 --hidden 3 --method gd --steps 300".split()
    done = command("sweep", *words, "--out", "here")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "every start diverged; try a smaller --learning-rate" in done.stderr
    assert "best     none: at every lambda a network diverged" in done.stdout
    assert "best     none" in (tmp_path / "here" / "sweep.md").read_text()
    assert not (tmp_path / "here" / "sweep.png").exists()  # nothing to draw


def test_bfgs_on_a_large_network_is_one_line(command):
    words = "--method bfgs --seeds 1 --hidden 3 100000".split()
    done = command("sweep", *words)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1
    assert "for these 41100010 parameters" in done.stderr
    assert "use lbfgs or fewer units" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        "sweep --lam 1 --hidden 2 3 --seeds 12 --method gd --out here",
        "reproduce --only tiny_network gradient_descent --seeds 2 --out here",
    ],
)
def test_ctrl_c_says_what_is_kept(words, environment, tmp_path):
    name, *flags = words.split()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", f"jaxnn.{name}", *flags],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith(("400-3-10", "gradient_descent,")):
            process.send_signal(signal.SIGINT)
            break
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; what was finished is in here" in printed
    if name == "sweep":
        assert "; go on with python -m jaxnn.sweep --resume here\n" in printed
    assert (tmp_path / "here" / f"{name}.md").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--lam -1", "lambda -1.0"),
        ("--lam nan", "lambda nan"),
        ("--lam 1 1.0", "each value once"),
        ("--seeds 0", "at least 1"),
        ("--hidden 0", "at least 1"),
        ("--hidden 100000000", "memory holds 0 networks of 100000000 hidden units"),
        ("--folds 0", "give 2 to"),
        ("--folds 1", "give 2 to"),
        ("--folds 501", "give 2 to 500"),
        ("--method lbgfs", "choose from adam, bfgs, cg"),
        ("--learning-rate 1", "leave learning rate out"),
        ("--data nowhere.mat", "nowhere.mat"),
        ("--data same.npz", "same.npz: of one class alone; train on two or more"),
        ("--out .", "choose another"),
    ],
)
def test_mistake_is_one_line(command, tmp_path, flags, message):
    (tmp_path / "something").touch()
    np.savez(tmp_path / "same.npz", x=np.eye(4), y=["a"] * 4)
    done = command("sweep", *flags.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr and done.stderr.count("\n") == 1


def few(tmp_path):
    """few.npz: 200 of the digits, so that networks train in milliseconds."""
    digits = jaxnn.load_digits()
    np.savez(tmp_path / "few.npz", x=digits.x[::25], y=digits.y[::25])


def rows_of(folder):
    """The table of a sweep, but for its times, and its file of networks."""
    lines = (folder / "sweep.md").read_text().splitlines()
    cells = [cells_of(line) for line in lines if line.startswith("|")]
    return [c[:5] + c[6:] for c in cells], (folder / "sweep.csv").read_bytes()


def test_a_sweep_that_is_killed_resumes_to_the_same_table(
    command, environment, tmp_path
):
    few(tmp_path)
    words = "--data few.npz --lam 0 1 --seeds 150 --hidden 2 3 --steps 8".split()
    assert command("sweep", *words, "--out", "whole").returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "jaxnn.sweep", *words, "--out", "cut"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    cut, deadline = tmp_path / "cut", time.monotonic() + 120
    while not list(cut.glob("networks/3-*.npz")):  # the second width has begun
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert not json.loads((cut / "sweep.json").read_text())["finished"]
    done = command("sweep", "--resume", "cut", "--quiet")
    assert done.returncode == 0, done.stderr
    assert rows_of(cut) == rows_of(tmp_path / "whole")
    assert sorted(os.listdir(cut)) == sorted(os.listdir(tmp_path / "whole"))
    assert not (cut / "networks").exists()
    again = command("sweep", "--resume", "cut")
    assert again.returncode == 0 and "this sweep is finished" in again.stdout


def test_what_cannot_be_resumed_is_one_line(command, tmp_path):
    words = "--lam 1 --seeds 2 --hidden 2 --steps 2 --out here".split()
    assert command("sweep", *words).returncode == 0
    here = tmp_path / "here"
    plan = json.loads((here / "sweep.json").read_text()) | {"finished": False}

    def refused(*flags, **other):
        (here / "sweep.json").write_text(json.dumps(plan | other))
        done = command("sweep", *(flags or ("--resume", "here")))
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        return done.stderr

    assert "--lam does not go with --resume" in refused("--resume", "here", "--lam", 2)
    assert "go on with it by --resume here" in refused(*words)
    assert "not the folder of a sweep" in refused("--resume", "nowhere")
    assert "begun with jaxnn 0.0.0" in refused(jaxnn="0.0.0")
    assert "flags.seeds is 'x'" in refused(flags=plan["flags"] | {"seeds": "x"})
    data = plan["data"] | {"sha256": "0"}
    assert "begun with other digits" in refused(data=data)
    with locks.lock(here / ".lock"):
        script = [sys.executable, "-m", "jaxnn.sweep", "--resume", "here"]
        done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and f"process {os.getpid()} is training it" in (
        done.stderr
    )
