"""A line search by secants, to the strong Wolfe conditions, one evaluation per trial.

The loop calls the objective in one place, so that it is compiled once.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from jaxnn.optimizers.method import Objective, State, evaluated
from jaxnn.optimizers.packing import packed_loop

DECREASE = 1e-4  # c1 of the strong Wolfe conditions
TRIALS = 20  # per line search, at most
GROWTH = 5.0  # largest factor from one trial step to the next


class Point(NamedTuple):
    """A trial on the line: params + step * direction."""

    step: jax.Array  # shape ()
    cost: jax.Array  # shape ()
    slope: jax.Array  # shape (), d cost / d step
    grad: jax.Array  # (p,)


class Search(NamedTuple):
    """The state of a line search: the best step lies between low and high."""

    trial: jax.Array  # shape (), the step to try next
    low: Point  # the cost is low enough there, and still falls
    high: Point  # too far; its step is infinite until a trial went too far
    trials: jax.Array  # shape (), int32: made so far
    done: jax.Array  # shape (), bool: low satisfies the strong Wolfe conditions


def line(
    fun: Objective, state: State, args: tuple, direction: jax.Array
) -> tuple[Point, Callable[[jax.Array], Point]]:
    """The point at state, and the function step -> Point along direction (p,)."""
    flat, unravel = ravel_pytree(state.params)  # (p,)
    grad, _ = ravel_pytree(state.grad)  # (p,)

    def at(step: jax.Array) -> Point:
        place = flat + step * direction
        cost, tree = jax.value_and_grad(fun)(unravel(place), *args)
        grad, _ = ravel_pytree(tree)
        return Point(step, cost, grad @ direction, grad)

    return Point(jnp.zeros_like(state.cost), state.cost, grad @ direction, grad), at


def moved(
    state: State, direction: jax.Array, end: Point, memory: Any, trials: jax.Array
) -> State:
    """The state at the point end of the line; params stay if the line had no better."""
    flat, unravel = ravel_pytree(state.params)  # (p,)
    params = jnp.where(end.step > 0, flat + end.step * direction, flat)
    return evaluated(
        unravel(params),
        end.cost,
        unravel(end.grad),
        memory,
        state.steps + 1,
        state.evaluations + trials,
        end.grad,
    )


def line_search(
    at: Callable[[jax.Array], Point],
    start: Point,
    trial: jax.Array,
    curvature: float,
) -> tuple[Point, jax.Array]:
    """A point that satisfies the strong Wolfe conditions, and the trials it took.

    at: step -> Point. trial: the step to try first. curvature: c2, the share of the
    slope at the start that may remain. After TRIALS it returns the farthest point whose
    cost is low enough and still falls; that may be start itself. A trial that is not
    finite counts as too long.
    Source: Nocedal and Wright 2006, section 3.5, with the secant for interpolation.
    """

    def decreases(now: Point) -> jax.Array:
        # rounding hides decreases this small: there the slope alone decides (Hager and
        # Zhang 2006, equations 23 and 26)
        rounding = 10 * jnp.finfo(start.cost.dtype).eps * jnp.abs(start.cost)
        plainly = now.cost <= start.cost + DECREASE * now.step * start.slope
        nearly = now.cost <= start.cost + rounding
        return plainly | (nearly & (now.slope <= (2 * DECREASE - 1) * start.slope))

    def body(search: Search) -> Search:
        now = at(search.trial)
        nowhere = start.slope == 0  # at a minimum, and before the start is evaluated
        is_lower = decreases(now) & jnp.isfinite(now.slope)
        is_flat = jnp.abs(now.slope) <= -curvature * start.slope
        is_low = is_lower & ((now.slope < 0) | is_flat) | nowhere
        low = choose(is_low, now, search.low)
        high = choose(is_low, search.high, now)
        trial = next_trial(search, now, low, high)
        return Search(trial, low, high, search.trials + 1, is_low & is_flat | nowhere)

    far = start._replace(step=jnp.full_like(start.step, jnp.inf))
    search = Search(trial, start, far, jnp.int32(0), jnp.bool_(False))
    search = packed_loop(lambda s: ~s.done & (s.trials < TRIALS), body, search)
    return search.low, search.trials


def choose(condition: jax.Array, a: Point, b: Point) -> Point:
    """a where the condition holds, else b."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), a, b)


def next_trial(search: Search, now: Point, low: Point, high: Point) -> jax.Array:
    """The step at which a linear slope would be 0, kept within reason."""
    is_open = jnp.isinf(high.step)
    is_low = now.step == low.step
    other = choose(is_low & ~is_open, high, search.low)  # the secant: now and this
    change = (now.slope - other.slope) / (now.step - other.step)  # the curvature
    zero = now.step - now.slope / change
    width = high.step - low.step
    inside = jnp.clip(zero, low.step + 0.1 * width, high.step - 0.1 * width)
    middle = low.step + 0.5 * width
    inside = jnp.where((change > 0) & jnp.isfinite(zero), inside, middle)
    farthest = GROWTH * now.step
    beyond = jnp.where(change > 0, jnp.clip(zero, 1.2 * now.step, farthest), farthest)
    return jnp.where(is_open, beyond, inside)
