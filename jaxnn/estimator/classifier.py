"""`NeuralNetClassifier`: scikit-learn's contract over the network of the course.

m examples, n features, k classes; thetas as in model.py.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import log_expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
)
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from jaxnn import devices
from jaxnn.estimator import learning, loops, scoring, together
from jaxnn.estimator.fitting import Examples, Outcome
from jaxnn.estimator.plan import Plan, plan_of
from jaxnn.mistake import Mistake
from jaxnn.model import Params


class NeuralNetClassifier(ClassifierMixin, BaseEstimator):
    """A network of sigmoid units with one output per class, trained by JAX.

    MLPClassifier's alpha, solver and learning_rate_init are lam, method and
    learning_rate here.

    Its cost is `jaxnn.cost`: cross-entropy in nats per example, summed over the
    outputs, plus lam/(2m) times the squared weights; with sample weights, m is their
    sum.

    hidden_layer_sizes: units per hidden layer, a number or several; () is one-vs-all
    logistic regression. lam: the penalty, from 0 up. method, learning_rate, init: as in
    `jaxnn.fit`. max_iter: iterations at most; an iteration is a step of the method,
    with mini-batches an epoch. batch_size: examples per mini-batch, for adam, gd and
    momentum, at most all; None takes all.

    tol: training ends where the gradient's norm, by the parameters that the method
    moves, is at most this; with mini-batches that is not checked. With them or
    early_stopping it also ends when n_iter_no_change iterations in a row improve the
    loss, or the accuracy on held-out examples, by less. early_stopping: hold out
    validation_fraction of the examples, stratified; the weights that are best on them
    stay.
    warm_start: `fit` continues from the weights of the last one. random_state: an int
    is the seed of the weights, the mini-batches and the held-out examples. Ctrl-C keeps
    the weights after the last 100 iterations that were complete, and is raised.

    device: "auto", "cpu" or "gpu". dtype: "float32", "float64", or None: that of X,
    float32 for integers. Predictions are float64. verbose: a bar on stderr. Sparse X is
    made dense.

    After `fit`: classes_ (k,), params_ (the thetas), coefs_, intercepts_ (per layer,
    (units_in, units_out) and (units_out,)), loss_ (theirs), loss_curve_, n_iter_,
    n_features_in_, feature_names_in_; with early_stopping validation_scores_ and
    best_validation_score_. `jaxnn.save_params(path, clf.params_)` saves the network.

    >>> clf = jaxnn.NeuralNetClassifier(random_state=0).fit(X, y)
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (25,),
        lam: float = 1.0,
        *,
        method: str = "lbfgs",
        max_iter: int = 200,
        learning_rate: float | None = None,
        batch_size: int | None = None,
        tol: float = 1e-4,
        init: str = "course",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        random_state: Any = None,
        device: str = "auto",
        dtype: str | None = None,
        verbose: bool = False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.lam = lam
        self.method = method
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.tol = tol
        self.init = init
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.dtype = dtype
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "NeuralNetClassifier":
        """Train on X (m, n) and labels y (m,), numbers or words; returns self.

        sample_weight: (m,) from 0 up; 2 counts as two equal examples, 0 as none. Raises
        ValueError for data or settings that cannot be trained.
        """
        part, labels = self._examples(X, y, sample_weight)
        classes, places = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            where = "" if sample_weight is None else " where sample_weight is above 0"
            raise Mistake(f"y has one class{where}, {classes[0]}; give examples of two")
        part, plan = part._replace(y=places), plan_of(self, part.x.dtype)
        start = plan.start(part.x.shape[1], len(classes))
        if self.warm_start and hasattr(self, "params_"):
            start = learning.continued(self, start, classes)
        with devices.computing(devices.choose(self.device), plan.settings.dtype):
            outcome = self._trained(plan, part, start)
        self.loss_curve_, self.n_iter_ = [], 0
        self._take(outcome, classes, plan)
        if self.early_stopping:
            self.validation_scores_ = outcome.scores
            self.best_validation_score_ = max(outcome.scores, default=np.nan)
        if outcome.is_interrupted:
            raise KeyboardInterrupt
        if doubt := learning.doubt(outcome, part, self.tol):
            warnings.warn(doubt, ConvergenceWarning, stacklevel=2)
        return self

    @available_if(learning.has_partial_fit)
    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> "NeuralNetClassifier":
        """Make one iteration on X (m, n), y (m,); returns self.

        For adam, gd and momentum. classes: all labels there will be, needed at the
        first call.
        """
        if self.early_stopping:
            raise Mistake("partial_fit holds nothing out; set early_stopping=False")
        is_first = not hasattr(self, "params_")
        part, labels = self._examples(X, y, sample_weight, is_first)
        plan = plan_of(self, part.x.dtype if is_first else self.params_[0].dtype)
        if _check_partial_fit_first_call(self, classes):
            self.loss_curve_, self.n_iter_, self._memory = [], 0, (None, None)
            self._seed = plan.settings.seed
            if len(self.classes_) < 2:
                raise Mistake("classes: give two or more, all that there will be")
        part = part._replace(y=learning.places_of(labels, self.classes_))
        new = plan.start(part.x.shape[1], len(self.classes_))
        start = new if is_first else learning.continued(self, new, self.classes_)
        plan = plan._replace(settings=plan.settings._replace(seed=self._seed))
        maker, memory = self._memory
        memory = memory if maker == plan.maker() else None
        how = plan.settings, self.n_iter_, memory
        with devices.computing(devices.choose(self.device), plan.settings.dtype):
            outcome = loops.once_more(part, start, *how)
        self._take(outcome, self.classes_, plan)
        if outcome.is_diverged:
            doubt = learning.doubt(outcome, part, self.tol)
            warnings.warn(doubt, ConvergenceWarning, stacklevel=2)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores (m, k) of the classes before the sigmoids; the largest is predicted.

        Of two classes: (m,), the log of how much more probable the second one is.
        """
        z = self._scores(X)
        if len(self.classes_) > 2:
            return z
        log_a = log_expit(z)
        return log_a[:, 1] - log_a[:, 0]

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row of X (m, n): (m,), as in y."""
        z = self._scores(X)
        return self.classes_[np.argmax(z, axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The outputs (m, k), each in (0, 1), divided by their sum in each row."""
        return softmax(log_expit(self._scores(X)), axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The log of `predict_proba`, (m, k)."""
        return log_softmax(log_expit(self._scores(X)), axis=1)

    @property
    def coefs_(self) -> list[np.ndarray]:
        """The weights of each layer, (units_in, units_out)."""
        check_is_fitted(self, "params_")
        return [np.asarray(theta)[:, 1:].T for theta in self.params_]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """The biases of each layer, (units_out,)."""
        check_is_fitted(self, "params_")
        return [np.asarray(theta)[:, 0] for theta in self.params_]

    def _examples(
        self, X: Any, y: Any, sample_weight: Any, reset: bool = True
    ) -> tuple[Examples, np.ndarray]:
        """The examples whose weight is above 0, y still to come, and their labels."""
        X, y = validate_data(self, X, y, accept_sparse="csr", reset=reset)
        check_classification_targets(y)
        x = scoring.dense(X)
        weights = _check_sample_weight(sample_weight, x, ensure_non_negative=True)
        used = weights > 0
        if not used.any():
            raise Mistake("sample_weight is 0 everywhere; give some example a weight")
        if not used.all():
            x, y, weights = x[used], y[used], weights[used]
        return Examples(x, np.empty(0), weights), y

    def _trained(self, plan: Plan, part: Examples, start: Params) -> Outcome:
        """Train as the plan says, or with the others of a search."""
        search, k = together.NOW.get(), len(start[-1])
        found = None if search is None else search.outcome(self, part, k)
        found = found or learning.trained(plan, part, start, self.verbose)
        if found.is_diverged and not found.losses:
            raise Mistake(
                "the cost is NaN or infinite at the start or after a step; scale X, or "
                'use a smaller learning_rate or dtype="float64"'
            )
        return found

    def _take(self, outcome: Outcome, classes: np.ndarray, plan: Plan) -> None:
        """Keep what an outcome brings."""
        self.classes_, self.params_ = classes, outcome.params
        self.loss_, self.loss_curve_ = outcome.loss, self.loss_curve_ + outcome.losses
        self.n_iter_ += len(outcome.losses)
        self._memory, self._seed = (plan.maker(), outcome.memory), plan.settings.seed

    def _scores(self, X: Any) -> np.ndarray:
        """z (m, k) float64 of the output units."""
        check_is_fitted(self, "params_")
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        return scoring.scores_of(self.params_, X)
