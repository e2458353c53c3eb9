"""The course's resize against JAX's own, and the order of an unrolled picture."""

import hashlib
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from jaxnn import data, images


def resized_by_jax(pictures):
    """MATLAB's resize: JAX's of a padded image, which keeps the border's weights."""
    with jax.enable_x64(True):
        padded = jnp.pad(jnp.asarray(pictures), ((0, 0), (7, 7), (7, 7)), mode="edge")
        resized = jax.image.resize(padded, (len(pictures), 30, 30), "cubic")
        return np.asarray(resized)[:, 5:-5, 5:-5]


def one_pixel(row, column):
    picture = np.zeros((1, 20, 20))
    picture[0, row, column] = 1
    return picture


@pytest.mark.parametrize(("size_in", "size_out"), [(28, 20), (42, 30), (20, 20)])
def test_rows_of_the_resize_matrix_sum_to_1(size_in, size_out):
    matrix = images.resize_matrix(size_in, size_out)
    assert matrix.shape == (size_out, size_in)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=0, atol=1e-14)


def test_resize_to_the_same_size_changes_nothing():
    np.testing.assert_array_equal(images.resize_matrix(20, 20), np.eye(20))


def test_resize_weights_worked_by_hand():
    """Halving: distances 1/4, 3/4, ... give 111, 29, -9, -3 of 256 on each side."""
    row = images.resize_matrix(16, 8)[4]  # centered between pixels 8 and 9
    expected = np.zeros(16)
    expected[5:13] = np.array([-3, -9, 29, 111, 111, 29, -9, -3]) / 256
    np.testing.assert_allclose(row, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("what", ["noise", "ink at the border", "digits"])
def test_shrink_equals_jax_resize_of_the_padded_image(what):
    if what == "digits":
        with np.load(data.embedded_file()) as arrays:
            pictures = arrays["x"][::250] / 255
    else:
        pictures = np.random.default_rng(0).random((4, 28, 28))
    if what == "ink at the border":
        pictures[:, 1:-1, 1:-1] = 0
    np.testing.assert_allclose(
        images.shrink(pictures), resized_by_jax(pictures), rtol=0, atol=1e-13
    )


def test_shrink_of_one_image_is_independent_of_the_others():
    pictures = np.random.default_rng(1).random((5, 28, 28))
    alone = resized_by_jax(pictures[3:4])
    np.testing.assert_allclose(images.shrink(pictures)[3:4], alone, atol=1e-13)


def test_embedded_digits_keep_the_overshoot_of_the_cubic():
    x = jaxnn.load_digits().x
    assert x.min() == pytest.approx(-0.13196323, abs=5e-9)
    assert x.max() == pytest.approx(1.12768830, abs=5e-9)


def test_unroll_goes_down_the_columns():
    """Row 3 of column 5 comes after five whole columns of 20."""
    x = images.unroll(one_pixel(3, 5))
    assert x.shape == (1, 400)
    assert np.flatnonzero(x).tolist() == [5 * 20 + 3]


def test_unroll_is_matlabs_colon():
    pictures = np.random.default_rng(2).random((3, 20, 20))
    colon = [picture.flatten(order="F") for picture in pictures]
    np.testing.assert_array_equal(images.unroll(pictures), colon)


def test_roll_puts_the_pixel_back():
    x = np.zeros((1, 400))
    x[0, 5 * 20 + 3] = 1
    np.testing.assert_array_equal(images.roll(x), one_pixel(3, 5))


@pytest.mark.parametrize("name", ["mnist5k.npz", "reader.npz"])
def test_the_embedded_files_are_those_their_readme_describes(name):
    readme = Path(__file__).parents[1] / "data/README.md"
    (about,) = (p for p in readme.read_text().split("\n`") if p.startswith(name))
    (recorded,) = re.findall(r"\b[0-9a-f]{64}\b", about)
    digest = hashlib.sha256(data.embedded_file(name).read_bytes()).hexdigest()
    assert digest == recorded
