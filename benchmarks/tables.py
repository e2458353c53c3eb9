"""The columns that each benchmark's rows are shown in: on a terminal, in Markdown."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from values import ABSENT, Row, limit, over, per_example, per_weight, short, value

Cell = Callable[[Row, Sequence[Row]], str]  # of a row, beside the rows of its contest
Columns = dict[str, Cell]  # by their titles; {base} is the first contender's
FEWEST = 3  # common rounds of which a ratio is told


class Section(NamedTuple):
    """How the contests of one "what" are shown."""

    title: str  # with {keys} of a row
    columns: Columns
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
    return short(median(rounds) if len(rounds) >= FEWEST else math.nan)


def in_common(row: Row, other: Row) -> int:
    """How many rounds both have a time of."""
    pairs = zip(row.get("seconds") or [], other.get("seconds") or [], strict=False)
    return sum(None not in pair for pair in pairs)


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
STARTS: Columns = {
    "times {base}": lambda row, c: (
        number("ratio")(row, c) if in_common(row, c[0]) >= FEWEST else ABSENT
    )
}
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
    "gradient": Section("One cost and gradient", GRADIENT),
    "training": Section(
        "Training to cost {target} at lambda {lam:g}",
        NAME | SECONDS | SPREAD | STARTS | TRAINING | COMPILE | COST,
        ("target", "lam"),
    ),
    "process": Section("The whole command, python -m jaxnn.train", NAME | SECONDS),
    "ensemble": Section(
        "Many networks at once by {method}",
        NAME | STEPS,
        ("method",),
    ),
    "scaling": Section("More examples, wider networks", GROWTH),
    "tried": Section("What was tried", TRIED),
}
OTHER = Section("{what}", NAME | DEVICE | SECONDS | TIMES | COST)


def side_by_side(contests: Mapping[str, Sequence[Row]]) -> str:
    """Markdown of one contest as each machine held it, by the machine's name."""
    first: dict[str, Row] = {}  # of each contender, a row that has its name
    columns = dict(NAME)
    for machine, rows in contests.items():
        mine = {row["name"]: row for row in rows}
        for row in rows:
            first.setdefault(row["name"], row)
        mark = f"{machine}: " if len(contests) > 1 else ""
        columns[mark + "ms"] = of_same_name(mine, number("median", 1e3))
        columns[mark + "times {base}"] = of_same_name(mine, number("ratio"))
    return table(list(first.values()), columns)


def of_same_name(rows: dict[str, Row], cell: Cell) -> Cell:
    """The cell of the row that is called the same; a dash where none is."""
    return lambda row, contest: cell(rows.get(row["name"], {}), contest)


def show(rows: Sequence[Row]) -> None:
    """Print the rows of a contest, and why somebody has no time."""
    _, lines = aligned(rows, SECTIONS.get(rows[0]["what"], OTHER).columns)
    whys = [f"{row['name']}: {row['why']}" for row in rows if row.get("why")]
    print("\n".join(["  ".join(line).rstrip() for line in lines] + whys), flush=True)


def table(rows: Sequence[Row], columns: Columns) -> str:
    """Markdown."""
    rules, (head, *lines) = aligned(rows, columns)
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rules, *lines))


def aligned(rows: Sequence[Row], columns: Columns) -> tuple[list[str], list[list[str]]]:
    """Markdown's rule, and titles and cells of a width per column; numbers right."""
    base = rows[0]["name"].replace(", ", " on ") + "'s"
    titled = [
        [title.format(base=base), *(cell(r, rows).replace("|", r"\|") for r in rows)]
        for title, cell in columns.items()
    ]
    rules, filled = [], []
    for title, *cells in titled:
        width = max(map(len, (title, *cells)))
        right = all(re.fullmatch(rf"-?[\d.,]+%?|{ABSENT}", cell) for cell in cells)
        rules.append("-" * (width - 1) + (":" if right else "-"))
        side = str.rjust if right else str.ljust
        filled.append([side(cell, width) for cell in (title, *cells)])
    return rules, [list(line) for line in zip(*filled, strict=True)]
