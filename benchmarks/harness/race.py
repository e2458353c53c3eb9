"""A race to a cost: what the trainers are given, how they stop, what they leave behind.

Shapes: m examples, n pixels; theta_l (units_out, 1 + units_in), column 0 the bias.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .peers import Params, published
from .rounds import Agree, BenchmarkError, Prepared, Unavailable

MOST = 4096  # evaluations (in a compiled loop: steps) in which to reach the target
LONGEST = 12.0  # seconds for the same
# Above the target, relative: by NumPy in float64 at the weights reached; in a timed
# run, whose sums may round differently from the run that counted its steps
EXACT, LOOSE = 1e-4, 1e-3


class Race(NamedTuple):
    """What all contenders are given."""

    target: float
    lam: float
    starts: Sequence[Params]  # float32
    x: np.ndarray  # (m, n) float32
    y: np.ndarray  # (m,) digits


class Stop(Exception):
    """Ends training that is over."""


class Watch:
    """Follows training from now on and decides when it stops."""

    def __init__(self, target: float, longest: float = LONGEST) -> None:
        self.target, self.longest, self.began = target, longest, time.perf_counter()
        self.costs: list[float] = []  # of every evaluation, or of every step
        self.seconds: list[float] = []  # when each was known
        self.evaluations = 0

    def see(self, *costs: float) -> None:
        """Note evaluations; raise Stop at the target and beyond the limits."""
        for cost in costs:
            self.costs.append(float(cost))
            self.seconds.append(time.perf_counter() - self.began)
            self.evaluations += 1
            if self.is_there():
                raise Stop
        if self.evaluations >= MOST or self.seconds[-1] > self.longest:
            raise Stop

    def is_there(self) -> bool:
        """Whether the last cost is low enough."""
        return bool(self.costs) and self.costs[-1] <= self.target


# train(number of the start, watch) -> the last weights, all of it noted in watch
Train = Callable[[int, Watch], Params]


def raced(
    race: Race,
    train: Train,
    dtype: str,
    compile_seconds: float = 0.0,
    device: str = "cpu",
) -> Prepared:
    """A trainer as a contender, once the weights that it reaches are verified.

    From some starts it may miss the target, because they lead to another minimum: these
    have no rounds. Raises Unavailable if it misses the target from all.
    """

    def reach(i: int, longest: float = LONGEST) -> tuple[Params, Watch]:
        watch = Watch(race.target, longest)
        return train(i, watch), watch

    train(0, Watch(np.inf))  # to warm up
    ends, starts = [reach(i) for i in range(len(race.starts))], len(race.starts)
    there = [(params, watch) for params, watch in ends if watch.is_there()]
    if not there:
        limits = f"any of {starts} starts in {MOST} evaluations or {LONGEST:g} s"
        raise Unavailable(f"did not reach {race.target} from {limits}")
    costs = [true_cost(params, race) for params, _ in there]
    reaches(race.target, EXACT)({f"a start's end {i}": c for i, c in enumerate(costs)})
    first = there[0][1]
    curve = np.column_stack([first.seconds, np.minimum.accumulate(first.costs)])
    few = np.unique(np.linspace(0, len(curve) - 1, 100).astype(int))
    facts = {
        "reached": len(there),
        "starts": starts,
        "cost": max(costs),
        "costs": costs,
        "evaluations": [watch.evaluations for _, watch in there],
        "curve": curve[few].round(6).tolist(),
    }

    def run(i: int) -> float | None:
        is_reached = ends[i % starts][1].is_there()
        return reach(i % starts, np.inf)[1].costs[-1] if is_reached else None

    return Prepared(run, 1, dtype, compile_seconds, device, facts=facts)


def true_cost(params: Params, race: Race) -> float:
    """The cost of the race's digits, by NumPy in float64."""
    params = tuple(np.asarray(theta, np.float64) for theta in params)
    return published(race.x, race.y)(params, race.lam)[0]


def reaches(target: float, slack: float) -> Agree:
    """No cost is NaN or above the target by more than a relative slack."""

    def agree(costs: dict[str, float]) -> None:
        for name, cost in costs.items():
            if not cost <= target * (1 + slack):
                raise BenchmarkError(f"{name} stops at cost {cost!r}, not at {target}")

    return agree
