"""Find the fewest edits of a cost's formula that give a person's costs.

The cost is the loss, summed and scaled, plus the penalty. A wrong cost has other terms,
another sum of squares, or a factor that factors.py explains.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.edits import steps
from jaxnn.clinic.edits.factors import NEAR, Part, express, factors
from jaxnn.clinic.edits.hypotheses import Choice, Hypothesis
from jaxnn.clinic.edits.penalties import penalized, penalty_factor
from jaxnn.clinic.edits.steps import RIGHT, Array, Key, Values
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Problem
from jaxnn.clinic.networks.units import CROSS_ENTROPY, LOSSES, SIGMOID, SOFTMAX, softmax

DATA: Part = ("W", 1)
PENALTY: Part = ("penalty", 1)
MOST = 3
LOGS = np.linspace(-9, 0, 40)  # of eps


class ObservedCosts(NamedTuple):
    """The costs of a person's function."""

    net: Network
    problems: tuple[Problem, ...]
    lams: tuple[float, ...]  # the first is 0
    values: tuple[tuple[float, ...], ...]  # [problem][lambda]
    bar: float = 1e-6


def search(seen: ObservedCosts, most: int = MOST) -> list[Hypothesis]:
    """All smallest hypotheses that give the observed costs; [] if there is none."""
    with np.errstate(all="ignore"):
        return searched(seen, most)


def searched(seen: ObservedCosts, most: int) -> list[Hypothesis]:
    """All smallest hypotheses."""
    best: list[Hypothesis] = []
    limit = most
    for size in range(most + 1):
        limit = best[0].size if best else most
        if size > limit:
            break
        for h, ratios in with_choices(seen, size):
            for found in factors(ratios, seen.problems, limit - size, False):
                one = h._replace(factors=found)
                best = [each for each in best if each.size == one.size] + [one]
                limit = one.size
    return sorted((h for h in best if h.size == limit), key=lambda h: h.rank)


def with_choices(
    seen: ObservedCosts, size: int
) -> Iterator[tuple[Hypothesis, dict[Part, Array]]]:
    """Hypotheses of `size` choices, with the factors that they need."""
    first = start(seen, Hypothesis(), 0)
    options = [Choice(place, 0, key) for place, key in steps.wholes(first)]
    sums = penalties(seen) if len(seen.lams) > 1 else []
    for count in range(size + 1):
        for chosen in combinations(options, count):
            if len({one.place for one in chosen}) == count:
                for h, data in with_terms(seen, Hypothesis(chosen), size):
                    yield from with_squares(seen, h, size, data, sums)


def start(seen: ObservedCosts, h: Hypothesis, i: int) -> Values:
    """The values of problem i, with the edits of the whole."""
    v = steps.values(seen.net, seen.problems[i], seen.lams[-1], ())
    wholes = [c for c in h.choices if c.place in steps.WHOLE]
    for c in sorted(wholes, key=lambda c: steps.WHOLE.index(c.place)):
        v = steps.wholes(v)[c.place, c.key](v)
    return v


def with_terms(
    seen: ObservedCosts, h: Hypothesis, size: int
) -> Iterator[tuple[Hypothesis, Array]]:
    """h with every choice of terms that fits up to a factor, and its data (problems,).

    Any number is a multiple of another one: the factor must be an expression.
    """
    every = [start(seen, h, i) for i in range(len(seen.problems))]
    given = np.array([row[0] for row in seen.values])
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
    ratio = np.array([row[0] for row in seen.values]) / data
    if len(seen.lams) == 1:
        if h.size == size:
            yield h, {DATA: ratio}
        return
    whole = np.array([row[-1] for row in seen.values])
    rest = whole - ratio * data
    if np.all(np.abs(rest) <= seen.bar * np.abs(whole)):
        gone = h if seen.net.penalty is None else h.and_choice("penalty", 0, "missing")
        if gone.size == size:
            yield gone, {DATA: ratio}
        return
    for (layer, key), ours in sums:
        one = h.and_choice("penalty", layer, key)
        if one.size == size:
            yield one, {DATA: ratio, PENALTY: rest / ours}


def with_eps(
    h: Hypothesis, every: Sequence[Values], scales: Array, given: Array
) -> Iterator[tuple[Hypothesis, Array]]:
    """h with the small number in log(a + eps), fitted to the first cost.

    The cost can have another sign or scale as well.
    """
    from scipy.optimize import brentq  # loads slowly, so only where it is needed

    m = every[0].m
    for times in (1.0, -1.0, m, 1 / m, 0.5):

        def miss(log: float, times: float = times) -> float:
            return float(times * scales[0] * eps_terms(every[0], 10**log) - given[0])

        misses = [miss(log) for log in LOGS]
        for i in range(len(LOGS) - 1):
            if misses[i] * misses[i + 1] < 0:
                root: Any = brentq(miss, LOGS[i], LOGS[i + 1], xtol=1e-14)
                eps = 10 ** float(root)
                data = scales * np.array([eps_terms(v, eps) for v in every])
                yield h._replace(rate=eps), data


def eps_terms(v: Values, eps: float) -> float:
    """The sum of the loss with log(a + eps) in place of log(a)."""
    A, Y = v.A[-1], v.Y
    first = -(Y * np.log(A + eps)).sum()
    if v.net.loss is not CROSS_ENTROPY:
        return float(first)
    return float(first - ((1 - Y) * np.log(1 - A + eps)).sum())


