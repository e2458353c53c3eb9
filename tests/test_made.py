"""New pictures of digits: forms, pens, other hands, and what is no digit."""

import numpy as np
import pytest
from scipy import ndimage

from jaxnn import data
from jaxnn.mistake import Mistake
from jaxnn.reading import forms, glyphs, made, mnist_form, pens, warps


def test_a_digit_depends_on_the_seed_and_its_place_alone():
    few, names = made.drawn(30, seed=5)
    many, all_names = made.drawn(made.BLOCK + 30, seed=5)
    np.testing.assert_array_equal(many[:30], few)
    np.testing.assert_array_equal(all_names[:30], names)
    parts = list(made.blocks(made.BLOCK + 30, seed=5))
    np.testing.assert_array_equal(np.concatenate([p for p, _ in parts]), many)
    assert not (made.drawn(30, seed=6)[0] == few).all()
    assert (many[made.BLOCK :] != many[:30]).any()


def test_drawn_digits_are_bytes_and_as_many_of_each():
    pictures, labels = made.drawn(1000, seed=1)
    assert pictures.shape == (1000, 28, 28) and pictures.dtype == np.uint8
    assert pictures.max() == 255 and labels.dtype == np.uint8
    np.testing.assert_array_equal(np.bincount(labels), np.full(10, 100))
    none, zeros = made.drawn(0)
    assert none.shape == (0, 28, 28) and zeros.shape == (0,)


def test_a_share_of_them_is_no_digit():
    _, labels = made.drawn(1000, seed=1, none=0.3)
    assert 0.25 < (labels == made.NONE).mean() < 0.35
    pictures, labels = made.drawn(200, seed=1, none=1)
    assert (labels == made.NONE).all() and (pictures.max(axis=(1, 2)) > 100).all()


def test_digits_are_made_of_the_originals_that_are_given(monkeypatch):
    monkeypatch.setattr(made, "WRITTEN", 0.0)
    plain = np.zeros((10, 28, 28), np.uint8)
    for digit in range(10):  # a bar for each digit, ever wider
        plain[digit, 4:24, 13 - digit : 15 + digit] = 255
    pictures, labels = made.drawn(500, 3, (plain, np.arange(10)))
    wide = [(pictures[labels == digit] > 127).mean() for digit in range(10)]
    assert (np.diff(wide) > 0).all()


@pytest.mark.parametrize("form", ["1 1 | 50:3,0 50:3,100", "dash 1 | 0,50 100,50"])
def test_a_form_of_two_segments_is_drawn_alone(form):
    """A spur can start at any of three segments."""
    for seed in range(100):
        random = np.random.default_rng(seed)
        ink = made.written(form, np.array([made.NONE]), random)
        assert ink.shape == (1, 28, 28) and ink.max() > 0.9


def test_originals_that_lack_a_digit_are_one_line():
    plain = np.full((9, 28, 28), 255, np.uint8)
    digits = np.delete(np.arange(10), 3)
    with pytest.raises(Mistake, match="^originals hold no 3: give every digit$"):
        made.drawn(10, 0, (plain, digits))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_they_have_the_form_that_photos_get(monkeypatch, share):
    """MNIST's own steps leave such pictures where they are, or nearly."""
    monkeypatch.setattr(made, "WRITTEN", share)
    monkeypatch.setattr(made, "worn", lambda ink, _: ink)
    pictures, _ = made.drawn(60, seed=2)
    sides, moves = [], []
    for ink in pictures / 255:
        rows, columns = (np.flatnonzero(ink.max(axis=a) > 0.3) for a in (1, 0))
        sides.append(max(np.ptp(rows), np.ptp(columns)) + 1)
        again = mnist_form.centered(mnist_form.trimmed(ink))
        moves.append(np.subtract(*map(ndimage.center_of_mass, (ink, again))))
    assert np.quantile(sides, 0.1) >= 18 and max(sides) <= 22
    assert np.mean(np.abs(moves) < 1.01) > 0.9


def test_a_curve_runs_through_its_points_and_is_straight_between_corners():
    weights = pens.curve((True, False, True, True))
    points = np.array([[0, 0], [10, 30], [40, 30], [60, 0]])
    line = weights @ points
    places = np.cumsum([0, pens.PIECES, pens.PIECES, pens.STRAIGHT])
    np.testing.assert_allclose(line[places], points, atol=1e-12)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    last = line[places[2] :]
    np.testing.assert_allclose(last[:, 1], 1.5 * (60 - last[:, 0]), atol=1e-9)


