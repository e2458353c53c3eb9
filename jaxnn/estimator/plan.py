"""What an estimator's parameters mean for the training: checked, or a Mistake."""

import math
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from jaxnn import optimizers, training
from jaxnn.initialization import SCHEMES, init_params
from jaxnn.mistake import Mistake
from jaxnn.model import Params
from jaxnn.training import centering

LARGEST_SEED = 2**31 - 1


class Plan(NamedTuple):
    """How a network is trained."""

    settings: training.Settings
    max_iter: int
    tol: float
    patience: int | None  # idle iterations that end it; None: only the gradient does
    validation_fraction: float  # 0: nothing is held out

    def maker(self) -> tuple[str, float | None]:
        """What must stay as it is for a method to use what it remembers."""
        return self.settings.method, self.settings.learning_rate

    def start(self, n: int, k: int) -> Params:
        """The first thetas of a network of n features and k classes."""
        layers, how = (n, *self.settings.hidden, k), self.settings
        return init_params(how.seed, layers, how.init, how.dtype)


def plan_of(network: Any, dtype: np.dtype) -> Plan:
    """The plan of a NeuralNetClassifier for X of this dtype; draws its seed."""
    for name in ("max_iter", "n_iter_no_change"):
        require_counts(name, getattr(network, name))
    for name in ("early_stopping", "warm_start"):
        if not isinstance(value := getattr(network, name), bool | np.bool_):
            raise Mistake(f"{name}={value!r}: give True or False")
    for name in ("lam", "tol"):
        if not is_between(0, value := getattr(network, name), math.inf):
            raise Mistake(f"{name}={value!r}: give a number from 0 up")
    rate = network.learning_rate
    if not (rate is None or is_between(0, rate, math.inf)):
        raise Mistake(f"learning_rate={rate!r}: give a positive number, or None")
    fraction = network.validation_fraction if network.early_stopping else 0.0
    if network.early_stopping and (not fraction or not is_between(0, fraction, 1)):
        raise Mistake(f"validation_fraction={fraction!r}: give one between 0 and 1")
    settings = settings_of(network, dtype)
    method = optimizers.METHODS[settings.method]
    if network.early_stopping and not isinstance(method, optimizers.Method):
        raise Mistake(
            f"{settings.method} runs to its end by itself; use early_stopping with "
            "another method, such as lbfgs"
        )
    idles = network.early_stopping or settings.batch_size is not None
    patience = network.n_iter_no_change if idles else None
    return Plan(settings, network.max_iter, network.tol, patience, float(fraction))


def settings_of(network: Any, dtype: np.dtype) -> training.Settings:
    """The settings that decide the numbers, as `jaxnn.fit` has them."""
    sizes = network.hidden_layer_sizes
    hidden = tuple(np.atleast_1d(np.asarray(sizes, object)).tolist())
    require_counts("hidden_layer_sizes", sizes, *hidden)
    if network.batch_size is not None:
        require_counts("batch_size", network.batch_size)
    if not isinstance(network.method, str):
        raise Mistake(f"method={network.method!r}: give its name, such as 'lbfgs'")
    if network.init not in list(SCHEMES):
        raise Mistake(f"init={network.init!r}: choose from {', '.join(SCHEMES)}")
    if not isinstance(network.device, str):
        raise Mistake(f'device={network.device!r}: give "auto", "cpu" or "gpu"')
    settings = training.Settings(
        hidden=hidden,
        lam=network.lam,
        init=network.init,
        method=network.method,
        learning_rate=network.learning_rate,
        batch_size=network.batch_size,
        dtype=dtype_of(network.dtype, dtype),
        seed=seed_of(network.random_state),
        center=network.method in centering.METHODS,
    )
    training.check(settings, network.max_iter)
    return training.tidy(settings)


def is_between(low: float, value: Any, high: float) -> bool:
    """Whether value is a number from low up, and below high."""
    return isinstance(value, Real) and low <= value < high  # pyright: ignore


def require_counts(name: str, value: Any, *counts: Any) -> None:
    """Raise Mistake unless value, or all counts in it, are whole numbers from 1 up."""
    for count in counts or (value,) * (value != ()):
        is_count = isinstance(count, Integral) and not isinstance(count, bool)
        if not is_count or count < 1:
            raise Mistake(f"{name}={value!r}: give whole numbers, at least 1")


def dtype_of(wanted: Any, dtype: np.dtype) -> str:
    """The precision that is wanted; None: that of X, float32 for integers."""
    if wanted is not None:
        return getattr(wanted, "__name__", str(wanted))  # np.float32, "float32"
    is_double = dtype.kind == "f" and dtype.itemsize > 4
    return "float64" if is_double else "float32"


def seed_of(random_state: Any) -> int:
    """An int is the seed itself; else one is drawn, as scikit-learn does."""
    random = check_random_state(random_state)  # refuses what is none
    is_seed = isinstance(random_state, Integral) and random_state <= LARGEST_SEED
    return int(random_state) if is_seed else int(random.randint(LARGEST_SEED))
