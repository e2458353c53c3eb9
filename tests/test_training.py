"""fit: the cost it reaches, the files it writes, and resuming where it stopped."""

import csv
import json
import os
from types import SimpleNamespace

import jax
import numpy as np
import pytest
import scipy.io
from sklearn.linear_model import LogisticRegression

import jaxnn
from jaxnn import optimizers, showing
from jaxnn.optimizers import loop
from jaxnn.training import centering, history, record, task


@pytest.fixture(scope="module")
def parts(few_digits):
    return jaxnn.split(few_digits, 0.25)


def test_published_cost_within_150_steps_from_ten_seeds(digits):
    # truncated Newton's published 0.3390074 at lambda 1, with 99.22 % of the digits
    for seed in range(10):
        run = jaxnn.fit(digits, lam=1.0, steps=150, seed=seed)
        assert run.cost < 0.339, seed
        assert run.history.train_accuracy[-1] >= 0.992, seed


def test_logistic_regression_is_scikit_learns(few_digits):
    # one-vs-all: ten separate problems. lam/(2m) |w|^2 is scikit-learn's C = 1/lam
    lam = 3.0
    run = jaxnn.fit(few_digits, hidden=(), lam=lam, steps=500, dtype="float64")
    for digit in (0, 7):
        model = LogisticRegression(C=1 / lam, tol=1e-10, max_iter=10_000)
        model.fit(few_digits.x, few_digits.y == digit)
        np.testing.assert_allclose(run.params[0][digit, 1:], model.coef_[0], atol=1e-4)


def test_history_is_what_the_network_did(parts):
    train, test = parts
    seen = []
    run = jaxnn.fit(train, test, steps=25, progress=seen.append)
    assert run.steps == 25 and run.began_at == 0
    assert all(column.shape == (25,) for column in run.history)
    # the last entry, recomputed by the hand derivation in float64 NumPy
    params = tuple(np.float64(theta) for theta in run.params)
    cost, gradient = jaxnn.backprop(params, train.x, train.y, 1.0)
    assert run.history.cost[-1] == pytest.approx(float(cost), rel=1e-5)
    assert run.cost == run.history.cost[-1]
    # by centered parameters: dJ/dW' = dJ/dW - dJ/db c^T
    centers = centering.centers_of(params, train.x)
    squares = (
        np.sum(slope[:, 0] ** 2)
        + np.sum((slope[:, 1:] - np.outer(slope[:, 0], c)) ** 2)
        for slope, c in zip(gradient, centers, strict=True)
    )
    norm = np.sqrt(sum(squares))
    assert run.history.gradient_norm[-1] == pytest.approx(norm, rel=1e-2)
    # accuracies at every tenth step, and at the last
    looked = np.flatnonzero(~np.isnan(run.history.test_accuracy)) + 1
    assert looked.tolist() == [10, 20, 25]
    assert [now.step for now in seen] == [10, 20, 25]
    assert seen[-1].test_accuracy == run.history.test_accuracy[-1]
    assert (np.diff(run.history.seconds) > 0).all()


def test_best_weights_are_those_of_the_best_test_accuracy(parts):
    train, test = parts
    run = jaxnn.fit(train, test, method="gd", learning_rate=3.0, steps=300, lam=0.0)
    best = np.nanmax(run.history.test_accuracy)
    assert jaxnn.accuracy(run.best_params, test.x, test.y) == pytest.approx(best)
    assert jaxnn.fit(train, steps=10).best_params is None


