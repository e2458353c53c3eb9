"""The report on a person's function: its findings, the command, the exit codes."""

import inspect
import json
import os
import random
import re
import sys
import time

import numpy as np
import people
import planted
import pytest
from conftest import ROOT

import jaxnn
from jaxnn.clinic.calling import calls

SOURCE = "\n".join(
    inspect.getsource(one)
    for one in (
        people.sigmoid,
        people.sigmoid_gradient,
        people.ones_and,
        people.both,
        people.nn_cost_function,
    )
)


def person(cost=(), gradient=(), extra=lambda *_: None):
    """A function of the usual signature with planted mistakes; extra runs first."""

    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        extra(nn_params, X, y)
        cut = h * (n + 1)
        thetas = nn_params[:cut].reshape(h, n + 1), nn_params[cut:].reshape(k, h + 1)
        given = *thetas, X, y - 1, lam
        return planted.planted_cost(*given, cost), planted.planted_gradient(
            *given, gradient
        )

    return nn_cost_function


def headed(report, head):
    """The texts of the lines with this heading."""
    return [line[12:] for line in report.lines if line.startswith(head)]


@pytest.fixture
def file(tmp_path):
    """file(text): tmp_path/mywork.py with the right functions and this after them."""

    def write(text="", name="mywork.py"):
        path = tmp_path / name
        path.write_text("import numpy as np\n\n" + SOURCE + "\n" + text)
        return path

    return write


@pytest.mark.slow
def test_every_mistake_is_named_from_a_persons_function(all_pairs):
    step = 2 if all_pairs else 12  # test_diagnosis.py has them all
    for name in planted.GRADIENT_NAMES[::step]:
        report = jaxnn.check_gradient(person(gradient=(name,)))
        assert report.gradient == (name,) and not report.cost, report
        assert headed(report, "diagnosis") and headed(report, "fix")
    for name in planted.COST_NAMES[::step]:
        report = jaxnn.check_gradient(person(cost=(name,)))
        named = report.cost + report.gradient
        if planted.clash(name, "labels shifted up by one"):
            # nobody can say whether the cost or the gradient has the right labels
            assert len(named) == 1 and planted.clash(named[0], name), report
        else:
            assert report.cost == named == (name,), report


def test_labels_that_both_shift_are_a_convention():
    name = "labels shifted up by one"  # labels 1 to 10, label 10 in row 0
    report = jaxnn.check_gradient(person((name,), (name,)))
    assert report.passed and "10 in row 0" in report.lines[1]


def test_mistakes_in_cost_and_gradient_are_both_named():
    wrong_cost, wrong = "the cost is not averaged", "sigma' is missing in delta2"
    report = jaxnn.check_gradient(person((wrong_cost,), (wrong,)))
    assert (report.cost, report.gradient) == ((wrong_cost,), (wrong,))
    assert len(headed(report, "diagnosis")) == 2
    heads = [fix.partition(" ")[0] for fix in headed(report, "fix")]
    assert heads == ["J", "J", "delta2"]


def test_a_wrong_formula_in_both_is_said_to_be_consistent():
    name = "the bias columns of theta1 and theta2 are regularized"
    report = jaxnn.check_gradient(person((name,), (name,)))
    assert not report.passed
    assert any("the gradient of your cost" in line for line in headed(report, "note"))
    report = jaxnn.check_gradient(person((name,), ("the penalty is missing",)))
    assert not any(
        "the gradient of your cost" in line for line in headed(report, "note")
    )


def test_the_part_that_is_wrong_is_shown():
    name = "the bias column of theta2 is regularized"
    report = jaxnn.check_gradient(person(gradient=(name,)))
    (theta1,), (theta2,) = headed(report, "theta1"), headed(report, "theta2")
    assert "WRONG" not in theta1 and theta2.count("WRONG") == 1
    assert theta2.index("ok") < theta2.index("bias WRONG")
    assert "(lambda 0: ok)" in theta2


def test_of_equal_explanations_one_is_named():
    # without lambda, the sign of the output delta is the sign of the whole gradient
    name = "the gradient is negated"
    report = jaxnn.check_gradient(person(gradient=(name,)), lam=0)
    assert report.gradient in ((name,), ("the output delta has the wrong sign",))


def test_mistakes_are_named_in_float32_too():
    for name in planted.GRADIENT_NAMES[::4]:
        exact = person(gradient=(name,))

        def rounded(nn_params, n, h, k, X, y, lam, exact=exact):
            cost, gradient = exact(nn_params, n, h, k, X, y, lam)
            return np.float32(cost), np.float32(gradient)

        report = jaxnn.check_gradient(rounded)
        assert report.gradient == (name,), report
        assert any("float32" in line for line in headed(report, "note"))


