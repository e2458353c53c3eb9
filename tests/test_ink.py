"""Ink in pictures, against drawings whose digit is known."""

import numpy as np
import photographs
import pytest

import jaxnn
from jaxnn import images, reading
from jaxnn.reading import ink, photos


@pytest.fixture(scope="module")
def held_out(digits):
    """The places of digits that a network was not trained on, and its params."""
    places = jaxnn.Digits(np.arange(5000.0)[:, None], digits.y, "places")
    train, test = (part.x[:, 0].astype(int) for part in jaxnn.split(places, 0.2, 0))
    some = jaxnn.Digits(digits.x[train], digits.y[train], "train")
    return test, jaxnn.fit(some, steps=200, device="cpu").params


def on_paper(strokes, size=600, paper=0.85, pen=0.15, seed=0):
    """Ink (h, w) at a random place on paper (size, size), with a little grain."""
    random = np.random.default_rng(seed)
    field = photographs.placed(strokes, size, random)
    return paper + field * (pen - paper) + random.normal(0, 0.01, field.shape)


def only(gray):
    """The picture (28, 28) of the one digit in gray levels."""
    ((found,),) = reading.digits(gray)
    return found.picture


def test_threshold_lies_between_two_levels():
    random = np.random.default_rng(0)
    low, high = random.normal(0.1, 0.02, 5000), random.normal(0.7, 0.05, 300)
    assert 0.2 < ink.threshold(np.concatenate([low, high])) < 0.5


@pytest.mark.parametrize("is_dark", [True, False])
@pytest.mark.parametrize("which", [40, 1300, 2700, 4600])
def test_dark_ink_and_light_ink_give_the_same_digit(originals, which, is_dark):
    levels = (0.85, 0.1) if is_dark else (0.1, 0.85)
    gray = on_paper(photographs.enlarged(originals[which], 280), 600, *levels)
    assert np.abs(only(gray) - originals[which]).mean() < 0.05


def test_a_shadow_and_the_tables_edge_are_not_ink(originals):
    plain = on_paper(photographs.enlarged(originals[2700], 250))
    y, x = np.mgrid[:600, :600]
    for edge in (x > 300, x + y > 700, 2 * y - x > 400):
        found = only(plain * np.where(edge, 0.6, 1))
        # an edge that crosses a stroke can move the digit by a pixel
        assert np.abs(found - only(plain)).mean() < 0.08
    plain[:, 590:] = 0.02  # the table next to the paper
    assert np.abs(only(plain) - originals[2700]).mean() < 0.08


@pytest.mark.parametrize("kind", ["flat", "grain", "slope", "half dark"])
def test_no_digit(kind):
    y, x = np.mgrid[:400, :500]
    grain = np.random.default_rng(0).normal(0, 0.04, x.shape)
    gray = {
        "flat": np.full(x.shape, 0.8),
        "grain": 0.8 + grain,
        "slope": 0.3 + x / 1000 + y / 2000,
        "half dark": np.where(x > 220, 0.9, 0.2) + grain / 4,
    }[kind]
    with pytest.raises(ink.NoDigit, match="no digit found"):
        reading.digits(gray)


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
        x[i] = images.unroll(images.shrink(only(photos.of_file(path).gray)[None]))
    right = jaxnn.predict(params, x) == digits.y[chosen]
    assert right.mean() >= direct.mean() - 0.035