def test_distances_are_those_to_the_nearest_segment():
    lines = np.array([[[4, 4, 20, 4], [20, 4, 20, 4]], [[3, 5, 9, 25], [9, 25, 20, 9]]])
    found = pens.distance(lines.astype(np.float32)).reshape(2, 28, 28)
    assert found[0, 10, 10] == pytest.approx(6.5, abs=1e-3)  # straight below
    assert found[0, 3, 26] == pytest.approx(np.hypot(6.5, 0.5), abs=1e-3)  # beyond
    t = np.linspace(0, 1, 2001)[:, None]
    a, b, c = np.array([3, 5]), np.array([9, 25]), np.array([20, 9])
    path = np.concatenate([a + t * (b - a), b + t * (c - b)])
    y, x = np.mgrid[:28, :28] + 0.5
    far = np.hypot(x[..., None] - path[:, 0], y[..., None] - path[:, 1]).min(axis=2)
    np.testing.assert_allclose(found[1], far, atol=0.02)


def test_a_pen_is_as_wide_as_asked():
    line = np.array([[[5.0, 14.0, 23.0, 14.0]]])
    for width in (1.8, 3.0):
        ink = pens.inked(line, np.array([width]))[0]
        assert ink[:, 14].sum() == pytest.approx(width, abs=0.05)


def test_a_picture_that_no_hand_changes_stays(originals):
    plain = originals[::250].astype(np.float32)
    m = len(plain)
    none = np.zeros((m, 2, 2), "f4"), np.zeros((m, 2), "f4"), np.zeros((m, 2, 2), "f4")
    turn = np.broadcast_to(np.eye(2, dtype="f4"), (m, 2, 2))
    after = warps.warped(plain, warps.Hand(turn, none))
    # a level of 0.3 ends the ink, not 0.1, so some move or grow by part of a pixel
    same = np.abs(after - plain).mean(axis=(1, 2))
    assert np.median(same) < 0.04 and same.max() < 0.13


def test_a_turned_digit_is_scipys(originals):
    """Turned by a quarter, where no pixel has to be interpolated."""
    plain = originals[[2600]].astype(np.float32)
    quarter = warps.turned(np.array([np.pi / 2]), np.zeros(1), np.ones(1))
    none = np.zeros((1, 2, 2), "f4"), np.zeros((1, 2), "f4"), np.zeros((1, 2, 2), "f4")
    after = warps.warped(plain, warps.Hand(quarter.astype("f4"), none))[0]
    expected = np.rot90(plain[0], -1)  # clockwise
    moved = np.subtract(*map(ndimage.center_of_mass, (after, expected)))
    shifted = ndimage.shift(expected, moved, order=1)
    assert np.corrcoef(shifted.ravel(), after.ravel())[0, 1] > 0.95


def test_a_wider_and_a_finer_pen():
    bar = np.zeros((2, 28, 28), np.float32)
    bar[:, 8:20, 12:15] = 1
    wide, fine = warps.penned(bar, np.array([1, -1]))
    assert wide[14].sum() == 5 and fine[14].sum() == 1
    np.testing.assert_array_equal(warps.penned(bar, np.zeros(2)), bar)


def test_every_form_names_its_sign_and_has_strokes():
    digits = forms.forms_of(forms.DIGITS)
    assert {form.sign for form in digits} == set("0123456789")
    others = forms.forms_of(forms.OTHERS)
    assert not {form.sign for form in others} & set("0123456789")
    for form in digits + others:
        assert form.weight > 0 and all(s.shape[1] == 5 for s in form.strokes)
    assert forms.point("35:12,0!") == [35, 0, 12, forms.LOOSE, 1]


def test_no_printed_letter_is_missing_from_its_font():
    pictures = glyphs.printed()
    assert len(pictures) == sum(map(len, glyphs.FONTS.values()))
    assert pictures.shape[1:] == (28, 28) and (pictures.max(axis=(1, 2)) > 0.9).all()
    different = np.unique(pictures.round(3).reshape(len(pictures), -1), axis=0)
    assert len(different) == len(pictures)  # fonts draw one box for what they lack


def test_making_digits_leaves_the_embedded_ones_alone():
    before = data.load_digits().x.copy()
    made.drawn(50, seed=3, none=0.5)
    np.testing.assert_array_equal(data.load_digits().x, before)
