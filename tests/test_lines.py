"""Lines of paper and forms, drawn over digits whose picture without them is known."""

import numpy as np
import photographs
import pytest

from jaxnn import reading
from jaxnn.reading import lines

SOME = (40, 760, 1300, 1850, 2100, 2650, 3300, 3700, 4200, 4600)  # 0, 1, ... 9


def only(ink):
    """The picture (28, 28) of the one digit in this ink."""
    ((found,),) = reading.digits(photographs.taken(ink))
    return found.picture


def field(digit, size=400, part=0.5):
    """A digit in the middle of a square of paper: ink (size, size)."""
    ink = photographs.enlarged(digit, int(part * size)).clip(0, 1)
    return np.pad(ink, (size - len(ink)) // 2)


@pytest.mark.parametrize("slope", [0, 0.05, -0.08])
@pytest.mark.parametrize("which", SOME)
def test_ruled_paper(originals, which, slope):
    plain = field(originals[which])
    y, x = np.mgrid[:400, :400]
    ruled = np.maximum(plain, (y + slope * x) % 60 < 3)
    assert photographs.apart(only(ruled), only(plain)) < 0.04


@pytest.mark.parametrize("which", SOME)
def test_squared_paper(originals, which):
    plain = field(originals[which], part=0.7)
    y, x = np.mgrid[:400, :400]
    squared = np.maximum(plain, ((y + 0.02 * x) % 65 < 3) | ((x - 0.02 * y) % 65 < 3))
    assert photographs.apart(only(squared), only(plain)) < 0.04


@pytest.mark.parametrize("which", SOME)
@pytest.mark.parametrize(
    "box", [(60, 60, 340, 340), (40, 70, 360, 500), (-50, 30, 330, 370)]
)
def test_a_printed_box(originals, which, box):
    plain = field(originals[which])
    found = only(photographs.boxed(plain, *box, width=12))
    assert photographs.apart(found, only(plain)) < 0.03


@pytest.mark.parametrize("which", SOME[:2] + SOME[3:])  # the foot of the 2 ends there
def test_a_broken_box_that_touches_the_digit(originals, which):
    plain = field(originals[which])
    rows, columns = (np.flatnonzero((plain > 0.5).any(axis=axis)) for axis in (1, 0))
    box = (rows[0] - 60, columns[0] - 70, rows[-1] + 6, columns[-1] + 8)
    ink = photographs.boxed(plain, *box, width=10)
    random = np.random.default_rng(which)
    for top, left in random.integers(0, 390, (60, 2)):
        hole = (slice(top, top + 10), slice(left, left + 10))
        ink[hole] = plain[hole]
    assert photographs.apart(only(ink), only(plain)) < 0.06


@pytest.mark.parametrize("which", SOME)
def test_strokes_of_a_digit_are_no_lines(originals, which):
    strokes = field(originals[which]) > 0.5
    assert (lines.without_lines(strokes) == strokes).all()
    tight = strokes[np.ix_(strokes.any(axis=1), strokes.any(axis=0))]
    assert (lines.without_lines(tight) == tight).all()


def test_a_stem_that_spans_the_picture_is_no_line():
    strokes = np.zeros((200, 120), bool)
    strokes[2:198, 70:84] = True
    assert (lines.without_lines(strokes) == strokes).all()
    strokes[:, 70:84] = True
    assert (lines.without_lines(strokes) == strokes).all()
    strokes[120:132, 10:110] = True  # a 4
    strokes[20:132, 10:22] = True
    assert (lines.without_lines(strokes) == strokes).all()


def test_an_empty_box_has_no_digit():
    ink = photographs.boxed(np.zeros((300, 300)), 40, 40, 260, 400, width=10)
    with pytest.raises(reading.NoDigit, match="no digit found"):
        reading.digits(photographs.taken(ink))
