"""Compare three gradients of the network: python -m jaxnn.gradcheck"""

import time
from collections.abc import Sequence

import jax

from jaxnn import checks, cli, devices

FAILED = 1


def main(argv: Sequence[str]) -> int:
    """Print the table; exit code 1 if any two gradients differ."""
    parser = cli.parser(
        "gradcheck",
        "Compare autodiff with the hand-derived backpropagation and with central "
        "differences, weight by weight, in float64.",
        "python -m jaxnn.gradcheck --quick",
        dtype="always float64; float32 is refused",
    )
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument(
        "--quick", action="store_true", help="200 weights instead of all 10,285"
    )
    extent.add_argument(
        "--all", action="store_true", help="on all 5000 digits, not 50 of each class"
    )
    flags = vars(parser.parse_args(argv))
    if flags.get("dtype") == "float32":
        raise ValueError(
            "float32 hides small mistakes behind rounding; leave --dtype out, "
            "gradients are checked in float64"
        )
    devices.prepare_process(flags.get("device", "auto"))
    device = devices.choose(flags.get("device", "auto"))
    quiet = flags.get("quiet", False)
    began = time.perf_counter()

    bar = cli.progress()

    def show(done: int, whole: int) -> None:
        bar(f"{done} of {whole} weights", done, whole)

    with jax.default_device(device):
        report = checks.check_gradient(
            quick=flags.get("quick", False),
            all_digits=flags.get("all", False),
            seed=flags.get("seed", 0),
            progress=None if quiet else show,
        )
    seconds = time.perf_counter() - began
    if not quiet:
        print(f"device   {devices.describe(device)}, float64, {seconds:.1f} s")
    print(str(report).rpartition("\n")[2] if quiet else report)
    return 0 if report.passed else FAILED


if __name__ == "__main__":
    cli.run(main)
