"""Many networks at once, cross-validated: python -m jaxnn.sweep --lam 0 0.1 1 3 10"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import cli, data, devices, ensemble, files, orientation, scales, showing
from jaxnn.classes import noun
from jaxnn.data import Digits
from jaxnn.flags import DEFAULTS, TrainingFlags, flag, parse
from jaxnn.mistake import Mistake, printable
from jaxnn.training import check, checked, places

EXAMPLE = "--lam 0 0.1 1 3 10 --seeds 32 --hidden 25 100 --folds 5"
HEAD = ["hidden", "lambda", "train accuracy, %", "validation accuracy, %", "cost"]
HEAD += ["s per network", "starts diverged"]


@dataclass(frozen=True, kw_only=True)
class Flags(TrainingFlags):
    """Train many networks at once, on folds of the digits, and compare penalties and
    widths by the digits that each network has not seen.
    """

    lam: Sequence[float] = flag("penalties", (0.0, 0.1, 1.0, 3.0, 10.0))
    seeds: int = flag("random starts of each", 8)
    hidden: Sequence[int] = flag("units of the hidden layer", DEFAULTS.hidden)
    folds: int | None = flag("hold each of so many folds out (default: one of 5)", None)
    out: str | None = flag("folder of results (default: runs/sweep-<time>)", None)


def check_flags(flags: Flags) -> None:
    """Raise Mistake for what cannot be swept."""
    for name, values in (("lam", flags.lam), ("hidden", flags.hidden)):
        if len(set(values)) < len(values):
            raise Mistake(f"--{name} {values}: give each value once")
    if flags.seeds < 1:
        raise Mistake(f"--seeds {flags.seeds}: give at least 1")
    for lam, hidden in itertools.product(flags.lam, flags.hidden):
        check(flags.settings(hidden=(hidden,), lam=lam), flags.steps)


def row_of(one: ensemble.Scores) -> list[str]:
    """A row of the table: one width and one penalty."""
    good = one.good
    return [
        f"{one.hidden}",
        f"{one.lam:g}",
        spread(100 * one.train_accuracy[good].mean(axis=1)),
        spread(100 * one.validation_accuracy),
        f"{np.median(one.cost[good]):.4f}" if good.any() else "",
        f"{one.seconds:.2f}",
        f"{(~good).sum()}" if not good.all() else "",
    ]


def spread(values: np.ndarray) -> str:
    """median [smallest, largest] of percentages; "" if there are none."""
    if not len(values):
        return ""
    return f"{np.median(values):.2f} [{values.min():.2f}, {values.max():.2f}]"


def table(scores: list[ensemble.Scores]) -> str:
    """The scores as an aligned Markdown table; medians and ranges over the starts."""
    rows = [HEAD, *map(row_of, scores)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " | ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows
    ]
    lines.insert(1, " | ".join("-" * (w - 1) + ":" for w in widths))
    return "\n".join(f"| {line} |" for line in lines)


def best_line(scores: list[ensemble.Scores]) -> str:
    """Which penalty and width read unseen digits best, and how likely that is."""
    chance = ensemble.chances(scores)
    if not chance.any():
        return "best     none: at every lambda a network diverged"
    first, *others = np.argsort(-chance, kind="stable")[:3]

    def name(one: ensemble.Scores) -> str:
        is_wide = len({score.hidden for score in scores}) > 1
        return f"lambda {one.lam:g}" + is_wide * f" with {one.hidden} units"

    likely = [i for i in others if chance[i] >= 0.005]
    text = "".join(f", {name(scores[i])} {chance[i]:.0%}" for i in likely)
    return (
        f"best     {name(scores[first])}: best in {chance[first]:.0%} of "
        f"{ensemble.RESAMPLES} redraws of digits and starts{text}"
    )


def speed_line(scores: list[ensemble.Scores]) -> str:
    """How long a step of one network took."""
    steps = sum(int(one.steps.sum()) for one in scores)
    if not steps:
        return "speed    no network took a step"
    seconds = sum(one.seconds * one.steps.size for one in scores)
    return f"speed    {1e3 * seconds / steps:.2f} ms per network-step, {steps} of them"


def networks(scores: list[ensemble.Scores]) -> Iterator[Sequence[Any]]:
    """The rows of sweep.csv, one per network."""
    columns = ["train_accuracy", "cost", "steps", "evaluations", "diverged"]
    yield "hidden", "lambda", "seed", "fold", "validation_accuracy", *columns
    for one in scores:
        for j, fold in enumerate(np.unique(one.folds)):
            seen = one.right[:, one.folds == fold].mean(axis=1)  # (s,)
            for i, seed in enumerate(one.seeds):
                values = (getattr(one, column)[i, j] for column in columns)
                head = one.hidden, one.lam, seed, fold, seen[i]
                yield *head, *values


def save(
    folder: Path,
    scores: list[ensemble.Scores],
    how: str,
    shape: tuple[int, int] | None,
) -> str:
    """Write sweep.md, sweep.csv and the pictures; returns what to print.

    how: the networks were trained, for a title. shape: of the images; without one,
    hidden units are no pictures.
    """
    lines = table(scores), best_line(scores), speed_line(scores)
    text = "\n\n".join(["# Penalties compared", *lines, ""])
    files.write_text(folder / "sweep.md", text)
    files.write_csv(folder / "sweep.csv", networks(scores))
    if not any(one.good.any() for one in scores):
        return "\n".join(lines)
    widths = sorted({one.hidden for one in scores})
    panels = [[one for one in scores if one.hidden == width] for width in widths]
    figure = showing.charts.penalties(
        [f"{width} hidden units, {how}" for width in widths],
        [one.lam for one in panels[0]],
        [
            [
                (one.train_accuracy[one.good].mean(axis=1), one.validation_accuracy)
                for one in panel
            ]
            for panel in panels
        ],
    )
    files.write_bytes(folder / "sweep.png", showing.charts.png(figure))
    for panel, width in zip(panels, widths, strict=True):
        trained = [one for one in panel if not one.diverged.all()]
        if trained and shape is not None:
            trained.sort(key=lambda one: one.lam)
            thetas, lams = zip(*((one.theta1, one.lam) for one in trained), strict=True)
            figure = showing.pictures.hidden_units_by_penalty(thetas, lams, shape)
            files.write_bytes(
                folder / f"hidden_units_{width}.png", showing.charts.png(figure)
            )
    return "\n".join(lines)


def train_widths(
    flags: Flags, digits: Digits, device: Any, folder: Path
) -> tuple[list[ensemble.Scores], str]:
    """Cross-validate every width in turn, and save the results after each.

    Returns the scores, and the text to print about them.
    """
    out = ensemble.left_out(digits, flags.folds, flags.seed)
    notice, show = cli.printer(flags.quiet), cli.progress_of_parts(flags.quiet)

    def follow(hidden: int) -> Any:
        layers = f"{digits.x.shape[1]}-{hidden}-{len(digits.classes)}"
        return partial(show, f"{layers}, {flags.method}")

    each = ensemble.each_width(
        digits,
        flags.lam,
        flags.hidden,
        range(flags.seed, flags.seed + flags.seeds),
        out,
        follow,
        init=flags.init,
        dtype=flags.dtype,
        method=flags.method,
        steps=flags.steps,
        learning_rate=flags.learning_rate,
        notice=notice,
    )
    how, scores, text = f"{flags.method}, {flags.steps} steps", [], ""
    notice(f"device   {devices.describe(device)}, {flags.dtype}")
    sizes = (
        f"{digits.name} {len(digits.y)}, {len(out.used)} of {out.whole} folds left out"
    )
    notice(f"{noun(digits.classes):<9}{sizes}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for one in each:
            scores += one
            text = save(folder, scores, how, digits.shape)
    except KeyboardInterrupt:
        raise cli.stopped(folder) from None
    return scores, text


def main(argv: Sequence[str]) -> int:
    """Train all networks, compare them, and save the results."""
    flags = parse(Flags, argv, "sweep", EXAMPLE)
    check_flags(flags)
    folder = places.results_folder(flags.out, "sweep")
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    with scales.noted() as pixels:
        parts = data.parts_of(flags.data, stream=False)
    cli.printer(flags.quiet)(*(f"pixels   {line}\n" for line in pixels), end="", sep="")
    whole = parts["train"] if "train" in parts else parts["all"]
    (digits,) = checked(whole, None, flags.dtype)
    orientation.warn(digits)
    with devices.computing(device, flags.dtype):
        scores, text = train_widths(flags, digits, device, folder)
    print(text)
    if not any(one.good.any() for one in scores):
        raise Mistake(
            f"every start diverged; try a smaller --learning-rate or --lam; {folder} "
            "lists each network"
        )
    where = printable(str(folder))
    print(f"result   table, pictures and a line per network in {where}")
    return 0


if __name__ == "__main__":
    cli.run(main)
