"""Each verdict, on figures that are easy to judge by eye."""

import numpy as np
import pytest

from jaxnn.published import verdicts
from jaxnn.published.recipes import RECIPES, Figure
from jaxnn.published.verdicts import BETTER, DIFFERS, EXACT, INSIDE, Row, judge

COST = Figure("cost", "0.50", "lower")
ACCURACY = Figure("accuracy", "97.5", "higher")
COUNT = Figure("iterations", "21")
PAIR = Figure("gradient", ("0.25", "-1.5"))


@pytest.mark.parametrize(
    ("figure", "values", "verdict"),
    [
        (COST, [0.503, 0.496], EXACT),  # both print as 0.50
        (COST, [0.506, 0.496], INSIDE),
        (COST, [0.40, 0.60], INSIDE),
        (COST, [0.40, 0.49], BETTER),
        (COST, [0.51, 0.60], DIFFERS),
        (ACCURACY, [97.6, 98.0], BETTER),
        (ACCURACY, [97.0, 97.4], DIFFERS),
        (ACCURACY, [97.0, 97.45], INSIDE),  # 97.45 prints as 97.5
        (COUNT, [20, 22], INSIDE),
        (COUNT, [10, 12], DIFFERS),  # fewer is not better
        (COST, [0.40, np.nan, 0.60], INSIDE),
        (COST, [np.nan, 0.60], DIFFERS),
        (COST, [np.nan], DIFFERS),
        (PAIR, [[0.2501, -1.52]], EXACT),
        (PAIR, [[0.2501, -1.56]], DIFFERS),
        (PAIR, [[0.2, -1.6], [0.3, -1.4]], INSIDE),
    ],
)
def test_verdict(figure, values, verdict):
    assert judge(figure, np.array(values)) == verdict


def test_a_figure_with_all_digits_allows_only_the_rounding_of_a_sum():
    figure = Figure("cost", "0.2876291651613189", "lower")
    value = 0.2876291651613189
    assert judge(figure, np.array([value * (1 + 4e-16)])) == EXACT
    assert judge(figure, np.array([value * (1 + 1e-13)])) == DIFFERS


def test_one_percent_off_is_no_longer_exact():
    coarse = set()
    for recipe in RECIPES:
        for figure in recipe.figures:
            numbers = verdicts.numbers(figure.published)
            assert judge(figure, numbers[None]) == EXACT
            if (0.01 * abs(numbers) <= verdicts.half_units(figure.published)).all():
                coarse.add(figure.published)
                continue
            for factor in (0.99, 1.01):
                assert judge(figure, factor * numbers[None]) in (DIFFERS, BETTER)
    assert coarse == {"21", "1e-9"}  # printed with so few digits that 1% changes none


def test_percentile_counts_equal_values_half():
    # of 5: two below, one equal, two above -> (2 + 1/2) / 5
    values = np.array([0.3, 0.4, 0.5, 0.6, 0.7])
    assert verdicts.percentile(COST, values) == pytest.approx(50)
    assert verdicts.percentile(COST, values[3:]) == 0


def test_contains_allows_for_the_last_printed_digit():
    assert verdicts.contains(COST, np.array([0.45, 0.55]))
    assert verdicts.contains(COST, np.array([0.504, 0.6]))
    assert not verdicts.contains(COST, np.array([0.506, 0.6]))
    assert not verdicts.contains(COST, np.array([0.506, np.nan]))
    assert not verdicts.contains(COST, np.array([np.nan]))


def test_numbers_that_differ_look_different():
    figure = Figure("cost", "0.2876291651613189", "lower")
    assert verdicts.spread(figure, np.array([0.2876291999])) == "0.2876291999"
    assert verdicts.spread(figure, np.array([0.2, 1 / 3])) == "0.266667 [0.2, 0.333333]"


def test_counts_are_whole_numbers():
    count = Figure("evaluations", "652")
    assert verdicts.spread(count, np.array([900, 1100, 1234.0])) == "1100 [900, 1234]"


def test_table_has_published_digits_and_marks_the_diverged():
    row = Row("a", COST, np.array([0.4, np.nan, 0.6]), INSIDE)
    text = verdicts.table([row])
    line = text.splitlines()[-1]
    assert line == "| a | cost | 0.50 | 0.5 [0.4, 0.6], 1 diverged | 50 | inside |"


def test_tally_says_what_is_unexplained():
    rows = [
        Row("a", COST, np.array([0.5]), EXACT),
        Row("a", COST, np.array([0.7]), DIFFERS, "not explained", is_open=True),
    ]
    expected = "2 figures: 1 exact; 1 DIFFERS, 0 of them explained, 1 not"
    assert verdicts.tally(rows) == expected
