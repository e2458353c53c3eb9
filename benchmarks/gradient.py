"""Time one cost and gradient of the 400-25-10 network beside other ways to compute it.

    python benchmarks/gradient.py [--device cpu gpu] [--dtype float64] [--save]

The 5000 embedded digits, lambda 1, the initial weights of seed 0. One repetition takes
some gradient steps from those weights, so that a wrong gradient shows in the cost; JAX
takes them in one compiled call. NumPy computes on the CPU, the others on each --device.
Two rows are limits: the arithmetic at the rate of a product of square matrices, and the
data, which has to be read twice, at the rate of its product with a vector.

Shapes: m examples, n pixels, k classes.
"""

import argparse
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax

import numpy_mlp
import torch_mlp
import workers
from checkout import jaxnn
from contest import contest, only
from flags import finish, flags, read
from rows import as_rows, headline
from tables import show
from timing import Contender, Prepared, Unavailable, same_cost

LAM = 1.0
TOLERANCE = {"float32": 1e-5, "float64": 1e-10, "tf32": 1e-2}  # relative, of the cost
# What may pay on a GPU, where launching kernels is most of the time: the whole loop as
# one CUDA graph; and ten steps for each turn of the loop. name: XLA_FLAGS, unrolled
LOOPS_ON_GPU = {
    "jaxnn, loop in a graph": ("--xla_gpu_enable_command_buffer=+WHILE", 1),
    "jaxnn, 10 steps a turn": ("", 10),
    "jaxnn, both": ("--xla_gpu_enable_command_buffer=+WHILE", 10),
}
Arrays = tuple[Any, np.ndarray, np.ndarray]  # params, x (m, n), the digits y (m,)


def row_wise_cost(params: Any, x: jax.Array, y: jax.Array, lam: Any) -> jax.Array:
    """`jaxnn.cost` with examples as rows, as most JAX programs would write it."""
    theta1, theta2 = params
    target = jax.nn.one_hot(y, len(theta2), dtype=x.dtype)  # (m, k)
    hidden = jax.nn.sigmoid(x @ theta1[:, 1:].T + theta1[:, 0])  # (m, h)
    z = hidden @ theta2[:, 1:].T + theta2[:, 0]  # (m, k)
    data_cost = optax.sigmoid_binary_cross_entropy(z, target).sum() / len(x)
    penalty = sum((theta[:, 1:] ** 2).sum() for theta in params)
    return data_cost + lam / (2 * len(x)) * penalty


JAX_FORMS: dict[str, Callable] = {
    "jaxnn": jax.value_and_grad(jaxnn.cost),
    "JAX, row-wise": jax.value_and_grad(row_wise_cost),
    "jaxnn.backprop on JAX": jaxnn.backprop,
}


def in_jax(
    form: str,
    arrays: Arrays,
    steps: int,
    device: str,
    precision: str,
    unroll: int = 1,
) -> Prepared:
    """A form's (cost, gradient) in one compiled loop, `unroll` steps for each turn."""
    chosen = workers.start_jax(device, precision)
    data = *arrays, np.asarray(LAM, workers.dtype_of(precision))
    return workers.descent(JAX_FORMS[form], data, steps, chosen, unroll)


def in_torch(
    is_compiled: bool,
    are_columns: bool,
    arrays: Arrays,
    steps: int,
    device: str,
    precision: str,
) -> Prepared:
    """PyTorch's autodiff in a Python loop."""
    torch = torch_mlp.start_torch(device, precision)
    params, x, y = arrays
    data = *torch_mlp.as_tensors(torch, device, x, y, are_columns), LAM
    compile_for = device if is_compiled else None
    cost = torch_mlp.cost_function(torch, are_columns, compile_for)
    start = torch_mlp.leaves(torch, device, params)
    at = torch_mlp.leaves(torch, device, params)

    def descend(steps: int) -> float:
        with torch.no_grad():
            for theta, first in zip(at, start, strict=True):
                theta.copy_(first)
        value = torch.tensor(np.nan)
        for _ in range(steps):
            value, gradient = torch_mlp.cost_and_gradient(torch, cost, at, *data)
            with torch.no_grad():
                for theta, slope in zip(at, gradient, strict=True):
                    theta -= workers.RATE * slope
        return float(value.detach())

    seconds = compile_seconds(torch, lambda: descend(1)) if is_compiled else 0.0
    kind = torch.cuda.get_device_name() if device == "gpu" else "cpu"
    dtype = workers.dtype_of(precision)
    return Prepared(lambda _: descend(steps), steps, dtype, seconds, kind)


