"""What the commands do, from Python: load_run, score, write_page, train_many, ..."""

import numpy as np
import pytest
from PIL import Image

import jaxnn
from jaxnn import Mistake, images, orientation
from jaxnn.training import chunks


@pytest.fixture(scope="module")
def saved(few_digits, tmp_path_factory):
    """A run, and the digits that it held out."""
    train, test = jaxnn.split(few_digits, 0.25)
    folder = tmp_path_factory.mktemp("api") / "run"
    return jaxnn.fit(train, test, steps=30, out=folder, pictures=False), test


def same(a, b):
    """Whether two results are equal in every field."""
    for one, other in zip(a, b, strict=True):
        if isinstance(one, tuple) and any(isinstance(e, np.ndarray) for e in one):
            for x, y in zip(one, other, strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-8)
        else:
            assert one == other


def test_a_run_is_loaded_as_it_was_returned(saved):
    run, _ = saved
    again = jaxnn.load_run(run.folder)
    same(again, run._replace(compile_seconds=0.0))
    assert repr(again) == repr(run)


def test_a_run_that_stopped_says_how_far_it_came(few_digits, tmp_path):
    def stop(now):
        if now.step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jaxnn.fit(few_digits, steps=50, out=tmp_path / "run", progress=stop)
    run = jaxnn.load_run(tmp_path / "run")
    assert run.steps == len(run.history.cost) == 20 and "resume=True" in run.message
    ended = jaxnn.fit(few_digits, steps=50, out=tmp_path / "run", resume=True)
    assert jaxnn.load_run(tmp_path / "run").message == ended.message


class Killed(BaseException):
    """Ends a run as kill -9 does: nothing may be saved after it."""


def killed_at(step):
    """A function for progress that ends the run at a step, before this is saved."""

    def kill(now):
        if now.step == step:
            raise Killed

    return kill


def test_a_run_that_was_killed_says_how_far_it_came(few_digits, tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(chunks, "SAVE_SHARE", 0)
    train, test = jaxnn.split(few_digits)
    how = {"steps": 50, "out": tmp_path / "run"}
    for step in (10, 20, 40):
        with pytest.raises(Killed):
            jaxnn.fit(train, test, **how, progress=killed_at(step), resume=step > 10)
        run = jaxnn.load_run(tmp_path / "run")
        assert run.steps == len(run.history.cost) == step - 10
        assert "resume=True" in repr(run)
    x, y = train.x.astype("f4"), train.y
    assert run.cost == pytest.approx(float(jaxnn.cost(run.params, x, y, 1.0)), rel=1e-5)


def test_best_weights_without_a_history_have_no_accuracy(saved):
    run, _ = saved
    nothing = run.history._replace(test_accuracy=np.full(30, np.nan))
    assert run.best() and not run._replace(history=nothing).best()


def test_a_run_scores_digits(saved, few_digits):
    run, test = saved
    assert run.score(test) == run.history.test_accuracy[-1]
    named = test._replace(classes=tuple(map(str, test.classes)))
    assert run.score(named) == run.score(test)  # labels are found by name
    assert run.score(test, device="cpu") == run.score(test)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (jaxnn.Digits(np.ones((2, 3)), [0, 1], "table"), "and table has 3; give"),
        (jaxnn.Digits(np.ones((2, 3)), [0, 1]), "and digits has 3; give"),
        (jaxnn.Digits(np.ones((0, 400)), []), "no examples to read"),
        (None, "digits must be jaxnn.Digits"),
    ],
    ids=["table", "unnamed", "empty", "none"],
)
def test_what_a_run_cannot_score_is_refused(saved, given, message):
    with pytest.raises(Mistake, match=message):
        saved[0].score(given)


def test_a_run_predicts_classes_by_name(saved):
    run, test = saved
    read = np.asarray(jaxnn.predict(run.params, test.x.astype("f4")))
    np.testing.assert_array_equal(run.predict(test.x), read)
    np.testing.assert_array_equal(run.predict(images.roll(test.x)), read)
    x = np.random.default_rng(0).normal(size=(60, 2))
    words = np.where(x[:, 0] > 0, "right", "left")
    named = jaxnn.fit(jaxnn.Digits(x, words, "sides"), lam=0.01, steps=50)
    assert np.mean(named.predict(x) == words) > 0.95
    with pytest.raises(Mistake, match="the run reads 2 features, and examples has 3"):
        named.predict(np.ones((4, 3)))