def test_float16_is_refused():
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        cost, gradient = right(nn_params, n, h, k, X, y, lam)
        return np.float16(cost), np.float16(gradient)

    with pytest.raises(ValueError, match="float16"):
        jaxnn.check_gradient(nn_cost_function)


def test_a_returned_none_is_reported():
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        people.nn_cost_function(nn_params, n, h, k, X, y, lam)

    report = jaxnn.check_gradient(nn_cost_function)
    assert not report.passed
    assert headed(report, "diagnosis") == ["your function returns None, not numbers"]
    assert headed(report, "fix") == ["end your function with: return J, gradient"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g1, g2: (g1.T, g2.T), "transposed"),
        (lambda g1, g2: (g1[:, 1:], g2[:, 1:]), "add column 0"),
        (lambda g1, g2: (np.vstack([g1[:1], g1]), g2), "the bias row of delta2"),
        (lambda g1, g2: (g1.ravel(), g2.ravel()), "np.concatenate"),
        (lambda g1, g2: (g1[:2], g2), "the shape of its weights"),
    ],
)
def test_wrong_shapes_are_reported_with_a_fix(change, message):
    def loss(theta1, theta2, X, y, lam):
        cost, g1, g2 = people.two_matrices(theta1, theta2, X, y, lam)
        return cost, *change(g1, g2)

    report = jaxnn.check_gradient(loss)
    assert not report.passed and message in str(report)
    assert headed(report, "diagnosis") and headed(report, "fix")


def test_nan_is_reported_with_its_place():
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        cost, gradient = people.nn_cost_function(nn_params, n, h, k, X, y, lam)
        gradient[3] = np.nan if lam else gradient[3]
        return cost, gradient

    report = jaxnn.check_gradient(nn_cost_function)
    (line,) = headed(report, "diagnosis")
    assert line == (
        "the gradient of theta1 is NaN or infinite (1 element) with lambda 7.3 and "
        "13 examples"
    )


def test_saturation_is_noted():
    report = jaxnn.check_gradient(people.nn_cost_function)
    assert any("60 times" in line for line in headed(report, "note"))

    def stable(nn_params, n, h, k, X, y, lam):
        cut = h * (n + 1)
        theta1, theta2 = nn_params[:cut].reshape(h, -1), nn_params[cut:].reshape(k, -1)
        cost, (g1, g2) = jaxnn.backprop((theta1, theta2), X, y, lam)
        return cost, np.concatenate([g1.ravel(), g2.ravel()])

    report = jaxnn.check_gradient(stable)
    assert report.passed and not headed(report, "note")


def test_parameters_that_are_changed_are_a_mistake():
    def zeroes(nn_params, X, y):
        nn_params[:5] = 0

    report = jaxnn.check_gradient(person(extra=zeroes))
    assert not report.passed
    assert headed(report, "diagnosis")[0].startswith(
        "your function changes its argument nn_params in place"
    )


def test_changed_data_give_a_warning():
    def scales(nn_params, X, y):
        y[:] = np.roll(y, 1)

    report = jaxnn.check_gradient(person(extra=scales))
    assert headed(report, "warning")[0].startswith(
        "your function changes its argument y"
    )


def test_many_prints_are_swallowed_and_counted(capsys):
    report = jaxnn.check_gradient(
        person(extra=lambda *_: [print("line") for _ in range(3000)])
    )
    assert report.passed and capsys.readouterr().out == ""
    assert any("3000 lines per call" in line for line in headed(report, "note"))


def test_random_values_are_noticed():
    def dropout(nn_params, n, h, k, X, y, lam):
        cost, gradient = people.nn_cost_function(nn_params, n, h, k, X, y, lam)
        return cost, gradient * np.random.uniform(1, 1 + 1e-7, gradient.size)

    before = np.random.get_state()[1].copy()
    report = jaxnn.check_gradient(dropout)
    assert "two calls" in headed(report, "diagnosis")[0]
    assert (np.random.get_state()[1] == before).all()


def test_a_call_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(calls, "LIMIT", 0.2)
    began = time.perf_counter()
    with pytest.raises(ValueError, match="was stopped"):
        jaxnn.check_gradient(person(extra=lambda *_: time.sleep(20)))
    assert time.perf_counter() - began < 10


