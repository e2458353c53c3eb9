"""Ink in MNIST's form, against MNIST's own digits and known stroke widths."""

import numpy as np
import photographs
import pytest
from scipy import ndimage

from jaxnn.reading import mnist_form


def test_mnists_steps_return_mnists_digits(originals):
    same = 0
    for picture in originals[::16]:
        box = picture[np.ix_(picture.any(axis=1), picture.any(axis=0))]
        same += np.allclose(mnist_form.centered(box), picture)
    # in the others the center is so near a pixel's edge that rounding decides
    assert same >= 0.97 * len(originals[::16])


@pytest.mark.parametrize("pair", [(9, 3), (7, 3), (3, 7), (5, 5), (1, 4)])
def test_mean_matrix_averages_areas(pair):
    size_in, size_out = pair
    fine = np.eye(size_in).repeat(size_out, axis=1)  # each pixel in size_out parts
    expected = fine.reshape(size_in, size_out, size_in).mean(axis=2).T
    np.testing.assert_allclose(mnist_form.mean_matrix(*pair), expected, atol=1e-15)


@pytest.mark.parametrize("angle", [0, 20, 45, 70])
@pytest.mark.parametrize("width", [4, 9, 16])
def test_width_of_a_stroke(angle, width):
    bar = np.zeros((300, 300))
    bar[150 - width // 2 : 150 - width // 2 + width, 30:270] = 1
    tilted = ndimage.rotate(bar, angle, reshape=False, order=1) > 0.5
    # counted along the pixels' sides, an outline is 1 to 1.41 times as long
    assert mnist_form.stroke_width(tilted) == pytest.approx(width, rel=0.3)


@pytest.mark.parametrize("is_thicker", [True, False])
@pytest.mark.parametrize("reach", [0, 1, 4, 11])
def test_spread_ink_is_scipys_by_a_whole_disc(reach, is_thicker):
    ink = np.random.default_rng(reach).random((30, 17))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = y * y + x * x <= reach * reach
    whole = ndimage.grey_dilation if is_thicker else ndimage.grey_erosion
    expected = whole(np.pad(ink, reach), footprint=disc)
    found = mnist_form.spread(ink, reach, is_thicker)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("pen", [0.03, 0.05, 0.25])
def test_thin_and_thick_strokes_become_as_wide_as_mnists(originals, pen):
    picture = photographs.enlarged(originals[3600], 300) > 0.5  # a 7
    height = np.ptp(np.flatnonzero(picture.any(axis=1))) + 1
    reach = round((pen * height - mnist_form.stroke_width(picture)) / 2)
    change = ndimage.binary_dilation if reach > 0 else ndimage.binary_erosion
    drawn = change(picture, iterations=abs(reach)).astype(float)
    width = mnist_form.stroke_width(
        mnist_form.with_mnist_pen(mnist_form.trimmed(drawn)) > 0.5
    )
    # 9 to 17.5 of a hundred pixels are the widths of most embedded digits
    assert 0.8 * 9 < width < 1.2 * 17.5


def ring(side, pen):
    """A circle that fills a square, drawn by a pen of this width."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return (np.abs(np.hypot(x, y) - (side - pen) / 2) <= pen / 2).astype(float)


RINGS = [  # pen, and width of a hundred pixels after it
    (3, 9 / 1.06),  # 3 wider on each side: the whole is 106 then
    (5, 9 / 1.04),
    (12, 12),
    (16, 16),
    (22, 18 / 0.96),  # 2 less on each side, for 2.25 is wanted
    (26, 18 / 0.92),
]


@pytest.mark.parametrize(("pen", "expected"), RINGS)
def test_a_rings_pen_becomes_one_of_mnists(pen, expected):
    # a hundred pixels and twice that: the width is a share of the size
    for scale in (1, 2):
        found = mnist_form.with_mnist_pen(ring(100 * scale, pen * scale))
        width = 100 * mnist_form.stroke_width(found > 0.5) / max(found.shape)
        assert width == pytest.approx(expected, abs=0.8)


def test_faint_margins_are_cut_off_and_faint_ink_is_kept():
    ink = np.zeros((9, 9))
    ink[2:7, 3:5] = 0.11
    ink[0], ink[:, 8] = 0.09, 0.09
    assert mnist_form.trimmed(ink).shape == (5, 2)
