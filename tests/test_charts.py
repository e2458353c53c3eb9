"""The charts show their data in the right place, and can be read without color."""

import numpy as np
import pytest

from jaxnn.showing import charts, pictures


def test_curves_show_their_data():
    cost = np.array([3.0, 2.0, 1.5])
    train, test = np.array([np.nan, 0.5, 0.75]), np.array([np.nan, 0.4, 0.6])
    left, right = charts.curves(cost, train, test).axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), cost)
    np.testing.assert_array_equal(left.lines[0].get_xdata(), [1, 2, 3])
    assert left.get_ylabel() == "nats per example"
    np.testing.assert_allclose(right.lines[0].get_ydata(), [50, 75])
    np.testing.assert_allclose(right.lines[1].get_ydata(), [40, 60])
    assert right.get_ylabel() == "percent"
    # the two lines differ without color
    assert right.lines[0].get_linestyle() != right.lines[1].get_linestyle()


@pytest.mark.parametrize("gaps", [0, 3])
def test_curves_without_test_digits(gaps):
    nothing = np.full(3, np.nan)
    figure = charts.curves(np.ones(3), nothing if gaps else np.ones(3), nothing)
    assert len(figure.axes[1].lines) == (0 if gaps else 1)
    charts.png(figure)


def test_mini_batches_have_a_running_mean():
    steps, ones = np.arange(1.0, 401), np.full(400, np.nan)
    cost = 2 + np.where(steps % 2 == 0, 0.5, -0.5)
    left = charts.curves(cost, ones, ones, "batch cost").axes[0]
    raw, mean = left.lines
    np.testing.assert_array_equal(raw.get_ydata(), cost)
    np.testing.assert_allclose(mean.get_ydata(), 2)
    middle = mean.get_xdata()  # each mean stands in the middle of its ten steps
    assert middle[0] - 1 == 400 - middle[-1] == 4.5
    assert raw.get_linewidth() < mean.get_linewidth()
    assert len(charts.curves(cost, ones, ones).axes[0].lines) == 1


@pytest.mark.parametrize(
    ("first", "last", "ticks"),
    [
        (0.45, 0.42, ["0.420", "0.430", "0.440", "0.450"]),
        (6, 0.3, ["0.3", "0.5", "0.7", "1", "2", "3", "5"]),
        (6, 1e-4, ["0.0001", "0.001", "0.01", "0.1", "1"]),
    ],
)
def test_every_range_of_costs_has_ticks_that_can_be_read(first, last, ticks):
    nothing = np.full(50, np.nan)
    cost = np.geomspace(first, last, 50)
    figure = charts.curves(cost, nothing, nothing)
    charts.png(figure)
    axis = figure.axes[0].yaxis
    low, high = sorted(axis.get_view_interval())
    texts = [label.get_text() for label in axis.get_ticklabels()]
    places = zip(axis.get_ticklocs(), texts, strict=True)
    seen = [text for place, text in places if low <= place <= high]
    assert set(ticks) <= set(seen) and len(seen) <= len(ticks) + 4


def test_a_cost_that_was_seldom_measured_is_drawn():
    # bfgs reports the last of its costs
    gaps = np.full(5, np.nan)
    cost = np.array([np.nan, np.nan, np.nan, np.nan, 0.3])
    (line,) = charts.curves(cost, gaps, gaps).axes[0].lines
    assert line.get_marker() == "o" and line.get_xydata().tolist() == [[5, 0.3]]


