"""The run folder: what lies in it, how it appears, how a run finds itself again.

config.json       settings, data checksums, device, versions
checkpoint.npz    all that the run needs to go on
params.npz        the last weights; what the folder stands for
best.npz          the weights of the best test accuracy
weights.mat       the last weights in the course's own format
history.csv       a line per step
*.png             pictures, drawn by the command

Each file is replaced whole or not at all, and the folder appears with the first
checkpoint in it, so that a run killed at any moment can be resumed.
"""

import csv
import hashlib
import itertools
import json
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnn import files
from jaxnn.files import FileError
from jaxnn.training.settings import Settings, tidy
from jaxnn.weights import PARAMS, save_params

CONFIG = "config.json"
CHECKPOINT = "checkpoint.npz"
HISTORY = "history.csv"
MEASURED = ("step", "cost", "seconds")  # its columns that have no gaps
PACKAGES = ("jaxnn", "jax", "jaxlib", "optax", "numpy")
NOTES = {  # what the command that trains notes of its flags
    "data": str | None,
    "test_fraction": float | int,
    "standardize": bool,
    "steps": int,
}


class Part(NamedTuple):
    """The digits that a run was trained on, or those held out."""

    name: str
    examples: int
    sha256: str


class Config(NamedTuple):
    """What config.json holds."""

    settings: Settings
    data: dict[str, Part]  # "train", and "test" where there are such digits
    notes: dict[str, Any]  # as given to `fit`; those in NOTES have these types
    device: str
    versions: dict[str, str]


def holds_run(folder: Path) -> bool:
    """Whether a folder holds a run."""
    return (folder / CHECKPOINT).exists()


def folder_of(weights: Path) -> Path | None:
    """The run folder that weights are, or lie in; None if there is none."""
    folder = weights if weights.is_dir() else weights.parent
    return folder if holds_run(folder) else None


def require_free(folder: Path) -> None:
    """Raise FileError unless a run can be made at this path."""
    if holds_run(folder):
        raise FileError(
            f"{folder}: holds a run already; choose another --out, or "
            f"continue it with train --resume {folder}"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(f"{folder}: exists and is not an empty folder; choose another")


def unused(name: str) -> str:
    """name, or name-2, name-3, ...: the first that does not exist."""
    names = (f"{name}-{i}" if i > 1 else name for i in itertools.count(1))
    return next(name for name in names if not Path(name).exists())


def dated(prefix: str = "") -> str:
    """A new folder's name, runs/<prefix><time>."""
    return unused(time.strftime(f"runs/{prefix}%Y-%m-%d-%H%M%S"))


def results_folder(out: str | None, kind: str) -> Path:
    """Where a command leaves its results: out, or runs/<kind>-<time>, if free."""
    folder = Path(out or dated(f"{kind}-"))
    require_free(folder)
    return folder


def create(folder: Path, config: Config, tree: Any, params: Any) -> None:
    """Make a run folder that appears, all at once, when it can be resumed."""
    require_free(folder)
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True
    ) as place:
        new = Path(place) / "run"
        new.mkdir()
        write_config(new, config)
        save_tree(new / CHECKPOINT, tree)
        save_params(new / PARAMS, params)
        os.replace(new, folder)


def write_config(folder: Path, config: Config) -> None:
    """Write config.json."""
    held = config._asdict()
    held["settings"] = config.settings._asdict()
    held["data"] = {name: part._asdict() for name, part in config.data.items()}
    files.write_text(folder / CONFIG, json.dumps(held, indent=1) + "\n")


def update(folder: Path, tree: Any, params: Any, best: Any) -> None:
    """Bring checkpoint and weights up to date; best may be None."""
    save_tree(folder / CHECKPOINT, tree)
    save_params(folder / PARAMS, params)
    if best is not None:
        save_params(folder / "best.npz", best)


def write_history(folder: Path, table: dict[str, np.ndarray]) -> None:
    """Write history.csv: a line per step; NaN, not measured, is left empty."""
    rows = [
        [step, *("" if np.isnan(cell) else f"{cell:.9g}" for cell in row)]
        for step, row in enumerate(zip(*table.values(), strict=True), 1)
    ]
    files.write_csv(folder / HISTORY, [["step", *table], *rows])


