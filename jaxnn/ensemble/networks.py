"""Many networks of one shape, trained side by side by one compiled program.

What differs between the N networks has a leading axis N: their thetas, and the
arguments of the objective that `axes` marks with 0, as in `jax.vmap` (a penalty, a
mask, a start). They share the rest, above all the digits: one copy on the device.
"""

import time
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from jaxnn import optimizers
from jaxnn.ensemble import spread
from jaxnn.ensemble.kept import Store
from jaxnn.ensemble.lockstep import (
    all_unevaluated,
    group_size,
    keep,
    networks_at_once,
    own_args,
    run_all,
    size_to_keep,
)
from jaxnn.ensemble.spread import Axes
from jaxnn.ensemble.threads import Counted, cut, side_by_side, threads_for
from jaxnn.ensemble.trained import Ensemble, joined
from jaxnn.mistake import Mistake, is_out_of_memory
from jaxnn.model import Params
from jaxnn.optimizers import Method, Objective, State, as_arrays

EVERY = 20  # steps between two reports of a method that trains one by one
CHUNK, SECONDS = 1000, 3.0  # per compiled call: steps at most, and the time aimed at


def stack(networks: list[Params]) -> Params:
    """Networks of one shape as thetas (N, units_out, 1 + units_in)."""
    return tuple(np.stack(thetas) for thetas in zip(*networks, strict=True))


def minimize_all(
    fun: Objective,
    params: Params,
    args: tuple,
    axes: Axes,
    method: str = "lbfgs",
    steps: int = 200,
    *,
    learning_rate: float | None = None,
    tolerance: float = 1e-6,
    options: dict[str, Any] | None = None,
    progress: Callable[[int, int], Any] | None = None,
    notice: Callable[[str], Any] | None = None,
    store: Store | None = None,
    mesh: Mesh | None = None,
) -> Ensemble:
    """Minimize fun(params, *args) for N networks at once.

    params: thetas (N, units_out, 1 + units_in). args, axes: see the module; the other
    arguments are those of `minimize`. progress(done, all) counts network-steps.
    Networks that end early, converged or diverged, wait for the others of their group.
    Where a group does not fit into the device's memory, it is halved, and notice(text)
    says so. bfgs and SciPy's methods cannot be mapped: they train one network after the
    other. A store keeps each group that is trained; training begins with the first
    network that it does not hold, and `costs` are (N, 0). mesh: the devices over which
    the networks are spread (spread.py); those one after the other take the first.

    Raises Mistake as `minimize` does, and if not even one network fits.
    """
    n = len(params[0])
    chosen = optimizers.chosen_method(method, learning_rate, None)
    optimizers.check_run(method, steps, tolerance, options)
    if not isinstance(chosen, Method):
        how = {"tolerance": tolerance, "options": options}
        return one_by_one(
            fun, params, args, axes, method, steps, progress, store, **how
        )
    rate = learning_rate or chosen.default_rate or 0.0
    dtype = jax.tree.leaves(params)[0].dtype
    numbers = np.asarray(rate, dtype), np.asarray(tolerance, dtype)
    args = spread.share(mesh, as_arrays(args, dtype), axes)
    threads, several = (1, mesh.size) if mesh else (threads_for(n), 1)
    parts = store.parts() if store else []
    first, is_kept = sum(len(part.cost) for part in parts), store is not None
    size = planned_size(chosen, params, numbers[0], threads * several, is_kept)
    size = min(n, size * several)
    count = Counted(progress, n * steps)
    count.begin_again(first * steps)

    def train(group: slice) -> Ensemble:
        own = tuple(theta[group] for theta in params), own_args(args, axes, group)
        own = spread.placed(mesh, *own, axes)
        show = partial(count.show, group.start)
        how = numbers, show, count.compiling, mesh
        found = train_group(fun, *own, axes, chosen, steps, *how)
        return found.up_to(group.stop - group.start)

    while first < n:
        groups = cut(first, n, size, threads)
        try:
            found = side_by_side(train, groups, dtype.name, count)
        except jax.errors.JaxRuntimeError as error:
            size, threads = halved(min(size * threads, n - first), error), 1
            count.begin_again(first * steps)
            if notice is not None:
                notice(f"the device's memory is full: now in groups of {size}")
            continue
        for group, part in zip(groups, found, strict=True):
            new = part.without(first - group.start)
            new = new._replace(seconds=part.seconds / len(groups))
            parts.append(store.keep(first, new) if store else new)
            first = group.stop
    return joined(parts)


