"""Which strokes belong together as one digit, and which belong to none.

A stroke is ink that hangs together. Specks, frames around digits, and what comes in
from the picture's border belong to no digit.

Shapes: (h, w) is the size of any picture, true where there is ink.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from jaxnn.reading import mnist_form

SPECK, SECOND = 0.03, 0.15  # of the largest stroke's area: a speck; a part of a digit
INSIDE = 0.04  # of a frame's sides: the least space around what it frames
FRAMED = 0.3  # of a frame's height or width: the least of what it frames
OVER = 0.5  # of the narrower stroke's width: parts of a digit one above the other
ASIDE, BELOW = 0.1, 0.45  # of the taller stroke's height: the widest gaps in a digit
SMALL = 0.5  # of the taller stroke's height: what stands beside it is no digit
THIN = 0.3  # of the largest stroke's width: thinner ones are from another pen
CUT = 0.2, 0.7  # a digit at the border: its part there, its height among the others
BROKEN = 0.7  # of a digit's height: a broken digit's parts are all lower
MOST, SOME = 500, 200  # strokes: more are no page of digits; so many show that
MANY, STACKED = 4, 1.6  # among so many strokes, a digit is at most so much higher


class Box(NamedTuple):
    """A rectangle of pixels; the last ones are bottom - 1 and right - 1."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """How many rows it has."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """How many columns it has."""
        return self.right - self.left


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around boxes."""
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    return Box(min(tops), min(lefts), max(bottoms), max(rights))


class Digit(NamedTuple):
    """The strokes of what may be a digit: their labels, and the box around them."""

    labels: tuple[int, ...]
    box: Box


def digits(strokes: np.ndarray) -> tuple[np.ndarray, list[Digit]]:
    """Labels (h, w) of the strokes, 0 elsewhere, and what may be digits."""
    marked: Any = ndimage.label(strokes, np.ones((3, 3)))
    labels, _ = marked
    slices = ndimage.find_objects(labels)
    boxes = [Box(y.start, x.start, y.stop, x.stop) for y, x in slices]
    areas = np.bincount(labels.ravel(), minlength=1)[1:]
    mine = kept(strokes, boxes, areas) if boxes else []
    groups = grouped(boxes, mine)
    if is_broken([around(boxes[i] for i in group) for group in groups]):
        groups = whole_again(np.isin(labels, np.add(mine, 1)), mine, groups)
    return labels, [
        Digit(tuple(i + 1 for i in group), around(boxes[i] for i in group))
        for group in groups
    ]


def is_broken(boxes: Sequence[Box]) -> bool:
    """Whether parts that are all low stand on a field as high as it is wide."""
    if len(boxes) < 2:
        return False
    field = around(boxes)
    tallest = max(box.height for box in boxes)
    return tallest <= BROKEN * field.height and field.width <= field.height


def whole_again(
    strokes: np.ndarray, mine: list[int], groups: list[list[int]]
) -> list[list[int]]:
    """All parts (h, w) in one group, if they are as near as a pen is wide."""
    reach = max(1, round(mnist_form.stroke_width(strokes) / 2))
    thick = ndimage.binary_dilation(strokes, iterations=reach)
    _, count = ndimage.label(thick, np.ones((3, 3)))  # pyright: ignore
    return [mine] if count == 1 else groups


def kept(strokes: np.ndarray, boxes: Sequence[Box], areas: np.ndarray) -> list[int]:
    """The strokes (h, w) that can be parts of digits."""
    found = largest(areas)
    others = [boxes[i] for i in found]
    found = [i for i in found if not frames(boxes[i], others)]
    inside = [i for i in found if not touches_border(boxes[i], strokes.shape)]
    least = SECOND * max(areas[inside], default=0)
    parts = sum(areas[i] for i in inside if areas[i] > least)
    if parts > SECOND * areas[found].max():
        high = max(boxes[i].height for i in inside)
        found = inside + [
            i for i in found if i not in inside and ends_there(boxes[i], strokes, high)
        ]
    main = max(found, key=lambda i: areas[i])
    pen = areas[main] / (boxes[main].height + boxes[main].width)
    return [
        i
        for i in found
        if areas[i] >= SPECK * areas[main]
        and areas[i] >= THIN * pen * max(boxes[i].height, boxes[i].width)
    ]


def largest(areas: np.ndarray) -> list[int]:
    """Which of these areas (n,) are no specks; only the largest of too many.

    What follows compares each with all others.
    """
    found = np.flatnonzero(areas >= SPECK * SECOND * areas.max())
    if len(found) > MOST:
        order = np.argsort(-areas[found], kind="stable")
        found = np.sort(found[order[:SOME]])
    return found.tolist()


def ends_there(box: Box, strokes: np.ndarray, high: int) -> bool:
    """Whether a stroke only just reaches the border, and is as high as the others."""
    part = strokes[box.top : box.bottom, box.left : box.right]
    sides = (
        (box.left == 0, part[:, 0]),
        (box.right == strokes.shape[1], part[:, -1]),
        (box.top == 0, part[0]),
        (box.bottom == strokes.shape[0], part[-1]),
    )
    there = max(side.sum() for is_there, side in sides if is_there)
    return there <= CUT[0] * box.height and CUT[1] * high <= box.height <= high / CUT[1]


def touches_border(box: Box, shape: tuple[int, ...]) -> bool:
    """Whether a stroke reaches the picture's border."""
    return min(box[:2]) == 0 or box.bottom == shape[0] or box.right == shape[1]


def frames(box: Box, others: Iterable[Box]) -> bool:
    """Whether a stroke runs around another one that can be a digit."""
    down, across = INSIDE * box.height, INSIDE * box.width
    return any(
        other.top - box.top >= down
        and box.bottom - other.bottom >= down
        and other.left - box.left >= across
        and box.right - other.right >= across
        and (other.height >= FRAMED * box.height or other.width >= FRAMED * box.width)
        for other in others
    )


def grouped(boxes: Sequence[Box], found: Sequence[int]) -> list[list[int]]:
    """Strokes in groups: parts of one digit share a group."""
    highest = highest_of([boxes[i].height for i in found])
    groups: list[list[int]] = []
    for i in sorted(found, key=lambda i: -boxes[i].height):
        near = [g for g in groups if any(are_one(boxes[i], boxes[j]) for j in g)]
        whole = [i, *sum(near, [])]
        if around(boxes[j] for j in whole).height > highest:
            near, whole = [], [i]
        groups = [g for g in groups if g not in near] + [whole]
    return groups


def highest_of(heights: Sequence[int]) -> float:
    """How high a digit can be among strokes of these heights."""
    high = [n for n in heights if n >= SMALL * max(heights)]
    return STACKED * float(np.median(high)) if len(high) >= MANY else np.inf


def are_one(a: Box, b: Box) -> bool:
    """Whether two strokes can be one digit: one over the other, or a small part."""
    tallest = max(a.height, b.height)
    across = max(a.left - b.right, b.left - a.right)
    down = max(a.top - b.bottom, b.top - a.bottom)
    if -across >= OVER * min(a.width, b.width):
        return down <= BELOW * tallest
    is_part = min(a.height, b.height) < SMALL * tallest
    return is_part and across <= ASIDE * tallest and down <= BELOW * tallest