def test_a_cost_alone_asks_for_the_gradient():
    def cost(nn_params, n, h, k, X, y, lam):
        return people.nn_cost_function(nn_params, n, h, k, X, y, lam)[0]

    with pytest.raises(ValueError, match="name both functions"):
        jaxnn.check_gradient(cost)


def right(nn_params, n, h, k, X, y, lam):
    return people.nn_cost_function(nn_params, n, h, k, X, y, lam)


def wrong(nn_params, n, h, k, X, y, lam):
    cost, gradient = right(nn_params, n, h, k, X, y, lam)
    return cost, -gradient


def test_of_two_functions_the_second_gives_the_gradient():
    report = jaxnn.check_gradient(right, wrong)
    assert report.gradient == ("the gradient is negated",) and not report.cost
    assert jaxnn.check_gradient((wrong, right)).passed


def test_a_second_gradient_that_is_right_does_not_count():
    def loss(*args):
        cost, gradient = right(*args)
        return cost, -gradient, gradient

    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        return loss(nn_params, n, h, k, X, y, lam)

    report = jaxnn.check_gradient(nn_cost_function)
    assert report.gradient == ("the gradient is negated",)


def test_other_returned_values_are_ignored():
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        cost, gradient = right(nn_params, n, h, k, X, y, lam)
        return 0.25, cost, gradient, np.eye(k)[y - 1], "done", object()

    report = jaxnn.check_gradient(nn_cost_function)
    assert report.passed
    assert "float32" not in str(report)


@pytest.mark.parametrize(
    "change",
    [
        lambda gradient: gradient.astype(object),
        lambda gradient: gradient.tolist(),
        lambda gradient: gradient[:, None],
        lambda gradient: np.asmatrix(gradient),
        lambda gradient: np.float32(gradient),
    ],
)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_vectors_come_in_many_types(change):
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        cost, gradient = right(nn_params, n, h, k, X, y, lam)
        return np.zeros(()) + cost, change(gradient)

    assert jaxnn.check_gradient(nn_cost_function).passed


@pytest.mark.parametrize(
    "result", [object(), "text", 0.0, np.broadcast_to(1.0, (10**6, 10**6)), (1, 2, 3)]
)
def test_values_without_a_gradient_end_in_a_message(result):
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        return result

    try:
        assert not jaxnn.check_gradient(nn_cost_function).passed
    except ValueError as error:
        assert "name both functions" in str(error)


def test_a_cost_of_zero_is_no_crash():
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        return 0.0, right(nn_params, n, h, k, X, y, lam)[1]

    report = jaxnn.check_gradient(nn_cost_function)
    assert not report.passed and not report.gradient


def test_wrong_for_many_examples_alone():
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        cost, gradient = right(nn_params, n, h, k, X, y, lam)
        return cost, gradient * (2 if len(X) > 15 else 1)

    report = jaxnn.check_gradient(nn_cost_function)
    assert "right with 13 examples, wrong with 17" in str(report)
    assert "WRONG" in headed(report, "theta1")[0]


def test_one_example_does_not_hide_what_is_wrong_with_many(file):
    """For one example a product of all pairs is the right one."""
    path = file(
        "def cost(p, X, Y):  # examples as columns\n"
        "    A1 = np.tanh(p['W1'] @ X + p['b1'])\n"
        "    A2 = 1 / (1 + np.exp(-(p['W2'] @ A1 + p['b2'])))\n"
        "    m, dZ2 = X.shape[1], A2 - Y\n"
        "    J = -np.sum(Y.T @ np.log(A2) + (1 - Y).T @ np.log(1 - A2)) / m\n"
        "    dZ1 = p['W2'].T @ dZ2 * (1 - A1**2)\n"
        "    db1 = dZ1.sum(axis=1, keepdims=True) / m\n"
        "    db2 = dZ2.sum(axis=1, keepdims=True) / m\n"
        "    dW1, dW2 = dZ1 @ X.T / m, dZ2 @ A1.T / m\n"
        "    return J, {'dW1': dW1, 'db1': db1, 'dW2': dW2, 'db2': db2}\n"
    )
    report = jaxnn.check_gradient(f"{path}:cost")
    assert not report.passed and not report.gradient
    assert report.cost == ("a matrix product in place of an element-wise product",)


def test_a_global_m_does_not_hide_a_fixed_number(file):
    path = file(
        "m = 5000\n"
        "def loss(nn_params, n, h, k, X, y, lam):\n"
        "    cost, grad = nn_cost_function(nn_params, n, h, k, X, y, lam)\n"
        "    return cost, grad * len(X) / m\n"
    )
    report = jaxnn.check_gradient(f"{path}:loss")
    assert "your code divides by 5000" in str(report)


