"""Pictures of digits bent, turned, sheared and scaled as other hands would have them.

A new picture is read off the old one: each of its pixels asks where it came from. The
ink is first followed the other way, which says where it goes, so that the new picture
has `mnist_form`'s place and size.

Shapes: m pictures of 28x28, ink 1. Places are x, y in pixels from the middle.
"""

from typing import NamedTuple

import numpy as np

from jaxnn.images import MNIST_SIDE, SIDE
from jaxnn.reading.pens import corner_of, grid

MIDDLE = np.float32(MNIST_SIDE / 2)
INK = 0.3  # of full ink: counts for a picture's size
WAVES = 2  # of different lengths and directions, added
BEND = 1.1  # pixels: the largest height of a wave
CHUNK = 64  # pictures at a time: their places fit in a CPU's cache
SHARPER = 1.25  # the contrast that reading between pixels takes away


class Hand(NamedTuple):
    """How m pictures are changed."""

    turn: np.ndarray  # (m, 2, 2) turned, sheared, widened
    waves: tuple[np.ndarray, np.ndarray, np.ndarray]  # (m, k, 2), (m, k), (m, k, 2)


def hands(m: int, random: np.random.Generator, spread: float = 0.15) -> Hand:
    """Any hands: slant, turn, aspect and waves; not a picture's size or place.

    spread: the standard deviation of slant and aspect.
    """
    wide = np.exp(random.normal(0, spread, m))
    slant = random.normal(0, spread, m)
    angle = random.normal(0, np.radians(6), m)
    turn = turned(angle, slant, wide)
    length = random.uniform(14, 32, (m, WAVES))
    way = random.uniform(0, 2 * np.pi, (m, WAVES))
    pace = np.stack([np.cos(way), np.sin(way)], axis=2) * 2 * np.pi / length[..., None]
    phase = random.uniform(0, 2 * np.pi, (m, WAVES))
    height = random.uniform(-BEND, BEND, (m, WAVES, 2)) / WAVES**0.5
    waves = pace, phase, height
    return Hand(turn.astype("f4"), tuple(wave.astype("f4") for wave in waves))  # pyright: ignore


def turned(angle: np.ndarray, slant: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """Matrices (m, 2, 2): widen, shear to the right, turn clockwise; angle: radians."""
    c, s, zero, one = np.cos(angle), np.sin(angle), 0 * angle, 1 + 0 * angle
    turn = np.array([[c, -s], [s, c]]).transpose(2, 0, 1)
    shear = np.array([[wide, -slant], [zero, one]]).transpose(2, 0, 1)
    return turn @ shear


def bent(places: np.ndarray, hand: Hand) -> np.ndarray:
    """How far the waves move places (m, 2, p); of that shape."""
    pace, phase, height = hand.waves
    swing = np.sin(pace @ places + phase[..., None])  # (m, k, p)
    return height.swapaxes(1, 2) @ swing


def warped(pictures: np.ndarray, hand: Hand) -> np.ndarray:
    """The pictures (m, 28, 28) float32 as those hands write them; of that shape."""
    made = np.empty_like(pictures)
    for start in range(0, len(pictures), CHUNK):
        some = slice(start, start + CHUNK)
        few = Hand(hand.turn[some], tuple(wave[some] for wave in hand.waves))  # pyright: ignore
        made[some] = warped_few(pictures[some], few)
    return made


def warped_few(pictures: np.ndarray, hand: Hand) -> np.ndarray:
    """`warped` for one chunk of pictures (m, 28, 28)."""
    m = len(pictures)
    pixels = grid()[:2] - MIDDLE  # (2, 784)
    scale, shift = form_of(pictures.reshape(m, MNIST_SIDE**2), pixels, hand)
    places = np.linalg.inv(hand.turn) @ ((pixels - shift[..., None]) / scale[..., None])
    places += bent(places, hand)
    ink = looked_up(pictures, places + MIDDLE)
    ink /= np.maximum(ink.max(axis=1, keepdims=True), np.float32(0.1))
    ink = (ink - np.float32(0.5)) * np.float32(SHARPER) + np.float32(0.5)
    return np.clip(ink, 0, 1).reshape(pictures.shape)


def form_of(
    ink: np.ndarray, pixels: np.ndarray, hand: Hand
) -> tuple[np.ndarray, np.ndarray]:
    """The scale and shift, (m, 2) each, that give moved ink (m, 784) MNIST's form."""
    start = np.broadcast_to(pixels, (len(ink), *pixels.shape))
    straight = start - bent(start, hand)
    straight = start - bent(straight, hand)  # the waves' inverse, nearly
    there = hand.turn @ straight  # (m, 2, 784)
    is_ink = (ink > INK)[:, None]
    low = np.where(is_ink, there, np.inf).min(axis=2) - np.float32(0.5)
    high = np.where(is_ink, there, -np.inf).max(axis=2) + np.float32(0.5)
    size = high - low  # (m, 2)
    sides = np.maximum(1, np.round(size * SIDE / size.max(axis=1, keepdims=True)))
    scale = sides / size
    center = (there * ink[:, None]).sum(axis=2) / ink.sum(axis=1)[:, None]
    corner = corner_of((center - low) * scale, sides)
    return scale, corner - MIDDLE - low * scale


def looked_up(pictures: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Ink of pictures (m, 28, 28) at places (m, 2, p) in pixels from a corner; (m, p).

    Between the centers of pixels it is interpolated, bilinearly; outside there is none.
    """
    m, side = len(pictures), MNIST_SIDE + 3
    field = np.pad(pictures, ((0, 0), (1, 2), (1, 2))).reshape(-1)
    at = np.clip(places + np.float32(0.5), 0, np.float32(MNIST_SIDE + 1))
    whole = at.astype(np.int32)
    (x, y), (i, j) = (at - whole).swapaxes(0, 1), whole.swapaxes(0, 1)
    first = j * side + i + np.arange(m, dtype=np.int32)[:, None] * side**2
    corners = [field.take(first + step) for step in (0, 1, side, side + 1)]
    top = corners[0] + (corners[1] - corners[0]) * x
    bottom = corners[2] + (corners[3] - corners[2]) * x
    return top + (bottom - top) * y


def penned(pictures: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The pictures with a wider pen where change (m,) is above 0, a finer one below.

    1 adds a pixel on every side, -1 takes one away.
    """
    wide, fine = pictures.copy(), pictures.copy()
    for axis, step in ((1, 1), (1, -1), (2, 1), (2, -1)):
        beside = np.roll(pictures, step, axis)
        np.maximum(wide, beside, out=wide)
        np.minimum(fine, beside, out=fine)
    change = change.astype(np.float32)[:, None, None]
    other = np.where(change > 0, wide, fine)
    return pictures + np.abs(change) * (other - pictures)
