"""New pictures of digits, as many as wanted, and of things that are none.

Half of the digits are MNIST's, bent by other hands (warps.py); half are drawn from
scratch, in forms that MNIST hardly has (forms.py, pens.py). Everything comes in the
form that `mnist_form` gives to a photo's ink. What is no digit: printed letters,
written ones, signs, scribbles, and two digits in one picture.

>>> pictures, labels = made.drawn(10_000, seed=1)  # uint8 (m, 28, 28), ink 255; (m,)

For the same originals and share of none, a digit depends on the seed and its place
alone: more of them start with the same ones. Shapes: m pictures of 28x28, ink 1 if
float32.
"""

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import correlate1d, gaussian_filter

from jaxnn import formats, images
from jaxnn.mistake import Mistake
from jaxnn.reading import forms, pens, warps
from jaxnn.reading.glyphs import printed

BLOCK = 1000  # pictures that are made together
WRITTEN = 0.5  # of the digits: drawn from scratch
NONE = 10  # the label of what is no digit
SLIPS, SHARES = 3, (0.08, 0.05, 0.04)  # what is no part of a form, and how often
SPURS = 3  # a spur starts at one of a form's first segments, so many
FINE, RUNS = 0.5, 0.08  # how often a pen is fine; how often its ink runs into loops
GAPS, BLUR = 0.1, 0.3  # how often strokes have a gap; how often they are soft
SOFT = np.array([0.1, 0.23, 0.34, 0.23, 0.1], np.float32)  # a picture out of focus
FINE_PEN = 0.092  # of the longer side: what mnist_form makes of thin pens
MARGIN = (images.MNIST_SIDE - images.SIDE) // 2
INNER = slice(MARGIN, MARGIN + images.SIDE)  # the rows or columns of a digit
MIDDLE = np.array([[35], [50]])  # of forms, x and y in percent
Made = tuple[np.ndarray, np.ndarray]  # pictures (m, 28, 28), labels (m,)


def drawn(
    count: int, seed: int = 0, originals: Made | None = None, none: float = 0.0
) -> Made:
    """New digits: pictures (count, 28, 28) uint8, ink 255, and labels (count,) uint8.

    originals: MNIST's pictures (n, 28, 28) uint8 and their digits (n,), of which new
    ones are made; None takes the 5000 embedded ones. none: the share of pictures that
    are no digit, labeled 10.
    """
    parts = list(blocks(count, seed, originals, none))
    empty = np.zeros((0, images.MNIST_SIDE, images.MNIST_SIDE), np.uint8)
    parts.append((empty, np.zeros(0, np.uint8)))
    pictures, labels = zip(*parts, strict=True)
    return np.concatenate(pictures), np.concatenate(labels)


