"""The table of benchmarks/checkers.py: every checker asked about planted mistakes."""

import re

import numpy as np
import pytest

import jaxnn


@pytest.fixture
def checkers(load):
    return load("checkers")


@pytest.fixture
def cases(checkers):
    """What is right, and each mistake of the table."""
    return [checkers.checked(names) for names in checkers.MISTAKES]


def test_jaxnn_names_every_mistake_of_the_table(checkers, cases):
    for names, (function, *_) in zip(checkers.MISTAKES, cases, strict=True):
        found = jaxnn.check_gradient(function)
        assert found.cost == ()
        assert set(found.gradient) == set(names), names
        assert found.passed == (not names)


def test_scipy_separates_right_from_wrong(checkers, cases):
    least, *others = (float(checkers.scipy_says(one)) for one in cases)
    assert least < 1e-5
    assert min(others) > 100 * least


def test_jax_separates_right_from_wrong(checkers, cases):
    right, *wrong = map(checkers.jax_says, cases)
    assert right == "passes"
    for said in wrong:
        assert re.fullmatch(r"fails: \S+ against \S+", said), said


def test_jax_compares_the_gradient_that_was_planted(checkers):
    # negated: the same number with the other sign
    assert ["the gradient is negated"] in checkers.MISTAKES
    said = checkers.jax_says(checkers.checked(["the gradient is negated"]))
    got, expected = map(float, re.findall(r"-?[\d.]+(?:e[-+]\d+)?", said))
    assert got == pytest.approx(-expected, rel=1e-3)


def test_torch_separates_right_from_wrong(checkers, cases):
    pytest.importorskip("torch")
    right, *wrong = map(checkers.torch_says, cases)
    assert right == "passes"
    count = len(cases[0][-1])  # weights
    for said in wrong:
        assert said.startswith("fails: Jacobian mismatch, ")
        assert said.endswith(f" {count} + {count} numbers")


def test_the_others_are_asked_about_the_function_that_jaxnn_checks(checkers):
    function, cost, gradient, theta = checkers.checked(["1/m is missing"])
    p = checkers.problems.problems()[0]
    value, slope = function(theta, *p.layers, p.x, p.y, 1.0)
    assert cost(theta) == value
    np.testing.assert_array_equal(gradient(theta), slope)


def test_a_checker_that_is_not_installed_has_a_dash(checkers):
    def missing(_):
        raise ModuleNotFoundError("torch")

    assert checkers.verdict(missing, []) == checkers.ABSENT


def test_table_is_markdown(checkers, monkeypatch, capsys):
    monkeypatch.setattr(checkers, "CHECKERS", {"one": lambda _: "a | b"})
    monkeypatch.setattr(checkers, "MISTAKES", [[], ["this", "that"]])
    monkeypatch.setattr(checkers.jax.config, "update", lambda *_: None)
    assert checkers.main([]) == 0
    assert capsys.readouterr().out.splitlines()[:5] == [
        "| mistake | one |",
        "| --- | --- |",
        r"| none | a \| b |",
        r"| this + that | a \| b |",
        "",
    ]
