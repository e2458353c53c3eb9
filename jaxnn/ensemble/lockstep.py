"""The compiled calls that step many networks, and how many networks each takes.

What differs between the N networks has a leading axis N. `axes` says for each argument
of the objective whether every network has its own (0) or all share it (None).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh

from jaxnn import devices, limits
from jaxnn.ensemble import spread
from jaxnn.ensemble.spread import Axes
from jaxnn.model import Params
from jaxnn.optimizers import Method, Objective, State, Trace, run_chunk, unevaluated

# Per network-step of gradient descent, two, four and eight networks in step take 1.19,
# 1.09 and 0.94 of the time of one alone on an AMD (only eight gain), and 0.93, 0.87 and
# 0.81 on an Intel (benchmarks/many_networks.py, 5000 digits on two cores).
AT_ONCE = 8
# Numbers in the params and memories of a group, at most: 0.5 GB in float32. The whole
# call takes 3.3 times as much (lbfgs, 128 networks, 5000 digits, compiled for an H100).
GROUP = 2**27
# Networks in a group on a CPU, at most, where each group is kept: the most that a kill
# loses, per core. Fewer would wait for the slowest group more often.
KEPT = 64


def networks_at_once(method: Method, n: int) -> int:
    """How many of n networks step together: all on a GPU, few on a CPU.

    On a CPU the products of a few networks fill the cores, and their activations still
    fit into the cache. Where a line search decides how often a step evaluates, networks
    in step would all wait for the slowest: there they step one at a time.
    """
    if devices.current().platform != "cpu":
        return n
    return 1 if method.default_rate is None else min(n, AT_ONCE)


@partial(jax.jit, static_argnames="method")
def all_unevaluated(method: Method, params: Params, rate: jax.Array) -> State:
    """The states from which a step evaluates the start, (N, ...) each."""
    return jax.vmap(lambda one: unevaluated(method, one, rate))(params)


@partial(jax.jit, static_argnames=("fun", "method", "axes", "together", "size", "mesh"))
def run_all(
    fun: Objective,
    method: Method,
    axes: Axes,
    together: int,
    size: int,
    states: State,
    args: tuple,
    limit: jax.Array,
    tolerance: jax.Array,
    mesh: Mesh | None = None,
) -> tuple[State, Trace]:
    """Take up to limit <= size steps of every network that has not ended.

    mesh: the devices over which the networks are spread, if there are several.
    """

    def run(state: State, args: tuple) -> tuple[State, Trace]:
        seed = jnp.int32(0)  # no mini-batches are drawn
        return run_chunk(fun, method, None, size, state, args, seed, limit, tolerance)

    return mapped(run, axes, together, states, args, mesh)


@partial(jax.jit, static_argnames=("fun", "axes"))
def of_each(fun: Callable[..., Any], params: Params, args: tuple, axes: Axes) -> Any:
    """fun(params, *args) of every network, (N, ...): a cost, an accuracy."""
    return mapped(lambda p, a: fun(p, *a), axes, 1, params, args)


def mapped(
    fun: Callable[[Any, tuple], Any],
    axes: Axes,
    together: int,
    first: Any,
    args: tuple,
    mesh: Mesh | None = None,
) -> Any:
    """fun(first, args) over the networks, `together` of them at a time."""
    own = {i: a for i, a in enumerate(args) if axes[i] == 0}

    def call(one: tuple) -> Any:
        first, own = one
        return fun(first, tuple(own.get(i, a) for i, a in enumerate(args)))

    batch = together if together > 1 else None  # None: a plain loop, nothing batched
    how = partial(lax.map, call, batch_size=batch)
    return spread.over(mesh, how, (first, own))


def own_args(args: tuple, axes: Axes, which: Any) -> tuple:
    """args, with the rows `which` of those that differ between the networks."""
    pairs = zip(args, axes, strict=True)
    return tuple(a[which] if axis == 0 else a for a, axis in pairs)


def keep(which: jax.Array, new: Params, old: Params) -> Params:
    """The networks `which` (N,) from new, the others from old."""
    return jax.tree.map(
        lambda a, b: jnp.where(which.reshape(-1, *(1,) * (a.ndim - 1)), a, b), new, old
    )


def group_size(method: Method, params: Params, rate: np.ndarray) -> int:
    """How many networks train in one group; see GROUP."""
    one = tuple(theta[0] for theta in params)
    memory = jax.eval_shape(method.init, one, rate)
    numbers = sum(leaf.size for leaf in jax.tree.leaves((one, memory)))
    room = limits.machine() // (16 * params[0].dtype.itemsize)  # where it is small
    return max(1, min(GROUP, room) // numbers)


def size_to_keep(size: int, n: int, threads: int) -> int:
    """How many of n networks train in one group, at most size, if groups are kept.

    All groups are about as large: the last one overlaps the one before it by little.
    On a GPU a group stays as large as its memory allows: few networks leave it idle.
    """
    if devices.current().platform == "cpu":
        size = min(size, KEPT)
    rounds = -(-n // (size * threads))
    return -(-n // (rounds * threads))
