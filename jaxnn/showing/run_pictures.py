"""What the second process of a command draws; painter.py starts it."""

import contextlib
import os
import pickle
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from scipy import io  # noqa: F401 (weights.mat needs it later; now is the time to load)

from jaxnn import files
from jaxnn.files import FileError
from jaxnn.mistake import BUG
from jaxnn.showing import charts, pictures
from jaxnn.showing.painter import Trained
from jaxnn.weights import save_params


def draw_digits(digits: np.ndarray) -> bytes:
    """Digits (m, 400) as a PNG."""
    return charts.png(pictures.digit_grid(digits))


def write(run: Trained, digits: np.ndarray, drawn: bytes | None = None) -> int:
    """Write all files of a run; where one fails, say why and write the others.

    digits: (m, 400), and as a PNG if already drawn. Returns the exit code.
    """

    def save(path: Path, figure: charts.Figure) -> None:
        files.write_bytes(path, charts.png(figure))

    makers: Mapping[str, Callable[[Path], None]] = {
        "weights.mat": lambda path: save_params(path, run.params),
        "digits.png": lambda path: files.write_bytes(
            path, drawn or draw_digits(digits)
        ),
        "curves.png": lambda path: save(path, charts.curves(*run.curves)),
        "hidden_units.png": lambda path: save(
            path, pictures.hidden_units(run.params[0], run.title)
        ),
    }
    code = 0
    for name, make in makers.items():
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
    with contextlib.suppress(
        EOFError, pickle.UnpicklingError
    ):  # no run: it was stopped
        digits, drawn = pickle.load(pipe), None
        with contextlib.suppress(
            Exception
        ):  # write() tries again, and says what failed
            drawn = draw_digits(digits)
        code = write(pickle.load(pipe), digits, drawn)
        sys.stderr.flush()
        os._exit(code)  # at once: the first process waits for it
