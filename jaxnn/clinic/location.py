"""Where a gradient that no known mistake explains differs from the right one."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxnn.clinic import formulas
from jaxnn.clinic.hypotheses import Observed, first_wrong, passes
from jaxnn.clinic.layout import Array

FEW = 3  # rows or columns named one by one


class Location(NamedTuple):
    """The part of one theta's gradient that is wrong, and how."""

    theta: int  # 1, 2
    rows: tuple[int, ...]  # units, of which an element is wrong
    columns: tuple[int, ...]
    shape: tuple[int, int]
    how: str  # "2 times the right one", "the right numbers in another order", ...
    of: str  # "the gradient", or "what lambda adds"

    def __str__(self) -> str:
        height, width = self.shape
        where = []
        if len(self.rows) < height:
            where.append(listed("row", self.rows, height))
        if self.columns == tuple(range(1, width)):
            where.append("every column but 0, the bias's")
        elif len(self.columns) < width:
            bias = ", the bias's" if self.columns == (0,) else ""
            where.append(listed("column", self.columns, width) + bias)
        place = " and ".join(where) or "everywhere"
        lead = f"{self.of} is wrong in theta{self.theta}, {place}"
        return lead + (f"; it is {self.how}" if self.how else "")


def listed(noun: str, numbers: tuple[int, ...], whole: int) -> str:
    """'row 3 alone', 'rows 1, 4', '7 of 25 rows'."""
    if len(numbers) == 1:
        return f"{noun} {numbers[0]} alone"
    if len(numbers) <= FEW:
        return f"{noun}s {', '.join(map(str, numbers))}"
    return f"{len(numbers)} of {whole} {noun}s"


def locations(seen: Observed) -> list[Location]:
    """What is wrong at lambda 0, and in what lambda adds, on the first such problem."""
    i = first_wrong(seen)
    m = len(passes(seen.layers)[i].problem.y)
    right = [formulas.gradient(passes(seen.layers)[i], lam) for lam in seen.lams]
    given = seen.values[i]
    found = list(differing(given[0], right[0], seen.bar, m, "the gradient at lambda 0"))
    if len(seen.lams) == 1:
        return found
    added = tuple(a - b for a, b in zip(given[1], given[0], strict=True))
    wanted = tuple(a - b for a, b in zip(right[1], right[0], strict=True))
    return found + list(differing(added, wanted, seen.bar, m, "what lambda adds"))


def differing(
    given: tuple[Array, ...], right: tuple[Array, ...], bar: float, m: int, of: str
) -> Iterator[Location]:
    """A location for each theta that is not right."""
    for number, (a, b) in enumerate(zip(given, right, strict=True), 1):
        scale = np.abs(b).max()
        is_wrong = ~(np.abs(a - b) <= bar * scale)
        if is_wrong.any():
            rows, columns = (np.flatnonzero(is_wrong.any(axis)) for axis in (1, 0))
            part = np.ix_(rows, columns)
            yield Location(
                number,
                tuple(map(int, rows)),
                tuple(map(int, columns)),
                a.shape,
                relation(a[part], b[part], bar, m),
                of,
            )


def named(m: int) -> dict[str, float]:
    """The factors that have a meaning, m examples."""
    return {"m": m, "1/m": 1 / m, "1/m^2": 1 / m**2, "m^2": m**2}


def relation(given: Array, right: Array, bar: float, m: int) -> str:
    """How the wrong numbers come from the right ones, if that is simple."""
    if not np.all(np.isfinite(given)):
        return "NaN or infinite"
    size = np.linalg.norm(right)
    if np.linalg.norm(given) <= bar * size:
        return "zero"
    square = (right**2).sum()
    factor = float((given * right).sum() / square) if square else 0.0
    if np.linalg.norm(given - factor * right) <= bar * np.linalg.norm(given):
        same = [name for name, one in named(m).items() if abs(factor - one) < bar * one]
        told = f", {same[0]}," if same else ""
        return f"{factor:.6g}{told} times the right one"
    numbers = np.sort(given.ravel()), np.sort(right.ravel())
    if np.abs(numbers[0] - numbers[1]).max() <= bar * np.abs(right).max():
        return "the right numbers in another order"
    gap = given - right
    if np.ptp(gap) <= bar * np.abs(gap).max():
        return f"the right one plus {gap.ravel()[0]:.6g}"
    return ""
