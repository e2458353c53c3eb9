"""Which pixels of a picture are ink, and how much.

Paper is never evenly lit, so each pixel is compared with the paper around it. Darker
pixels are ink; lighter ones if most of the picture is dark.

Shapes: (h, w) is the size of any picture. Gray levels are 0 black to 1 white; ink is 0
none to 1 full.
"""

import numpy as np
from scipy import ndimage

from jaxnn.mistake import Mistake

# of the longer side: wider than a stroke, narrower than a shadow
WINDOW = 0.3
CLOSE = 0.06  # for small digits on a page, whose ink is fainter than its shadows
SOFT = 1 / 640  # of the longer side: the width of the smoothing that removes grain
FULL = 0.9  # of the ink's median contrast: from here on ink counts as full
LEAST_CONTRAST = 0.06  # between ink and paper
NO_INK = "no digit found; take the photo closer, on plain paper"


class NoDigit(Mistake):
    """A picture holds no digit; the message says what to do."""


def find_ink(gray: np.ndarray, window: float) -> tuple[np.ndarray, np.ndarray]:
    """Gray levels (h, w) to ink (h, w) and the places of its strokes, (h, w) bool.

    window: of the longer side; within it each pixel is compared with the paper.
    """
    smooth = ndimage.gaussian_filter(gray, SOFT * max(gray.shape))
    if is_light_on_dark(smooth):
        smooth = 1 - smooth
    side = int(window * max(gray.shape)) | 1
    paper = ndimage.grey_closing(smooth, (side, side))  # paper in place of strokes
    contrast = paper - smooth  # (h, w)
    strokes = contrast > threshold(contrast)
    if strokes.all() or not strokes.any():
        raise NoDigit(NO_INK)
    full, rest = np.median(contrast[strokes]), contrast[~strokes]
    blank = np.median(rest)
    grain = 1.4826 * np.median(np.abs(rest - blank))  # standard deviation, if normal
    floor = blank + 2 * grain
    if full < max(LEAST_CONTRAST, floor + 4 * grain):
        raise NoDigit(NO_INK)
    return np.clip((contrast - floor) / (FULL * full - floor), 0, 1), strokes


def is_light_on_dark(gray: np.ndarray) -> bool:
    """Whether the ink is lighter than the paper, which is most of the picture.

    The light on the paper is modeled as a quadratic surface.
    """
    step = max(1, max(gray.shape) // 64)
    small = ndimage.uniform_filter(gray, step)[::step, ::step]
    h, w = small.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    terms = np.stack([x**0, x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    level = small.ravel()
    apart, is_paper = level, np.ones(level.size, bool)
    for _ in range(8):
        light, *_ = np.linalg.lstsq(terms[is_paper], level[is_paper])
        apart = level - terms @ light
        usual = np.median(np.abs(apart[is_paper]))
        is_paper = np.abs(apart) <= 3 * usual + 1e-6
    return float((apart**3).sum()) > 0


def threshold(values: np.ndarray) -> float:
    """Otsu's threshold: it splits the values into the two most different classes.

    Source: N. Otsu, A threshold selection method from gray-level histograms, IEEE
    Transactions on Systems, Man, and Cybernetics 9 (1979), p. 62.
    """
    counts, edges = np.histogram(values, 256)
    share = counts / counts.sum()
    levels = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(share), np.cumsum(share * levels)
    apart = (sums[-1] * below - sums) ** 2 / np.maximum(below * (1 - below), 1e-12)
    best = apart[:-1] >= apart[:-1].max() * (1 - 1e-9)  # an empty stretch ties
    return float(levels[:-1][best].mean())
