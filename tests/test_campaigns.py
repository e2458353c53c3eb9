"""A few cases of each campaign; more by hand."""

import contextlib
import signal
import subprocess
import sys
import time

import pytest
from campaigns import functions, kills, runs, signals

pytestmark = pytest.mark.slow


def test_damaged_runs_are_judged_right_or_refused():
    assert runs.campaign(20, seed=11) == []


def test_a_kill_at_any_write_loses_nothing():
    assert kills.campaign(15, seed=3) == []


def test_the_shim_kills_where_it_says(tmp_path):
    with kills.shim(tmp_path):
        (tmp_path / "a").write_text("a")
        (tmp_path / "a").rename(tmp_path / "b")
    assert kills.Shim.done == 2
    with kills.shim(tmp_path, 2):
        (tmp_path / "a").write_text("a")
        (tmp_path / "b").write_text("longer")  # b is opened, and holds nothing yet
        (tmp_path / "c").write_text("c")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "a", "b": ""}


@pytest.mark.parametrize(
    "harm, place",
    [
        ("exit 0", "at_call"),
        ("segmentation fault", "at_import"),
        ("swallows all", "in_array"),
        ("KeyboardInterrupt", "at_call"),
        ("no modules", "at_call"),
        ("says PASS", "at_import"),
    ],
)
def test_a_hostile_function_is_refused_with_its_line(tmp_path, harm, place):
    text, line = functions.source(functions.HARMS[harm], place, count=7)
    (tmp_path / "work.py").write_text(text)
    is_named = harm in functions.DEADLY | functions.RAISING
    assert [*functions.judged(tmp_path / "work.py", line if is_named else 0)] == []


@pytest.mark.parametrize(
    "words, after, number",
    [
        (("train", "--steps", 99_999, "--method", "gd"), 0.1, signal.SIGTERM),
        (("train", "--steps", 99_999, "--method", "gd"), 0.5, signal.SIGINT),
        (("evaluate", "nowhere"), 0.0, signal.SIGINT),
        (("doctor",), 0.3, signal.SIGTERM),
    ],
)
def test_a_signal_at_any_time_is_one_line(tmp_path, words, after, number):
    code, err = signals.pressed(tmp_path, words, after, number)
    assert signals.wrong_end(code, err, number) == ""


def test_ctrl_c_names_the_line_of_an_endless_function(tmp_path):
    (tmp_path / "endless.py").write_text(signals.FUNCTION)
    process = signals.start(tmp_path, "gradcheck", "endless.py:cost")
    while not (tmp_path / "called").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    line = 1 + signals.FUNCTION.splitlines().index("        pass")
    places = (f"at line {n} of endless.py, in cost" for n in (line - 1, line))
    assert err in {f"\ngradcheck: stopped {place}\n" for place in places}


LONG = """
import hashlib, sys
sys.argv[0] = "jaxnn"
from jaxnn import cli
if {waits}:
    cli.hold_ctrl_c()
print("begun", flush=True)
hashlib.pbkdf2_hmac("md5", b"", b"", 10**9)  # no handler runs before it returns
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("waits", [False, True])
def test_a_long_call_ends_at_the_first_or_the_second_signal(number, waits):
    words = [sys.executable, "-c", LONG.format(waits=waits)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(words, **pipes, text=True)
    assert process.stdout.readline() == "begun\n"
    for is_last in [False, True] if waits else [True]:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30 if is_last else 1)
        assert (process.poll() is None) == (not is_last)
    assert process.returncode == 128 + number
    assert process.communicate()[1] == "\njaxnn: stopped\n"


def test_of_two_resumes_one_is_refused():
    assert signals.pairs(1) == []
