"""BFGS of jax.scipy.optimize. Its matrix is dense: p by p for p parameters.

Its line search sometimes gives up far from any minimum (on Rosenbrock's function from
(-1.2, 1) after 8 steps). It then starts again from there with a new matrix, as long as
the cost falls.
"""

import logging
import math
import os
from functools import cache, partial
from typing import Any

import jax
from jax.flatten_util import ravel_pytree
from jax.scipy.optimize import minimize

from jaxnn.mistake import Mistake
from jaxnn.optimizers.method import Ended, Follow, Objective, Tree, WholeRun

MATRICES = 5  # p by p, that XLA's loop holds at once; compiled for an H100 it holds 4
LARGE = 100e6  # bytes of one matrix: worth a warning
warn_once = cache(logging.getLogger("jaxnn").warning)  # not for each of an ensemble


def check_size(parameters: int, like: jax.Array) -> None:
    """Raise Mistake where the matrices take a quarter of the memory or more.

    like: one of the parameters' arrays, for its dtype and device. A large matrix that
    fits is mentioned once, as a warning in the log "jaxnn".
    """
    matrix = parameters**2 * like.dtype.itemsize
    room = memory(next(iter(like.devices()))) / 4
    size = f"{matrix / 1e6:,.0f} MB for these {parameters} parameters"
    if MATRICES * matrix >= room:
        raise Mistake(
            f"bfgs needs {MATRICES} matrices of {size} and may take a quarter of the "
            f"memory, {room / 1e6:,.0f} MB; use lbfgs or fewer units"
        )
    if matrix >= LARGE:
        warn_once(f"bfgs multiplies dense matrices of {size}; lbfgs needs none")


def memory(device: Any) -> float:
    """Bytes of a device's memory, for a CPU the machine's; infinite where unknown."""
    limit = (device.memory_stats() or {}).get("bytes_limit")  # None for a CPU
    if limit is None and hasattr(os, "sysconf"):  # not on Windows
        limit = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return limit or math.inf


@partial(jax.jit, static_argnames="fun")
def solve(
    fun: Objective, params: Tree, args: tuple, steps: int, tolerance: float
) -> tuple[Tree, Tree, Any]:
    """The params reached, their gradient, and the rest of jax.scipy's result."""
    flat, unravel = ravel_pytree(params)
    found = minimize(
        lambda flat: fun(unravel(flat), *args),
        flat,
        method="BFGS",
        options={"gtol": tolerance, "norm": 2, "maxiter": steps},
    )
    rest = found._replace(x=None, jac=None, hess_inv=None)
    return unravel(found.x), unravel(found.jac), rest


def run(
    fun: Objective,
    params: Tree,
    args: tuple,
    steps: int,
    tolerance: float,
    options: dict[str, Any] | None,
    follow: Follow,
) -> Ended:
    """Minimize fun; calls follow where jax.scipy returns, not at every step."""
    del options  # takes none
    cost, taken, count = math.inf, 0, 0
    while True:
        params, grad, found = solve(fun, params, args, steps - taken, tolerance)
        taken, count = taken + int(found.nit), count + int(found.nfev)
        if int(found.nit):
            follow(params, float(found.fun), grad, count, int(found.nit))
        if found.success or taken == steps or not math.isfinite(found.fun):
            return Ended("", bool(found.success), count)
        if not float(found.fun) < cost:
            return Ended("the line search finds no lower cost", False, count)
        cost = float(found.fun)


bfgs = WholeRun(run)
