"""Functions loaded from people's files and notebooks, which never run as a whole."""

import ast
import functools
import inspect
import json
import os
import pickle
import sys
import textwrap
import warnings

import numpy as np
import pytest

from jaxnn.clinic.calling import sandbox, texts
from jaxnn.clinic.calling.source import failed, load, python2_hint
from jaxnn.files import FileError


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Restore the import path, the modules and the variables after each test."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sandbox, "FOLDERS", set())
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # or nothing is tested
    monkeypatch.setenv("MPLBACKEND", "Agg")
    modules = set(sys.modules)
    yield
    for name in set(sys.modules) - modules:
        if "numpy" not in name and "matplotlib" not in name:
            del sys.modules[name]


@pytest.fixture
def write(tmp_path):
    """write("a.py", text): the path of a file in a fresh folder."""

    def to(name, text, encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(textwrap.dedent(text).lstrip("\n").encode(encoding))
        return path

    return to


@pytest.fixture
def one(write):
    """one(text, "f"): the single function out of a .py file."""
    return lambda text, name="f": load(f"{write('mywork.py', text)}:{name}")[0]


def refusal(target):
    """The one line that refuses a target; it names the file first."""
    with pytest.raises(FileError) as caught:
        load(str(target))
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(str(target)[:9])
    return text


def notebook(*cells, version=4):
    """A notebook's JSON; version 3 has worksheets and calls the source input."""
    key = "source" if version == 4 else "input"
    made = [{"cell_type": "markdown", "source": ["# %Title?"]}]
    made += [{"cell_type": "code", key: cell} for cell in cells]
    whole = {"cells": made} if version == 4 else {"worksheets": [{"cells": made}]}
    return json.dumps({**whole, "nbformat": version})


SCRIPT = """
import numpy as np
import matplotlib.pyplot as plt
from scipy.io import loadmat
from pathlib import Path

data = loadmat("ex4data1.mat")
X, y = data["X"], data["y"]
m = X.shape[0]
lr = 0.5
print("loaded", m)
Path("ran").touch()

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def cost(theta, X=None):
    J = sigmoid(theta).sum() * lr
    return J if X is None else J / m

theta = np.ones(3)
for step in range(10):
    Path("trained").touch()
    J = cost(theta)
    theta -= lr * J
plt.plot([J])
plt.show()
input("go on?")
if __name__ == "__main__":
    Path("main").touch()
"""


def test_only_what_is_needed_runs(write, tmp_path, capsys):
    path = write("mywork.py", SCRIPT)
    before = path.read_bytes(), path.stat().st_mtime_ns
    (cost,) = load(f"{path}:cost")
    assert cost(np.zeros(4)) == 1.0
    assert [each.name for each in tmp_path.iterdir()] == ["mywork.py"]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert capsys.readouterr() == ("", "")
    assert "theta" not in cost.__globals__  # locals of cost pull nothing in


def test_missing_data_is_remembered_with_its_first_cause(write):
    (cost,) = load(f"{write('mywork.py', SCRIPT)}:cost")
    message = "line 6 raised FileNotFoundError: ex4data1.mat"
    assert failed(cost) == dict.fromkeys(["X", "data", "m", "y"], message)
    with pytest.raises(NameError, match="'m'"):
        cost(np.zeros(4), 1)


def test_failed_looks_through_wrappers(one):
    text = """
    import functools
    x = open("none")
    class Net:
        def cost(self): return x
        def __call__(self): return x
    net = Net()
    """
    bound = one(text, "net.cost")
    wrapped = functools.wraps(bound)(lambda: bound())
    for each in (bound, functools.partial(bound), wrapped, one(text, "net")):
        assert failed(each) == {"x": "line 2 raised FileNotFoundError: none"}
    assert failed(np.sum) == failed(len) == failed(lambda: 0) == {}


def test_statements_that_change_what_a_function_reads(one):
    f = one("""
    import os, sys
    params = {"a": 1}
    params["b"] = 2
    params.update(c=3)
    class Box: pass
    box = Box()
    box.size = 4
    total = 1
    total += 4
    hidden: int = 6
    with open(os.devnull) as stream: seven = 7
    try:
        import none_such
    except ImportError:
        eight = 8
    for nine in range(10): pass
    if total: ten = 10
    def f():
        return [*params.values(), box.size, total, hidden, seven, eight, nine, ten]
    """)
    assert f() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_a_later_value_of_the_name_does_not_hide_the_function(one, tmp_path):
    text = """
    def f(x=1): return x
    def g(): return f(2)
    f = f(3)
    for i in range(3):
        open("trained", "w").close()
        f, g = g(), 4
    f = open("none")
    """
    assert one(text)() == 1
    assert one(text, "g").__name__ == "g"
    assert not (tmp_path / "trained").exists()


def test_a_failed_statement_removes_the_old_value(one):
    f = one("x = None\nx = open('none')\ndef f(): return x\n")
    assert failed(f) == {"x": "line 2 raised FileNotFoundError: none"}


def test_rebound_function_is_the_last_one(one):
    assert one("f = 1\ndef f(): return 2\nf = lambda old=f: old() + 1\n")() == 3


def test_main_part_is_not_run_and_is_named(one, write, tmp_path):
    text = """
    def f(): return size
    if __name__ == "__main__":
        size = 3
        open("main", "w").close()
        def late(): pass
    else:
        other = 1
    def name(): return __name__, __file__, other
    """
    assert "line 2 is in if __name__" in failed(one(text))["size"]
    assert one(text, "name")() == ("mywork", str(tmp_path / "mywork.py"), 1)
    assert not (tmp_path / "main").exists()
    message = refusal(f"{write('mywork.py', text)}:late")
    assert message.endswith("move it out of there")


def test_neighbors_star_imports_and_no_bytecode(write, tmp_path):
    write("helpers.py", "print('hi')\ndef double(x): return 2 * x\n")
    write("stars.py", "lr = 4\nopen('starred', 'w').close()\n")
    path = write(
        "mywork.py",
        """
        from helpers import double
        from stars import *
        def f(): return double(lr)
        def g(): return double
        """,
    )
    g = load(f"{path}:g")[0]
    assert g()(3) == 6 and not (tmp_path / "starred").exists()
    assert load(f"{path}:f")[0]() == 8 and (tmp_path / "starred").exists()
    assert not (tmp_path / "__pycache__").exists()
    assert sys.path[0] == str(tmp_path) and not sys.dont_write_bytecode


def test_neighbors_of_the_same_name_in_two_folders(tmp_path):
    for n in (1, 2):
        (tmp_path / str(n)).mkdir()
        (tmp_path / str(n) / "helpers.py").write_text(f"n = {n}")
        file = tmp_path / str(n) / "mywork.py"
        file.write_text("from helpers import n\ndef f(): return n")
        assert load(f"{file}:f")[0]() == n


@pytest.mark.parametrize("line", ["from broken import cost", "from broken import *"])
def test_neighbor_that_raises(write, line):
    write("broken.py", "x = 1\n\nraise ValueError('not\\nready')\n")
    path = write("mywork.py", f"\n{line}\ndef f(): return cost\n")
    message = "line 1 (at broken.py line 3) raised ValueError: not ready"
    assert failed(load(f"{path}:f")[0]) == {"cost": message}
    path.write_text(f"{line}\n")
    assert "broken.py line 3" in refusal(f"{path}:cost")


def test_neighbor_with_a_syntax_error(write):
    write("broken.py", "x = 1\ny = = 2\n")
    path = write("mywork.py", "from broken import cost\n")
    assert "(at broken.py line 2) raised SyntaxError" in refusal(f"{path}:cost")


def test_missing_package(write, one):
    text = "import sklearn_none.tree as t\nfrom nonesuch import f\ndef g(): return t\n"
    cause = failed(one(text, "g"))["t"]
    assert cause.startswith("line 1 imports sklearn_none, which is neither in")
    message = refusal(f"{write('mywork.py', text)}:f")
    assert message.endswith("pip install nonesuch")


def test_the_wanted_function_itself_raises(write):
    path = write("mywork.py", "import sys\nx = sys.exit(3)\ndef f(a=x): pass\n")
    message = refusal(f"{path}:f")
    assert "line 2 raised SystemExit: 3; f needs that line" in message


def test_exit_and_input_at_top_level(one):
    f = one("import sys\na = sys.exit()\nb = input()\ndef f(): return a, b\n")
    assert failed(f)["a"] == "line 2 raised SystemExit: "
    assert failed(f)["b"].startswith("line 3 raised EOFError")


def test_surroundings_are_restored(one, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["gradcheck", "--strange"])
    here, kept = os.getcwd(), (sys.stdin, sys.stdout, sys.stderr, sys.argv)
    f = one("""
    import argparse, os, sys, warnings
    import numpy as np
    if "lib" not in sys.path:
        sys.path.append("lib")
    np.random.seed(3)
    folder = os.getcwd()
    warnings.warn("old")
    args = argparse.ArgumentParser().parse_args()
    shown = print("a", file=sys.stderr), print("b"), warnings.warn("old")
    def f(): return folder, args, shown, "lib" in sys.path, "\\d"
    """)
    first = np.random.rand()
    assert f()[0] == str(tmp_path) and f()[3] and not failed(f)
    assert first == np.random.RandomState(3).rand()
    assert (sys.stdin, sys.stdout, sys.stderr, sys.argv) == kept
    assert os.getcwd() == here and capfd.readouterr() == ("", "")


def test_methods_and_two_names(write):
    path = write(
        "mywork.py",
        """
        class Network:
            sizes = (400, 25, 10)
            def cost(self, x): return x, self.sizes
            @staticmethod
            def plain(x): return x
            @classmethod
            def of(cls): return cls.sizes
        net = Network()
        cost = lambda x: x
        def gradient(x): return 2 * x
        """,
    )
    (cost,) = load(f"{path}:Network.cost")
    assert cost.__qualname__ == "Network.cost" and inspect.isfunction(cost)
    assert load(f"{path}:net.cost")[0](1) == (1, (400, 25, 10))
    assert load(f"{path}:Network.plain")[0](3) == 3
    assert load(f"{path}:Network.of")[0]() == (400, 25, 10)
    assert [f(2) for f in load(f"{path}:cost, gradient")] == [2, 4]
    assert "did you mean Network.cost?" in refusal(f"{path}:Network.costs")
    assert "did you mean net.cost?" in refusal(f"{path}:net.costt")
    assert "of type tuple, not a function" in refusal(f"{path}:Network.sizes")


def test_futures_dataclasses_pickle_and_source_lines(one, write):
    text = """
    from __future__ import annotations
    from dataclasses import dataclass
    @dataclass
    class Sizes:
        hidden: int = 25
    def f(x: NoSuch = 1):
        raise ZeroDivisionError(Sizes().hidden)
    """
    f = one(text)
    assert pickle.loads(pickle.dumps(f)) is f
    assert inspect.getsource(f).startswith("def f(x: NoSuch = 1):\n    raise")
    with pytest.raises(ZeroDivisionError, match="25") as caught:
        f()
    assert caught.traceback[-1].lineno == 6 and caught.traceback[-1].path.exists()


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("kind", [str, list])
def test_notebook(write, version, kind, tmp_path):
    cells = [
        "%matplotlib inline\nimport numpy as np\n!pip install x\nnp.sum?\nok = 1 # ?",
        "%%bash\nrm -rf $HOME",
        "%%time\nif ok:\n    %precision 3\n    scale = (17\n       % 10)\nls = !ls",
        "broken = = 1",
        "open('ran', 'w').close()",
        "def f(x):\n    return np.sum(x) * scale / none",
    ]
    cells = [cell if kind is str else cell.splitlines(True) for cell in cells]
    path = write("mywork.ipynb", notebook(*cells, version=version))
    (f,) = load(f"{path}:f")
    assert f.__globals__["scale"] == 7
    assert not (tmp_path / "ran").exists()
    assert f.__code__.co_filename == "mywork.ipynb[cell 6]"
    assert inspect.getsource(f) == "def f(x):\n    return np.sum(x) * scale / none\n"
    assert failed(f)["none"].startswith("cell 4 line 1: invalid syntax: broken = = 1")
    assert "cell 4 line 1: invalid syntax" in refusal(f"{path}:g")


def test_notebook_failures_name_the_cell(write):
    path = write("mywork.ipynb", notebook("1", "x = 1\ny = 1 / 0\ndef f(): return y"))
    (f,) = load(f"{path}:f")
    assert failed(f) == {
        "y": "cell 2 line 2 raised ZeroDivisionError: division by zero"
    }


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"cells": [1]}', "\xe9"])
def test_damaged_notebook(write, text):
    path = write("mywork.ipynb", text, "latin-1")
    assert "get a fresh copy" in refusal(f"{path}:f")


