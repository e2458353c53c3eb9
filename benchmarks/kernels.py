"""Count the kernels of jaxnn's programs, compiled for GPUs that are not there.

    python benchmarks/kernels.py [--all] [--save]

The 400-25-10 network, 5000 digits, no data: shapes are enough to compile. It needs
JAX's CUDA plugin and an assembler, and no GPU; without them it names what to install.
Nothing is run, so no time of a GPU follows from it.

Shapes: m examples, n pixels, N networks.
"""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from harness.quiet import jax

# isort: split

from harness import absent, jaxnn, script, tables
from harness.hlo import Tally
from jaxnn import backends, cli, devices, optimizers
from jaxnn.ensemble import lockstep
from jaxnn.optimizers.methods import METHODS
from jaxnn.training import blocks, centering, task

NEEDS = (
    "It needs JAX's CUDA plugin and an assembler (nvidia-cuda-nvcc), and no GPU; "
    "without them it names what to install."
)
ALL = "all programs and cards, in 4 minutes on two quiet cores; the default takes 15 s"
GPU = SimpleNamespace(platform="gpu")  # a device, as far as `task.rows_at` asks
M, LAYERS, STEPS = 5000, (400, 25, 10), 100
CARDS, SEARCHING = ("H100", "V100"), ("cg", "lbfgs", "newton-cg")
ALL_METHODS = "gd", "momentum", "adam", *SEARCHING
Job = tuple[Callable, Any]  # a function, and shapes for its arguments


class Program(NamedTuple):
    """What is compiled, and for what."""

    name: str
    make: Callable[..., Job]  # make(dtype, *how, m)
    how: tuple = ()
    dtype: str = "float32"
    card: str = CARDS[0]
    m: int = M
    cards: int = 1


def shape(*sizes: int, dtype: str) -> jax.ShapeDtypeStruct:
    """The shape of an array of that dtype."""
    return jax.ShapeDtypeStruct(sizes, dtype)


def data(dtype: str, m: int) -> tuple:
    """params, x (m, n), y (m,), lam, as shapes."""
    pairs = zip(LAYERS, LAYERS[1:], strict=False)
    params = tuple(shape(n_out, 1 + n_in, dtype=dtype) for n_in, n_out in pairs)
    x, y = shape(m, LAYERS[0], dtype=dtype), shape(m, dtype="int32")
    return params, x, y, shape(dtype=dtype)


def slope(dtype: str, cost: Callable, m: int) -> Job:
    """A cost and its gradient."""
    return jax.value_and_grad(cost), data(dtype, m)


def derived(dtype: str, m: int) -> Job:
    """The derivation by hand."""
    return jaxnn.backprop, data(dtype, m)


def accuracy(dtype: str, m: int) -> Job:
    """How many digits are read right."""
    return jaxnn.accuracy, data(dtype, m)[:3]


def minimizing(dtype: str, method: str, m: int) -> Job:
    """The public `minimize`, under jit."""

    def run(params: Any, *args: Any) -> Any:
        return jaxnn.minimize(jaxnn.cost, params, args, method, steps=STEPS)

    return run, data(dtype, m)


def chunk(dtype: str, method: str, batch: int | None, m: int) -> Job:
    """The compiled chunk that `fit` and `train` run, in centered coordinates or plain.

    batch: the size of mini-batches, or None.
    """
    chosen = METHODS[method]
    assert isinstance(chosen, optimizers.Method)
    rows = task.rows_at(GPU, m, pads=not batch)
    params, x, y, lam = data(dtype, rows)
    centers = tuple(shape(n, dtype=dtype) for n in LAYERS[:-1])
    args = x, y, lam, centers if method in centering.METHODS else None
    args += (None if batch else shape(rows, dtype=dtype),)  # weights: 0 for padding
    args += (lam,)  # their sum
    batches = batch and optimizers.Minibatches(batch, m, task.take_batch)
    size = task.EVERY if batch is None else m // batch

    def run(state: Any, args: Any, *numbers: Any) -> Any:
        how = centering.cost, chosen, batches, size
        return optimizers.run_chunk(*how, state, args, *numbers)

    start = jax.eval_shape(
        lambda p, r: optimizers.unevaluated(chosen, p, r), params, lam
    )
    whole = shape(dtype="int32")
    return run, (start, args, whole, whole, lam)


def ensemble(dtype: str, method: str, n: int, m: int) -> Job:
    """n networks in step."""
    chosen = METHODS[method]
    assert isinstance(chosen, optimizers.Method)
    params, *args, lam = data(dtype, m)
    params = tuple(shape(n, *theta.shape, dtype=dtype) for theta in params)

    def run(states: Any, args: tuple, limit: Any, tolerance: Any) -> Any:
        how = jaxnn.cost, chosen, (None,) * 3, n, STEPS
        return lockstep.run_all(*how, states, args, limit, tolerance)

    first = lockstep.all_unevaluated
    states = jax.eval_shape(lambda p, r: first(chosen, p, r), params, lam)
    return run, (states, (*args, lam), shape(dtype="int32"), lam)