def test_run_folder_holds_what_is_promised(parts, tmp_path, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_one=1")  # XLA has read its own already
    train, test = parts
    run = jaxnn.fit(train, test, steps=12, out=tmp_path / "run", notes={"a": 1})
    assert run.folder == tmp_path / "run"
    held = {path.name for path in run.folder.iterdir()}
    assert held == {
        "best.npz",
        "checkpoint.npz",
        "config.json",
        "curves.png",
        "digits.png",
        "hidden_units.png",
        "history.csv",
        "params.npz",
        "trained_on.npz",
        "weights.mat",
    }
    with np.load(run.folder / "params.npz") as arrays:
        np.testing.assert_array_equal(arrays["theta2"], run.params[1])
    mat = scipy.io.loadmat(run.folder / "weights.mat")
    np.testing.assert_array_equal(mat["Theta1"], run.params[0])
    np.testing.assert_array_equal(mat["Theta2"][9], run.params[1][0])  # digit 0 last
    config = json.loads((run.folder / "config.json").read_text())
    assert config["settings"]["lam"] == 1.0 and config["notes"] == {"a": 1}
    assert config["data"]["test"]["examples"] == len(test.y)
    assert config["versions"]["jax"] == jax.__version__
    assert set(config["versions"]) == {
        *("python", "jaxnn", "XLA_FLAGS"),
        *record.PACKAGES,
    }
    with open(run.folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(1, 13))
    assert float(rows[-1]["cost"]) == pytest.approx(run.cost, rel=1e-8)
    assert rows[0]["test_accuracy"] == "" and rows[9]["test_accuracy"] != ""


RESUMED = [
    {"method": "lbfgs"},
    {"method": "adam", "batch_size": 16},
    {"method": "momentum", "dtype": "float64"},
    {"method": "cg"},
]


@pytest.mark.parametrize("how", RESUMED, ids=lambda how: how["method"])
def test_resumed_run_ends_with_the_same_bits(parts, tmp_path, how):
    whole = jaxnn.fit(*parts, steps=47, out=tmp_path / "whole", **how)
    jaxnn.fit(*parts, steps=23, out=tmp_path / "cut", **how)
    again = jaxnn.fit(*parts, steps=47, out=tmp_path / "cut", resume=True, **how)
    assert again.began_at == 23 and again.steps == 47
    for a, b in zip(whole.params, again.params, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(whole.history.cost, again.history.cost)
    assert whole.evaluations == again.evaluations
    # what the whole run measured the other did too, at the same steps
    seen = ~np.isnan(whole.history.test_accuracy)
    assert seen.sum() > 1
    for a, b in zip(whole.history[3:], again.history[3:], strict=True):
        np.testing.assert_array_equal(a[seen], b[seen])


@pytest.mark.parametrize(
    "how",
    [
        {"method": "lbfgs", "dtype": "float64"},
        {"method": "cg", "hidden": ()},
        {"method": "newton-cg", "hidden": (7, 5)},
    ],
    ids=lambda how: how["method"],
)
def test_a_centered_run_returns_the_network_itself(parts, tmp_path, how):
    train, test = parts
    run = jaxnn.fit(train, test, steps=20, out=tmp_path / "run", **how)
    config = json.loads((run.folder / "config.json").read_text())
    assert config["settings"]["center"] is True
    params = tuple(np.float64(theta) for theta in run.params)
    cost, _ = jaxnn.backprop(params, train.x, train.y, 1.0)
    assert run.cost == pytest.approx(float(cost), rel=1e-5)
    for measured, part in (
        (run.history.train_accuracy, train),
        (run.history.test_accuracy, test),
    ):
        assert jaxnn.accuracy(run.params, part.x, part.y) == pytest.approx(measured[-1])
    best = jaxnn.accuracy(run.best_params, test.x, test.y)
    assert best == pytest.approx(np.nanmax(run.history.test_accuracy))
    for name in ("params.npz", "weights.mat"):
        saved = jaxnn.load_params(run.folder / name)
        for held, theta in zip(saved, run.params, strict=True):
            np.testing.assert_array_equal(held, theta)


def test_a_run_without_an_entry_for_centering_resumes_uncentered(
    parts, tmp_path, monkeypatch
):
    monkeypatch.setattr(centering, "METHODS", ())
    whole = jaxnn.fit(*parts, steps=20)
    run = jaxnn.fit(*parts, steps=10, out=tmp_path / "run")
    monkeypatch.undo()
    path = run.folder / "config.json"
    config = json.loads(path.read_text())
    assert config["settings"].pop("center") is False
    path.write_text(json.dumps(config))
    again = jaxnn.fit(*parts, steps=20, out=run.folder, resume=True)
    assert again.began_at == 10 and again.steps == 20
    for a, b in zip(whole.params, again.params, strict=True):
        np.testing.assert_array_equal(a, b)


def test_interrupted_run_saves_and_resumes(parts, tmp_path):
    def press_ctrl_c(now):
        if now.step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jaxnn.fit(*parts, steps=40, out=tmp_path / "cut", progress=press_ctrl_c)
    again = jaxnn.fit(*parts, steps=40, out=tmp_path / "cut", resume=True)
    assert again.began_at == 20
    whole = jaxnn.fit(*parts, steps=40)
    np.testing.assert_array_equal(whole.params[0], again.params[0])
    np.testing.assert_array_equal(whole.best_params[0], again.best_params[0])


def test_finished_run_stays_as_it_is(parts, tmp_path):
    first = jaxnn.fit(*parts, steps=10, out=tmp_path / "run")
    again = jaxnn.fit(*parts, steps=10, out=tmp_path / "run", resume=True)
    assert again.began_at == again.steps == 10
    np.testing.assert_array_equal(first.params[0], again.params[0])


def test_resuming_another_run_is_refused(parts, few_digits, tmp_path):
    jaxnn.fit(*parts, steps=5, out=tmp_path / "run")
    with pytest.raises(jaxnn.FileError, match="lam 1.0, not 2.0; resume it"):
        jaxnn.fit(*parts, steps=9, out=tmp_path / "run", resume=True, lam=2.0)
    other = jaxnn.split(few_digits, 0.25, seed=1)
    for digits in (other, parts[:1]):  # others, and no test digits
        with pytest.raises(jaxnn.FileError, match="on other digits"):
            jaxnn.fit(*digits, steps=9, out=tmp_path / "run", resume=True)
    with pytest.raises(jaxnn.FileError, match="not a run folder"):
        jaxnn.fit(*parts, out=tmp_path / "none", resume=True)


def test_a_folder_in_use_is_left_alone(parts, tmp_path):
    jaxnn.fit(*parts, steps=5, out=tmp_path / "run")
    before = (tmp_path / "run" / "params.npz").read_bytes()
    with pytest.raises(jaxnn.FileError, match="holds a run already; .*resume=True"):
        jaxnn.fit(*parts, steps=5, out=tmp_path / "run", seed=1)
    assert (tmp_path / "run" / "params.npz").read_bytes() == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(jaxnn.FileError, match="not an empty folder"):
        jaxnn.fit(*parts, steps=5, out=tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "run"]


def test_a_run_plots_what_its_folder_shows(parts):
    how = {"method": "adam", "batch_size": 50, "steps": 30, "lam": 0.1}
    run = jaxnn.fit(*parts, **how, hidden=(4, 3))
    figure = run.plot()
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), run.history.cost)
    assert figure.axes[0].get_title() == "batch cost"
    first, second = figure.get_suptitle().splitlines()
    assert first == "400-4-3-10, lambda 0.1, adam, batches of 50"
    assert second.startswith(f"step 30: batch cost {run.cost:.4f}, train ")
    assert jaxnn.fit(parts[0], steps=1).plot()


