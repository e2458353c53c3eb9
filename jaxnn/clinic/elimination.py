"""Find the sets of mistakes that can give the observed values, stage by stage.

Each stage compares values that only some places of the formulas can change: theta2's
gradient at lambda 0, then theta1's, then the penalty's part; or the cost at lambda 0,
then with lambda. The caller still compares in full the sets that pass all stages.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from jaxnn.clinic import formulas, mistakes
from jaxnn.clinic.formulas import Array
from jaxnn.clinic.hypotheses import (
    FLOOR,
    Hypothesis,
    Observed,
    is_count,
    passes,
    sets,
    value,
)
from jaxnn.clinic.layout import Pair, read, unroll
from jaxnn.clinic.problems import Layers

UNROLLING = ("order", "layers")
OUTPUT = ("labels", "examples", "forward", "delta3", "delta3's sign", "activation")
OUTPUT += ("sum", "bias", "average", "whole")
HIDDEN = ("time", "column", "delta2")
PENALTY = ("penalty", "penalty's sign", "columns")
COST_DATA = ("labels", "examples", "forward", "terms", "mean", "total")
COST_PENALTY = ("squares", "columns")
EPS_LOGS = np.linspace(-9, 0, 10)
COARSE = 0.1  # of the squares: much larger than any bar
SLACK = 10  # times the bar passes every stage; the full comparison decides


def candidates(seen: Observed, size: int) -> Iterator[Hypothesis]:
    """The hypotheses of `size` mistakes that pass all stages."""
    stages = cost_candidates if seen.kind == "cost" else gradient_candidates
    return stages(seen, size)


def gradient_candidates(seen: Observed, size: int) -> Iterator[Hypothesis]:
    """The sets of `size` mistakes that pass the stages of the gradient."""
    f = passes(seen.layers)[0]
    places = UNROLLING if seen.layout else ()
    for turns in range(min(size, len(places)) + 1):
        for turned in sets(mistakes.GRADIENT, places, turns, f):
            rolled = [reread(given, seen, turned) for given in seen.values[0]]
            for h in data_candidates(seen, rolled[0], size - turns):
                for penalty in penalties(seen, rolled, h, size - turns):
                    yield turned.joined(h).joined(penalty)


def reread(gradient: Pair, seen: Observed, turned: Hypothesis) -> Pair:
    """The gradient before it was unrolled with the mistakes in `turned`."""
    if not turned.mistakes or seen.layout is None:
        return gradient
    wrong = turned.at["layers"](turned.at["order"](seen.layout))
    return read(unroll(*gradient, seen.layout), seen.layers, wrong)


def data_candidates(seen: Observed, observed: Pair, most: int) -> Iterator[Hypothesis]:
    """Sets of at most `most` mistakes that give this gradient at lambda 0."""
    for first in range(most + 1):
        for h in output_stage(seen, observed[1], first):
            yield from hidden_stage(seen, observed[0], h, most - first)


class Library(NamedTuple):
    """The gradients of theta2 at lambda 0 for many hypotheses."""

    hypotheses: list[Hypothesis]
    gradients: Array  # (sets, k, 1 + h); with 1 for an unknown number in place of m
    squares: Array  # (sets,) their squared norms
    is_open: Array  # (sets,) whether there is such a number, to be fitted


@cache
def output_library(layers: Layers, size: int) -> Library:
    """All sets of `size` mistakes in OUTPUT."""
    f = passes(layers)[0]
    hypotheses = list(sets(mistakes.GRADIENT, OUTPUT, size, f))
    found = [
        formulas.gradient2(f, 0, h.at, {**h.fit, "number": 1.0})[1] for h in hypotheses
    ]
    gradients = np.array(found).reshape(-1, *f.problem.theta2.shape)
    is_open = np.array([h.fits("number") for h in hypotheses], bool)
    return Library(hypotheses, gradients, (gradients**2).sum(axis=(1, 2)), is_open)


def output_stage(seen: Observed, observed: Array, size: int) -> Iterator[Hypothesis]:
    """The sets of `size` mistakes that give theta2's gradient (k, 1 + h)."""
    hypotheses, gradients, squares, is_open = output_library(seen.layers, size)
    factors = np.ones(len(hypotheses))  # 1 / number
    products = np.tensordot(gradients, observed, 2)
    np.divide(products, squares, out=factors, where=is_open & (squares > 0))
    size2 = float((observed**2).sum())
    # |a - b|^2 without subtracting matrices; what is far here is far by `near` too
    apart = factors**2 * squares - 2 * factors * products + size2
    close = np.flatnonzero(apart <= COARSE * (size2 + factors**2 * squares))
    scaled = gradients[close] * factors[close, None, None]
    for i in close[near(scaled, observed) <= SLACK * seen.bar]:
        if not is_open[i]:
            yield hypotheses[i]
        elif factors[i] > 0 and is_count(number := float(1 / factors[i])):
            yield hypotheses[i].fitted(number=round(number))


def near(library: Array, observed: Array) -> Array:
    """`distance` of many thetas (sets, out, 1 + in) at once: (sets,)."""
    floor = FLOOR * np.linalg.norm(library, axis=(1, 2)) + 1e-300
    found = np.zeros(len(library))
    for cut in (slice(1, None), slice(0, 1)):
        gap = np.linalg.norm((library - observed)[:, :, cut], axis=(1, 2))
        size = np.linalg.norm(library[:, :, cut], axis=(1, 2))
        found = np.maximum(found, gap / np.maximum(size, floor))
    return found


