"""What a network makes of digits, against the formulas in NumPy."""

import numpy as np
import pytest

import jaxnn
from jaxnn import data
from jaxnn.training import run_folder, scores


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_evaluation_is_the_formulas(few_digits, dtype):
    params = jaxnn.init_params(3, dtype="float64")
    found = scores.evaluate(params, few_digits, lam=2.0, dtype=dtype)
    a, m = few_digits.x, len(few_digits.y)
    for theta in params:
        a = 1 / (1 + np.exp(-np.c_[np.ones(m), a] @ theta.T))
    is_class = few_digits.y[:, None] == np.arange(10)
    costs = -np.where(is_class, np.log(a), np.log(1 - a)).sum(axis=1)
    squares = sum((theta[:, 1:] ** 2).sum() for theta in params)
    near = {"rtol": 1e-5 if dtype == "float32" else 1e-12}
    assert found.outputs.dtype == dtype
    np.testing.assert_allclose(found.outputs, a, **near)
    np.testing.assert_array_equal(found.read, a.argmax(axis=1))
    np.testing.assert_allclose(found.costs, costs, **near)
    np.testing.assert_allclose(found.cost, costs.mean() + squares / m, **near)
    assert found.accuracy == np.mean(a.argmax(axis=1) == few_digits.y)


def made(read, costs):
    """An evaluation with three classes; unused fields are empty."""
    read, costs = np.array(read), np.array(costs)
    return scores.Evaluation(np.zeros((len(read), 3)), read, costs, 0.0, 0.0)


def test_worst_are_the_misread_with_the_largest_costs_first():
    y = np.array([0, 1, 2, 1, 0])
    found = made([0, 2, 1, 1, 2], [9.0, 1.0, 3.0, 8.0, 2.0])
    assert scores.worst(y, found, 5).tolist() == [2, 4, 1]
    assert scores.worst(y, found, 2).tolist() == [2, 4]
    assert scores.worst(y, made(y, [1.0] * 5), 2).tolist() == []


def test_confusion_counts_what_was_written_down_and_read_across():
    counts = scores.confusion(np.array([0, 0, 1, 2]), made([0, 1, 1, 0], [0] * 4))
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


# which digits of a file a run has not seen


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """A file of four classes of 40 to 51 rows, of which the last two are equal."""
    random = np.random.default_rng(0)
    y = np.repeat(np.arange(4), [40, 42, 46, 51])
    x = random.random((len(y), 3))
    x[-2] = x[-1]
    path = tmp_path_factory.mktemp("uneven") / "uneven.npz"
    np.savez(path, x=x, y=y)
    return path


@pytest.mark.parametrize(("fraction", "seed"), [(0.25, 0), (0.3, 7), (0.05, 3)])
def test_a_run_is_judged_by_rows_that_it_has_not_seen(uneven, tmp_path, fraction, seed):
    train, test = jaxnn.split(jaxnn.load_digits(uneven), fraction, seed)
    run = jaxnn.fit(train, test, steps=1, hidden=2, out=tmp_path / "run")
    found = scores.digits_of(run.folder, str(uneven))
    np.testing.assert_array_equal(found.x, test.x)
    np.testing.assert_array_equal(found.y, test.y)
    assert found.name == test.name


def test_a_command_judges_its_run_by_the_same_rows(uneven, tmp_path, command):
    how = ("--data", uneven, "--steps", 1, "--test-fraction", 0.25, "--out", "run")
    assert command("train", *how).returncode == 0
    own = scores.digits_of(tmp_path / "run")
    again = scores.digits_of(tmp_path / "run", str(uneven))
    np.testing.assert_array_equal(own.x, again.x)
    assert len(own.y) == 45 and own.name == again.name


def test_a_test_part_may_repeat_training_rows(uneven, tmp_path):
    whole = jaxnn.load_digits(uneven)
    half = data.take(whole, np.arange(0, len(whole.y), 2))
    parts = {"x_train": whole.x, "y_train": whole.y, "x_test": half.x, "y_test": half.y}
    np.savez(path := tmp_path / "parts.npz", **parts)
    run = jaxnn.fit(whole, half, steps=1, out=tmp_path / "run", held_out=False)
    assert len(scores.digits_of(run.folder, str(path)).y) == len(half.y)


def test_a_run_that_recorded_no_rows_says_so(uneven, tmp_path):
    whole = jaxnn.load_digits(uneven)
    run = jaxnn.fit(whole, steps=1, out=tmp_path / "run")
    (run.folder / run_folder.TRAINED_ON).unlink()
    found = scores.digits_of(run.folder, str(uneven))
    assert "with or without training digits" in found.name
    with pytest.raises(jaxnn.Mistake, match="with --data"):
        scores.digits_of(run.folder)
