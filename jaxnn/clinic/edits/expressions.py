"""What a factor can be: an expression of m examples and k outputs, or of a layer."""

from functools import cache
from itertools import product

import numpy as np

Array = np.ndarray


def power(letter: str, n: int) -> str:
    """'m^2', 'm', or ''."""
    return "" if n == 0 else letter if n == 1 else f"{letter}^{n}"


def written(sign: int, two: int, m: int, k: int) -> str:
    """'2m', '1/(m k)', '-1': sign times powers of 2, m and k."""
    halves = []
    for way in (1, -1):
        letters = [power("m", max(way * m, 0)), power("k", max(way * k, 0))]
        number = 2 ** max(way * two, 0)
        joined = " ".join(filter(None, letters))
        halves.append((f"{number}" if number > 1 or not joined else "") + joined)
    over, under = halves
    many = " " in under or (under[0].isdigit() and not under.isdigit())
    under = "" if under == "1" else f"/({under})" if many else f"/{under}"
    return ("-" if sign < 0 else "") + over + under


# sign, and the powers of 2, m and k; the plainest first
POWERS = sorted(
    product((1, -1), range(-3, 4), range(-2, 3), range(-1, 2)),
    key=lambda p: (p[0] < 0, abs(p[1]) + abs(p[2]) + abs(p[3]), -abs(p[2]), abs(p[1])),
)
EXPRESSIONS = {
    written(*p): lambda m, k, p=p: (
        p[0] * 2.0 ** p[1] * m ** float(p[2]) * k ** float(p[3])
    )
    for p in POWERS
    if p[1:] != (0, 0, 0) or p[0] < 0
}
LAYERWISE = {  # of m, and of the units before and in the layer
    "m/inputs": lambda m, before, units: m / before,
    "m/units": lambda m, before, units: m / units,
    "1/inputs": lambda m, before, units: 1 / before,
    "1/units": lambda m, before, units: 1 / units,
}


@cache
def known(ms: tuple[float, ...], k: int) -> Array:
    """Every expression on every problem (expressions, problems)."""
    return np.array([[formula(m, k) for m in ms] for formula in EXPRESSIONS.values()])