def blocks(
    count: int, seed: int = 0, originals: Made | None = None, none: float = 0.0
) -> Iterator[Made]:
    """What `drawn` returns, at most 1000 pictures at a time.

    Raises Mistake if the originals lack a digit.
    """
    originals = formats.embedded() if originals is None else originals
    lacking = np.setdiff1d(np.arange(10), originals[1])
    if lacking.size:
        raise Mistake(f"originals hold no {lacking[0]}: give every digit")
    for first in range(0, count, BLOCK):
        pictures, labels = numbered(first // BLOCK, seed, originals, none)
        yield pictures[: count - first], labels[: count - first]


def numbered(number: int, seed: int, originals: Made, none: float = 0.0) -> Made:
    """The 1000 pictures of one number, which no other block decides."""
    random = np.random.default_rng([seed, number])
    ink, labels = block(random, originals, none)
    return (255 * ink + 0.5).astype(np.uint8), labels.astype(np.uint8)


def block(random: np.random.Generator, originals: Made, none: float) -> Made:
    """1000 pictures, float32, in any order, and their labels."""
    digits = random.permutation(np.arange(BLOCK) % 10)
    kind = random.random(BLOCK)
    is_none, is_written = kind < none, kind > 1 - WRITTEN * (1 - none)
    labels = np.where(is_none, NONE, digits)
    ink = np.zeros((BLOCK, images.MNIST_SIDE, images.MNIST_SIDE), np.float32)
    is_bent = ~is_none & ~is_written
    ink[is_bent] = bent(originals, labels[is_bent], random)
    ink[is_written] = written(forms.DIGITS, labels[is_written], random)
    if none > 0:  # drawing the letters takes a moment
        ink[is_none] = others(originals, is_none.sum(), random)
    return worn(ink, random), labels


def bent(
    originals: Made, labels: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """MNIST's pictures of these digits (m,), written by other hands."""
    pictures, digits = originals
    order = np.argsort(digits, kind="stable")
    ends = np.searchsorted(digits[order], [labels, labels + 1])  # (2, m)
    chosen = pictures[order[random.integers(*ends)]]
    return by_other_hands(chosen.astype(np.float32) / 255, random)


def by_other_hands(ink: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Pictures (m, 28, 28) with other pens, slants, widths and bends."""
    changes = np.clip(random.normal(-0.05, 0.25, len(ink)), -0.5, 0.6)
    return warps.warped(warps.penned(ink, changes), warps.hands(len(ink), random))


def written(table: str, labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Forms of a table, drawn with any pen; labels (m,): digits, or NONE for any."""
    every = forms.forms_of(table)
    weights = np.array([form.weight for form in every])
    fits = np.array([form.sign == str(d) for d in range(10) for form in every])
    fits = np.vstack([fits.reshape(10, -1), np.ones(len(every), bool)])  # (11, forms)
    shares = np.cumsum(fits * weights, axis=1)
    drawn = random.random(len(labels)) * shares[labels, -1]
    which = (shares[labels] <= drawn[:, None]).sum(axis=1)
    parts = []
    for i in np.unique(which):
        at = np.flatnonzero(which == i)
        parts.append((at, pens.written(every[i].strokes, len(at), random)))
    most = max([SPURS, *(part.shape[1] for _, part in parts)])
    whole = np.zeros((len(labels), SLIPS + most, 4))
    for at, part in parts:
        whole[at] = np.tile(part[:, :1, :2], (1, 1, 2))  # spare ones, of no length
        whole[at, SLIPS : SLIPS + part.shape[1]] = part
    return by_any_pen(slipped(whole, random), random)


def slipped(lines: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Segments (m, s, 4), the first SLIPS of them as what is no part of a form.

    A spur of the pen, the remains of a paper's line, a line below.
    """
    m = len(lines)
    way, length = random.uniform(0, 2 * np.pi, m), random.uniform(6, 22, m)
    start = lines[np.arange(m), random.integers(SLIPS, SLIPS + SPURS, m), :2]
    spur = start, start + np.stack([length * np.cos(way), length * np.sin(way)], 1)
    is_level = random.random((m, 1)) < 0.5
    middle = random.uniform((-15, -5), (85, 110), (m, 2))
    half = random.uniform(5, 22, (m, 1)) * np.where(is_level, [1, 0.04], [0.04, 1])
    rest = middle - half, middle + half
    left = random.uniform((-35, 100), (30, 115), (m, 2))
    below = left, left + random.uniform((30, -6), (110, 6), (m, 2))
    for i, (ends, share) in enumerate(zip((spur, rest, below), SHARES, strict=True)):
        has = random.random(m) < share
        lines[has, i] = np.concatenate(ends, axis=1)[has]
    return lines


def by_any_pen(lines: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Segments (m, s, 4) in percent as pictures, by any hand and pen."""
    m = len(lines)
    hand = warps.hands(m, random, 0.2)
    ends = lines.reshape(m, 2 * lines.shape[1], 2).swapaxes(1, 2)  # (m, 2, 2 s)
    ends = (ends - MIDDLE) / (100 / images.SIDE)  # in pixels from the middle
    ends = hand.turn @ (ends + warps.bent(ends, hand))
    wide = random.uniform(0.085, 0.18, m)
    fine = random.normal(FINE_PEN, 0.006, m)
    kind = random.random(m)
    pen = np.where(kind < FINE, fine, wide) * images.SIDE
    # by a pixel, which narrow loops do not survive
    runs = (kind > 1 - RUNS).astype(float)
    lines = pens.fitted(ends.swapaxes(1, 2).reshape(lines.shape), pen)
    return warps.penned(pens.inked(lines, pen + 2 * runs), -runs)


def worn(ink: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Pictures (m, 28, 28) with what pens and cameras do: gaps, soft or hard edges."""
    m = len(ink)
    by_chance = ink * random.random(ink.shape, np.float32)
    at = by_chance.reshape(m, images.MNIST_SIDE**2).argmax(axis=1)
    places = pens.grid()[:2]  # (2, 784)
    far = np.linalg.norm(places[None] - places.T[at][..., None], axis=1)  # (m, 784)
    radius = np.where(random.random(m) < GAPS, random.uniform(0.8, 2, m), -2)
    kept = np.clip(far - radius[:, None], 0, 1).reshape(ink.shape).astype(np.float32)
    edge = np.exp(random.normal(0, 0.3, (m, 1, 1))).astype(np.float32)
    return blurred(ink * kept, random.random(m) * (random.random(m) < BLUR)) ** edge


def blurred(ink: np.ndarray, how: np.ndarray) -> np.ndarray:
    """Pictures (m, 28, 28) out of focus; how: (m,) 0 not at all to 1, by a pixel."""
    soft = correlate1d(correlate1d(ink, SOFT, 1), SOFT, 2)
    mixed = ink + how.astype(np.float32)[:, None, None] * (soft - ink)
    return np.clip(mixed / np.maximum(mixed.max(axis=(1, 2), keepdims=True), 0.5), 0, 1)


def others(originals: Made, count: int, random: np.random.Generator) -> np.ndarray:
    """Pictures (count, 28, 28) of what is no digit, or of two digits."""
    shares = [0.38, 0.36, 0.07, 0.07, 0.12]
    letters, signs, scribbles, blots, pairs = random.multinomial(count, shares)
    glyphs = printed()
    which = random.integers(0, len(glyphs), letters)
    any_form = np.full(signs, NONE)
    parts = [
        by_other_hands(glyphs[which], random),
        written(forms.OTHERS, any_form, random),
        by_any_pen(scribbled(scribbles, random), random),
        blotted(blots, random),
        paired(originals, pairs, random),
    ]
    return random.permutation(np.concatenate(parts))


def scribbled(count: int, random: np.random.Generator) -> np.ndarray:
    """Curves through eight random points: segments (count, s, 4) in percent."""
    anywhere = np.array([[35, 50, 45, 55, i in (0, 7)] for i in range(8)])
    return pens.segments(anywhere, count, random)


def blotted(count: int, random: np.random.Generator) -> np.ndarray:
    """Blots, stains and grain (count, 28, 28): what in a photo is not written."""
    side = images.SIDE
    rough = random.random((count, side, side), np.float32)
    soft = random.uniform(0.3, 3, count)
    noise = [gaussian_filter(r, s) for r, s in zip(rough, soft, strict=True)]
    field = np.zeros((count, images.MNIST_SIDE, images.MNIST_SIDE), np.float32)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    for i, one in enumerate(noise):
        wide, power = random.uniform(0.25, 1), random.uniform(1, 8)
        inside = np.abs(x / wide) ** power + np.abs(y) ** power < 1
        level = (one - np.quantile(one, random.uniform(0, 0.6))) / (one.std() + 1e-6)
        field[i, INNER, INNER] = np.clip(random.uniform(0.5, 4) * level, 0, 1) * inside
    return field


def paired(originals: Made, count: int, random: np.random.Generator) -> np.ndarray:
    """Two digits side by side or over each other, (count, 28, 28)."""
    first, second = random.integers(0, 10, (2, count))
    both = [bent(originals, first, random), written(forms.DIGITS, second, random)]
    two = np.where(random.random((count, 1, 1)) < 0.5, both, both[::-1])
    shrink = images.mean_matrix(images.MNIST_SIDE, images.SIDE).astype(np.float32)
    left, right = shrink @ two @ shrink.T  # (m, 20, 20)
    field = np.zeros((count, images.MNIST_SIDE, images.MNIST_SIDE), np.float32)
    field[:, INNER, : images.SIDE] = left
    step = random.integers(6, 9, len(field))
    for s in np.unique(step):
        at = step == s
        place = at, INNER, slice(s, s + images.SIDE)
        field[place] = np.maximum(field[place], right[at])
    return field
