"""What the second process of a command draws; painter.py starts it."""

import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy import io  # noqa: F401 (weights.mat needs it later; now is the time to load)

from jaxnn import files
from jaxnn.showing import charts, pictures
from jaxnn.showing.painter import Trained
from jaxnn.weights import save_params


def draw_digits(x: np.ndarray) -> bytes:
    """Digits (m, 400) as a PNG."""
    return charts.png(pictures.digit_grid(x))


def write(run: Trained, digits_png: bytes) -> dict[str, str]:
    """Write all files of a run; why a file is missing, by its name."""

    def save(path: Path, figure: Figure) -> None:
        files.write_bytes(path, charts.png(figure))

    makers: Mapping[str, Callable[[Path], None]] = {
        "weights.mat": lambda path: save_params(path, run.params),
        "digits.png": lambda path: files.write_bytes(path, digits_png),
        "curves.png": lambda path: save(
            path, charts.curves(run.costs, *run.accuracies, run.cost_name)
        ),
        "hidden_units.png": lambda path: save(
            path, pictures.hidden_units(run.params[0])
        ),
    }
    missing = {}
    for name, make in makers.items():
        try:
            make(run.folder / name)
        except Exception as error:  # one lost picture is no reason to lose the others
            missing[name] = f"{type(error).__name__}: {error}"
    return missing


def main() -> None:
    """Draw the digits, then the finished run; end early if there is none."""
    pipe = sys.stdin.buffer
    try:
        digits_png = draw_digits(pickle.load(pipe))
        missing = write(pickle.load(pipe), digits_png)
    except EOFError:  # the first process has ended
        return
    pickle.dump(missing, sys.stdout.buffer)