def test_a_standardized_run_standardizes_what_it_scores(few_digits):
    run = jaxnn.fit(jaxnn.standardize(few_digits), steps=30)
    assert run.score(few_digits) == run.score(jaxnn.standardize(few_digits)) > 0.8


def test_a_page_is_written_from_python(saved, tmp_path, few_digits):
    run, test = saved
    np.savez(tmp_path / "test.npz", x=images.roll(test.x), y=test.y)
    how = {"data": tmp_path / "test.npz"}
    path = jaxnn.write_page(run, tmp_path / "mine.html", **how)
    assert path.read_text() == jaxnn.write_page(run.folder, **how).read_text()
    assert "400-25-10" in path.read_text()
    with pytest.raises(Mistake, match="exists, not made by jaxnn"):
        (tmp_path / "own.html").write_text("mine")
        jaxnn.write_page(run, tmp_path / "own.html", **how)
    with pytest.raises(Mistake, match="has no folder; train it with fit"):
        jaxnn.write_page(run._replace(folder=None))
    other = few_digits._replace(x=few_digits.x[:, ::-1].copy())
    alone = jaxnn.fit(other, steps=1, out=tmp_path / "alone", pictures=False)
    with pytest.raises(Mistake, match="with data=DIGITS$"):
        jaxnn.write_page(alone)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"dtype": "float16"}, "unknown dtype 'float16'"),
        ({"dtype": "foo"}, "unknown dtype 'foo'"),
        ({"run": 3}, "run=3: give a Run, a run folder or a file of weights"),
        ({"run": None}, "run=None: give a Run"),
        ({"path": "file/page.html"}, "cannot be"),
        ({"path": "page.txt"}, "ends in .html"),
    ],
    ids=str,
)
def test_a_page_that_cannot_be_written_is_refused(saved, tmp_path, how, message):
    (tmp_path / "file").touch()
    np.savez(tmp_path / "test.npz", x=images.roll(saved[1].x), y=saved[1].y)
    given = {"run": saved[0], "data": tmp_path / "test.npz", **how}
    if "path" in how:
        given["path"] = tmp_path / how["path"]
    with pytest.raises(Mistake, match=message):
        jaxnn.write_page(**given)


def test_a_page_shows_digits_that_no_file_holds(tmp_path):
    x = np.random.default_rng(0).normal(size=(80, 2))
    sides = jaxnn.Digits(x, np.where(x[:, 0] > 0, "right", "left"), "sides")
    train, test = jaxnn.split(sides)
    run = jaxnn.fit(train, test, steps=20, out=tmp_path / "run", pictures=False)
    with pytest.raises(Mistake, match="with data=DIGITS"):
        jaxnn.write_page(run)
    text = jaxnn.write_page(run, data=test).read_text()
    assert f"of {len(test.y)} examples right" in text and "right" in text
    assert jaxnn.write_page(run, data=sides).read_text().count("sides (held out)")


