"""The columns that each benchmark's rows are shown in, and Markdown of them."""

import math
import re
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from matplotlib.figure import Figure

import pictures
from values import ABSENT, Row, limit, over, per_example, per_weight, short, value

Cell = Callable[[Row, Sequence[Row]], str]  # of a row, beside the rows of its contest
Columns = dict[str, Cell]  # by their titles; {base} is the first contender's


class Section(NamedTuple):
    """How the contests of one "what" are shown."""

    title: str  # with {keys} of a row
    columns: Columns
    draw: Callable[[Sequence[Row]], Figure] | None = None
    splits: tuple[str, ...] = ()  # what sets contests apart, on and precision aside


def word(key: str) -> Cell:
    """The row's word or whole number."""

    def cell(row: Row, _: Sequence[Row]) -> str:
        found = ABSENT if row.get(key) is None else row[key]
        return f"{found:,}" if isinstance(found, int) else str(found)

    return cell


def number(key: str, scale: float = 1.0, digits: int = 3) -> Cell:
    """The row's number times scale."""
    return lambda row, _: short(scale * value(row, key), digits)


def percent(share: float) -> str:
    """A dash for NaN."""
    return f"{share:.0%}" if math.isfinite(share) else ABSENT


def whole(count: float) -> str:
    """A dash for NaN."""
    return f"{count:,.0f}" if math.isfinite(count) else ABSENT


def with_compiling(row: Row, contest: Sequence[Row]) -> str:
    """The ratio to the first as if every round had compiled anew."""
    mine, base = (
        [
            math.nan if taken is None else taken + value(r, "compile_seconds")
            for taken in r.get("seconds") or []
        ]
        for r in (row, contest[0])
    )
    rounds = [over(a, b) for a, b in zip(mine, base, strict=False)]
    rounds = [share for share in rounds if math.isfinite(share)]
    return short(median(rounds) if rounds else math.nan)


NAME: Columns = {"contender": word("name")}
DEVICE: Columns = {"device": word("device")}
TIMES: Columns = {"times {base}": number("ratio")}
COST: Columns = {"cost": number("cost", digits=7)}
SECONDS: Columns = {"s, median": number("median"), "s, min": number("min")}
COMPILE: Columns = {"compile s": number("compile_seconds")}
MS: Columns = {"ms, median": number("median", 1e3), "ms, min": number("min", 1e3)}
LIMITED: Columns = {
    "times the limit": lambda row, c: short(over(value(row, "median"), limit(row, c)))
}
SPREAD: Columns = {"spread": lambda row, _: percent(value(row, "spread"))}
MEMORY: Columns = {"MB": number("memory", 1e-6)}
TRAINING: Columns = {
    "the same with compiling": with_compiling,
    "evaluations": lambda row, _: whole(value(row, "evaluations")),
    "starts": lambda row, _: (
        f"{row['reached']} of {row['starts']}" if row.get("starts") else ABSENT
    ),
}
STEPS: Columns = {
    "networks": word("networks"),
    "µs per network-step": number("median", 1e6),
    "times one network's": number("ratio"),
    "network-steps per s": lambda row, _: short(over(1, value(row, "median"))),
    "of the product's rate": lambda r, c: percent(
        over(limit(r, c), value(r, "median"))
    ),
}
GROWTH: Columns = {
    "m": word("m"),
    "hidden": word("hidden"),
    "form": lambda row, _: row.get("form") or row["name"],
    **DEVICE,
    "ms": number("median", 1e3),
    "ns per example": lambda row, _: short(1e9 * per_example(row)),
    "ns per example and weight": lambda row, _: short(1e9 * per_weight(row)),
    "memory / data": lambda r, _: short(
        over(value(r, "memory"), value(r, "data_bytes"))
    ),
}
GRADIENT = NAME | DEVICE | MS | SPREAD | TIMES | LIMITED | COMPILE | MEMORY | COST
TRIED = NAME | MS | SPREAD | TIMES | {"verdict": word("verdict")}
SECTIONS = {
    "gradient": Section("One cost and gradient", GRADIENT, pictures.bars),
    "training": Section(
        "Training to cost {target} at lambda {lam:g}",
        NAME | SECONDS | TIMES | TRAINING | COMPILE | COST,
        pictures.descents,
        ("target", "lam"),
    ),
    "process": Section("The whole command, python -m jaxnn.train", NAME | SECONDS),
    "ensemble": Section(
        "Many networks at once by {method}",
        NAME | STEPS,
        pictures.throughput,
        ("method",),
    ),
    "scaling": Section("More examples, wider networks", GROWTH, pictures.growth),
    "tried": Section("What was tried", TRIED),
}
OTHER = Section("{what}", NAME | DEVICE | SECONDS | TIMES | COST)


def table(rows: Sequence[Row], columns: Columns) -> str:
    """Markdown, aligned, numbers to the right."""
    base = rows[0]["name"].replace(", ", " on ") + "'s"
    cells = [[title.format(base=base) for title in columns]]
    cells += [[cell(row, rows) for cell in columns.values()] for row in rows]
    lines: list[list[str]] = [[] for _ in range(len(cells) + 1)]
    for column in zip(*cells, strict=True):
        column = [cell.replace("|", r"\|") for cell in column]
        width = max(map(len, column))
        right = all(re.fullmatch(rf"-?[\d.,]+%?|{ABSENT}", cell) for cell in column[1:])
        filled = [cell.rjust(width) if right else cell.ljust(width) for cell in column]
        rule = "-" * (width - 1) + (":" if right else "-")
        for line, cell in zip(lines, (filled[0], rule, *filled[1:]), strict=True):
            line.append(cell)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
