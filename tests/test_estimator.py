"""The estimator: scikit-learn's own checks, its own logistic regression, and loops
and formulas written out by hand.
"""

import itertools
import os
import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import jaxnn
from jaxnn import GridSearch, Mistake, NeuralNetClassifier, ensemble, model
from jaxnn.estimator import fitting, learning, loops, scoring
from jaxnn.optimizers import run_chunk

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.slow
@parametrize_with_checks([NeuralNetClassifier()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


SEARCH = GridSearch(
    NeuralNetClassifier(max_iter=20, random_state=0),
    {"lam": [0.1, 1.0]},
    cv=2,
    error_score="raise",
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@parametrize_with_checks([SEARCH])
def test_scikit_learns_checks_of_the_search(estimator, check):
    check(estimator)


@pytest.mark.slow
def test_the_check_that_scipy_must_be_asked_for():
    how = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(
        [*how, "-n", "0", "-k", "learns_checks and array_api_input"],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout


@pytest.fixture(scope="module")
def wine():
    x, y = load_wine(return_X_y=True)
    return StandardScaler().fit_transform(x), y


def small(**how):
    return NeuralNetClassifier(5, random_state=3, **how)


def test_without_a_hidden_layer_it_is_logistic_regression(wine):
    x, y = wine
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    ours = NeuralNetClassifier((), lam=0.7, tol=1e-9, max_iter=2000)
    ours.fit(x, y, sample_weight=weights)
    for i in range(3):
        theirs = LogisticRegression(C=1 / 0.7, tol=1e-10, max_iter=5000)
        theirs.fit(x, y == i, sample_weight=weights)
        np.testing.assert_allclose(ours.coefs_[0][:, i], theirs.coef_[0], atol=1e-6)
        np.testing.assert_allclose(ours.intercepts_[0][i], theirs.intercept_, atol=1e-6)
    every = OneVsRestClassifier(clone(theirs)).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(ours.fit(x, y).predict_proba(x), every, atol=1e-6)


def test_it_trains_as_fit_does():
    digits = jaxnn.split(jaxnn.load_digits())[0]
    run = jaxnn.fit(digits, steps=30)
    ours = NeuralNetClassifier(max_iter=30, random_state=0, dtype="float32")
    ours.fit(digits.x, digits.y)
    assert ours.loss_ == pytest.approx(run.cost, rel=1e-4)
    assert ours.loss_curve_[0] == pytest.approx(run.history.cost[0], rel=1e-6)
    assert [t.shape for t in ours.params_] == [(25, 401), (10, 26)]
    assert {t.dtype.name for t in ours.params_} == {"float32"}
    assert ours.predict_proba(digits.x[:3]).dtype == "float64"


def test_scores_by_the_formulas():
    ours = NeuralNetClassifier(2)
    theta1, theta2 = np.array([[0.5, 1, -1], [0, 2, 0.5]]), np.array([[1, -2, 1.0]] * 3)
    theta2[:, 0] = -1, 0, 2
    ours.params_, ours.classes_, ours.n_features_in_ = (theta1, theta2), np.arange(3), 2
    a, b = 1 / (1 + np.exp(-(0.5 + 0.3 + 0.2))), 1 / (1 + np.exp(-(0.6 - 0.1)))
    z = np.array([-1, 0, 2]) - 2 * a + b
    outputs = 1 / (1 + np.exp(-z))
    x = np.array([[0.3, -0.2]])
    np.testing.assert_allclose(ours.decision_function(x), [z], rtol=1e-12)
    np.testing.assert_allclose(ours.predict_proba(x), [outputs / outputs.sum()])
    assert ours.predict(x) == [2]
    ours.params_, ours.classes_ = (theta1, theta2[:2]), np.array(["no", "yes"])
    odds = np.log(outputs[1] / outputs[0])
    np.testing.assert_allclose(ours.decision_function(x), [odds], rtol=1e-12)
    assert ours.predict(x) == ["yes"]


@pytest.mark.parametrize("wanted", ["lbfgs", "adam", "adam 40"])
def test_early_stopping_is_a_loop_over_partial_fit(wanted):
    method, _, size = wanted.partition(" ")
    x, y = load_iris(return_X_y=True)
    how = {"method": method, "batch_size": int(size) if size else None, "tol": 0.01}
    ours = small(**how, early_stopping=True, n_iter_no_change=4, max_iter=300)
    ours.fit(x, y)
    split = {"random_state": 3, "stratify": y, "test_size": 0.1}
    train_x, held_x, train_y, held_y = train_test_split(x, y, **split)
    best, idle, scores, loop = -np.inf, 0, [], small(**how)
    for i in range(300):
        if method == "lbfgs":  # whose memory no partial_fit can keep
            loop = small(**how, max_iter=i + 1).fit(train_x, train_y)
        else:
            loop.partial_fit(train_x, train_y, classes=[0, 1, 2])
        scores.append(loop.score(held_x, held_y))
        idle = 0 if scores[-1] >= best + 0.01 else idle + 1
        if scores[-1] > best:
            best, params = scores[-1], loop.params_
        if idle == 4:
            break
    assert ours.n_iter_ == len(scores) < 300
    np.testing.assert_allclose(ours.validation_scores_, scores)
    assert ours.best_validation_score_ == pytest.approx(best)
    assert len(pickle.dumps(ours)) < 10_000  # without what L-BFGS remembers
    for a, b in zip(ours.params_, params, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_mini_batches_end_when_the_loss_no_longer_falls(wine):
    how = {"method": "adam", "batch_size": 40, "tol": 1e-3, "n_iter_no_change": 3}
    losses = np.array(small(**how, max_iter=500).fit(*wine).loss_curve_)
    best = np.minimum.accumulate(losses)
    gains = losses[1:] <= best[:-1] - 1e-3
    assert len(losses) < 500 and not gains[-3:].any()
    assert all(gains[i : i + 3].any() for i in range(len(gains) - 3))


def test_batches_of_weighted_examples_have_the_gradient_of_all_on_average(wine):
    x, y = wine[0][:176], wine[1][:176]
    weights = np.random.default_rng(1).uniform(0, 2, len(y))
    params = jaxnn.init_params(0, (13, 4, 3), dtype="float64")
    whole = model.gradient(params, x, y, 0.5, weights)
    grads = []
    for rows in np.split(np.random.default_rng(2).permutation(len(y)), 4):
        args = fitting.take_batch((x, y, 0.5, None, weights), rows)
        grads.append(jax.grad(fitting.cost)(params, *args))
    for theirs, *ours in zip(whole, *grads, strict=True):
        np.testing.assert_allclose(np.mean(ours, axis=0), theirs, atol=1e-6)


def test_weights_count_in_batches_of_one(wine):
    x, y = wine
    how = {"method": "gd", "batch_size": 1, "max_iter": 5, "learning_rate": 0.01}
    even = small(**how).fit(x, y)
    heavy = small(**how).fit(x, y, sample_weight=np.where(y == 0, 20.0, 1.0))
    shares = [np.mean(one.predict_proba(x)[:, 0]) for one in (even, heavy)]
    assert shares[1] > shares[0] + 0.1


def test_accuracy_counts_weights():
    part = fitting.Examples(np.eye(3), np.array([0, 1, 1]), np.array([1.0, 2.0, 5.0]))
    theta = np.column_stack([np.zeros(3), np.eye(3)])
    assert scoring.accuracy((theta,), part) == pytest.approx(3 / 8)


def test_warm_start_goes_on(wine):
    ours = small(method="gd", max_iter=5, warm_start=True).fit(*wine).fit(*wine)
    once = small(method="gd", max_iter=10).fit(*wine)
    np.testing.assert_allclose(ours.coefs_[0], once.coefs_[0], rtol=1e-12)
    with pytest.raises(Mistake, match="clone it"):
        ours.fit(wine[0], wine[1].astype(str))
    with pytest.raises(Mistake, match=r"layers \(13, 5, 3\), not \(13, 6, 3\)"):
        ours.set_params(hidden_layer_sizes=6).fit(*wine)


def test_data_as_people_have_them(wine):
    x, y = wine
    names = np.array(["barolo", "grignolino", "barbera"])[y]
    frame = pd.DataFrame(x, columns=[f"f{i}" for i in range(13)])
    plain = small(max_iter=50).fit(x, names)
    ours = small(max_iter=50).fit(frame, pd.Series(names))
    thin = small(max_iter=50).fit(sparse.csr_array(x), names)
    assert list(ours.feature_names_in_) == list(frame.columns)
    found = ours.predict_proba(frame)
    again = pickle.loads(pickle.dumps(ours)).predict_proba(frame)
    for other in (again, plain.predict_proba(x), thin.predict_proba(x)):
        np.testing.assert_allclose(found, other, rtol=1e-12)
    assert set(ours.classes_) == set(names) and ours.score(frame, names) > 0.98
    assert thin.score(sparse.csr_matrix(x), names) > 0.98
    one = small(max_iter=9).fit((x > 0).astype(int), y)
    assert {t.dtype.name for t in one.params_} == {"float32"}
    assert not hasattr(clone(ours), "params_")


@pytest.mark.slow
def test_two_processes_give_the_scores_of_one(wine):
    machine = make_pipeline(StandardScaler(), small(max_iter=30))
    alone = cross_val_score(machine, *wine)
    np.testing.assert_array_equal(cross_val_score(machine, *wine, n_jobs=2), alone)
    assert alone.mean() > 0.95


def test_shapes_share_programs():
    random = np.random.default_rng(0)
    fits = list(itertools.product([30, 170], [3, 12]))
    before = None
    for m, n in fits:
        x, y = random.normal(size=(m, n)), np.arange(m) % 3
        small(max_iter=m).fit(x, y)
        size = run_chunk._cache_size()
        assert before in (None, size)
        before = size


@pytest.fixture
def calls(monkeypatch):
    """The numbers of networks in each call that trains several."""
    found, real = [], ensemble.minimize_all

    def counted(fun, params, *args, **how):
        found.append(len(params[0]))
        return real(fun, params, *args, **how)

    monkeypatch.setattr(ensemble, "minimize_all", counted)
    return found


def same_results(ours, theirs):
    assert set(ours.cv_results_) == set(theirs.cv_results_)
    for name, column in theirs.cv_results_.items():
        if "score" in name and "time" not in name:
            np.testing.assert_allclose(ours.cv_results_[name], column, err_msg=name)
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == pytest.approx(theirs.best_score_)
    assert (ours.cv_results_["mean_fit_time"] > 0).all()


def test_a_search_finds_what_scikit_learns_does(wine, calls):
    grid = {"lam": [0.1, 3.0, 50.0], "random_state": range(2), "init": ["glorot"]}
    how = {"cv": 3, "return_train_score": True}
    ours = GridSearch(small(max_iter=30), grid, **how).fit(*wine)
    assert calls == [6, 6, 6]  # one call for each fold
    same_results(ours, GridSearchCV(small(max_iter=30), grid, **how).fit(*wine))
    assert isinstance(ours.best_estimator_, NeuralNetClassifier)
    assert ours.score(*wine) == ours.best_estimator_.score(*wine)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_search_over_shapes_pipelines_and_what_cannot_join(wine, calls):
    x, y = load_wine(return_X_y=True)
    machine = make_pipeline(StandardScaler(), small(max_iter=20))
    name = "neuralnetclassifier__"
    grid = [
        {name + "hidden_layer_sizes": [3, (4,)], name + "lam": [0.1, 5.0]},
        {name + "early_stopping": [True], name + "lam": [1.0]},
    ]
    grid += [{name + "max_iter": [5], name + "lam": [0.1, 5.0]}]
    grid += [{name + "lam": [1.0], name + "init": ["he", "course"]}]
    how = {"cv": 2, "scoring": ["accuracy", "neg_log_loss"], "refit": "accuracy"}
    ours = GridSearch(machine, grid, **how).fit(x, y)
    assert calls == [2] * 6  # three shapes, two folds
    theirs = GridSearchCV(machine, grid, **how).fit(x, y)
    for name, column in theirs.cv_results_.items():
        if name.startswith("split"):
            np.testing.assert_allclose(ours.cv_results_[name], column, rtol=1e-6)
    assert ours.best_params_ == theirs.best_params_


def test_starts_nobody_chose_train_together_too(wine, calls):
    search = GridSearch(NeuralNetClassifier(4, max_iter=9), {"lam": [0, 1.0]}, cv=2)
    search.fit(*wine)
    assert calls == [2, 2] and search.best_score_ > 0.8


def test_readmes_example(tmp_path, monkeypatch, capsys):
    text = (Path(__file__).parents[1] / "README.md").read_text()
    (block,) = [b for b in re.findall("```python\n(.*?)```", text, re.S) if "Grid" in b]
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    first, last = capsys.readouterr().out.splitlines()
    assert float(first) > 0.97 and float(last.split("} ")[1]) > 0.97
    theta1, theta2 = jaxnn.load_params("wine.mat")
    assert theta1.shape == (25, 14) and theta2.shape == (3, 26)


MISTAKES = {
    "max_iter=0: give whole numbers": {"max_iter": 0},
    "hidden_layer_sizes=\\(2.5,\\): give": {"hidden_layer_sizes": (2.5,)},
    "hidden_layer_sizes='25': give": {"hidden_layer_sizes": "25"},
    "lam=-1.0: give a number from 0": {"lam": -1.0},
    "lam='1': give a number": {"lam": "1"},
    "learning_rate='adaptive': give": {"learning_rate": "adaptive", "method": "gd"},
    "unknown method 'sgd'; choose from adam": {"method": "sgd"},
    "use mini-batches with adam": {"batch_size": 5},
    "lbfgs searches for its step": {"learning_rate": 0.1},
    "validation_fraction=1.5": {"early_stopping": True, "validation_fraction": 1.5},
    "early_stopping='yes': give True": {"early_stopping": "yes"},
    "scipy-cg runs to its end": {"early_stopping": True, "method": "scipy-cg"},
    "tol=-1: give a number from 0": {"tol": -1},
    "unknown dtype 'int8'; float32": {"dtype": "int8"},
    "init='he': choose from course": {"init": "he"},
    "unknown device 'tpu'": {"device": "tpu"},
    "device=None: give": {"device": None},
    "init=.'course'.: choose from course": {"init": ["course"]},
    "method=.'adam'.: give its name": {"method": ["adam"]},
    "method=None: give its name": {"method": None},
}


@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes_have_one_line(words, wine):
    with pytest.raises(ValueError, match=words) as caught:
        NeuralNetClassifier(**MISTAKES[words]).fit(*wine)
    assert "\n" not in str(caught.value)


def test_mistakes_in_the_data(wine):
    x, y = wine
    with pytest.raises(Mistake, match="one class, 1; give examples of"):
        small().fit(x, np.ones(len(y), int))
    with pytest.raises(Mistake, match="y has 'd', which is none of the classes"):
        words = np.array(list("abc"))[y]
        loop = small(method="adam").partial_fit(x, words, classes=list("abc"))
        loop.partial_fit(x[:2], ["a", "d"])
    with pytest.raises(AttributeError, match="partial_fit") as caught:
        small(method="lbfgs").partial_fit  # noqa: B018
    assert "adam, gd and momentum, not for lbfgs" in str(caught.value.__cause__)
    with pytest.raises(ValueError, match="is 0 everywhere|least one non-zero"):
        small().fit(x, y, sample_weight=np.zeros(len(y)))
    with pytest.raises(Mistake, match="NaN or infinite at the start .* scale X"):
        small(dtype="float32").fit(x * 1e39, y)
    with pytest.raises(Mistake, match="set early_stopping=False"):
        small(method="gd", early_stopping=True).partial_fit(x, y, classes=[0, 1, 2])
    with pytest.raises(Mistake, match="classes: give two or more"):
        small(method="gd").partial_fit(x, y * 0, classes=[0])


def test_a_stream_of_any_lengths_and_settings(wine):
    x, y = wine
    loop = small(method="adam", batch_size=50).partial_fit(x, y, classes=[0, 1, 2])
    loop.partial_fit(x[:20], y[:20])  # fewer than a batch
    loop.set_params(method="momentum").partial_fit(x, y)  # drops Adam's memory
    loop.partial_fit(x.astype("float32"), y)
    assert loop.n_iter_ == 4 and {t.dtype.name for t in loop.params_} == {"float64"}


def test_a_start_that_has_converged_keeps_its_loss(wine):
    ours = small(warm_start=True, tol=0.01, max_iter=500).fit(*wine)
    before = ours.loss_
    assert ours.fit(*wine).loss_ == pytest.approx(before) and ours.n_iter_ == 0
    stopped = small(early_stopping=True, tol=100).fit(*wine)
    assert stopped.loss_ > 1 and stopped.loss_curve_ == []


@pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"batch_size": 40}])
def test_a_network_that_diverges_keeps_its_last_good_weights(wine, more):
    x, y = wine[0].astype("float32"), wine[1]
    ours = small(method="gd", learning_rate=1e3, lam=1e3, max_iter=50, **more)
    with pytest.warns(ConvergenceWarning, match="NaN or infinite .* smaller learning"):
        ours.fit(x, y)
    assert all(np.isfinite(theta).all() for theta in ours.params_)


def test_a_network_of_a_search_says_that_it_diverged(wine):
    x, y = wine[0].astype("float32"), wine[1]
    network = small(method="gd", learning_rate=1e3, max_iter=50)
    with pytest.warns(ConvergenceWarning, match="NaN or infinite at step .* smaller"):
        GridSearch(network, {"lam": [1e3, 1e4]}, cv=2, refit=False).fit(x, y)


def test_a_network_that_learned_nothing_says_so():
    digits = load_digits(return_X_y=True)
    deep = NeuralNetClassifier((10, 10, 10), random_state=0)
    with pytest.warns(ConvergenceWarning, match="how frequent each class is; try init"):
        deep.fit(digits[0] / 16, digits[1])
    assert deep.score(digits[0] / 16, digits[1]) < 0.2
    assert not learning.has_learned_nothing(
        fitting.Outcome((), [], 1.86, ""),  # 3 classes: 3 entropies of 1/3 are 1.91
        fitting.Examples(np.eye(3), np.arange(3), np.ones(3)),
    )


@pytest.mark.parametrize("more", [{}, {"early_stopping": True}])
def test_ctrl_c_keeps_what_was_reached(wine, monkeypatch, more):
    ours, real, calls = small(max_iter=10_000, tol=0, **more), loops.narrowed, []
    if more:  # after the third iteration
        ours.set_params(n_iter_no_change=10_000)
        stop = scoring.accuracy

        def pressed(*args):
            calls.append(1)
            if len(calls) > 3:
                raise KeyboardInterrupt
            return stop(*args)

        monkeypatch.setattr(scoring, "accuracy", pressed)
    else:  # after the first call of the compiled loop

        def press(done, loss):
            raise KeyboardInterrupt

        trained = learning.loops.at_once
        monkeypatch.setattr(loops, "at_once", lambda *args: trained(*args[:-1], press))
    with pytest.raises(KeyboardInterrupt):
        ours.fit(*wine)
    assert ours.n_iter_ == (3 if more else 100) and ours.score(*wine) > 0.3
    assert real is loops.narrowed


def test_a_run_that_did_not_converge_says_so(wine):
    with pytest.warns(ConvergenceWarning, match="all 3 steps .* tol=0.0001; raise"):
        small(max_iter=3).fit(*wine)
    with warnings.catch_warnings(action="error"):
        small(max_iter=500, lam=5.0).fit(*wine)


def test_a_bar_shows_the_loss(wine, capsys):
    small(max_iter=120, verbose=True, lam=0, tol=0).fit(*wine)
    assert "iteration 120/120  loss 0.0" in capsys.readouterr().err


def test_without_scikit_learn_one_line_says_what_to_install():
    code = "import sys; sys.modules['sklearn'] = None; import jaxnn\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "jaxnn.NeuralNetClassifier"],
        capture_output=True,
        text=True,
    )
    last = done.stderr.strip().splitlines()[-1]
    start = "jaxnn.mistake.Mistake: the estimator needs scikit-learn; "
    assert last.startswith(start) and last.endswith("pip install 'scikit-learn>=1.6'")


def test_without_scikit_learn_the_other_names_are_there():
    code = "import sys; sys.modules['sklearn'] = None; import inspect, jaxnn\n"
    code += "from jaxnn import *; fit, inspect.getmembers(jaxnn)\n"
    code += (
        "assert not {'GridSearch', 'NeuralNetClassifier'} & {*dir(jaxnn), *globals()}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
