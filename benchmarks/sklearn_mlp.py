"""scikit-learn's network on this network's cost: a contender for the benchmarks.

Shapes: m examples, k classes; theta_l (units_out, 1 + units_in), column 0 the bias.
"""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from race import MOST, Outcome, Params, Race, Stop, Watch, prepared
from timing import Prepared


def as_sklearn(params: Params, lam: float, **limits: int) -> Any:
    """scikit-learn's network, yet untrained, whose training starts at params.

    Fitted to indicators (m, k) it has logistic outputs and cross-entropy summed over
    the classes, alpha is lambda, and biases go unpenalised: the same cost.
    """
    networks: Any = importlib.import_module("sklearn.neural_network")
    network = networks.MLPClassifier(
        [len(theta) for theta in params[:-1]],
        activation="logistic",
        solver="lbfgs",
        alpha=lam,
        tol=0.0,  # of the gradient, not to end before the target
        **{"max_iter": MOST, "max_fun": MOST, **limits},
    )
    layers = iter(params)

    def initial(n_in: int, n_out: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
        theta = next(layers).astype(dtype)
        return theta[:, 1:].T, theta[:, 0]

    network._init_coef = initial
    return network


def in_sklearn(race: Race, dtype: str) -> Prepared:
    """scikit-learn's own fit, limited to as many steps as it takes."""
    x, indicators = race.x.astype(dtype), np.eye(10, dtype=int)[race.y]

    def fit(network: Any) -> Any:
        with quiet_sklearn():
            return network.fit(x, indicators)

    def follow(params: Params) -> Outcome | None:
        network, watch = as_sklearn(params, race.lam), Watch(race.target)
        watch_losses(network, watch)
        with suppress(Stop):
            fit(network)
        curve = watch.curve()
        if curve is None:
            return None
        # The limit on evaluations is looked at after a step: the first low enough.
        found = fit(as_sklearn(params, race.lam, max_fun=len(curve) - 1))
        return Outcome(thetas(found), found.loss_, found.n_iter_, len(curve), curve)

    outcomes = [follow(params) for params in race.starts]

    limits: list[Any] = [outcome and outcome.steps for outcome in outcomes]

    def run(i: int) -> float:
        limit = limits[i]
        return float(fit(as_sklearn(race.starts[i], race.lam, max_iter=limit)).loss_)

    return prepared(race, outcomes, run, dtype)


def watch_losses(network: Any, watch: Watch) -> None:
    """Let watch see every loss that network's training computes."""
    evaluate = network._loss_grad_lbfgs

    def watched(*args: Any) -> tuple[float, np.ndarray]:
        loss, gradient = evaluate(*args)
        watch.see(float(loss))
        return loss, gradient

    network._loss_grad_lbfgs = watched


def thetas(network: Any) -> Params:
    """scikit-learn's weights and biases as ours."""
    layers = zip(network.coefs_, network.intercepts_, strict=True)
    return tuple(np.column_stack([bias, coef.T]) for coef, bias in layers)


@contextmanager
def quiet_sklearn() -> Iterator[None]:
    """Without its warning that a limit ended the training."""
    exceptions: Any = importlib.import_module("sklearn.exceptions")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        yield
