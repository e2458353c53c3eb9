"""Time one cost and gradient of more and more examples, and of wider networks.

    python benchmarks/scaling.py [--device cpu gpu] [--save]

Two curves: 500 to 500,000 examples with 25 hidden units, and 25 to 4096 hidden units
with 5000 examples. The examples are the 5000 embedded digits again and again, float32.
"jaxnn" is what `jaxnn.fit` minimizes: blocks of 5000 on a CPU; "one call" is jaxnn.cost
on all; NumPy is the fastest form, in blocks too. The forms of a size are timed in turn.
"""

from collections.abc import Sequence
from typing import Any

from harness.quiet import jax

# isort: split
import numpy as np

from harness import jaxnn, on_device, peers, script
from harness.rounds import Contender, Prepared, same_cost
from jaxnn import cli
from jaxnn.training import blocks

WIDTH, FEW = 25, 5000
SIZES = [(FEW, hidden) for hidden in (100, 400, 1600, 4096)]
SIZES += [(m, WIDTH) for m in (500, 5000, 50_000, 500_000)]
LAM = 1.0
WORK = 500_000  # examples through 25 units that a repetition takes, about
TOLERANCE = 1e-4  # relative: sums of very many terms in float32
FORMS = {"jaxnn": blocks.cost, "one call": jaxnn.cost}
NUMPY = "NumPy, tight columns"


def problem(form: str, m: int, hidden: int) -> tuple[Any, tuple, int, dict[str, Any]]:
    """Initial params, (x, y), steps of a repetition, what a row says of its size."""
    params, digits = jaxnn.init_params(0, (400, hidden, 10)), jaxnn.load_digits()
    data = np.resize(digits.x.astype("float32"), (m, 400)), np.resize(digits.y, m)
    steps = max(2, min(100, WORK * WIDTH // (m * hidden)))
    facts = {"form": form, "m": m, "hidden": hidden, "data_bytes": data[0].nbytes}
    return params, data, steps, facts


def in_jax(form: str, m: int, hidden: int, device: str) -> Prepared:
    """A cost's autodiff gradient in one compiled loop."""
    chosen = on_device.start_jax(device, "float32")
    params, data, steps, facts = problem(form, m, hidden)
    slope, data = jax.value_and_grad(FORMS[form]), (params, *data, np.float32(LAM))
    return on_device.descent(slope, data, steps, chosen, **facts)


def in_numpy(m: int, hidden: int) -> Prepared:
    """The fastest NumPy, in a Python loop, over the blocks that jaxnn takes."""
    params, (x, y), steps, facts = problem(NUMPY, m, hidden)
    cuts = [slice(i, min(m, i + blocks.BLOCK)) for i in range(0, m, blocks.BLOCK)]
    parts = [peers.tight(params, x[cut], y[cut]) for cut in cuts]
    shares = [(cut.stop - cut.start) / m for cut in cuts]
    del x

    def mean(params: Any) -> tuple[float, list[np.ndarray]]:
        """Cost and gradient; the blocks' shares of the penalty add up to all of it."""
        total, slopes = 0.0, [np.zeros_like(theta) for theta in params]
        for evaluate, share in zip(parts, shares, strict=True):
            cost, gradient = evaluate(params, LAM * share)
            total += share * cost
            for slope, part in zip(slopes, gradient, strict=True):
                slope += share * part
        return total, slopes

    memory = facts["data_bytes"] // 400 * (401 + 3 * hidden + 3 * 10)  # all its arrays
    made = on_device.numpy_descent(mean, params, steps)
    return made._replace(memory=memory, facts=facts)


def contenders(kinds: Sequence[str], m: int, hidden: int) -> list[Contender]:
    """Every form of one size."""
    size = f"m {m}, h {hidden}"
    competing = [
        Contender(f"{form}, {kind}; {size}", in_jax, (form, m, hidden, kind))
        for kind in kinds
        for form in (FORMS if kind == "cpu" else ["jaxnn"])
    ]
    return [*competing, Contender(f"{NUMPY}, cpu; {size}", in_numpy, (m, hidden))]


def main(argv: Sequence[str]) -> int:
    """Time, show, save, size after size."""
    parser = script.flags("scaling", __doc__, "500 examples, 2 rounds")
    args = script.read(parser, argv, 2, 15)
    for m, hidden in [(500, WIDTH)] if args.quick else SIZES:
        competing = contenders(args.device, m, hidden)
        script.hold(args, competing, same_cost(TOLERANCE), precision="float32")
    return 0


if __name__ == "__main__":
    cli.run(main)
