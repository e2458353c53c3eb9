"""The trainers of a race: jaxnn's methods, SciPy's minimisers, PyTorch's L-BFGS.

scikit-learn's is in sklearn_mlp. Shapes: p weights and biases in all.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import jax
import numpy as np

import numpy_mlp
import torch_mlp
import workers
from checkout import jaxnn
from jaxnn.optimizers import MEMORY, start, warm_up
from jaxnn.training import centering
from race import (
    LONGEST,
    MOST,
    Outcome,
    Params,
    Race,
    Stop,
    Train,
    Watch,
    in_python,
    prepared,
    true_cost,
)
from timing import Prepared

TORCH_COLUMNS = True  # the faster layout, by gradient.py
UNENDING = {"ftol": 0.0, "gtol": 0.0, "maxfun": 10**9, "maxiter": 10**9}


def in_jaxnn(method: str, is_centered: bool, race: Race, device: str) -> Prepared:
    """jaxnn.minimize: one compiled loop of as many steps as it takes."""
    chosen = workers.start_jax(device, "float32")
    centers = centering.centers_of(race.starts[0], race.x) if is_centered else None
    args = race.x, race.y, np.float32(race.lam), centers
    starts, args = jax.device_put((race.starts, args), chosen)
    cost = centering.cost
    same: dict[str, Any] = {"args": args, "method": method, "tolerance": 0.0}

    def train(params: Params, **more: Any) -> Any:
        there = centering.centered(params, args[-1])
        found = jaxnn.minimize(cost, there, **same, **more)
        return found._replace(params=centering.uncentered(found.params, args[-1]))

    def begin() -> Any:
        there = centering.centered(starts[0], args[-1])
        centering.uncentered(there, args[-1])  # compiled now, too
        return start(cost, there, args, method)

    compiling = workers.beyond_repeating(begin)
    steps, size = fewest_steps(train, starts, race.target)
    state, another = begin(), size + 1  # a size not compiled yet
    compiling += workers.beyond_repeating(
        lambda: warm_up(cost, state, args, method, chunk=another)
    )

    def reach(i: int) -> Any:
        return train(starts[i], steps=steps[i], chunk=size)

    def follow(i: int) -> Outcome | None:
        if steps[i] is None:
            return None
        began = time.perf_counter()
        found = reach(i)
        seconds = np.linspace(0, time.perf_counter() - began, found.steps + 1)
        costs = np.append(true_cost(race.starts[i], race), found.history)
        curve = np.column_stack([seconds, np.minimum.accumulate(costs)])
        counts = found.steps, found.evaluations
        return Outcome(found.params, found.cost, *counts, curve)

    outcomes = [follow(i) for i in range(len(race.starts))]
    how = "float32", compiling, chosen.device_kind
    return prepared(race, outcomes, lambda i: reach(i).cost, *how)


def fewest_steps(
    train: Callable[..., Any], starts: Sequence[Any], target: float
) -> tuple[list[Any], int]:
    """Steps to the target from each start, None if never; the size of their loop.

    All are counted with the loop that is then timed: another size is another program,
    which may round differently.
    """
    best, size = 32, 32
    found: list[Any] = [None] * len(starts)
    while size <= MOST and None in found:
        began = time.perf_counter()
        steps = [steps_to(target, train(s, steps=size, chunk=size)) for s in starts]
        if steps.count(None) < found.count(None):
            best, found = size, steps
        if time.perf_counter() - began > LONGEST * len(starts):
            break
        size *= 2
    return found, best


def steps_to(target: float, result: Any) -> int | None:
    """After which the cost is low enough; None if it never is."""
    there = np.flatnonzero(result.history <= target)
    return int(there[0]) + 1 if there.size else None


def by_scipy(method: str, evaluate: Callable[..., Any], options: dict) -> Train:
    """SciPy's minimiser on evaluate(params) -> cost, gradient."""
    from scipy import optimize

    def train(params: Params, watch: Watch) -> tuple[Params, int]:
        first, steps = params, 1  # the step under way counts

        def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal params
            params = shaped_like(first, flat)
            cost, gradient = evaluate(params)
            watch.see(float(cost))
            return float(cost), laid_out(gradient)

        def count(_: np.ndarray) -> None:
            nonlocal steps
            steps += 1

        how: Any = {"method": method, "callback": count, "options": options}
        with suppress(Stop):
            optimize.minimize(value, laid_out(first), jac=True, **how)
        return params, steps

    return train


