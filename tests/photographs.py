"""Photos of digits, simulated from MNIST's pictures: paper, light, pen, grain, JPEG."""

import io

import numpy as np
from PIL import Image, ImageFilter


def photo(digit, seed, sizes=(400, 1500)):
    """digit (28, 28), ink near 1 -> the bytes of a square JPEG, sizes pixels a side.

    The digit is enlarged, turned by up to 10 degrees and put anywhere. It is dark on
    light or light on dark, in color, in uneven light, with grain, out of focus.
    """
    random = np.random.default_rng(seed)
    size = int(random.integers(sizes[0], sizes[1] + 1))
    ink = placed(
        turned(enlarged(digit, int(size * random.uniform(0.3, 0.8))), random),
        size,
        random,
    )
    is_dark = random.random() < 0.5
    paper = random.uniform(0.6, 0.95, 3) if is_dark else random.uniform(0.05, 0.3, 3)
    pen = random.uniform(0, 0.25, 3) if is_dark else random.uniform(0.75, 1, 3)
    angle, steepness = random.uniform(0, 2 * np.pi), random.uniform(0, 0.5)
    across = steepness * np.linspace(-0.5, 0.5, size, dtype="f4")
    light = 1 + np.add.outer(np.sin(angle) * across, np.cos(angle) * across)
    grain = random.uniform(0, 0.04) * random.standard_normal((size, size), "f4")
    ink = ink * light
    channels = [  # one at a time: one array of all three is three times as slow
        np.float32(p) * light + np.float32(q - p) * ink + grain
        for p, q in zip(paper, pen, strict=True)
    ]
    image = Image.merge("RGB", [as_image(channel) for channel in channels])
    return jpeg(image.filter(ImageFilter.GaussianBlur(random.uniform(0, size / 300))))


def enlarged(digit, side):
    """The digit (28, 28), resized to (side, side)."""
    small = Image.fromarray(digit.astype(np.float32))
    return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))


def turned(ink, random):
    """The ink, turned by up to 10 degrees; its corners are kept."""
    image = Image.fromarray(ink)
    how = {"resample": Image.Resampling.BICUBIC, "expand": True}
    return np.asarray(image.rotate(random.uniform(-10, 10), **how)).clip(0, 1)


def placed(ink, size, random):
    """The ink at a random place in an empty field (size, size)."""
    field = np.zeros((size, size), "f4")
    top, left = (int(random.integers(0, size - n + 1)) for n in ink.shape)
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return field


def as_image(levels):
    """Levels 0-1, (h, w) or (h, w, 3), as an image."""
    return Image.fromarray(np.uint8(255 * np.clip(levels, 0, 1)))


def jpeg(image, quality=60):
    """The image as the bytes of a JPEG file."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def row_of(digits, height, gap=0.3):
    """Digits (k, 28, 28) beside one another, each on a square of `height` pixels.

    gap: between the squares, as a part of the height. (height, width), ink near 1.
    """
    space = np.zeros((height, int(gap * height)))
    parts = [part for digit in digits for part in (enlarged(digit, height), space)]
    return np.hstack(parts[:-1]).clip(0, 1)


def page_of(rows, height, gap=0.6):
    """Rows of digits beneath one another, with margins: (h, w), ink near 1."""
    inks = [row_of(digits, height) for digits in rows]
    width = max(ink.shape[1] for ink in inks)
    margin, space = height, int(gap * height)
    inks = [np.pad(ink, ((0, space), (0, width - ink.shape[1]))) for ink in inks]
    return np.pad(np.vstack(inks), ((margin, margin - space), (margin, margin)))


def boxed(ink, top, left, bottom, right, width=4):
    """The ink (h, w) with a printed box; sides beyond the picture are cut off."""
    y, x = np.indices(ink.shape)
    within = (abs(y - (top + bottom) / 2) <= (bottom - top) / 2) & (
        abs(x - (left + right) / 2) <= (right - left) / 2
    )
    deep = np.minimum.reduce([y - top, bottom - y, x - left, right - x])
    return np.maximum(ink, within & (deep < width))


def taken(ink, seed=0, paper=0.85, pen=0.15):
    """Gray levels (h, w) of ink on paper, with a little grain."""
    grain = np.random.default_rng(seed).normal(0, 0.01, ink.shape)
    return paper + ink * (pen - paper) + grain


def apart(a, b):
    """The mean difference of two pictures, at the best shift by at most a pixel."""
    shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return min(np.abs(np.roll(a, shift, (0, 1)) - b).mean() for shift in shifts)
