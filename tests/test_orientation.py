"""Images that are transposed, inverted or bytes get a warning, and no others do."""

import warnings

import numpy as np
import pytest
from scipy import ndimage
from sklearn.datasets import load_digits

import jaxnn
from jaxnn import images, orientation
from jaxnn.digits import Digits, take


@pytest.fixture(scope="module", params=["20x20", "28x28", "8x8"])
def upright(request, digits, originals):
    """Upright digits of three sizes."""
    eight = load_digits()
    pictures = {
        "20x20": (images.roll(digits.x), digits.y),
        "28x28": (originals, digits.y),
        "8x8": (eight.images, eight.target),
    }
    return Digits(*pictures[request.param], request.param)


def transposed(some):
    """The same images, unrolled in the other order; they are square."""
    pictures = images.roll(some.x, some.shape)
    return some._replace(x=images.unroll(pictures.swapaxes(1, 2)))


@pytest.mark.parametrize("m", [20, 50, 500])
def test_transposed_parts_are_found_and_upright_ones_are_not(upright, m):
    random = np.random.default_rng(m)
    for _ in range(40):
        part = take(upright, random.choice(len(upright.y), m, replace=False))
        assert orientation.doubts(part) == []
        (text,) = orientation.doubts(transposed(part))
        assert "look transposed" in text


def test_images_that_are_not_square_are_unrolled_in_the_other_order(digits):
    pictures = images.roll(digits.x)[:, :, 2:18]  # (m, 20, 16)
    narrow = Digits(pictures, digits.y, "narrow")
    assert orientation.doubts(narrow) == []
    by_rows = narrow._replace(x=pictures.reshape(-1, 320))
    (text,) = orientation.doubts(by_rows)
    remedied = eval(text.partition("use ")[2], {"x": by_rows.x})
    np.testing.assert_array_equal(remedied, narrow.x)


def test_each_class_alone_is_upright(upright):
    for digit in range(10):
        assert orientation.doubts(take(upright, upright.y == digit)) == []


def test_the_remedy_is_right(digits):
    (text,) = orientation.doubts(transposed(digits))
    remedied = eval(text.partition("use ")[2], {"x": transposed(digits).x})
    np.testing.assert_array_equal(remedied, digits.x)


@pytest.mark.parametrize("sigma", [0, 1, 3])
def test_noise_with_digits_labels_is_no_digit(sigma):
    random = np.random.default_rng(0)
    for _ in range(20):
        noise = random.normal(size=(100, 20, 20))
        noise = ndimage.gaussian_filter(noise, (0, sigma, sigma))
        noise = (noise - noise.min()) / np.ptp(noise)
        assert orientation.doubts(Digits(noise, np.arange(100) % 10)) == []


def test_bytes_and_dark_ink_are_found(digits):
    (text,) = orientation.doubts(digits._replace(x=255 * digits.x))
    assert "use x / 255" in text
    (text,) = orientation.doubts(digits._replace(x=1 - digits.x))
    assert "use 1 - x" in text
    assert orientation.doubts(jaxnn.standardize(digits)) == []


def test_a_table_has_no_pixels():
    table = Digits(np.linspace(0, 2000, 26).reshape(2, 13), [0, 1])
    assert orientation.doubts(table) == []


def test_fit_warns_where_it_was_called(few_digits):
    with pytest.warns(orientation.PixelWarning, match="few digits: .*transp") as caught:
        jaxnn.fit(transposed(few_digits), steps=1, hidden=2)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jaxnn.fit(few_digits, steps=1, hidden=2)


def test_commands_warn_in_a_line(command, tmp_path, digits):
    np.savez(tmp_path / "mine.npz", x=digits.x[::10], y=digits.y[::10])
    how = ("--data", "mine.npz", "--steps", 1)
    for name, *more in (("train", "--out", "run"), ("sweep", "--seeds", 1, "--lam", 1)):
        done = command(name, *how, *more)
        assert done.returncode == 0
        assert done.stderr.startswith(f"{name}: warning: mine.npz")
        assert "look transposed" in done.stderr and done.stderr.count("\n") == 1
    done = command("evaluate", "run", "--data", "mine.npz")
    assert done.stderr.startswith(
        "evaluate: warning: mine.npz (held out): images look transposed"
    )
    assert command("evaluate", "run").stderr == ""


def test_gray_levels_of_digits_are_noticed(digits):
    some = jaxnn.Digits(16 * digits.x[::100], digits.y[::100], "sixteen")
    with pytest.warns(UserWarning, match="up to 1[67].*; use x / 1[67]"):
        jaxnn.fit(some, steps=1, progress=False)