def laid_out(arrays: Sequence[Any]) -> np.ndarray:
    """End to end in float64, as SciPy wants them, (p,)."""
    return np.concatenate([np.asarray(a, np.float64).ravel() for a in arrays])


def shaped_like(params: Params, flat: np.ndarray) -> Params:
    """The inverse of laid_out."""
    parts = np.split(flat, np.cumsum([theta.size for theta in params])[:-1])
    pairs = zip(parts, params, strict=True)
    return tuple(part.reshape(theta.shape).astype(theta.dtype) for part, theta in pairs)


def scipy_jitted(race: Race, device: str) -> Prepared:
    """SciPy's L-BFGS-B, cost and gradient compiled by JAX."""
    chosen = workers.start_jax(device, "float32")
    data = jax.device_put((race.x, race.y, np.float32(race.lam)), chosen)
    slope = jax.value_and_grad(jaxnn.cost)
    call, seconds, _ = workers.compiled(slope, race.starts[0], *data)
    options = {**UNENDING, "maxcor": MEMORY}
    train = by_scipy("L-BFGS-B", lambda params: call(params, *data), options)
    return in_python(race, train, "float32", seconds, chosen.device_kind)


def scipy_numpy(
    method: str, options: dict[str, Any], race: Race, dtype: str
) -> Prepared:
    """SciPy's method on the fastest NumPy of numpy_mlp."""
    starts = [tuple(theta.astype(dtype) for theta in params) for params in race.starts]
    race = race._replace(starts=starts)
    theta1, theta2 = race.starts[0]
    work = numpy_mlp.buffers((theta1, theta2), race.x, race.y)

    def evaluate(params: Any) -> tuple[float, Params]:
        return numpy_mlp.tight(params, work, race.lam)

    return in_python(race, by_scipy(method, evaluate, options), dtype)


def in_torch(is_centered: bool, race: Race, device: str) -> Prepared:
    """PyTorch's own L-BFGS."""
    torch = torch_mlp.start_torch(device, "float32")
    tensors = torch_mlp.as_tensors(torch, device, race.x, race.y, TORCH_COLUMNS)
    data = *tensors, race.lam
    there, back = None, None  # how biases move; None leaves them
    if is_centered:
        centers = centering.centers_of(race.starts[0], race.x)
        there = [torch.tensor(c, device=torch_mlp.PLACES[device]) for c in centers]
        back = [-c for c in there]
    cost_of = torch_mlp.cost_function(torch, TORCH_COLUMNS)

    def moved(thetas: Sequence[Any], by: Sequence[Any] | None) -> Sequence[Any]:
        return thetas if by is None else torch_mlp.biases_moved(torch, thetas, by)

    def cost(thetas: Sequence[Any], *args: Any) -> Any:
        return cost_of(moved(thetas, back), *args)

    how = {"max_iter": MOST, "max_eval": MOST, "history_size": MEMORY}
    how |= {"tolerance_grad": 0, "tolerance_change": 0}

    def train(params: Params, watch: Watch) -> tuple[Params, int]:
        at = torch_mlp.leaves(torch, device, params)
        at = [theta.detach().requires_grad_() for theta in moved(at, there)]
        optimizer = torch.optim.LBFGS(at, line_search_fn="strong_wolfe", **how)

        def closure() -> Any:
            value, gradient = torch_mlp.cost_and_gradient(torch, cost, at, *data)
            for theta, slope in zip(at, gradient, strict=True):
                theta.grad = slope
            watch.see(float(value.detach()))
            return value

        with suppress(Stop):
            optimizer.step(closure)
        arrays = tuple(theta.detach().cpu().numpy() for theta in moved(at, back))
        return arrays, optimizer.state[at[0]]["n_iter"]

    kind = torch.cuda.get_device_name() if device == "gpu" else "cpu"
    return in_python(race, train, "float32", 0.0, kind)
