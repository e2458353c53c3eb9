"""The trainers of a race: jaxnn, SciPy, PyTorch and scikit-learn.

Shapes: p weights and biases in all; k classes.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

import jax
import numpy as np
from scipy import optimize

from jaxnn.optimizers import MEMORY
from jaxnn.training import centering

from . import jaxnn, on_device, peers
from .peers import Params
from .race import MOST, Race, Stop, Train, Watch, raced
from .rounds import Prepared

CHUNK = 128  # steps in one compiled call
TORCH_COLUMNS = True  # the faster layout, by gradient.py
UNENDING: dict[str, Any] = {"ftol": 0.0, "gtol": 0.0, "maxcor": MEMORY}
UNENDING |= {"maxfun": 10**9, "maxiter": 10**9}


def in_jaxnn(method: str, is_centered: bool, race: Race, device: str) -> Prepared:
    """jaxnn.minimize, with as many steps as it needs, CHUNK of them in a compiled call.

    They are counted by the same compiled program: another might round differently.
    """
    chosen = on_device.start_jax(device, "float32")
    centers = centering.centers_of(race.starts[0], race.x) if is_centered else None
    args = race.x, race.y, np.float32(race.lam), centers
    starts, args = jax.device_put((race.starts, args), chosen)
    cost, how = centering.cost, {"args": args, "method": method, "chunk": CHUNK}

    def minimize(i: int, steps: int, callback: Any = None) -> Any:
        there, more = centering.centered(starts[i], args[-1]), {**how, "tolerance": 0}
        found = jaxnn.minimize(cost, there, steps=steps, callback=callback, **more)
        return found._replace(params=centering.uncentered(found.params, args[-1]))

    @cache
    def fewest_steps(i: int) -> int:  # from a start; 0 if the target is missed
        watch = Watch(race.target)
        with suppress(Stop):
            minimize(i, MOST, lambda _, trace: watch.see(*np.asarray(trace.costs)))
        return watch.evaluations * watch.is_there()

    def train(i: int, watch: Watch) -> Params:
        if not (steps := fewest_steps(i)):
            return race.starts[i]
        began = time.perf_counter()
        found = minimize(i, steps)
        seconds = np.linspace(0, time.perf_counter() - began, found.steps + 1)
        watch.seconds, watch.costs = seconds[1:].tolist(), found.history.tolist()
        watch.evaluations = found.evaluations
        return found.params

    compiling = on_device.beyond_repeating(lambda: minimize(0, 1))
    return raced(race, train, "float32", compiling, chosen.device_kind)


def by_scipy(method: str, evaluate: Callable, options: dict, race: Race) -> Train:
    """SciPy's minimizer on evaluate(params) -> cost, gradient."""

    def train(i: int, watch: Watch) -> Params:
        params = race.starts[i]

        def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal params
            params = shaped_like(race.starts[i], flat)
            cost, gradient = evaluate(params)
            watch.see(cost)
            return float(cost), laid_out(gradient)

        how: Any = {"method": method, "jac": True, "options": options}
        with suppress(Stop):
            optimize.minimize(value, laid_out(params), **how)
        return params

    return train


def laid_out(arrays: Sequence[Any]) -> np.ndarray:
    """End to end in float64, as SciPy expects them, (p,)."""
    return np.concatenate([np.asarray(a, np.float64).ravel() for a in arrays])


def shaped_like(params: Params, flat: np.ndarray) -> Params:
    """The inverse of laid_out."""
    parts = np.split(flat, np.cumsum([theta.size for theta in params])[:-1])
    pairs = zip(parts, params, strict=True)
    return tuple(part.reshape(theta.shape).astype(theta.dtype) for part, theta in pairs)


def scipy_jitted(race: Race, device: str) -> Prepared:
    """SciPy's L-BFGS-B, cost and gradient compiled by JAX."""
    chosen = on_device.start_jax(device, "float32")
    data = jax.device_put((race.x, race.y, np.float32(race.lam)), chosen)
    slope = jax.value_and_grad(jaxnn.cost)
    call, seconds, _ = on_device.compiled(slope, race.starts[0], *data)
    train = by_scipy("L-BFGS-B", lambda at: call(at, *data), UNENDING, race)
    return raced(race, train, "float32", seconds, chosen.device_kind)