def test_a_number_that_is_a_size_is_said_to_be_one():
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        cost, gradient = right(nn_params, n, h, k, X, y, 0)
        return cost, gradient * len(X) / X.shape[1]

    report = jaxnn.check_gradient(nn_cost_function, lam=0)
    assert "m/8" in str(report)


def test_another_forward_pass_is_named():
    for name in ("the hidden units are tanh", "the hidden units are ReLU"):
        report = jaxnn.check_gradient(person((name,), (name,)))
        assert report.cost == report.gradient == (name,)
        assert any(
            "the gradient of your cost" in line for line in headed(report, "note")
        )


def test_arguments_are_checked():
    for bad in ([], 3, (right,) * 4, (right, 3)):
        with pytest.raises(ValueError, match="give a function"):
            jaxnn.check_gradient(bad)
    with pytest.raises(ValueError, match="one of its methods: Network.cost_function"):
        jaxnn.check_gradient(people.Network)
    for lam in (-1, np.nan, np.inf, 1e-7):
        with pytest.raises(ValueError, match="lam is"):
            jaxnn.check_gradient(right, lam=lam)
    with pytest.raises(ValueError, match="need a function of yours"):
        jaxnn.check_gradient(lam=3.0)
    with pytest.raises(ValueError, match="means data"):
        jaxnn.check_gradient(people.sigmoid)


def test_nothing_of_the_process_is_left_changed(file, tmp_path):
    (tmp_path / "neighbor.py").write_text("np_seed = 3\n")
    path = file(
        "import random\nfrom neighbor import np_seed\n"
        "np.random.seed(np_seed)\nrandom.seed(np_seed)\n"
        "np.set_printoptions(precision=1)\n"
        "def loss(nn_params, n, h, k, X, y, lam):\n"
        "    np.set_printoptions(precision=2)\n"
        "    np.random.rand(np_seed), random.random()\n"
        "    return nn_cost_function(nn_params, n, h, k, X, y, lam)\n"
    )
    before = process()
    assert jaxnn.check_gradient(f"{path}:loss").passed
    assert process() == before


def process():
    """The global state that a person's code can change."""
    return (
        np.random.get_state()[1].tolist(),
        random.getstate(),
        np.get_printoptions()["precision"],
        sys.path[:],
        os.getcwd(),
    )


def test_what_raises_shows_the_persons_own_line():
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        cost, gradient = people.nn_cost_function(nn_params, n, h, k, X, y, lam)
        return cost, gradient.reshape(7, 7)

    with pytest.raises(ValueError) as error:
        jaxnn.check_gradient(nn_cost_function)
    first, *below = str(error.value).splitlines()
    assert "raised ValueError at line" in first and first.endswith("see --help")
    assert "return cost, gradient.reshape(7, 7)" in map(str.strip, below)
    assert any("labels 1-10" in line for line in below)


class Strange(BaseException):
    """An error, and a value, that cannot be read."""

    def __str__(self):
        raise ValueError

    __array__ = __str__


@pytest.mark.parametrize("how", ["error", "value", "wrapper"])
def test_every_error_of_a_persons_code_is_a_mistake(how):
    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        if how == "error":
            raise Strange
        return 1.0, Strange()

    if how == "wrapper":
        nn_cost_function.__wrapped__ = nn_cost_function
    with pytest.raises(jaxnn.Mistake, match="nn_cost_function"):
        jaxnn.check_gradient(nn_cost_function)


def test_an_array_that_is_used_again_is_read_in_time():
    kept = np.zeros(105)

    def nn_cost_function(nn_params, n, h, k, X, y, lam):
        cost, kept[:] = right(nn_params, n, h, k, X, y, lam)
        return cost, kept

    assert jaxnn.check_gradient(nn_cost_function).passed


def test_progress_is_reported():
    seen = []
    name = "the bias column of theta1 is regularized"
    jaxnn.check_gradient(
        person(gradient=(name,)), progress=lambda *now: seen.append(now)
    )
    texts = " ".join(text for text, *_ in seen)
    assert "ways to call it" in texts and "mistakes at once: 1" in texts
    assert all(0 <= done <= whole for _, done, whole in seen)


