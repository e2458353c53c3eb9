"""Count the kernels that a GPU runs, beside those of the program it was given.

    python benchmarks/kernels_run.py [--steps STEPS]

kernels.py counts programs alone and needs no GPU; this script shows whether its way of
counting holds on a card. Each method minimizes the cost of the 5000 digits twice, the
second time for twice as many steps. What the second run has more is compared.
"""

from collections.abc import Sequence
from typing import NamedTuple

from harness.quiet import jax

# isort: split
from jax import numpy as jnp

from harness import jaxnn, profiles, script
from harness.hlo import tally
from harness.profiles import Ran
from jaxnn import cli, devices

METHODS = "gd", "momentum", "adam", "cg", "lbfgs"


class Count(NamedTuple):
    """What a method took for some steps."""

    evaluations: int
    ran: Ran
    step: int  # kernels and copies in the program, per step
    evaluation: int  # per evaluation in a step's search


def count(method: str, steps: int) -> Count:
    """Minimize in one program on the chosen device, watched by JAX's profiler."""
    digits = jaxnn.load_digits()
    x, y = jnp.asarray(digits.x, jnp.float32), jnp.asarray(digits.y)  # (m, n), (m,)

    def run(params, x, y, lam):
        how = {"steps": steps, "tolerance": 0.0}
        return jaxnn.minimize(jaxnn.cost, params, (x, y, lam), method, **how)

    args = jaxnn.init_params(0), x, y, jnp.float32(1)
    program = jax.jit(run).lower(*args).compile()
    jax.block_until_ready(program(*args))  # what only a first run does
    found, ran = profiles.watched(lambda: program(*args))
    loop = max(tally(program.as_text() or "").loops, key=lambda one: one.launches)
    search = loop.loops[0].launches if loop.loops else 0
    return Count(int(found.evaluations), ran, loop.launches, search)


def line(method: str, steps: int) -> str:
    """What was run and what was counted, for so many steps more."""
    first, second = count(method, steps), count(method, 2 * steps)
    evaluations = second.evaluations - first.evaluations
    counted = steps * second.step + evaluations * second.evaluation
    kernels, reads = (b - a for a, b in zip(first.ran, second.ran, strict=True))
    return (
        f"{method:<10}{steps:>7}{evaluations:>13}{kernels:>9}{counted:>9}"
        f"{kernels / counted:>7.2f}{reads / steps:>16.1f}"
    )


def main(argv: Sequence[str]) -> int:
    """Count method by method."""
    parser = script.Parser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=50, help="default: 50")
    args = parser.parse_args(argv)
    if args.steps < 1:
        parser.error(f"argument --steps: {args.steps} is not above 0")
    devices.prepare_process("gpu", "python benchmarks/kernels.py, which needs no GPU")
    with devices.exactly(devices.choose("gpu"), "float32"):
        print("method      steps  evaluations      ran  counted  ratio  reads per step")
        for method in METHODS:
            print(line(method, args.steps), flush=True)
    return 0


if __name__ == "__main__":
    cli.run(main)
