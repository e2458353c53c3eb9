"""The table of benchmarks/checkers.py: every checker asked about planted mistakes."""

import re

import numpy as np
import pytest

import jaxnn


@pytest.fixture
def checkers(load):
    return load("checkers")


def test_jaxnn_names_every_mistake_of_the_table(checkers):
    for names in checkers.MISTAKES:
        found = jaxnn.check_gradient(checkers.person(names))
        assert found.cost == ()
        assert set(found.gradient) == set(names), names
        assert found.passed == (not names)


def test_scipy_tells_right_from_wrong(checkers):
    right, *wrong = map(checkers.checked, checkers.MISTAKES)
    least = checkers.scipy_number(right)
    assert least < 1e-5
    for one in wrong:
        assert checkers.scipy_number(one) > 100 * least


def test_jax_tells_right_from_wrong(checkers):
    right, *wrong = map(checkers.checked, checkers.MISTAKES)
    assert checkers.jax_says(right) == "passes"
    for one in wrong:
        said = checkers.jax_says(one)
        assert re.fullmatch(r"fails: \S+ against \S+", said), said


def test_jax_compares_the_gradient_that_was_planted(checkers):
    # negated: the same number with the other sign
    (names,) = [n for n in checkers.MISTAKES if n == ("the gradient is negated",)]
    said = checkers.jax_says(checkers.checked(names))
    got, expected = map(float, re.findall(r"-?[\d.]+(?:e[-+]\d+)?", said))
    assert got == pytest.approx(-expected, rel=1e-3)


def test_torch_tells_right_from_wrong(checkers):
    pytest.importorskip("torch")
    right, *wrong = map(checkers.checked, checkers.MISTAKES)
    assert checkers.torch_says(right) == "passes"
    count = len(right.theta)
    for one in wrong:
        said = checkers.torch_says(one)
        assert said.startswith("fails: Jacobian mismatch, ")
        assert said.endswith(f" {count} + {count} numbers")


def test_the_others_are_asked_about_the_function_that_jaxnn_checks(checkers):
    one = checkers.checked(("1/m is missing",))
    cost, gradient = one.function(one.theta, *one.args)
    assert one.cost(one.theta) == cost
    np.testing.assert_array_equal(one.gradient(one.theta), gradient)


def test_a_checker_that_is_not_installed_is_skipped(checkers, monkeypatch):
    monkeypatch.setitem(checkers.OPTIONAL, "SciPy check_grad", "no_such_package")
    said, _ = checkers.verdicts("SciPy check_grad", print, [(), ()])
    assert said == [checkers.ABSENT] * 2


def test_table_is_markdown(checkers):
    made = checkers.table({"mistake": ["none"], "jaxnn": ["a | b"]})
    assert made.splitlines() == [
        "| mistake | jaxnn |",
        "| --- | --- |",
        r"| none | a \| b |",
    ]
