"""Time what was tried to make one cost and gradient faster, beside what jaxnn does.

    python benchmarks/tried.py [--quick] [--save]

As gradient.py, on the CPU in float32: the 5000 embedded digits, lambda 1, some gradient
steps in one compiled loop. A form is kept if it is faster and still reads like the
formulas. The forms share a process, for two processes differ by as much as forms do, by
up to a tenth. A flag of XLA's is set in a worker of its own; one that this XLA does not
know ends the worker, and it is skipped.

Shapes: m examples, n pixels, h hidden units, k classes.
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import workers
from checkout import jaxnn
from contest import contest, only
from flags import finish, flags, read
from jaxnn import model
from rows import as_rows, headline
from tables import show
from timing import Contender, Prepared, same_cost

LAM, TOLERANCE = np.float32(1), 1e-5
Function = Callable[..., jax.Array]


def signed(is_class: jax.Array, z: jax.Array) -> jax.Array:
    """-z for the class of the example, z for the others, by a product; (k, m)."""
    return jnp.where(is_class, -1.0, 1.0) * z


def chosen(is_class: jax.Array, z: jax.Array) -> jax.Array:
    """The same by a choice."""
    return jnp.where(is_class, -z, z)


def written(
    params: Any,
    x: jax.Array,
    y: jax.Array,
    lam: Any,
    first: Function = model.affine,
    second: Function = model.affine,
    sigmoid: Function = jax.nn.sigmoid,
    softplus: Function = model.softplus,
    towards: Function = signed,
) -> jax.Array:
    """`jaxnn.cost` of one hidden layer, with parts of it exchanged."""
    theta1, theta2 = params
    z = second(theta2, sigmoid(first(theta1, x.T)))  # (k, m)
    is_class = y == jnp.arange(len(z))[:, None]  # (k, m)
    losses = softplus(towards(is_class, z))  # (k, m)
    return losses.sum() / len(x) + model.penalty(params, lam, len(x))


def broadcast_bias(theta: jax.Array, a: jax.Array) -> jax.Array:
    """W a + b, the bias added by broadcasting; autodiff then sums its gradient."""
    return theta[:, 1:] @ a + theta[:, :1]  # (out, m)


def row_of_ones(theta: jax.Array, a: jax.Array) -> jax.Array:
    """theta [1; a], as the course writes it."""
    return theta @ jnp.concatenate([jnp.ones_like(a[:1]), a])  # (out, m)


def rows_of_32(theta: jax.Array, a: jax.Array) -> jax.Array:
    """W a + b 1^T from rows (m, 32) of which h are used: whole vectors of a CPU."""
    wide = jnp.pad(theta[:, 1:], ((0, 32 - len(theta)), (0, 0)))  # (32, n)
    rows = a.T @ wide.T  # (m, 32)
    return rows.T[: len(theta)] + theta[:, :1] @ jnp.ones_like(a[:1])  # (h, m)


def log_softplus(z: jax.Array) -> jax.Array:
    """log(1 + e^z) with log in place of log1p."""
    return jnp.maximum(z, 0) + jnp.log(1 + jnp.exp(-jnp.abs(z)))


def tanh_sigmoid(z: jax.Array) -> jax.Array:
    """The sigmoid as (1 + tanh(z / 2)) / 2."""
    return 0.5 * jnp.tanh(0.5 * z) + 0.5


def of_pieces(
    params: Any, xs: Sequence[jax.Array], ys: Sequence[jax.Array], lam: Any
) -> jax.Array:
    """`jaxnn.cost` of examples that come in several arrays."""
    m = sum(map(len, xs))
    pairs = zip(xs, ys, strict=True)
    loss = sum(model.cross_entropy(params, x, y) for x, y in pairs)
    return loss / m + model.penalty(params, lam, m)


def through_a_scan(params: Any, x: jax.Array, y: jax.Array, lam: Any) -> jax.Array:
    """`jaxnn.cost` as a sum over two blocks, which autodiff goes through backwards."""
    m, blocks = len(x), (x.reshape(2, -1, x.shape[1]), y.reshape(2, -1))

    def add(total: jax.Array, block: tuple) -> tuple[jax.Array, None]:
        return total + model.cross_entropy(params, *block), None

    loss = lax.scan(add, jnp.zeros((), x.dtype), blocks)[0]
    return loss / m + model.penalty(params, lam, m)


def padded_units(params: Any, x: jax.Array, y: jax.Array, lam: Any) -> jax.Array:
    """`jaxnn.cost` with 32 units in its products for 25; the others stay idle."""
    theta1, theta2 = params
    idle = 32 - len(theta1)
    wide = jnp.pad(theta1, ((0, idle), (0, 0))), jnp.pad(theta2, ((0, 0), (0, idle)))
    return model.cost(wide, x, y, lam)


def blocks_at_once(params: Any, x: jax.Array, y: jax.Array, lam: Any) -> jax.Array:
    """`jaxnn.cost` of ten blocks side by side, each with a copy of params."""
    m, blocks = len(x), (x.reshape(10, -1, x.shape[1]), y.reshape(10, -1))
    copies = tuple(jnp.broadcast_to(theta, (10, *theta.shape)) for theta in params)
    loss = jax.vmap(model.cross_entropy)(copies, *blocks).sum()
    return loss / m + model.penalty(params, lam, m)


class Try(NamedTuple):
    """A form of the cost, or a flag of XLA's, and what came of it."""

    verdict: str
    cost: Callable = jaxnn.cost
    pieces: int = 1  # arrays that the examples come in
    unroll: int = 1  # steps for each turn of the loop
    flag: str = ""
    is_apart: bool = False  # in a process of its own, as with a flag
    has_cost: bool = True  # False: it leaves something out, to show what that takes


