"""`read_digits`: what a network reads in a photo of digits, and what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from jaxnn import devices, digit_network, images, reading
from jaxnn.digit_network import Reader, own_reader, reader_of
from jaxnn.display import displayed
from jaxnn.reading import Found, Photo

HEIGHT, GAP = 400, 20  # dots, of the picture of what the network saw
CUTS = 2  # how deep cuts nest: at most four digits that touch
SURE, CERTAIN = 0.7, 0.95  # each of them is likelier; above, no other cut is tried
LEAST, PAGE = 4, 0.75  # digits on a page: how many are read, of all that are found
WIDE = 1.2  # of a height: what is narrower and stands alone may be a letter
FEW = 6  # strokes in doubt: if there are more, none is cut
MOST = 3  # digits in doubt that a message names


class ReadDigit(NamedTuple):
    """One digit of a photo, as it was read."""

    digit: int | None  # None if it does not look like one
    probability: float | None  # of the digit
    runner_up: int  # the next likely digit; the likeliest if none was read
    box: reading.Box  # top, left, bottom, right, in the photo's own pixels
    seen: np.ndarray  # (20, 20) what the network saw, ink 1


@displayed
class Read(NamedTuple):
    """What was read in a photo."""

    digit: int | None = None  # None unless the photo shows exactly one
    probability: float | None = None  # of the digit, or the least of a number's digits
    runner_up: int | None = None  # the next likely digit, of a single one
    message: str | None = None  # why no digit was read, or not all of a number
    gray: np.ndarray | None = None  # (h, w) the photo, 0 black to 1 white
    seen: np.ndarray | None = None  # (20, 20) what the network saw of a single digit
    number: str | None = None  # the digits as text, a line per row; ? where in doubt
    digits: tuple[ReadDigit, ...] = ()  # each digit of the number

    def _facts(self) -> dict[str, Any]:
        if self.number is None:
            return {"digit": "none", "because": self.message}
        if self.digit is None:
            because = {"in doubt": self.message} if self.message else {}
            return {"number": self.number.replace("\n", ", ")} | because
        sure = f"{self.probability:.1%}"
        return {"digit": self.digit, "probability": sure, "or else": self.runner_up}

    def picture(self) -> Image.Image:
        """The photo and, to its right, what the network saw of every digit."""
        assert self.gray is not None
        width = max(1, round(HEIGHT * self.gray.shape[1] / self.gray.shape[0]))
        photo = Image.fromarray(np.uint8(255 * np.clip(self.gray, 0, 1)))
        seen = tiles(rows_seen(self))
        both = Image.new("L", (width + GAP + seen.width, HEIGHT), 255)
        both.paste(photo.resize((width, HEIGHT)), (0, 0))
        both.paste(seen, (width + GAP, 0))
        return both


def rows_seen(read: Read) -> list[list[np.ndarray]]:
    """What the network saw (20, 20) of every digit, in the number's rows."""
    pictures = [digit.seen for digit in read.digits]
    if not pictures:
        return [] if read.seen is None else [[read.seen]]
    lengths = map(len, (read.number or "?" * len(pictures)).split("\n"))
    rows = iter(pictures)
    return [[next(rows) for _ in range(length)] for length in lengths]


def tiles(rows: Sequence[Sequence[np.ndarray]]) -> Image.Image:
    """Pictures (20, 20), ink 1, in rows beneath one another, HEIGHT dots high."""
    most = max(map(len, rows), default=1)
    side = HEIGHT // max(1, len(rows), most // 4)
    whole = Image.new("L", (most * side, HEIGHT), 255)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            small = Image.fromarray(np.uint8(255 * np.clip(1 - picture, 0, 1)))
            large = small.resize((side, side), Image.Resampling.NEAREST)
            whole.paste(large, (j * side, i * side))
    return whole


def read_digits(photo: Any, run: Any = None, *, device: str = "auto") -> Read:
    """Read a photo of a digit or of rows of digits, dark on light or light on dark.

    photo: a path, a Pillow image, or an array (h, w) or (h, w, 3), 0-1 or 0-255. run: a
    Run, a run folder or a file of weights; None takes the network that comes with
    jaxnn. `found.picture()` shows what the network saw. Raises FileError for a file
    that is no picture, Mistake for a network that reads other images.
    """
    chosen = devices.choose(device)
    reader = own_reader() if run is None else reader_of(run)
    opened = reading.photos.opened(photo)
    with devices.exactly(chosen, reader.params[0].dtype.name):
        return read_photo(opened, reader)


def read_photo(photo: Photo, reader: Reader) -> Read:
    """What the network reads in a photo.

    Where not all that it finds is read, a closer look may show a page of small digits.
    """
    first = read_in(photo, reader)
    if first.message is None:
        return first
    close = read_in(photo, reader, reading.ink.CLOSE)
    sure, before = (len(r.digits) - doubts(r.digits) for r in (close, first))
    is_page = sure >= max(LEAST, before + 1, PAGE * len(close.digits))
    return close if is_page else first


