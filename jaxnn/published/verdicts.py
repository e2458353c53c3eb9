"""Where a published figure lies among ours.

N starts. A published figure is text. Its last printed digit says how exactly it is
known: a printed number p stands for p +- half a unit of its last digit.
"""

from collections import Counter
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from jaxnn.published.recipes import Figure, Published

ROUNDING = 16 * np.finfo(np.float64).eps  # relative: the effect of a sum's order

EXACT, INSIDE, BETTER, DIFFERS = "exact", "inside", "better", "DIFFERS"
CUT = "fewer steps: not comparable"
LEGEND = (
    "Exact: every start gives the published digits (up to the rounding of a sum). "
    "Inside: the figure lies in the range of our starts, at that percentile. "
    "Better: every start beats it. DIFFERS: none of these. "
    "Costs are nats per example, accuracies percent."
)


class Row(NamedTuple):
    """A published figure next to ours."""

    recipe: str
    figure: Figure
    values: np.ndarray  # (N,), or (N, k) for k numbers; empty if not measured
    verdict: str  # one of the four, or why there is none
    explanation: str = ""  # for DIFFERS and better
    is_open: bool = False  # a DIFFERS that nothing explains


def numbers(published: Published) -> np.ndarray:
    """The published numbers, (k,)."""
    texts = (published,) if isinstance(published, str) else published
    return np.array([float(text) for text in texts])


def half_units(published: Published) -> np.ndarray:
    """Half a unit of each number's last printed digit, plus rounding; (k,)."""
    texts = (published,) if isinstance(published, str) else published
    exponents = [int(Decimal(text).as_tuple().exponent) for text in texts]
    return 0.5 * 10.0 ** np.array(exponents) + ROUNDING * np.abs(numbers(published))


def judge(figure: Figure, values: np.ndarray) -> str:
    """exact, inside, better or DIFFERS, as in LEGEND; values (N,) or (N, k).

    A NaN, from a network that diverged, does not count.
    """
    values = finite(values)
    if not len(values):
        return DIFFERS
    published, half = numbers(figure.published), half_units(figure.published)
    values = values.reshape(len(values), -1)  # (N, k)
    if (np.abs(values - published) <= half).all():
        return EXACT
    if contains(figure, values):
        return INSIDE
    if len(published) == 1 and beats(figure, values[:, 0]):
        return BETTER
    return DIFFERS


def contains(figure: Figure, values: np.ndarray) -> bool:
    """Whether the published figure is within the range of values (N,) or (N, k)."""
    if not len(finite(values)):
        return False
    return bool(np.all(gap(figure, values) <= half_units(figure.published)))


def gap(figure: Figure, values: np.ndarray) -> np.ndarray:
    """How far the published numbers lie outside the range of ours, (k,); 0 inside."""
    values = finite(values)
    values = values.reshape(len(values), -1)  # (N, k)
    published = numbers(figure.published)
    below, above = values.min(axis=0) - published, published - values.max(axis=0)
    return np.maximum(0, np.maximum(below, above))


def beats(figure: Figure, values: np.ndarray) -> bool:
    """Whether each of values (N,) is better than the published figure."""
    published = numbers(figure.published)[0]
    if figure.better == "lower":
        return bool((values < published).all())
    return figure.better == "higher" and bool((values > published).all())


def percentile(figure: Figure, values: np.ndarray) -> float:
    """The percentage of values (N,) below the published figure; equals count half."""
    values = finite(values)
    published, half = numbers(figure.published)[0], half_units(figure.published)[0]
    equal = np.abs(values - published) <= half
    return 100 * float(np.mean((values < published) & ~equal) + equal.mean() / 2)


def finite(values: np.ndarray) -> np.ndarray:
    """The starts whose values are all numbers."""
    return values[np.isfinite(values).all(axis=tuple(range(1, values.ndim)))]


def spread(figure: Figure, values: np.ndarray) -> str:
    """values as "median [smallest, largest]", or one value, in the figure's digits."""
    values = finite(values)
    if not len(values):
        return ""
    if not isinstance(figure.published, str):
        pairs = zip(values[0], figure.published, strict=True)
        return printed(tuple(f"{v:.{significant(text)}g}" for v, text in pairs))
    digits = significant(figure.published)
    if figure.published.isdecimal():  # a count
        digits = 10
    elif np.ptp(values) > 0:
        digits = min(digits, 6)
    if len(values) == 1 or np.ptp(values) == 0:
        return f"{values[0]:.{digits}g}"
    low, middle, high = (f"{f(values):.{digits}g}" for f in (np.min, np.median, np.max))
    return f"{middle} [{low}, {high}]"


def significant(published: str) -> int:
    """How many significant digits a number was printed with."""
    return max(2, len(Decimal(published).as_tuple().digits))


def printed(published: Published) -> str:
    """The published figure as it was printed; the first and last of several numbers."""
    if isinstance(published, str):
        return published
    return f"{published[0]} ... {published[-1]} ({len(published)} numbers)"


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| experiment | figure | published | ours: median [min, max] | percentile "
        "| verdict |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            "| " + " | ".join((row.recipe, row.figure.name, *cells(row))) + " |"
        )
    return "\n".join(lines) + "\n"


def cells(row: Row) -> tuple[str, str, str, str]:
    """published, ours, percentile and verdict of a row, as text."""
    figure, values = row.figure, finite(row.values)
    is_placed = row.verdict in (INSIDE, BETTER, DIFFERS) and len(values) > 1
    place = f"{percentile(figure, values):.0f}" if is_placed else ""
    ours, lost = spread(figure, values), len(row.values) - len(values)
    if lost:
        ours += f", {lost} diverged"
    verdict = f"{row.verdict}; {row.explanation}" if row.explanation else row.verdict
    return printed(figure.published), ours, place, verdict


def tally(rows: list[Row]) -> str:
    """How many figures got which verdict, in words."""
    counts = Counter(row.verdict for row in rows)
    parts = [f"{count} {verdict}" for verdict, count in counts.items()]
    differing = [row for row in rows if row.verdict == DIFFERS]
    open_rows = sum(row.is_open for row in differing)
    explained = sum(row.explanation.startswith("explained") for row in differing)
    detail = f", {explained} of them explained"
    detail += f", {open_rows} not" if open_rows else ""
    parts = [part + detail * part.endswith(DIFFERS) for part in parts]
    return f"{len(rows)} figures: {'; '.join(parts)}"