def test_command_passes_and_fails(command, file):
    path = file(
        "def wrong(nn_params, n, h, k, X, y, lam):\n"
        "    cost, grad = nn_cost_function(nn_params, n, h, k, X, y, lam)\n"
        "    grad[: h * (n + 1) : n + 1] += lam / len(X) * "
        "nn_params[: h * (n + 1) : n + 1]\n"
        "    return cost, grad\n"
    )
    before = path.read_bytes(), path.stat().st_mtime_ns
    right = command("gradcheck", f"{path}:nn_cost_function")
    assert (right.returncode, right.stderr) == (0, "")
    assert "\nPASS " in right.stdout
    wrong = command("gradcheck", f"{path}:wrong")
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert "diagnosis   gradient: the bias column of theta1 is reg" in wrong.stdout
    assert "\nfix         gradient1[:, 1:] += lam / m * theta1[:, 1:]" in wrong.stdout
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert not list(path.parent.rglob("__pycache__"))


def test_command_takes_conventions(command, file):
    path = file()
    ended = command(
        "gradcheck", f"{path}:nn_cost_function", "--convention", "labels=0-9"
    )
    assert ended.returncode == 1 and "labels 0-9" in ended.stdout
    wrong = command("gradcheck", f"{path}:nn_cost_function", "--convention", "labels")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1, wrong.stderr


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere.py:f", "no such file"),
        ("mywork.py", "/mywork.py:both  or  python -m jaxnn.gradcheck "),
        ("mywork.py:nn_cost_functon", "did you mean nn_cost_function?"),
        ("mywork.py:raises", "ZeroDivisionError at line"),
        ("notes.txt:f", "name a Python file"),
        ("glob.py:f", "rename it: my_glob.py"),
    ],
)
def test_mistakes_in_the_target(file, tmp_path, target, message):
    file("def raises(nn_params, n, h, k, X, y, lam):\n    return 1 / 0\n")
    (tmp_path / "notes.txt").write_text("no Python")
    (tmp_path / "glob.py").write_text("")
    with pytest.raises(ValueError) as error:
        jaxnn.check_gradient(f"{tmp_path}/{target}")
    first, *below = str(error.value).splitlines()
    assert message in first
    assert not below or any(line.startswith("called with") for line in below)


def test_command_ends_a_mistake_with_code_2_and_no_traceback(command, file):
    file("def raises(nn_params, n, h, k, X, y, lam):\n    return 1 / 0\n")
    ended = command("gradcheck", "mywork.py:raises")
    assert ended.returncode == 2 and ended.stdout == ""
    assert ended.stderr.startswith("gradcheck: raises raised ZeroDivisionError")
    assert "Traceback" not in ended.stderr


def test_command_reads_notebooks(command, tmp_path):
    cells = [
        {"cell_type": "markdown", "source": "# Exercise 4"},
        {"cell_type": "code", "source": "%matplotlib inline\nimport numpy as np"},
        {"cell_type": "code", "source": SOURCE.splitlines(keepends=True)},
        {"cell_type": "code", "source": "raise SystemExit('training for hours')"},
    ]
    path = tmp_path / "mywork.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    ended = command("gradcheck", f"{path}:nn_cost_function")
    assert ended.returncode == 0 and "PASS" in ended.stdout, ended.stderr


def test_flags_of_one_check_are_refused_by_the_other(command, file):
    path = file()
    for words in (["--lam", 3], [f"{path}:nn_cost_function", "--quick"]):
        ended = command("gradcheck", *words)
        assert (
            ended.returncode == 2
            and f"{words[-2 if 3 in words else -1]} is for" in (ended.stderr)
        )


def test_quiet_prints_only_the_verdict(command, file):
    path = file()
    ended = command("gradcheck", f"{path}:nn_cost_function", "--quiet")
    assert ended.returncode == 0 and ended.stdout.count("\n") == 1
    assert ended.stdout.startswith("PASS")


def block(text, before):
    """The lines of the first code block that follows `before`."""
    return text.split(before, 1)[1].split("```", 1)[0]


def test_readmes_example_says_what_readme_says(process, tmp_path):
    readme = (ROOT / "README.md").read_text()
    section = readme.split("## Check your own backprop")[1]
    (tmp_path / "mywork.py").write_text(block(section, "```python\n"))
    ended = process("gradcheck", "mywork.py:nn_cost_function")
    assert ended.returncode == 1
    printed = section.split("```\n\n```\n", 1)[1].split("```", 1)[0]
    # the digits of rounding differ from machine to machine
    rounding = r"\d(\.\d)?e-1[5-7]"
    assert re.sub(rounding, "~", ended.stdout) == re.sub(rounding, "~", printed)
