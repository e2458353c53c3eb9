"""Which penalty, which width? Cross-validated accuracies of many networks at once.

m examples, N networks. A fold is a part of the digits that some networks do not train
on. All networks of one width train in the same compiled call, on the same arrays: a
mask over the examples, not a copy of them, says which fold a network leaves out.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn import initialization, limits, model
from jaxnn.classes import DIGITS, Classes
from jaxnn.digits import Digits
from jaxnn.display import displayed
from jaxnn.ensemble.lockstep import of_each
from jaxnn.ensemble.networks import minimize_all, stack
from jaxnn.ensemble.trained import Ensemble
from jaxnn.mistake import Mistake
from jaxnn.optimizers import check_size

RESAMPLES = 1000  # of the bootstrap


@displayed
class Scores(NamedTuple):
    """The networks of one width and one penalty; a row per start."""

    hidden: int
    lam: float
    seeds: np.ndarray  # (s,)
    train_accuracy: np.ndarray  # (s, f) fraction, of the f networks of each start
    cost: np.ndarray  # (s, f) nats per example, with the penalty, on the training folds
    steps: np.ndarray  # (s, f)
    evaluations: np.ndarray  # (s, f)
    diverged: np.ndarray  # (s, f) bool; such a start counts in no median
    right: np.ndarray  # (s, d) bool: which held-out digits are read right
    folds: np.ndarray  # (d,) the fold of each held-out digit
    seconds: float  # per network, its share by evaluations
    theta1: np.ndarray  # (h, 1 + n) the first layer of the first network not diverged

    def _facts(self) -> dict[str, str]:
        """What was trained, and the medians over the starts."""
        good, facts = self.good, {"hidden": str(self.hidden), "lambda": f"{self.lam:g}"}
        facts["starts"] = f"{len(good)}, {(~good).sum()} diverged"
        if good.any():
            train = np.median(self.train_accuracy[good].mean(axis=1))
            facts["train"] = f"{train:.2%}"
            facts["validation"] = f"{np.median(self.validation_accuracy):.2%}"
        return facts

    @property
    def good(self) -> np.ndarray:
        """Starts (s,) none of whose networks diverged."""
        return np.logical_not(self.diverged.any(axis=1))

    @property
    def validation_accuracy(self) -> np.ndarray:
        """The fraction of held-out digits read right, per good start."""
        return self.right[self.good].mean(axis=1)


def stratified_folds(
    y: np.ndarray, k: int, seed: int = 0, classes: Classes = DIGITS
) -> np.ndarray:
    """The fold 0..k-1 of each example, (m,): every class is dealt out evenly.

    y: (m,) places in classes. Raises Mistake unless every class present fills k folds.
    """
    held, counts = np.unique(y, return_counts=True)
    fewest = counts.min()
    if fewest < 2:
        kind = "digit" if classes == DIGITS else "class"
        raise Mistake(
            f"only one example of {kind} {classes[held[counts.argmin()]]}: folds need "
            "two of each; add some or leave it out"
        )
    if not 2 <= k <= fewest:
        raise Mistake(
            f"{k} folds: give 2 to {fewest}, the examples of the rarest class"
        )
    random = np.random.default_rng(seed)
    folds = np.empty(len(y), np.int32)
    for digit in held:
        members = random.permutation(np.flatnonzero(y == digit))
        folds[members] = np.arange(len(members)) * k // len(members)
    return folds


def check_room(
    layers: tuple[int, int, int], networks: int, method: str, dtype: str
) -> None:
    """Raise Mistake unless these networks fit into memory, before any is drawn."""
    n, hidden, k = layers
    parameters, one = hidden * (1 + n) + k * (1 + hidden), jnp.zeros((), dtype)
    if method == "bfgs":
        check_size(parameters, one)
    # drawn, then put side by side, in half of the host's memory
    fit = limits.machine() // (4 * parameters * one.itemsize)
    if fit < networks:
        raise Mistake(
            f"memory holds {fit} networks of {hidden} hidden units, not {networks}; "
            "use fewer units, seeds, lambdas or folds"
        )


def masked_cost(
    params: model.Params,
    x: jax.Array,
    y: jax.Array,
    lam: jax.Array,
    folds: jax.Array,
    left_out: jax.Array,
) -> jax.Array:
    """The cost without the examples of one fold.

    x: (m, n). y, folds: (m,). left_out: scalar, the fold.
    """
    return model.cost(params, x, y, lam, (folds != left_out).astype(x.dtype))


def cross_validate(
    digits: Digits,
    folds: np.ndarray,
    used: Sequence[int],
    lams: Sequence[float],
    seeds: Sequence[int],
    hidden: int = 25,
    init: str = "course",
    dtype: str = "float32",
    progress: Callable[[int, int], Any] | None = None,
    **how: Any,
) -> list[Scores]:
    """Train a network for every lambda, start and used fold; a Scores per lambda.

    folds: (m,) the fold of each digit. used: the folds to leave out, one per network.
    seeds: of the starts. hidden: units of the one layer. how: method, steps,
    learning_rate, notice, store as in `minimize_all`. Only networks that have not seen
    a digit judge it.
    """
    shape = len(lams), len(seeds), len(used)  # l, s, f
    lam, seed, fold = (a.ravel() for a in np.meshgrid(lams, seeds, used, indexing="ij"))
    layers = (digits.x.shape[1], hidden, len(digits.classes))
    starts = {s: initialization.init_params(s, layers, init, dtype) for s in seeds}
    params = stack([starts[s] for s in seed.tolist()])
    x, y, folds_ = (
        jnp.asarray(a) for a in (digits.x.astype(dtype), digits.y, folds.astype("i4"))
    )
    found = minimize_all(
        masked_cost,
        params,
        (x, y, jnp.asarray(lam.astype(dtype)), folds_, jnp.asarray(fold)),
        (None, None, 0, None, 0),
        progress=progress,
        **how,
    )
    right = of_each(model.reads_right, found.params, (x, y), (None, None))
    right = np.asarray(right).reshape(*shape, -1)  # (l, s, f, m)
    return scored(found, right, folds, used, lams, seeds, hidden)


def scored(
    found: Ensemble,
    right: np.ndarray,
    folds: np.ndarray,
    used: Sequence[int],
    lams: Sequence[float],
    seeds: Sequence[int],
    hidden: int,
) -> list[Scores]:
    """A Scores per lambda; right (l, s, f, m): which digits a network reads right."""
    seen = folds != np.array(used)[:, None]  # (f, m)
    held = np.flatnonzero(~seen.all(axis=0))  # (d,)
    judge = np.argmin(seen[:, held], axis=0)  # (d,) the network that has not seen it
    per_evaluation = found.seconds / found.evaluations.sum()
    cost, steps, evaluations, diverged = (
        a.reshape(right.shape[:3])
        for a in (found.cost, found.steps, found.evaluations, found.diverged)
    )
    return [
        Scores(
            hidden=hidden,
            lam=float(lams[i]),
            seeds=np.asarray(seeds),
            train_accuracy=(right[i] & seen).sum(axis=-1) / seen.sum(axis=-1),
            cost=cost[i],
            steps=steps[i],
            evaluations=evaluations[i],
            diverged=diverged[i],
            right=right[i][:, judge, held],
            folds=folds[held],
            seconds=float(per_evaluation * evaluations[i].mean()),
            theta1=np.asarray(
                found.params[0][i * cost[i].size + int(diverged[i].argmin())]
            ),
        )
        for i in range(len(lams))
    ]


def chances(scores: Sequence[Scores], seed: int = 0) -> np.ndarray:
    """How often each of the scores would be the best, (len(scores),).

    A bootstrap: held-out digits and starts are drawn RESAMPLES times, with repetition,
    the same draw for all scores; the best mean validation accuracy wins. Where a
    network diverged the chance is 0, because nobody knows what it would read.
    """
    found = np.zeros(len(scores))
    candidates = [i for i, one in enumerate(scores) if one.good.all()]
    if not candidates:
        return found
    random = np.random.default_rng(seed)
    starts, held = scores[0].right.shape
    of_digits = random.multinomial(held, np.full(held, 1 / held), RESAMPLES)  # (b, d)
    of_digits = of_digits.astype("f4")  # exact up to 2^24
    of_starts = random.multinomial(starts, np.full(starts, 1 / starts), RESAMPLES)
    drawn = np.array(
        [
            ((of_digits @ scores[i].right.T.astype("f4")) * of_starts).sum(axis=1)
            for i in candidates
        ]
    )  # (candidates, b): digits read right in each draw
    is_best = drawn == drawn.max(axis=0)
    found[candidates] = (is_best / is_best.sum(axis=0)).mean(axis=1)  # ties are shared
    return found
