"""`minimize` inside JAX's transformations: one pure program, without the host.

jit, vmap and forward derivatives apply. A reverse derivative would need all that the
steps computed, which a loop of unknown length cannot keep: `forward` refuses it.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from jaxnn.mistake import Mistake
from jaxnn.optimizers.loop import Minibatches, run_chunk
from jaxnn.optimizers.method import Method, Objective, State
from jaxnn.optimizers.methods import METHODS


def refuse(*_: Any) -> Any:
    """Raise Mistake where JAX would transpose `forward`."""
    raise Mistake(
        "minimize has no reverse derivative (jax.grad, jax.jacrev); use jax.jacfwd"
    )


forward = Primitive("forward")  # the identity, without a transpose
forward.def_impl(lambda a: a)
forward.def_abstract_eval(lambda a: a)
mlir.register_lowering(forward, lambda _, a: [a])
batching.defvectorized(forward)
ad.deflinear2(forward, refuse)


def run(
    fun: Objective,
    method: str,
    batches: Minibatches | None,
    state: State,
    args: tuple,
    seed: Any,
    steps: int,
    tolerance: Any,
) -> tuple:
    """The fields of Result, as arrays; message is None, because no array holds text."""
    chosen, tolerance = METHODS[method], jnp.asarray(tolerance, state.cost.dtype)
    if isinstance(chosen, Method):
        numbers = jnp.int32(seed), steps - state.steps, tolerance
        now, trace = run_chunk(fun, chosen, batches, steps, state, args, *numbers)
        good, costs = trace.last_good, trace.costs
    elif chosen.solve is not None:
        now, before = chosen.solve(fun, state, args, steps, tolerance)
        good, i = (before.params, before.cost), jnp.arange(1, steps + 1)
        costs = jnp.where(i == now.steps - state.steps, now.cost, jnp.nan)
    else:
        able = [n for n, m in METHODS.items() if isinstance(m, Method) or m.solve]
        names = ", ".join(able)
        raise Mistake(f"{method} needs the host; under jit and vmap use {names}")
    is_good = jnp.isfinite(now.cost) & jnp.isfinite(now.grad_norm)
    params, cost = jax.tree.map(partial(jnp.where, is_good), now[:2], good)
    converged = is_good & (now.grad_norm <= tolerance)
    numbers = now.steps, now.evaluations, converged, ~is_good
    found = params, cost, costs, *numbers, None, now
    return jax.tree.map(forward.bind, found)
