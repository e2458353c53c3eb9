"""Time one cost and gradient of digits that lie spread over 1, 2 and 4 devices.

    python benchmarks/several_devices.py [--save]

The devices are simulated: parts of one CPU. So the times show what spreading costs, and
nothing of what more devices gain. Strong: the same 100,000 digits on all; weak: 50,000
on each. "bytes added" is what one all-reduce adds up, read from the compiled program.
"""

import math
import re
from collections.abc import Sequence

from harness.quiet import jax

# isort: split
import numpy as np

from harness import jaxnn, on_device, script
from harness.rounds import Contender, Prepared, same_cost
from jaxnn import cli, meshes
from jaxnn.training import blocks, placement

COUNTS = 1, 2, 4
GROWTHS = {"the same 100,000 digits": (100_000, False)}
GROWTHS |= {"50,000 digits on each": (50_000, True)}
FEW = 5000  # with --quick; all digits, so each size has the same cost
STEPS = 5  # of a repetition
LAM = np.float32(0)  # or the costs of several sizes would differ
TOLERANCE = 1e-4  # relative: sums of very many terms in float32
SHAPES = r"= \(?(.*?)\)? all-reduce\("


def spread(count: int, m: int) -> Prepared:
    """Gradient steps in one compiled loop, on so many devices."""
    on_device.start_jax("cpu", "float32")
    place = placement.choose("cpu", count, None)
    digits = jaxnn.load_digits()
    x = np.resize(digits.x.astype("float32"), (m, 400))
    slope = jax.value_and_grad(blocks.cost)
    with place.computing("float32"):
        params = meshes.put(jaxnn.init_params(0), place.whole)
        rows = meshes.put((x, np.resize(digits.y, m)), place.rows)
        data = params, *rows, LAM
        text = jax.jit(slope).lower(*data).compile().as_text() or ""
        facts = {"each": m // count, "added": added(text)}
        return on_device.descent(slope, data, STEPS, None, **facts)


def added(text: str) -> int:
    """The bytes of the arrays that the all-reduces of a compiled program add up."""
    shapes = re.findall(r"f32\[([\d,]*)\]", " ".join(re.findall(SHAPES, text)))
    return 4 * sum(math.prod(int(n) for n in shape.split(",") if n) for shape in shapes)


def contenders(growth: str, is_quick: bool) -> list[Contender]:
    """Each number of devices; the first is one device."""
    m, grows = GROWTHS[growth]
    sizes = {n: (FEW if is_quick else m) * (n if grows else 1) for n in COUNTS}
    return [
        Contender(
            f"{n} device{'s' * (n > 1)}",
            spread,
            (n, size),
            {"JAX_NUM_CPU_DEVICES": str(n)},
        )
        for n, size in sizes.items()
    ]


def main(argv: Sequence[str]) -> int:
    """Time, show, save, the one growth and the other."""
    parser = script.flags("several_devices", __doc__, "5000 examples, 2 rounds")
    args = script.read(parser, argv, 2, 15)
    for growth in GROWTHS:
        competing = contenders(growth, args.quick)
        how = {"precision": "float32", "data": growth}
        script.hold(args, competing, same_cost(TOLERANCE), **how)
    return 0


if __name__ == "__main__":
    cli.run(main)
