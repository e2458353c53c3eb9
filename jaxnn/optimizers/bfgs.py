"""BFGS of jax.scipy.optimize. Its matrix is dense: p by p for p parameters.

Its line search sometimes gives up far from any minimum (on Rosenbrock's function from
(-1.2, 1) after 8 steps). It then starts again from there with a new matrix, as long as
the cost falls.
"""

import logging
from functools import cache, partial
from typing import Any

import jax
from jax import lax
from jax.flatten_util import ravel_pytree
from jax.scipy.optimize import minimize

from jaxnn import limits
from jaxnn.mistake import Mistake
from jaxnn.optimizers.loop import is_open, typed_like
from jaxnn.optimizers.method import (
    Ended,
    Follow,
    Objective,
    State,
    WholeRun,
    evaluated,
    is_traced,
)

MATRICES = 5  # p by p, that XLA's loop holds at once; compiled for an H100 it holds 4
LARGE = 100e6  # bytes of one matrix: worth a warning
warn_once = cache(logging.getLogger("jaxnn").warning)  # not for each of an ensemble


def check_size(parameters: int, like: jax.Array) -> None:
    """Raise Mistake where the matrices take a quarter of the memory or more.

    like: one of the parameters' arrays, for its dtype and device. A large matrix that
    fits is mentioned once, as a warning in the log "jaxnn".
    """
    matrix = parameters**2 * like.dtype.itemsize
    devices = jax.devices() if is_traced(like) else like.devices()
    room = memory(next(iter(devices))) / 4
    size = f"{matrix / 1e6:,.0f} MB for these {parameters} parameters"
    if MATRICES * matrix >= room:
        raise Mistake(
            f"bfgs needs {MATRICES} matrices of {size} and may take a quarter of the "
            f"memory, {room / 1e6:,.0f} MB; use lbfgs or fewer units"
        )
    if matrix >= LARGE:
        warn_once(f"bfgs multiplies dense matrices of {size}; lbfgs needs none")


def memory(device: Any) -> float:
    """Bytes of a device's memory, for a CPU the machine's."""
    limit = (device.memory_stats() or {}).get("bytes_limit")  # None for a CPU
    return limit or limits.machine()


@partial(jax.jit, static_argnames="fun")
def solve(
    fun: Objective, state: State, args: tuple, steps: int, tolerance: Any
) -> tuple[State, State]:
    """The last state, and the one before jax.scipy's last call."""

    def continues(carry: tuple) -> jax.Array:
        now, _, is_lower = carry
        return is_lower & (now.steps < steps) & is_open(now, tolerance)

    def call(carry: tuple) -> tuple:
        now, *_ = carry
        flat, unravel = ravel_pytree(now.params)
        found = minimize(
            lambda flat: fun(unravel(flat), *args),
            flat,
            method="BFGS",
            options={"gtol": tolerance, "norm": 2, "maxiter": steps - now.steps},
        )
        # the first call repeats the evaluation of the start
        count = now.evaluations + found.nfev - (now.steps == state.steps)
        point = unravel(found.x), found.fun, unravel(found.jac)
        new = typed_like(evaluated(*point, (), now.steps + found.nit, count), now)
        return new, now, new.cost < now.cost

    return lax.while_loop(continues, call, (state, state, True))[:2]


def run(
    fun: Objective,
    state: State,
    args: tuple,
    steps: int,
    tolerance: float,
    options: dict[str, Any] | None,
    follow: Follow,
) -> Ended:
    """Minimize fun; calls follow at the end, and before jax.scipy's last call."""
    del options  # takes none
    now, good = solve(fun, state, args, steps, tolerance)
    first = int(state.evaluations) - 1
    for before, after in ((state, good), (good, now)):
        taken, count = int(after.steps - before.steps), int(after.evaluations) - first
        if taken:
            follow(after.params, float(after.cost), after.grad, count, taken)
    count, is_converged = int(now.evaluations) - first, now.grad_norm <= tolerance
    if is_converged or now.steps == steps:
        return Ended("converged" if is_converged else "", bool(is_converged), count)
    return Ended("the line search finds no lower cost", False, count)


bfgs = WholeRun(run, solve)
