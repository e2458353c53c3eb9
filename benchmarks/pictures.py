"""Pictures of the rows in results/: rows in, matplotlib Figure out, grey as jaxnn's."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator

from values import (
    Row,
    devices,
    is_limit,
    per_example,
    per_weight,
    short,
    value,
)

WIDTH = 8.0  # inches: 800 pixels of a README
SMALL = 9  # points of type
STYLES = [  # of lines: shade, dashes, mark
    (shade, dashes, marks[i])
    for i, dashes in enumerate(("-", "--", ":", "-.", (0, (3, 1, 1, 1, 1, 1))))
    for shade, marks in (("black", "o^vXd"), ("0.55", "sDP*1"), ("0.75", "<>ph2"))
]


def bars(rows: Sequence[Row]) -> Figure:
    """Milliseconds of each contender, a panel per device; limits as upright lines."""
    kinds = devices(rows)
    panels = [[r for r in rows if str(r.get("device")) == kind] for kind in kinds]
    counts = [1.2 + sum(not is_limit(r) for r in panel) for panel in panels]
    size = (WIDTH, 0.3 * sum(counts) + 0.65 * len(panels))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=counts)
    for axes, panel in zip(grid[:, 0], panels, strict=True):
        bar_panel(axes, panel)
        device = f", {panel[0].get('device')}" if len(panels) > 1 else ""
        axes.set_xlabel(f"ms per cost and gradient{device}", fontsize=SMALL)
    return figure


def bar_panel(axes: Axes, rows: Sequence[Row]) -> None:
    """The bars of one device, jaxnn's black."""
    racing = [r for r in rows if not is_limit(r) and math.isfinite(value(r, "median"))]
    ms = [1e3 * value(row, "median") for row in racing]
    shades = ["black" if row["name"].startswith("jaxnn") else "0.65" for row in racing]
    made = axes.barh([row["name"] for row in racing], ms, 0.7, color=shades)
    axes.bar_label(made, [short(number) for number in ms], padding=3, fontsize=SMALL)
    for row, dashes in zip(filter(is_limit, rows), ("--", ":", "-."), strict=False):
        how = {"ls": dashes, "color": "0.35", "lw": 1.5}
        at = 1e3 * value(row, "median")
        axes.axvline(at, label=f"{row['name'].split(',')[0]}, {short(at)} ms", **how)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    tidy(axes)
    if any(map(is_limit, rows)):
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2}
        axes.legend(frameon=False, fontsize=SMALL, borderaxespad=0.2, **place)


def descents(rows: Sequence[Row]) -> Figure:
    """Cost against seconds, a line per contender, the target as a level one."""
    figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    axes = figure.subplots()
    for i, row in enumerate(faster(rows)):
        line(axes, as_timed(row), i, row["name"], [-1])
    if math.isfinite(target := value(rows[0], "target")):
        axes.axhline(target, color="0.35", lw=0.8, label=f"cost {target:g}")
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("seconds, without compiling", fontsize=SMALL)
    axes.set_ylabel("cost, nats per example", fontsize=SMALL)
    axes.xaxis.set_major_formatter("{x:g}")
    plain(axes)
    tidy(axes)
    figure.legend(loc="outside right upper", frameon=False, fontsize=SMALL)
    return figure


def as_timed(row: Row) -> list[tuple[float, float]]:
    """(seconds, cost) of a curve, as long as the timed run from the same start."""
    timed = next(seconds for seconds in row["seconds"] if seconds is not None)
    scale = timed / row["curve"][-1][0]
    return [(scale * s, cost) for s, cost in row["curve"] if s > 0]  # a log axis


def faster(rows: Sequence[Row]) -> list[Row]:
    """Rows with a curve by their time; with and without threads is one contender."""
    best: dict[str, Row] = {}
    drawn = [r for r in rows if r.get("curve") and r["curve"][-1][0] > 0]  # a log axis
    for row in sorted(drawn, key=lambda row: value(row, "median")):
        best.setdefault(row["name"].removesuffix(", 1 BLAS thread"), row)
    return list(best.values())