def restore(folder: Path, config: Config, like: Any) -> Any:
    """What checkpoint.npz holds, in the structure of like.

    Raises FileError if the folder's settings or data are not those of config.
    """
    held = read_config(folder)
    before, now = held.settings._asdict(), config.settings._asdict()
    differing = [name for name in now if before[name] != now[name]]
    if differing:
        name = differing[0]
        raise FileError(
            f"{folder}: was trained with {name} {before[name]}, not {now[name]}; "
            "resume it with the same, or start a new run"
        )
    if held.data != config.data:
        raise FileError(
            f"{folder}: was trained on other digits; resume it with the same, or start "
            "a new run"
        )
    tree = load_tree(folder / CHECKPOINT, like)
    for leftover in folder.glob(".*.tmp"):  # of a process that was killed
        leftover.unlink(missing_ok=True)
    return tree


def read_config(folder: Path) -> Config:
    """What config.json holds; FileError if it is missing or anything in it is wrong."""
    path = folder / CONFIG
    if not path.exists():
        raise FileError(f"{folder}: not a run folder (no {CONFIG}); check the path")
    with files.reading(path, "a run's settings"):
        return as_config(json.loads(path.read_text(encoding="utf-8")))


def as_config(held: dict[str, Any]) -> Config:
    """The Config in parsed JSON; any exception where that is of wrong types."""
    # a run from before there was `center` is not centered
    settings = tidy(Settings(**{"center": False, **held["settings"]}))
    data = {name: Part(**part) for name, part in held["data"].items()}
    notes = dict(held.get("notes") or {})
    typed = [(notes[name], NOTES[name]) for name in NOTES.keys() & notes.keys()]
    texts = settings.init, settings.method, settings.dtype, held["device"]
    typed += [(text, str) for text in texts]
    if "train" not in data or not all(isinstance(*pair) for pair in typed):
        raise TypeError("a value of the wrong type")
    return Config(settings, data, notes, held["device"], dict(held["versions"]))


def is_standardized(weights: Path) -> bool:
    """Whether their network was given digits each of mean 0 and deviation 1.

    False of weights outside a run folder: they do not tell.
    """
    folder = folder_of(weights)
    return folder is not None and read_config(folder).notes.get("standardize", False)


def read_history(folder: Path) -> dict[str, np.ndarray]:
    """What write_history wrote: a column (steps,) per name; NaN, not measured.

    Empty where no step was taken yet. Raises FileError if step, cost or seconds of any
    step are no numbers.
    """
    path = folder / HISTORY
    if not path.exists():
        return {}
    with files.reading(path, "a run's history"), path.open(newline="") as lines:
        names, *rows = csv.reader(lines)
        cells = [[float(cell or "nan") for cell in row] for row in rows]
        columns = dict(zip(names, np.array(cells).T, strict=True)) if rows else {}
        if columns and not all(np.isfinite(columns[name]).all() for name in MEASURED):
            raise FileError(f"{path}: damaged; delete it, or train again")
    return columns


def describe(
    settings: Settings, parts: Sequence[Any], notes: dict | None, device: str
) -> Config:
    """The Config of a run on parts: the digits to train on, and those to test on."""
    data = {
        name: Part(d.name, len(d.y), checksum(d))
        for name, d in zip(("train", "test"), parts, strict=False)
    }
    return Config(settings, data, notes or {}, device, versions())


def checksum(digits: Any) -> str:
    """SHA-256 of the pixels and labels, as they are trained on."""
    return hashlib.sha256(digits.x.tobytes() + digits.y.tobytes()).hexdigest()


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that make the numbers."""
    packages = {name: import_module(name).__version__ for name in PACKAGES}
    return {"python": platform.python_version(), **packages}


def save_tree(path: Path, tree: Any) -> None:
    """Write a pytree's leaves as .npz, whole or not at all."""
    leaves = jax.tree.leaves(tree)
    files.write_npz(path, {f"leaf{i}": np.asarray(a) for i, a in enumerate(leaves)})


def load_tree(path: Path, like: Any) -> Any:
    """Read back what save_tree wrote, as NumPy leaves in the structure of `like`.

    Number types and dimensions must agree, lengths need not: a history grows.
    """
    arrays = files.read_npz(path)
    leaves, structure = jax.tree.flatten(like)
    found = [arrays.get(f"leaf{i}") for i in range(len(leaves))]
    fits = len(arrays) == len(leaves) and all(
        a is not None and a.dtype == b.dtype and a.ndim == b.ndim
        for a, b in zip(found, leaves, strict=True)
    )
    if not fits:
        raise FileError(
            f"{path}: not a checkpoint of this network and method; resume with the "
            "versions named in config.json, or start a new run"
        )
    return jax.tree.unflatten(structure, found)
