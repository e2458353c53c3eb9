"""What the second process of a command draws; painter.py starts it."""

import contextlib
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import io  # noqa: F401 (weights.mat needs it later; now is the time to load)

from jaxnn import files, images
from jaxnn.files import FileError
from jaxnn.mistake import BUG
from jaxnn.showing import charts, pictures
from jaxnn.showing.painter import Trained
from jaxnn.weights import save_params


def draw_digits(digits: np.ndarray) -> bytes:
    """Digits (m, h, w) as a PNG."""
    figure = pictures.digit_grid(images.unroll(digits), shape=digits.shape[1:])
    return charts.png(figure)


def makers(
    run: Trained, digits: np.ndarray, drawn: bytes | None = None
) -> dict[str, Callable[[Path], None]]:
    """The functions that write a run's files, by the names of these files.

    digits: pictures (m, h, w), and as a PNG if already drawn. If it has not three
    axes, the run is of no images, and only its curves are drawn.
    """

    def save(path: Path, figure: charts.Figure) -> None:
        files.write_bytes(path, charts.png(figure))

    def save_digits(path: Path) -> None:
        files.write_bytes(path, drawn or draw_digits(digits))

    def save_units(path: Path) -> None:
        shape = digits.shape[1:]
        save(path, pictures.hidden_units(run.params[0], run.title, shape))

    def save_curves(path: Path) -> None:
        save(path, charts.curves(*run.curves))

    of_images = {"digits.png": save_digits, "hidden_units.png": save_units}
    return {
        "weights.mat": lambda path: save_params(path, run.params),
        "curves.png": save_curves,
        **(of_images if digits.ndim == 3 else {}),
    }


def write(run: Trained, digits: np.ndarray, drawn: bytes | None = None) -> int:
    """Write all files of a run; where one fails, say why and write the others.

    digits, drawn: as in `makers`. Returns the exit code.
    """
    code = 0
    for name, make in makers(run, digits, drawn).items():
        try:
            make(run.folder / name)
        except FileError as mistake:
            print(f"train: {mistake}", file=sys.stderr)
        except Exception:
            traceback.print_exc()
            code = BUG
    return code


def main() -> None:
    """Draw the digits, then the finished run; end early if there is none."""
    pipe = sys.stdin.buffer
    # no run: it was stopped
    with contextlib.suppress(EOFError, pickle.UnpicklingError):
        digits, drawn = pickle.load(pipe), None
        # write() tries again, and says what failed
        with contextlib.suppress(Exception):
            drawn = draw_digits(digits)
        code = write(pickle.load(pipe), digits, drawn)
        sys.stderr.flush()
        os._exit(code)  # at once: the first process waits for it