def test_many_networks_are_those_of_single_calls(few_digits):
    lams = [0.0, 2.0]
    scores = jaxnn.train_many(few_digits, lams, hidden=(4, 6), seeds=2, steps=20)
    assert [(s.hidden, s.lam) for s in scores] == [(4, 0), (4, 2), (6, 0), (6, 2)]
    folds = jaxnn.ensemble.stratified_folds(few_digits.y, 5)
    left = few_digits._replace(x=few_digits.x[folds > 0], y=few_digits.y[folds > 0])
    alone = jaxnn.minimize(
        jaxnn.cost,
        jaxnn.init_params(1, (400, 6, 10)),
        (left.x.astype("f4"), left.y, np.float32(2.0)),
        steps=20,
    )
    assert scores[3].cost[1, 0] == pytest.approx(alone.cost, rel=1e-3)
    assert "validation" in repr(scores[0]) and "lambda" in repr(scores[0])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"seeds": 0}, "at least one seed"),
        ({"hidden": ()}, "at least one seed, one penalty in lams and one of hidden"),
        ({"lams": ()}, "at least one seed"),
        ({"lams": (1, -1)}, "lambda -1"),
        ({"hidden": (3, 0)}, "at least 1"),
        ({"dtype": "float16"}, "unknown dtype 'float16'"),
        ({"seed": -1}, "seed -1 is not in"),
        ({"init": "zeros"}, "zeros"),
        ({"steps": -1}, "steps"),
        ({"progress": 3}, "progress=3: give True for a bar"),
        ({"folds": 21}, "21 folds: give 2 to 20, the examples of the rarest class"),
        ({"digits": None}, "digits must be jaxnn.Digits"),
        ({"digits": jaxnn.Digits(np.eye(3), [0, 0, 0])}, "one class alone"),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
def test_many_networks_that_cannot_be_trained_are_refused(few_digits, how, message):
    with pytest.raises(Mistake, match=message) as refused:
        jaxnn.train_many(**{"digits": few_digits, **how})
    assert "\n" not in str(refused.value) and "--" not in str(refused.value)


def test_many_networks_show_a_bar_and_warn_of_pixels(few_digits, capsys):
    few = {"lams": 1.0, "hidden": 2, "seeds": 1, "steps": 2}
    jaxnn.train_many(few_digits, **few, progress=True)
    assert "2 hidden units, lbfgs" in capsys.readouterr().err
    calls = []
    with pytest.warns(orientation.PixelWarning, match="use 1 - x"):
        dark = few_digits._replace(x=1 - few_digits.x)
        jaxnn.train_many(dark, **few, progress=lambda *counts: calls.append(counts))
    assert calls[-1] == (2, 2) and not capsys.readouterr().err


@pytest.mark.parametrize("kind", ["path", "image", "bytes", "colors", "floats"])
def test_a_photo_is_read_from_python(kind, digits, tmp_path):
    ink = np.clip(images.roll(digits.x[[2500]])[0], 0, 1)
    small = Image.fromarray(np.uint8(255 * (1 - ink)))
    picture = Image.new("RGB", (300, 300), "white")
    picture.paste(small.resize((200, 200)), (60, 30))
    gray = np.asarray(picture.convert("L"))
    picture.save(path := tmp_path / "photo.png")
    given = {
        "path": path,
        "image": picture,
        "bytes": gray,
        "colors": np.stack([gray] * 3, axis=2),
        "floats": gray / 255,
    }[kind]
    run = jaxnn.fit(digits, steps=60)
    found = jaxnn.read_digits(given, run)
    assert found.digit == digits.y[2500] and found.probability > 0.2
    assert found.seen.shape == (20, 20) and found.picture().height == 400


def test_without_a_run_jaxnns_own_network_reads(digits):
    gray = 1 - np.clip(images.roll(digits.x[[2500]])[0], 0, 1)
    found = jaxnn.read_digits(gray, device="cpu")
    assert found.digit == digits.y[2500] and found.number == str(digits.y[2500])


def test_what_is_no_photo_is_refused(few_digits):
    run = jaxnn.fit(few_digits, steps=1)
    assert jaxnn.read_digits(Image.new("L", (50, 50), 255), run).digit is None
    for wrong in (np.array(["a"]), np.ones((3, 3, 3, 3)), "nowhere.png"):
        with pytest.raises(Mistake):
            jaxnn.read_digits(wrong, run)
    table = jaxnn.fit(jaxnn.Digits(np.eye(4), [0, 1, 0, 1], "table"), steps=1)
    with pytest.raises(Mistake, match="reads no images into the classes 0, 1"):
        jaxnn.read_digits(Image.new("L", (50, 50)), table)


def test_names_are_few():
    shown = dir(jaxnn)
    assert {"fit", "load_run", "read_digits", "train_many", "write_page"} <= {*shown}
    assert not {"training", "files", "data"} & {*shown} and len(shown) < 35
