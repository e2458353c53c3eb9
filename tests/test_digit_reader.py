"""What is said of a photo's digits, with a network whose answers are known."""

import numpy as np
import photographs
import pytest
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from jaxnn import digit_network, digit_reader
from jaxnn.reading import photos

READER = digit_network.Reader((np.zeros((10, 401)),), doubt=0.5)


def chances(*likely):
    """(k, 11): for each (digit, probability, runner-up) the network's answer."""
    table = np.zeros((len(likely), 11))
    for row, (digit, probability, runner_up) in zip(table, likely, strict=True):
        row[digit], row[runner_up] = probability, (1 - probability) * 0.5
    return table


@pytest.fixture
def read(originals, monkeypatch):
    """read(rows of likely answers) -> what is said of a page with as many digits."""

    def read(*rows):
        answers = [chances(*(each for row in rows for each in row))]

        def judged(_, pictures):  # at first; then come parts of what is in doubt
            return answers.pop() if answers else chances(*[NONE] * len(pictures))

        monkeypatch.setattr(digit_network, "judged", judged)
        digits = [originals[[1300] * len(row)] for row in rows]
        gray = photographs.taken(photographs.page_of(digits, 120))
        return digit_reader.read_photo(photos.of_levels(gray), READER)

    return read


SURE = (2, 0.9, 7)
DOUBT = (4, 0.45, 9)
NONE = (10, 0.8, 4)  # none of the ten


def test_one_digit(read):
    found = read([SURE])
    assert found[:4] == (2, 0.9, 7, None)
    assert found.number == "2" and len(found.digits) == 1
    assert found.seen is found.digits[0].seen and found.seen.shape == (20, 20)


@pytest.mark.parametrize("doubtful", [DOUBT, NONE])
def test_a_doubtful_digit(read, doubtful):
    found = read([doubtful])
    assert found[:4] == (None, None, 4, "this does not look like a digit, nearest 4")
    assert found.number is None and found.seen is not None
    assert "because" in repr(found)


def test_a_number(read):
    found = read([SURE, (0, 0.7, 6), SURE])
    assert found[:4] == (None, 0.7, None, None)
    assert found.number == "202" and found.seen is None
    assert [each.digit for each in found.digits] == [2, 0, 2]
    assert [each.runner_up for each in found.digits] == [7, 6, 7]
    assert "202" in repr(found)


def test_a_number_with_a_doubtful_digit(read):
    found = read([SURE, NONE, SURE])
    assert found.number == "2?2" and found.digit is None
    assert found.message == "1 of 3 does not look like a digit, nearest 4"
    found = read([SURE, NONE, SURE, DOUBT])
    assert found.message == "2 of 4 do not look like digits, nearest 4, 4"


def test_rows_that_are_mostly_in_doubt_are_left_out(read):
    found = read([NONE, SURE, NONE], [SURE, SURE, DOUBT, SURE], [SURE])
    assert found.number == "22?2\n2"
    assert found.message == (
        "1 of 5 does not look like a digit, nearest 4; a row in doubt left out"
    )
    found = read([SURE], [NONE], [NONE, NONE, SURE])
    assert found.digit == 2 and found.message == "2 rows in doubt left out"
    found = read([NONE, SURE, NONE], [NONE, NONE])
    assert found.number is None and len(found.digits) == 5
    assert found.message.startswith("4 of 5 do not look like digits, nearest 4, 4, 4, ")


def test_the_picture_shows_every_digit(read):
    for rows in ([[SURE]], [[DOUBT]], [[SURE] * 3, [SURE] * 12], [[NONE, NONE]]):
        found = read(*rows)
        picture = found.picture()
        assert picture.height == digit_reader.HEIGHT
        dark = np.asarray(picture) < 128
        photo = round(picture.height * found.gray.shape[1] / found.gray.shape[0])
        assert dark[:, photo:].any() and not dark[:, photo : photo + 10].any()


@pytest.mark.parametrize("letter", "AVGR")
def test_a_letter_is_not_cut_into_digits(letter):
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 170)
    image = Image.new("L", (320, 320), 220)
    ImageDraw.Draw(image).text((90, 60), letter, font=font, fill=40)
    found = digit_reader.read_digits(image, device="cpu")
    assert found.number is None and "does not look like a digit" in found.message


def test_boxes_are_in_the_photos_own_pixels():
    for size in ((30, 60), (900, 1500)):
        photo = photos.of_levels(np.linspace(0, 1, size[0] * size[1]).reshape(size))
        h, w = photo.gray.shape
        whole = photo.own(photos.Box(0, 0, h, w))
        assert tuple(whole) == (0, 0, *size)
        half = photo.own(photos.Box(0, 0, h // 2, w // 2))
        assert np.abs(np.subtract(half[2:], np.array(size) / 2)).max() <= 2
