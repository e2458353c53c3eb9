"""The pictures show their data upright and in the right place."""

import io

import numpy as np
import pytest
from PIL import Image

from jaxnn.showing import charts, pictures


def spot(row, column):
    """A digit (400,) with one inked pixel, in the course's order: column by column."""
    picture = np.zeros((20, 20))
    picture[row, column] = 1
    return picture.ravel(order="F")


def test_grid_puts_pictures_in_reading_order_and_upright():
    image = pictures.mosaic(np.array([spot(0, 0), spot(3, 1), spot(19, 19)]), 2, 0.0)
    # two columns, gaps of 2: pictures begin at rows and columns 2 and 24
    inked = [tuple(place) for place in np.argwhere(image)]
    assert inked == [(2, 2), (2 + 3, 24 + 1), (24 + 19, 2 + 19)]
    assert image.shape == (46, 46)


def test_each_hidden_unit_has_its_own_scale():
    theta = np.zeros((3, 401))
    theta[0, 1:], theta[1, 1:] = 5 * spot(4, 4), -0.1 * spot(4, 4)
    theta[:, 0] = 100  # biases are not pixels
    image = pictures.hidden_units(theta).axes[0].images[0].get_array()
    assert image[2 + 4, 2 + 4] == 1 and image[2 + 4, 24 + 4] == -1
    assert np.count_nonzero(image[2:22, 46:66]) == 0  # a unit of zeros is gray


def test_png_can_be_read(digits):
    picture = Image.open(io.BytesIO(charts.png(pictures.digit_grid(digits.x[:25], 5))))
    assert picture.format == "PNG" and min(picture.size) > 300


@pytest.mark.parametrize("units", [1, 3, 25, 50])
def test_saved_pixels_are_sharp_squares_of_one_size(units):
    theta = np.random.default_rng(0).uniform(-1, 1, (units, 401))
    figure = pictures.hidden_units(theta, "a title\nof two lines")
    held = figure.axes[0].images[0].get_array()
    saved = np.asarray(Image.open(io.BytesIO(charts.png(figure))).convert("L"))
    scale = saved.shape[1] // held.shape[1]
    assert saved.shape[1] == scale * held.shape[1] and 600 <= saved.shape[1] <= 900
    top = 2 * pictures.LINE
    picture = saved[top : top + scale * held.shape[0]]
    expected = np.kron(np.round(127.5 * (held + 1)), np.ones((scale, scale)))
    assert np.abs(picture - expected).max() <= 2  # of 255: matplotlib has 256 grays


def test_units_by_penalty_are_side_by_side_in_the_order_given():
    thetas = [np.zeros((2, 401)), np.zeros((2, 401))]
    thetas[1][0, 1:] = 3 * spot(4, 4)
    figure = pictures.hidden_units_by_penalty(thetas, [0.0, 10.0])
    assert [axes.get_title() for axes in figure.axes] == ["lambda 0", "lambda 10"]
    before, after = (axes.images[0].get_array() for axes in figure.axes)
    assert before[2 + 4, 2 + 4] == 0 and after[2 + 4, 2 + 4] == 1


def test_mistakes_are_upright_and_labeled():
    outputs = np.array([[0.1, 0.8, 0.2], [0.0, 0.1, 0.97]])
    figure = pictures.mistakes(
        np.array([spot(3, 1), spot(0, 0)]), np.array([0, 1]), outputs
    )
    first, second = figure.axes[:2]
    assert first.get_title() == "0 read as 1\n80.0%"
    assert second.get_title() == "1 read as 2\n97.0%"
    assert np.argwhere(first.images[0].get_array()).tolist() == [[3, 1]]
    nothing = pictures.mistakes(np.empty((0, 400)), np.empty(0, int), np.empty((0, 3)))
    assert nothing.texts[0].get_text() == "none was misread"
    charts.png(nothing)


@pytest.mark.parametrize("shape", [(300, 1), (1, 300), (40, 90), (3, 3)])
@pytest.mark.parametrize("m", [1, 25, 100])
def test_pictures_of_every_shape_have_a_bounded_size(shape, m):
    n = shape[0] * shape[1]
    for figure in (
        pictures.digit_grid(np.ones((m, n)), shape=shape),
        pictures.hidden_units(np.ones((m, 1 + n)), shape=shape),
    ):
        width, height = figure.get_size_inches() * charts.DPI
        assert width < 3100 and height < 1900
