"""The pictures show what they are given, upright and in its place."""

import io

import numpy as np
import pytest
from PIL import Image

from jaxnn import plots


def spot(row, column):
    """A digit (400,) of one inked pixel, in the course's order: column by column."""
    picture = np.zeros((20, 20))
    picture[row, column] = 1
    return picture.ravel(order="F")


def test_grid_puts_pictures_in_reading_order_and_upright():
    image = plots.mosaic(np.array([spot(0, 0), spot(3, 1), spot(19, 19)]), 2, 0.0)
    # two columns, gaps of 2: pictures begin at rows and columns 2 and 24
    inked = [tuple(place) for place in np.argwhere(image)]
    assert inked == [(2, 2), (2 + 3, 24 + 1), (24 + 19, 2 + 19)]
    assert image.shape == (46, 46)


def test_hidden_units_are_scaled_one_by_one():
    theta = np.zeros((3, 401))
    theta[0, 1:], theta[1, 1:] = 5 * spot(4, 4), -0.1 * spot(4, 4)
    theta[:, 0] = 100  # biases are no pixels
    image = plots.hidden_units(theta).axes[0].images[0].get_array()
    assert image[2 + 4, 2 + 4] == 1 and image[2 + 4, 24 + 4] == -1
    assert np.count_nonzero(image[2:22, 46:66]) == 0  # a unit of zeros stays grey


def test_curves_show_the_figures_given():
    cost = np.array([3.0, 2.0, 1.5])
    train, test = np.array([np.nan, 0.5, 0.75]), np.array([np.nan, 0.4, 0.6])
    left, right = plots.curves(cost, train, test).axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), cost)
    np.testing.assert_array_equal(left.lines[0].get_xdata(), [1, 2, 3])
    assert left.get_ylabel() == "nats per example"
    np.testing.assert_allclose(right.lines[0].get_ydata(), [50, 75])
    np.testing.assert_allclose(right.lines[1].get_ydata(), [40, 60])
    assert right.get_ylabel() == "percent"
    # told apart without colour
    assert right.lines[0].get_linestyle() != right.lines[1].get_linestyle()


@pytest.mark.parametrize("gaps", [0, 3])
def test_curves_without_test_digits(gaps):
    nothing = np.full(3, np.nan)
    figure = plots.curves(np.ones(3), nothing if gaps else np.ones(3), nothing)
    assert len(figure.axes[1].lines) == (0 if gaps else 1)
    plots.png(figure)


def test_png_can_be_read(digits):
    picture = Image.open(io.BytesIO(plots.png(plots.digit_grid(digits.x[:25], 5))))
    assert picture.format == "PNG" and min(picture.size) > 300


def test_distributions_mark_the_published_figure():
    values = [np.array([1.0, 2.0, 4.0]), np.array([0.3, 0.1])]
    figure = plots.distributions(["cost", "accuracy"], [3.0, 0.2], values)
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
    axes = plots.penalties(["25 hidden units"], [1.0, 0.0, 10.0], [pairs]).axes[0]
    trained, left_out = (bars.lines[0] for bars in axes.containers)
    np.testing.assert_allclose(trained.get_ydata(), [99, 90])
    np.testing.assert_allclose(left_out.get_ydata(), [40, 60])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "1", "10"]
