"""Where a gradient is wrong, and how its numbers come from the right ones."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jaxnn.clinic.networks.problems import Layer, Params
from jaxnn.clinic.telling.formulas import Style

Array = np.ndarray
AT_ZERO, ADDED = "the gradient at lambda 0", "the penalty's part"
FEW = 3  # so many rows or columns are listed one by one


class Place(NamedTuple):
    """The part of one array's gradient that is wrong, and how."""

    name: str  # of the parameter
    layer: int
    rows: tuple[int, ...]  # with a wrong element
    columns: tuple[int, ...]
    shape: tuple[int, int]
    how: str  # "2 times the right one", "right, but in another order", ...
    what: str  # AT_ZERO, ADDED
    bias: str = ""  # "row" or "column": 0 of it holds the biases

    def __str__(self) -> str:
        height, width = self.shape
        where = [
            self.listed("row", self.rows, height),
            self.listed("column", self.columns, width),
        ]
        place = " and ".join(filter(None, where)) or "everywhere"
        return f"{self.name}, {place}: {self.what} is {self.how or 'wrong'}"

    def listed(self, noun: str, numbers: tuple[int, ...], whole: int) -> str:
        """'row 3 only', 'rows 1, 4', '7 of 25 rows'; '' for all."""
        if len(numbers) == whole:
            return ""
        if noun == self.bias and numbers == tuple(range(1, whole)):
            return f"every {noun} except 0 (the bias)"
        if len(numbers) == 1:
            is_bias = noun == self.bias and numbers == (0,)
            return f"{noun} {numbers[0]} only" + " (the bias)" * is_bias
        if len(numbers) <= FEW:
            return f"{noun}s {', '.join(map(str, numbers))}"
        return f"{len(numbers)} of {whole} {noun}s"


def places(
    given: Sequence[Params], right: Sequence[Params], style: Style, bar: float, m: int
) -> list[Place]:
    """The wrong places, at lambda 0 and in the penalty, of one problem.

    given, right: the gradients at every lambda.
    """
    found = list(differing(given[0], right[0], style, bar, m, AT_ZERO))
    if len(given) == 1:
        return found
    added, wanted = (less(each[-1], each[0]) for each in (given, right))
    return found + list(differing(added, wanted, style, bar, m, ADDED))


def less(a: Params, b: Params) -> Params:
    """a - b."""
    return tuple(
        Layer(x.W - y.W, None if x.b is None or y.b is None else x.b - y.b)
        for x, y in zip(a, b, strict=True)
    )


def shown(params: Params, style: Style) -> list[tuple[str, int, Array]]:
    """The arrays as a person sees them, with name and layer."""
    found = []
    for layer, (W, b) in enumerate(params, 1):
        if style.has_theta and b is not None:
            W = np.hstack([b[:, None], W])
        found.append((style.W(layer), layer, W.T if style.is_turned else W))
        if style.biases and b is not None:
            found.append((style.b(layer), layer, b[:, None]))
    return found


def differing(
    given: Params, right: Params, style: Style, bar: float, m: int, what: str
) -> Iterator[Place]:
    """A place for each array that is wrong."""
    bias = ("row" if style.is_turned else "column") * style.has_theta
    pairs = zip(shown(given, style), shown(right, style), strict=True)
    for (name, layer, a), (_, _, b) in pairs:
        scale = np.abs(b).max()
        is_wrong = ~(np.abs(a - b) <= bar * scale)
        if is_wrong.any():
            rows, columns = (np.flatnonzero(is_wrong.any(axis)) for axis in (1, 0))
            part = np.ix_(rows, columns)
            yield Place(
                name,
                layer,
                tuple(map(int, rows)),
                tuple(map(int, columns)),
                (a.shape[0], a.shape[1]),
                relation(a[part], b[part], bar, m),
                what,
                bias,
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
