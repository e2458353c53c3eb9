"""The compiled calls that step many networks, and how many fit at once.

What differs between the N networks has a leading axis N; `axes` says of each argument
of the objective whether every network has its own (0) or all share it (None).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxnn import devices
from jaxnn.mistake import Mistake
from jaxnn.model import Params
from jaxnn.optimizers import Method, Objective, State, Trace, initial_state, run_chunk

Axes = tuple[int | None, ...]  # of each argument: 0 if every network has its own
# A network-step of gradient descent takes, of one network's alone, with two, four and
# eight in step 1.19, 1.09 and 0.94 on an AMD, where only eight gain, and 0.93, 0.87 and
# 0.81 on an Intel (benchmarks/many_networks.py, 5000 digits on two cores).
AT_ONCE = 8
MEMORY_SHARE = 0.5  # of the device's memory that the networks may fill


def networks_at_once(method: Method, n: int) -> int:
    """How many of n networks step together: all on a GPU, few on a CPU.

    On a CPU the products of a few networks fill the cores and their activations still
    fit into the cache. Where a line search decides how often a step evaluates, networks
    in step would all wait for the slowest: one at a time.
    """
    if devices.current().platform != "cpu":
        return n
    return 1 if method.default_rate is None else min(n, AT_ONCE)


@partial(jax.jit, static_argnames=("fun", "method", "axes", "together"))
def start_all(
    fun: Objective,
    method: Method,
    axes: Axes,
    together: int,
    params: Params,
    args: tuple,
    rate: jax.Array,
) -> State:
    """The states before the first step, (N, ...) each."""

    def start(params: Params, args: tuple) -> State:
        return initial_state(fun, method, None, params, args, rate, jnp.int32(0))

    return mapped(start, axes, together, params, args)


@partial(jax.jit, static_argnames=("fun", "method", "axes", "together", "size"))
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
) -> tuple[State, Trace]:
    """Up to limit <= size steps of every network that has not ended."""

    def run(state: State, args: tuple) -> tuple[State, Trace]:
        seed = jnp.int32(0)  # no mini-batches are drawn
        return run_chunk(fun, method, None, size, state, args, seed, limit, tolerance)

    return mapped(run, axes, together, states, args)


@partial(jax.jit, static_argnames=("fun", "axes", "together"))
def of_each(
    fun: Callable[..., Any], params: Params, args: tuple, axes: Axes, together: int = 1
) -> Any:
    """fun(params, *args) of every network, (N, ...): a cost, an accuracy."""
    return mapped(lambda p, a: fun(p, *a), axes, together, params, args)


def mapped(
    fun: Callable[[Any, tuple], Any], axes: Axes, together: int, first: Any, args: tuple
) -> Any:
    """fun(first, args) over the networks, `together` of them at a time."""
    own = tuple(a for a, axis in zip(args, axes, strict=True) if axis == 0)

    def call(one: tuple) -> Any:
        first, own = one
        values = iter(own)
        pairs = zip(args, axes, strict=True)
        return fun(first, tuple(next(values) if axis == 0 else a for a, axis in pairs))

    batch = together if together > 1 else None  # None: a plain loop, nothing batched
    return lax.map(call, (first, own), batch_size=batch)


def own_args(args: tuple, axes: Axes, which: Any) -> tuple:
    """args with the rows `which` of those that every network has of its own."""
    pairs = zip(args, axes, strict=True)
    return tuple(a[which] if axis == 0 else a for a, axis in pairs)


def keep(which: jax.Array, new: Params, old: Params) -> Params:
    """The networks `which` (N,) of new, the others of old."""
    return jax.tree.map(
        lambda a, b: jnp.where(which.reshape(-1, *(1,) * (a.ndim - 1)), a, b), new, old
    )


def largest_group(
    fun: Objective,
    method: Method,
    params: Params,
    args: tuple,
    axes: Axes,
    rate: np.ndarray,
) -> int:
    """How many networks the device's memory holds at once; Mistake if none.

    A network needs its state three times over (before, after, and the last good
    weights), its own arguments and, on a GPU, where all step together, activations.
    """
    n = len(params[0])
    one = tuple(theta[:1] for theta in params)
    own = own_args(args, axes, slice(0, 1))
    state = jax.eval_shape(partial(start_all, fun, method, axes, 1), one, own, rate)
    units = sum(theta.shape[1] for theta in params)
    pairs = list(zip(args, axes, strict=True))
    shapes = [np.shape(a)[0 if axis is None else 1 :] for a, axis in pairs]
    examples = max((shape[0] for shape in shapes if shape), default=1)
    itemsize = params[0].dtype.itemsize
    need = 3 * size_of(state) + sum(size_of(a[:1]) for a, axis in pairs if axis == 0)
    if devices.current().platform != "cpu":
        need += 6 * units * examples * itemsize
    room = MEMORY_SHARE * devices.memory(devices.current())
    fits = int(room // need)
    if fits < 1:
        raise Mistake(
            f"one network needs {need / 1e9:.1f} GB, more than the {room / 1e9:.1f} GB "
            "that networks may fill here; use fewer hidden units"
        )
    return min(n, fits)


def size_of(tree: Any) -> int:
    """Bytes of all arrays in a tree."""
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