def read_in(photo: Photo, reader: Reader, window: float = reading.ink.WINDOW) -> Read:
    """What the network reads in a photo with ink that is found within this window."""
    try:
        rows = reading.digits(photo.gray, window)
    except reading.NoDigit as nothing:
        return Read(message=str(nothing), gray=photo.gray)
    every = read_rows(rows, photo, reader)
    kept = [row for row in every if 2 * doubts(row) <= len(row)] or every
    is_one = len(kept) == len(kept[0]) == 1
    found = one_digit(kept[0][0], photo.gray) if is_one else a_number(kept, photo.gray)
    if len(kept) == len(every):
        return found
    rest = "a row" if len(every) == len(kept) + 1 else f"{len(every) - len(kept)} rows"
    notes = [found.message] if found.message else []
    return found._replace(message="; ".join([*notes, f"{rest} in doubt left out"]))


def read_rows(
    rows: Sequence[Sequence[Found]], photo: Photo, reader: Reader
) -> list[list[ReadDigit]]:
    """What the network reads in every digit that was found."""
    read = read_each([each for row in rows for each in row], photo, reader)
    cuts = CUTS if doubts(read) <= FEW else 0  # more are no digits: that takes long
    one = iter(read)

    def pieces(each: Found) -> list[ReadDigit]:
        whole = next(one)
        parts = in_pieces(each, whole, photo, reader, cuts)
        is_narrow = len(read) == 1 and each.box.width < WIDE * each.box.height
        return [whole] if is_narrow and are_of_letter(parts) else parts

    return [[p for each in row for p in pieces(each)] for row in rows]


def are_of_letter(parts: Sequence[ReadDigit]) -> bool:
    """Whether the parts of a narrow sign can be a letter's: its strokes look like 1."""
    return len(parts) > 1 and any(
        part.digit == 1 or (part.probability or 0.0) <= CERTAIN for part in parts
    )


def read_each(found: Sequence[Found], photo: Photo, reader: Reader) -> list[ReadDigit]:
    """What the network reads in each of these, taken for one digit."""
    pictures = images.shrink(np.stack([each.picture for each in found]))  # (k, 20, 20)
    chances = digit_network.judged(reader, pictures)  # (k, 11)
    return [
        judged_digit(chance, reader.doubt, photo.own(each.box), picture)
        for chance, each, picture in zip(chances, found, pictures, strict=True)
    ]


def in_pieces(
    found: Found, read: ReadDigit, photo: Photo, reader: Reader, cuts: int
) -> list[ReadDigit]:
    """What is read as no digit, as several that touch if they are read; or as it is."""
    best, least = [read], SURE
    for division in found.divisions() if read.digit is None and cuts else ():
        pieces, chance = [], 0.0
        for two in zip(division, read_each(division, photo, reader), strict=True):
            pieces += in_pieces(*two, photo, reader, cuts - 1)
            chance = min(piece.probability or 0.0 for piece in pieces)
            if chance <= least:
                break
        else:
            best, least = pieces, chance
        if least > CERTAIN:
            break
    return best


def judged_digit(
    chance: np.ndarray, doubt: float, box: reading.Box, seen: np.ndarray
) -> ReadDigit:
    """The digit with the largest of its eleven chances, if that is no doubt."""
    first, second = np.argsort(-chance[:10], kind="stable")[:2].tolist()
    if chance[first] < max(doubt, chance[10]):
        return ReadDigit(None, None, first, box, seen)
    return ReadDigit(first, float(chance[first]), second, box, seen)


def doubts(row: Sequence[ReadDigit]) -> int:
    """How many of a row do not look like digits."""
    return sum(each.digit is None for each in row)


def one_digit(read: ReadDigit, gray: np.ndarray) -> Read:
    """What is said of the only digit of a photo."""
    shown = {"gray": gray, "seen": read.seen, "digits": (read,)}
    if read.digit is None:
        message = f"this does not look like a digit, nearest {read.runner_up}"
        return Read(None, None, read.runner_up, message, **shown)
    return Read(*read[:3], None, number=str(read.digit), **shown)


def a_number(rows: Sequence[Sequence[ReadDigit]], gray: np.ndarray) -> Read:
    """What is said of several digits."""
    every = tuple(each for row in rows for each in row)
    doubtful = [each for each in every if each.digit is None]
    message = in_words([each.runner_up for each in doubtful], len(every))
    if 2 * len(doubtful) > len(every):
        return Read(message=message, gray=gray, digits=every)
    least = min(each.probability for each in every if each.probability is not None)
    return Read(None, least, None, message, gray, None, as_text(rows), every)


def in_words(nearest: Sequence[int], total: int) -> str | None:
    """That some of a number's digits are in doubt; None if none is.

    nearest: what each of them is likeliest to be.
    """
    if not nearest:
        return None
    names = ", ".join(map(str, nearest[:MOST])) + ", ..." * (len(nearest) > MOST)
    verb = "do not look like digits" if nearest[1:] else "does not look like a digit"
    return f"{len(nearest)} of {total} {verb}, nearest {names}"


def as_text(rows: Sequence[Sequence[ReadDigit]]) -> str:
    """The number: a line per row, ? where a digit is in doubt."""
    return "\n".join(
        "".join("?" if each.digit is None else str(each.digit) for each in row)
        for row in rows
    )
