"""Time many networks trained at once, beside a Python loop over the same networks.

    python benchmarks/ensemble.py [--quick] [--method lbfgs] [--networks N ...]

The 5000 embedded digits, lambda 1, float32, a start from each of the seeds 0, 1, ...;
every network takes the same number of steps. Times are per network-step; the cost is
that of seed 0, the same in all. On the CPU, unless JAX_PLATFORMS names another device.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import timing
from timing import Contender, Prepared

try:
    import jaxnn
except ModuleNotFoundError:  # not installed: take the checkout's
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import jaxnn
from jaxnn import devices, ensemble
from jaxnn.optimizers import METHODS, Method

TOLERANCE = 1e-4  # relative: a sum in another order, over many steps


def prepared(run: Callable[[], float], network_steps: int) -> Prepared:
    """run as a contender; what the first call takes and the second not is compiling."""
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    device = devices.current().device_kind
    return Prepared(run, network_steps, "float32", seconds[0] - seconds[1], device)


def problem() -> tuple[jax.Array, jax.Array, np.float32]:
    """x, y, lambda."""
    jax.config.update("jax_enable_compilation_cache", False)
    jax.config.update("jax_default_matmul_precision", "highest")  # no TF32 on a GPU
    digits = jaxnn.load_digits()
    return jnp.asarray(digits.x, "float32"), jnp.asarray(digits.y), np.float32(1)


def in_a_loop(networks: int, method: str, steps: int) -> Prepared:
    """minimize, network after network."""
    args = problem()
    starts = [jaxnn.init_params(seed) for seed in range(networks)]

    def run() -> float:
        how = {"method": method, "steps": steps, "tolerance": 0, "chunk": steps}
        found = [jaxnn.minimize(jaxnn.cost, start, args, **how) for start in starts]
        return found[0].cost

    return prepared(run, networks * steps)


def together(networks: int, method: str, steps: int) -> Prepared:
    """ensemble.minimize_all."""
    args = problem()
    params = ensemble.stack([jaxnn.init_params(seed) for seed in range(networks)])

    def run() -> float:
        axes = (None, None, None)
        found = ensemble.minimize_all(
            jaxnn.cost, params, args, axes, method, steps, tolerance=0
        )
        return float(found.cost[0])

    return prepared(run, networks * steps)


def flags() -> argparse.Namespace:
    """The command line, with steps and rounds settled."""
    stepped = [name for name, method in METHODS.items() if isinstance(method, Method)]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 steps, 1 round")
    parser.add_argument("--method", choices=stepped, default="gd")
    parser.add_argument("--networks", type=int, nargs="+", help="at once [8 32 128]")
    parser.add_argument("--rounds", type=int, help="repetitions of each [5]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write rows there")
    args = parser.parse_args()
    args.steps, rounds = (3, 1) if args.quick else (100, 5)
    args.rounds = rounds if args.rounds is None else args.rounds
    args.networks = args.networks or ([8] if args.quick else [8, 32, 128])
    if min(args.rounds, *args.networks) < 1:
        parser.error("arguments --rounds, --networks: at least 1 is needed")
    return args


def main() -> None:
    """Measure, print the table, write the rows."""
    args = flags()
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # inherited by the workers
    how = args.method, args.steps
    middle = sorted(args.networks)[len(args.networks) // 2]
    competing = [Contender("one network", in_a_loop, (1, *how))]
    competing.append(Contender(f"Python loop over {middle}", in_a_loop, (middle, *how)))
    competing += [Contender(f"{n} at once", together, (n, *how)) for n in args.networks]
    here = timing.machine(jax, np, jaxnn)
    print(f"{timing.headline(here)}; {args.method}, per network-step")
    timings = timing.contest(competing, args.rounds, TOLERANCE)
    print(timing.table(timings))
    if args.json:
        about = here | {"what": "network-step", "m": 5000, "layers": [400, 25, 10]}
        rows = timing.as_rows(timings, **about, method=args.method, steps=args.steps)
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
