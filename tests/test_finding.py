"""Which ink is a digit, and which digits stand in a row, against drawn pages."""

import numpy as np
import photographs
import pytest

from jaxnn import digit_network, digit_reader, reading
from jaxnn.reading import photos, rows, strokes
from jaxnn.reading.strokes import Box

PAGE = (
    (760, 1300, 1850, 2100),
    (2650, 3300, 40),
    (3700, 4200, 4600, 1300, 760),
)  # the embedded digits 1, 2, ...


def page(originals, seed=0, height=90):
    """Gray levels of a page, and the pictures of its digits, row by row."""
    pictures = [originals[list(row)] for row in PAGE]
    return photographs.taken(photographs.page_of(pictures, height), seed), pictures


def test_rows_are_read_from_left_to_right_and_top_to_bottom(originals):
    gray, pictures = page(originals)
    found = reading.digits(gray)
    assert [len(row) for row in found] == [4, 3, 5]
    for row, expected in zip(found, pictures, strict=True):
        for each, picture in zip(row, expected, strict=True):
            assert photographs.apart(each.picture, picture) < 0.06


def test_a_box_lies_around_its_digit(originals):
    digit = originals[1300]
    ink = np.zeros((400, 500))
    ink[100:300, 200:400] = photographs.enlarged(digit, 200)
    ((found,),) = reading.digits(photographs.taken(ink))
    y, x = np.nonzero(ink > 0.5)
    expected = y.min(), x.min(), y.max() + 1, x.max() + 1
    assert np.abs(np.subtract(found.box, expected)).max() <= 3


def test_a_row_on_a_slope_is_one_row(originals):
    ink = np.zeros((500, 900))
    for i, which in enumerate(PAGE[2]):
        top, left = 60 + 40 * i, 40 + 160 * i
        ink[top : top + 140, left : left + 140] = photographs.enlarged(
            originals[which], 140
        )
    (row,) = reading.digits(photographs.taken(ink))
    assert len(row) == 5
    assert np.all(np.diff([each.box.left for each in row]) > 0)


@pytest.mark.parametrize(
    ("parts", "count"),
    [
        ([(0, 40, 12, 90), (20, 20, 120, 90)], 1),  # the roof of a 5
        ([(0, 60, 12, 110), (20, 20, 120, 62)], 1),  # and one that starts at its right
        ([(0, 10, 60, 50), (20, 40, 120, 50)], 1),  # the two strokes of a 4
        ([(0, 0, 100, 40), (0, 44, 100, 80)], 2),  # digits close to one another
        ([(0, 0, 100, 60), (40, 50, 140, 120)], 2),  # and on a slant
        ([(0, 0, 100, 60), (20, 300, 110, 360)], 2),
    ],
)
def test_parts_of_a_digit(parts, count):
    boxes = [Box(*part) for part in parts]
    assert len(strokes.grouped(boxes, range(len(boxes)))) == count


@pytest.mark.parametrize(("width", "count"), [(5, 1), (7, 2)])
def test_a_speck_is_smaller_than_three_hundredths_of_the_largest_stroke(width, count):
    field = np.zeros((60, 200), bool)
    field[5:55, 10:30] = True  # 1000 pixels; the other stroke has 25, or 35
    field[20:25, 150 : 150 + width] = True
    assert len(strokes.digits(field)[1]) == count


def test_what_is_too_low_or_too_wide_is_no_digit_of_a_row():
    boxes = [(0, 0, 100, 60), (90, 80, 110, 95), (10, 120, 95, 170), (0, 200, 90, 600)]
    (row,) = rows.rows_of([strokes.Digit((i,), Box(*b)) for i, b in enumerate(boxes)])
    assert [digit.labels for digit in row] == [(0,), (2,)]


def test_of_more_strokes_than_a_page_of_digits_has_only_some_are_looked_at(
    monkeypatch,
):
    pairs, are_one = [], strokes.are_one
    monkeypatch.setattr(
        strokes, "are_one", lambda *two: pairs.append(1) or are_one(*two)
    )
    dots = np.zeros((640, 640), bool)
    dots[5::10, 5::10] = dots[6::10, 5::10] = True  # 4096 of them
    dots[5:7, 6] = True  # the first one is the largest
    labels, found = strokes.digits(dots)
    assert len(found) == strokes.SOME and found[0].labels == (labels[5, 5],)
    assert len(pairs) <= strokes.SOME**2 / 2


@pytest.mark.parametrize("side", [15, 22])
def test_a_full_page_of_strokes_is_looked_at(side):
    board = np.zeros((20 * side, 20 * side), bool)
    for i in range(4, 18):
        board[i::20, 4::20] = board[i::20, 5::20] = True
    _, found = strokes.digits(board)
    assert len(found) == side**2


def test_specks_frames_and_what_the_border_cuts_are_no_digits(originals):
    ink = np.pad(photographs.enlarged(originals[4200], 200), 120)
    y, x = np.indices(ink.shape)
    plain = reading.digits(photographs.taken(ink))[0][0].picture
    distance = np.hypot(y - 220, x - 220)
    ink = np.maximum(ink, abs(distance - 180) < 5)  # a circle around the digit
    ink[100:300, :20] = 1  # a neighbor, cut off
    ink[20:26, 30:36] = 1
    ((found,),) = reading.digits(photographs.taken(ink))
    assert photographs.apart(found.picture, plain) < 0.03


@pytest.mark.parametrize("faint, shade", [(0.15, 0.3), (0.2, 0.7), (0.4, 0.5)])
def test_small_digits_fainter_than_the_pages_shadow(originals, faint, shade):
    ink = np.zeros((400, 500))
    for i, row in enumerate(PAGE):
        for j, which in enumerate(row):
            ink[60 + 90 * i :, 60 + 75 * j :][:28, :28] = originals[which]
    light = 0.95 - shade * np.outer(np.linspace(0.3, 1, 400), np.linspace(0, 1, 500))
    grain = np.random.default_rng(0).normal(0, 0.005, ink.shape)
    photo = photos.of_levels(np.clip(light * (1 - faint * ink) + grain, 0, 1))
    found = digit_reader.read_photo(photo, digit_network.own_reader())
    assert found.number == "1234\n560\n78921"
