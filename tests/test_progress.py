"""A bar where a person looks; nothing elsewhere; a wrong wish is refused at once."""

import io
import os
import sys

import pytest

import jaxnn
from jaxnn import progress
from jaxnn.training import starting


def last_line(text):
    """What a terminal shows after text."""
    return text.rstrip("\r\n").rpartition("\r")[2].rstrip()


def test_a_bar_shows_the_latest_text():
    stream = io.StringIO()
    show = progress.bar(stream)
    show("start", 0, 4)
    show("half", 2, 4)
    show("all", 4, 4)
    assert stream.getvalue().startswith("\rstart |")
    assert last_line(stream.getvalue()).startswith("all |")
    assert stream.getvalue().endswith("\n")


def test_a_bar_may_end_early_and_begin_again():
    stream = io.StringIO()
    show = progress.bar(stream)
    show("first", 1, 4)
    show("", 0, 0)
    assert last_line(stream.getvalue()).startswith("first |")
    show("", 0, 0)  # has ended already
    show("second", 3, 4)
    show("third", 1, 2)  # another piece of work
    show("", 0, 0)
    assert last_line(stream.getvalue()).startswith("third |")
    assert stream.getvalue().count("\n") == 2


@pytest.mark.parametrize("done", [0, 2])
def test_a_bar_may_leave_nothing(done):
    stream = io.StringIO()
    show = progress.bar(stream, leaves=done == 0)  # without a step nothing stays
    show("compiling", done, 4)
    show("", 0, 0)
    assert last_line(stream.getvalue()) == ""


def test_a_bar_fits_the_terminal():
    pty, termios = map(pytest.importorskip, ("pty", "termios"))
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 40))
    with open(theirs, "w") as terminal:
        show = progress.bar(terminal)
        show("x" * 60, 1, 2)
        show("", 0, 0)
        terminal.flush()
        assert last_line(os.read(ours, 10_000).decode()) == "x" * 39  # 40 may wrap
    os.close(ours)


@pytest.mark.parametrize("wish", [True, None, False])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_fit_shows_a_bar_where_a_person_looks(
    few_digits, monkeypatch, capsys, wish, is_terminal
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    monkeypatch.delattr(sys, "ps1", raising=False)
    trained = jaxnn.fit(few_digits, steps=10, progress=wish)
    said = capsys.readouterr()
    assert not said.out
    if wish is False or (wish is None and not is_terminal):
        assert not said.err
    else:
        assert "compiling for " in said.err
        assert f"step 10/10  cost {trained.cost:.4f}  " in last_line(said.err)


def test_a_prompt_and_a_notebook_have_a_bar(few_digits, monkeypatch, capsys):
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    jaxnn.fit(few_digits, steps=1)
    assert "step 1/1" in capsys.readouterr().err


def test_what_cannot_follow_a_run_is_refused_before_it_compiles(
    few_digits, monkeypatch
):
    monkeypatch.setattr(starting, "first_snapshot", None)
    with pytest.raises(jaxnn.Mistake, match="progress='yes': give True for a bar, "):
        jaxnn.fit(few_digits, progress="yes")


def test_a_narrow_terminal_keeps_the_accuracies(monkeypatch):
    line = "step  10/100  cost 0.4881  gradient 2.1e-02  train 95.93%  held out 91.60%"
    monkeypatch.setenv("COLUMNS", "80")
    short = "step  10/100  cost 0.4881  train 95.93%  held out 91.60%"
    assert progress.fitted(f"{line}  0.1 s") == short
    monkeypatch.setenv("COLUMNS", "120")
    assert progress.fitted(f"{line}  0.1 s") == f"{line}  0.1 s"
