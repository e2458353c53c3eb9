"""A few cases of each campaign, and whether their judge notices what it should."""

import os
import sys
import warnings

import numpy as np
import pytest
from campaigns import judging, running

import jaxnn

pytestmark = pytest.mark.slow


CASES = {"data": range(250), "images": range(60)}


@pytest.mark.parametrize("kind", running.KINDS)
def test_a_campaign_finds_nothing(kind):
    with running.quick_mat():
        found = list(running.outcomes(kind, CASES[kind], 0, None))
    faults = {one.number: (one.text, one.faults) for one in found if one.faults}
    assert not faults
    words = [one.verdict for one in found]
    assert min(words.count("valid"), words.count("refused")) > len(found) / 5


def test_a_case_is_made_again_from_its_number():
    first, again = (list(running.outcomes("data", range(7, 9), 3, None)) for _ in "ab")
    assert [one[:4] for one in first] == [one[:4] for one in again]


def judged(work, may_take=1 << 40):
    return judging.judged(work, "/x", may_take).faults


def refuse(message):
    raise jaxnn.Mistake(message)


def test_results_and_good_lines_are_no_faults():
    assert judged(lambda: 3) == []
    assert judged(lambda: refuse("/x/a.npz: damaged; get a fresh copy")) == []


@pytest.mark.parametrize(
    ("work", "fault"),
    [
        (lambda: 1 / 0, "ZeroDivisionError in test_odd_inputs.py"),
        (lambda: sys.exit(1), "SystemExit"),
        (lambda: warnings.warn("careful", stacklevel=1), "warning: careful"),
        (lambda: os.write(2, b"lib: no"), "past Python: lib: no"),
        (lambda: refuse("another: damaged; get a fresh copy"), "names another file"),
        (lambda: refuse("/x: bad"), "too short or too long"),
    ],
)  # fmt: skip
def test_what_should_not_be_is_a_fault(work, fault):
    (found,) = judged(work)
    assert fault in found


def test_memory_and_time_are_counted(monkeypatch):
    if not judging.peak():
        pytest.skip("this system does not say how much memory a process had")

    def take(result):
        np.ones(50_000_000)  # 400 MB, given back
        return result or refuse("/x/a.npz: damaged; get a fresh copy")

    assert judged(lambda: take(1)) == []
    for work, may_take in ((lambda: take(0), 1 << 40), (lambda: take(1), 1 << 28)):
        (fault,) = judged(work, may_take)
        assert fault.startswith("took 3") and fault.endswith(" MiB")
    monkeypatch.setattr(judging, "SECONDS", -1)
    (fault,) = judged(lambda: 3)
    assert fault == "took 0.0 s"
