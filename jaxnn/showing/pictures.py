"""Pictures of digits and weights: arrays in, matplotlib Figure out.

Pictures are upright: the course's column-major rows are turned back into images first,
of the given shape (h, w). All are gray, and drawn without pyplot, as in charts.py.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from jaxnn.classes import DIGITS
from jaxnn.images import SIDE, roll
from jaxnn.showing.charts import DPI, Figure

WIDTH, LINE = 900, 36  # dots: of a picture, about, and of a line of its title
HEIGHT = 2 * WIDTH  # dots: of a picture, at most, unless a pixel is a dot already
DIGIT = SIDE, SIDE  # the shape of the course's images
GAP = 2  # pixels between two pictures of a grid
SHADES = "white: ink turns the unit on; black: ink turns it off"


def digit_grid(
    x: np.ndarray, columns: int | None = None, shape: tuple[int, int] = DIGIT
) -> Figure:
    """Images as the network sees them, ink dark, in rows of `columns`.

    x: (m, n) column-major. columns: None means 10, or more if images are high.
    """
    ink = 1 - mosaic(x, columns or max(10, across(len(x), shape)), 0.0, shape)
    return sharp([ink], [f"{len(x)} of the training examples"], 0.0)


def hidden_units(
    theta: ArrayLike, title: str = "", shape: tuple[int, int] = DIGIT
) -> Figure:
    """What each unit of the first layer looks for: its weights as a picture.

    theta: (units, 1 + n), bias first. Each unit is scaled by its own largest weight.
    """
    return sharp([units(theta, shape)], [title], -1.0, SHADES)


def hidden_units_by_penalty(
    thetas: Sequence[ArrayLike],
    lams: Sequence[float],
    shape: tuple[int, int] = DIGIT,
) -> Figure:
    """`hidden_units`, side by side, of networks that differ only in lambda.

    thetas: the first layer of each network, (units, 1 + n). A larger lambda makes
    smoother pictures: a weight stays large only if it lowers the cost enough.
    """
    titles = [f"lambda {lam:g}" for lam in lams]
    return sharp([units(theta, shape) for theta in thetas], titles, -1.0, SHADES)


def units(theta: ArrayLike, shape: tuple[int, int] = DIGIT) -> np.ndarray:
    """A first layer (units, 1 + n) as one image, each scaled by its own largest."""
    weights = np.asarray(theta)[:, 1:]  # (units, n)
    largest = np.abs(weights).max(axis=1, keepdims=True)
    scaled = weights / np.where(largest == 0, 1, largest)
    columns = min(len(scaled), max(5, across(len(scaled), shape)))
    return mosaic(scaled, columns, -1.0, shape)


def across(m: int, shape: tuple[int, int]) -> int:
    """How many columns make m pictures (h, w) about a square."""
    h, w = shape
    return math.ceil(math.sqrt(m * (h + GAP) / (w + GAP)))


def mistakes(
    x: np.ndarray,
    y: np.ndarray,
    outputs: np.ndarray,
    classes: Sequence[int | str] = DIGITS,
    shape: tuple[int, int] = DIGIT,
) -> Figure:
    """Misread images, each with what it is and what the network read.

    x: (m, n) column-major. y: (m,) true places in classes. outputs: (m, k) the
    network's.
    """
    columns, rows = 6, max(1, math.ceil(len(y) / 6))
    figure = Figure(figsize=(7.5, 1.5 * rows + 0.4), layout="constrained")
    if not len(y):
        figure.text(0.5, 0.5, "none was misread", ha="center", va="center")
        return figure
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    found = zip(grid, roll(x, shape), y, outputs, strict=False)
    for axes, picture, i, output in found:
        paper = picture[0, 0]  # a corner
        axes.imshow(picture, cmap="gray_r", vmin=paper, interpolation="nearest")
        read = f"{classes[i]} read as {classes[output.argmax()]}"
        axes.set_title(f"{read}\n{output.max():.1%}", size=9)
    figure.suptitle("misread, largest cost first; percent: output for what was read")
    return figure


def mosaic(
    x: np.ndarray,
    columns: int,
    background: float,
    shape: tuple[int, int] = DIGIT,
) -> np.ndarray:
    """Pictures x (m, n) side by side in one image, GAP pixels apart."""
    rows, (h, w) = math.ceil(len(x) / columns), shape
    size = rows * (h + GAP) + GAP, columns * (w + GAP) + GAP
    image = np.full(size, background)
    for i, picture in enumerate(roll(x, shape)):
        top, left = GAP + i // columns * (h + GAP), GAP + i % columns * (w + GAP)
        image[top : top + h, left : left + w] = picture
    return image


def sharp(
    pictures: Sequence[np.ndarray], titles: Sequence[str], black: float, foot: str = ""
) -> Figure:
    """Images (h, w), side by side, whose pixels are squares of one size: no smoothing.

    black: the level that is black; 1 is white. foot: a line below them.
    """
    h, w = pictures[0].shape
    scale = max(1, min(WIDTH // w // min(2, len(pictures)), HEIGHT // h))
    high, wide = scale * h, scale * w  # dots
    top, bottom = LINE * (1 + titles[0].count("\n")) * any(titles), LINE * bool(foot)
    size = (len(pictures) * (wide + LINE) - LINE, high + top + bottom)
    width, height = ((dots + 0.01) / DPI for dots in size)  # dots are rounded down
    figure = Figure(figsize=(width, height))
    for i, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
        left, low = i * (wide + LINE) / size[0], bottom / size[1]
        axes = figure.add_axes((left, low, wide / size[0], high / size[1]))
        how = {"cmap": "gray", "vmin": black, "vmax": 1, "aspect": "auto"}
        axes.imshow(picture, interpolation="nearest", **how)
        axes.set_title(title, size=10)
        axes.set_axis_off()
    figure.text(0.5, 0.25 * LINE / size[1], foot, ha="center", size=10)
    return figure
