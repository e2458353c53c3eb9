"""Train a network on checked arrays, at once or an iteration at a time.

An iteration is a step of the method; with mini-batches, an epoch of steps. Shapes: m
examples, n features, k classes; thetas as in model.py.

XLA compiles a program for each shape of its arrays. Examples of weight 0 and features
that are all 0 fill the arrays up to round numbers, and change no result: many data sets
then share one program.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnn import optimizers, training
from jaxnn.model import Params
from jaxnn.training import centering

FEATURES = 16  # features are filled up to a multiple of this number
CHUNK = 100  # steps per compiled call


class Examples(NamedTuple):
    """What a network learns from, on the host."""

    x: np.ndarray  # (m, n) floating point, finite
    y: np.ndarray  # (m,) places in the classes
    weights: np.ndarray  # (m,) above 0


class Outcome(NamedTuple):
    """A trained network, as NumPy arrays."""

    params: Params  # thetas (units_out, 1 + units_in)
    losses: list[float]  # after each iteration: nats per example, with the penalty
    message: str  # why the training ended
    is_settled: bool  # it has converged, or no longer improved
    scores: list[float] = []  # after each iteration, of the examples held out
    memory: Any = None  # what the method remembers, for the next iteration


def goes_on(method: str) -> bool:
    """Whether a method that made an iteration can make another on other examples."""
    return optimizers.TRAITS[method].default_rate is not None


def up_to(number: int, unit: int) -> int:
    """number, rounded up to a multiple of unit."""
    return -(-number // unit) * unit


def loaded(part: Examples, dtype: str, pads_rows: bool) -> training.Loaded:
    """The examples on the device, filled up to round numbers of rows and columns."""
    m, n = part.x.shape
    rows = up_to(m, training.PAD) if pads_rows else m
    x = np.zeros((rows, up_to(n, FEATURES)), dtype)
    y, weights = np.full(rows, -1, np.int32), np.zeros(rows, dtype)
    x[:m, :n], y[:m], weights[:m] = part.x, part.y, part.weights
    x, y, weights = jax.device_put((x, y, weights))
    return training.Loaded(x, y, weights, m)


def task_of(part: Examples, params: Params, settings: training.Settings) -> dict:
    """The keyword arguments of `minimize`; settings.center moves the origin."""
    data = loaded(part, settings.dtype, settings.batch_size is None)
    centers = None
    if settings.center:
        mean, *others = centering.centers_of(params, part.x, part.weights)
        centers = np.pad(mean, (0, data.x.shape[1] - len(mean))), *others
    return training.make_task(data, settings, centers) | {"chunk": CHUNK}


def widened(params: Params, task: dict[str, Any]) -> Params:
    """The network's thetas in the coordinates of the optimizer, for filled-up x."""
    first, *others = params
    extra = task["args"][0].shape[1] + 1 - first.shape[1]
    wide = np.pad(first, ((0, 0), (0, extra))), *others
    return centering.centered(wide, training.centers_in(task))


def narrowed(params: Params, task: dict[str, Any], n: int) -> Params:
    """The network's own thetas, of n features, as NumPy arrays."""
    own = jax.device_get(params)
    first, *others = centering.uncentered(own, training.centers_in(task))
    return first[:, : 1 + n], *others


def steps_of(task: dict[str, Any]) -> int:
    """The steps of an iteration."""
    batches = task["batches"]
    return 1 if batches is None else batches.examples // batches.size


def at_once(
    part: Examples,
    params: Params,
    settings: training.Settings,
    most: int,
    tol: float,
    show: Callable[[int, float], Any],
) -> Outcome:
    """Train until the gradient's norm is at most tol, at most so many iterations."""
    task = task_of(part, params, settings)

    def follow(state: optimizers.State, _: optimizers.Trace) -> None:
        show(int(state.steps), float(state.cost))

    how = {"steps": most, "tolerance": tol, "callback": follow}
    found = optimizers.minimize(centering.cost, widened(params, task), **task, **how)
    own = narrowed(found.params, task, part.x.shape[1])
    memory = jax.device_get(found.state.memory) if goes_on(settings.method) else None
    losses = found.history.tolist()
    return Outcome(own, losses, found.message, found.converged, [], memory)


def iterations(
    task: dict[str, Any], start: Params, tol: float
) -> Iterator[optimizers.Result]:
    """A Result after each iteration, without end."""
    each = steps_of(task)
    state = optimizers.start(centering.cost, start, **task)
    while True:
        how = {"steps": int(state.steps) + each, "tolerance": tol, "state": state}
        result = optimizers.minimize(centering.cost, start, **task, **how)
        yield result
        state = result.state


def until_idle(
    part: Examples,
    params: Params,
    settings: training.Settings,
    most: int,
    tol: float,
    patience: int,
    judge: Callable[[Params], float] | None,
    show: Callable[[int, float], Any],
) -> Outcome:
    """Train until so many iterations in a row, patience, bring no improvement of tol.

    judge(params) is a score that should grow; the best params are then the outcome.
    None: the loss should fall, and the last params are the outcome.
    """
    task, n = task_of(part, params, settings), part.x.shape[1]
    best, idle, losses, scores = -np.inf, 0, [], []
    message, is_settled, memory = f"all {most} iterations made", False, None
    limit = tol if settings.batch_size is None else 0.0  # a batch is never at rest
    for result in iterations(task, widened(params, task), limit):
        if result.history.size and not result.diverged:
            losses.append(float(result.history.mean()))
            now = narrowed(result.params, task, n)
            scores.append(-losses[-1] if judge is None else judge(now))
            idle = 0 if scores[-1] >= best + tol else idle + 1
            if judge is None or scores[-1] > best:
                params, memory = now, result.state.memory
            best = max(best, scores[-1])
            show(len(losses), losses[-1])
        if result.diverged or result.converged:
            message, is_settled = result.message, result.converged
        elif idle >= patience:
            what = "loss" if judge is None else "validation score"
            message, is_settled = f"the {what} no longer improves", True
        elif len(losses) < most:
            continue
        break
    memory = jax.device_get(memory)
    scores = [] if judge is None else scores
    return Outcome(params, losses, message, is_settled, scores, memory)


def once_more(
    part: Examples,
    params: Params,
    settings: training.Settings,
    number: int,
    memory: Any,
) -> Outcome:
    """Make iteration `number`, counted from 0, from what the one before left."""
    task = task_of(part, params, settings)
    each, start = steps_of(task), widened(params, task)
    state = optimizers.start(centering.cost, start, **task, first=number * each)
    if memory is not None:
        state = state._replace(memory=memory)
    how = {"steps": (number + 1) * each, "tolerance": 0.0, "state": state}
    result = optimizers.minimize(centering.cost, start, **task, **how)
    own = narrowed(result.params, task, part.x.shape[1])
    losses, memory = [float(result.history.mean())], jax.device_get(result.state.memory)
    return Outcome(own, losses, result.message, False, [], memory)
