"""What a check notices besides mistakes: consistency, precision, side effects."""

import numpy as np

from jaxnn.clinic.diagnosis import Diagnosis
from jaxnn.clinic.examination import BARS, Answers
from jaxnn.clinic.findings import line
from jaxnn.clinic.hypotheses import passes
from jaxnn.clinic.subject import Subject

MANY = 100  # printed lines
DIGITS = 1e-10  # in float64, rounding is below this
STEP = 1e-5  # of the central difference along a direction
LARGE = 60  # times the weights: some outputs are rounded to 1


def is_consistent(
    s: Subject, answers: Answers, cost: Diagnosis | None, gradient: Diagnosis
) -> bool:
    """Whether a wrong gradient is the gradient of the wrong cost."""
    if cost is None or cost.is_right or gradient.is_right:
        return False
    first, lam = answers.first, answers.lams[-1]
    random = np.random.default_rng(0)
    p = passes(first.layers)[0].problem
    way = random.normal(size=p.theta1.shape), random.normal(size=p.theta2.shape)
    moved = [
        p._replace(theta1=p.theta1 + t * way[0], theta2=p.theta2 + t * way[1])
        for t in (STEP, -STEP)
    ]
    up, down = (first.answer(s, q, lam) for q in moved)
    given = answers.rows[0][-1].reading.gradient
    if up.cost is None or down.cost is None or given is None:
        return False
    slope = (up.cost - down.cost) / (2 * STEP)
    along = sum(float((a * b).sum()) for a, b in zip(given, way, strict=True))
    return abs(slope - along) <= 1e-5 * abs(slope)


def warnings(s: Subject, answers: Answers) -> list[str]:
    """Side effects on the caller's arguments, and what the verdict leaves open."""
    found = []
    if changed := sorted({role for one in answers.every for role in one.call.changed}):
        names = ", ".join(s.signature.name_of(role) for role in changed)
        found.append(f"your function changes its argument {names}; work on a copy")
    if not s.signature.takes("lam") and (kept := s.settings):
        names = " or ".join(kept[:3])
        found.append(f"no lambda found; if it is {names}, add --convention NAME=lam")
    return [line("warning", text) for text in found]


def notes(s: Subject, answers: Answers, distance: float) -> list[str]:
    """What else is noticed; distance: of the values from their explanation."""
    found, first = [], answers.first
    if any(one.reading.precision is np.float32 for one in answers.every):
        found.append(
            "your function computes in float32: a difference below "
            f"{BARS[np.float32]:.0e} is rounding, not a mistake"
        )
    elif DIGITS < distance < BARS[np.float64]:
        found.append(
            f"equal only to {distance:.0e}: some of your function computes in float32, "
            "or takes finite differences"
        )
    if first.reading.cost is None:
        found.append("no cost (one number) came back; only the gradient was checked")
    if (several := first.reading.several) > 1:
        found.append(f"{several} costs were returned; number {first.pick + 1} was used")
    printed = max(one.call.lines for one in answers.every)
    if printed >= MANY:
        found.append(f"your function prints {printed} lines per call; remove them")
    p = passes(first.layers)[0].problem
    huge = p._replace(theta1=LARGE * p.theta1, theta2=LARGE * p.theta2)
    cost = first.answer(s, huge, 0.0).cost
    if cost is not None and not np.isfinite(cost):
        found.append(
            f"with weights {LARGE} times as large, the cost is {cost:g}: log(0)"
        )
    return [line("note", text) for text in found]
