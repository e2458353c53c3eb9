"""The scores of many networks as a table, as lines of text, and as rows of a file."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jaxnn.ensemble.folds import RESAMPLES, Scores, chances

HEAD = ["hidden", "lambda", "train accuracy, %", "validation accuracy, %", "cost"]
HEAD += ["s per network", "starts diverged"]


def row_of(one: Scores) -> list[str]:
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


def table(scores: list[Scores]) -> str:
    """The scores as an aligned Markdown table; medians and ranges over the starts."""
    rows = [HEAD, *map(row_of, scores)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " | ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows
    ]
    lines.insert(1, " | ".join("-" * (w - 1) + ":" for w in widths))
    return "\n".join(f"| {line} |" for line in lines)


def best_line(scores: list[Scores]) -> str:
    """Which penalty and width read unseen digits best, and how likely that is."""
    chance = chances(scores)
    if not chance.any():
        return "best     none: at every lambda a network diverged"
    first, *others = np.argsort(-chance, kind="stable")[:3]

    def name(one: Scores) -> str:
        is_wide = len({score.hidden for score in scores}) > 1
        return f"lambda {one.lam:g}" + is_wide * f" with {one.hidden} units"

    likely = [i for i in others if chance[i] >= 0.005]
    text = "".join(f", {name(scores[i])} {chance[i]:.0%}" for i in likely)
    return (
        f"best     {name(scores[first])}: best in {chance[first]:.0%} of "
        f"{RESAMPLES} redraws of digits and starts{text}"
    )


def speed_line(scores: list[Scores]) -> str:
    """How long a step of one network took."""
    steps = sum(int(one.steps.sum()) for one in scores)
    if not steps:
        return "speed    no network took a step"
    seconds = sum(one.seconds * one.steps.size for one in scores)
    return f"speed    {1e3 * seconds / steps:.2f} ms per network-step, {steps} of them"


def networks(scores: list[Scores]) -> Iterator[Sequence[Any]]:
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


def lines(scores: list[Scores]) -> tuple[str, str, str]:
    """The table, and the lines below it."""
    return table(scores), best_line(scores), speed_line(scores)
