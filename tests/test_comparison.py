"""How figures are judged and explained, on experiments with given measurements."""

from dataclasses import replace

import numpy as np
import pytest

from jaxnn.published import comparison
from jaxnn.published.recipes import RECIPES, Figure, Recipe, Setup
from jaxnn.published.verdicts import BETTER, DIFFERS, EXACT, INSIDE

COST = Figure("cost", "0.50", "lower")
SETUP = Setup(steps=100)
WIDER = replace(SETUP, label="64 starts", starts=64)


@pytest.fixture
def measure(monkeypatch):
    """measure(by_label): sets what each run measures; returns the labels that ran."""

    def plan(by_label):
        ran = []

        def run(recipe, setup, *_, **__):
            ran.append(setup.label)
            return {name: np.array(v) for name, v in by_label[setup.label].items()}

        monkeypatch.setattr(comparison, "run", run)
        return ran

    return plan


def recipe(**changes):
    return Recipe("a", "a source", "about it", (COST,), setup=SETUP, **changes)


def compare(of, **how):
    return comparison.compare(of, range(32), None, **how)


def test_what_is_inside_needs_no_explanation(measure):
    ran = measure({"as published": {"cost": [0.4, 0.6]}})
    found = compare(recipe(unknown=WIDER))
    assert [row.verdict for row in found.rows] == [INSIDE]
    assert ran == ["as published"] and found.notes == []


def test_what_differs_is_looked_for_where_the_unknown_varies(measure):
    ours, wider = {"cost": [0.6, 0.7]}, {"cost": [0.45, 0.7]}
    ran = measure({"as published": ours, "64 starts": wider})
    (row,) = compare(recipe(unknown=WIDER)).rows
    assert ran == ["as published", "64 starts"]
    assert row.verdict == DIFFERS and not row.is_open
    assert row.explanation == "explained: 0.57 [0.45, 0.7] with 64 starts"


def test_what_nothing_explains_stays_open(measure):
    # 64 starts come nearer, but their range does not contain the figure
    measure({"as published": {"cost": [0.6]}, "64 starts": {"cost": [0.55, 0.7]}})
    (row,) = compare(recipe()).rows
    assert row.is_open and row.explanation == "not explained"
    (row,) = compare(recipe(unknown=WIDER)).rows
    assert row.is_open
    assert row.explanation == "not explained: 0.62 [0.55, 0.7] with 64 starts"


def test_more_starts_than_asked_for_or_none(measure):
    ran = measure({"as published": {"cost": [0.6]}})
    (row,) = compare(recipe(unknown=replace(WIDER, starts=32))).rows
    assert row.is_open and ran == ["as published"]


def test_another_setting_explains_whatever_the_number_of_starts(measure):
    other = replace(WIDER, lam=0.01, starts=32)
    measure({"as published": {"cost": [0.6]}, "64 starts": {"cost": [0.4, 0.6]}})
    (row,) = compare(recipe(unknown=other)).rows
    assert not row.is_open


def test_correct_gradient_is_shown_beside_and_explains_nothing(measure):
    correct = replace(SETUP, label="the correct gradient")
    ours, theirs = {"cost": [0.6, 0.7]}, {"cost": [0.4, 0.55]}
    measure({"as published": ours, "the correct gradient": theirs})
    found = compare(recipe(correct=correct))
    assert found.rows[0].is_open
    assert found.notes == ["with the correct gradient: cost 0.48 [0.4, 0.55]"]


def test_without_the_weights_their_figures_are_skipped(digits):
    (given,) = (r for r in RECIPES if r.name == "given_weights")
    rows = comparison.compare(given, range(1), digits).rows
    assert {row.verdict for row in rows} == {"skipped: file missing (ex4weights.mat)"}
    assert not any(row.is_open for row in rows)


def test_an_explanation_that_needs_the_weights_is_skipped_too(measure):
    measure({"as published": {"cost": [0.6, 0.7]}})
    (row,) = compare(
        recipe(unknown=replace(SETUP, label="b", start="given weights"))
    ).rows
    assert row.verdict == DIFFERS and not row.is_open
    assert row.explanation == "skipped: file missing (ex4weights.mat)"


def test_what_is_better_is_looked_for_too_but_never_open(measure):
    better, wider = {"cost": [0.3, 0.4]}, {"cost": [0.3, 0.55]}
    ran = measure({"as published": better, "64 starts": wider})
    (row,) = compare(recipe(unknown=WIDER)).rows
    assert ran == ["as published", "64 starts"] and row.verdict == BETTER
    assert row.explanation == "explained: 0.43 [0.3, 0.55] with 64 starts"
    measure({"as published": better, "64 starts": better})
    (row,) = compare(recipe(unknown=WIDER)).rows
    assert (row.verdict, row.explanation, row.is_open) == (BETTER, "", False)


def test_an_explanation_whose_networks_all_diverge_is_none(measure):
    measure({"as published": {"cost": [0.6]}, "64 starts": {"cost": [np.nan]}})
    (row,) = compare(recipe(unknown=WIDER)).rows
    assert row.is_open


def test_fewer_steps_are_not_comparable_but_the_start_is(measure):
    figures = (COST, replace(COST, name="cost at the start", after=0))
    values = {"cost": [0.4, 0.49], "cost at the start": [0.4, 0.49]}
    measure({"as published": values, "64 starts": values})
    of = replace(recipe(unknown=WIDER), figures=figures)
    cut, whole = compare(of, most_steps=20), compare(of, most_steps=100)
    assert [row.verdict for row in cut.rows] == ["fewer steps: not comparable", BETTER]
    assert [row.verdict for row in whole.rows] == [BETTER, BETTER]


@pytest.mark.parametrize("factor", [0.99, 1.01])
def test_one_percent_off_changes_what_was_exact(digits, factor):
    (tiny,) = (r for r in RECIPES if r.name == "tiny_network")

    def moved(published):
        if isinstance(published, str):
            return f"{factor * float(published):.15g}"
        return tuple(moved(text) for text in published)

    figures = tuple(replace(f, published=moved(f.published)) for f in tiny.figures)
    before = comparison.compare(tiny, range(1), digits)
    after = comparison.compare(replace(tiny, figures=figures), range(1), digits)
    assert {row.verdict for row in before.rows} == {EXACT}
    assert EXACT not in {row.verdict for row in after.rows}