PYTHON2 = [
    ("print COUNTER", "print(COUNTER)"),
    ("if 1: print 'a', 2", "if 1: print('a', 2)"),
    ("print 'a',", "print('a')"),
    ('print """a\n%s""" % 3', 'print("""a\n%s""" % 3)'),
    ("print 'a', \\\n  2, b", "print('a', 2, b)"),
    ("exec 'a = 1'", "exec('a = 1')"),
    ('raise ValueError, "no"', 'raise ValueError("no")'),
    ("a = `b`", "a = repr(b)"),
    ("if a <> b: c = xrange(3)", "if a != b: c = range(3)"),
    ("a = ur'b'", "a = r'b'"),
    ("os.chmod(f, 0777)", "os.chmod(f, 0o777)"),
    ("%matplotlib inline", "pass"),
    ("!pip install numpy", "pass"),
]


@pytest.mark.parametrize(("old", "new"), PYTHON2)
def test_python2_and_magics_are_read_as_python3(write, old, new):
    docstring = '"""\n    print the cost, `b`\n"""\n'
    ((_, tree),), _ = texts.parse(write("mywork.py", docstring + old + "\n"))
    assert ast.unparse(tree) == ast.unparse(ast.parse(docstring + new))


def test_a_python2_file_runs(write):
    text = """import cPickle
def f(d):
\ttry:
        \tprint 'trying', d
        \tprint
\texcept (KeyError, ValueError), e:
\t\tprint e
\tif d.has_key(1) and 1 <> 2:
\t\treturn sum(v for k, v in d.iteritems()) + len(xrange(3))
\traise KeyError, 'no'
print f({1: 2})
"""
    assert load(f"{write('mywork.py', text)}:f")[0]({1: 2}) == 5


