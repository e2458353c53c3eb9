"""The run folder: its files, how it appears, how a run continues from it.

config.json       settings, data checksums, device, versions (record.py)
trained_on.npz    a hash of each example that the run trains on, unless on disk
checkpoint.npz    all that the run needs to continue
params.npz        the last weights, for which the folder stands
best.npz          the weights with the best accuracy on digits held out
weights.mat       the last weights in the course's own format
history.csv       one line per step
*.png             pictures; a second process of the command draws (showing/painter.py)

Each file is replaced whole or not at all. The folder appears together with its first
checkpoint, so a run killed at any moment can be resumed.
"""

import contextlib
import csv
import itertools
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import files
from jaxnn.classes import DIGITS, Classes, listed
from jaxnn.digits import Digits
from jaxnn.files import FileError
from jaxnn.images import SIDE
from jaxnn.showing import FILES
from jaxnn.training.checkpoint import load_tree, save_tree
from jaxnn.training.record import CONFIG, Config, keep_hashes, read_config, write_config
from jaxnn.weights import PARAMS, save_params

CHECKPOINT = "checkpoint.npz"
HISTORY = "history.csv"
TRAINED_ON = "trained_on.npz"
OWN = {CONFIG, CHECKPOINT, TRAINED_ON, PARAMS, "best.npz", HISTORY, *FILES}
OWN |= {"report.html"}
OUTCOME = ("cost", "steps", "evaluations", "converged", "diverged", "message")
MEASURED = ("step", "cost", "seconds")  # its columns that have no gaps
COLUMNS = {*MEASURED, "gradient_norm", "train_accuracy", "test_accuracy"}


def holds_run(folder: Path) -> bool:
    """Whether a folder holds a run."""
    return (folder / CHECKPOINT).exists()


def folder_of(weights: Path) -> Path | None:
    """The run folder that weights is, or lies in; None if there is none."""
    folder = weights if weights.is_dir() else weights.parent
    return folder if holds_run(folder) else None


def require_free(folder: Path, again: str = "", overwrite: bool = False) -> None:
    """Raise FileError unless a run can be made at this path.

    again: what else to do where a run is. overwrite: whether one may be there, with no
    files but its own.
    """
    if holds_run(folder) and overwrite:
        read_config(folder)  # or it is another program's checkpoint
        names = {path.name for path in folder.iterdir() if not path.match(".*.tmp")}
        if strangers := names - OWN:
            raise FileError(
                f"{folder}: holds {min(strangers)}, which is no part of a run; move it "
                "to another folder"
            )
    elif holds_run(folder):
        raise FileError(f"{folder}: holds a run already; {again}choose another folder")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(f"{folder}: exists and is not an empty folder; choose another")


def dated(prefix: str = "") -> str:
    """A new folder's name, runs/<prefix><time>, with -2, -3, ... if that exists."""
    name = time.strftime(f"runs/{prefix}%Y-%m-%d-%H%M%S")
    names = (f"{name}-{i}" if i > 1 else name for i in itertools.count(1))
    return next(name for name in names if not Path(name).exists())


def results_folder(out: str | None, kind: str) -> Path:
    """The folder for a command's results, out or runs/<kind>-<time>, which is free."""
    folder = Path(out or dated(f"{kind}-"))
    require_free(folder)
    return folder


def create(
    folder: Path,
    config: Config,
    train: Digits,
    tree: Any,
    params: Any,
    overwrite: bool = False,
) -> None:
    """Make a run folder. It appears all at once, when the run can be resumed.

    overwrite: replace the run that is there; until that moment it stays (`put`).
    """
    require_free(folder, overwrite=overwrite)
    folder = folder.absolute()
    with files.writing(folder), contextlib.ExitStack() as stack:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True
        )
        new = Path(stack.enter_context(place)) / "run"
        new.mkdir()
        write_config(new, config)
        keep_hashes(new / TRAINED_ON, train)
        save_tree(new / CHECKPOINT, tree)
        save_params(new / PARAMS, params)
        put(new, folder)


def put(new: Path, folder: Path) -> None:
    """Rename new to folder; a run that is there moves next to new, or stays.

    A process killed between the two renames leaves both runs next to folder, in
    .NAME.*: the old one as "old", the new one as "run".
    """
    old = new.with_name("old")
    is_there = holds_run(folder)
    if is_there:
        os.replace(folder, old)
    try:
        os.replace(new, folder)
    except BaseException:
        if is_there:
            os.replace(old, folder)
        raise


