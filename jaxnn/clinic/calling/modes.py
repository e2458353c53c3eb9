"""Whether what came back is the gradient, a step, or new parameters."""

from collections.abc import Sequence

import numpy as np

from jaxnn.clinic.calling.answers import Outcome, after_leaves
from jaxnn.clinic.calling.readings import PARAMETERS, reading
from jaxnn.clinic.calling.way import RATE, Way, outcome
from jaxnn.clinic.networks.problems import Params, Problem

CLOSE = 0.9  # the cosine between parameters before and after a step is larger
SAME = 1e-9


def modes(way: Way, problem: Problem, outcomes: Sequence[Outcome]) -> list[Way]:
    """The way with each plausible mode, the likeliest first."""
    last = outcomes[-1]
    back = flat(returned(way, outcomes))
    held = flat(after(way, last))
    given = flat(last.given)
    is_changed = not np.array_equal(held, given) if held.size else False
    found = ["gradient"]
    if way.subject.takes("rate"):
        return with_rate(way, problem, outcomes, is_changed)
    if back.size and is_close(back, given):
        found = ["new parameters", "gradient"]
    elif is_changed and is_close(held, given):
        found = ["in place"] if not back.size else ["gradient", "in place"]
    return [way._replace(mode=mode) for mode in found]


def with_rate(
    way: Way, problem: Problem, outcomes: Sequence[Outcome], is_changed: bool
) -> list[Way]:
    """The modes that twice the rate shows; the rate may be lambda under its name."""
    parts = range(len(way.forms))
    again = [outcome(way, i, problem, 0.0, 2 * RATE) for i in parts]
    if any(one.error is not None for one in again):
        return [way]
    given = flat(outcomes[-1].given)
    one, two = (flat(returned(way, each)) for each in (outcomes, again))
    if one.size and two.size:
        start = 2 * one - two  # at rate 0
        scale = SAME * max(np.linalg.norm(one), np.linalg.norm(given))
        if np.linalg.norm(one - two) > scale:
            if np.linalg.norm(start) <= scale:
                return [way._replace(mode="step")]
            if np.linalg.norm(start - given) <= scale:
                return [way._replace(mode="new parameters")]
    if is_changed and not one.size:
        return [way._replace(mode="in place")]
    varies = [leaf.array for each in outcomes for leaf in each.found]
    others = [leaf.array for each in again for leaf in each.found]
    is_used = not all(map(np.array_equal, varies, others))
    has_lam = way.subject.takes("lam")
    also = [way._replace(mode="in place")] if is_changed else []
    return [
        way._replace(rate_is_lam=not has_lam and (is_used or not is_changed)),
        *also,
    ]


def returned(way: Way, outcomes: Sequence[Outcome]) -> Params | None:
    """The returned arrays with the shapes of the parameters."""
    found = [leaf for one in outcomes for leaf in one.found]
    last = outcomes[-1]
    return reading(found, last.given, way.form, PARAMETERS, len(outcomes)).blocks


def after(way: Way, last: Outcome) -> Params | None:
    """The parameters after the call."""
    return reading(after_leaves(last), last.given, way.form, PARAMETERS).blocks


def flat(blocks: Params | None) -> np.ndarray:
    """All elements in one vector; empty if there are none."""
    parts = [np.ravel(p) for block in blocks or () for p in block if p is not None]
    return np.concatenate([*parts, np.zeros(0)])


def is_close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two vectors point nearly the same way, with nearly the same length."""
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not 0.5 < lengths[0] / max(lengths[1], 1e-300) < 2:
        return False
    return float(a @ b) > CLOSE * float(np.prod(lengths))
