"""What can stand for the penalty of a cost: other squares, layers, and no lambda.

A key is (layer, or 0 for all; what is squared and how it is summed).
"""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np

from jaxnn.clinic.edits import steps
from jaxnn.clinic.edits.factors import NEAR
from jaxnn.clinic.edits.hypotheses import Choice, Hypothesis
from jaxnn.clinic.edits.penalties import penalized, penalty_factor
from jaxnn.clinic.edits.steps import RIGHT, Array, Key, Values
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Problem


class ObservedCosts(NamedTuple):
    """The costs of a person's function."""

    net: Network
    problems: tuple[Problem, ...]
    lams: tuple[float, ...]  # the first is 0
    values: tuple[tuple[float, ...], ...]  # [problem][lambda]
    bar: float = 1e-6


SUMS: dict[Key, Callable[[list[Array]], float]] = {
    "not squared": lambda parts: sum(float(a.sum()) for a in parts),
    "square of the sum": lambda parts: sum(float(a.sum()) ** 2 for a in parts),
    "squares": lambda parts: sum(float((a**2).sum()) for a in parts),
    "norms": lambda parts: sum(float(np.linalg.norm(a)) for a in parts),
    "absolute": lambda parts: sum(float(np.abs(a).sum()) for a in parts),
}


def square_keys(v: Values) -> list[tuple[int, Key]]:
    """What the penalty can be made of: the layer, 0 for all, and the key."""
    others = {"squares", "signs", "missing", *([] if v.net.penalty else [RIGHT])}
    pool = [key for key in penalized(v, 1) if key not in others]
    sums = [key for key in SUMS if key != "squares"]
    every = [(0, key) for key in (*pool, *sums, *(f"{key} apart" for key in sums))]
    layers = range(1, v.net.depth + 1)
    return every + list(product(layers, ("biases", "missing", "only biases")))


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
    key = str(key).removesuffix(" apart") if is_apart else key
    for each in range(1, v.net.depth + 1):
        pool = penalized(v, each)
        W, b = pool.get(key if layer in (0, each) else RIGHT, pool[RIGHT])
        if v.net.penalty is None and pool[RIGHT] is pool["missing"] and key in SUMS:
            W, b = pool["weights"]
        parts += [W] if b is None else [W, b] if is_apart else [np.c_[W, b]]
    times = v.lam * penalty_factor(v.net, v.m) / 2
    return times * SUMS.get(key, SUMS["squares"])(parts)


def layers(seen: ObservedCosts) -> dict[int, Array]:
    """lambda's part of the right cost, by layer (problems,)."""
    every = [steps.values(seen.net, p, seen.lams[-1], ()) for p in seen.problems]
    return {n: np.array([own(v, n) for v in every]) for n in depths(seen)}


def own(v: Values, layer: int) -> float:
    """The penalty of one layer."""
    return penalty(v, 0, RIGHT) - penalty(v, layer, "missing")


def depths(seen: ObservedCosts) -> range:
    """The layers that have a penalty of their own."""
    has_penalty = len(seen.lams) > 1 and seen.net.penalty is not None
    return range(1, seen.net.depth + 1 if has_penalty else 1)


# --- squares that are added whatever lambda is: a factor ends too early

LOST = "all", "no factor"  # without lambda; without lambda/(2m)


def lost_options(seen: ObservedCosts) -> list[tuple[Choice, ...]]:
    """Of the penalty, or of one layer's, lambda or the whole factor is missing."""
    found = depths(seen)
    where = (0, *found) if len(found) > 1 else found
    return [(Choice("lambda", n, key),) for key in LOST for n in where]


def lost(seen: ObservedCosts, h: Hypothesis) -> tuple[Choice | None, Array]:
    """The choice that squares have no lambda, and what they add (problems,)."""
    choice = next((c for c in h.choices if c.place == "lambda"), None)
    added = np.zeros(len(seen.problems))
    if choice is None:
        return None, added
    for i, p in enumerate(seen.problems):
        v = steps.values(seen.net, p, 1.0, ())
        whole = penalty(v, 0, RIGHT) if choice.layer == 0 else own(v, choice.layer)
        has_factor = choice.key == "all"
        added[i] = whole / (1 if has_factor else penalty_factor(v.net, v.m) / 2)
    return choice, added
