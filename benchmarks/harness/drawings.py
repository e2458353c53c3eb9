"""Pictures of rows: rows in, matplotlib Figure out, gray like jaxnn's own."""

from itertools import product
from typing import Any

import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from .rounds import Row, is_limit
from .tables import Rows, middle, per_example, per_weight, short, times

DASHES = ("-", "--", ":", "-.", (0, (3, 1, 1, 1, 1, 1)))
DASH, SHADE = zip(*product(DASHES, ("black", "0.55", "0.75")), strict=True)
STYLE: Any = {
    "axes.prop_cycle": cycler(ls=DASH, color=SHADE, marker=list("os<^D>vPpX*hd12")),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "legend.frameon": False,
}
WIDTH = 8.0  # inches: 800 pixels of a README
PER_WEIGHT = "ns per example and weight"


def bars(rows: Rows) -> Figure:
    """Milliseconds of each contender, jaxnn's black; limits as vertical lines."""
    ms = {row["name"]: 1e3 * middle(row) for row in rows}
    names = [name for name in ms if not is_limit(name)]
    figure = Figure(figsize=(WIDTH, 0.3 * len(names) + 1))
    axes = figure.subplots()
    shades = ["black" if name.startswith("jaxnn") else "0.65" for name in names]
    made = axes.barh(names, [ms[name] for name in names], 0.7, color=shades)
    axes.bar_label(made, [short(ms[name]) for name in names], padding=3)
    for name, dashes in zip(filter(is_limit, ms), ("--", ":", "-.", "-"), strict=False):
        label = f"{name}, {short(ms[name])} ms"
        axes.axvline(ms[name], color="0.35", ls=dashes, label=label)
    axes.set(xlabel="ms per cost and gradient", xlim=(0, 1.1 * max(ms.values())))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    if len(names) < len(ms):
        figure.legend(loc="outside upper center", ncols=2)
    return figure


def descents(rows: Rows) -> Figure:
    """Cost against seconds, a line per contender, the target as a horizontal line."""
    figure, target = Figure(figsize=(WIDTH, 4.2)), rows[0]["target"]
    axes = figure.subplots()
    for row in faster(rows):
        axes.plot(*as_timed(row), markevery=[-1], label=row["name"])
    axes.axhline(target, color="0.35", lw=0.8, label=f"cost {target:g}")
    axes.set(xscale="log", yscale="log", xlabel="seconds, without compiling")
    axes.set_ylabel("cost, nats per example")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    figure.legend(loc="outside right upper")
    return figure


def as_timed(row: Row) -> tuple[np.ndarray, np.ndarray]:
    """Seconds and costs of a curve, as long as the timed run from the same start."""
    timed, (seconds, costs) = times(row), np.transpose(row["curve"])
    scale = timed[np.isfinite(timed)][0] / seconds[-1]
    return scale * seconds[seconds > 0], costs[seconds > 0]  # a log axis


def faster(rows: Rows) -> list[Row]:
    """Rows with a curve, fastest first; with all BLAS threads or one, not with both."""
    best: dict[str, Row] = {}
    for row in sorted((row for row in rows if row.get("curve")), key=middle):
        best.setdefault(row["name"].removesuffix(", 1 BLAS thread"), row)
    return list(best.values())


def throughput(rows: Rows) -> Figure:
    """Steps of all networks per second against networks; other contenders are level."""
    figure = Figure(figsize=(WIDTH, 3.8))
    axes, wide = figure.subplots(), [row for row in rows if row.get("networks")]
    level = [row for row in rows if not row.get("networks")]
    for row, dashes in zip(level, ("--", "-.", ":"), strict=False):
        axes.axhline(1 / middle(row), color="0.55", ls=dashes, label=row["name"])
    against(axes, {row["networks"]: 1 / middle(row) for row in wide}, "at once")
    axes.set(xlabel="networks", ylabel="networks times steps per s")
    figure.legend(loc="outside upper left", ncols=4)
    return figure


def growth(rows: Rows) -> Figure:
    """Time per example against examples; per weight, too, against hidden units."""
    figure = Figure(figsize=(WIDTH, 4.2))
    left, right = figure.subplots(1, 2)
    for form in dict.fromkeys((row["form"], row["device"]) for row in rows):
        mine = [row for row in rows if (row["form"], row["device"]) == form]
        wide = {r["m"]: 1e6 * per_example(r) for r in mine if r["hidden"] == 25}
        deep = {r["hidden"]: 1e9 * per_weight(r) for r in mine if r["m"] == 5000}
        against(left, wide, ", ".join(form))
        against(right, deep, None)
    left.set(title="25 hidden units", xlabel="examples", ylabel="µs per example")
    right.set(title="5000 examples", xlabel="hidden units", ylabel=PER_WEIGHT)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def against(axes: Axes, points: dict[int, float], label: str | None) -> None:
    """A line y(x). x has a log axis, with a tick for each point; y starts at zero.

    y has a log axis, too, where zero would hide the small numbers.
    """
    x = sorted(points)
    axes.plot(x, [points[place] for place in x], label=label)
    axes.set_xscale("log")
    axes.set_xticks(x, [f"{place:,}" for place in x])
    axes.minorticks_off()
    heights = np.concatenate([np.ravel(line.get_ydata()) for line in axes.lines])
    if heights.max() > 20 * heights.min():
        axes.set_yscale("log")
    else:
        axes.set_ylim(0, 1.1 * heights.max())
    axes.yaxis.set_major_formatter("{x:,g}")


DRAWN = {"gradient": bars, "train_to_cost": descents}
DRAWN |= {"many_networks": throughput, "scaling": growth}
