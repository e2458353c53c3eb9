"""Three gradients compared: autodiff, the hand derivation, central differences.

Everything here computes in float64, whatever the settings of the calling program: in
float32 rounding hides the classic mistakes (on 5000 digits with lambda 1, regularizing
the biases changes the gradient of a fresh network by 2e-5 of its size).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnn import data, initialization, model
from jaxnn.backprop import backprop
from jaxnn.differences import flatten, shapes_of, slopes
from jaxnn.model import Params

HAND_BAR = 1e-12  # the relative difference allowed to the hand derivation
LAMBDAS = (0.0, 1.0)
QUICK = 100  # weights of each theta


class Problem(NamedTuple):
    """A network and examples on which gradients are compared."""

    name: str
    params: Params
    x: np.ndarray  # (m, n)
    y: np.ndarray  # (m,)
    bar: float  # the relative difference allowed to central differences


class Row(NamedTuple):
    """One theta of one comparison."""

    problem: str
    lam: float
    method: str  # compared with autodiff
    theta: int  # 1, 2, ...
    largest: float  # absolute difference
    where: tuple[int, int]  # its row and column
    relative: float  # |a - b| / |a + b|, Euclidean norms, as in the course
    bar: float

    @property
    def passed(self) -> bool:
        """Whether the two agree to within the bar."""
        return self.relative <= self.bar  # False for NaN


class Gradients(NamedTuple):
    """The gradient at one lambda, three ways, each as one vector; see `slopes`."""

    problem: Problem
    lam: float
    autodiff: np.ndarray  # (all,)
    by_hand: np.ndarray  # (all,)
    picks: np.ndarray  # (p,) where central differences were taken
    numeric: np.ndarray  # (p,)


class Report(NamedTuple):
    """All comparisons; str(report) is the table."""

    rows: tuple[Row, ...]
    gradients: tuple[Gradients, ...]  # that were compared

    @property
    def passed(self) -> bool:
        """Whether every theta of every comparison passed."""
        return bool(self.rows) and all(row.passed for row in self.rows)

    def __str__(self) -> str:
        """The table and the verdict."""
        head = (
            f"{'network':<11}{'lambda':>7}  {'autodiff against':<20}{'theta':>5}"
            f"{'largest difference, at':>26}{'relative':>10}{'bar':>7}"
        )
        lines = [head]
        for row in self.rows:
            place = f"[{row.where[0]}, {row.where[1]}]"
            lines.append(
                f"{row.problem:<11}{row.lam:>7g}  {row.method:<20}{row.theta:>5}"
                f"{row.largest:>14.1e} {place:>11}{row.relative:>10.1e}{row.bar:>7.0e}"
                + ("" if row.passed else "  FAIL")
            )
        failed = sum(not row.passed for row in self.rows)
        verdict = (
            "PASS" if self.passed else f"FAIL: {failed} of {len(self.rows)} differ"
        )
        return "\n".join([*lines, verdict])

    __repr__ = __str__  # what a notebook shows


def course_problem() -> Problem:
    """The course's 3-5-3 network: 5 examples, all numbers sines, no randomness."""

    def sines(*shape: int) -> np.ndarray:
        numbers = np.sin(np.arange(1, np.prod(shape) + 1)) / 10
        return numbers.reshape(shape, order="F")

    y = np.arange(1, 6) % 3
    return Problem("3-5-3", (sines(5, 4), sines(3, 6)), sines(5, 3), y, bar=1e-9)


def three_gradients(
    problem: Problem,
    lams: Sequence[float] = LAMBDAS,
    picks: np.ndarray | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> list[Gradients]:
    """Autodiff, the hand derivation and central differences; one entry per lambda.

    picks: the weights, as in `slopes`, along which to take central differences; by
    default all.
    """
    _, params, x, y, _ = problem
    picks = np.arange(flatten(params).size) if picks is None else picks
    numeric = slopes(params, x, y, lams, picks, progress=progress)
    found = []
    for lam, slope in zip(lams, numeric, strict=True):
        with jax.enable_x64(True):
            autodiff = flatten(jax.device_get(model.gradient(params, x, y, lam)))
        by_hand = flatten(backprop(params, x, y, lam)[1])
        found.append(Gradients(problem, lam, autodiff, by_hand, picks, slope))
    return found


def compare(found: Gradients) -> list[Row]:
    """Autodiff against the hand derivation, and against central differences."""
    (name, params, _, _, bar), lam, autodiff, by_hand, picks, numeric = found
    everywhere = np.arange(autodiff.size)
    label, far = (name, lam, "hand derivation"), (name, lam, "central differences")
    return [
        *rows_of(label, autodiff, by_hand, everywhere, params, HAND_BAR),
        *rows_of(far, autodiff[picks], numeric, picks, params, bar),
    ]


def rows_of(
    label: tuple[str, float, str],
    a: np.ndarray,
    b: np.ndarray,
    picks: np.ndarray,
    params: Params,
    bar: float,
) -> list[Row]:
    """A row per theta: how far the gradients a and b (p,) differ at picks (p,)."""
    rows, start = [], 0
    for number, (height, width) in enumerate(shapes_of(params), 1):
        mine = (picks >= start) & (picks < start + height * width)
        gap = np.abs(a - b)[mine]
        worst = gap.argmax()
        place = divmod(int(picks[mine][worst]) - start, width)
        relative = float(np.linalg.norm(gap) / np.linalg.norm((a + b)[mine]))
        rows.append(Row(*label, number, float(gap[worst]), place, relative, bar))
        start += height * width
    return rows


def three_way(
    *,
    quick: bool = False,
    all_digits: bool = False,
    seed: int = 0,
    progress: Callable[[int, int], Any] | None = None,
) -> Report:
    """The three-way comparison: print(jaxnn.check_gradient()) shows the table.

    It takes every weight of the course's 3-5-3 network and of the 400-25-10 network at
    its start, for lambda 0 and 1. quick: 100 weights of each theta. all_digits: all
    5000 instead of 50 of each class. seed: of the start and of the weights that quick
    picks.
    """
    digits = data.load_digits()
    if not all_digits:
        fifty = [np.flatnonzero(digits.y == digit)[:50] for digit in range(10)]
        digits = data.take(digits, np.concatenate(fifty))
    params = initialization.init_params(seed, dtype="float64")
    full = Problem("400-25-10", params, digits.x, digits.y, bar=1e-7)
    picks = some_of_each(params, seed) if quick else None
    found = three_gradients(course_problem())
    found += three_gradients(full, picks=picks, progress=progress)
    rows = [row for gradients in found for row in compare(gradients)]
    return Report(tuple(rows), tuple(found))


def some_of_each(params: Params, seed: int) -> np.ndarray:
    """Positions, as in `slopes`, of QUICK random weights of each theta."""
    random = np.random.default_rng(seed)
    picks, start = [], 0
    for theta in params:
        chosen = random.choice(theta.size, min(QUICK, theta.size), replace=False)
        picks.append(start + np.sort(chosen))
        start += theta.size
    return np.concatenate(picks)