def throughput(rows: Sequence[Row]) -> Figure:
    """Network-steps per second against networks at once; level lines for the others."""
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    axes = figure.subplots()
    known = [row for row in rows if math.isfinite(value(row, "median"))]
    wide = [row for row in known if math.isfinite(value(row, "networks"))]
    points = [(row["networks"], 1 / value(row, "median")) for row in wide]
    line(axes, points, 0, "at once")
    level = [row for row in known if row not in wide]
    for row, (shade, dashes, _) in zip(level, STYLES[1:], strict=False):
        rate = 1 / value(row, "median")
        axes.axhline(rate, color=shade, ls=dashes, label=row["name"])
    axes.set_xscale("log", base=2)
    ticks(axes, {x for x, _ in points}, 14)
    upright(axes)
    axes.set_xlabel("networks", fontsize=SMALL)
    axes.set_ylabel("network-steps per second", fontsize=SMALL)
    tidy(axes)
    figure.legend(loc="outside upper left", ncols=4, frameon=False, fontsize=SMALL)
    return figure


def growth(rows: Sequence[Row]) -> Figure:
    """Time per example against m (25 hidden units), per weight too against hidden.

    A size measured twice: with the other m at the left, the other hidden at the right.
    """
    figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    growing = [row for row in rows if {"form", "m", "hidden"} <= row.keys()]
    forms = [form_of(row, growing) for row in growing]
    for i, form in enumerate(dict.fromkeys(forms)):
        mine = [r for r, name in zip(growing, forms, strict=True) if name == form]
        wide = {r["m"]: per_example(r) for r in mine[::-1] if r["hidden"] == 25}
        line(left, [(m, 1e6 * seconds) for m, seconds in wide.items()], i, form)
        deep = {r["hidden"]: per_weight(r) for r in mine if r["m"] == 5000}
        points = [(hidden, 1e9 * seconds) for hidden, seconds in deep.items()]
        line(right, points, i, None if wide else form)
    left.set_title("25 hidden units", fontsize=SMALL)
    left.set_xlabel("examples", fontsize=SMALL)
    left.set_ylabel("µs per example", fontsize=SMALL)
    right.set_title("5000 examples", fontsize=SMALL)
    right.set_xlabel("hidden units", fontsize=SMALL)
    right.set_ylabel("ns per example and weight", fontsize=SMALL)
    for axes in (left, right):
        axes.set_xscale("log")
        ticks(axes, {x for drawn in axes.lines for x in np.ravel(drawn.get_xdata())}, 6)
        upright(axes)
        tidy(axes)
    if growing:
        how = {"ncols": 3, "frameon": False, "fontsize": SMALL}
        figure.legend(loc="outside lower center", **how)
    return figure


def form_of(row: Row, rows: Sequence[Row]) -> str:
    """The row's form, with its device where there are several."""
    return row["form"] + (f", {row['device']}" if len(devices(rows)) > 1 else "")


def line(
    axes: Axes, points: Sequence, i: int, label: str | None, marks: Any = None
) -> None:
    """Points (x, y) in the i-th style, sorted by x; marks: at which of them."""
    color, dashes, mark = STYLES[i % len(STYLES)]
    x, y = zip(*sorted(map(tuple, points)), strict=True) if points else ((), ())
    how = {"markevery": marks, "ms": 5, "lw": 1.4, "label": label}
    axes.plot(x, y, color=color, ls=dashes, marker=mark, **how)


def ticks(axes: Axes, places: Iterable[float], most: int) -> None:
    """The numbers measured at under a log axis, but none too near the one before."""
    kept: list[float] = []
    for place in (ordered := sorted(places)):
        apart = (ordered[-1] / ordered[0]) ** (1 / most)
        kept += [place] if not kept or place >= 0.99 * apart * kept[-1] else []
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:,.0f}")


def upright(axes: Axes) -> None:
    """An axis of y from zero; a log axis where that would hide the small ones."""
    heights = np.concatenate([[], *(np.ravel(line.get_ydata()) for line in axes.lines)])
    if heights.size and heights.max() > 20 * heights.min():
        axes.set_yscale("log")
        plain(axes)
    else:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter("{x:,g}")


def plain(axes: Axes) -> None:
    """A log axis of y with 0.5 on it, not 5 x 10^-1."""
    low, high = axes.get_ylim()
    subs = (1, 2, 5) if high < 1e3 * low else (1,)
    axes.yaxis.set_major_locator(LogLocator(subs=subs))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter("{x:,g}")


def tidy(axes: Axes) -> None:
    """No frame above and at the right; small numbers."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL)
