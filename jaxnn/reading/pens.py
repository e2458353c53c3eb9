"""Strokes become ink: smooth curves through points, drawn with a round pen.

Shapes: m pictures of 28x28, s segments in each (the same number; spare ones, of no
length, stand last). A segment is x1, y1, x2, y2, y downward, first in percent of a
form's height, then in pixels.
"""

import functools

import numpy as np

from jaxnn.images import MNIST_SIDE, SIDE

PIECES = 4  # segments of the curve from one point to the next
STRAIGHT = 2  # of a straight line
CHUNK = 4  # pictures at a time: their distances fit in a CPU core's cache


def written(
    strokes: tuple[np.ndarray, ...], count: int, random: np.random.Generator
) -> np.ndarray:
    """A form as `count` hands write it: segments (count, s, 4) in percent."""
    return np.concatenate([segments(one, count, random) for one in strokes], axis=1)


def segments(stroke: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """A stroke (c, 5), see forms.py, as (count, s, 4)."""
    spread = random.uniform(-1, 1, (count, len(stroke), 2)) * stroke[:, 2:4]
    points = stroke[:, :2] + spread  # (count, c, 2)
    line = curve(tuple(stroke[:, 4] > 0)) @ points  # (count, s + 1, 2)
    return np.concatenate([line[:, :-1], line[:, 1:]], axis=2)


@functools.cache
def curve(corners: tuple[bool, ...]) -> np.ndarray:
    """(s + 1, c): points on a curve as weighted means of the c points it runs through.

    Catmull and Rom's spline, whose slope at a point is that between its neighbors; at a
    corner each side has the slope of its own chord.
    """
    points = np.eye(len(corners))
    rows = [points[:1]]
    for i in range(len(corners) - 1):
        chord = points[i + 1] - points[i]
        before = chord if corners[i] else (points[i + 1] - points[i - 1]) / 2
        after = chord if corners[i + 1] else (points[i + 2] - points[i]) / 2
        pieces = STRAIGHT if corners[i] and corners[i + 1] else PIECES
        t = np.linspace(0, 1, pieces + 1)[1:, None]
        rows.append(
            (1 + 2 * t) * (1 - t) ** 2 * points[i]
            + t * (1 - t) ** 2 * before
            + t**2 * (3 - 2 * t) * points[i + 1]
            + t**2 * (t - 1) * after
        )
    return np.concatenate(rows)


def fitted(lines: np.ndarray, pen: np.ndarray) -> np.ndarray:
    """Segments (m, s, 4) of any size, moved to where `mnist_form` puts their ink.

    pen: (m,) width in pixels. The ink's longer side gets 20 pixels, the other a whole
    number, and its center of mass the middle of the picture, to a whole pixel.
    """
    ends = lines.reshape(len(lines), 2 * lines.shape[1], 2)  # (m, 2 s, 2)
    low, high = ends.min(axis=1), ends.max(axis=1)  # (m, 2)
    size, pen = np.maximum(high - low, 1e-3), pen[:, None]
    room = (SIDE - pen) / size.max(axis=1, keepdims=True)  # pixels per unit
    sides = np.maximum(np.round(size * room + pen), np.ceil(pen))
    scale = np.minimum((sides - pen) / size, 2 * room)  # (m, 2)
    at = (ends - low[:, None]) * scale[:, None] + pen[:, None] / 2
    first, last = at[:, ::2], at[:, 1::2]
    weight = np.linalg.norm(last - first, axis=2, keepdims=True) + 1e-6  # (m, s, 1)
    center = (weight * (first + last) / 2).sum(axis=1) / weight.sum(axis=1)
    corner = corner_of(center, sides)
    return (at + corner[:, None]).reshape(lines.shape)


def corner_of(center: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Where MNIST's pictures have the corner of ink of these sides, (m, 2).

    Its center of mass, (m, 2) from the corner, goes to the middle, to a whole pixel.
    """
    corner = np.ceil(MNIST_SIDE / 2 - center)
    return np.clip(corner, 0, MNIST_SIDE - sides)


def inked(lines: np.ndarray, pen: np.ndarray) -> np.ndarray:
    """Pictures (m, 28, 28) float32, ink 1, of segments (m, s, 4) in pixels.

    pen: (m,) width in pixels. Ink ends where the distance to the nearest segment is
    half of it, softly, within a pixel.
    """
    lines, pen = lines.astype(np.float32), pen.astype(np.float32)
    is_used = (lines[..., :2] != lines[..., 2:]).any(axis=2)
    ends = lines.shape[1] - is_used[:, ::-1].argmax(axis=1)  # (m,) of those with length
    order = np.argsort(ends, kind="stable")  # pictures with few segments together
    far = np.empty((len(lines), MNIST_SIDE**2), np.float32)
    for start in range(0, len(lines), CHUNK):
        some = order[start : start + CHUNK]
        far[some] = distance(lines[some, : ends[some].max()])
    ink = np.clip(pen[:, None] / 2 + np.float32(0.5) - far, 0, 1)
    return ink.reshape(-1, MNIST_SIDE, MNIST_SIDE)


def distance(lines: np.ndarray) -> np.ndarray:
    """From each pixel's center to the nearest of the segments: (m, s, 4) -> (m, 784).

    With u = (p - a) . d the place of p along a segment from a in direction d, and w
    that place, held to the segment's length: |p - a|^2 - 2 w u + w^2.
    """
    a = lines[..., :2]
    along = lines[..., 2:] - a
    length = np.maximum(np.linalg.norm(along, axis=2, keepdims=True), np.float32(1e-3))
    d = along / length  # (m, s, 2)
    pixels = grid()  # (3, 784): x, y, 1
    u = np.concatenate([d, -(a * d).sum(2, keepdims=True)], axis=2) @ pixels
    square = np.concatenate([-2 * a, (a * a).sum(2, keepdims=True)], axis=2) @ pixels
    w = np.maximum(u, 0)
    np.minimum(w, length, out=w)
    u *= -2
    u += w
    u *= w
    u += square  # (m, s, 784), without the pixel's own square
    nearest = u.min(axis=1) + (pixels[:2] ** 2).sum(axis=0)
    return np.sqrt(np.maximum(nearest, 0))


@functools.cache
def grid() -> np.ndarray:
    """The centers of a picture's pixels, row after row: x, y and 1; (3, 784)."""
    y, x = np.mgrid[:MNIST_SIDE, :MNIST_SIDE].reshape(2, -1) + 0.5
    return np.stack([x, y, np.ones_like(x)]).astype(np.float32)
