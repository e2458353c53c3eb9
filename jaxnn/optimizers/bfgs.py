"""BFGS by jax.scipy.optimize, for small networks: its matrix is dense, p by p.

Its line search gives up at times far from any minimum (on Rosenbrock's function from
(-1.2, 1) after 8 steps); it then begins anew from there, the matrix forgotten, as long
as that leads down.
"""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.scipy.optimize import minimize

from jaxnn.optimizers.method import Ended, Follow, Objective, Tree, WholeRun

MOST = 3000  # parameters, unless forced: 36 MB in float32, and p^2 work per step
MAX_STEPS = 1  # of jax.scipy's status: all steps taken; 0 is success


@partial(jax.jit, static_argnames="fun")
def solve(
    fun: Objective, params: Tree, args: tuple, steps: jax.Array, tolerance: jax.Array
) -> tuple[Tree, Any]:
    """The params reached, and what jax.scipy says of the run."""
    flat, unravel = ravel_pytree(params)
    found = minimize(
        lambda flat: fun(unravel(flat), *args),
        flat,
        method="BFGS",
        options={"gtol": tolerance, "norm": 2, "maxiter": steps},
    )
    return unravel(found.x), found._replace(hess_inv=None)


def run(
    fun: Objective,
    params: Tree,
    args: tuple,
    steps: int,
    tolerance: float,
    options: dict[str, Any] | None,
    follow: Follow,
) -> Ended:
    """Minimise fun; follow is called where jax.scipy returns, not at every step."""
    del options  # takes none
    flat, unravel = ravel_pytree(params)
    cost, taken, count = float("inf"), 0, 0
    while True:
        limits = jnp.int32(steps - taken), jnp.asarray(tolerance, flat.dtype)
        params, found = solve(fun, params, args, *limits)
        taken, count = taken + int(found.nit), count + int(found.nfev)
        if int(found.nit):
            follow(params, float(found.fun), unravel(found.jac), count, int(found.nit))
        is_over = found.success or int(found.status) == MAX_STEPS
        if is_over or not math.isfinite(found.fun):
            return Ended("", bool(found.success), count)
        if not float(found.fun) < cost:
            return Ended("the line search finds no lower cost", False, count)
        cost = float(found.fun)


bfgs = WholeRun(run, most_parameters=MOST)
