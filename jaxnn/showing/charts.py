"""Charts: arrays in, matplotlib Figure out. Nothing is shown and no file is written.

Lines differ in style and shade of gray, not in color: charts survive printing, and
color-blind people can read them. Figures are drawn without pyplot, so there is no
global state and any thread may draw.
"""

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import figure as plain
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from jaxnn.classes import DIGITS, Classes, noun

DPI = 150  # dots per inch of a PNG
LEAST = 1e-20  # the smallest difference drawn: a log axis has no 0
MEANS = 40  # a running mean takes this part of the steps


class Figure(plain.Figure):
    """A figure that a notebook shows: those of pyplot alone have a display there."""

    def _repr_png_(self) -> bytes:
        return png(self)


def confusion_matrix(counts: np.ndarray, classes: Classes = DIGITS) -> Figure:
    """How often class i (down) was read as class j (across); counts (k, k).

    Only mistakes are shaded: next to the correct counts they would look white.
    """
    figure = Figure(figsize=(5.5, 5.5), layout="constrained")
    axes = figure.subplots()
    mistakes = counts - np.diag(np.diag(counts))
    axes.imshow(mistakes, cmap="gray_r", vmin=0, vmax=2 * max(1, mistakes.max()))
    for (i, j), count in np.ndenumerate(counts):
        weight = "bold" if i == j else "normal"
        if count:
            axes.text(j, i, str(count), ha="center", va="center", weight=weight)
    names = [str(name) for name in classes]
    is_long = max(map(len, names)) > 3  # side by side they would overlap
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks(range(len(names)), names, rotation=90 * is_long)
    kind = "digit" if classes == DIGITS else "class"
    axes.set(xlabel="read as", ylabel=f"true {kind}")
    right, total = np.trace(counts), counts.sum()
    axes.set_title(f"{right} of {total} {noun(classes)} read right")
    axes.tick_params(length=0)
    return figure


def agreement(
    titles: Sequence[str], exact: Sequence[np.ndarray], others: dict[str, Sequence]
) -> Figure:
    """How far other gradients are from autodiff's, weight by weight; a panel per title.

    exact[panel]: (p,) derivatives by autodiff. others[name][panel]: (p,) the same
    derivatives by another method. Equal values lie on the lower edge. Derivatives of 0,
    such as those of pixels that are always blank, are left out.
    """
    size = (4.5 * len(titles), 3.8)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
    styles = (("0.6", "."), ("black", "+"))
    for i, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        derivative = np.abs(exact[i])
        shown = derivative > LEAST
        for (name, values), (color, marker) in zip(others.items(), styles, strict=True):
            gap = np.maximum(np.abs(values[i] - exact[i]), LEAST)
            axes.loglog(
                derivative[shown], gap[shown], marker, color=color, ms=3, label=name
            )
        axes.set(title=title, xlabel="size of the derivative")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(f"difference from autodiff ({LEAST:g} means none)")
    panels[0].legend(frameon=False)
    return figure


def curves(
    cost: np.ndarray,
    train_accuracy: np.ndarray,
    test_accuracy: np.ndarray,
    name: str = "cost",
    judge: str = "test",
    title: str = "",
) -> Figure:
    """Cost and accuracy by step; all (steps,), NaN where not measured.

    name: what the cost is called. The cost of a mini-batch has its own name, and a
    running mean, for it jumps from batch to batch. judge: what the digits of
    test_accuracy are called.
    """
    figure = Figure(figsize=(8, 3.5 + 0.4 * bool(title)), layout="constrained")
    figure.suptitle(title, fontsize=10)
    left, right = figure.subplots(1, 2)
    steps, window = np.arange(1.0, len(cost) + 1), len(cost) // MEANS
    if name == "cost" or window < 2:
        draw(left, steps, cost, color="black")
    else:
        draw(left, steps, cost, color="0.75", lw=0.5, label="each batch")
        mean = np.convolve(cost, np.full(window, 1 / window), "valid")
        middle = steps[: len(mean)] + (window - 1) / 2
        draw(left, middle, mean, color="black", label=f"mean of {window}")
    left.set(title=name, xlabel="step", ylabel="nats per example")
    scale_costs(left, cost[np.isfinite(cost)])
    draw(right, steps, 100 * train_accuracy, color="0.55", ls="--", label="train")
    draw(right, steps, 100 * test_accuracy, color="black", label=judge)
    right.set(title="accuracy", xlabel="step", ylabel="percent")
    for axes in (left, right):
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="best", frameon=False)
        whole = MaxNLocator(nbins=5, integer=True, min_n_ticks=1)
        axes.xaxis.set_major_locator(whole)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def draw(axes: Axes, x: np.ndarray, y: np.ndarray, **style: Any) -> None:
    """A line through the finite y (n,); one point alone is a dot."""
    seen = np.isfinite(y)
    if seen.any():
        axes.plot(x[seen], y[seen], marker="o" if seen.sum() == 1 else None, **style)