def update(folder: Path, tree: Any, params: Any, best: Any) -> None:
    """Update checkpoint and weights; best may be None."""
    save_tree(folder / CHECKPOINT, tree)
    save_params(folder / PARAMS, params)
    if best is not None:
        save_params(folder / "best.npz", best)


def write_history(folder: Path, table: dict[str, np.ndarray]) -> None:
    """Write history.csv, one line per step; NaN (not measured) becomes empty."""
    rows = [
        [step, *("" if np.isnan(cell) else f"{cell:.9g}" for cell in row)]
        for step, row in enumerate(zip(*table.values(), strict=True), 1)
    ]
    files.write_csv(folder / HISTORY, [["step", *table], *rows])


def require_same(folder: Path, held: Config, config: Config) -> None:
    """Raise FileError unless held, the folder's config, has config's settings and data.

    Device, versions and notes may differ.
    """
    before, now = held.settings._asdict(), config.settings._asdict()
    differing = [name for name in now if before[name] != now[name]]
    if differing:
        name = differing[0]
        raise FileError(
            f"{folder}: was trained with {name} {before[name]}, not {now[name]}; "
            "resume it with the same, or start a new run"
        )
    parts = [
        {name: part._replace(name="") for name, part in one.data.items()}
        for one in (held, config)
    ]
    if parts[0] != parts[1] or held.classes != config.classes:
        raise FileError(
            f"{folder}: was trained on other digits; resume it with the same, or start "
            "a new run"
        )


def restore(folder: Path, like: Any) -> Any:
    """The content of checkpoint.npz, in the structure of like."""
    tree = load_tree(folder / CHECKPOINT, like)
    for leftover in folder.glob(".*.tmp"):  # from a process that was killed
        leftover.unlink(missing_ok=True)
    return tree


def trained_on(folder: Path) -> np.ndarray | None:
    """The `hashes` (m,) of the training digits; None if the run did not record them."""
    path = folder / TRAINED_ON
    if not path.exists():
        return None
    with files.reading(path, "the hashes of a run's digits"):
        return files.read_npz(path)["hashes"].astype(np.uint64)


def is_standardized(weights: Path) -> bool:
    """Whether the network was trained on standardized digits.

    False for weights outside a run folder: nothing records it.
    """
    folder = folder_of(weights)
    return folder is not None and read_config(folder).notes.get("standardize", False)


def require_digits(weights: Path) -> None:
    """Raise FileError if the weights of a run read other things than 20x20 digits."""
    folder = folder_of(weights)
    if folder is not None:
        config = read_config(folder)
        require_form(weights, config.classes, config.shape)


def require_form(
    name: str | Path, classes: Classes, shape: tuple[int, int] | None
) -> None:
    """Raise FileError unless these are the classes and the shape of 20x20 digits."""
    if classes != DIGITS or shape != (SIDE, SIDE):
        form = "no images" if shape is None else f"images of {shape}"
        raise FileError(
            f"{name}: reads {form} into the classes {listed(classes)}, not "
            "20x20 digits; train a network on such digits"
        )


def classes_of(weights: Path) -> Classes | None:
    """The names of a network's outputs; None outside a run folder, which has them."""
    folder = folder_of(weights)
    return None if folder is None else read_config(folder).classes


def read_history(folder: Path) -> dict[str, np.ndarray]:
    """Read what write_history wrote: a column (steps,) per name; NaN is not measured.

    Empty before the first step. Raises FileError if a column is missing, or a step,
    cost or time.
    """
    path = folder / HISTORY
    if not path.exists():
        return {}
    with files.reading(path, "a run's history"), path.open(newline="") as lines:
        names, *rows = csv.reader(lines)
        cells = [[float(cell or "nan") for cell in row] for row in rows]
        columns = dict(zip(names, np.array(cells).T, strict=True)) if rows else {}
        is_whole = {*names} >= COLUMNS and (
            not columns or all(np.isfinite(columns[n]).all() for n in MEASURED)
        )
        if not is_whole:
            raise FileError(f"{path}: damaged; delete it, or train again")
    return columns
