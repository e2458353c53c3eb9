"""`GridSearch`: scikit-learn's GridSearchCV, its networks trained side by side."""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.pipeline import Pipeline

from jaxnn.estimator.classifier import NeuralNetClassifier
from jaxnn.estimator.together import Search, key_of, searching


class GridSearch(GridSearchCV):
    """GridSearchCV of a NeuralNetClassifier, or of a Pipeline that ends in one.

    On each fold, all networks that differ in lam, random_state and init alone train by
    one compiled program, on a CPU in a thread for each core. Others train in turn:
    those with early_stopping or mini-batches, and those by bfgs or a method of SciPy's.
    Parameters, methods and attributes are those of GridSearchCV, without n_jobs and
    pre_dispatch. Networks that train together share the time of the call by their
    evaluations of the cost.

    >>> grid = {"lam": [0.1, 1, 10], "random_state": range(8)}
    >>> search = jaxnn.GridSearch(jaxnn.NeuralNetClassifier(), grid).fit(X, y)
    >>> search.best_params_, search.best_score_
    """

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        scoring: Any = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ):
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            n_jobs=1,  # whatever a joblib context says: the call itself is parallel
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )

    def _run_search(self, evaluate_candidates: Any) -> None:  # pyright: ignore
        candidates = list(ParameterGrid(self.param_grid))
        networks = [network_of(self.estimator, params) for params in candidates]
        with searching([one for one in networks if one is not None]) as search:
            results = evaluate_candidates(candidates)
        for i, network in enumerate(networks):
            share_time(results, i, network, search)


def network_of(estimator: Any, params: dict[str, Any]) -> NeuralNetClassifier | None:
    """The network of a candidate; None if its estimator does not end in one."""
    candidate: Any = clone(estimator)
    candidate.set_params(**params)
    last = candidate[-1] if isinstance(candidate, Pipeline) else candidate
    return last if isinstance(last, NeuralNetClassifier) else None


def share_time(results: dict[str, Any], i: int, network: Any, search: Search) -> None:
    """Write the seconds of a network's own share of the calls, if it was in some."""
    seconds = [] if network is None else search.seconds[key_of(network)]
    if seconds:
        results["mean_fit_time"][i] = np.mean(seconds)
        results["std_fit_time"][i] = np.std(seconds)
