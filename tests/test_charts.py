"""The charts show what they are given, in its place, and need no color."""

import numpy as np
import pytest

from jaxnn.showing import charts


def test_curves_show_the_figures_given():
    cost = np.array([3.0, 2.0, 1.5])
    train, test = np.array([np.nan, 0.5, 0.75]), np.array([np.nan, 0.4, 0.6])
    left, right = charts.curves(cost, train, test).axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), cost)
    np.testing.assert_array_equal(left.lines[0].get_xdata(), [1, 2, 3])
    assert left.get_ylabel() == "nats per example"
    np.testing.assert_allclose(right.lines[0].get_ydata(), [50, 75])
    np.testing.assert_allclose(right.lines[1].get_ydata(), [40, 60])
    assert right.get_ylabel() == "percent"
    # they differ without color, too
    assert right.lines[0].get_linestyle() != right.lines[1].get_linestyle()


@pytest.mark.parametrize("gaps", [0, 3])
def test_curves_without_test_digits(gaps):
    nothing = np.full(3, np.nan)
    figure = charts.curves(np.ones(3), nothing if gaps else np.ones(3), nothing)
    assert len(figure.axes[1].lines) == (0 if gaps else 1)
    charts.png(figure)


def test_distributions_mark_the_published_figure():
    values = [np.array([1.0, 2.0, 4.0]), np.array([0.3, 0.1])]
    figure = charts.distributions(["cost", "accuracy"], [3.0, 0.2], values)
    for axes, dots, line in zip(figure.axes, values, (3.0, 0.2), strict=True):
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), dots)
        assert set(axes.lines[1].get_xdata()) == {line}
    assert "cost: 3" in figure.axes[0].get_title(loc="left")


def test_sweep_shows_medians_in_order_of_lambda_and_leaves_out_the_diverged():
    lost = np.empty(0)
    pairs = [
        (np.array([0.9, 0.8, 1.0]), np.array([0.5, 0.6, 0.7])),
        (np.array([0.99]), np.array([0.4])),
        (lost, lost),
    ]
    axes = charts.penalties(["25 hidden units"], [1.0, 0.0, 10.0], [pairs]).axes[0]
    trained, left_out = (bars.lines[0] for bars in axes.containers)
    np.testing.assert_allclose(trained.get_ydata(), [99, 90])
    np.testing.assert_allclose(left_out.get_ydata(), [40, 60])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "1", "10"]


def test_confusion_matrix_prints_the_counts_and_shades_mistakes_alone():
    counts = np.array([[90, 4, 0], [1, 80, 0], [0, 0, 70]])
    axes = charts.confusion_matrix(counts).axes[0]
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    # x is what was read, y what was written; no 0 is printed
    assert shown == {(0, 0): "90", (1, 0): "4", (0, 1): "1", (1, 1): "80", (2, 2): "70"}
    np.testing.assert_array_equal(
        axes.images[0].get_array(), [[0, 4, 0], [1, 0, 0], [0, 0, 0]]
    )
    assert axes.get_title() == "240 of 245 digits read right"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("read as", "written")
    charts.confusion_matrix(np.diag([3, 3]))  # without a mistake


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
