"""Check gradients, ours or your own: python -m jaxnn.gradcheck [mywork.py:function]"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from jaxnn import cli, clinic, devices, files
from jaxnn.clinic import CHOICES, WORDS
from jaxnn.mistake import Mistake
from jaxnn.three_way import Report

FAILED = 1
VERDICT = ("PASS", "warning", "diagnosis", "fix")  # the lines that --quiet leaves


def main(argv: Sequence[str]) -> int:
    """Print the table, or what is wrong with a person's function; 1 if anything is."""
    flags = vars(flag_parser().parse_args(argv))
    words = flags.get("convention", [])
    if not flags.get("function") and words and "=" not in words[-1]:
        flags["function"] = words.pop()  # --convention labels=0-9 mywork.py:f
    if flags.get("dtype") == "float32":
        raise Mistake(
            "float32 hides small mistakes behind rounding; leave --dtype out, "
            "gradients are checked in float64"
        )
    devices.prepare_process(flags.get("device", "auto"))
    return persons(flags) if flags.get("function") else ours(flags)


def flag_parser() -> cli.Parser:
    """The flags of both checks."""
    parser = cli.parser(
        "gradcheck",
        "Check a cost and gradient of your own, and name the mistake in them. With no "
        "function: compare autodiff with the hand-derived backpropagation and with "
        "central differences, weight by weight. In float64.",
        "python -m jaxnn.gradcheck mywork.py:nn_cost_function",
        dtype="always float64; float32 is refused",
    )
    add = parser.add_argument
    add(
        "function",
        nargs="?",
        help="mywork.py:name, mywork.py:cost,gradient, notebook.ipynb:Class.method",
    )
    add(
        "--convention",
        nargs="+",
        metavar="NAME=VALUE",
        help="how your function is called, where trying gets it wrong: "
        + "; ".join(f"{name}={'|'.join(values)}" for name, values in CHOICES.items())
        + f"; or what an argument of yours is: ARGUMENT={'|'.join(WORDS)}",
    )
    add(
        "--layers",
        nargs=3,
        type=int,
        metavar=("PIXELS", "HIDDEN", "CLASSES"),
        help="the sizes your function works for, if one alone, and not 400 25 10",
    )
    add("--lam", type=float, help="lambda to check with, beside 0 (default: 10)")
    add("--show", metavar="FOLDER", help="save a picture there: weight by weight")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument(
        "--quick", action="store_true", help="200 weights instead of all 10,285"
    )
    extent.add_argument(
        "--all", action="store_true", help="on all 5000 digits, not 50 of each class"
    )
    return parser


def persons(flags: dict) -> int:
    """Check a person's function; its diagnosis is what is printed."""
    for name in ("quick", "all", "show"):
        if name in flags:
            raise Mistake(f"--{name} is for the check without a function; leave it out")
    asked: dict[str, Any] = dict(pair(word) for word in flags.get("convention", ()))
    asked |= {name: flags[name] for name in ("layers", "lam") if name in flags}
    show = cli.progress_of_stages(flags.get("quiet", False))
    report = clinic.check_gradient(flags["function"], progress=show, **asked)
    show("", 0, 0)
    told = report.lines
    if flags.get("quiet"):
        told = [line for line in told if line.startswith(VERDICT)]
    print("\n".join(told))
    return 0 if report.passed else FAILED


def pair(word: str) -> tuple[str, str]:
    """--convention's NAME=VALUE."""
    name, sign, value = word.partition("=")
    if not sign:
        raise Mistake(f"--convention {word}: write NAME=VALUE, as labels=0-9")
    return name, value


def ours(flags: dict) -> int:
    """Compare this package's own three gradients."""
    for name in ("convention", "layers", "lam"):
        if name in flags:
            raise Mistake(
                f"--{name} is for a function of yours; name it: mywork.py:function"
            )
    device = devices.choose(flags.get("device", "auto"))
    quiet = flags.get("quiet", False)
    folder = files.make_folder("--show", flags["show"]) if "show" in flags else None
    began = time.perf_counter()
    bar = cli.progress()

    def show(_: str, done: int, whole: int) -> None:
        bar(f"{done} of {whole} weights", done, whole)

    with jax.default_device(device):
        report = clinic.check_gradient(
            quick=flags.get("quick", False),
            all_digits=flags.get("all", False),
            seed=flags.get("seed", 0),
            progress=None if quiet else show,
        )
    seconds = time.perf_counter() - began
    if not quiet:
        print(f"device   {devices.describe(device)}, float64, {seconds:.1f} s")
    print(str(report).rpartition("\n")[2] if quiet else report)
    if folder is not None:
        save_picture(folder, report)
        print(f"result   gradients.png in {folder}")
    return 0 if report.passed else FAILED


def save_picture(folder: Path, report: Report) -> None:
    """How far apart the gradients are, as gradients.png."""
    from jaxnn.showing import charts  # loads matplotlib: not before it is needed

    found = report.gradients
    figure = charts.agreement(
        [f"{g.problem.name}, lambda {g.lam:g}" for g in found],
        [g.autodiff[g.picks] for g in found],
        {
            "central differences": [g.numeric for g in found],
            "hand derivation": [g.by_hand[g.picks] for g in found],
        },
    )
    files.write_bytes(folder / "gradients.png", charts.png(figure))


if __name__ == "__main__":
    cli.run(main)
