"""Other data than the course's: every command, and whose digits a run is judged by."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine

import jaxnn
from jaxnn import data
from jaxnn.training import record, run_folder, scores

EIGHT, WINE, IRIS = load_digits(), load_wine(), load_iris()
WORDS = IRIS.target_names[IRIS.target]
INKS = np.linspace(0.6, 1, 130)
SETS = {
    "eight": ({"x": EIGHT.images[::4], "y": EIGHT.target[::4]}, "64-6-10", (8, 8)),
    "wine": ({"x": WINE.data, "y": WINE.target}, "13-6-3", None),
    "flat": ({"x": np.eye(10).reshape(10, 2, 5), "y": [3, 5] * 5}, "10-6-2", (2, 5)),
    "words": ({"X": IRIS.data, "y": WORDS}, "4-6-3", None),
    "letters": (
        {"x": np.eye(20) * INKS[:, None, None], "y": np.arange(130) % 26 + 1},
        "400-6-26",
        (20, 20),
    ),
}


@pytest.fixture(params=SETS)
def own(request, tmp_path):
    """A file of data in the folder where commands run: its name, layers and shape."""
    arrays, layers, shape = SETS[request.param]
    np.savez(tmp_path / f"{request.param}.npz", **arrays)
    return request.param, layers, shape


def refused(done, *words):
    """A person's mistake: exit code 2, and one line with these words."""
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    for word in words:
        assert word in done.stderr


def test_every_command_works_on_any_data(command, tmp_path, own):
    name, layers, shape = own
    how = ("--data", f"{name}.npz", "--hidden", 6, "--steps", 20)
    done = command("train", *how, "--out", "run")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert f"network  {layers}, " in done.stdout
    held = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"weights.mat", "curves.png"} <= held
    assert ("hidden_units.png" in held) == ("digits.png" in held) == (shape is not None)
    assert "is complete" in command("train", "--resume", "run").stdout

    done = command("evaluate", "run", "--show", "shown")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    shown = {path.name for path in (tmp_path / "shown").iterdir()}
    assert ("mistakes.png" in shown) == (shape is not None)
    config = record.read_config(tmp_path / "run")
    lines = done.stdout.splitlines()
    (at,) = (i for i, line in enumerate(lines) if " read as " in line)
    heads, *counts = (line.split() for line in lines[at : at + 1 + len(config.classes)])
    names = [str(label)[:12] for label in config.classes]
    assert heads == [heads[0], "read", "as", *names]
    assert [row[0] for row in counts] == names
    total = sum(int(n) for row in counts for n in row[1:])
    assert total == config.data["test"].examples and f"of {total} " in lines[0]

    done = command("report", "run")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    done = command("sweep", *how, "--lam", 1, "--seeds", 1, "--out", "sweep")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    pictures = {path.name for path in (tmp_path / "sweep").glob("*.png")}
    assert ("hidden_units_6.png" in pictures) == (shape is not None)
    refused(command("read", "photo.png", "--run", "run"), "train a network on 20x20")


def test_a_network_of_400_features_that_are_no_digits_reads_no_photo(tmp_path, command):
    x = np.random.default_rng(0).normal(size=(20, 400))
    jaxnn.fit(
        jaxnn.Digits(x, np.arange(20) % 10, classes=list("abcdefghij")),
        steps=1,
        out=tmp_path / "run",
    )
    assert not (tmp_path / "run" / "hidden_units.png").exists()
    refused(command("read", "a.png", "--run", "run"), "no images", "a, b, c", "20x20")


def test_files_have_the_classes_that_occur(tmp_path, own):
    name, layers, shape = own
    found = jaxnn.load_digits(tmp_path / f"{name}.npz")
    assert len(found.classes) == int(layers.split("-")[-1]) and found.shape == shape
    y = SETS[name][0]["y"]
    assert [found.classes[i] for i in found.y] == [
        label if isinstance(found.classes[0], int) else str(label) for label in y
    ]


def test_pictures_of_another_shape_are_upright(tmp_path):
    np.savez(tmp_path / "eight.npz", x=EIGHT.images, y=EIGHT.target)
    found = jaxnn.load_digits(tmp_path / "eight.npz")
    np.testing.assert_array_equal(found.x[7].reshape(8, 8).T, EIGHT.images[7])


