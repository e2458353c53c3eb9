"""JAX in a contender's worker: the device, the precision, one compiled call.

Nothing here may run before the worker's set-up: the device is settled there.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rows import machine
from timing import Contender, Prepared

try:
    import jaxnn
except ModuleNotFoundError:  # not installed: take the checkout's
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import jaxnn
from jaxnn import devices

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


def memory_of(executable: Any) -> int:
    """Arguments, results and what lies between, by XLA's own analysis; bytes."""
    need: Any = executable.memory_analysis()
    parts = need.argument_size_in_bytes, need.output_size_in_bytes
    return sum(parts) + need.temp_size_in_bytes


def here(kinds: Sequence[str], *packages: Any) -> dict[str, Any]:
    """`machine`, and the GPU's name if one is asked for; one line if there is none."""
    facts = machine(jax, np, jaxnn, *packages)
    try:
        devices.prepare_process("auto" if "gpu" in kinds else "cpu")
        if "gpu" in kinds:
            facts["gpu"] = devices.choose("gpu").device_kind
    except devices.DeviceError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    return facts


def product_rate(device: str, precision: str, flops: float) -> Prepared:
    """A limit: `flops` at the rate of the product of two square matrices."""
    chosen, dtype, size = start_jax(device, precision), dtype_of(precision), 2048
    a = jnp.full((size, size), 1 / size, dtype)
    call, seconds, memory = compiled(lambda a: a @ a, a)

    def run(_: int) -> float:
        call(a).block_until_ready()
        return np.nan

    share = 2 * size**3 / flops  # how often the work would fit into one product
    return Prepared(run, share, dtype, seconds, chosen.device_kind, memory)


def read_rate(device: str, precision: str, shape: tuple[int, int]) -> Prepared:
    """A limit: reading data of that shape twice, at the rate of data times vector."""
    chosen, dtype, passes = start_jax(device, precision), dtype_of(precision), 50
    x, v = jnp.ones(shape, dtype), jnp.ones(shape[1], dtype)

    def read(x: jax.Array, v: jax.Array) -> jax.Array:
        def once(v: jax.Array, _: None) -> tuple[jax.Array, None]:
            return v * (1 - 1e-9 * (x @ v)[0]), None  # so that no pass can be left out

        return lax.scan(once, v, length=passes)[0]

    call, seconds, memory = compiled(read, x, v)

    def run(_: int) -> float:
        call(x, v).block_until_ready()
        return np.nan

    return Prepared(run, passes / 2, dtype, seconds, chosen.device_kind, memory)


def limits(
    device: str, precision: str, flops: float, shape: tuple[int, int]
) -> list[Contender]:
    """What a call of `flops` that reads data of that shape twice cannot go below."""
    return [
        Contender(
            f"limit: {flops / 1e6:.0f} MFLOP, {device}",
            product_rate,
            (device, precision, flops),
            has_cost=False,
        ),
        Contender(
            f"limit: reading the data twice, {device}",
            read_rate,
            (device, precision, shape),
            has_cost=False,
        ),
    ]


def gradient_flops(m: int, layers: Sequence[int]) -> float:
    """Of one cost and gradient: the products alone, which are nearly all of it.

    A weight takes a multiplication and an addition forward, two for its gradient and,
    but in the first layer, two to pass delta back.
    """
    weights = [n_in * n_out for n_in, n_out in zip(layers, layers[1:], strict=False)]
    return 2.0 * m * (3 * sum(weights) - weights[0])
