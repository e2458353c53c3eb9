"""In a contender's worker: its device and precision, gradient steps, limits.

Nothing here may run before the worker's set-up, which settles the device.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxnn import devices

from .rounds import Contender, Prepared

RATE = 0.1  # of a gradient step


def start_jax(device: str, dtype: str) -> devices.Device:
    """Settle where and how this worker computes; DeviceError if it cannot."""
    devices.prepare_process(device)
    jax.config.update("jax_enable_compilation_cache", False)
    jax.config.update("jax_enable_x64", dtype == "float64")
    # on a GPU the default is TF32, which a row called float32 must not mean
    jax.config.update("jax_default_matmul_precision", "highest")
    chosen = devices.choose(device)
    jax.config.update("jax_default_device", chosen)
    return chosen


def compiled(function: Callable, *args: Any) -> tuple[Any, float, int]:
    """function compiled for args; seconds that took; bytes it needs on the device."""
    start = time.perf_counter()
    executable = jax.jit(function).lower(*args).compile()
    seconds = time.perf_counter() - start
    need: Any = executable.memory_analysis()
    ends = need.argument_size_in_bytes + need.output_size_in_bytes
    return executable, seconds, ends + need.temp_size_in_bytes


def beyond_repeating(call: Callable[[], Any], calls: int = 1) -> float:
    """How much longer the first calls take than as many repeated ones: to compile."""
    times = [time.perf_counter()]
    for _ in range(2 * calls):
        jax.block_until_ready(call())
        times.append(time.perf_counter())
    return max(0.0, 2 * times[calls] - times[0] - times[-1])


def descent(
    slope: Callable,
    data: tuple,
    steps: int,
    device: devices.Device | None,
    **facts: Any,
) -> Prepared:
    """Gradient steps in one compiled loop; its cost is that of the last step.

    slope(params, x, y, lam) -> (cost, gradient). data: those four. steps: at least 2,
    or no gradient influences the cost. device: None leaves the data where they lie.
    """

    def descend(params: Any, *data: jax.Array) -> tuple[Any, jax.Array]:
        def step(params: Any, _: None) -> tuple[Any, jax.Array]:
            cost, gradient = slope(params, *data)
            return jax.tree.map(lambda p, g: p - RATE * g, params, gradient), cost

        params, costs = lax.scan(step, params, length=steps)
        return params, costs[-1]  # without params XLA leaves the last gradient out

    data = data if device is None else jax.device_put(data, device)
    dtype, kind = data[0][0].dtype.name, device.device_kind if device else "cpu"
    call, seconds, memory = compiled(descend, *data)

    def run(_: int) -> float:
        return float(jax.block_until_ready(call(*data))[1])

    return Prepared(run, steps, dtype, seconds, kind, memory, facts)


def numpy_descent(slope: Callable, params: Any, steps: int) -> Prepared:
    """Gradient steps in a Python loop; slope(params) -> (cost, gradient)."""

    def run(_: int) -> float:
        at, cost = params, np.nan
        for _ in range(steps):
            cost, gradient = slope(at)
            at = tuple(p - RATE * g for p, g in zip(at, gradient, strict=True))
        return float(cost)

    return Prepared(run, steps, params[0].dtype.name)


def limit(device: str, dtype: str, layers: Sequence[int], m: int) -> Contender:
    """The time of the arithmetic alone: no cost and gradient of m examples beats it."""
    flops = gradient_flops(m, layers)
    name = f"limit: {flops / 1e6:.0f} MFLOP, {device}"
    return Contender(name, product_rate, (device, dtype, flops))


def gradient_flops(m: int, layers: Sequence[int]) -> float:
    """Operations of one cost and gradient: the products alone, nearly all of them.

    Each weight takes a multiplication and an addition forward, two for its gradient
    and, except in the first layer, two to pass delta back.
    """
    weights = [n_in * n_out for n_in, n_out in zip(layers, layers[1:], strict=False)]
    return 2.0 * m * (3 * sum(weights) - weights[0])


def product_rate(device: str, dtype: str, flops: float) -> Prepared:
    """`flops` at the speed of a product of two square matrices; it has no cost."""
    chosen, size = start_jax(device, dtype), 2048 if device == "cpu" else 16384
    a = jnp.full((size, size), 1 / size, dtype)
    call, seconds, memory = compiled(lambda a: a @ a, a)

    def run(_: int) -> float:
        call(a).block_until_ready()
        return np.nan

    share, kind = 2 * size**3 / flops, chosen.device_kind
    return Prepared(run, share, dtype, seconds, kind, memory)
