"""Photos of digits, made from MNIST's pictures: paper, light, pen, grain, JPEG."""

import io

import numpy as np
from PIL import Image, ImageFilter


def photo(digit, seed, sizes=(400, 1500)):
    """digit (28, 28), ink near 1 -> the bytes of a square JPEG, sizes pixels a side.

    Enlarged, turned by up to 10 degrees, anywhere in the picture; dark on light or the
    other way, in color, lit unevenly, with grain, out of focus, at JPEG quality 60.
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
    channels = [  # one by one: an array of all three takes three times as long
        np.float32(p) * light + np.float32(q - p) * ink + grain
        for p, q in zip(paper, pen, strict=True)
    ]
    image = Image.merge("RGB", [as_image(channel) for channel in channels])
    return jpeg(image.filter(ImageFilter.GaussianBlur(random.uniform(0, size / 300))))


def enlarged(digit, side):
    """(28, 28) to (side, side)."""
    small = Image.fromarray(digit.astype(np.float32))
    return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))


def turned(ink, random):
    """By up to 10 degrees, corners included."""
    image = Image.fromarray(ink)
    how = {"resample": Image.Resampling.BICUBIC, "expand": True}
    return np.asarray(image.rotate(random.uniform(-10, 10), **how)).clip(0, 1)


def placed(ink, size, random):
    """Somewhere in (size, size)."""
    field = np.zeros((size, size), "f4")
    top, left = (int(random.integers(0, size - n + 1)) for n in ink.shape)
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return field


def as_image(levels):
    """Levels 0-1, (h, w) or (h, w, 3)."""
    return Image.fromarray(np.uint8(255 * np.clip(levels, 0, 1)))


def jpeg(image, quality=60):
    """Its bytes."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
