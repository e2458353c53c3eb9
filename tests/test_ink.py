"""Digits found in pictures that the tests draw."""

import numpy as np
import photographs
import pytest

import jaxnn
from jaxnn import images
from jaxnn.reading import ink, photos


@pytest.fixture(scope="module")
def held_out(digits):
    """The digits that a network was not trained on, and its params."""
    places = jaxnn.Digits(np.arange(5000.0)[:, None], digits.y, "places")
    train, test = (part.x[:, 0].astype(int) for part in jaxnn.split(places, 0.2, 0))
    some = jaxnn.Digits(digits.x[train], digits.y[train], "train")
    return test, jaxnn.fit(some, steps=200, device="cpu").params


def on_paper(strokes, size=600, paper=0.85, pen=0.15, seed=0):
    """Ink (h, w) somewhere on paper (size, size), with a little grain."""
    random = np.random.default_rng(seed)
    field = photographs.placed(strokes, size, random)
    return paper + field * (pen - paper) + random.normal(0, 0.01, field.shape)


def input_of(grey):
    """The network's input (1, 400) for the digit in grey levels."""
    return images.unroll(images.shrink(ink.digit(grey)[None]))


def test_threshold_parts_two_levels():
    random = np.random.default_rng(0)
    low, high = random.normal(0.1, 0.02, 5000), random.normal(0.7, 0.05, 300)
    assert 0.2 < ink.threshold(np.concatenate([low, high])) < 0.5


@pytest.mark.parametrize("is_dark", [True, False])
@pytest.mark.parametrize("which", [40, 1300, 2700, 4600])
def test_ink_darker_or_lighter_is_the_same_digit(originals, which, is_dark):
    levels = (0.85, 0.1) if is_dark else (0.1, 0.85)
    grey = on_paper(photographs.enlarged(originals[which], 280), 600, *levels)
    assert np.abs(ink.digit(grey) - originals[which]).mean() < 0.05


def test_lines_of_the_paper_are_left_out(originals):
    plain = on_paper(photographs.enlarged(originals[4600], 300))
    y, x = np.mgrid[:600, :600]
    for slope in (0, 0.05, -0.08):
        for lines in ((y + slope * x) % 60 < 3, (x + slope * y) % 75 < 2):
            found = ink.digit(np.where(lines, np.minimum(plain, 0.15), plain))
            assert np.abs(found - ink.digit(plain)).mean() < 0.04


def test_a_shadow_and_the_tables_edge_are_no_ink(originals):
    plain = on_paper(photographs.enlarged(originals[2700], 250))
    y, x = np.mgrid[:600, :600]
    for edge in (x > 300, x + y > 700, 2 * y - x > 400):
        found = ink.digit(plain * np.where(edge, 0.6, 1))
        # where the edge crosses a stroke, the digit may move by a pixel
        assert np.abs(found - ink.digit(plain)).mean() < 0.08
    plain[:, 590:] = 0.02  # the table next to the paper
    assert np.abs(ink.digit(plain) - originals[2700]).mean() < 0.08


@pytest.mark.parametrize("kind", ["flat", "grain", "slope", "half dark"])
def test_no_digit(kind):
    y, x = np.mgrid[:400, :500]
    grain = np.random.default_rng(0).normal(0, 0.04, x.shape)
    grey = {
        "flat": np.full(x.shape, 0.8),
        "grain": 0.8 + grain,
        "slope": 0.3 + x / 1000 + y / 2000,
        "half dark": np.where(x > 220, 0.9, 0.2) + grain / 4,
    }[kind]
    with pytest.raises(ink.NoDigit, match="no digit found"):
        ink.digit(grey)


def test_two_digits_are_not_read_as_one(originals):
    field = np.zeros((400, 600))
    for place, which in ((20, 2600), (300, 3600)):
        field[50:330, place : place + 280] = photographs.enlarged(originals[which], 280)
    with pytest.raises(ink.NoDigit, match="more than one digit"):
        ink.digit(0.9 - 0.7 * field)


@pytest.mark.slow
def test_photos_lose_few_digits(originals, digits, held_out, tmp_path):
    test, params = held_out
    chosen = np.random.default_rng(0).choice(test, 150, replace=False)
    direct = jaxnn.predict(params, digits.x[chosen]) == digits.y[chosen]
    x = np.zeros((150, 400))
    for i, which in enumerate(chosen):
        path = tmp_path / f"{i}.jpg"
        sizes = (200, 500) if i % 15 else (400, 1500)  # large ones take longer
        path.write_bytes(photographs.photo(originals[which], seed=i, sizes=sizes))
        x[i] = input_of(photos.grey_levels(path))
    right = jaxnn.predict(params, x) == digits.y[chosen]
    assert right.mean() >= direct.mean() - 0.035