def test_nothing_is_cut_off():
    title = "400-500-300-100-25-10, lambda 0.001, momentum, batches of 1000\n"
    title += "step 1000000: batch cost 0.4604, train 100.00%, test 99.00% (best 99.00%)"
    ones = np.linspace(0.5, 1, 30)
    lams = [0.0, 0.1, 1.0]
    for figure in (
        charts.curves(ones, ones, ones, "batch cost", title=title),
        charts.penalties(["25 hidden units"], lams, [[(ones, ones)] * 3]),
        charts.confusion_matrix(np.full((10, 10), 1000)),
        charts.agreement(["a network"], [ones], {"a": [ones], "b": [ones]}),
        pictures.hidden_units(np.ones((1, 401)), title),
        pictures.hidden_units_by_penalty([np.ones((25, 401))] * 2, [0.0, 1.0]),
        pictures.digit_grid(np.ones((100, 400))),
    ):
        charts.png(figure)
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert min(box.x0, box.y0) > -0.01
        assert box.x1 < width + 0.01 and box.y1 < height + 0.01


def test_distributions_mark_the_published_figure():
    values = [np.array([1.0, 2.0, 4.0]), np.array([0.3, 0.1])]
    figure = charts.distributions(["cost", "accuracy"], [3.0, 0.2], values)
    for axes, dots, line in zip(figure.axes, values, (3.0, 0.2), strict=True):
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), dots)
        assert set(axes.lines[1].get_xdata()) == {line}
    assert "cost: 3" in figure.axes[0].get_title(loc="left")


def test_penalties_show_medians_by_lambda_without_diverged_starts():
    lost = np.empty(0)
    pairs = [
        (np.array([0.9, 0.8, 1.0]), np.array([0.5, 0.6, 0.7])),
        (np.array([0.99]), np.array([0.4])),
        (lost, lost),
    ]
    axes = charts.penalties(["25 hidden units"], [1.0, 0.0, 10.0], [pairs]).axes[0]
    trained, held_out = (bars.lines[0] for bars in axes.containers)
    np.testing.assert_allclose(trained.get_ydata(), [99, 90])
    np.testing.assert_allclose(held_out.get_ydata(), [40, 60])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "1", "10"]
    for points in (trained, held_out):  # on their ticks
        assert set(points.get_xdata()) <= set(axes.get_xticks())


def test_confusion_matrix_prints_counts_and_shades_only_mistakes():
    counts = np.array([[90, 4, 0], [1, 80, 0], [0, 0, 70]])
    axes = charts.confusion_matrix(counts, (0, 1, 2)).axes[0]
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    # x is what was read, y the true digit; a count of 0 is not printed
    assert shown == {(0, 0): "90", (1, 0): "4", (0, 1): "1", (1, 1): "80", (2, 2): "70"}
    np.testing.assert_array_equal(
        axes.images[0].get_array(), [[0, 4, 0], [1, 0, 0], [0, 0, 0]]
    )
    assert axes.get_title() == "240 of 245 examples read right"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("read as", "true class")
    charts.confusion_matrix(np.diag([3, 3]), (0, 1))  # no mistakes


def test_confusion_matrix_names_the_classes():
    axes = charts.confusion_matrix(np.eye(10, dtype=int)).axes[0]
    assert axes.get_title() == "10 of 10 digits read right"
    assert axes.get_ylabel() == "true digit"
    axes = charts.confusion_matrix(np.array([[5, 1], [0, 4]]), ("cat", "horse")).axes[0]
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == ["cat", "horse"]
    assert axes.get_title() == "9 of 10 examples read right"
    assert axes.get_ylabel() == "true class"
    assert {tick.get_rotation() for tick in axes.get_xticklabels()} == {90}


def test_agreement_shows_differences_against_the_size_of_the_derivative():
    exact = np.array([1e-3, -2e-2])
    others = {"numeric": [exact + 1e-9], "by hand": [exact]}
    axes = charts.agreement(["a network"], [exact], others).axes[0]
    numeric, by_hand = axes.lines
    np.testing.assert_allclose(numeric.get_xdata(), [1e-3, 2e-2])
    np.testing.assert_allclose(numeric.get_ydata(), [1e-9, 1e-9], rtol=1e-6)
    assert (by_hand.get_ydata() == charts.LEAST).all()  # no difference at all
    assert numeric.get_marker() != by_hand.get_marker()
    assert axes.get_xscale() == axes.get_yscale() == "log"
