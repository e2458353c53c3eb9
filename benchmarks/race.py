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
LONGEST = 12.0  # seconds for the same
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

    def __init__(self, target: float, longest: float = LONGEST) -> None:
        self.target, self.longest, self.began = target, longest, time.perf_counter()
        self.costs: list[float] = []  # of every evaluation
        self.seconds: list[float] = []  # until it was there

    def see(self, cost: float) -> None:
        """Note an evaluation; raise Stop if it was the last."""
        self.costs.append(cost)
        self.seconds.append(time.perf_counter() - self.began)
        is_over = len(self.costs) >= MOST or self.seconds[-1] > self.longest
        if is_over or cost <= self.target:
            raise Stop

    def curve(self) -> np.ndarray | None:
        """(evaluations, 2); None if the target was missed."""
        if not self.costs[-1] <= self.target:
            return None
        return np.column_stack([self.seconds, np.minimum.accumulate(self.costs)])


# train(start, watch) -> weights at the last evaluation, steps
Train = Callable[[Params, Watch], tuple[Params, int]]


def true_cost(params: Params, race: Race) -> float:
    """Of the race's digits, by NumPy in float64."""
    theta1, theta2 = (np.asarray(theta, np.float64) for theta in params)
    x, indicators = race.x.astype(np.float64), np.eye(10)[race.y]
    return numpy_mlp.published((theta1, theta2), x, indicators, race.lam)[0]


def prepared(
    race: Race,
    outcomes: Sequence[Outcome | None],
    run: Callable[[int], float],
    dtype: str,
    seconds: float = 0.0,
    device: str = "cpu",
) -> Prepared:
    """run(number of the start) -> its cost, once the weights reached are verified.

    outcomes: None for a start from which the target is not reached, as where it leads
    to another minimum; its rounds are left out. seconds: of compiling. Raises
    Unavailable if no start reaches the target.
    """
    there = [outcome for outcome in outcomes if outcome is not None]
    if not there:
        within = f"in {MOST} evaluations or {LONGEST:g} s"
        raise Unavailable(
            f"{MISSED} {race.target} from any of {len(outcomes)} starts {within}"
        )
    costs = [true_cost(outcome.params, race) for outcome in there]
    reaches(race.target, EXACT)({f"a start's end {i}": c for i, c in enumerate(costs)})
    curve = there[0].curve
    few = np.unique(np.linspace(0, len(curve) - 1, 100).astype(int))
    facts = {
        "reached": len(there),
        "starts": len(outcomes),
        "cost": max(costs),
        "costs": costs,
        "evaluations": [outcome.evaluations for outcome in there],
        "steps": [outcome.steps for outcome in there],
        "curve": curve[few].round(6).tolist(),
    }

    def run_round(i: int) -> float | None:
        number = i % len(outcomes)
        return None if outcomes[number] is None else run(number)

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

    def reach(i: int, longest: float = LONGEST) -> Outcome | None:
        watch = Watch(race.target, longest)
        params, steps = train(race.starts[i], watch)
        curve = watch.curve()
        if curve is None:
            return None
        return Outcome(params, watch.costs[-1], steps, len(curve), curve)

    train(race.starts[0], Watch(np.inf))  # one evaluation, to warm up
    outcomes = [reach(i) for i in range(len(race.starts))]

    def run(i: int) -> float:
        outcome = reach(i, np.inf)  # it got there before, and has to now
        return np.inf if outcome is None else outcome.cost

    return prepared(race, outcomes, run, *how)