def terms(net: Network) -> dict[Key, Callable[[Values], float]]:
    """What stands for the sum of the loss, by key."""
    found: dict[Key, Callable[[Values], float]] = {
        RIGHT: lambda v: summed(net.loss.terms(v.A[-1], v.Y)),
        "first": lambda v: summed(-v.Y * np.log(v.A[-1])),
        "no log in first": lambda v: summed(
            -v.Y * v.A[-1] - (1 - v.Y) * np.log(1 - v.A[-1])
        ),
        "no log in second": lambda v: summed(
            -v.Y * np.log(v.A[-1]) - (1 - v.Y) * (1 - v.A[-1])
        ),
        "second": lambda v: summed(-(1 - v.Y) * np.log(1 - v.A[-1])),
        "sign of second": lambda v: summed(
            -v.Y * np.log(v.A[-1]) + (1 - v.Y) * np.log(1 - v.A[-1])
        ),
        "no log": lambda v: summed(-v.Y * v.A[-1]),
        "difference": lambda v: summed(v.A[-1] - v.Y),
        "absolute": lambda v: summed(np.abs(v.A[-1] - v.Y)),
        "square of the sum": lambda v: summed(v.A[-1] - v.Y) ** 2,
        "root": lambda v: float(np.sqrt(summed((v.A[-1] - v.Y) ** 2))),
        "softmax": lambda v: summed(-v.Y * np.log(softmax(v.Z[-1]))),
        "sigmoid": lambda v: summed(CROSS_ENTROPY.terms(SIGMOID.f(v.Z[-1]), v.Y)),
        "log 10": lambda v: summed(net.loss.terms(v.A[-1], v.Y)) / np.log(10),
        "log 2": lambda v: summed(net.loss.terms(v.A[-1], v.Y)) / np.log(2),
        "matrix product": lambda v: matrix_product(v, v.A[-1], v.Y),
        "matrix product of examples": lambda v: matrix_product(v, v.A[-1].T, v.Y.T),
    }
    for loss in LOSSES:
        if loss is not net.loss and not (
            loss.name == "cross-entropy" or net.loss.name.endswith(loss.name[5:])
        ):
            found["loss", loss.name] = lambda v, loss=loss: summed(
                loss.terms(v.A[-1], v.Y)
            )
    if net.units[-1] is SOFTMAX:
        found.pop("first")
        found.pop("softmax")
    return found


def summed(array: Array) -> float:
    """The sum of all elements."""
    return float(array.sum())


def matrix_product(v: Values, A: Array, Y: Array) -> float:
    """The loss with all pairs of rows, as of a matrix product."""
    found = -Y @ np.log(A).T
    if v.net.loss is CROSS_ENTROPY:
        found = found - (1 - Y) @ np.log(1 - A).T
    return float(found.sum())


# --- the penalty: (layer, or 0 for all; what is squared) and how it is summed

SUMS: dict[Key, Callable[[list[Array]], float]] = {
    "not squared": lambda parts: sum(float(a.sum()) for a in parts),
    "square of the sum": lambda parts: sum(float(a.sum()) ** 2 for a in parts),
    "norms": lambda parts: sum(float(np.linalg.norm(a)) for a in parts),
    "absolute": lambda parts: sum(float(np.abs(a).sum()) for a in parts),
}


def square_keys(v: Values) -> list[tuple[int, Key]]:
    """What the penalty can be made of: the layer, 0 for all, and the key."""
    depth = v.net.depth
    pool = [key for key in penalized(v, 1) if key not in ("squares", "signs")]
    if v.net.penalty is None:
        pool.remove(RIGHT)
    layered = ("biases", "missing", "only biases")
    some = [(layer, key) for layer in range(1, depth + 1) for key in layered]
    sums = [*SUMS, *(f"{key} apart" for key in SUMS)]
    return [(0, key) for key in (*pool, *sums) if key != "missing"] + some


def penalties(seen: ObservedCosts) -> list[tuple[tuple[int, Key], Array]]:
    """Every penalty, (layer, key), and lambda's part of the cost (problems,)."""
    every = [steps.values(seen.net, p, seen.lams[-1], ()) for p in seen.problems]
    found: list[tuple[tuple[int, Key], Array]] = []
    for layer, key in square_keys(every[0]):
        ours = np.array([penalty(v, layer, key) for v in every])
        if all(steps.ratio(one, ours, NEAR) is None for _, one in found):
            found.append(((layer, key), ours))
    return found


def penalty(v: Values, layer: int, key: Key) -> float:
    """lambda's part of the cost, with `key` in this layer, or in all layers if 0."""
    parts: list[Array] = []
    is_apart = str(key).endswith(" apart")
    key = key.removesuffix(" apart") if isinstance(key, str) else key
    for each in range(1, v.net.depth + 1):
        pool = penalized(v, each)
        W, b = pool.get(key if layer in (0, each) else RIGHT, pool[RIGHT])
        if v.net.penalty is None and pool[RIGHT] is pool["missing"] and key in SUMS:
            W, b = pool["weights"]
        parts += [W] if b is None else [W, b] if is_apart else [np.c_[W, b]]
    times = v.lam * penalty_factor(v.net, v.m) / 2
    return times * SUMS.get(key, lambda some: sum(summed(a**2) for a in some))(parts)
