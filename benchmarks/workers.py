"""In a contender's worker: the device, the precision, gradient steps, the limits.

Nothing here may run before the worker's set-up: the device is settled there.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import checkout  # noqa: F401, finds jaxnn
from jaxnn import devices
from rows import machine
from timing import Contender, Prepared

RATE = 0.1  # of a gradient step
# JAX's name for the precision of products. On a GPU the default is TF32, which a row
# called float32 must not mean.
PRECISIONS = {"float32": "highest", "float64": "highest", "tf32": "tensorfloat32"}


def dtype_of(precision: str) -> str:
    """The numbers of a precision: "tf32" rounds within products alone."""
    return "float32" if precision == "tf32" else precision


def start_jax(device: str, precision: str) -> devices.Device:
    """Settle where and how this worker computes; DeviceError if it cannot."""
    devices.prepare_process(device)
    jax.config.update("jax_enable_compilation_cache", False)
    jax.config.update("jax_enable_x64", precision == "float64")
    jax.config.update("jax_default_matmul_precision", PRECISIONS[precision])
    chosen = devices.choose(device)
    jax.config.update("jax_default_device", chosen)
    return chosen


def compiled(function: Callable, *args: Any) -> tuple[Any, float, int]:
    """function compiled for args; seconds that took; bytes it needs on the device."""
    start = time.perf_counter()
    executable = jax.jit(function).lower(*args).compile()
    return executable, time.perf_counter() - start, memory_of(executable)


def beyond_repeating(call: Callable[[], Any], calls: int = 1) -> float:
    """Seconds that the first calls take longer than as many more: what they compile."""
    times = [time.perf_counter()]
    for _ in range(2 * calls):
        jax.block_until_ready(call())
        times.append(time.perf_counter())
    return max(0.0, 2 * times[calls] - times[0] - times[-1])


def descent(
    slope: Callable,
    data: tuple,
    steps: int,
    device: devices.Device,
    unroll: int = 1,
    **facts: Any,
) -> Prepared:
    """Gradient steps in one compiled loop, from params on; its cost is the last.

    slope(params, x, y, lam) -> (cost, gradient). data: those four. steps: at least 2,
    or no gradient is in the cost. unroll: steps for each turn of the loop.
    """

    def descend(params: Any, x: Any, y: Any, lam: Any) -> tuple[Any, jax.Array]:
        def step(params: Any, _: None) -> tuple[Any, jax.Array]:
            cost, gradient = slope(params, x, y, lam)
            return jax.tree.map(lambda p, g: p - RATE * g, params, gradient), cost

        params, costs = lax.scan(step, params, length=steps, unroll=unroll)
        return params, costs[-1]  # without params XLA leaves the last gradient out

    data = jax.device_put(data, device)
    call, seconds, memory = compiled(descend, *data)

    def run(_: int) -> float:
        params, cost = jax.block_until_ready(call(*data))
        del params
        return float(cost)

    dtype, kind = data[0][0].dtype.name, device.device_kind
    return Prepared(run, steps, dtype, seconds, kind, memory, facts)


def numpy_descent(evaluate: Callable, params: Any, steps: int) -> Prepared:
    """Gradient steps in a Python loop; evaluate(params) -> (cost, gradient)."""

    def run(_: int) -> float:
        at, cost = params, np.nan
        for _ in range(steps):
            cost, gradient = evaluate(at)
            at = tuple(p - RATE * g for p, g in zip(at, gradient, strict=True))
        return float(cost)

    return Prepared(run, steps, params[0].dtype.name)


def with_flag(flag: str) -> dict[str, str]:
    """A worker's environment in which XLA has one more flag; "" changes nothing."""
    before = os.environ.get("XLA_FLAGS", "")
    return {"XLA_FLAGS": f"{before} {flag}".strip()} if flag else {}


def memory_of(executable: Any) -> int:
    """Arguments, results and what lies between, by XLA's own analysis; bytes."""
    need: Any = executable.memory_analysis()
    parts = need.argument_size_in_bytes, need.output_size_in_bytes
    return sum(parts) + need.temp_size_in_bytes


def here(kinds: Sequence[str]) -> dict[str, Any]:
    """`machine`, and the GPU's name if one is asked for; one line if there is none."""
    facts = machine()
    try:
        devices.prepare_process("auto" if "gpu" in kinds else "cpu")
        if "gpu" in kinds:
            facts["gpu"] = devices.choose("gpu").device_kind
    except devices.DeviceError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    return facts


def product_rate(device: str, precision: str, flops: float) -> Prepared:
    """A limit: `flops` at the rate of products of two square matrices.

    On a GPU so large, and so many in a call, that launching them counts for nothing.
    """
    chosen, dtype = start_jax(device, precision), dtype_of(precision)
    size, products = (2048, 1) if device == "cpu" else (8192, 8)
    a = jnp.full((size, size), 1 / size, dtype)

    def multiply(a: jax.Array) -> jax.Array:
        b = a
        for _ in range(products):
            b = a @ b
        return b

    call, seconds, memory = compiled(multiply, a)

    def run(_: int) -> float:
        call(a).block_until_ready()
        return np.nan

    share = products * 2 * size**3 / flops  # how often the work would fit into a call
    return Prepared(run, share, dtype, seconds, chosen.device_kind, memory)


def read_rate(device: str, precision: str, shape: tuple[int, int]) -> Prepared:
    """A limit: reading data of that shape twice, at the rate of data times vector.

    On a GPU at the rate of its memory, of hundreds of times the data: what is as small
    as that may stay in its cache, and be read faster.
    """
    chosen, dtype = start_jax(device, precision), dtype_of(precision)
    copies, passes = (1, 50) if device == "cpu" else (256, 4)
    x, v = jnp.ones((copies * shape[0], shape[1]), dtype), jnp.ones(shape[1], dtype)

    def read(x: jax.Array, v: jax.Array) -> jax.Array:
        def once(v: jax.Array, _: None) -> tuple[jax.Array, None]:
            return v * (1 - 1e-9 * jnp.max(x @ v)), None  # no row can be left out

        return lax.scan(once, v, length=passes)[0]

    call, seconds, memory = compiled(read, x, v)

    def run(_: int) -> float:
        call(x, v).block_until_ready()
        return np.nan

    share = copies * passes / 2
    return Prepared(run, share, dtype, seconds, chosen.device_kind, memory)


def limits(
    device: str, precision: str, flops: float, shape: tuple[int, int]
) -> list[Contender]:
    """What a call of `flops` that reads data of that shape twice cannot go below."""
    name, args = f"limit: reading the data twice, {device}", (device, precision, shape)
    reading = Contender(name, read_rate, args, has_cost=False)
    return [product_limit(device, precision, flops), reading]


def product_limit(device: str, precision: str, flops: float) -> Contender:
    """The arithmetic's."""
    name = f"limit: {flops / 1e6:.0f} MFLOP, {device}"
    args = device, precision, flops
    return Contender(name, product_rate, args, has_cost=False)


def gradient_flops(m: int, layers: Sequence[int]) -> float:
    """Of one cost and gradient: the products alone, which are nearly all of it.

    A weight takes a multiplication and an addition forward, two for its gradient and,
    but in the first layer, two to pass delta back.
    """
    weights = [n_in * n_out for n_in, n_out in zip(layers, layers[1:], strict=False)]
    return 2.0 * m * (3 * sum(weights) - weights[0])
