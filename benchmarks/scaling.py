"""Time one cost and gradient from 500 examples to millions, from 25 units to 4096.

    python benchmarks/scaling.py [--device cpu gpu] [--examples M ...] [--save]

The examples are the 5000 embedded digits again and again, each shifted by up to a pixel
and with a little noise, float32. "jaxnn" is what `jaxnn.fit` minimises: on a CPU blocks
of 5000; "one call" is jaxnn.cost on all; NumPy is the tightest of numpy_mlp. Sizes of
one kind are timed in turn; those that do not fit into memory beside others alone.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import lax

import numpy_mlp
import workers
from rows import as_rows, finish, flags, headline
from timing import Agree, Contender, Prepared, Timing, Unavailable, contest, same_cost

try:
    import jaxnn
except ModuleNotFoundError:  # not installed: take the checkout's
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import jaxnn
from jaxnn import blocks, devices
from jaxnn.images import SIDE

EXAMPLES = [500, 5000, 50_000, 500_000]
WIDTH, HIDDEN = 25, [100, 400, 1600, 4096]  # units: with any m; with FEW examples
MANY, FEW = 5_000_000, 5000  # examples: alone, and for the sweep over hidden units
LAM, RATE = 1.0, 0.1  # the penalty; of a gradient step
WORK = 500_000  # examples through 25 units that a repetition takes, about
NOISE = 0.02  # standard deviation, of pixels near 0-1
TOLERANCE = 1e-4  # relative: sums of very many terms in float32
FORMS: dict[str, Callable] = {"jaxnn": blocks.cost, "one call": jaxnn.cost}


def examples(m: int) -> tuple[np.ndarray, np.ndarray]:
    """x (m, 400) float32 and y (m,), the same first ones whatever m is."""
    digits = jaxnn.load_digits()
    pictures = digits.x.astype("float32").reshape(-1, SIDE, SIDE)  # columns, then rows
    x, y = np.empty((m, SIDE**2), "float32"), np.empty(m, np.int32)
    for block, first in enumerate(range(0, m, FEW)):
        random = np.random.default_rng(block)
        shift = random.integers(-1, 2, 2)
        order = random.permutation(FEW)[: m - first]
        moved = np.roll(pictures[order], shift, (1, 2)).reshape(len(order), -1)
        side = slice(first, first + len(order))
        x[side] = moved + NOISE * random.standard_normal(moved.shape, "float32")
        y[side] = digits.y[order]
    return x, y


def steps_for(m: int, hidden: int) -> int:
    """Gradient steps of one repetition."""
    return max(1, min(100, WORK * WIDTH // (m * hidden)))


def facts(form: str, m: int, hidden: int) -> dict[str, Any]:
    """What a row says of its size."""
    return {"form": form, "m": m, "hidden": hidden, "data_bytes": 4 * m * SIDE**2}


def in_jax(form: str, m: int, hidden: int, device: str) -> Prepared:
    """A cost's autodiff gradient in one compiled loop."""
    chosen, steps = workers.start_jax(device, "float32"), steps_for(m, hidden)
    slope = jax.value_and_grad(FORMS[form])

    def descend(params: Any, x: jax.Array, y: jax.Array, lam: jax.Array) -> jax.Array:
        def step(params: Any, _: None) -> tuple[Any, jax.Array]:
            cost, gradient = slope(params, x, y, lam)
            return jax.tree.map(lambda p, g: p - RATE * g, params, gradient), cost

        return lax.scan(step, params, length=steps)[1]  # (steps,) costs

    params = jaxnn.init_params(0, (SIDE**2, hidden, 10))
    try:
        data = jax.device_put((params, *examples(m), np.float32(LAM)), chosen)
        call, seconds, memory = workers.compiled(descend, *data)
        call(*data)[-1].block_until_ready()
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise Unavailable("the device's memory is too small") from None
    about = facts(form, m, hidden)
    kind = chosen.device_kind

    def run(_: int) -> float:
        return float(call(*data)[-1])

    return Prepared(run, steps, "float32", seconds, kind, memory, about)


