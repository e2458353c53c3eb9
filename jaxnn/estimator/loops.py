"""Train a network at once, or an iteration at a time.

An iteration is a step of the method; with mini-batches, an epoch of steps. Ctrl-C ends
a training with what it has reached. Thetas as in model.py.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from jaxnn import optimizers, training
from jaxnn.estimator.fitting import (
    Examples,
    Outcome,
    cost,
    goes_on,
    narrowed,
    steps_of,
    task_of,
    widened,
)
from jaxnn.model import Params


def at_once(
    part: Examples,
    params: Params,
    settings: training.Settings,
    max_iter: int,
    tol: float,
    show: Callable[[int, float], Any],
) -> Outcome:
    """Train until the gradient's norm is at most tol, at most so many iterations."""
    task, n = task_of(part, params, settings), part.x.shape[1]
    reached: list[optimizers.State] = []
    losses: list[float] = []

    def follow(state: optimizers.State, trace: optimizers.Trace) -> None:
        reached[:] = [state]
        losses.extend(np.asarray(trace.costs)[: int(trace.done)].tolist())
        show(int(state.steps), float(state.cost))

    how = {"steps": max_iter, "tolerance": tol, "callback": follow}
    try:
        found = optimizers.minimize(cost, widened(params, task), **task, **how)
    except KeyboardInterrupt:
        if not reached:
            raise
        own, loss = narrowed(reached[0].params, task, n), float(reached[0].cost)
        return Outcome(own, losses, loss, "interrupted", is_interrupted=True)
    memory = found.state.memory if goes_on(settings.method) else None
    return Outcome(
        params=narrowed(found.params, task, n),
        losses=found.history.tolist(),
        loss=found.cost,
        message=found.message,
        is_settled=found.converged,
        is_diverged=found.diverged,
        memory=jax.device_get(memory),
    )


def iterations(
    task: dict[str, Any], start: Params, tol: float
) -> Iterator[optimizers.Result]:
    """A Result after each iteration, until one ends the run."""
    state = optimizers.start(cost, start, **task)
    while True:
        result = advanced(task, start, state, tol)
        yield result
        if result.converged or result.diverged:
            return
        state = result.state


def advanced(
    task: dict[str, Any], start: Params, state: optimizers.State, tol: float
) -> optimizers.Result:
    """The Result of one iteration from state."""
    steps = int(state.steps) + steps_of(task)
    how = {"steps": steps, "tolerance": tol, "state": state}
    return optimizers.minimize(cost, start, **task, **how)


class Progress:
    """The best iteration so far, and how many since have brought no improvement."""

    def __init__(self, start: Outcome, tol: float, keeps_best: bool):
        self.now, self.tol, self.keeps_best = start, tol, keeps_best
        self.best, self.idle = -np.inf, 0
        self.losses: list[float] = []
        self.scores: list[float] = []

    def add(self, params: Params, loss: float, score: float, memory: Any) -> None:
        """Note an iteration; a score should grow by tol."""
        self.losses.append(loss)
        self.scores.append(score)
        self.idle = 0 if score >= self.best + self.tol else self.idle + 1
        if score > self.best or not self.keeps_best:
            self.now = self.now._replace(params=params, loss=loss, memory=memory)
        self.best = max(self.best, score)

    def ended(self, message: str, **how: bool) -> Outcome:
        """The outcome."""
        scores, memory = self.scores * self.keeps_best, jax.device_get(self.now.memory)
        own = {"losses": self.losses, "scores": scores, "memory": memory}
        return self.now._replace(message=message, **own, **how)


def until_idle(
    part: Examples,
    params: Params,
    settings: training.Settings,
    max_iter: int,
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
    progress = Progress(Outcome(params, [], np.nan, ""), tol, judge is not None)
    limit = tol if settings.batch_size is None else 0.0  # a batch is never at rest
    try:
        for result in iterations(task, widened(params, task), limit):
            if result.diverged:
                return progress.ended(result.message, is_diverged=True)
            own = narrowed(result.params, task, n)
            if result.history.size:
                loss = float(result.history.mean())
                score = -loss if judge is None else judge(own)
                memory = result.state.memory if goes_on(settings.method) else None
                progress.add(own, loss, score, memory)
                show(len(progress.losses), loss)
            else:  # the start has converged
                progress.now = progress.now._replace(loss=result.cost)
            if result.converged:
                return progress.ended(result.message, is_settled=True)
            if progress.idle >= patience:
                what = "loss" if judge is None else "validation score"
                return progress.ended(f"the {what} no longer improves", is_settled=True)
            if len(progress.losses) == max_iter:
                break
    except KeyboardInterrupt:
        return progress.ended("interrupted", is_interrupted=True)
    return progress.ended(f"all {max_iter} iterations made")


def once_more(
    part: Examples,
    params: Params,
    settings: training.Settings,
    number: int,
    memory: Any,
) -> Outcome:
    """Make iteration `number`, counted from 0, from what the one before left."""
    task = task_of(part, params, settings)
    start, first = widened(params, task), number * steps_of(task)
    state = optimizers.start(cost, start, **task, first=first)
    if memory is not None:
        state = state._replace(memory=memory)
    result = advanced(task, start, state, 0.0)
    return Outcome(
        params=narrowed(result.params, task, part.x.shape[1]),
        losses=[float(result.history.mean())] if result.history.size else [],
        loss=result.cost,
        message=result.message,
        is_diverged=result.diverged,
        memory=None if result.diverged else jax.device_get(result.state.memory),
    )
