"""Accuracy, cost and confusion matrix of weights: python -m jaxnn.evaluate RUN"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxnn import cli, devices, files, showing, training
from jaxnn.data import Digits
from jaxnn.flags import CommonFlags, flag, parse
from jaxnn.mistake import Mistake
from jaxnn.weights import load_digit_reader

MISTAKES = 30  # shown at most
EXAMPLE = "runs/mine --data t10k-images-idx3-ubyte.gz"


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Show how well a network reads digits: by default a run reads the digits that it
    held out, and other weights read the embedded 5000.
    """

    weights: str = flag("run folder, .npz or .mat", metavar="RUN|FILE")
    data: str | None = flag("digits to read: .mat, .npz, .npy or IDX", None)
    lam: float = flag("penalty in the cost", 0.0)
    show: str | None = flag("save pictures there", None, metavar="FOLDER")


def save_pictures(folder: Path, digits: Digits, found: training.Evaluation) -> None:
    """The confusion matrix and the worst mistakes, as PNG files."""
    which = training.scores.worst(digits.y, found, MISTAKES)
    figures = {
        "confusion.png": showing.charts.confusion_matrix(
            training.scores.confusion(digits.y, found)
        ),
        "mistakes.png": showing.pictures.mistakes(
            digits.x[which], digits.y[which], found.outputs[which]
        ),
    }
    for name, figure in figures.items():
        files.write_bytes(folder / name, showing.charts.png(figure))


def main(argv: Sequence[str]) -> int:
    """Print accuracy, cost and confusion matrix; with --show, draw them."""
    flags = parse(Flags, argv, "evaluate", EXAMPLE)
    if not 0 <= flags.lam < np.inf:
        raise Mistake(f"--lam {flags.lam}: give a number from 0 up")
    params = load_digit_reader(flags.weights)
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    digits = training.scores.digits_of(Path(flags.weights), flags.data)
    show = files.make_folder("--show", flags.show) if flags.show else None
    found = training.scores.evaluate(params, digits, flags.lam, flags.dtype, device)
    print(f"{found.accuracy:.2%} of {len(digits.y)} digits read right")
    penalty = f"at lambda {flags.lam:g}" if flags.lam else "without penalty"
    print(f"cost     {found.cost:.5f} {penalty}")
    if not flags.quiet:
        print(f"digits   {digits.name}")
        print(f"device   {devices.describe(device)}, {flags.dtype}")
        print("\ndigit    read as " + " ".join(f"{j:4d}" for j in range(10)))
        for digit, row in enumerate(training.scores.confusion(digits.y, found)):
            print(f"{digit:5d}            " + " ".join(f"{n:4d}" for n in row))
    if show is not None:
        save_pictures(show, digits, found)
        print(f"result   confusion.png and mistakes.png in {show}")
    return 0


if __name__ == "__main__":
    cli.run(main)
