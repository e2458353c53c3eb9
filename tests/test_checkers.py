"""The table of benchmarks/checkers.py: every checker asked about planted mistakes."""

import re

import numpy as np
import pytest

import jaxnn

pytestmark = pytest.mark.slow


@pytest.fixture
def checkers(load):
    return load("checkers")


@pytest.fixture
def rows(checkers):
    """(the mistakes, what is checked) of each row of the table."""
    return [(names, make()) for _, names, make in checkers.cases()]


@pytest.fixture
def right(rows):
    """What is right of each network."""
    return [one for names, one in rows if not names]


@pytest.fixture
def wrong(rows):
    """What has a mistake."""
    return [one for names, one in rows if names]


def test_every_network_has_right_and_wrong_functions(checkers, right, wrong):
    assert len(right) == 1 + len(checkers.NEIGHBOURS) == 5
    assert len(wrong) == len(checkers.MISTAKES) - 1 + 2 * len(checkers.NEIGHBOURS)


def test_jaxnn_names_every_mistake_of_the_table(rows):
    for names, one in rows:
        found = jaxnn.check_gradient(one.function)
        assert found.cost == ()
        assert set(found.gradient) == set(names), names
        assert found.passed == (not names)


def test_scipy_separates_right_from_wrong(checkers, right, wrong):
    most = max(float(checkers.scipy_says(one)) for one in right)
    assert most < 1e-5
    assert min(float(checkers.scipy_says(one)) for one in wrong) > 100 * most


def test_the_worst_element_separates_right_from_wrong(checkers, right, wrong):
    errors = [float(checkers.cs231n_says(one).split(":")[0]) for one in right]
    assert max(errors) < 1e-6
    for one in wrong:
        error, numbers = checkers.cs231n_says(one).split(": ")
        a, b = map(float, numbers.split(", "))
        assert float(error) > 0.1
        assert float(error) == pytest.approx(
            abs(a - b) / max(abs(a), abs(b)), rel=0.06, abs=0.01
        )


def test_jax_separates_right_from_wrong(checkers, right, wrong):
    assert {checkers.jax_says(one) for one in right} == {"passes"}
    for said in map(checkers.jax_says, wrong):
        assert re.fullmatch(r"fails: \S+ against \S+", said), said


def test_jax_compares_the_gradient_that_was_planted(checkers):
    # negated: the same number with the other sign
    assert ["the gradient is negated"] in checkers.MISTAKES
    said = checkers.jax_says(checkers.checked(["the gradient is negated"]))
    got, expected = map(float, re.findall(r"-?[\d.]+(?:e[-+]\d+)?", said))
    assert got == pytest.approx(-expected, rel=1e-3)


def test_torch_separates_right_from_wrong(checkers, right, wrong):
    pytest.importorskip("torch")
    assert {checkers.torch_says(one) for one in right} == {"passes"}
    for one in wrong:
        said, count = checkers.torch_says(one), len(one.start)  # weights
        assert said.startswith("fails: Jacobian mismatch, ")
        assert said.endswith(f" {count} + {count} numbers")


def test_the_others_are_asked_about_the_function_that_jaxnn_checks(checkers):
    one = checkers.checked(["1/m is missing"])
    p = checkers.problems.problems()[0]
    value, slope = one.function(one.start, *p.sizes, p.x, p.y, 1.0)
    assert one.cost(one.start) == value
    np.testing.assert_array_equal(one.gradient(one.start), slope)


def test_the_neighbours_get_the_same_problem(checkers):
    for n in checkers.NEIGHBOURS:
        one = checkers.checked_neighbour(n, n.mistakes)
        p = checkers.problems.problems(n.units)[0]
        value, slopes = checkers.values(n, one.function, n.arrays(p.params), p)
        assert one.cost(one.start) == value
        np.testing.assert_array_equal(one.gradient(one.start), checkers.joined(slopes))


def test_a_checker_that_is_not_installed_has_a_dash(checkers):
    def missing(_):
        raise ModuleNotFoundError("torch")

    assert checkers.verdict(missing, checkers.checked([])) == checkers.ABSENT


def test_table_is_markdown(checkers, monkeypatch, capsys):
    monkeypatch.setattr(checkers, "CHECKERS", {"one": lambda _: "a | b"})
    monkeypatch.setattr(checkers, "MISTAKES", [[], ["this", "that"]])
    monkeypatch.setattr(checkers, "NEIGHBOURS", ())
    monkeypatch.setattr(checkers.jax.config, "update", lambda *_: None)
    assert checkers.main([]) == 0
    assert capsys.readouterr().out.splitlines()[:5] == [
        "| network | mistake | one |",
        "| --- | --- | --- |",
        r"| the course's | none | a \| b |",
        r"| the course's | this + that | a \| b |",
        "",
    ]