def test_data_that_do_not_fit_a_run_are_one_line(command, tmp_path):
    np.savez(tmp_path / "wine.npz", x=WINE.data, y=WINE.target)
    np.savez(tmp_path / "iris.npz", x=IRIS.data, y=WORDS)
    np.savez(tmp_path / "more.npz", x=IRIS.data, y=np.where(IRIS.target, WORDS, "oak"))
    command("train", "--data", "iris.npz", "--steps", 5, "--quiet", "--out", "run")
    refused(command("evaluate", "run", "--data", "wine.npz"), "4 pixels", "has 13")
    refused(command("report", "run", "--data", "more.npz"), "label oak is none of")


def test_a_split_that_leaves_nothing_to_train_on_is_one_line(command):
    done = command("train", "--test-fraction", 0.9999, "--quiet")
    refused(done, "no digits to train on; use a smaller test fraction")


def test_classes_are_found_by_name_in_other_data(command, tmp_path):
    np.savez(tmp_path / "iris.npz", x=IRIS.data, y=WORDS)
    command("train", "--data", "iris.npz", "--steps", 50, "--quiet", "--out", "run")
    last = IRIS.target > 0  # versicolor is 0 among the labels of this file, not 1
    x = IRIS.data + 0.01  # flowers that the run has not seen
    np.savez(tmp_path / "two.npz", x=x[last], y=WORDS[last])
    lines = command("evaluate", "run", "--data", "two.npz").stdout.splitlines()
    assert [line.split()[0] for line in lines[-3:]] == [*IRIS.target_names]
    assert lines[-3].split()[1:] == ["0", "0", "0"]
    read = np.asarray(jaxnn.predict(jaxnn.load_params(tmp_path / "run"), x))
    assert lines[0].startswith(f"{np.mean((read == IRIS.target)[last]):.2%} of 100 ")


def test_three_classes_have_three_outputs(few_digits):
    few = few_digits.y < 3
    run = jaxnn.fit(jaxnn.Digits(few_digits.x[few], few_digits.y[few]), steps=2)
    assert run.params[-1].shape == (3, 26) and run.classes == (0, 1, 2)


def test_test_digits_take_the_classes_of_those_trained_on():
    train = jaxnn.Digits(IRIS.data[::2], WORDS[::2])
    last = IRIS.target > 0
    test = jaxnn.Digits(IRIS.data[last], WORDS[last])  # without setosa
    run = jaxnn.fit(train, test, steps=100)
    assert run.history.test_accuracy[-1] > 0.8
    with pytest.raises(jaxnn.Mistake, match="label virginica is none of the classes"):
        jaxnn.fit(jaxnn.Digits(IRIS.data[:100], WORDS[:100]), test)
    with pytest.raises(jaxnn.Mistake, match="of one class alone; train on two"):
        jaxnn.fit(jaxnn.Digits(IRIS.data[:50], IRIS.target[:50]))


def test_classes_are_part_of_what_a_run_is(tmp_path):
    iris = jaxnn.Digits(IRIS.data, WORDS, "iris")
    run = jaxnn.fit(iris, steps=2, out=tmp_path / "run")
    config = json.loads((run.folder / "config.json").read_text())
    assert config["classes"] == [*IRIS.target_names] and config["shape"] is None
    other = iris._replace(classes=("a", "b", "c"))
    with pytest.raises(jaxnn.FileError, match="other digits"):
        jaxnn.fit(other, steps=3, out=run.folder, resume=True)
    renamed = iris._replace(name="flowers")
    assert jaxnn.fit(renamed, steps=3, out=run.folder, resume=True).steps == 3


# a run made from Python, judged by the command


@pytest.fixture(scope="module")
def halves(digits):
    """The embedded digits, split by another seed and fraction than the defaults."""
    return jaxnn.split(digits, 0.5, seed=3)


