"""How a number is read from a row of results, and written."""

import math
from collections.abc import Iterable
from statistics import median
from typing import Any

Row = dict[str, Any]  # as rows.as_rows makes it
ABSENT = "–"


def value(row: Row, key: str) -> float:
    """The number of a row, of a list its median; NaN where there is none."""
    found = row.get(key)
    if isinstance(found, list):
        numbers = [number for number in found if number is not None]
        found = median(numbers) if numbers else None
    return float(found) if isinstance(found, int | float) else math.nan


def over(a: float, b: float) -> float:
    """a / b; NaN for b = 0."""
    return a / b if b else math.nan


def short(number: float, digits: int = 3) -> str:
    """A number in so many digits, never as 1e+03; a dash for NaN."""
    if not math.isfinite(number):
        return ABSENT
    if number == 0:
        return "0"
    size = int(f"{number:.{digits - 1}e}".split("e")[1])  # of the number as rounded
    places = digits - 1 - size
    return f"{round(number, places):,.{max(places, 0)}f}"


def is_limit(row: Row) -> bool:
    """Whether the row is no contender but what none can go below."""
    return row["name"].startswith("limit:")


def limit(row: Row, contest: Iterable[Row]) -> float:
    """Seconds of the arithmetic alone, on the row's device in its dtype, or NaN."""
    for other in contest:
        same = all(other.get(key) == row.get(key) for key in ("device", "dtype"))
        if is_limit(other) and "MFLOP" in other["name"] and same:
            return value(other, "median")
    return math.nan


def devices(rows: Iterable[Row]) -> list[str]:
    """The devices of the rows, each once, in their order."""
    return list(dict.fromkeys(str(row.get("device")) for row in rows))


def per_example(row: Row) -> float:
    """Seconds per example."""
    return over(value(row, "median"), value(row, "m"))


def per_weight(row: Row) -> float:
    """Seconds per example and weight, biases too, of the 400-hidden-10 network."""
    hidden = value(row, "hidden")
    return over(per_example(row), hidden * 401 + 10 * (hidden + 1))
