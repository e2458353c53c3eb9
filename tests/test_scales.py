"""Pixels of every scale that files have: brought to ink 1 and paper 0, or refused."""

import logging
import re

import numpy as np
import pytest

import jaxnn
from jaxnn import images, orientation
from jaxnn.digits import Digits

MNIST_MEAN, MNIST_DEVIATION = 0.1307, 0.3081  # as PyTorch's examples have them


@pytest.fixture(scope="module")
def mnist(originals, digits):
    """MNIST's bytes (500, 28, 28), and their digits."""
    return np.uint8(originals[::10] * 255 + 0.5), digits.y[::10]


@pytest.fixture(scope="module")
def course(digits):
    """The course's pictures (500, 20, 20), a little below 0 and above 1."""
    return images.roll(digits.x)[::10], digits.y[::10]


def saved(folder, x, y, **more):
    np.savez(folder / "mine.npz", x=x, y=y, **more)
    return folder / "mine.npz"


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x,
        lambda x: x.astype(np.int16),
        lambda x: x.astype(np.float32),
        lambda x: x / 255,
        lambda x: np.float16(x / 255),
        lambda x: x / 127.5 - 1,
    ],
    ids=["bytes", "int16", "float32 bytes", "0-1", "float16", "-1 to 1"],
)
def test_every_known_scale_loads_to_the_same_pictures(tmp_path, mnist, form):
    x, y = mnist
    expected = images.unroll(images.shrink(x / 255))
    for rows in (form(x), form(x).reshape(len(x), -1)):
        found = jaxnn.load_digits(saved(tmp_path, rows, y))
        np.testing.assert_allclose(found.x, expected, atol=2e-3)
        assert orientation.doubts(found) == []


def test_the_courses_own_pixels_are_left_alone_and_times_255_are_divided(
    tmp_path, course
):
    x, y = course
    assert x.min() < -0.1 and x.max() > 1.1
    for factor in (1, 255):
        found = jaxnn.load_digits(saved(tmp_path, x * factor, y))
        np.testing.assert_allclose(found.x, images.unroll(x), atol=1e-12)


def standardized(x):
    """x / 255 with mean 0 and deviation 1: of MNIST, of each image, of each pixel."""
    x = x / 255
    by_image = [(one - one.mean()) / one.std() for one in x]
    deviations = x.std(axis=0)
    by_pixel = (x - x.mean(axis=0)) / np.where(deviations > 0, deviations, 1)
    return (x - MNIST_MEAN) / MNIST_DEVIATION, np.stack(by_image), by_pixel


def test_standardized_pictures_stay_as_they_are(tmp_path, course):
    x, y = course
    for scaled in standardized(255 * x):
        found = jaxnn.load_digits(saved(tmp_path, scaled, y))
        np.testing.assert_array_equal(found.x, images.unroll(scaled))
        assert orientation.doubts(found) == []


WRONG = {
    "int8, shifted": lambda x: np.int8(np.int16(x) - 128),
    "int8, wrapped": lambda x: x.view(np.int8),
    "inverted and negative": lambda x: -np.float64(x),
    "0-2": lambda x: x / 127.5,
    "0-16": lambda x: x // 16,
    "0-100": lambda x: x / 2.55,
    "0-65535": lambda x: np.uint16(x) * 257,
    "divided twice": lambda x: x / 255 / 255,
    "unit norm": lambda x: x / np.sqrt((np.float64(x) ** 2).sum((1, 2), keepdims=True)),
    "1e-300": lambda x: x * 1e-302,
    "1e300": lambda x: x * 1e298,
    "around 0": lambda x: x / 255 - 0.5,
    "zeros": lambda x: 0 * x,
    "not as far": lambda x: (x / 255 - MNIST_MEAN) / MNIST_DEVIATION / 10,
}


@pytest.mark.parametrize("fault", WRONG)
def test_other_scales_are_refused_with_their_range(tmp_path, mnist, fault):
    x, y = WRONG[fault](mnist[0]), mnist[1]
    with pytest.raises(jaxnn.FileError) as refused:
        jaxnn.load_digits(saved(tmp_path, x, y))
    text = str(refused.value)
    ends = f"pixels from {float(x.min()):.3g} to {float(x.max()):.3g}, no known scale"
    assert ends in text and text.endswith("standardized to mean 0 and deviation 1")