def compile_seconds(torch: Any, step: Callable[[], float]) -> float:
    """Of PyTorch's compiler; Unavailable where it finds no compiler of its own."""
    try:
        return workers.beyond_repeating(step, 2)  # CUDA graphs are made by the second
    except (torch._dynamo.exc.TorchDynamoException, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise Unavailable(f"PyTorch cannot compile here: {reason}") from None


def in_numpy(function: Callable, params: Any, args: tuple, steps: int) -> Prepared:
    """function(params, *args, lam) -> (cost, gradient) in a Python loop."""
    return workers.numpy_descent(lambda at: function(at, *args, LAM), params, steps)


def numpy_columns(arrays: Arrays, steps: int) -> Prepared:
    """The fastest NumPy of numpy_mlp, examples as columns."""
    params, x, y = arrays
    work = numpy_mlp.buffers(params, x, y)
    return in_numpy(numpy_mlp.tight, params, (work,), steps)


def numpy_rows(arrays: Arrays, steps: int) -> Prepared:
    """NumPy written tightly, examples as rows."""
    params, x, y = arrays
    sign = np.where(y[:, None] == np.arange(10), -1, 1).astype(x.dtype)
    return in_numpy(numpy_mlp.tight_rows, params, (x, sign), steps)


def numpy_published(arrays: Arrays, steps: int) -> Prepared:
    """The usual NumPy of numpy_mlp, in float64 whatever the dtype."""
    params, x, y = arrays
    params = tuple(theta.astype(np.float64) for theta in params)
    args = x.astype(np.float64), np.eye(10)[y]
    return in_numpy(numpy_mlp.published, params, args, steps)


def numpy_backprop(arrays: Arrays, steps: int) -> Prepared:
    """jaxnn.backprop on NumPy arrays."""
    params, x, y = arrays
    return in_numpy(jaxnn.backprop, params, (x, y), steps)


def contenders(kinds: list[str], precision: str, steps: int) -> list[Contender]:
    """All of them on the same data; jaxnn on the first device leads."""
    digits, dtype = jaxnn.load_digits(), workers.dtype_of(precision)
    arrays = jaxnn.init_params(0, dtype=dtype), digits.x.astype(dtype), digits.y
    competing = []
    for kind in kinds:
        mark = f", {kind}" if len(kinds) > 1 else ""
        competing += on_device(mark, (arrays, steps, kind, precision))
    others = {
        f"NumPy {dtype}, tight rows": numpy_rows,
        f"NumPy {dtype}, tight columns": numpy_columns,
        "NumPy float64, as published": numpy_published,
        "jaxnn.backprop on NumPy": numpy_backprop,
    }
    args = arrays, steps
    return competing + [Contender(n, setup, args) for n, setup in others.items()]


def on_device(mark: str, how: tuple[Arrays, int, str, str]) -> list[Contender]:
    """JAX, PyTorch and the limits; mark: what their names end in."""
    (_, x, _), _, kind, precision = how
    competing = [Contender(form + mark, in_jax, (form, *how)) for form in JAX_FORMS]
    for name, (flag, unroll) in LOOPS_ON_GPU.items() if kind == "gpu" else ():
        args, xla_flags = ("jaxnn", *how, unroll), workers.with_flag(flag)
        competing.append(Contender(name + mark, in_jax, args, environment=xla_flags))
    for way, is_compiled in {"eager": False, "compiled": True}.items():
        for layout, are_columns in {"rows": False, "columns": True}.items():
            name, args = f"PyTorch {way}, {layout}", (is_compiled, are_columns, *how)
            competing.append(Contender(name + mark, in_torch, args, "torch"))
    flops = workers.gradient_flops(len(x), (400, 25, 10))
    return competing + workers.limits(kind, precision, flops, x.shape)


def read_flags() -> argparse.Namespace:
    """The command line, with steps and rounds settled."""
    parser = flags((__doc__ or "").splitlines()[0], "5 steps, 2 rounds")
    parser.add_argument("--dtype", choices=list(TOLERANCE), default="float32")
    args = read(parser, 2, 15)
    args.steps = 5 if args.quick else 50
    if args.dtype == "tf32" and args.device != ["gpu"]:
        parser.error("argument --dtype: tf32 is a GPU's; say --device gpu")
    return args


def main() -> None:
    """Measure, print the table, write the rows."""
    args = read_flags()
    here = workers.here(args.device)
    print(f"{headline(here)}; {args.dtype}")
    competing = contenders(args.device, args.dtype, args.steps)
    timings, _ = contest(
        only(args.only, competing), args.rounds, same_cost(TOLERANCE[args.dtype])
    )
    about = {"what": "gradient", "on": " ".join(args.device), "precision": args.dtype}
    sizes = {"m": 5000, "layers": [400, 25, 10], "steps": args.steps}
    rows = as_rows(timings, **about, **here, **sizes)
    show(rows)
    finish(rows, args)


if __name__ == "__main__":
    main()
