"""Strokes that may be several digits which touch: where to cut them.

A cut runs from top to bottom through as little ink as it can.

Shapes: (h, w) is the size of any picture, true where there is ink.
"""

from collections.abc import Iterator

import numpy as np

WIDE = 0.8, 1.3, 3.5  # widths in a height: of two digits, of three, of too many
PLACES = (0.5, 0.4, 0.6), (0.5, 0.33, 0.67, 0.42, 0.58, 0.25, 0.75)  # of the width
AWAY = 0.05  # of the width: how far from there a cut may be
JOINT = 0.4  # of the height: the most ink along a cut
BLANK, ASIDE = 0.02, 0.01  # of what a pixel of ink costs: one without; one far aside


def divisions(strokes: np.ndarray) -> Iterator[np.ndarray]:
    """Ways to cut strokes (h, w) in two: what is on the left of the cut, (h, w)."""
    h, w = strokes.shape
    few, more, most = (wide * h for wide in WIDE)
    across = np.arange(w)
    for place in PLACES[w >= more] if few <= w <= most else ():
        first, last = (int(w * (place + side)) for side in (-AWAY, AWAY))
        path = first + cut(strokes[:, first : last + 1])
        if strokes[np.arange(h), path].sum() <= JOINT * h:
            yield across < path[:, None]


def cut(strokes: np.ndarray) -> np.ndarray:
    """The columns (h,) of the path from top to bottom with the least ink (h, w)."""
    h, w = strokes.shape
    aside = np.linspace(-1, 1, w) ** 2  # rather in the middle, not through a 0
    cost = np.where(strokes, 1.0, BLANK) + ASIDE * aside
    total, ways = cost[0], np.zeros((h, w), int)
    for row in range(1, h):
        beside = np.pad(total, 1, constant_values=np.inf)
        three = np.stack([beside[:-2] + BLANK, total, beside[2:] + BLANK])
        ways[row] = three.argmin(axis=0) - 1
        total = three.min(axis=0) + cost[row]
    path = np.full(h, total.argmin())
    for row in range(h - 1, 0, -1):
        path[row - 1] = path[row] + ways[row, path[row]]
    return path
