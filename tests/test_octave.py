"""Octave functions called from Python: values, errors, and what must not hang."""

import gc
import inspect
import os
import re
import shutil
import subprocess
import sys
import time
from math import log

import numpy as np
import pytest

from jaxnn.clinic.calling import calls, octave
from jaxnn.clinic.calling.octave import OctaveError, process
from jaxnn.files import FileError
from jaxnn.mistake import Mistake

HAS_OCTAVE = shutil.which("octave-cli") or shutil.which("octave")
needs_octave = pytest.mark.skipif(not HAS_OCTAVE, reason="Octave is not installed")
SQUARES = """
function [J, grad] = squares(theta, X, y, lambda)
  r = X * theta - y;
  J = sum(r .^ 2) / 2 + lambda / 2 * sum(theta .^ 2);
  grad = X' * r + lambda * theta;
end
"""
NETWORK = """
function [J, grad] = nnCost(p, n, h, k, X, y, lambda)
  T1 = reshape(p(1:h * (n + 1)), h, n + 1);
  T2 = reshape(p(1 + h * (n + 1):end), k, h + 1);
  m = size(X, 1);
  A1 = [ones(m, 1) X];
  A2 = [ones(m, 1) sigmoid(A1 * T1')];
  H = sigmoid(A2 * T2');
  Y = y == 1:k;
  J = -sum(sum(Y .* log(H) + (1 - Y) .* log(1 - H))) / m;
  D3 = (H - Y) / m;
  D2 = D3 * T2(:, 2:end) .* A2(:, 2:end) .* (1 - A2(:, 2:end));
  grad = [(D2' * A1)(:); (D3' * A2)(:)];
end
"""
SIGMOID = "function g = sigmoid(z)\n  g = 1 ./ (1 + exp(-z));\nend\n"


@pytest.fixture
def write(tmp_path):
    """write("a.m", text): the path of a file in a folder with a space in its name."""
    folder = tmp_path / "my work"
    folder.mkdir()

    def to(name, text):
        path = folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to


@pytest.fixture
def one(write):
    """one(text): the first function of the text, in a file of that name."""
    return lambda text, name="mywork": octave.load(write(f"{name}.m", text))[0]


def error_of(function, *arguments):
    """The OctaveError of a call; its text has one line."""
    with pytest.raises(OctaveError) as caught:
        function(*arguments)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def is_running(pid):
    """Whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@needs_octave
def test_values_and_gradient_equal_those_of_numpy(one):
    """A cost and a gradient are those of the same formulas in NumPy."""
    f, rng = one(SQUARES, "squares"), np.random.default_rng(0)
    theta, x, y = rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)
    cost, gradient = f(theta, x, y, 0.5)
    r = x @ theta - y
    assert cost == pytest.approx(r @ r / 2 + 0.25 * theta @ theta, rel=1e-14)
    np.testing.assert_allclose(gradient[:, 0], x.T @ r + 0.5 * theta, rtol=1e-13)
    assert gradient.shape == (3, 1) and gradient.dtype == np.float64
    assert (f.__name__, f.returns) == ("squares", ("J", "grad"))
    assert list(inspect.signature(f).parameters) == ["theta", "X", "y", "lambda"]


@needs_octave
def test_network_with_a_helper_beside_it(write):
    """With zero weights, each of 3 sigmoids is 1/2: the cost is 3 log 2."""
    write("sigmoid.m", SIGMOID)
    f = octave.load(write("nnCost.m", NETWORK))[0]
    x, y = np.arange(8.0).reshape(4, 2), np.array([1, 2, 3, 3])
    cost, gradient = f(np.zeros(2 * 3 + 3 * 3), 2, 2, 3, x, y, 0)
    assert cost == pytest.approx(3 * log(2))
    # the biases of the last layer: 1/2 minus the share of each class
    np.testing.assert_allclose(gradient[6:9, 0], [0.25, 0.25, 0.0], atol=1e-15)
    np.testing.assert_allclose(gradient[:6, 0], 0)


@needs_octave
def test_values_go_both_ways(one):
    """Numbers, text, lists and dicts arrive as they were sent."""
    f = one("function [b, c] = mywork(a)\n b = a; c = class(a);\nend\n")
    row = np.array([[1.5, -2.0, np.inf]])
    for value, name in [(2, "double"), (2.5, "double"), ("text", "char")]:
        assert f(value) == (value, name)
    assert f(True) == (1.0, "logical")
    assert f(3 + 4j) == (3 + 4j, "double")
    assert f(["a", ["b", 2]]) == (["a", ["b", 2.0]], "cell")
    assert f({"size": 3, "name": "x"}) == ({"size": 3.0, "name": "x"}, "struct")
    np.testing.assert_array_equal(f(row)[0], row)
    np.testing.assert_array_equal(f([400, 25, 10])[0], [[400, 25, 10]])
    np.testing.assert_array_equal(f(np.arange(3))[0], [[0], [1], [2]])
    assert f(np.arange(3))[1] == "double"  # whole numbers would divide as such
    assert f(np.float32(1.5))[0].dtype == np.float32
    assert f(np.zeros((0, 3)))[0].shape == (0, 3)
    with pytest.raises(TypeError, match="cannot take a value of type function"):
        f(lambda x: x)


@needs_octave
def test_other_types_come_as_arrays_lists_and_dicts(one):
    """Whole numbers, logical and sparse arrays are float64; struct arrays are lists."""
    f = one(
        "function [a, b, c, d] = mywork()\n a = int8([1 2]); b = [1 2] > 1;\n"
        "c = sparse(eye(2)); d = struct('u', {1, {}});\nend\n"
    )
    a, b, c, d = f()
    assert a.dtype == b.dtype == np.float64
    np.testing.assert_array_equal([*a, *b], [[1, 2], [0, 1]])
    np.testing.assert_array_equal(c, np.eye(2))
    assert isinstance(d, list) and d[0] == {"u": 1.0}


def test_heads_are_read_as_octave_reads_them(write, monkeypatch):
    """Comments, continued lines, strange endings, varargin and ~ in the first line."""
    monkeypatch.setattr(shutil, "which", lambda name: name)
    text = (
        "% function a = b(c)\r\n%{\r\nfunction no = no(no)\r\n%}\r\n"
        "function [J, ... the cost (a number)\r\n  grad] = cost(p, ~, ... % a)\r\n"
        "  lambda, varargin)\r\nJ = 1; grad = 2;\r\nend\r\n"
    )
    f = octave.load(write("cost.m", b"\xef\xbb\xbf" + text.encode("latin-1")))[0]
    assert (f.__name__, f.returns) == ("cost", ("J", "grad"))
    assert str(inspect.signature(f)) == "(p, unused2, lambda, /, *args)"


@needs_octave
def test_each_way_to_name_a_function(write):
    """Helpers of the file, a file beside it, and names that differ from the file's."""
    helpers = (
        "function r = twice(a)\n  if a > 9, r = a; else r = twice(2 * a); end\nend\n"
    )
    path = write("cost-1.m", f"1;\nx = nothing;\n{SQUARES}{helpers}y = nothing;\n")
    write("gradient.m", "function g = another(a)\n  g = a + 1;\nend\n")
    named = octave.load(path, ["twice", "gradient", "squares"])
    assert [f.__name__ for f in named] == ["twice", "another", "squares"]
    assert [f(3, 3, 3, 3)[0] if i == 2 else f(3)[0] for i, f in enumerate(named)] == [
        12,
        4,
        31.5,
    ]
    assert octave.load(path)[0](3, 3, 3, 3)[1] == 27
    with pytest.raises(FileError, match="no twise in it.*did you mean twice"):
        octave.load(path, ["twise"])


