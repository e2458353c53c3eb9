"""A race to a cost: what the trainers are given, follow and leave behind.

A trainer is a contender's set-up: it ends in `prepared`, which verifies the weights
reached, or in Unavailable. `in_python` makes one of a method that calls Python for
every evaluation.

Shapes: m examples, n pixels; theta_l (units_out, 1 + units_in), column 0 the bias.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import numpy_mlp
from timing import Agree, BenchmarkError, Prepared, Unavailable

MOST = 4096  # evaluations (in a compiled loop: steps) in which to get there
LONGEST = 60.0  # seconds for the same
# Above the target, relative: by NumPy in float64 at the weights reached; of a timed
# run, which may sum in another order than the run that counted its steps
EXACT, LOOSE = 1e-4, 1e-3
MISSED = "did not reach"
Params = tuple[np.ndarray, ...]


class Race(NamedTuple):
    """What all contenders are given."""

    target: float
    lam: float
    starts: Sequence[Params]  # float32
    x: np.ndarray  # (m, n) float32
    y: np.ndarray  # (m,) digits


class Outcome(NamedTuple):
    """Where training from one start ended."""

    params: Params
    cost: float  # as the contender computes it
    steps: int
    evaluations: int
    curve: np.ndarray  # (points, 2) seconds, lowest cost so far


class Stop(Exception):
    """Ends a method that calls Python for every evaluation."""


class Watch:
    """Follows such a method from now on; says when it is to stop."""

    def __init__(self, target: float) -> None:
        self.target, self.began = target, time.perf_counter()
        self.costs: list[float] = []  # of every evaluation
        self.seconds: list[float] = []  # until it was there

    def see(self, cost: float) -> None:
        """Note an evaluation; raise Stop if it was the last."""
        self.costs.append(cost)
        self.seconds.append(time.perf_counter() - self.began)
        is_over = len(self.costs) >= MOST or self.seconds[-1] > LONGEST
        if is_over or cost <= self.target:
            raise Stop

    def curve(self) -> np.ndarray:
        """(evaluations, 2); Unavailable if the target was missed."""
        if not self.costs[-1] <= self.target:
            raise missed(self.target, np.array(self.costs), len(self.costs))
        return np.column_stack([self.seconds, np.minimum.accumulate(self.costs)])


# train(start, watch) -> weights at the last evaluation, steps
Train = Callable[[Params, Watch], tuple[Params, int]]


def missed(target: float, costs: np.ndarray, evaluations: int) -> Unavailable:
    """How far a contender came."""
    stands = f"stands at {np.nanmin(costs):.5f} after {evaluations} evaluations"
    return Unavailable(f"{MISSED} {target}, {stands}")


def true_cost(params: Params, race: Race) -> float:
    """Of the race's digits, by NumPy in float64."""
    theta1, theta2 = (np.asarray(theta, np.float64) for theta in params)
    x, indicators = race.x.astype(np.float64), np.eye(10)[race.y]
    return numpy_mlp.published((theta1, theta2), x, indicators, race.lam)[0]


def prepared(
    race: Race,
    outcomes: Sequence[Outcome],
    run: Callable[[int], float],
    dtype: str,
    seconds: float = 0.0,
    device: str = "cpu",
) -> Prepared:
    """run(number of the start) -> its cost, once the weights reached are verified.

    seconds: of compiling.
    """
    costs = [true_cost(outcome.params, race) for outcome in outcomes]
    reaches(race.target, EXACT)({f"start {i}": cost for i, cost in enumerate(costs)})
    curve = outcomes[0].curve
    few = np.unique(np.linspace(0, len(curve) - 1, 100).astype(int))
    facts = {
        "reached": True,
        "cost": max(costs),
        "costs": costs,
        "evaluations": [outcome.evaluations for outcome in outcomes],
        "steps": [outcome.steps for outcome in outcomes],
        "curve": curve[few].round(6).tolist(),
    }

    def run_round(i: int) -> float:
        return run(i % len(outcomes))

    return Prepared(run_round, 1, dtype, seconds, device, facts=facts)


def reaches(target: float, slack: float) -> Agree:
    """No cost is above the target by more than a relative slack, or NaN."""

    def agree(costs: dict[str, float]) -> None:
        for name, cost in costs.items():
            if not cost <= target * (1 + slack):
                raise BenchmarkError(f"{name} stops at cost {cost!r}, not at {target}")

    return agree


def in_python(race: Race, train: Train, *how: Any) -> Prepared:
    """A method that calls Python for every evaluation, which ends it at the target."""

    def reach(i: int) -> Outcome:
        watch = Watch(race.target)
        params, steps = train(race.starts[i], watch)
        curve = watch.curve()
        return Outcome(params, watch.costs[-1], steps, len(curve), curve)

    train(race.starts[0], Watch(np.inf))  # one evaluation, to warm up
    outcomes = [reach(i) for i in range(len(race.starts))]
    return prepared(race, outcomes, lambda i: reach(i).cost, *how)
