"""Pictures of digits and weights: arrays in, matplotlib Figure out.

Pictures are upright: the course's column-major rows are turned back into images first,
of the given shape (h, w). All are gray, and drawn without pyplot, as in charts.py.
"""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from jaxnn.classes import DIGITS
from jaxnn.images import SIDE, roll

DIGIT = SIDE, SIDE  # the shape of the course's images
GAP = 2  # pixels between two pictures of a grid
SHADES = "white: ink turns the unit on; black: ink turns it off"


def digit_grid(
    x: np.ndarray, columns: int = 10, shape: tuple[int, int] = DIGIT
) -> Figure:
    """Digits as the network sees them, ink dark, in rows of `columns`.

    x: (m, n) column-major.
    """
    figure, axes = canvas(grid_size(len(x), columns))
    axes.imshow(mosaic(x, columns, 0.0, shape), cmap="gray_r", vmin=0, vmax=1)
    axes.set_title(f"{len(x)} of the training digits")
    return figure


def hidden_units(
    theta: ArrayLike, columns: int = 5, shape: tuple[int, int] = DIGIT
) -> Figure:
    """What each unit of the first layer looks for: its weights as a picture.

    theta: (units, 1 + n), bias first. Each unit is scaled by its own largest weight.
    """
    figure, axes = canvas(grid_size(len(np.asarray(theta)), columns))
    show_units(axes, theta, columns, shape)
    axes.set_title(SHADES)
    return figure


def hidden_units_by_penalty(
    thetas: Sequence[ArrayLike],
    lams: Sequence[float],
    shape: tuple[int, int] = DIGIT,
) -> Figure:
    """`hidden_units`, side by side, of networks that differ only in lambda.

    thetas: the first layer of each network, (units, 1 + n). A larger lambda makes
    smoother pictures: a weight stays large only if it lowers the cost enough.
    """
    h = len(np.asarray(thetas[0]))
    columns = math.ceil(math.sqrt(h))
    rows = math.ceil(h / columns)
    size = 2.6 * len(lams), 2.6 * rows / columns + 0.7
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(lams), squeeze=False)[0]
    for axes, theta, lam in zip(panels, thetas, lams, strict=True):
        show_units(axes, theta, columns, shape)
        axes.set_title(f"lambda {lam:g}")
    # one panel is too narrow for one line
    label = SHADES if len(lams) > 1 else SHADES.replace("; ", "\n")
    figure.supxlabel(label, fontsize=9)
    return figure


def show_units(
    axes: Axes, theta: ArrayLike, columns: int, shape: tuple[int, int]
) -> None:
    """Draw a first layer (units, 1 + n), each unit scaled by its own largest weight."""
    weights = np.asarray(theta)[:, 1:]  # (units, n)
    largest = np.abs(weights).max(axis=1, keepdims=True)
    scaled = weights / np.where(largest == 0, 1, largest)
    axes.imshow(mosaic(scaled, columns, -1.0, shape), cmap="gray", vmin=-1, vmax=1)
    axes.set_axis_off()


def mistakes(
    x: np.ndarray,
    y: np.ndarray,
    outputs: np.ndarray,
    classes: Sequence[int | str] = DIGITS,
    shape: tuple[int, int] = DIGIT,
) -> Figure:
    """Misread digits, each with what it is and what the network read.

    x: (m, n) column-major. y: (m,) true places in classes. outputs: (m, k) the
    network's.
    """
    columns, rows = 6, max(1, math.ceil(len(y) / 6))
    figure = Figure(figsize=(7.5, 1.5 * rows + 0.4), layout="constrained")
    if not len(y):
        figure.text(0.5, 0.5, "no digit was misread", ha="center", va="center")
        return figure
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    found = zip(grid, roll(x, shape), y, outputs, strict=False)
    for axes, picture, i, output in found:
        axes.imshow(picture, cmap="gray_r", vmin=picture[0, 0])  # a corner is paper
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


def grid_size(m: int, columns: int) -> tuple[float, float]:
    """Width and height, in inches, of a grid of m pictures."""
    rows = math.ceil(m / columns)
    width = 5.0 if columns <= 10 else 7.0
    return width, width * rows / columns + 0.5


def canvas(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """An empty figure of this size in inches, with hidden axes for an image."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    return figure, axes
