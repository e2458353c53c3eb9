"""SciPy's own methods on the jitted cost and gradient: CG, TNC and L-BFGS-B.

SciPy works in float64 whatever the dtype of params. Only here do params become its
vectors, and its vectors params.
"""

import warnings
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from jaxnn.meshes import beside
from jaxnn.mistake import Mistake
from jaxnn.optimizers.method import Ended, Follow, Objective, State, Tree, WholeRun

# Unless the caller gives options, none of SciPy's own criteria ends a run, except that
# it gets stuck.
UNENDING: dict[str, dict[str, Any]] = {
    "CG": {"gtol": 0.0},
    "L-BFGS-B": {"ftol": 0.0, "gtol": 0.0, "maxfun": 10**9},
    "TNC": {"ftol": 0.0, "xtol": 0.0, "gtol": 0.0, "maxfun": 10**9},
}


class Enough(Exception):
    """Raised in SciPy's callback to end a run."""


@partial(jax.jit, static_argnames="fun")
def evaluate(fun: Objective, params: Tree, args: tuple) -> tuple[jax.Array, jax.Array]:
    """Cost, a scalar, and gradient, laid end to end, (p,)."""
    cost, gradient = jax.value_and_grad(fun)(params, *args)
    return cost, ravel_pytree(gradient)[0]


class Watched:
    """The objective that SciPy calls; it ends the run by our own criteria."""

    def __init__(
        self, fun: Objective, params: Tree, args: tuple, follow: Follow
    ) -> None:
        self.fun, self.args, self.follow = fun, args, follow
        self.flat, self.unravel = ravel_pytree(params)
        self.count = self.taken = 0
        # evaluated since the last step
        self.known: dict[bytes, tuple[float, np.ndarray]] = {}

    def params_at(self, x: np.ndarray) -> Tree:
        """SciPy's vector x (p,) as params."""
        with np.errstate(over="ignore"):  # SciPy tries steps beyond float32
            params = self.unravel(jnp.asarray(x, self.flat.dtype))
        return beside(params, self.args)

    def value(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost and gradient (p,) at x."""
        cost, gradient = evaluate(self.fun, self.params_at(x), self.args)
        self.count += 1
        found = float(cost), np.asarray(gradient, np.float64)
        self.known[x.tobytes()] = found
        return found

    def after_step(self, x: np.ndarray, steps: int, tolerance: float) -> None:
        """SciPy's callback: report the step; raise Enough if it was the last."""
        self.taken += 1
        here = self.known.get(x.tobytes()) or self.value(x)
        self.known = {x.tobytes(): here}  # a step may lead nowhere
        cost, gradient = here
        self.follow(self.params_at(x), cost, self.params_at(gradient), self.count)
        norm = np.linalg.norm(gradient)
        is_finite = np.isfinite(cost) and np.isfinite(norm)
        if not is_finite or norm <= tolerance or self.taken >= steps:
            raise Enough


def run(
    name: str,
    fun: Objective,
    state: State,
    args: tuple,
    steps: int,
    tolerance: float,
    options: dict[str, Any] | None,
    follow: Follow,
) -> Ended:
    """Minimize fun by SciPy's method `name`; see WholeRun.

    options: SciPy's own for that method; if given, they replace all of UNENDING. The
    gradient's norm and the number of steps end the run, too.
    """
    from scipy import optimize  # slow to load: only where it is needed

    watched, steps = Watched(fun, state.params, args, follow), steps - int(state.steps)
    settings = {**(UNENDING[name] if options is None else options)}
    if name != "TNC":  # which counts only evaluations
        settings.setdefault("maxiter", steps)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Unknown solver options")
        try:
            found = optimize.minimize(
                watched.value,
                np.asarray(watched.flat, np.float64),
                jac=True,
                method=name,
                callback=lambda x: watched.after_step(x, steps, tolerance),
                options=settings,
            )
        except Enough:
            return Ended("", False, watched.count)
        except optimize.OptimizeWarning as unknown:
            raise Mistake(f"{unknown}; see SciPy's options of {name}") from None
    return Ended(str(found.message), bool(found.success), watched.count)


scipy_cg = WholeRun(partial(run, "CG"))
scipy_l_bfgs_b = WholeRun(partial(run, "L-BFGS-B"))
scipy_tnc = WholeRun(partial(run, "TNC"))