def planned_size(
    method: Method, params: Params, rate: np.ndarray, threads: int, is_kept: bool
) -> int:
    """How many networks train in one group, if they fit; is_kept: each group is."""
    n, room = len(params[0]), group_size(method, params, rate) // threads
    size = max(1, min(room, -(-n // threads)))
    return size_to_keep(size, n, threads) if is_kept else size


def halved(size: int, error: Exception) -> int:
    """Half of a group that did not fit; raises any other error again."""
    if not is_out_of_memory(error):
        raise error
    if size == 1:
        raise Mistake(
            "one network does not fit into the device's memory; use fewer hidden units"
        ) from error
    return size // 2


def train_group(
    fun: Objective,
    params: Params,
    args: tuple,
    axes: Axes,
    method: Method,
    steps: int,
    numbers: tuple[np.ndarray, np.ndarray],
    show: Callable[[int], Any],
    compiling: Lock,
    mesh: Mesh | None,
) -> Ensemble:
    """Train one group of networks, a chunk of steps per call."""
    rate, tolerance = numbers
    n = len(params[0])
    how = (fun, method, axes, networks_at_once(method, n // (mesh.size if mesh else 1)))
    size, limit, taken = min(CHUNK, steps), 1, 0
    with compiling:
        origin = all_unevaluated(method, params, rate)
        now, _ = run_all(*how, size, origin, args, np.int32(1), tolerance, mesh)
    now = jax.block_until_ready(now._replace(memory=origin.memory))
    began = before = time.perf_counter()
    good, costs = now.params, []
    while taken < steps:
        limit = min(limit, size, steps - taken)
        now, trace = run_all(*how, size, now, args, np.int32(limit), tolerance, mesh)
        good = keep(trace.done > 0, trace.last_good[0], good)
        costs.append(np.asarray(trace.costs)[:, :limit])
        taken += limit if np.any(trace.done) else steps  # all have ended
        show(n * min(taken, steps))
        # short enough for Ctrl-C, long enough that the calls themselves cost nothing
        before, spent = time.perf_counter(), time.perf_counter() - before
        limit = 1 + int(limit * min(4, SECONDS / spent))
    is_good = jnp.isfinite(now.cost) & jnp.isfinite(now.grad_norm)
    best = jax.device_get(keep(is_good, now.params, good))
    state, is_good = jax.device_get((now._replace(memory=()), is_good))
    cost = np.where(is_good, state.cost, np.nan)
    return Ensemble(
        params=best,
        cost=cost,
        costs=np.concatenate(costs, axis=1),
        steps=state.steps,
        evaluations=state.evaluations,
        converged=is_good & (state.grad_norm <= tolerance),
        diverged=~is_good,
        seconds=time.perf_counter() - began,
    )


def one_by_one(
    fun: Objective,
    params: Params,
    args: tuple,
    axes: Axes,
    method: str,
    steps: int,
    progress: Callable[[int, int], Any] | None,
    store: Store | None,
    **how: Any,
) -> Ensemble:
    """Train one network after the other, by a method that cannot be mapped."""
    n, parts = len(params[0]), store.parts() if store else []
    for i in range(len(parts), n):
        began = time.perf_counter()
        thetas = tuple(theta[i] for theta in params)
        own = own_args(args, axes, i)

        def show(state: State, _: Any, before: int = i * steps) -> None:
            if progress is not None:
                progress(before + int(state.steps), n * steps)

        watch = {"callback": show, "chunk": EVERY}
        found = optimizers.minimize(fun, thetas, own, method, steps, **watch, **how)
        new = Ensemble(
            params=tuple(np.asarray(theta)[None] for theta in found.params),
            cost=np.array([np.nan if found.diverged else found.cost]),
            costs=found.history[None],
            steps=np.array([found.steps]),
            evaluations=np.array([found.evaluations]),
            converged=np.array([found.converged]),
            diverged=np.array([found.diverged]),
            seconds=time.perf_counter() - began,
        )
        parts.append(store.keep(i, new) if store else new)
        if progress is not None:
            progress((i + 1) * steps, n * steps)
    return joined(parts)
