"""How a hypothesis fits a person's gradient: up to factors, and exactly."""

from collections.abc import Mapping

import numpy as np

from jaxnn.clinic.edits import steps
from jaxnn.clinic.edits.factors import NEAR, Part
from jaxnn.clinic.edits.hypotheses import (
    Hypothesis,
    Observed,
    directions,
    given_as,
    gradient,
    parts,
    start,
)
from jaxnn.clinic.edits.penalties import penalized, penalty_factor
from jaxnn.clinic.edits.steps import RIGHT, Array, Values
from jaxnn.clinic.networks.problems import Layer, Params

SLACK = 10  # times the bar passes a layer; the full comparison decides
FLOOR = 1e-3  # of the largest part: a smaller part is measured against this


def is_steady(seen: Observed, h: Hypothesis, layer: int) -> bool:
    """Whether a layer's gradient has one factor on all problems of one example each.

    With one output such a delta is one number, which fits anything up to a factor.
    """
    found = []
    for i in range(len(seen.problems)):
        v = start(seen, h, i)
        ours, given = directions(v, h, layer)[0].W, v.seen[layer - 1].W
        if (c := steps.ratio(ours, given, SLACK * seen.bar)) is None:
            return False
        found.append(c)
    return np.ptp(found) <= NEAR * np.abs(found).max()


def ratios(seen: Observed, h: Hypothesis) -> dict[Part, Array] | None:
    """The factors of all parts (problems,); None where one is no multiple."""
    rows = []
    for i in range(len(seen.problems)):
        if (found := on_problem(seen, h, i)) is None:
            return None
        v = start(seen, h, i, -1)
        ours = directions(v, h)
        for layer in range(1, seen.net.depth + 1) if v.lam else ():
            one = penalized(v, layer)[h.key("penalty", layer)]
            if (more := added(v, seen, h, layer, ours, found, one)) is None:
                return None
            found |= more
        rows.append(found)
    return {part: np.array([row.get(part, 1.0) for row in rows]) for part in rows[0]}


def on_problem(seen: Observed, h: Hypothesis, i: int) -> dict[Part, float] | None:
    """The factor of each part on problem i at lambda 0; None if one is no multiple."""
    found: dict[Part, float] = {}
    v = start(seen, h, i)
    scale = seen.net.scale.factor(v.m, len(v.Y))
    for layer, (ours, given) in enumerate(
        zip(directions(v, h), v.seen, strict=True), 1
    ):
        for kind in ("W", "b"):
            a, b = getattr(ours, kind), getattr(given, kind)
            if a is None:
                continue
            c = steps.ratio(scale * a, b, SLACK * seen.bar)
            if c is None:
                return None
            if np.any(b):
                found[kind, layer] = c
    return found


def added(
    v: Values,
    seen: Observed,
    h: Hypothesis,
    layer: int,
    ours: Params,
    found: Mapping[Part, float],
    penalty: Layer,
) -> dict[Part, float] | None:
    """The factors of a layer's penalty; None where it is no multiple of `penalty`.

    v: with lambda. ours: the gradients without penalty, up to their factors `found`.
    """
    given, made = v.seen[layer - 1], {}
    scale = seen.net.scale.factor(v.m, len(v.Y))
    lost = h.key("lambda", layer)
    size = max(float(np.linalg.norm(part)) for part in parts((given,)))
    for kind, name in (("W", "penalty"), ("b", "bias penalty")):
        a, b, one = (getattr(each, kind) for each in (ours[layer - 1], given, penalty))
        if a is None:
            continue
        one = one * penalty_factor(seen.net, v.m) * v.lam
        one = one * (lost == RIGHT or (lost == "weights" and kind == "b"))
        left = b - scale * found.get((kind, layer), 0.0) * a
        square = float((one * one).sum())
        c = float((one * left).sum()) / square if square else 0.0
        least = SLACK * seen.bar * size
        if float(np.linalg.norm(left - c * one)) > least:
            return None
        if square:
            if abs(c) * square**0.5 <= least:
                return None  # it is missing, not 0 times this one
            made[name, layer] = c
    return made


def gaps(ours: Params, given: Params) -> list[float]:
    """|ours - given| / |ours| of each layer's weights and biases, in Euclidean norms.

    A part smaller than FLOOR times the largest is divided by that in place of |ours|.
    """
    pairs = list(zip(parts(ours), parts(given), strict=True))
    floor = max(FLOOR * max(float(np.linalg.norm(a)) for a, _ in pairs), 1e-300)
    found = []
    for a, b in pairs:
        gap = float(np.linalg.norm(a - b))
        size = max(float(np.linalg.norm(a)), floor)
        found.append(gap / size if np.isfinite(gap) else np.inf)
    return found


def misfit(h: Hypothesis, seen: Observed) -> float:
    """How far a hypothesis is from the observed values, at the worst."""
    worst = 0.0
    for i, row in enumerate(seen.values):
        for j in range(len(row)):
            worst = max(worst, *gaps(gradient(seen, h, i, j), given_as(seen, h, i, j)))
            if not worst <= seen.bar:
                return worst
    return worst
