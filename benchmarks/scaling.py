"""Time one cost and gradient of 500 examples to 5 million, of 25 units to 4096.

    python benchmarks/scaling.py [--device cpu gpu] [--examples M ...] [--save]

The examples are the 5000 embedded digits again and again, each time shifted together by
up to a pixel and with a little noise, float32. "jaxnn" is what `jaxnn.fit` minimises:
blocks of 5000 on a CPU; "one call" is jaxnn.cost on all; NumPy is the tightest, in
blocks too. All sizes are timed in turn; what does not fit into memory beside, alone.
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

import numpy_mlp
import workers
from checkout import jaxnn
from contest import contest, only, tell
from flags import finish, flags, positive, read
from jaxnn import devices
from jaxnn.images import SIDE
from jaxnn.training import blocks
from rows import as_rows, headline
from tables import show
from timing import Agree, Contender, Prepared, Timing, Unavailable, same_cost

EXAMPLES = [500, 5000, 50_000, 500_000]
WIDTH, HIDDEN = 25, [100, 400, 1600, 4096]  # units: with any m; with FEW examples
MANY, FEW = 5_000_000, 5000  # examples: alone, and for the sweep over hidden units
LAM = 1.0
WORK = 500_000  # examples through 25 units that a repetition takes, about
MEMORY_SHARE = 0.6  # of the host's, that all workers may take together
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
    return max(2, min(100, WORK * WIDTH // (m * hidden)))


def facts(form: str, m: int, hidden: int) -> dict[str, Any]:
    """What a row says of its size."""
    return {"form": form, "m": m, "hidden": hidden, "data_bytes": 4 * m * SIDE**2}


def in_jax(form: str, m: int, hidden: int, device: str) -> Prepared:
    """A cost's autodiff gradient in one compiled loop."""
    chosen, steps = workers.start_jax(device, "float32"), steps_for(m, hidden)
    slope, about = jax.value_and_grad(FORMS[form]), facts(form, m, hidden)
    params = jaxnn.init_params(0, (SIDE**2, hidden, 10))
    try:
        data = params, *examples(m), np.float32(LAM)
        made = workers.descent(slope, data, steps, chosen, **about)
        made.run(0)
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise Unavailable("the device's memory is too small") from None
    return made


def in_numpy(m: int, hidden: int) -> Prepared:
    """The fastest NumPy, in a Python loop, over blocks as jaxnn takes them."""
    params: Any = jaxnn.init_params(0, (SIDE**2, hidden, 10))
    x, y = examples(m)
    cuts = range(0, m, blocks.BLOCK)
    works = [
        numpy_mlp.buffers(params, x[i : i + blocks.BLOCK], y[i : i + blocks.BLOCK])
        for i in cuts
    ]
    del x
    shares = [work.pixels.shape[1] / m for work in works]

    def mean(params: Any) -> tuple[float, list[np.ndarray]]:
        """Cost and gradient, whose penalty each block's share adds up to."""
        total, slopes = 0.0, [np.zeros_like(theta) for theta in params]
        for work, share in zip(works, shares, strict=True):
            cost, gradient = numpy_mlp.tight(params, work, LAM * share)
            total += share * cost
            for slope, part in zip(slopes, gradient, strict=True):
                slope += share * part
        return total, slopes

    memory = sum(array.nbytes for work in works for array in work)
    made = workers.numpy_descent(mean, params, steps_for(m, hidden))
    return made._replace(memory=memory, facts=facts("NumPy, tight columns", m, hidden))


def contenders(kinds: Sequence[str], m: int, hidden: int) -> list[Contender]:
    """Every form of one size."""
    size = f"m {m}, h {hidden}"
    competing = [
        Contender(f"{form}, {kind}; {size}", in_jax, (form, m, hidden, kind))
        for kind in kinds
        for form in (FORMS if kind == "cpu" else ["jaxnn"])
    ]
    numpy = Contender(f"NumPy, tight columns, cpu; {size}", in_numpy, (m, hidden))
    return [*competing, numpy]


def need(m: int) -> int:
    """Bytes of the host's memory a worker takes, about: x is made, then laid out."""
    return int(4 * m * 2.5 * SIDE**2)


def same_cost_per_size(tolerance: float) -> Agree:
    """Costs of one size are the same."""
    agree = same_cost(tolerance)

    def agree_per_size(costs: dict[str, float]) -> None:
        sizes = {name.partition("; ")[2] for name in costs}
        for size in sizes:
            agree({name: cost for name, cost in costs.items() if name.endswith(size)})

    return agree_per_size


def read_flags() -> argparse.Namespace:
    """The command line, with sizes and rounds settled."""
    parser = flags((__doc__ or "").splitlines()[0], "500 examples, 2 rounds")
    parser.add_argument("--examples", type=positive, nargs="+", metavar="M")
    args = read(parser, 2, 15)
    args.sizes = [(m, WIDTH) for m in args.examples or [*EXAMPLES, MANY]]
    if args.quick:
        args.sizes = [(500, WIDTH)]
    elif not args.examples:
        args.sizes += [(FEW, hidden) for hidden in HIDDEN]
    return args


def contests(
    kinds: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    names: Sequence[str] | None,
) -> list[list[Contender]]:
    """What is timed in turn; and, a contest each, what does not fit in beside it."""
    together, alone, room = [], [], MEMORY_SHARE * devices.host_memory()
    for m, hidden in sizes:
        competing = only(names, contenders(kinds, m, hidden))
        if len(competing) * need(m) < room:
            together += competing
            room -= len(competing) * need(m)
        elif need(m) < MEMORY_SHARE * devices.host_memory():
            alone += [[one] for one in competing]
        else:
            tell(f"m {m}: skipped, it needs {need(m) / 1e9:.0f} GB of memory")
    return [contest for contest in (together, *alone) if contest]


def main() -> None:
    """Measure, print the tables, keep the rows."""
    args = read_flags()
    here = workers.here(args.device)
    print(f"{headline(here)}; float32")
    about = {"what": "scaling", "on": " ".join(args.device), "precision": "float32"}
    agree, rows, costs = same_cost_per_size(TOLERANCE), [], {}
    for competing in contests(args.device, args.sizes, args.only):
        timings, _ = contest(competing, args.rounds, agree, may_be_empty=True)
        costs |= {t.name: t.cost for t in timings}
        agree(costs)  # across contests
        found = []
        for size in dict.fromkeys(map(size_of, timings)):
            of_size = [t for t in timings if size_of(t) == size]
            found += as_rows(of_size, **about, **here)
        if found:
            show(found)
            rows += found
            finish(rows, args)  # after each contest


def size_of(timing: Timing) -> tuple[int, int]:
    """m, hidden."""
    return timing.facts["m"], timing.facts["hidden"]


if __name__ == "__main__":
    main()
