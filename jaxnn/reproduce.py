"""The published experiments, their figures next to ours: python -m jaxnn.reproduce"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import cli, data, devices, files, published, showing
from jaxnn.flags import CommonFlags, flag, parse
from jaxnn.mistake import Mistake, printable
from jaxnn.published import RECIPES, Recipe, verdicts
from jaxnn.training import places, record
from jaxnn.weights import load_params

UNEXPLAINED = 1
STARTS = 32
MOST_STARTS = 100_000
QUICK_STARTS, QUICK_STEPS = 4, 20
EXAMPLE = "--only gradient_descent split_25 --seeds 64"


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Run the experiments that five documents published, each from many random starts,
    and show where the published figures lie.
    """

    dtype: str = flag("refused: every experiment has its own", "")
    only: Sequence[str] = flag("these experiments (default: all)", (), metavar="NAME")
    seeds: int | None = flag(f"random starts of each (default: {STARTS})", None)
    quick: bool = flag(f"try it: {QUICK_STARTS} starts, {QUICK_STEPS} steps", False)
    weights: str | None = flag("the course's ex4weights.mat (see README)", None)
    out: str | None = flag("folder of results (default: runs/reproduce-<time>)", None)


def starts_of(flags: Flags) -> int:
    """How many random starts each experiment has; Mistake for flags it cannot use."""
    if "dtype" in flags.given:
        raise Mistake("--dtype: every experiment has its own precision; leave it out")
    if flags.seeds is None:
        return QUICK_STARTS if flags.quick else STARTS
    if not 1 <= flags.seeds <= MOST_STARTS:
        raise Mistake(f"--seeds {flags.seeds}: give 1 to {MOST_STARTS} starts")
    return flags.seeds


def chosen(names: Sequence[str]) -> list[Recipe]:
    """The recipes of these names, in their own order; all if there are no names."""
    known = [recipe.name for recipe in RECIPES]
    for name in names:
        if name not in known:
            raise Mistake(f"unknown experiment {name}; choose from {', '.join(known)}")
    return [recipe for recipe in RECIPES if not names or recipe.name in names]


def find_weights(given: str | None) -> Path | None:
    """The file of the course's weights: as given, or where the tests look; or None."""
    places = [given or os.environ.get("JAXNN_EX4_WEIGHTS"), "data/ex4weights.mat"]
    found = [Path(p) for p in places if p and (p == given or Path(p).is_file())]
    if not found:
        return None
    shapes = [theta.shape for theta in load_params(found[0])]
    if shapes != [(25, 401), (10, 26)]:
        raise Mistake(
            f"{found[0]}: thetas of shapes {shapes}, not the course's (25, 401) and "
            "(10, 26); name its ex4weights.mat, or leave --weights out"
        )
    return found[0]


def block(one: published.Comparison, seconds: float) -> str:
    """What the terminal shows about one experiment."""
    cells = [(row.figure.name, *verdicts.cells(row)) for row in one.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [f"\n{one.recipe.name}  ({one.recipe.source}; {seconds:.0f} s)"]
    for name, theirs, ours, place, verdict in cells:
        lines.append(
            f"  {name:<{widths[0]}}  {theirs:>{widths[1]}}  {ours:<{widths[2]}}  "
            + (f"at {place:>3}%  " if place else " " * 9)
            + verdict
        )
    return "\n".join([*lines, *(f"  {note}" for note in one.notes)])


def document(done: list[published.Comparison], head: str) -> str:
    """reproduce.md: the table, and what each experiment is."""
    rows = [row for one in done for row in one.rows]
    about = []
    for one in done:
        about.append(f"\n**{one.recipe.name}** ({one.recipe.source}): ")
        about.append(f"{one.recipe.about}.\n")
        about.extend(f"- {note}\n" for note in one.notes)
    return f"# Published figures next to ours\n\n{head}\n\n{verdicts.table(rows)}" + (
        "\n## The experiments\n" + "".join(about)
    )


def measurements(done: list[published.Comparison]) -> Iterator[Sequence[Any]]:
    """The rows of reproduce.csv: every figure of every start of every run."""
    yield "experiment", "run", "figure", "start", "number", "value"
    for one in done:
        for label, measures in one.measured.items():
            for figure in one.recipe.figures:
                values = measures.get(figure.name, np.empty(0))
                for place, value in np.ndenumerate(values):
                    start, number = (*place, 0)[:2]
                    row = one.recipe.name, label, figure.name, start, number
                    yield *row, repr(float(value))


def save(folder: Path, done: list[published.Comparison], head: str) -> None:
    """Write the results so far: reproduce.md, reproduce.csv, reproduce.png."""
    rows = [row for one in done for row in one.rows]
    shown = [
        row
        for row in rows
        if row.values.ndim == 1 and len(row.values) > 1 and row.verdict != verdicts.CUT
    ]
    files.write_text(folder / "reproduce.md", document(done, head))
    files.write_csv(folder / "reproduce.csv", measurements(done))
    if shown:
        figure = showing.charts.distributions(
            [f"{row.recipe}: {row.figure.name}" for row in shown],
            [float(verdicts.numbers(row.figure.published)[0]) for row in shown],
            [verdicts.finite(row.values) for row in shown],
        )
        files.write_bytes(folder / "reproduce.png", showing.charts.png(figure))


def main(argv: Sequence[str]) -> int:
    """Run, judge, and save the results; exit code 1 if a figure stays unexplained."""
    flags = parse(Flags, argv, "reproduce", EXAMPLE)
    count = starts_of(flags)
    recipes, weights = chosen(flags.only), find_weights(flags.weights)
    folder = places.results_folder(flags.out, "reproduce")
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    digits = data.load_digits()
    show = cli.progress_of_parts(flags.quiet)
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(flags.seed, flags.seed + count)
    starts = f"{count} random start" + "s" * (count > 1)
    where = f"{starts} of each experiment, {devices.describe(device)}"
    if flags.quick:
        where += f", at most {QUICK_STEPS} steps"
    versions = ", ".join(" ".join(pair) for pair in record.versions().items())
    notice = cli.printer(flags.quiet)
    notice(where)
    if weights is None:
        notice("what needs the course's ex4weights.mat is skipped; --weights names it")
    done: list[published.Comparison] = []
    for recipe in recipes:
        began = time.perf_counter()
        try:
            one = published.compare(
                recipe,
                seeds,
                digits,
                weights,
                QUICK_STEPS if flags.quick else None,
                device,
                progress=show,
                notice=notice,
            )
        except KeyboardInterrupt:
            raise cli.stopped(folder) from None
        done.append(one)
        save(folder, done, f"{where}; {versions}. {verdicts.LEGEND}")
        notice(block(one, time.perf_counter() - began), flush=True)
    rows = [row for one in done for row in one.rows]
    print(f"\nresult   {verdicts.tally(rows)}; all results in {printable(str(folder))}")
    return UNEXPLAINED if any(row.is_open for row in rows) else 0


if __name__ == "__main__":
    cli.run(main)