@pytest.mark.parametrize("kind", ["split", "untested", "standardized", "whole"])
def test_embedded_digits_are_recognized(tmp_path, digits, halves, kind):
    train, test = halves
    if kind == "standardized":
        train, test = jaxnn.standardize(train), jaxnn.standardize(test)
    parts = {"untested": [train], "whole": [digits]}.get(kind, [train, test])
    run = jaxnn.fit(*parts, steps=1, hidden=2, seed=3, out=tmp_path / "run")
    found = scores.digits_of(run.folder)
    expected = digits if kind == "whole" else test
    np.testing.assert_array_equal(found.x, expected.x)
    assert found.name == expected.name
    assert run_folder.is_standardized(run.folder) == (kind == "standardized")


def test_other_digits_are_named_or_asked_for(command, tmp_path, few_digits):
    pictures = few_digits.x.reshape(-1, 20, 20).swapaxes(1, 2)
    np.savez(tmp_path / "few.npz", x=pictures, y=few_digits.y)
    train, test = jaxnn.split(data.load_digits(tmp_path / "few.npz"), 0.25)
    jaxnn.fit(train, test, steps=3, hidden=2, seed=5, out=tmp_path / "run")
    for name in ("evaluate", "report"):
        refused(command(name, "run"), "other than the embedded digits", "--data")
    done = command("evaluate", "run", "--data", "few.npz")
    assert "of 50 digits" in done.stdout and "few.npz (held out)" in done.stdout
    np.savez(tmp_path / "half.npz", x=pictures[::2], y=few_digits.y[::2])
    half = command("evaluate", "run", "--data", "half.npz").stdout  # 75 were trained on
    assert "of 25 digits" in half and "half.npz (held out)" in half


def test_a_run_from_python_has_its_pictures(tmp_path, few_digits):
    held = ["curves.png", "digits.png", "hidden_units.png", "weights.mat"]
    for pictures in (True, False):
        run = jaxnn.fit(
            few_digits, steps=1, out=tmp_path / f"{pictures}", pictures=pictures
        )
        made = [name for name in held if (run.folder / name).exists()]
        assert made == (held if pictures else [])


# what was held out chooses; a test does not


def test_a_test_part_of_its_own_chooses_nothing(command, tmp_path, few_digits):
    pictures, y = few_digits.x.reshape(-1, 20, 20).swapaxes(1, 2), few_digits.y
    parts = {"x_train": pictures, "y_train": y, "x_test": pictures, "y_test": y}
    np.savez(tmp_path / "parts.npz", **parts)
    np.savez(tmp_path / "whole.npz", x=pictures, y=y)
    how = ("--steps", 20, "--hidden", 5)
    done = command("train", "--data", "parts.npz", *how, "--out", "parts")
    assert "best" not in done.stdout and "held out" not in done.stdout
    assert ", test " in done.stdout.splitlines()[-2]
    assert not (tmp_path / "parts" / "best.npz").exists()
    assert "tested on" in report_of(command, tmp_path / "parts")

    done = command("train", "--data", "whole.npz", *how, "--out", "whole")
    assert "test" not in done.stdout and "whole.npz (held out) 40" in done.stdout
    result = done.stdout.splitlines()[-2]
    run = json.loads((tmp_path / "whole" / "config.json").read_text())
    assert run["held_out"] is True
    table = run_folder.read_history(tmp_path / "whole")
    seen = table["test_accuracy"]
    best = int(np.nanargmax(seen))
    assert f"held out {seen[-1]:.2%}, best held-out {seen[best]:.2%}" in result
    assert f"at step {best + 1} (chosen by it), in whole" in result
    assert (tmp_path / "whole" / "best.npz").exists()
    assert "held out" in report_of(command, tmp_path / "whole")


def report_of(command, folder):
    """The page of a run."""
    assert command("report", folder.name).returncode == 0
    return (folder / "report.html").read_text()


def test_fit_knows_by_its_argument(few_digits, tmp_path):
    train, test = jaxnn.split(few_digits)
    how = {"steps": 5, "hidden": 2, "pictures": False}
    run = jaxnn.fit(train, test, **how, out=tmp_path / "run", held_out=False)
    assert run.best_params is None and not (run.folder / "best.npz").exists()
    assert not np.isnan(run.history.test_accuracy[-1])
    assert record.read_config(run.folder).held_out is False
    how["steps"] = 9
    assert jaxnn.fit(train, test, **how, out=run.folder, resume=True).steps == 9
    assert not (run.folder / "best.npz").exists()  # it continues as it was
    assert jaxnn.fit(train, test, **how).best_params is not None
