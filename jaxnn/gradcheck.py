"""Check gradients, ours or your own: python -m jaxnn.gradcheck [mywork.py:function]"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxnn import cli, clinic, devices, files, showing
from jaxnn.clinic import CHOICES, LAMBDA, ROLES, apart, wrapped
from jaxnn.flags import DTYPES, CommonFlags, flag, parse
from jaxnn.mistake import Mistake

if TYPE_CHECKING:
    from jaxnn.three_way import Report

FAILED = 1
EXAMPLE = "mywork.py:nn_cost_function"
LINES = ("values", "of", "data")  # flags for a script without functions
YOURS = (
    "convention",
    "layers",
    "lam",
    "expect",
    "timeout",
    *LINES,
)  # flags for a person's function
VERDICT = ("PASS", "warning", "diagnosis", "fix")  # the lines that --quiet leaves
CONVENTIONS = "; ".join(f"{name}={'|'.join(known)}" for name, known in CHOICES.items())


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Check a cost and gradient of your own, in Python, a notebook or Octave: find the
    network that the cost belongs to, and name the mistake. With no function: compare
    autodiff with the hand-derived backpropagation and with central differences, weight
    by weight. In float64.
    """

    dtype: str = flag("float32 is refused", "float64", choices=DTYPES)
    function: str | None = flag(
        "mywork.py:name, mywork.py:cost,gradient, mywork.py:forward,cost,backward, "
        "notebook.ipynb:Class.method, nnCostFunction.m; or the file alone",
        None,
        nargs="?",
    )
    convention: Sequence[str] = flag(
        'how to call your function, where the line "called" is wrong: '
        f"{CONVENTIONS}; or what your argument is: ARGUMENT=ROLE, one of "
        f"{', '.join(ROLES)}",
        (),
        metavar="NAME=VALUE",
    )
    layers: Sequence[int] = flag(
        "the sizes to check with: inputs, hidden units, outputs; needed if your "
        "function works only for sizes other than 400 25 10",
        (),
        nargs="+",
        metavar="UNITS",
    )
    expect: str = flag(
        "the network that your cost should be: course, or the hidden units and the "
        "outputs: 'tanh, softmax' (default: any that jaxnn knows)",
        "",
        metavar="NETWORK",
    )
    values: str = flag(
        "of a script, or of a function that makes its own weights: its names of cost "
        "and gradient: J,dW1,dW2",
        "",
        metavar="NAMES",
    )
    of: str = flag("of a script: its parameters: W1,W2", "", metavar="NAMES")
    data: str = flag("of a script: its data: X,Y", "", metavar="NAMES")
    lam: float = flag("lambda to check with, in addition to 0", LAMBDA)
    timeout: float = flag(
        "seconds that a call of your function may take", apart.PATIENCE
    )
    show: str | None = flag("save a picture there", None, metavar="FOLDER")
    quick: bool = flag("check 200 weights instead of all 10,285", False)
    all: bool = flag("use all 5000 digits, not 50 of each class", False)


def main(argv: Sequence[str]) -> int:
    """Print the table, or what is wrong with a person's function; 1 if it fails."""
    flags = parse(Flags, argv, "gradcheck", EXAMPLE)
    words, function = list(flags.convention), flags.function
    if not function and words and "=" not in words[-1]:
        function = words.pop()  # --convention labels=0-9 mywork.py:f
    if flags.quick and flags.all:
        raise Mistake("--quick is not allowed with --all; choose one")
    if flags.dtype == "float32":
        raise Mistake(
            "float32 hides small mistakes behind rounding; leave --dtype out, "
            "gradients are checked in float64"
        )
    return check_yours(flags, function, words) if function else check_ours(flags)


def check_yours(flags: Flags, function: str, convention: Sequence[str]) -> int:
    """Check a person's function, and print what was found."""
    for name in ("quick", "all", "show"):
        if name in flags.given:
            raise Mistake(f"--{name} is for the check without a function; leave it out")
    if "expect" in flags.given and not flags.expect.strip():
        raise Mistake("--expect is empty; write course, or units like 'tanh, softmax'")
    if not 0 < flags.timeout < math.inf:
        raise Mistake(f"--timeout {flags.timeout:g}: give the seconds, as 60")
    asked: dict[str, Any] = {"convention": dict(map(pair, convention))}
    asked |= {n: getattr(flags, n) for n in YOURS[1:4] if n in flags.given}
    asked |= {"function": function, "lines": lines_of(flags), "device": flags.device}
    show = cli.progress_of_stages(flags.quiet)
    report = apart.check(asked, flags.timeout, show)
    show("", 0, 0)
    kept = (line for line in report.lines if not flags.quiet or is_verdict(line))
    print(wrapped(tuple(kept)))
    return 0 if report.passed else FAILED


def is_verdict(line: str) -> bool:
    """Whether --quiet leaves a line."""
    return line.startswith(VERDICT)


def lines_of(flags: Flags) -> list[list[str]]:
    """What --values, --of and --data name; nothing without them."""
    if not flags.given & {*LINES}:
        return []
    if lost := [name for name in LINES if name not in flags.given]:
        raise Mistake(
            f"--{lost[0]} is missing; a script needs --values, --of and --data"
        )
    return [getattr(flags, name).split(",") for name in LINES]


def pair(word: str) -> tuple[str, str]:
    """NAME=VALUE of --convention, as (name, value)."""
    name, sign, value = word.partition("=")
    if not sign:
        raise Mistake(f"--convention {word}: write NAME=VALUE, as labels=0-9")
    return name, value


def check_ours(flags: Flags) -> int:
    """Compare this package's own three gradients."""
    for name in YOURS:
        if name in flags.given:
            raise Mistake(
                f"--{name} is for a function of yours; name it: mywork.py:function"
            )
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    folder = files.make_folder("--show", flags.show) if flags.show else None
    began = time.perf_counter()
    bar = cli.progress()

    def show(_: str, done: int, whole: int) -> None:
        bar(f"{done} of {whole} weights", done, whole)

    with devices.computing(device, "float64"):
        report = clinic.check_gradient(
            quick=flags.quick,
            all_digits=flags.all,
            seed=flags.seed,
            progress=None if flags.quiet else show,
        )
    seconds = time.perf_counter() - began
    if not flags.quiet:
        print(f"device   {devices.describe(device)}, float64, {seconds:.1f} s")
    print(str(report).rpartition("\n")[2] if flags.quiet else report)
    if folder is not None:
        save_picture(folder, report)
        print(f"result   gradients.png in {folder}")
    return 0 if report.passed else FAILED


def save_picture(folder: Path, report: Report) -> None:
    """How far apart the gradients are, as gradients.png."""
    found = report.gradients
    figure = showing.charts.agreement(
        [f"{g.problem.name}, lambda {g.lam:g}" for g in found],
        [g.autodiff[g.picks] for g in found],
        {
            "central differences": [g.numeric for g in found],
            "hand derivation": [g.by_hand[g.picks] for g in found],
        },
    )
    files.write_bytes(folder / "gradients.png", showing.charts.png(figure))


if __name__ == "__main__":
    cli.run(main)
