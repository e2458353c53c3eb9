"""Find the fewest edits of a cost's formula that give a person's costs.

The cost is the loss, summed and scaled, plus the penalty. A wrong cost has other terms,
another sum of squares, or a factor that factors.py explains.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from jaxnn.clinic.edits import squares, steps
from jaxnn.clinic.edits.factors import NEAR, Part, express, factors
from jaxnn.clinic.edits.hypotheses import (
    MOST,
    Choice,
    Hypothesis,
    applied,
    smallest,
    together,
)
from jaxnn.clinic.edits.squares import ObservedCosts
from jaxnn.clinic.edits.steps import RIGHT, Array, Key, Values
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Problem
from jaxnn.clinic.networks.units import (
    CATEGORICAL,
    CROSS_ENTROPY,
    LOSSES,
    SIGMOID,
    SOFTMAX,
    softmax,
)

DATA: Part = ("W", 1)
PENALTY: Part = ("penalty", 1)
LOGS = np.linspace(-9, 0, 40)  # of eps


def search(seen: ObservedCosts, most: int = MOST) -> list[Hypothesis]:
    """All smallest hypotheses that give the observed costs; [] if there is none."""
    sums = squares.penalties(seen) if len(seen.lams) > 1 else []
    options = [
        (Choice(place, 0, key),)
        for place, key in steps.wholes(start(seen, Hypothesis(), 0))
    ]

    def begun(size: int) -> Iterator[tuple[Hypothesis, dict[Part, Array]]]:
        # what lacks its factor comes with other terms, but with no other whole
        lost = map(Hypothesis, squares.lost_options(seen) if size else ())
        for whole in (*together(options, size), *lost):
            for h, data in with_terms(seen, whole, size):
                yield from with_squares(seen, h, size, data, sums)

    def finished(
        one: tuple[Hypothesis, dict[Part, Array]], limit: int
    ) -> Iterator[Hypothesis]:
        (h, ratios), lam = one, seen.lams[-1]
        for found in factors(ratios, seen.problems, limit - h.size, lam, False):
            yield h._replace(factors=found)

    with np.errstate(all="ignore"):
        return smallest(most, begun, finished)


def start(seen: ObservedCosts, h: Hypothesis, i: int) -> Values:
    """The values of problem i, with the edits of the whole."""
    return applied(steps.values(seen.net, seen.problems[i], seen.lams[-1], ()), h)


def with_terms(
    seen: ObservedCosts, h: Hypothesis, size: int
) -> Iterator[tuple[Hypothesis, Array]]:
    """h with every choice of terms that fits up to a factor, and its data (problems,).

    Any number is a multiple of another one: the factor must be an expression.
    """
    every = [start(seen, h, i) for i in range(len(seen.problems))]
    given = np.array([row[0] for row in seen.values]) - squares.lost(seen, h)[1]
    scales = np.array([seen.net.scale.factor(v.m, len(v.p.targets)) for v in every])
    for key, formula in terms(seen.net).items():
        one = h.and_choice("terms", 0, key)
        if one.size <= size:
            data = scales * np.array([formula(v) for v in every])
            if is_multiple(given, data, seen.problems):
                yield one, data
    if h.size < size and not h.choices and seen.net.loss in LOSSES[:2]:
        yield from with_eps(h.and_choice("terms", 0, "eps"), every, scales, given)


def is_multiple(given: Array, data: Array, problems: Sequence[Problem]) -> bool:
    """Whether given / data is 1 or a known expression."""
    if not np.all(np.isfinite(data)) or np.any(data == 0) or np.any(given == 0):
        return False
    ratio = given / data
    is_one = np.allclose(ratio, 1, rtol=NEAR, atol=0)
    return is_one or express(("data", 0), ratio, problems) is not None


def with_squares(
    seen: ObservedCosts,
    h: Hypothesis,
    size: int,
    data: Array,
    sums: Sequence[tuple[tuple[int, Key], Array]],
) -> Iterator[tuple[Hypothesis, dict[Part, Array]]]:
    """h with every sum of squares that fits lambda's part."""
    choice, added = squares.lost(seen, h)
    ratio = (np.array([row[0] for row in seen.values]) - added) / data
    if len(seen.lams) == 1:
        if h.size == size:
            yield h, {DATA: ratio}
        return
    whole = np.array([row[-1] for row in seen.values])
    rest = whole - added - ratio * data
    if np.all(np.abs(rest) <= seen.bar * np.abs(whole)):
        is_gone = seen.net.penalty is None or (choice and choice.layer == 0)
        gone = h if is_gone else h.and_choice("penalty", 0, "missing")
        if gone.size == size:
            yield gone, {DATA: ratio}
        return
    if choice:
        if choice.layer and h.size == size:
            every = squares.layers(seen)
            others = sum(every[n] for n in every if n != choice.layer)
            yield h, {DATA: ratio, PENALTY: rest / others}
        return
    for (layer, key), ours in sums:
        one = h.and_choice("penalty", layer, key)
        if one.size == size:
            yield one, {DATA: ratio, PENALTY: rest / ours}
    if h.size == size:
        yield from ((h, {DATA: ratio} | one) for one in by_layer(seen, rest))


