"""Where a gradient is wrong, if no known mistake explains it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxnn.clinic import formulas
from jaxnn.clinic.hypotheses import Observed, first_wrong, passes
from jaxnn.clinic.layout import Array

AT_ZERO, ADDED = "the gradient at lambda 0", "the penalty's part"
FEW = 3  # so many rows or columns are listed one by one


class Location(NamedTuple):
    """The part of one theta's gradient that is wrong, and how."""

    theta: int  # 1, 2
    rows: tuple[int, ...]  # units with a wrong element
    columns: tuple[int, ...]
    shape: tuple[int, int]
    how: str  # "2 times the right one", "right, but in another order", ...
    what: str  # AT_ZERO, ADDED

    def __str__(self) -> str:
        height, width = self.shape
        where = []
        if len(self.rows) < height:
            where.append(listed("row", self.rows, height))
        if self.columns == tuple(range(1, width)):
            where.append("every column except 0 (the bias)")
        elif len(self.columns) < width:
            bias = " (the bias)" if self.columns == (0,) else ""
            where.append(listed("column", self.columns, width) + bias)
        place = " and ".join(where) or "everywhere"
        return f"theta{self.theta}, {place}: {self.what} is {self.how or 'wrong'}"


def listed(noun: str, numbers: tuple[int, ...], whole: int) -> str:
    """'row 3 only', 'rows 1, 4', '7 of 25 rows'."""
    if len(numbers) == 1:
        return f"{noun} {numbers[0]} only"
    if len(numbers) <= FEW:
        return f"{noun}s {', '.join(map(str, numbers))}"
    return f"{len(numbers)} of {whole} {noun}s"


def locations(seen: Observed) -> list[Location]:
    """The wrong places at lambda 0 and in the penalty, on the first wrong problem."""
    i = first_wrong(seen)
    m = len(passes(seen.layers)[i].problem.y)
    right = [formulas.gradient(passes(seen.layers)[i], lam) for lam in seen.lams]
    given = seen.values[i]
    found = list(differing(given[0], right[0], seen.bar, m, AT_ZERO))
    if len(seen.lams) == 1:
        return found
    added = tuple(a - b for a, b in zip(given[1], given[0], strict=True))
    wanted = tuple(a - b for a, b in zip(right[1], right[0], strict=True))
    return found + list(differing(added, wanted, seen.bar, m, ADDED))


def differing(
    given: tuple[Array, ...], right: tuple[Array, ...], bar: float, m: int, what: str
) -> Iterator[Location]:
    """A location for each theta that is wrong."""
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
                what,
            )


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
        known = {"m": m, "1/m": 1 / m, "1/m^2": 1 / m**2, "m^2": m**2}
        same = [f" (= {name})" for name in known if abs(factor / known[name] - 1) < bar]
        return f"{factor:.6g}{''.join(same[:1])} times the right one"
    numbers = np.sort(given.ravel()), np.sort(right.ravel())
    if np.abs(numbers[0] - numbers[1]).max() <= bar * np.abs(right).max():
        return "right, but in another order"
    gap = given - right
    if np.ptp(gap) <= bar * np.abs(gap).max():
        return f"the right one plus {gap.ravel()[0]:.6g}"
    return ""
