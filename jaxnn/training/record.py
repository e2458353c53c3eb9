"""config.json: what a run was trained with, and on."""

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxnn import __version__, files
from jaxnn.classes import DIGITS, Classes, as_classes
from jaxnn.digits import Digits, features
from jaxnn.images import SIDE
from jaxnn.rows import Rows
from jaxnn.training import schema
from jaxnn.training.schema import Misfit, parsed
from jaxnn.training.settings import Settings, tidy

CONFIG = "config.json"
KIND = schema.Kind(
    "a run folder", "what a run was trained on", "a run's settings", "train again"
)
PACKAGES = ("jax", "jaxlib", "optax", "numpy")
NOTES = {  # flags of the command train that config.json keeps
    "data": str | None,
    "test_fraction": float | int,
    "standardize": bool,
    "stream": bool,
    "steps": int,
}


OUTCOME = {  # of `fit`, but for the arrays
    "cost": float,
    "steps": int,
    "evaluations": int,
    "converged": bool,
    "diverged": bool,
    "message": str,
}


class Part(NamedTuple):
    """The digits that a run was trained on, or those it held out."""

    name: str
    examples: int
    sha256: str


class Config(NamedTuple):
    """The content of config.json: each entry, its type, and what it is if missing."""

    settings: Settings
    data: dict[str, Part]  # "train", and "test" if there were digits to judge by
    device: str
    versions: dict[str, str]
    notes: dict[str, Any] = {}  # as given to `fit`; entries in NOTES have these types
    classes: Classes = DIGITS  # the names of the outputs
    shape: tuple[int, int] | None = (SIDE, SIDE)  # of an image, if these are images
    held_out: bool = True  # the test digits chose the best weights
    devices: int = 1  # over which its examples were spread
    processes: int = 1
    outcome: dict[str, Any] = {}  # what `fit` returned last; the types are OUTCOME's
    identity: str = ""  # of the run, which its checkpoint bears, too


def write_config(folder: Path, config: Config) -> None:
    """Write config.json."""
    held = config._asdict()
    held["settings"] = config.settings._asdict()
    held["data"] = {name: part._asdict() for name, part in config.data.items()}
    files.write_text(folder / CONFIG, json.dumps(held, indent=1) + "\n")


def read_config(folder: Path) -> Config:
    """Read config.json; FileError if it is missing or anything in it is wrong."""
    return schema.read(folder / CONFIG, KIND, as_config)


def as_config(held: Any) -> Config:
    """Parsed JSON as a Config; raises Misfit, or the Mistake of classes.

    Entries that this jaxnn does not know are left out. A run without an entry for
    classes was trained on 20x20 digits.
    """
    known = parsed(dict[str, Any], held)
    config = parsed(
        Config, {name: known[name] for name in Config._fields & known.keys()}
    )
    for name, kinds in (("notes", NOTES), ("outcome", OUTCOME)):
        for key, value in getattr(config, name).items():
            parsed(kinds.get(key, Any), value, f"{name}.{key}")
    if "train" not in config.data:
        raise Misfit("data.train is missing")
    if "classes" in known and "shape" not in known:
        raise Misfit("shape is missing")
    return config._replace(
        settings=tidy(config.settings), classes=as_classes(config.classes)
    )


def describe(
    settings: Settings,
    parts: Sequence[Digits],
    notes: dict | None,
    device: str,
    devices: int = 1,
    processes: int = 1,
    held_out: bool = True,
) -> Config:
    """The Config of a run on parts: training digits, then test digits, if any."""
    data = {
        name: Part(d.name, len(d.y), checksum(d))
        for name, d in zip(("train", "test"), parts, strict=False)
    }
    train, notes = parts[0], dict(notes or {})
    if "standardize" not in notes and is_standardized(train):
        notes["standardize"] = True
    return Config(
        settings,
        data,
        device,
        versions(),
        notes,
        train.classes,
        train.shape,
        held_out,
        devices,
        processes,
        identity=os.urandom(8).hex(),
    )


def continued(held: Config, now: Config, notes: dict | None) -> Config:
    """The Config of a run that continues; held: as it was, now: of this call."""
    notes = held.notes if notes is None else now.notes
    return now._replace(identity=held.identity, notes=notes)


def unnamed(config: Config) -> dict[str, Part]:
    """The digits of a run, whatever they are called."""
    return {name: part._replace(name="") for name, part in config.data.items()}


def facts(config: Config) -> dict[str, Any]:
    """The fields of a Run that its config.json says."""
    names = ("device", "settings", "held_out", "classes", "shape")
    found = {name: getattr(config, name) for name in names}
    return found | {"standardized": bool(config.notes.get("standardize"))}


def is_standardized(digits: Digits) -> bool:
    """Whether the first images look as `standardize` leaves them."""
    x = features(digits, slice(100))
    means, deviations = x.mean(axis=1), x.std(axis=1)
    is_scaled = (np.abs(deviations - 1) < 1e-3) | (deviations == 0)
    return digits.shape is not None and bool(
        is_scaled.all() and deviations.any() and np.abs(means).max() < 1e-3
    )


def checksum(digits: Digits) -> str:
    """SHA-256 of the pixels and labels, as used for training.

    Of those on disk: how they are stored, every label, and some of the pixels.
    """
    if isinstance(digits.x, Rows):
        return digits.x.checksum(digits.y)
    return hashlib.sha256(digits.x.tobytes() + digits.y.tobytes()).hexdigest()


def hashes(digits: Digits) -> np.ndarray:
    """A hash of each example, with its label: (m,) uint64; the same in any dtype."""
    x = np.asarray(digits.x, np.float32)
    names = [str(digits.classes[place]).encode() for place in digits.y]
    found = (
        hashlib.blake2b(row.tobytes() + name, digest_size=8).digest()
        for row, name in zip(x, names, strict=True)
    )
    return np.frombuffer(b"".join(found), np.uint64)


def keep_hashes(path: Path, digits: Digits) -> None:
    """Write `hashes`; none of examples on disk, where they would take minutes."""
    if not isinstance(digits.x, Rows):
        files.write_npz(path, {"hashes": hashes(digits)})


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that decide the numbers.

    With XLA_FLAGS, if a person has set them: they change rounding, too.
    """
    own = {"python": platform.python_version(), "jaxnn": __version__}
    packages = {name: metadata.version(name) for name in PACKAGES}
    flags = os.environ.get("XLA_FLAGS")
    return own | packages | ({"XLA_FLAGS": flags} if flags else {})
