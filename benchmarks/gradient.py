"""Time one cost and gradient of the 400-25-10 network, computed in several ways.

    python benchmarks/gradient.py [--device cpu gpu] [--dtype float64] [--save]

The 5000 embedded digits, lambda 1, the initial weights of seed 0. One repetition takes
some gradient steps from those weights, so that a wrong gradient changes the cost; JAX
takes them in one compiled call. NumPy computes on the CPU, the others on each --device.

Shapes: m examples, n pixels, h hidden units, k classes.
"""

from collections.abc import Sequence
from typing import Any

from harness.quiet import jax

# isort: split
import numpy as np
import optax

from harness import jaxnn, on_device, peers, script
from harness.rounds import Contender, Prepared, same_cost
from jaxnn import cli

LAM, LAYERS = 1.0, (400, 25, 10)
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}  # relative, of the cost
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


JAX_FORMS = {
    "jaxnn": jax.value_and_grad(jaxnn.cost),
    "JAX, row-wise": jax.value_and_grad(row_wise_cost),
    "jaxnn.backprop on JAX": jaxnn.backprop,
}


def in_jax(form: str, arrays: Arrays, steps: int, device: str, dtype: str) -> Prepared:
    """A form's cost and gradient in one compiled loop."""
    chosen, data = on_device.start_jax(device, dtype), (*arrays, np.asarray(LAM, dtype))
    return on_device.descent(JAX_FORMS[form], data, steps, chosen)


def in_torch(
    form: str, arrays: Arrays, steps: int, device: str, dtype: str
) -> Prepared:
    """PyTorch's autodiff and gradient descent, in a Python loop."""
    (torch, kind), are_columns = peers.start_torch(device), "columns" in form
    params, x, y = arrays
    data = *peers.as_tensors(torch, device, x, y, are_columns), LAM
    cost, compile_seconds = peers.torch_cost(torch, are_columns), 0.0

    def descend(steps: int) -> float:
        at, value = peers.leaves(torch, device, params), torch.tensor(np.nan)
        for _ in range(steps):
            value = cost(at, *data)
            gradient = torch.autograd.grad(value, at)
            with torch.no_grad():  # faster than PyTorch's own optimizer
                for theta, slope in zip(at, gradient, strict=True):
                    theta.sub_(slope, alpha=on_device.RATE)
        return float(value.detach())

    if "compiled" in form:  # on a GPU into CUDA graphs, by the second call
        mode = "default" if device == "cpu" else "reduce-overhead"
        cost = torch.compile(cost, mode=mode)
        compile_seconds = on_device.beyond_repeating(lambda: descend(1), 2)
    return Prepared(lambda _: descend(steps), steps, dtype, compile_seconds, kind)


def in_numpy(form: str, arrays: Arrays, steps: int) -> Prepared:
    """A form of NumPy's, in a Python loop."""
    params, x, y = arrays
    if "published" in form:  # in float64 whatever the dtype
        params = tuple(theta.astype(np.float64) for theta in params)
        evaluate = peers.published(x, y)
    elif "backprop" in form:
        evaluate = lambda at, lam: jaxnn.backprop(at, x, y, lam)  # noqa: E731
    else:
        evaluate = peers.tight(params, x, y, "C" if "columns" in form else "F")
    return on_device.numpy_descent(lambda at: evaluate(at, LAM), params, steps)


def contenders(kinds: Sequence[str], dtype: str, steps: int) -> list[Contender]:
    """All on the same data; jaxnn on the first device leads."""
    digits = jaxnn.load_digits()
    arrays = jaxnn.init_params(0, dtype=dtype), digits.x.astype(dtype), digits.y
    competing, ways, layouts = [], ("eager", "compiled"), ("rows", "columns")
    torch_forms = [f"PyTorch {way}, {layout}" for way in ways for layout in layouts]
    for kind in kinds:
        mark, how = f", {kind}" if kinds[1:] else "", (arrays, steps, kind, dtype)
        competing += [Contender(f + mark, in_jax, (f, *how)) for f in JAX_FORMS]
        competing += [Contender(f + mark, in_torch, (f, *how)) for f in torch_forms]
        competing.append(on_device.limit(kind, dtype, LAYERS, len(digits.x)))
    forms = [f"NumPy {dtype}, tight rows", f"NumPy {dtype}, tight columns"]
    forms += ["NumPy float64, as published", "jaxnn.backprop on NumPy"]
    return competing + [Contender(f, in_numpy, (f, arrays, steps)) for f in forms]


def main(argv: Sequence[str]) -> int:
    """Time, show, save."""
    parser = script.flags("gradient", __doc__, "5 steps, 2 rounds")
    parser.add_argument("--dtype", choices=list(TOLERANCE), default="float32")
    args = script.read(parser, argv, 2, 15)
    steps, dtype = 5 if args.quick else 50, args.dtype
    competing = contenders(args.device, dtype, steps)
    about = {"precision": dtype, "m": 5000, "layers": LAYERS, "steps": steps}
    script.hold(args, competing, same_cost(TOLERANCE[dtype]), **about)
    return 0


if __name__ == "__main__":
    cli.run(main)
