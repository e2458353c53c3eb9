"""What is noticed beside the mistakes: consistency, precision, side effects."""

import numpy as np

from jaxnn.clinic.diagnosis import Diagnosis
from jaxnn.clinic.examination import BARS, Answers
from jaxnn.clinic.findings import line
from jaxnn.clinic.hypotheses import passes
from jaxnn.clinic.subject import Subject

MANY = 100  # printed lines
DIGITS = 1e-10  # float64 leaves less than this
STEP = 1e-5  # of the central difference along a direction
LARGE = 60  # times the weights: outputs are 0 or 1 to all digits


def is_consistent(
    s: Subject, answers: Answers, cost: Diagnosis | None, gradient: Diagnosis
) -> bool:
    """Whether a wrong cost and a wrong gradient are at least each other's."""
    if cost is None or cost.is_right or gradient.is_right:
        return False
    first, lam = answers.attempt, answers.lams[-1]
    random = np.random.default_rng(0)
    p = passes(first.layers)[0].problem
    way = random.normal(size=p.theta1.shape), random.normal(size=p.theta2.shape)
    moved = [
        p._replace(theta1=p.theta1 + t * way[0], theta2=p.theta2 + t * way[1])
        for t in (STEP, -STEP)
    ]
    up, down = (first.asked(s, q, lam) for q in moved)
    given = answers.readings[0][-1].gradient
    if up.cost is None or down.cost is None or given is None:
        return False
    slope = (up.cost - down.cost) / (2 * STEP)
    along = sum(float((a * b).sum()) for a, b in zip(given, way, strict=True))
    return abs(slope - along) <= 1e-5 * abs(slope)


def warnings(s: Subject, answers: Answers) -> list[str]:
    """What the verdict leaves open, and what is done to what is not the function's."""
    found = []
    calls = [call for row in answers.calls for call in row]
    if changed := sorted({role for call in calls for role in call.changed}):
        told = ", ".join(s.signature.name_of(role) for role in changed)
        found.append(f"it changes its argument {told}; work on a copy")
    if not s.signature.takes("lam") and (kept := s.settings):
        names = " or ".join(kept[:3])
        found.append(f"no lambda was found; if it is {names}: --convention NAME=lam")
    return [line("warning", text) for text in found]


def notes(s: Subject, answers: Answers, apart: float) -> list[str]:
    """What else is noticed; apart: how far the values are from what explains them."""
    found, first = [], answers.attempt
    if any(one.precision is np.float32 for row in answers.readings for one in row):
        found.append(
            "your function computes in float32: differences below "
            f"{BARS[np.float32]:.0e} are its rounding, not your derivation"
        )
    elif DIGITS < apart < BARS[np.float64]:
        found.append(
            f"equal to {apart:.0e} only: part is in float32, or a finite difference"
        )
    if first.reading.cost is None:
        found.append("no cost came back, one number, so the gradient alone was checked")
    if first.reading.several > 1:
        which = f"number {first.pick + 1} of the {first.reading.several} costs"
        found.append(f"{which} that it returns was taken")
    printed = max(call.lines for row in answers.calls for call in row)
    if printed >= MANY:
        found.append(f"it prints {printed} lines a call; take the prints out")
    p = passes(first.layers)[0].problem
    huge = p._replace(theta1=LARGE * p.theta1, theta2=LARGE * p.theta2)
    cost = first.asked(s, huge, 0.0).cost
    if cost is not None and not np.isfinite(cost):
        found.append(
            f"the cost becomes {cost:g}, by log(0), if the weights are {LARGE} times "
            "as large"
        )
    return [line("note", text) for text in found]