def test_a_run_is_replaced_when_a_person_says_so(parts, tmp_path):
    folder = tmp_path / "run"
    jaxnn.fit(*parts, steps=5, out=folder)
    for name in (*showing.FILES, "report.html", ".params.npz.1.tmp"):
        (folder / name).write_bytes(b"of the first run")
    how = {"steps": 3, "out": folder, "overwrite": True, "pictures": False}
    run = jaxnn.fit(*parts, seed=1, **how)
    np.testing.assert_array_equal(jaxnn.load_params(folder)[0], run.params[0])
    assert record.read_config(folder).settings.seed == 1
    assert not (folder / "curves.png").exists()
    assert list(tmp_path.iterdir()) == [folder]
    jaxnn.fit(*parts, **{**how, "out": tmp_path / "new"})  # there is nothing yet


def contents(folder):
    """Each file of a folder with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def spoil_stranger(folder):
    (folder / "thesis.txt").write_text("mine")


def spoil_checkpoint(folder):
    (folder / "config.json").unlink()  # checkpoint.npz is another program's


def spoil_folder(folder):
    for path in folder.iterdir():
        path.rename(folder / f"other-{path.name}")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_stranger, "run: holds thesis.txt, which is no part of a run; move it"),
        (spoil_checkpoint, "run: not a run folder"),
        (spoil_folder, "run: exists and is not an empty folder"),
    ],
)
def test_only_a_run_is_replaced(parts, a_run, spoil, message):
    spoil(a_run)
    before = contents(a_run)
    with pytest.raises(jaxnn.FileError, match=message):
        jaxnn.fit(*parts, steps=3, out=a_run, overwrite=True)
    assert contents(a_run) == before


def test_a_run_stays_where_the_new_one_cannot_start(parts, a_run, monkeypatch):
    before = contents(a_run)
    replace, full = os.replace, {"lam": 3e38, "init": "glorot", "hidden": (2000,)}
    with pytest.raises(jaxnn.Mistake, match="at the start is inf"):
        jaxnn.fit(*parts, **full, out=a_run, overwrite=True)

    def fail(old, new):
        if old.name == "run" and old != a_run:  # the new one
            raise OSError(28, "No space left on device")
        replace(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(jaxnn.FileError, match="No space left"):
        jaxnn.fit(*parts, steps=3, out=a_run, overwrite=True)
    assert contents(a_run.parent) == before


def test_divergence_keeps_the_last_good_weights(parts, tmp_path):
    how = {"method": "gd", "learning_rate": 1e30}
    run = jaxnn.fit(*parts, steps=50, out=tmp_path / "run", **how)
    assert run.diverged and "at step 1" in run.message
    start = jaxnn.init_params(0)
    np.testing.assert_array_equal(run.params[0], start[0])
    np.testing.assert_array_equal(jaxnn.load_params(run.folder)[0], start[0])
    assert run.best_params is None
    # a resumed run fails at the same step again, and loses nothing
    again = jaxnn.fit(*parts, steps=50, out=tmp_path / "run", resume=True, **how)
    assert again.diverged and again.message == run.message


def some(digits, m):
    """m of the digits, of all classes."""
    which = np.linspace(0, len(digits.y) - 1, m).astype(int)
    return jaxnn.Digits(digits.x[which], digits.y[which], "some")


@pytest.mark.parametrize("method", ["lbfgs", "gd", "scipy-cg"])
def test_padding_changes_no_number(few_digits, method, monkeypatch):
    # 190 digits are filled up to 250; the cost is that of the 190
    train, test = some(few_digits, 190), some(few_digits, 60)
    how = {"hidden": 4, "method": method, "dtype": "float64", "lam": 0.5, "steps": 7}
    run = jaxnn.fit(train, test, **how)
    cost, _ = jaxnn.backprop(run.params, train.x, train.y, 0.5)
    np.testing.assert_allclose(run.cost, cost, rtol=1e-13)
    read = np.asarray(jaxnn.predict(run.params, test.x))
    assert run.history.test_accuracy[-1] == np.mean(read == test.y)
    monkeypatch.setattr(task, "UNITS", {"cpu": 1, "gpu": 1})
    plain = jaxnn.fit(train, test, **how)
    # sums of 250 and 190 numbers round differently, and line searches amplify that
    for padded, expected in zip(run.params, plain.params, strict=True):
        np.testing.assert_allclose(padded, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("platforms", "m", "rows"),
    [("cpu", 4000, 4000), ("cpu", 4001, 4250), ("gpu", 4000, 4096), ("gpu", 4096, 4096),
     ("cpu cpu cpu cpu", 4001, 4500), ("gpu gpu gpu", 1, 768)],
)  # fmt: skip
def test_rows_fit_the_device_and_divide_among_several(platforms, m, rows):
    found = [SimpleNamespace(platform=name) for name in platforms.split()]
    place = SimpleNamespace(device_set=found) if len(found) > 1 else found[0]
    assert task.rows_at(place, m) == rows
    assert task.rows_at(place, m, pads=False) == -(-m // len(found)) * len(found)


def test_another_number_of_digits_compiles_nothing(few_digits):
    how = {"hidden": 3, "steps": 2}
    jaxnn.fit(some(few_digits, 190), some(few_digits, 60), **how)
    compiled = loop.run_chunk._cache_size(), history.hits._cache_size()
    jaxnn.fit(some(few_digits, 170), some(few_digits, 40), **how)
    assert compiled == (loop.run_chunk._cache_size(), history.hits._cache_size())


def test_minibatch_gradient_is_unbiased(few_digits):
    # over one epoch of equal batches the mean gradient is the whole set's
    x, y, lam, size = few_digits.x, few_digits.y, 2.0, 40
    params = jaxnn.init_params(0, dtype="float64")
    order = np.random.default_rng(0).permutation(len(y)).reshape(-1, size)
    args = x, y, lam, None, None, len(y)
    gradients = [
        jaxnn.backprop(params, *map(np.asarray, task.take_batch(args, i)[:3]))[1]
        for i in order
    ]
    mean = np.mean([gradient[0] for gradient in gradients], axis=0)
    whole = jaxnn.backprop(params, x, y, lam)[1][0]
    np.testing.assert_allclose(mean, whole, atol=1e-12)


def test_float64_runs_leave_the_program_in_float32(parts):
    run = jaxnn.fit(*parts, steps=10, method="momentum", dtype="float64")
    assert run.params[0].dtype == np.float64
    assert jaxnn.cost(run.params, parts[1].x, parts[1].y, 0.0).dtype == np.float32


def test_cost_of_the_loop_is_that_of_the_state(parts):
    # no field lags a step behind: cost and gradient belong to the state's params
    train = parts[0]
    args = (np.float32(train.x), train.y, 1.0)
    found = optimizers.minimize(jaxnn.cost, jaxnn.init_params(0), args, steps=11)
    cost, gradient = jaxnn.backprop(jax.device_get(found.state.params), *args)
    assert found.cost == pytest.approx(float(cost), rel=1e-5)
    np.testing.assert_allclose(found.state.grad[0], gradient[0], atol=1e-6)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"lam": -1.0}, "lambda -1.0: give a number from 0 up"),
        ({"lam": float("nan")}, "lambda nan"),
        ({"hidden": (0,)}, "each layer needs at least 1"),
        ({"dtype": "float16"}, "float32 or float64"),
        ({"seed": -1}, "seed -1 is not in"),
        ({"seed": 2**31}, "seed 2147483648 is not in"),
        ({"steps": 0}, "at least 1"),
        ({"method": "sgd"}, "choose from adam, bfgs, cg, gd, lbfgs, momentum"),
        ({"init": "he"}, "choose from course"),
        ({"batch_size": 0, "method": "gd"}, "batch size 0"),
        ({"batch_size": 1000, "method": "gd"}, "batch size 1000 is not in 1..150"),
        ({"device": "tpu"}, "choose from auto, cpu, gpu"),
        ({"resume": True}, "resume needs out"),
        ({"overwrite": True}, "overwrite needs out"),
        ({"resume": True, "overwrite": True, "out": "here"}, "give one of them"),
        ({"lam": 1e39}, "lambda 1e.39: give a number from 0 up"),
        ({"lam": 3e38, "init": "glorot", "hidden": (2000,)}, "at the start is inf"),
        ({"method": "gd", "learning_rate": 1e39}, "learning rate 1e.39 is too large"),
    ],
)
def test_unusable_settings_are_refused(parts, tmp_path, how, message):
    out = None if {"resume", "overwrite"} & set(how) else tmp_path / "run"
    with pytest.raises(ValueError, match=message):
        jaxnn.fit(*parts, **{"out": out, **how})
    assert not (tmp_path / "run").exists()


def test_digits_that_do_not_fit_are_refused(parts):
    train, test = parts
    with pytest.raises(ValueError, match="expected a row per digit, of 400 pixels"):
        jaxnn.fit(train, test._replace(x=test.x[:, :399]))
    with pytest.raises(ValueError, match="labels for 150 x"):
        jaxnn.fit(train._replace(y=train.y[1:]))
    with pytest.raises(ValueError, match=r"1..10; expected the places 0-9 .* \(y % 10"):
        jaxnn.fit(train._replace(y=train.y + 1))
    with pytest.raises(ValueError, match=r"jaxnn.Digits\(x, y, name\), not ndarray"):
        jaxnn.fit(train.x, train.y)
    with pytest.raises(ValueError, match=r"jaxnn.Digits\(x, y, name\), not tuple"):
        jaxnn.fit((train.x, train.y))


def test_settings_may_be_numpy_scalars(parts, tmp_path):
    how = {"hidden": 7, "lam": np.float32(0.5), "seed": np.int64(3)}
    run = jaxnn.fit(*parts, steps=3, out=tmp_path / "run", **how)
    assert run.params[0].shape == (7, 401)
    config = json.loads((run.folder / "config.json").read_text())
    assert config["settings"]["lam"] == 0.5 and config["settings"]["seed"] == 3


def test_resuming_keeps_the_notes_and_leaves_no_litter(parts, tmp_path):
    out = tmp_path / "run"
    jaxnn.fit(*parts, steps=3, out=out, notes={"steps": 3})
    (out / ".params.npz.1234.tmp").write_bytes(b"half of it")  # of a killed process
    jaxnn.fit(*parts, steps=6, out=out, resume=True)
    assert json.loads((out / "config.json").read_text())["notes"] == {"steps": 3}
    assert not list(out.glob(".*"))


def test_nothing_to_train_on_is_refused(few_digits):
    none = jaxnn.Digits(few_digits.x[:0], few_digits.y[:0], "none")
    with pytest.raises(ValueError, match="no digits to train on"):
        jaxnn.fit(none)


def test_progress_is_the_latest_of_history():
    assert history.Progress._fields[2:] == history.History._fields
