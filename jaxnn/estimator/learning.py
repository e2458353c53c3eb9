"""Train as a plan says; check what a network that goes on is given.

m examples, k classes; thetas as in model.py.
"""

import sys
from typing import Any

import numpy as np
from scipy.special import entr
from sklearn.model_selection import train_test_split

from jaxnn.estimator import fitting, loops, scoring
from jaxnn.estimator.fitting import Examples, Outcome
from jaxnn.estimator.plan import Plan
from jaxnn.initialization import layers_of
from jaxnn.mistake import Mistake
from jaxnn.model import Params
from jaxnn.progress import bar


def trained(plan: Plan, part: Examples, start: Params, verbose: bool) -> Outcome:
    """Train from start, as the plan says; a bar shows it, if verbose."""
    show, how = bar(sys.stderr), (plan.settings, plan.max_iter, plan.tol)

    def follow(done: int, loss: float) -> None:
        if verbose:
            show(
                f"iteration {done}/{plan.max_iter}  loss {loss:.4f}",
                done,
                plan.max_iter,
            )

    try:
        if plan.patience is None:
            return loops.at_once(part, start, *how, follow)
        part, held = held_out(part, plan)
        judge = None if held is None else lambda now: scoring.accuracy(now, held)
        return loops.until_idle(part, start, *how, plan.patience, judge, follow)
    finally:
        show("", 0, 0)


def held_out(part: Examples, plan: Plan) -> tuple[Examples, Examples | None]:
    """The examples to train on and, if the plan says so, those that judge."""
    if not plan.validation_fraction:
        return part, None
    how = {"random_state": plan.settings.seed, "stratify": part.y}
    rows = train_test_split(
        np.arange(len(part.y)), test_size=plan.validation_fraction, **how
    )
    train, held = (Examples(*(a[r] for a in part)) for r in rows)
    return train, held


def has_partial_fit(network: Any) -> bool:
    """Whether its method makes one iteration after another, on any examples."""
    if fitting.goes_on(network.method):
        return True
    raise AttributeError(
        f"partial_fit is for adam, gd and momentum, not for {network.method}"
    )


def doubt(outcome: Outcome, part: Examples, tol: float) -> str:
    """A warning about a trained network, or ""."""
    if outcome.is_diverged:
        return f"{outcome.message}, the last good weights stay; " + (
            "use a smaller learning_rate, or scale X"
        )
    if not outcome.is_settled:
        return f"{outcome.message}: not converged within tol={tol:g}; " + (
            "raise max_iter or tol, or scale X"
        )
    if has_learned_nothing(outcome, part):
        return "the network knows only how frequent each class is; try " + (
            'init="glorot", a smaller lam, a larger n_iter_no_change, or scale X'
        )
    return ""


def has_learned_nothing(outcome: Outcome, part: Examples) -> bool:
    """Whether the loss is that of outputs that are the frequencies of the classes.

    Frequencies p cost the sum over the classes of -p log p - (1 - p) log(1 - p).
    """
    p = np.bincount(part.y, part.weights) / part.weights.sum()  # (k,)
    return outcome.loss > 0.99 * float(np.sum(entr(p) + entr(1 - p)))


def continued(network: Any, new: Params, classes: np.ndarray) -> Params:
    """The thetas of a fitted network, if a new start has their shapes and classes."""
    if not np.array_equal(classes, network.classes_):
        raise Mistake(
            f"warm_start: y has the classes {classes}, and this network "
            f"{network.classes_}; clone it to start again"
        )
    if layers_of(new) != layers_of(network.params_):
        raise Mistake(
            f"the network has layers {layers_of(network.params_)}, not "
            f"{layers_of(new)}; clone it to start again"
        )
    return tuple(theta.astype(new[0].dtype) for theta in network.params_)


def places_of(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The place (m,) of each label among the sorted classes; a Mistake for another."""
    unknown = np.setdiff1d(labels, classes)
    if unknown.size:
        raise Mistake(
            f"y has {str(unknown[0])!r}, which is none of the classes {classes}"
        )
    return np.searchsorted(classes, labels)
