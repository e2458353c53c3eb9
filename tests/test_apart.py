"""A function in a process of its own, and what it may not spoil in this one."""

import builtins
import os
import sys
import textwrap

import numpy as np
import pytest
from campaigns.functions import ODD, source

import jaxnn
from jaxnn.clinic import apart
from jaxnn.clinic.calling import sandbox

PATIENCE = 30
SHOUT = """
import os, stat
for number in range(3, 64):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode): os.write(number, bytes(99))
    except OSError: pass
"""


def asked(folder, harm="pass", place="at_call"):
    """What gradcheck asks about a right function that does harm."""
    text, line = source(harm, place, 1)
    (folder / "work.py").write_text(text)
    function = f"{folder / 'work.py'}:cost"
    return {"function": function, "lines": [], "device": "cpu"}, line


def test_the_verdict_is_an_answer(tmp_path):
    stages = []
    how = asked(tmp_path)[0], PATIENCE, lambda *work: stages.append(work)
    found = apart.check(*how)  # JAX is loaded here: the other process starts afresh
    assert found.passed and found.lines[-1].startswith(("PASS", "note"))
    assert stages and all(len(work) == 3 for work in stages)


def test_a_mistake_is_passed_on(tmp_path):
    how = {**asked(tmp_path)[0], "function": str(tmp_path / "none.py") + ":cost"}
    with pytest.raises(jaxnn.Mistake, match="none.py: no such file"):
        apart.check(how, PATIENCE, print)


def test_a_process_that_says_something_else_is_a_refusal(tmp_path):
    how, _ = asked(tmp_path, f"exec({SHOUT!r})")
    with pytest.raises(apart.Refused, match="^cost "):
        apart.check(how, 5, print)


def test_a_refusal_keeps_its_lines_and_escapes_the_rest():
    assert str(apart.Refused("a \x1b[31m\n  b\r")) == "a \\x1b[31m\n  b\\r"


def write(folder, text):
    path = folder / "work.py"
    path.write_text(textwrap.dedent(text))
    return f"{path}:cost"


RETURNED = """
    class Odd:
        def __getattr__(self, name):
            raise {error}

    def cost(theta1, theta2, X, y, lam):
        return Odd(), Odd()
"""


@pytest.mark.parametrize("error", ["GeneratorExit", "SystemExit(0)", "OSError(28)"])
def test_in_this_process_an_error_in_what_is_returned_names_its_line(tmp_path, error):
    with pytest.raises(jaxnn.Mistake, match=f"{error.partition('(')[0]} at line 4"):
        jaxnn.check_gradient(write(tmp_path, RETURNED.format(error=error)))


def test_in_this_process_ctrl_c_names_the_line(tmp_path):
    text = """
        def cost(theta1, theta2, X, y, lam):
            raise KeyboardInterrupt
    """
    with pytest.raises(KeyboardInterrupt, match="at line 3"):
        jaxnn.check_gradient(write(tmp_path, text))


def test_in_this_process_os_exit_is_an_error_with_its_line(tmp_path):
    text = """
        import os
        def cost(theta1, theta2, X, y, lam):
            os._exit(0)
    """
    usual = os._exit
    with pytest.raises(jaxnn.Mistake, match=r"SystemExit at line 4: os._exit\(0\)"):
        jaxnn.check_gradient(write(tmp_path, text))
    assert os._exit is usual


HARMS = ["no modules", "no jax", "no len", "no dot", "no path", "shallow", "raises"]


@pytest.mark.parametrize("name", HARMS)
def test_what_a_function_spoils_is_whole_again(name):
    before = {**sys.modules}, builtins.len, np.dot, [*sys.path], np.geterr()
    depth, count = sys.getrecursionlimit(), sandbox.BEAT[0]
    with sandbox.running():
        assert sandbox.BEAT[1] > 0
        exec(ODD[name], {"np": np})
    assert before[0].items() <= sys.modules.items()
    assert (builtins.len, np.dot, np.geterr()) == (before[1], before[2], before[4])
    assert {*sys.path} == {*before[3]} and sys.getrecursionlimit() == depth
    assert sandbox.BEAT == [count + 2, 0.0]


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_a_timeout_is_some_seconds(command, seconds):
    done = command("gradcheck", "mywork.py:f", "--timeout", seconds)
    assert done.returncode == 2
    assert done.stderr == f"gradcheck: --timeout {seconds}: give the seconds, as 60\n"
