"""Time many networks trained at once, compared with one alone.

    python benchmarks/many_networks.py [--device cpu gpu] [--save]

The 5000 embedded digits, lambda 1, float32, starts from the seeds 0, 1, ...; every
network takes the same number of steps of gradient descent. Times are per step of a
network; the cost is that of seed 0. On a CPU eight networks step together, group after
group; on a GPU all.
"""

from collections.abc import Sequence
from typing import Any

from harness.quiet import jax

# isort: split
import numpy as np

from harness import jaxnn, on_device, script
from harness.rounds import Contender, Prepared, same_cost
from jaxnn import cli
from jaxnn.ensemble import minimize_all, stack

TOLERANCE = 1e-4  # relative, of the cost: sums in another order, in every step
LAYERS, METHOD = (400, 25, 10), "gd"
SIZES = {"cpu": [1, 2, 4, 8, 16, 32, 64, 128], "gpu": [1, 4, 16, 64, 128, 256, 1024]}


def training(is_together: bool, device: str, networks: int, steps: int) -> Prepared:
    """So many networks, by one call of minimize_all or by calls of minimize."""
    kind = on_device.start_jax(device, "float32").device_kind
    digits = jaxnn.load_digits()
    args = (
        jax.numpy.asarray(digits.x, "float32"),
        jax.numpy.asarray(digits.y),
        np.float32(1),
    )
    starts: Any = [jaxnn.init_params(seed) for seed in range(networks)]
    how: dict[str, Any] = {"method": METHOD, "steps": steps, "tolerance": 0}
    params, shared = stack(starts), (None, None, None)  # args are

    def run() -> float:
        if is_together:
            return float(minimize_all(jaxnn.cost, params, args, shared, **how).cost[0])
        runs = [jaxnn.minimize(jaxnn.cost, p, args, chunk=steps, **how) for p in starts]
        return runs[0].cost

    seconds, total = on_device.beyond_repeating(run), networks * steps
    facts = {"networks": networks if is_together else None}
    return Prepared(lambda _: run(), total, "float32", seconds, kind, facts=facts)


def contenders(device: str, networks: Sequence[int], steps: int) -> list[Contender]:
    """One network by `minimize` leads; then so many at once; the limit."""
    half = sorted(networks)[len(networks) // 2]
    kinds = [("one network", False, 1), (f"Python loop over {half}", False, half)]
    kinds += [(f"{n} in one call", True, n) for n in networks]
    competing = [
        Contender(name, training, (is_together, device, n, steps))
        for name, is_together, n in kinds
    ]
    return [*competing, on_device.limit(device, "float32", LAYERS, 5000)]


def main(argv: Sequence[str]) -> int:
    """Time, show, save, device after device."""
    parser = script.flags("many_networks", __doc__, "8 networks, 3 steps, 1 round")
    args = script.read(parser, argv, 1, 15)
    steps = 3 if args.quick else 50
    about = {"precision": "float32", "m": 5000, "layers": LAYERS, "steps": steps}
    for device in args.device:
        competing = contenders(device, [8] if args.quick else SIZES[device], steps)
        how = {"on": device, "method": METHOD, **about}
        script.hold(args, competing, same_cost(TOLERANCE), **how)
    return 0


if __name__ == "__main__":
    cli.run(main)