@needs_octave
@pytest.mark.parametrize("names", [(), ("helper",)])
def test_error_names_the_innermost_line(write, names):
    """The line is that of the file, also where a copy of the function ran."""
    text = "function J = mywork(a)\n  J = helper(a);\nend\n\nfunction r = helper(a)\n"
    path = write("mywork.m", text + "  r = ones(2) * a;  % here\nend\n")
    error = error_of(octave.load(path, names)[0], np.zeros((3, 1)))
    assert error.place[0] == path and error.place.line == 6
    assert error.place.source == "r = ones(2) * a;  % here".replace("  ", " ")
    assert error.place.function.endswith("helper")
    assert "nonconformant arguments (op1 is 2x2, op2 is 3x1)" in error.message
    assert "in mywork.m line 6: r = ones(2)" in str(error)


ERRORS = [  # the lines of a function, the line of the error, what its text says
    ("J = sigmoid(a);", 2, "sigmoid is undefined.*put sigmoid.m beside case0.m"),
    ("J = a + count;", 2, "count is undefined.*set count before that line"),
    ("J = contains(a, 'b');", 2, "this Octave does not have it"),
    ("x = (1;", 2, "syntax error.*x = \\(1; fix that line"),
    ("if a, if a\n J = 1;", 5, "syntax error.*each function has one end"),
    ('J = "ab" + "abc";', 2, 'joins texts as \\["a", "b"\\]'),
    ("x = 1;", 0, "the output J is never set"),
    ("J = case7(a);", 2, "max_recursion_depth exceeded"),
    ("J = input('?');", 2, "input cannot be used here.*remove that call"),
    ("keyboard\nJ = 1;", 2, "keyboard cannot be used here"),
    ("J = 1;\nexit(3)", 3, "exit cannot be used here"),
    ("J = @sin;", 0, "neither numbers nor text.*return numbers"),
    ('error("one\\ntwo");', 2, "one two in case12.m"),
    ("arguments\n b (1,1) double = 2\n end\n J = a + b;", 5, "an arguments block"),
]


