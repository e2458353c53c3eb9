"""Whether what came back is the gradient, a step, or new parameters."""

from collections.abc import Sequence

import numpy as np

from jaxnn.clinic.calling.answers import Outcome, read
from jaxnn.clinic.calling.way import Way, outcome
from jaxnn.clinic.networks.problems import Params, Problem

CLOSE = 0.9  # the cosine between parameters before and after a step is larger
SAME = 1e-9


def modes(way: Way, problem: Problem, outcomes: Sequence[Outcome]) -> list[Way]:
    """The way with each plausible mode, the likeliest first."""
    given = flat(outcomes[-1].given)
    back = flat(read(outcomes, way.form, "new parameters").blocks or ())
    held = flat(read(outcomes, way.form, "in place").blocks or ())
    is_changed = held.size > 0 and not np.array_equal(held, given)
    if way.subject.takes("rate"):
        return with_rate(way, problem, outcomes, is_changed)
    found = ["added", "gradient"] if way.is_added else ["gradient"]
    if getattr(way.subject.parts[-1].function, "has_rate", False):
        found = ["step"]
    elif back.size and is_close(back, given):
        found = ["new parameters", "gradient"]
    elif is_changed and is_close(held, given):
        found = ["in place"] if not back.size else ["gradient", "in place"]
    return [way._replace(mode=mode) for mode in found]


def with_rate(
    way: Way, problem: Problem, outcomes: Sequence[Outcome], is_changed: bool
) -> list[Way]:
    """The modes that a rate of 0 shows; the rate may be lambda under its name."""
    again = [outcome(way, i, problem, 0.0, 0.0) for i in range(len(way.forms))]
    if any(one.error is not None for one in again):
        return [way]
    given = flat(outcomes[-1].given)
    steps = ["added", "step"] if way.is_added else ["step", "added"]
    one, start = (
        flat(read(each, way.form, "new parameters").blocks or ())
        for each in (outcomes, again)
    )
    if one.size and start.size:
        scale = SAME * max(np.linalg.norm(one), np.linalg.norm(given))
        if np.linalg.norm(one - start) > scale:
            if np.linalg.norm(start) <= scale:
                return [way._replace(mode=mode) for mode in steps]
            if np.linalg.norm(start - given) <= scale:
                return [way._replace(mode="new parameters")]
    in_place = [way._replace(mode="in place")] if is_changed else []
    if in_place and not one.size:
        return in_place
    values, others = (
        [f.array for o in each for f in o.found] for each in (outcomes, again)
    )
    is_used = not all(map(np.array_equal, values, others))
    made_with = [i.role for part in way.subject.parts for i in part.constructor]
    is_idle = is_changed or "rate" in made_with  # a rate for other methods
    is_lam = not way.subject.takes("lam") and (is_used or not is_idle)
    added = [way._replace(mode="added")] if way.is_added else []
    return [*added, way._replace(rate_is_lam=is_lam), *in_place]


def flat(blocks: Params) -> np.ndarray:
    """All elements in one vector; empty if there are none."""
    parts = [np.ravel(p) for block in blocks for p in block if p is not None]
    return np.concatenate([*parts, np.zeros(0)])


def is_close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two vectors point nearly the same way, with nearly the same length."""
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not 0.5 < lengths[0] / max(lengths[1], 1e-300) < 2:
        return False
    return float(a @ b) > CLOSE * float(np.prod(lengths))
