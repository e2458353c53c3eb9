"""Time one cost and gradient of the 400-25-10 network, beside other ways to compute it.

    python benchmarks/gradient.py [--quick] [--rounds N] [--dtype float64] [--json FILE]

The 5000 embedded digits, lambda 1, the initial weights of seed 0. One repetition takes
some gradient steps from those weights, so that a wrong gradient shows in the cost. On
the CPU, unless JAX_PLATFORMS names another device.

Shapes: m examples, n pixels, k classes.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

import numpy_mlp
import timing
from timing import Contender, Prepared

try:
    import jaxnn
except ModuleNotFoundError:  # not installed: take the checkout's
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import jaxnn

LAM = 1.0
RATE = 0.1  # of a gradient step
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}  # relative, of the last cost


def row_wise_cost(params: Any, x: jax.Array, y: jax.Array, lam: Any) -> jax.Array:
    """`jaxnn.cost` with examples as rows, as most JAX programs would write it."""
    theta1, theta2 = params
    target = jax.nn.one_hot(y, len(theta2), dtype=x.dtype)  # (m, k)
    hidden = jax.nn.sigmoid(x @ theta1[:, 1:].T + theta1[:, 0])  # (m, h)
    z = hidden @ theta2[:, 1:].T + theta2[:, 0]  # (m, k)
    data_cost = optax.sigmoid_binary_cross_entropy(z, target).sum() / len(x)
    penalty = jnp.sum(theta1[:, 1:] ** 2) + jnp.sum(theta2[:, 1:] ** 2)
    return data_cost + lam / (2 * len(x)) * penalty


def in_jax(
    function: Callable, arrays: tuple[Any, ...], steps: int, dtype: str
) -> Prepared:
    """function(params, x, y, lam) -> (cost, gradient) in one compiled loop.

    arrays: params, x (m, n) and the digits y (m,).
    """
    jax.config.update("jax_enable_x64", dtype == "float64")
    jax.config.update("jax_enable_compilation_cache", False)
    jax.config.update("jax_default_matmul_precision", "highest")  # no TF32 on a GPU

    def descend(params: Any, x: jax.Array, y: jax.Array, lam: jax.Array) -> jax.Array:
        def step(params: Any, _: None) -> tuple[Any, jax.Array]:
            cost, gradient = function(params, x, y, lam)
            return jax.tree.map(lambda p, g: p - RATE * g, params, gradient), cost

        return lax.scan(step, params, length=steps)[1]  # (steps,) costs

    data = jax.device_put((*arrays, np.asarray(LAM, dtype)))
    start = time.perf_counter()
    compiled = jax.jit(descend).lower(*data).compile()
    seconds = time.perf_counter() - start
    device = data[1].devices().pop().device_kind
    return Prepared(lambda: float(compiled(*data)[-1]), steps, dtype, seconds, device)


def in_numpy(function: Callable, params: Any, args: tuple, steps: int) -> Prepared:
    """function(params, *args, lam) -> (cost, gradient) in a Python loop."""

    def run() -> float:
        at, cost = params, np.nan
        for _ in range(steps):
            cost, gradient = function(at, *args, LAM)
            at = tuple(p - RATE * g for p, g in zip(at, gradient, strict=True))
        return float(cost)

    return Prepared(run, steps, params[0].dtype.name)


def jaxnn_cost(arrays: tuple[Any, ...], steps: int, dtype: str) -> Prepared:
    """Autodiff of jaxnn.cost."""
    return in_jax(jax.value_and_grad(jaxnn.cost), arrays, steps, dtype)


def jax_rows(arrays: tuple[Any, ...], steps: int, dtype: str) -> Prepared:
    """Autodiff of the row-wise form."""
    return in_jax(jax.value_and_grad(row_wise_cost), arrays, steps, dtype)


def jax_backprop(arrays: tuple[Any, ...], steps: int, dtype: str) -> Prepared:
    """jaxnn.backprop on JAX arrays."""
    return in_jax(jaxnn.backprop, arrays, steps, dtype)


def numpy_tight(arrays: tuple[Any, ...], steps: int, dtype: str) -> Prepared:
    """The fastest NumPy of numpy_mlp, examples as columns."""
    params, x, y = arrays
    work = numpy_mlp.buffers(params, x, y)
    return in_numpy(numpy_mlp.tight, params, (work,), steps)


def numpy_tight_rows(arrays: tuple[Any, ...], steps: int, dtype: str) -> Prepared:
    """NumPy written tightly, examples as rows."""
    params, x, y = arrays
    sign = np.where(y[:, None] == np.arange(10), -1, 1).astype(dtype)
    return in_numpy(numpy_mlp.tight_rows, params, (x, sign), steps)


def numpy_published(arrays: tuple[Any, ...], steps: int, dtype: str) -> Prepared:
    """The usual NumPy of numpy_mlp, in float64 whatever the dtype."""
    params, x, y = arrays
    params = tuple(theta.astype(np.float64) for theta in params)
    args = x.astype(np.float64), np.eye(10)[y]
    return in_numpy(numpy_mlp.published, params, args, steps)


def numpy_backprop(arrays: tuple[Any, ...], steps: int, dtype: str) -> Prepared:
    """jaxnn.backprop on NumPy arrays."""
    params, x, y = arrays
    return in_numpy(jaxnn.backprop, params, (x, y), steps)


def contenders(dtype: str, steps: int) -> list[Contender]:
    """All of them on the same data, the one that others are compared with first."""
    digits = jaxnn.load_digits()
    arrays = jaxnn.init_params(0, dtype=dtype), digits.x.astype(dtype), digits.y
    named = {
        "jaxnn": jaxnn_cost,
        "JAX, row-wise": jax_rows,
        "jaxnn.backprop on JAX": jax_backprop,
        f"NumPy {dtype}, tight": numpy_tight_rows,
        f"NumPy {dtype}, columns": numpy_tight,
        "NumPy float64, as published": numpy_published,
        "jaxnn.backprop on NumPy": numpy_backprop,
    }
    args = (arrays, steps, dtype)
    return [Contender(name, setup, args) for name, setup in named.items()]


def flags() -> argparse.Namespace:
    """The command line, with steps and rounds settled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="5 steps, 2 rounds")
    parser.add_argument("--rounds", type=int, help="repetitions of each [15]")
    parser.add_argument("--dtype", choices=list(TOLERANCE), default="float32")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write rows there")
    args = parser.parse_args()
    args.steps, rounds = (5, 2) if args.quick else (50, 15)
    args.rounds = rounds if args.rounds is None else args.rounds
    if args.rounds < 1:
        parser.error("argument --rounds: at least 1 is needed")
    return args


def main() -> None:
    """Measure, print the table, write the rows."""
    args = flags()
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # inherited by the workers
    here = timing.machine(jax, np, jaxnn)
    print(f"{timing.headline(here)}; {args.dtype}")
    competing = contenders(args.dtype, args.steps)
    timings = timing.contest(competing, args.rounds, TOLERANCE[args.dtype])
    print(timing.table(timings))
    if args.json:
        about = here | {"what": "cost and gradient", "m": 5000, "layers": [400, 25, 10]}
        rows = timing.as_rows(timings, **about, evaluations=args.steps)
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