# Why a program takes what it takes, beside its counts for an H100 in float32.
WHY = {
    "cost and gradient": "5 of them are products. XLA would cut both sums over the "
    "5000 digits into parts of one size, so 4 others pad their factors; 5120 digits "
    "take 15. The penalty sums each matrix by itself: as one sum it takes"
    " one kernel less here and one more on a V100",
    "gd": "19 are the cost and gradient. The last good params and cost are 3 "
    "copies, the new params 2, the gradient's norm 2, the history, the "
    "counter and the loop's end one each",
    "adam": "19 are the cost and gradient. 3 copies, the gradient's norm, the history, "
    "the counter and the loop's end are those of gd. Each matrix and its two moving "
    "averages take one kernel, and adam's own counter takes one",
    "cg": "an evaluation is as in lbfgs",
    "gd, chunk of train": "train fills the digits up to 5120 on a GPU: XLA then pads "
    "no factor in a step. The weights of the examples take one kernel more, the "
    "history of the gradient's norm another",
    "lbfgs": "the direction alone is 5 products with the memory, each of which "
    "needs the one before it. An evaluation adds 6 to the cost and "
    "gradient, among them the point on the line, the gradient laid end to "
    "end, its slope, the search's numbers and their end",
}

SMALL = [
    Program("cost and gradient", slope, (jaxnn.cost,)),
    Program("gd", minimizing, ("gd",)),
    Program("lbfgs", minimizing, ("lbfgs",)),
]


def every_program() -> list[Program]:
    """All that --all compiles."""
    many = Program(
        "cost and gradient, 500,000 digits", slope, (blocks.cost,), m=500_000
    )
    four = Program("cost and gradient, 4 cards", slope, (jaxnn.cost,), cards=4)
    programs = [
        SMALL[0],
        Program("cost and gradient, by hand", derived),
        many,
        four,
        Program("accuracy", accuracy),
        *[Program(name, minimizing, (name,)) for name in ALL_METHODS],
        Program("gd, 4 cards", minimizing, ("gd",), cards=4),
        Program("lbfgs, 4 cards", minimizing, ("lbfgs",), cards=4),
        *[Program(f"{n}, chunk of train", chunk, (n, None)) for n in ALL_METHODS],
        *[
            Program(f"{n}, chunk, mini-batches of 500", chunk, (n, 500))
            for n in ALL_METHODS
            if n not in SEARCHING
        ],
        *[
            Program(f"{name}, {n} networks", ensemble, (name, n))
            for name in ("gd", "adam", "lbfgs")
            for n in (32, 1024)
        ],
    ]
    doubled = [SMALL[0], *[Program(n, minimizing, (n,)) for n in ALL_METHODS]]
    programs += [p._replace(dtype="float64") for p in doubled]
    return programs + [p._replace(card="V100") for p in doubled]


def counted(program: Program) -> dict[str, Any]:
    """The row of a program: counts per step and per evaluation.

    A step's counts leave out what a search within it repeats: one evaluation, for
    newton-cg one product with the Hessian.
    """
    with jax.enable_x64(program.dtype == "float64"):
        job = program.make(program.dtype, *program.how, program.m)
        mesh = absent.cards(program.card, program.cards)
        found = absent.compiled(*job, mesh, program.m)
    row = {
        "name": program.name,
        "dtype": program.dtype,
        "device": program.card,
        "memory": found.memory,
        "compile_seconds": found.seconds,
    }
    if program.name in WHY and (program.card, program.dtype) == (CARDS[0], "float32"):
        row["why"] = WHY[program.name]
    if not found.tally.loops:
        return row | numbers("evaluation", found.tally)
    step = max(found.tally.loops, key=lambda one: one.launches)
    row |= numbers("step", step) | {"loops": len(step.loops)}
    return row | (numbers("evaluation", step.loops[0]) if step.loops else {})


def numbers(of: str, tally: Tally) -> dict[str, int]:
    """The counts of one step or one evaluation, as a row has them."""
    counts = {"kernels": tally.launches, "copies": tally.copies, "waits": tally.waits}
    return {f"{what} per {of}": count for what, count in counts.items()}


def main(argv: Sequence[str]) -> int:
    """Compile, count, show, save."""
    parser = script.Parser(description=(__doc__ or "").splitlines()[0], epilog=NEEDS)
    parser.add_argument("--all", action="store_true", help=ALL)
    parser.add_argument("--save", action="store_true", help="keep the rows in results/")
    args = parser.parse_args(argv)
    if args.save and not args.all:
        parser.error("argument --save: add --all; a part would replace the whole")
    devices.prepare_process("cpu")
    programs = every_program() if args.all else SMALL
    about = {
        "what": "kernels",
        "on": " ".join(dict.fromkeys(p.card for p in programs)),
        "precision": " and ".join(dict.fromkeys(p.dtype for p in programs)),
        "layers": LAYERS,
        **script.machine(),
    }
    with backends.hushed():  # XLA says that it cannot try what is not there
        rows = [{**about, **counted(program)} for program in programs]
    print(tables.title(rows[0]), "", tables.table(rows), "", sep="\n")
    print(f"compiling took {sum(row['compile_seconds'] for row in rows):.0f} s")
    if args.save:
        print(f"rows in {script.save(rows)}")
    return 0


if __name__ == "__main__":
    cli.run(main)
