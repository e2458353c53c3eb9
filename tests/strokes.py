"""Digits as drawn with a mouse: lines through points, in a unit square."""

import numpy as np


def arc(x, y, across, down, start, end, points=9):
    """Points on an ellipse; degrees, 0 to the right, 90 down."""
    angles = np.radians(np.linspace(start, end, points))
    return [(x + across * np.cos(a), y + down * np.sin(a)) for a in angles]


# Each digit is one or more strokes, of points (x, y), y downwards.
DIGITS = {
    0: [arc(0.5, 0.5, 0.32, 0.48, -90, 270, 14)],
    1: [[(0.5, 0.0), (0.48, 0.5), (0.46, 1.0)]],
    2: [[*arc(0.5, 0.26, 0.34, 0.25, -170, 40), (0.14, 1.0), (0.9, 0.98)]],
    3: [arc(0.45, 0.25, 0.35, 0.25, -150, 80) + arc(0.45, 0.73, 0.38, 0.27, -80, 150)],
    4: [[(0.2, 0.0), (0.16, 0.5), (0.84, 0.46)], [(0.8, 0.05), (0.72, 1.0)]],
    5: [
        [(0.85, 0.02), (0.28, 0.0), (0.25, 0.42)]
        + arc(0.45, 0.7, 0.38, 0.3, -110, 150, 9)
    ],
    6: [[(0.7, 0.0), (0.3, 0.35)] + arc(0.48, 0.72, 0.3, 0.28, -150, 210, 12)],
    7: [[(0.1, 0.03), (0.88, 0.0), (0.6, 0.45), (0.42, 1.0)]],
    8: [arc(0.5, 0.25, 0.28, 0.25, 90, 450, 10) + arc(0.5, 0.75, 0.33, 0.25, -90, 270)],
    9: [arc(0.5, 0.28, 0.3, 0.28, 20, 380, 11) + [(0.78, 0.5), (0.7, 1.0)]],
}


def drawn(digit, seed, side):
    """A digit as someone draws it on a square of `side` pixels: a list of strokes.

    Each is (p, 2) whole pixels (x, y); sizes, slants and places differ by the seed.
    """
    random = np.random.default_rng(seed)
    height = side * random.uniform(0.45, 0.7)
    width = height * random.uniform(0.55, 0.8)
    angle, slant = np.radians(random.uniform(-8, 8)), random.uniform(-0.15, 0.15)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    change = turn @ np.array([[width, slant * height], [0, height]])
    points = [change @ (np.array(stroke).T - 0.5) for stroke in DIGITS[digit]]
    middle = side / 2 + random.uniform(-0.08, 0.08, (2, 1)) * side
    return [np.round(p + middle).astype(int).T for p in points]