def test_parts_of_two_scales_are_refused(tmp_path, mnist):
    x, y = mnist
    parts = {"x_train": x, "y_train": y, "x_test": x / 255, "y_test": y}
    np.savez(tmp_path / "parts.npz", **parts)
    words = "pixels from 0 to 255, and in another part from 0 to 1, no known scale"
    with pytest.raises(jaxnn.FileError, match=words):
        jaxnn.load_digits(tmp_path / "parts.npz")


@pytest.mark.parametrize("fault", ["int8, shifted", "0-2", "divided twice"])
def test_fit_warns_of_pixels_from_python(mnist, fault):
    pixels = images.unroll(WRONG[fault](mnist[0]).astype(float))
    with pytest.warns(orientation.PixelWarning, match="known scale|up to 2"):
        jaxnn.fit(Digits(pixels, mnist[1]), steps=1, hidden=2, pictures=False)


def test_other_pictures_keep_their_units(tmp_path):
    x = np.arange(10 * 64).reshape(10, 8, 8) % 17  # as scikit-learn's digits
    for shift in (0, -9):
        found = jaxnn.load_digits(saved(tmp_path, x + shift, np.arange(10)))
        np.testing.assert_array_equal(found.x, images.unroll(x + shift))


def test_what_was_found_is_logged_and_printed(tmp_path, mnist, command, caplog):
    x, y = mnist
    saved(tmp_path, x, y)
    with caplog.at_level(logging.INFO, logger="jaxnn"):
        jaxnn.load_digits(tmp_path / "mine.npz")
    assert caplog.messages == [
        f"{tmp_path / 'mine.npz'}: x: pixels from 0 to 255, divided by 255"
    ]
    line = "pixels   from 0 to 255, divided by 255\n"
    how = ("--data", "mine.npz", "--steps", 1, "--hidden", 2)
    assert line in command("train", *how, "--out", "run").stdout
    assert line in command("evaluate", "run").stdout
    assert line in command("evaluate", "run", "--data", "mine.npz").stdout
    done = command("sweep", *how, "--seeds", 1, "--lam", 1)
    assert line in done.stdout
    assert "pixels" not in command("train", "--steps", 1).stdout


NOTHING = {
    "alike": lambda d: d._replace(x=np.full_like(d.x, 0.7)),
    "one picture": lambda d: d._replace(x=np.tile(d.x[0], (len(d.y), 1))),
    "beyond float32": lambda d: d._replace(x=1 + 1e-9 * d.x),
    "1e-300": lambda d: d._replace(x=1e-300 * d.x),
    "one label": lambda d: d._replace(y=np.full_like(d.y, 3)),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_digits_that_hold_nothing_to_learn_are_refused(few_digits, kind):
    digits = NOTHING[kind](few_digits)
    with pytest.raises(jaxnn.Mistake, match="nothing to learn|one class alone"):
        jaxnn.fit(digits, steps=1)
    with pytest.raises(jaxnn.Mistake, match="nothing to learn|one class alone"):
        jaxnn.train_many(digits, 1.0, seeds=1, steps=1)
    tested = jaxnn.fit(few_digits, digits, steps=1, hidden=2)
    assert np.isfinite(tested.history.test_accuracy[-1])  # others may judge by them


def test_one_that_differs_is_enough(few_digits):
    """Also among many alike, where a few examples do not show it."""
    x = np.full((1000, 3), 0.5)
    x[501, 1] = 0.25
    run = jaxnn.fit(Digits(x, np.arange(1000) % 2), steps=1, hidden=2)
    assert run.steps == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["train", "test"])
def test_numbers_that_are_none_are_refused_in_both_parts(few_digits, part, value):
    x = few_digits.x.copy()
    x[7, 11] = value
    bad = few_digits._replace(x=x, name="mine")
    parts = (bad, few_digits) if part == "train" else (few_digits, bad)
    words = re.escape(f"mine: x holds {value} in row 7, column 11; ")
    with pytest.raises(jaxnn.Mistake, match=words):
        jaxnn.fit(*parts, steps=1)
