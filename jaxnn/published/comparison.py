"""A recipe's published figures next to ours: run, judge, and explain what is odd."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxnn.data import Digits
from jaxnn.devices import Device
from jaxnn.published.experiments import Measures, needs_weights, run
from jaxnn.published.recipes import Figure, Recipe, Setup
from jaxnn.published.verdicts import BETTER, CUT, DIFFERS, Row, contains, judge, spread

SKIPPED = "skipped: file missing (ex4weights.mat)"
EXPLAINED, UNEXPLAINED = "explained", "not explained"
NOTHING = np.empty(0)

Progress = Callable[[str, int, int], Any]


class Comparison(NamedTuple):
    """One recipe, judged."""

    recipe: Recipe
    rows: tuple[Row, ...]  # one per figure
    measured: dict[str, Measures]  # what each run measured, by its label

    @property
    def notes(self) -> list[str]:
        """The results of the runs that change one thing, one line each."""
        _, *others = self.measured.items()
        return [f"with {label}: {summary(self.recipe, m)}" for label, m in others]


def compare(
    recipe: Recipe,
    seeds: Sequence[int],
    digits: Digits,
    weights: Path | None = None,
    most_steps: int | None = None,
    device: Device = None,
    progress: Progress | None = None,
    notice: Callable[[str], Any] | None = None,
) -> Comparison:
    """Run a recipe and judge each of its figures.

    seeds: of the starts, consecutive. weights: the course's ex4weights.mat; figures
    that need it are skipped if it is missing. most_steps: shorten the training; figures
    that need more steps are not judged. progress(label, done, all) and notice(text) are
    called while networks train.
    """
    cut = recipe if most_steps is None else shortened(recipe, most_steps)
    measured: dict[str, Measures] = {}

    def measure(setup: Setup) -> None:
        def show(done: int, whole: int) -> None:
            if progress is not None:
                progress(f"{recipe.name}, {setup.label}", done, whole)

        if needs_weights(recipe, setup) and weights is None:
            measured[setup.label] = {}
            return
        measured[setup.label] = run(
            cut, setup, seeds, digits, weights, device, progress=show, notice=notice
        )

    measure(cut.setup)
    if cut.correct is not None:
        measure(cut.correct)
    rows = judged(recipe, cut, measured)
    # a program that runs as published should not do better either
    is_odd = any(row.is_open or row.verdict == BETTER for row in rows)
    if cut.unknown and is_odd and is_new(cut.unknown, cut.setup, len(seeds)):
        measure(cut.unknown)
        rows = judged(recipe, cut, measured)
    return Comparison(recipe, tuple(rows), measured)


def is_new(unknown: Setup, setup: Setup, starts: int) -> bool:
    """Whether the unknown differs from setup by a setting, or has more starts."""
    same = replace(unknown, label=setup.label, starts=None)
    return same != setup or (unknown.starts or 0) > starts


def judged(recipe: Recipe, cut: Recipe, measured: dict[str, Measures]) -> list[Row]:
    """One row per figure; cut is the recipe as it was run."""
    ours, rows = measured[recipe.setup.label], []
    is_cut = cut.setup != recipe.setup
    for figure in recipe.figures:
        values = ours.get(figure.name, NOTHING)
        verdict, explanation, is_open = judge(figure, values), "", False
        if not ours:
            verdict = SKIPPED
        elif is_cut and (figure.after is None or figure.after > cut.setup.steps):
            verdict = CUT
        elif verdict in (DIFFERS, BETTER):
            explanation = explained(recipe, figure, measured)
            is_open = verdict == DIFFERS and explanation.startswith(UNEXPLAINED)
            if verdict == BETTER and not explanation.startswith(EXPLAINED):
                explanation = ""  # better figures need none
        rows.append(Row(recipe.name, figure, values, verdict, explanation, is_open))
    return rows


def explained(recipe: Recipe, figure: Figure, measured: dict[str, Measures]) -> str:
    """Whether the run that varies the unknown contains the figure, and its results."""
    unknown = recipe.unknown
    if unknown is None or unknown.label not in measured:
        return UNEXPLAINED
    if not measured[unknown.label]:
        return SKIPPED
    others = measured[unknown.label][figure.name]
    label = EXPLAINED if contains(figure, others) else UNEXPLAINED
    return f"{label}: {spread(figure, others)} with {unknown.label}"


def summary(recipe: Recipe, measures: Measures) -> str:
    """The figures of a recipe, as one run measured them, in a line."""
    if not measures:
        return SKIPPED
    names = [
        f"{f.name} {spread(f, measures[f.name])}"
        for f in recipe.figures
        if f.name in measures
    ]
    return ", ".join(names)


def shortened(recipe: Recipe, steps: int) -> Recipe:
    """The same recipe with at most this many steps."""

    def cut(setup: Setup) -> Setup:
        options = setup.options
        if options and "maxfun" in options:
            options = {**options, "maxfun": min(steps, options["maxfun"])}
        return replace(setup, steps=min(steps, setup.steps), options=options)

    if cut(recipe.setup) == recipe.setup:
        return recipe
    return replace(
        recipe,
        setup=cut(recipe.setup),
        correct=recipe.correct and cut(recipe.correct),
        unknown=recipe.unknown and cut(recipe.unknown),
    )
