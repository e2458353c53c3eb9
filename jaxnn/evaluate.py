"""Accuracy, cost and confusion matrix of weights: python -m jaxnn.evaluate RUN"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxnn import cli, devices, files, scales, showing, training
from jaxnn.classes import DIGITS, noun
from jaxnn.data import Digits
from jaxnn.flags import DATA, CommonFlags, flag, parse
from jaxnn.mistake import Mistake, printable
from jaxnn.weights import load_params

MISTAKES = 30  # shown at most
EXAMPLE = "runs/mine --data t10k-images-idx3-ubyte.gz"


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Show how well a network reads digits: by default a run reads the digits that it
    held out, and other weights read the embedded 5000.
    """

    weights: str = flag("run folder, .npz or .mat", metavar="RUN|FILE")
    data: str | None = flag(f"digits to read: {DATA}", None)
    lam: float = flag("penalty in the cost", 0.0)
    show: str | None = flag("save pictures there", None, metavar="FOLDER")


def save_pictures(
    folder: Path, digits: Digits, found: training.Evaluation
) -> list[str]:
    """The confusion matrix and, of images, the worst mistakes; the files' names."""
    which = training.scores.worst(digits.y, found, MISTAKES)
    counts = training.scores.confusion(digits.y, found)
    figures = {"confusion.png": showing.charts.confusion_matrix(counts, digits.classes)}
    if digits.shape is not None:
        figures["mistakes.png"] = showing.pictures.mistakes(
            digits.x[which],
            digits.y[which],
            found.outputs[which],
            digits.classes,
            digits.shape,
        )
    for name, figure in figures.items():
        files.write_bytes(folder / name, showing.charts.png(figure))
    return list(figures)


def table(digits: Digits, found: training.Evaluation) -> str:
    """The confusion matrix as text, with the names of the classes."""
    counts, names = training.scores.confusion(digits.y, found), digits.classes
    heads = [printable(str(name))[:12] for name in names]
    left = max(5, *map(len, heads))
    widths = [max(4, len(head), len(str(counts.max()))) for head in heads]
    word = "digit" if names == DIGITS else "class"
    lines = [f"{word:<{left}}    read as " + cells(heads, widths)]
    for head, row in zip(heads, counts, strict=True):
        lines.append(f"{head:>{left}}            " + cells(map(str, row), widths))
    return "\n".join(lines)


def cells(words: Iterable[str], widths: Sequence[int]) -> str:
    """Words of a row, each as wide as its column."""
    pairs = zip(words, widths, strict=True)
    return " ".join(f"{word:>{width}}" for word, width in pairs)


def main(argv: Sequence[str]) -> int:
    """Print accuracy, cost and confusion matrix; with --show, draw them."""
    flags = parse(Flags, argv, "evaluate", EXAMPLE)
    if not 0 <= flags.lam < np.inf:
        raise Mistake(f"--lam {flags.lam}: give a number from 0 up")
    params = load_params(flags.weights)
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    with scales.noted() as pixels:
        digits = training.scores.digits_of(Path(flags.weights), flags.data)
    show = files.make_folder("--show", flags.show) if flags.show else None
    found = training.scores.evaluate(params, digits, flags.lam, flags.dtype, device)
    kind = noun(digits.classes)
    print(f"{found.accuracy:.2%} of {len(digits.y)} {kind} read right")
    penalty = f"at lambda {flags.lam:g}" if flags.lam else "without penalty"
    print(f"cost     {found.cost:.5f} {penalty}")
    if not flags.quiet:
        print(f"{kind:<9}{digits.name}")
        for line in pixels:
            print(f"pixels   {line}")
        print(f"device   {devices.describe(device)}, {flags.dtype}")
        print(f"\n{table(digits, found)}")
    if show is not None:
        names = " and ".join(save_pictures(show, digits, found))
        print(f"result   {names} in {printable(str(show))}")
    return 0


if __name__ == "__main__":
    cli.run(main)