def test_what_is_neither_python2_nor_python3_is_refused(write):
    message = refusal(f"{write('mywork.py', 'print 1' + chr(10) + 'x = = 2')}:f")
    assert message.endswith("invalid syntax: x = = 2; fix that line")


def test_python2_names_are_found_when_called():
    with pytest.raises(NameError) as caught:
        eval("xrange(3)")
    assert python2_hint(caught.value) == "xrange is from Python 2; write range"
    with pytest.raises(AttributeError) as missing:
        eval("{1: 2}.iteritems()")
    assert python2_hint(missing.value) == "iteritems is from Python 2; write items"
    assert python2_hint(NameError("?", name="rnage")) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "iso-8859-15"])
def test_encodings_tabs_and_line_ends(write, encoding):
    text = f"# coding: {encoding}\r\ndef f():\r\n\treturn 'é'\r\n"
    assert load(f"{write('mywork.py', text, encoding)}:f")[0]() == "é"


@pytest.mark.parametrize("encoding", ["gbk", "latin-1"])
@pytest.mark.parametrize("before", ["", "# coding: utf-8\n", "x = 1\n" * 2000])
def test_other_encodings_are_refused(write, encoding, before):
    word = "代价" if encoding == "gbk" else "Größe"
    path = write("mywork.py", f"{before}# {word}\ndef f(): pass\n", encoding)
    assert refusal(f"{path}:f") == f"{path}: not UTF-8 text; save it as UTF-8"