def in_numpy(m: int, hidden: int) -> Prepared:
    """The fastest NumPy, in a Python loop."""
    params: Any = jaxnn.init_params(0, (SIDE**2, hidden, 10))
    work, steps = numpy_mlp.buffers(params, *examples(m)), steps_for(m, hidden)

    def run(_: int) -> float:
        at, cost = params, np.nan
        for _ in range(steps):
            cost, gradient = numpy_mlp.tight(at, work, LAM)
            at = tuple(p - RATE * g for p, g in zip(at, gradient, strict=True))
        return float(cost)

    about = facts("NumPy, columns", m, hidden)
    memory = sum(array.nbytes for array in work)
    return Prepared(run, steps, "float32", memory=memory, facts=about)


def contenders(kinds: Sequence[str], m: int, hidden: int) -> list[Contender]:
    """Every form of one size."""
    size = f"m {m}, h {hidden}"
    competing = [
        Contender(f"{form}, {kind}; {size}", in_jax, (form, m, hidden, kind))
        for kind in kinds
        for form in (FORMS if kind == "cpu" else ["jaxnn"])
    ]
    numpy = Contender(f"NumPy, columns, cpu; {size}", in_numpy, (m, hidden))
    return [*competing, numpy]


def fits(competing: Sequence[Contender], m: int) -> bool:
    """Whether all of them fit into the host's memory at once, with room to spare."""
    need = 4 * m * 2.5 * SIDE**2  # x is made before it is laid out; activations
    return len(competing) * need < 0.6 * devices.host_memory()


def same_cost_per_size(tolerance: float) -> Agree:
    """Costs of one size are the same."""
    agree = same_cost(tolerance)

    def agree_per_size(costs: dict[str, float]) -> None:
        sizes = {name.partition("; ")[2] for name in costs}
        for size in sizes:
            agree({name: cost for name, cost in costs.items() if name.endswith(size)})

    return agree_per_size


def table(timings: Sequence[Timing]) -> str:
    """Milliseconds per evaluation, and per example; memory beside the data's."""
    width = max(len(t.name) for t in timings)
    head = "median ms  us/example  memory/data         cost"
    lines = [f"{'contender':{width}}  {head}"]
    for t in timings:
        seconds, share = np.median(t.seconds), (t.memory or 0) / t.facts["data_bytes"]
        lines.append(
            f"{t.name:{width}} {seconds * 1e3:10.3f} "
            f"{seconds / t.facts['m'] * 1e6:11.4f} {share:12.2f} {t.cost:12.7f}"
        )
    return "\n".join(lines)


def read_flags() -> argparse.Namespace:
    """The command line, with sizes and rounds settled."""
    parser = flags((__doc__ or "").splitlines()[0], "500 examples, 2 rounds")
    parser.add_argument("--examples", type=int, nargs="+", metavar="M")
    args = parser.parse_args()
    args.rounds = args.rounds or (2 if args.quick else 7)
    if min(args.rounds, *(args.examples or [1])) < 1:
        parser.error("arguments --rounds, --examples: at least 1 is needed")
    return args


def contests(args: argparse.Namespace) -> list[list[Contender]]:
    """What is timed in turn, and what must be alone."""
    if args.quick:
        return [contenders(args.device, 500, WIDTH)]
    together, alone = [], []
    for m in args.examples or [*EXAMPLES, MANY]:
        competing = contenders(args.device, m, WIDTH)
        if m < MANY and fits(competing, m):
            together += competing
        else:
            alone += [[one] for one in competing]
    for hidden in () if args.examples else HIDDEN:
        together += contenders(args.device, FEW, hidden)
    return [together, *alone]


def main() -> None:
    """Measure, print the tables, keep the rows."""
    args = read_flags()
    here = workers.here(args.device)
    print(f"{headline(here)}; float32")
    timings = []
    for competing in filter(None, contests(args)):
        timings += contest(competing, args.rounds, same_cost_per_size(TOLERANCE))
    print(table(timings))
    about = {"what": "scaling", "on": " ".join(args.device), "precision": "float32"}
    finish(as_rows(timings, **about, **here), args)


if __name__ == "__main__":
    main()