def by_layer(seen: ObservedCosts, rest: Array) -> Iterator[dict[Part, Array]]:
    """The factors of the layers' penalties if that of one layer alone is wrong."""
    every = squares.layers(seen)
    for layer, ours in every.items() if len(every) > 1 else ():
        wrong = (rest - sum(every.values()) + ours) / ours
        found = {("penalty", n): np.ones(len(rest)) for n in every}
        if express(("penalty", layer), wrong, seen.problems, seen.lams[-1]):
            yield found | {("penalty", layer): wrong}


def with_eps(
    h: Hypothesis, every: Sequence[Values], scales: Array, given: Array
) -> Iterator[tuple[Hypothesis, Array]]:
    """h with the small number in log(a + eps), fitted to the first cost.

    The cost can have another sign or scale as well.
    """
    from scipy.optimize import brentq  # loads slowly, so only where it is needed

    def miss(log: float, times: float) -> float:
        return float(times * scales[0] * eps_terms(every[0], 10**log) - given[0])

    m = every[0].m
    for times in (1.0, -1.0, m, 1 / m, 0.5):
        misses = [miss(log, times) for log in LOGS]
        for i in range(len(LOGS) - 1):
            if misses[i] * misses[i + 1] < 0:
                ends = LOGS[i], LOGS[i + 1]
                root: Any = brentq(miss, *ends, args=(times,), xtol=1e-14)
                eps = 10 ** float(root)
                data = scales * np.array([eps_terms(v, eps) for v in every])
                yield h._replace(rate=eps), data


def eps_terms(v: Values, eps: float) -> float:
    """The sum of the loss with log(a + eps) in place of log(a)."""
    A, Y, has_second = v.A[-1], v.Y, v.net.loss is CROSS_ENTROPY
    found = -Y * np.log(A + eps) - has_second * (1 - Y) * np.log(1 - A + eps)
    return float(found.sum())


def terms(net: Network) -> dict[Key, Callable[[Values], float]]:
    """What stands for the sum of the loss, by key."""
    log = np.log
    table: dict[Key, Callable[[Array, Array, Array], Any]] = {
        RIGHT: lambda A, Y, Z: net.loss.terms(A, Y),
        "first": lambda A, Y, Z: first(A, Y),
        "no log in first": lambda A, Y, Z: -Y * A + second(A, Y),
        "no log in second": lambda A, Y, Z: first(A, Y) - (1 - Y) * (1 - A),
        "second": lambda A, Y, Z: second(A, Y),
        "first not averaged": lambda A, Y, Z: first(A, Y) * Y.shape[1] + second(A, Y),
        "second not averaged": lambda A, Y, Z: first(A, Y) + second(A, Y) * Y.shape[1],
        "second without factor": lambda A, Y, Z: (
            first(A, Y) - second(A, Y) * Y.shape[1]
        ),
        "sign of second": lambda A, Y, Z: first(A, Y) - second(A, Y),
        "no log": lambda A, Y, Z: -Y * A,
        "difference": lambda A, Y, Z: A - Y,
        "absolute": lambda A, Y, Z: np.abs(A - Y),
        "square of the sum": lambda A, Y, Z: (A - Y).sum() ** 2,
        "root": lambda A, Y, Z: np.sqrt(((A - Y) ** 2).sum()),
        "softmax": lambda A, Y, Z: -Y * log(softmax(Z)),
        "sigmoid": lambda A, Y, Z: CROSS_ENTROPY.terms(SIGMOID.f(Z), Y),
        "log 10": lambda A, Y, Z: net.loss.terms(A, Y) / log(10),
        "log 2": lambda A, Y, Z: net.loss.terms(A, Y) / log(2),
        "matrix product": lambda A, Y, Z: matrix_product(net, A, Y),
        "matrix product of examples": lambda A, Y, Z: matrix_product(net, A.T, Y.T),
    }
    for loss in LOSSES:
        is_near = loss is CATEGORICAL or net.loss.name.endswith(loss.name[5:])
        if loss is not net.loss and not is_near:
            table["loss", loss.name] = lambda A, Y, Z, loss=loss: loss.terms(A, Y)
    if net.units[-1] is SOFTMAX:
        del table["first"], table["softmax"]
    return {
        key: lambda v, formula=formula: float(np.sum(formula(v.A[-1], v.Y, v.Z[-1])))
        for key, formula in table.items()
    }


def first(A: Array, Y: Array) -> Array:
    """The cross-entropy's term for the class, without its factor."""
    return -Y * np.log(A)


def second(A: Array, Y: Array) -> Array:
    """Its term for the other classes."""
    return -(1 - Y) * np.log(1 - A)


def matrix_product(net: Network, A: Array, Y: Array) -> Array:
    """The loss with all pairs of rows, as of a matrix product."""
    found = -Y @ np.log(A).T
    return found - (1 - Y) @ np.log(1 - A).T if net.loss is CROSS_ENTROPY else found
