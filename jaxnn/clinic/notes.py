"""What is noticed beside the mistakes: consistency, precision, side effects."""

import numpy as np

from jaxnn.clinic.diagnosis import Diagnosis
from jaxnn.clinic.examination import BARS, Answers, ask
from jaxnn.clinic.findings import line
from jaxnn.clinic.hypotheses import passes
from jaxnn.clinic.subject import Subject

MANY = 100  # printed lines
DIGITS = 1e-10  # float64 leaves less than this
STEP = 1e-5  # of the central difference along a direction
LARGE = 60  # times the weights: outputs are 0 or 1 to all digits


def consistency(
    s: Subject, answers: Answers, cost: Diagnosis | None, gradient: Diagnosis
) -> list[str]:
    """Whether a wrong cost and the gradient are at least each other's."""
    if cost is None or cost.is_right:
        return []
    first = answers.attempt
    f, lam = passes(first.layers)[0], answers.lams[-1]
    random = np.random.default_rng(0)
    p = f.problem
    way = random.normal(size=p.theta1.shape), random.normal(size=p.theta2.shape)
    moved = [
        p._replace(theta1=p.theta1 + t * way[0], theta2=p.theta2 + t * way[1])
        for t in (STEP, -STEP)
    ]
    up, down = (ask(s, first.layers, first.convention, q, lam).reading for q in moved)
    given = answers.readings[0][-1].gradient
    if up.cost is None or down.cost is None or given is None:
        return []
    slope = (up.cost - down.cost) / (2 * STEP)
    along = sum(float((a * b).sum()) for a, b in zip(given, way, strict=True))
    if abs(slope - along) > 1e-5 * abs(slope):
        return []
    told = "your gradient is that of your cost; both differ from the course's"
    return [line("note", told)]


def notes(s: Subject, answers: Answers, apart: float) -> list[str]:
    """What the function does beside computing; apart: from what explains it."""
    found = []
    calls = [call for row in answers.calls for call in row]
    precision = {one.precision for row in answers.readings for one in row}
    narrow = precision & {np.float32, np.float16}
    if narrow:
        kind = min(narrow, key=lambda one: np.finfo(one).bits)
        found.append(
            f"your function computes in {np.dtype(kind).name}: differences below "
            f"{BARS[kind]:.0e} are its rounding, not your derivation"
        )
    elif DIGITS < apart < BARS[np.float64]:
        found.append(
            f"equal to {apart:.0e} only: part is in float32, or a finite difference"
        )
    changed = sorted({role for call in calls for role in call.changed})
    if changed:
        told = ", ".join(s.signature.name_of(role) for role in changed)
        found.append(
            f"WARNING: it changes its argument {told}, which spoils the optimiser's "
            "weights; work on a copy: theta.copy()"
        )
    printed = max(call.lines for call in calls)
    if printed >= MANY:
        found.append(f"it prints {printed} lines a call; take the prints out")
    first = answers.attempt
    p = passes(first.layers)[0].problem
    huge = p._replace(theta1=LARGE * p.theta1, theta2=LARGE * p.theta2)
    cost = ask(s, first.layers, first.convention, huge, 0.0).reading.cost
    if cost is not None and not np.isfinite(cost):
        found.append(
            f"with weights {LARGE} times as large the cost is {cost:g}, by log(0); "
            "log(1 + e^z3) - Y z3 is not"
        )
    return [line("note", text) for text in found]