def with_parts(**parts: Any) -> Callable:
    """`written` with parts exchanged."""
    return lambda *args: written(*args, **parts)


TRIES = {
    "jaxnn": Try("kept"),
    "biases broadcast, labels choose": Try(
        "replaced: jaxnn's form before, the next two together",
        with_parts(first=broadcast_bias, second=broadcast_bias, towards=chosen),
    ),
    "biases broadcast": Try(
        "replaced: their gradient is a sum, not a product",
        with_parts(first=broadcast_bias, second=broadcast_bias),
    ),
    "labels choose z or -z": Try(
        "replaced: a product has the simpler derivative", with_parts(towards=chosen)
    ),
    "softplus of jax.nn": Try(
        "replaced: its derivative is logaddexp's",
        with_parts(softplus=jax.nn.softplus),
    ),
    "softplus by log, not log1p": Try(
        "not kept: loses the digits of small losses", with_parts(softplus=log_softplus)
    ),
    "sigmoid by tanh": Try("not kept", with_parts(sigmoid=tanh_sigmoid)),
    "a row of ones among the hidden": Try("not kept", with_parts(second=row_of_ones)),
    "the first product in rows of 32": Try("not kept", with_parts(first=rows_of_32)),
    "z^2 for softplus": Try(
        "wrong; leaves the loss out",
        with_parts(softplus=jnp.square),
        has_cost=False,
    ),
    "digits in 2 arrays": Try(
        "not kept: the caller would have to cut them", of_pieces, 2
    ),
    "digits in 10 arrays": Try(
        "not kept: the caller would have to cut them", of_pieces, 10
    ),
    "autodiff through a scan of 2": Try(
        "not kept: blocks.py makes the gradient within its scan", through_a_scan
    ),
    "10 blocks at once": Try("not kept", blocks_at_once),
    "hidden units padded to 32": Try("not kept", padded_units),
    "10 steps a turn of the loop": Try("not kept", unroll=10),
    "jaxnn, a process of its own": Try(
        "shows how far processes differ, for what follows", is_apart=True
    ),
    "XLA: 512-bit vectors": Try("not kept", flag="--xla_cpu_prefer_vector_width=512"),
    "XLA: oneDNN": Try("not kept", flag="--xla_cpu_use_onednn=true"),
    "XLA: fast math": Try(
        "not kept: a cost that is NaN would go unseen",
        flag="--xla_cpu_enable_fast_math=true",
    ),
    "XLA: no YNN products": Try(
        "not kept", flag="--xla_cpu_experimental_ynn_fusion_type="
    ),
    "XLA: YNN elementwise too": Try(
        "not kept",
        flag="--xla_cpu_experimental_ynn_fusion_type=LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,"
        "LIBRARY_FUSION_TYPE_REDUCE,LIBRARY_FUSION_TYPE_ELTWISE",
    ),
    "XLA: least memory's schedule": Try(
        "not kept", flag="--xla_cpu_enable_concurrency_optimized_scheduler=false"
    ),
    "XLA: no fusion emitters": Try(
        "not kept", flag="--xla_cpu_use_fusion_emitters=false"
    ),
}


def setup(name: str, steps: int) -> Prepared:
    """One form's cost and autodiff gradient in a compiled loop."""
    device = workers.start_jax("cpu", "float32")
    tried, digits = TRIES[name], jaxnn.load_digits()
    x, y = digits.x.astype("float32"), digits.y
    if tried.pieces > 1:
        x, y = (np.array_split(a, tried.pieces) for a in (x, y))
    slope, data = jax.value_and_grad(tried.cost), (jaxnn.init_params(0), x, y, LAM)
    how = {"unroll": tried.unroll, "verdict": tried.verdict}
    return workers.descent(slope, data, steps, device, **how)


def contenders(steps: int) -> list[Contender]:
    """What jaxnn does leads."""
    return [
        Contender(
            name,
            setup,
            (name, steps),
            environment=workers.with_flag(tried.flag),
            has_cost=tried.has_cost,
            group=None if tried.flag or tried.is_apart else "forms",
        )
        for name, tried in TRIES.items()
    ]


def read_flags() -> argparse.Namespace:
    """The command line, with steps and rounds settled."""
    parser = flags((__doc__ or "").splitlines()[0], "5 steps, 1 round", ["cpu"])
    args = read(parser, 1, 15)
    args.steps = 5 if args.quick else 50
    return args


def main() -> None:
    """Measure, print the table, write the rows."""
    args = read_flags()
    here = workers.here(["cpu"])
    print(headline(here))
    timings, _ = contest(
        only(args.only, contenders(args.steps)), args.rounds, same_cost(TOLERANCE)
    )
    about = {"what": "tried", "on": "cpu", "precision": "float32"}
    sizes = {"m": 5000, "layers": [400, 25, 10], "steps": args.steps}
    rows = as_rows(timings, **about, **here, **sizes)
    show(rows)
    finish(rows, args)


if __name__ == "__main__":
    main()