@needs_octave
def test_errors_end_in_the_next_step(write):
    """Each error has its line, and what to do; the process goes on."""
    names = [f"case{i}" for i in range(len(ERRORS))]
    for name, (body, *_) in zip(names, ERRORS, strict=True):
        path = write(f"{name}.m", f"function J = {name}(a, b)\n{body}\nend\n")
    functions = octave.load(path, names)
    for f, (body, line, words) in zip(functions, ERRORS, strict=True):
        error = error_of(f, 1)
        assert error.place.line == line, body
        assert re.search(words, str(error)), str(error)
        assert f.octave.process.poll() is None


@needs_octave
def test_missing_output_and_parse_error_beside(write):
    """An output without a value is named; a helper's syntax error has its file."""
    f = octave.load(write("a.m", "function [J, grad] = a(x)\n  J = x;\nend\n"))[0]
    assert "the output grad is never set in a.m" in str(error_of(f, 1))
    path = write("d.m", "1;\nfunction J = d(x)\n  J = x;\n  y = (2;\nend\n")
    assert error_of(octave.load(path)[0], 1).place.line == 4
    write("c.m", "function r = c(x)\n\n  r = [1, 2;\nend\n")
    f = octave.load(write("b.m", "function J = b(x)\n  J = c(x);\nend\n"))[0]
    assert error_of(f, 1).place.path.name == "c.m"


@needs_octave
def test_prints_plots_pauses_and_new_folders_change_nothing(one):
    """The next call finds the folder and the process as they were."""
    f = one(
        "function [J, n] = mywork(a)\n  for i = 1:2e4, disp(i); end\n"
        "  fprintf(stderr, 'no line end'); pause;\n"
        "  cd('/'); restoredefaultpath; fclose('all'); clear('-all'); J = 3; n = pwd;\n"
        "end\n"
    )
    assert f(1) == f(1) == (3.0, "/")


@needs_octave
def test_endless_loop_ends_with_all_that_it_started(one, monkeypatch):
    """After LIMIT seconds nothing of it runs; the next call starts anew."""
    f = one(
        "function J = mywork(a)\n  J = a;\n"
        "  if a, system('(sleep 1; touch late) &'); while 1, end, end\nend\n"
    )
    assert f(0) == (0,)
    monkeypatch.setattr(calls, "LIMIT", 0.5)
    with pytest.raises(calls.TooLong):
        f(1)
    assert f.octave.process is None
    monkeypatch.undo()
    assert f(0) == (0,)
    time.sleep(0.8)
    assert not (f.path.parent / "late").exists()


@needs_octave
def test_octave_that_ends_by_itself(one):
    """The call says so; the next one starts Octave again."""
    f = one("function J = mywork(a)\n  if a, builtin('exit'); end\n  J = 1;\nend\n")
    assert "Octave ended" in str(error_of(f, 1))
    assert f(0) == (1,)


@needs_octave
@pytest.mark.parametrize("is_dropped", [False, True])
def test_the_process_ends_when_it_is_closed_or_forgotten(one, is_dropped):
    f = one(SQUARES, "squares")
    f(1, 1, 1, 1)
    pid, home = f.octave.process.pid, f.octave.home
    assert is_running(pid) and home.is_dir()
    if not is_dropped:
        f.octave.close()
    del f
    gc.collect()
    assert not is_running(pid) and not home.exists()


@needs_octave
@pytest.mark.slow
def test_nothing_is_left_when_python_is_killed(write):
    """An endless loop ends soon after Python."""
    path = write("mywork.m", "function J = mywork(a)\n  J = 1; while a, end\nend\n")
    lines = (
        "import sys; from pathlib import Path; from jaxnn.clinic.calling import octave",
        "f, = octave.load(Path(sys.argv[1])); f(0)",
        "print(f.octave.process.pid, f.octave.home, flush=True); f(1)",
    )
    command = [sys.executable, "-c", "\n".join(lines), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as python:
        pid, home = python.stdout.readline().split(maxsplit=1)
        python.kill()
    stops = time.monotonic() + 10
    while is_running(int(pid)) and time.monotonic() < stops:
        time.sleep(0.1)
    assert not is_running(int(pid))
    shutil.rmtree(home.strip())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 3;\nplot(x)\n", "a script, which is never run; put the code into"),
        ("", "empty"),
        ("% c\nclassdef A\nmethods\nfunction f(a)\nend\nend\nend\n", "is a class"),
        ("#import <a.h>\n@implementation A\n@end\n", "Objective-C"),
        ("(* ::Package:: *)\nf[x_] := x\n", "Mathematica"),
        ("function mywork(a)\n  disp(a)\nend\n", "mywork returns nothing; write"),
        (b"function J = f\0", "null bytes"),
    ],
)
def test_other_files_are_refused_in_one_line(write, text, words):
    """The line says what the file is, and what to do."""
    with pytest.raises(Mistake, match=words) as caught:
        octave.load(write("mywork.m", text))
    assert len(str(caught.value).splitlines()) == 1


def test_without_octave_it_says_how_to_get_it(write, monkeypatch):
    """One line, before anything runs."""
    monkeypatch.setattr(process.shutil, "which", lambda name: None)
    with pytest.raises(Mistake, match="squares.m needs Octave to run; install it"):
        octave.load(write("squares.m", SQUARES))