def hidden_stage(
    seen: Observed, observed: Array, h: Hypothesis, most: int
) -> Iterator[Hypothesis]:
    """h with at most `most` more mistakes that give theta1's gradient (h, 1 + n)."""
    f = passes(seen.layers)[0]

    def slopes(tried: Hypothesis) -> Array:
        return formulas.gradient(f, 0, tried.at, tried.fit)[0]

    for size in range(most + 1):
        for added in sets(mistakes.GRADIENT, HIDDEN, size, f):
            tried = h.joined(added)
            if tried.fits("step"):  # the gradient is linear in the step
                still = slopes(tried.fitted(step=0.0))
                moved = slopes(tried.fitted(step=1.0)) - still
                step = slope_along(moved, observed - still)
                tried = tried.fitted(step=step)
                if abs(step) < 1e-9:
                    continue  # theta2 did not move
            if near(slopes(tried)[None], observed)[0] <= SLACK * seen.bar:
                yield tried


def slope_along(direction: Array, given: Array) -> float:
    """The least-squares t of t * direction = given; 0 for a zero direction."""
    square = float((direction**2).sum())
    return float((direction * given).sum()) / square if square else 0.0


def penalties(
    seen: Observed, rolled: list[Pair], h: Hypothesis, most: int
) -> Iterator[Hypothesis]:
    """Sets of mistakes in the penalty that fill h up to `most` mistakes."""
    f, left = passes(seen.layers)[0], most - len(h.mistakes)
    if left and len(seen.lams) == 1:
        return
    for penalty in sets(mistakes.GRADIENT, PENALTY, left, f):
        if penalty.fits("penalty_number"):
            both = h.joined(penalty).fitted(penalty_number=1.0)
            ours = [formulas.gradient(f, lam, both.at, both.fit) for lam in seen.lams]
            # by theta2, as theta1's gradient may depend on it; unless it has no penalty
            layer = 1 if np.any(ours[1][1] != ours[0][1]) else 0
            factor = slope_along(
                ours[1][layer] - ours[0][layer], rolled[1][layer] - rolled[0][layer]
            )
            if not factor > 0 or not is_count(1 / factor):
                continue
            penalty = penalty.fitted(penalty_number=round(1 / factor))
        yield penalty


@cache
def cost_library(layers: Layers, size: int) -> tuple[list[Hypothesis], Array]:
    """All sets of mistakes in the cost at lambda 0, and their costs (sets,).

    The cost is NaN if a mistake has an unknown number.
    """
    f = passes(layers)[0]
    hypotheses = list(sets(mistakes.COST, COST_DATA, size, f))
    closed = [not (h.fits("eps") or h.fits("number")) for h in hypotheses]
    costs = [
        formulas.cost(f, 0, h.at, h.fit) if is_closed else np.nan
        for h, is_closed in zip(hypotheses, closed, strict=True)
    ]
    return hypotheses, np.array(costs)


def cost_candidates(seen: Observed, size: int) -> Iterator[Hypothesis]:
    """The sets of `size` mistakes that pass the stages of the cost."""
    observed = float(seen.values[0][0][0])
    for data in range(size + 1):
        hypotheses, costs = cost_library(seen.layers, data)
        apart = np.abs(costs - observed)
        near = ~(apart > SLACK * seen.bar * np.abs(costs))  # NaN is kept
        for i in np.flatnonzero(near):
            for tried in fit_cost(hypotheses[i], seen):
                yield from cost_penalties(seen, tried, size - data)


def cost_penalties(seen: Observed, h: Hypothesis, left: int) -> Iterator[Hypothesis]:
    """h with `left` mistakes in the penalty."""
    f = passes(seen.layers)[0]
    if left and len(seen.lams) == 1:
        return
    for penalty in sets(mistakes.COST, COST_PENALTY, left, f):
        both = h.joined(penalty)
        if both.fits("penalty_number"):
            one = both.fitted(penalty_number=1.0)
            ours = [value(one, seen, f, lam) for lam in seen.lams[:2]]
            given = seen.values[0][1] - seen.values[0][0]
            factor = slope_along(ours[1] - ours[0], given)
            if not factor > 0 or not is_count(1 / factor):
                continue
            both = both.fitted(penalty_number=round(1 / factor))
        yield both


def fit_cost(h: Hypothesis, seen: Observed) -> Iterator[Hypothesis]:
    """h with eps, and the number used for m, fitted to two costs at lambda 0."""
    two, (first, second) = passes(seen.layers), (given[0] for given in seen.values[:2])

    def costs(i: int, eps: float) -> float:
        fit = {**h.fit, "eps": eps, "number": 1.0}
        return formulas.cost(two[i], 0, h.at, fit)

    def number(eps: float) -> float:
        return costs(0, eps) / float(first[0]) if first[0] else np.inf

    def miss(log: float) -> float:
        eps = 10.0**log
        if h.fits("number"):
            return costs(1, eps) - float(second[0]) * number(eps)
        return costs(0, eps) - float(first[0])

    # the cost falls as eps grows; with a fitted number, `miss` can have several roots
    logs = EPS_LOGS if h.fits("number") else EPS_LOGS[[0, -1]]
    for eps in roots(miss, logs) if h.fits("eps") else [0.0]:
        tried = h.fitted(eps=eps) if eps else h
        if not h.fits("number"):
            yield tried
        elif is_count(number(eps)):
            yield tried.fitted(number=round(number(eps)))


def roots(miss: Callable[[float], float], logs: Array) -> list[float]:
    """10 to the roots of `miss` between the numbers in logs."""
    from scipy.optimize import brentq  # slow to load, so only when needed

    misses = [miss(log) for log in logs]
    found = [log for log, gap in zip(logs, misses, strict=True) if gap == 0]
    for i in range(len(logs) - 1):
        if misses[i] * misses[i + 1] < 0:
            found.append(brentq(miss, logs[i], logs[i + 1], xtol=1e-14))
    return [10.0 ** float(root) for root in found]