BAD = [
    ("m.py", "x = 1\ny = (\n", "f", "line 2: '(' was never closed: y = (; fix"),
    ("m.py", "print the cost\n", "f", "m.py: line 1: Missing parentheses"),
    ("m.py", "return 1\n", "f", "line 1: 'return' outside function"),
    ("m.py", "def f(): pass\0", "f", "null bytes"),
    ("m.py", "def café(): pass", "f", "save it as UTF-8"),
    ("m.py", "# coding: none\n", "f", "save it as UTF-8"),
    ("m.py", "a = 1\nb, f = 2, 3\n", "f", "f is of type int, not a function"),
    ("m.py", "def cost_fn(): 1\ndef g(): 1", "costfn", "did you mean cost_fn?"),
    ("m.py", "def f(): 1", "a,b,c,d", "4 functions named; it has: f; name"),
    ("m.txt", "", "f", "neither .py nor .ipynb; name a Python file"),
]


@pytest.mark.parametrize(("name", "text", "wanted", "message"), BAD)
def test_refusals(write, name, text, wanted, message):
    assert message in refusal(f"{write(name, text, 'latin-1')}:{wanted}")


def test_no_name_lists_what_there_is(write):
    many = "".join(f"def f{n}(): pass\n" for n in range(9))
    path = write("mywork.py", "class C:\n    def m(self): pass\n" + many)
    message = refusal(path)
    assert (
        "no function named; it has: C.m, f0, f1, f2, f3, f4, f5, f6, ...; " in message
    )
    assert message.endswith("like mywork.py:C.m") and refusal(f"{path}:") == message
    path = write("mywork.py", "def sigmoid(z): pass\ndef nnCostFunction(w): pass\n")
    assert refusal(path).endswith("like mywork.py:nnCostFunction")
    assert texts.split(r"C:\a\mywork.py")[1] == texts.split("C:mywork.py")[1] == []
    assert texts.split(r"C:\mywork.py:f")[1] == ["f"]


def test_paths_that_are_no_file(write, tmp_path, monkeypatch):
    write("mywork.py", "")
    assert refusal(f"{tmp_path / 'mywrok.py'}:f").endswith("/mywork.py?")
    assert refusal(f"{tmp_path / 'a' / 'zz.py'}:f").endswith("check the path")
    assert "a folder; name a file in it" in refusal(f"{tmp_path}:f")
    monkeypatch.setattr(texts, "LARGEST", 3)
    assert "in its own file" in refusal(f"{write('big.py', 'a = 1')}:f")


def test_warnings_filters_stay(one):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        one("x = 1\ndef f(): return x is 1, '\\d'\n")
    assert seen == []