def scipy_numpy(method: str, options: dict, race: Race, dtype: str) -> Prepared:
    """SciPy's method on the fastest NumPy."""
    starts = [tuple(theta.astype(dtype) for theta in params) for params in race.starts]
    race = race._replace(starts=starts)
    evaluate = peers.tight(starts[0], race.x, race.y)
    train = by_scipy(method, lambda at: evaluate(at, race.lam), options, race)
    return raced(race, train, dtype)


def in_torch(is_centered: bool, race: Race, device: str) -> Prepared:
    """PyTorch's own L-BFGS."""
    torch, kind = peers.start_torch(device)
    x, target = peers.as_tensors(torch, device, race.x, race.y, TORCH_COLUMNS)
    cost, place = peers.torch_cost(torch, TORCH_COLUMNS), peers.PLACES[device]
    centers = centering.centers_of(race.starts[0], race.x) if is_centered else ()
    centers = [torch.tensor(c, device=place) for c in centers]
    how = {"max_iter": MOST, "max_eval": MOST, "history_size": MEMORY}
    how |= {"tolerance_grad": 0, "tolerance_change": 0}

    def moved(thetas: list[Any], sign: int) -> list[Any]:
        """(b + sign W c, W) of each layer (b, W), as in centering.py."""
        for layer, c in enumerate(centers):
            bias, w = thetas[layer][:, :1], thetas[layer][:, 1:]
            there = torch.cat([bias + sign * (w * c).sum(1, keepdim=True), w], 1)
            thetas = [*thetas[:layer], there, *thetas[layer + 1 :]]
        return thetas

    def train(i: int, watch: Watch) -> Params:
        first = peers.leaves(torch, device, race.starts[i])
        at = [theta.detach().requires_grad_() for theta in moved(first, 1)]
        optimizer = torch.optim.LBFGS(at, line_search_fn="strong_wolfe", **how)

        def closure() -> Any:
            optimizer.zero_grad()
            value = cost(moved(at, -1), x, target, race.lam)
            value.backward()
            watch.see(value.detach())
            return value

        with suppress(Stop):
            optimizer.step(closure)
        return tuple(theta.detach().cpu().numpy() for theta in moved(at, -1))

    return raced(race, train, "float32", 0.0, kind)


def in_sklearn(race: Race, dtype: str) -> Prepared:
    """scikit-learn's own fit."""
    x, indicators = race.x.astype(dtype), np.eye(10, dtype=int)[race.y]

    def train(i: int, watch: Watch) -> Params:
        network = as_sklearn(race.starts[i], race.lam)
        evaluate = network._loss_grad_lbfgs

        def watched(*args: Any) -> tuple[float, np.ndarray]:
            loss, gradient = evaluate(*args)
            watch.see(loss)
            return loss, gradient

        network._loss_grad_lbfgs = watched
        with suppress(Stop), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it did not converge
            network.fit(x, indicators)
        layers = zip(network.coefs_, network.intercepts_, strict=True)
        return tuple(np.column_stack([bias, coef.T]) for coef, bias in layers)

    return raced(race, train, dtype)


def as_sklearn(params: Params, lam: float) -> Any:
    """scikit-learn's network, still untrained, whose training starts at params.

    Fitted to indicators (m, k) it has logistic outputs and the cross-entropy summed
    over classes, alpha is lambda, and biases are not penalized: the same cost.
    """
    how = {"activation": "logistic", "solver": "lbfgs", "alpha": lam}
    how |= {"tol": 0.0, "max_iter": MOST, "max_fun": MOST}  # not before the target
    hidden, layers = [len(theta) for theta in params[:-1]], iter(params)
    network = import_module("sklearn.neural_network").MLPClassifier(hidden, **how)

    def initial(n_in: int, n_out: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
        theta = next(layers).astype(dtype)
        return theta[:, 1:].T, theta[:, 0]

    network._init_coef = initial
    return network