def scale_costs(axes: Axes, costs: np.ndarray) -> None:
    """A log axis where costs (n,) of different sizes are shown, with plain numbers."""
    if len(costs) and 0 < 3 * costs.min() < costs.max():
        is_narrow = costs.max() < 100 * costs.min()  # powers of 10 would be too few
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(
            LogLocator(subs=(1, 2, 3, 5, 7)[: 1 + 4 * is_narrow])
        )
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter("{x:g}")  # 0.5, not 5 x 10^-1


def distributions(
    names: Sequence[str], published: Sequence[float], values: Sequence[np.ndarray]
) -> Figure:
    """A published figure (a line) among ours (dots, one per start), an axis for each.

    names: of the figures. values: ours for each figure, (N,).
    """
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(4 * columns, 0.9 * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    for axes, name, line, dots in zip(grid, names, published, values, strict=False):
        heights = np.linspace(0.1, 0.9, len(dots))  # no dot hides another
        axes.plot(dots, heights, "o", ms=4, color="0.55", mew=0)
        axes.axvline(line, color="black", lw=1.5)
        axes.set_title(f"{name}: {line:.6g}", fontsize=8, loc="left")
        axes.set(ylim=(0, 1), yticks=[])
        axes.tick_params(labelsize=7)
        axes.xaxis.get_offset_text().set_fontsize(7)
        is_count = all(float(value).is_integer() for value in (line, *dots))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=is_count))
        axes.spines[["top", "right", "left"]].set_visible(False)
    figure.supxlabel(
        "line: the published figure; dots: ours, one per random start", fontsize=9
    )
    return figure


def penalties(
    titles: Sequence[str],
    lams: Sequence[float],
    accuracies: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]],
) -> Figure:
    """Accuracy by penalty, a panel per width: medians, with bars for the range.

    accuracies[panel][i]: at lams[i], the fraction that each start reads right, (s,), of
    the digits trained on and of those held out; empty if all starts diverged.
    """
    size = (4.5 * len(titles), 3.5)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
    order = np.argsort(lams)
    styles = (("trained on", "0.55", "--"), ("held out", "black", "-"))
    for axes, title, pairs in zip(panels, titles, accuracies, strict=True):
        for kind, (name, color, line) in enumerate(styles):
            known = [i for i in order if len(pairs[i][kind])]
            values = [100 * pairs[i][kind] for i in known]
            places = [list(order).index(i) for i in known]
            middle = np.array([np.median(v) for v in values])
            low = middle - [v.min() for v in values]
            high = [v.max() for v in values] - middle
            axes.errorbar(
                places,
                middle,
                (low, high),
                color=color,
                ls=line,
                marker="o",
                ms=4,
                capsize=3,
                label=name,
            )
        axes.set_xticks(range(len(lams)), [f"{lams[i]:g}" for i in order])
        axes.set(title=title, xlabel="lambda")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("read right, percent")
    panels[0].legend(frameon=False)
    return figure


def png(figure: plain.Figure) -> bytes:
    """The figure as the bytes of a PNG file.

    By its canvas: `savefig` would draw it twice.
    """
    stream = io.BytesIO()
    figure.set_dpi(DPI)
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()
