"""The run folder: its files, how it appears, how a run continues from it.

config.json       settings, data checksums, device, versions (record.py)
trained_on.npz    a hash of each example that the run trains on, unless on disk
checkpoint.npz    all that the run needs to continue
params.npz        the last weights, for which the folder stands
best.npz          the weights with the best accuracy on digits held out
weights.mat       the last weights in the course's own format
history.csv       one line per step
.lock             of the process that trains, while it does (places.py)
*.png             pictures; a second process of the command draws (showing/painter.py)

Each file is replaced whole or not at all. The folder appears together with its first
checkpoint, so a run killed at any moment can be resumed.
"""

import contextlib
import csv
from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import files
from jaxnn.classes import DIGITS, Classes, listed
from jaxnn.digits import Digits
from jaxnn.files import FileError
from jaxnn.images import SIDE
from jaxnn.training import places, record
from jaxnn.training.checkpoint import identity_in, load_tree, save_tree
from jaxnn.training.places import CHECKPOINT, HISTORY, TRAINED_ON
from jaxnn.training.record import CONFIG, Config, keep_hashes, read_config, write_config
from jaxnn.weights import PARAMS, save_params

MEASURED = ("step", "cost", "seconds")  # its columns that have no gaps
COLUMNS = {*MEASURED, "gradient_norm", "train_accuracy", "test_accuracy"}


def folder_of(weights: Path) -> Path | None:
    """The run folder that weights is, or lies in; None if there is none."""
    if weights.is_dir():
        return weights
    is_of_run = weights.name in places.OWN  # other programs have a config.json, too
    marks = (CHECKPOINT, CONFIG, TRAINED_ON) if is_of_run else (CHECKPOINT,)
    there = any(weights.with_name(mark).exists() for mark in marks)
    return weights.parent if there else None


def create(
    folder: Path,
    config: Config,
    train: Digits,
    tree: Any,
    params: Any,
    overwrite: bool = False,
) -> contextlib.AbstractContextManager[None]:
    """Make a run folder. It appears all at once, when the run can be resumed.

    Returns its lock, to be held while the run goes on. overwrite: replace the run that
    is there; until that moment it stays (`places.put`).
    """
    places.require_free(folder, overwrite=overwrite)
    folder = folder.absolute()
    with files.writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with places.hidden(folder) as beside:
            new = beside / "run"
            new.mkdir()
            write_config(new, config)
            keep_hashes(new / TRAINED_ON, train)
            save_tree(new / CHECKPOINT, tree, config.identity)
            save_params(new / PARAMS, params)
            places.put(new, folder, overwrite)
    return places.locked(folder)


def reopen(folder: Path, config: Config) -> None:
    """Begin to write to a run folder again, when all else in it has been checked."""
    for name in places.OWN:
        if (folder / name).is_dir():
            raise FileError(f"{folder / name}: is a folder, not a file; move it away")
    for leftover in folder.glob(".*.tmp"):  # from a process that was killed
        leftover.unlink(missing_ok=True)
    write_config(folder, config)  # steps, device, versions may be new


def update(folder: Path, tree: Any, params: Any, best: Any) -> None:
    """Update checkpoint and weights; best may be None."""
    save_tree(folder / CHECKPOINT, tree, read_config(folder).identity)
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
    is_same = record.unnamed(held) == record.unnamed(config)
    if not is_same or held.classes != config.classes:
        raise FileError(
            f"{folder}: was trained on other digits; resume it with the same, or start "
            "a new run"
        )


def require_own(folder: Path, config: Config) -> None:
    """Raise FileError if the checkpoint beside config.json is that of another run."""
    path, found = folder / CHECKPOINT, config.identity
    with contextlib.suppress(FileError):  # without it the weights can be judged, too
        found = identity_in(path)
    if found != config.identity:
        raise FileError(
            f"{path}: belongs to another run than {folder / CONFIG}; put the files of "
            "one run together, or train again"
        )


def restore(folder: Path, like: Any) -> Any:
    """The content of checkpoint.npz, in the structure of like."""
    require_own(folder, read_config(folder))
    return load_tree(folder / CHECKPOINT, like)


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
