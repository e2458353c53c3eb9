"""What scale the pixels of pictures have, and how they come to ink 1 and paper 0.

A network trained on pixels of a wrong scale still learns, but worse, and it misreads
photos. So the pictures of digits in a file have one of the SCALES, or are standardized;
others are refused. What was found and done is logged (`logging`, level INFO, as
"jaxnn.scales"), and the commands print it.
"""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jaxnn.files import FileError
from jaxnn.mistake import printable

LOG = logging.getLogger(__name__)
LARGEST_SCORE = 1e6  # the largest standardized pixel of a real image
BYTES = 30  # of other pictures, a larger pixel means 0-255: z-scores end at 28
BLACKEST = 0.5, 1.5  # the most ink of a set, as a part of white; a resize overshoots
BELOW = -0.25  # the least ink: the course's pixels end at -0.13
MOST = 1000  # pictures to look at for mean and deviation
MEAN, DEVIATIONS = 0.25, (0.5, 2.0)  # of standardized pixels: most, and from to
KNOWN = "0 to 1, 0 to 255, -1 to 1, or standardized to mean 0 and deviation 1"


class Scale(NamedTuple):
    """The levels of paper and of full ink, and what is said of the pictures."""

    paper: float
    ink: float
    text: str

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Pixels as float64, paper 0 and ink 1."""
        x = x.astype(np.float64)
        return (x - self.paper if self.paper else x) / (self.ink - self.paper)


PLAIN = Scale(0, 1, "as they are")
EIGHT_BITS = Scale(0, 255, "divided by 255")
AROUND_0 = Scale(-1, 1, "as (pixel + 1) / 2")
STANDARD = Scale(0, 1, "standardized, as they are")
SCALES = PLAIN, EIGHT_BITS, AROUND_0, STANDARD


def fits(scale: Scale, x: np.ndarray, ends: tuple[float, float]) -> bool:
    """Whether pictures with pixels between these ends can have this scale."""
    low, high = ends
    if scale is STANDARD:
        return low < 0 and is_standard(x, ends)
    if scale is AROUND_0:
        return low == -1 and 0 < high <= 1
    least, most = BLACKEST
    return BELOW * scale.ink <= low and least * scale.ink <= high <= most * scale.ink


def is_standard(x: np.ndarray, ends: tuple[float, float]) -> bool:
    """Whether pixels have mean 0 and deviation 1, about: by image, by pixel or all."""
    if max(-ends[0], ends[1]) > LARGEST_SCORE:
        return False
    which = np.linspace(0, len(x) - 1, min(len(x), MOST)).astype(int)
    some = x[which].astype(np.float64)
    least, most = DEVIATIONS
    return bool(abs(some.mean()) <= MEAN and least <= some.std() <= most)


def ends_of(x: np.ndarray) -> tuple[float, float]:
    """The least and the largest pixel."""
    return float(x.min()), float(x.max())


def found(parts: Sequence[np.ndarray], is_digits: bool, where: str) -> Scale:
    """The one scale of the pictures (m, h, w) of every part, and log it.

    Digits have one of the SCALES. Other pictures may have any units up to 30, or bytes.
    where: what a message calls the pixels. Raises FileError.
    """
    if not parts:
        return PLAIN
    every = [(x, ends_of(x)) for x in parts]
    low = min(least for _, (least, _) in every)
    high = max(most for _, (_, most) in every)
    if is_digits:
        known = [s for s in SCALES if all(fits(s, *part) for part in every)]
    else:
        most = 255 if low >= 0 else LARGEST_SCORE
        is_known = -LARGEST_SCORE <= low and high <= most
        known = [EIGHT_BITS if low >= 0 and high > BYTES else PLAIN][: int(is_known)]
    if not known:
        texts = [f"from {least:.3g} to {most:.3g}" for _, (least, most) in every]
        held = ", and in another part ".join(dict.fromkeys(texts))
        raise FileError(f"{where}: pixels {held}, no known scale; rescale to {KNOWN}")
    scale = known[0]._replace(text=f"from {low:.3g} to {high:.3g}, {known[0].text}")
    LOG.info("%s: pixels %s", printable(where), scale.text)
    return scale


def doubt(x: np.ndarray) -> str:
    """What is wrong with the scale of digits (m, n) that a person gave; or nothing."""
    ends = ends_of(x)
    if any(fits(scale, x, ends) for scale in (PLAIN, STANDARD)):
        return ""
    low, high = ends
    return (
        f"pixels from {low:.3g} to {high:.3g} are no known scale; rescale them to 0-1"
    )


class Lines(logging.Handler):
    """Adds what each record says of the pixels to a list."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Add what was found and done."""
        self.lines.append(record.getMessage().partition(": pixels ")[2])


@contextlib.contextmanager
def noted() -> Iterator[list[str]]:
    """What `found` logs within the block, without the name of the file."""
    lines: list[str] = []
    handler, level = Lines(lines), LOG.level
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(level)
