"""Time many networks trained at once, beside one alone.

    python benchmarks/ensemble.py [--device gpu] [--networks N ...] [--quick] [--save]

The 5000 embedded digits, lambda 1, float32, a start from each of the seeds 0, 1, ...;
every network takes the same number of steps. Times are per network-step; the cost is
that of seed 0, the same in all. The limit is a network-step's arithmetic at the rate of
a product of square matrices. On a CPU up to 128 networks, of which eight step together,
the eights one after another; on a GPU up to 1024, together.
"""

import argparse
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

import workers
from checkout import jaxnn
from contest import contest, only
from flags import finish, flags, positive, read
from jaxnn import devices
from jaxnn.ensemble import minimize_all, stack
from jaxnn.optimizers import METHODS, Method
from rows import as_rows, headline
from tables import show
from timing import Contender, Prepared, same_cost

# Relative, of the cost after many steps: sums in another order. A line search makes
# another choice of what is all but equal, and goes another way from there.
TOLERANCE, SEARCHING = 1e-4, 2e-2
LAYERS = (400, 25, 10)
SIZES = {"cpu": [1, 2, 4, 8, 16, 32, 64, 128], "gpu": [1, 4, 16, 64, 128, 256, 1024]}


def prepared(
    run: Callable[[], float], networks: int | None, network_steps: int
) -> Prepared:
    """run as a contender."""
    return Prepared(
        run=lambda _: run(),
        evaluations=network_steps,
        dtype="float32",
        compile_seconds=workers.beyond_repeating(run),
        device=devices.current().device_kind,
        facts={"networks": networks},
    )


def problem(device: str) -> tuple[jax.Array, jax.Array, np.float32]:
    """x, y, lambda."""
    workers.start_jax(device, "float32")
    digits = jaxnn.load_digits()
    return jnp.asarray(digits.x, "float32"), jnp.asarray(digits.y), np.float32(1)


def in_a_loop(device: str, networks: int, method: str, steps: int) -> Prepared:
    """minimize, network after network."""
    args = problem(device)
    starts = [jaxnn.init_params(seed) for seed in range(networks)]

    def run() -> float:
        how = {"method": method, "steps": steps, "tolerance": 0, "chunk": steps}
        found = [jaxnn.minimize(jaxnn.cost, start, args, **how) for start in starts]
        return found[0].cost

    return prepared(run, None, networks * steps)


def together(device: str, networks: int, method: str, steps: int) -> Prepared:
    """ensemble.minimize_all."""
    args = problem(device)
    params = stack([jaxnn.init_params(seed) for seed in range(networks)])

    def run() -> float:
        axes = (None, None, None)
        found = minimize_all(jaxnn.cost, params, args, axes, method, steps, tolerance=0)
        return float(found.cost[0])

    return prepared(run, networks, networks * steps)


def contenders(
    device: str, networks: list[int], method: str, steps: int
) -> list[Contender]:
    """One network by `minimize` leads; then so many at once; the limit."""
    middle = sorted(networks)[len(networks) // 2]
    loops = {"one network": 1, f"Python loop over {middle}": middle}
    how = method, steps
    competing = [
        Contender(name, in_a_loop, (device, n, *how)) for name, n in loops.items()
    ]
    competing += [
        Contender(f"{n} in one call", together, (device, n, *how)) for n in networks
    ]
    if method != "gd":  # whose steps are one evaluation each
        return competing
    flops = workers.gradient_flops(5000, LAYERS)
    return [*competing, workers.product_limit(device, "float32", flops)]


def read_flags() -> argparse.Namespace:
    """The command line, with steps, rounds and networks settled."""
    stepped = [name for name, method in METHODS.items() if isinstance(method, Method)]
    parser = flags((__doc__ or "").splitlines()[0], "3 steps, 1 round, 8 networks")
    parser.add_argument("--method", choices=stepped, default="gd")
    parser.add_argument("--networks", type=positive, nargs="+", help="in one call")
    args = read(parser, 1, 15)
    args.steps = 3 if args.quick else 50
    return args


def main() -> None:
    """Measure, print the table, keep the rows; device after device."""
    args = read_flags()
    here = workers.here(args.device)
    sizes = {"m": 5000, "layers": LAYERS, "steps": args.steps, "method": args.method}
    rows = []
    for device in args.device:
        print(f"{headline(here)}; {device}, {args.method}, per network-step")
        networks = args.networks or ([8] if args.quick else SIZES[device])
        how = device, networks, args.method, args.steps
        competing = only(args.only, contenders(*how))
        is_searching = METHODS[args.method].default_rate is None
        tolerance = SEARCHING if is_searching else TOLERANCE
        timings, _ = contest(competing, args.rounds, same_cost(tolerance))
        about = {"what": "ensemble", "on": device, "precision": "float32"}
        rows += (found := as_rows(timings, **about, **here, **sizes))
        show(found)
        finish(rows, args)  # after each device


if __name__ == "__main__":
    main()
