"""Digits that touch, cut apart, against the digits that were put together."""

import numpy as np
import photographs
import pytest

from jaxnn import digit_network, digit_reader, reading
from jaxnn.reading import finding, photos, touching


def test_a_cut_runs_through_little_ink():
    strokes = np.zeros((60, 100), bool)
    strokes[10:50, [*range(5, 45), *range(55, 95)]] = True
    strokes[40:44] = True  # they are joined low
    is_left, *_ = touching.divisions(strokes)
    assert is_left[:, :45].all() and not is_left[:, 55:].any()


def test_what_is_narrow_or_solid_is_one_digit():
    bar = np.zeros((100, 300), bool)
    bar[40:60] = True
    assert len(list(touching.divisions(bar[:, :180]))) == 7
    for strokes in (bar[:, :70], bar[30:70], np.ones((100, 180), bool)):
        assert not list(touching.divisions(strokes))


@pytest.mark.parametrize(("width", "is_divided"), [(75, False), (90, True)])
def test_the_margin_is_no_part_of_what_is_divided(width, is_divided):
    """With a margin of 20 pixels, 75 by 100 would be wide enough for two digits."""
    strokes = np.zeros((140, width + 40), bool)
    strokes[20:120, [*range(20, 50), *range(width - 10, width + 20)]] = True
    strokes[100:104, 20 : width + 20] = True  # they are joined low
    levels = np.pad(strokes.astype(float), 20)
    found = finding.alone(levels, np.pad(strokes, 20), 20, (0, 0))
    assert found.strokes.shape == (140, width + 40)
    divisions = list(found.divisions())
    assert bool(divisions) == is_divided
    for left, right in divisions:
        assert left.box.right == right.box.left
        assert left.box.left == found.box.left and right.box.right == found.box.right


def joined(digits, height=200, shared=10):
    """Digits (k, 28, 28) that touch: ink, with margins; columns are shared."""
    parts = [photographs.enlarged(digit, height).clip(0, 1) for digit in digits]
    parts = [part[:, (part > 0.5).any(axis=0)] for part in parts]
    ink, left = np.zeros((height, sum(part.shape[1] for part in parts))), 0
    for part in parts:
        place = ink[:, left : left + part.shape[1]]
        np.maximum(place, part, out=place)
        left += part.shape[1] - shared
    return np.pad(ink, 60)


@pytest.mark.parametrize("number", ["56", "38", "500"])
def test_digits_that_touch_are_read_one_by_one(originals, number):
    which = {"0": 40, "3": 1850, "5": 2650, "6": 3300, "8": 4200}
    gray = photographs.taken(joined(originals[[which[digit] for digit in number]]))
    ((found,),) = reading.digits(gray)
    assert list(found.divisions())
    photo, reader = photos.of_levels(gray), digit_network.own_reader()
    read = digit_reader.read_photo(photo, reader)
    assert read.number == number
    lefts = [each.box.left for each in read.digits]
    assert lefts == sorted(lefts)
