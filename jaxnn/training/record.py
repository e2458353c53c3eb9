"""config.json: what a run was trained with, and on."""

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from jaxnn import __version__, files
from jaxnn.files import FileError
from jaxnn.training.settings import Settings, tidy

CONFIG = "config.json"
PACKAGES = ("jax", "jaxlib", "optax", "numpy")
NOTES = {  # flags of the command train that config.json keeps
    "data": str | None,
    "test_fraction": float | int,
    "standardize": bool,
    "steps": int,
}


class Part(NamedTuple):
    """The digits that a run was trained on, or those it held out."""

    name: str
    examples: int
    sha256: str


class Config(NamedTuple):
    """The content of config.json."""

    settings: Settings
    data: dict[str, Part]  # "train", and "test" if digits were held out
    notes: dict[str, Any]  # as given to `fit`; entries in NOTES have these types
    device: str
    versions: dict[str, str]


def write_config(folder: Path, config: Config) -> None:
    """Write config.json."""
    held = config._asdict()
    held["settings"] = config.settings._asdict()
    held["data"] = {name: part._asdict() for name, part in config.data.items()}
    files.write_text(folder / CONFIG, json.dumps(held, indent=1) + "\n")


def read_config(folder: Path) -> Config:
    """Read config.json; FileError if it is missing or anything in it is wrong."""
    path = folder / CONFIG
    if not path.exists():
        raise FileError(f"{folder}: not a run folder (no {CONFIG}); check the path")
    with files.reading(path, "a run's settings"):
        return as_config(json.loads(path.read_text(encoding="utf-8")))


def as_config(held: dict[str, Any]) -> Config:
    """Parsed JSON as a Config; wrong types raise an exception of any kind."""
    # a run without an entry for centering is not centered
    settings = tidy(Settings(**{"center": False, **held["settings"]}))
    data = {name: Part(**part) for name, part in held["data"].items()}
    notes = dict(held.get("notes") or {})
    typed = [(notes[name], NOTES[name]) for name in NOTES.keys() & notes.keys()]
    texts = settings.init, settings.method, settings.dtype, held["device"]
    typed += [(text, str) for text in texts]
    if "train" not in data or not all(isinstance(*pair) for pair in typed):
        raise TypeError("a value of the wrong type")
    return Config(settings, data, notes, held["device"], dict(held["versions"]))


def describe(
    settings: Settings, parts: Sequence[Any], notes: dict | None, device: str
) -> Config:
    """The Config of a run on parts: training digits, then test digits, if any."""
    data = {
        name: Part(d.name, len(d.y), checksum(d))
        for name, d in zip(("train", "test"), parts, strict=False)
    }
    return Config(settings, data, notes or {}, device, versions())


def checksum(digits: Any) -> str:
    """SHA-256 of the pixels and labels, as used for training."""
    return hashlib.sha256(digits.x.tobytes() + digits.y.tobytes()).hexdigest()


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that decide the numbers.

    With XLA_FLAGS, if a person has set them: they change rounding, too.
    """
    own = {"python": platform.python_version(), "jaxnn": __version__}
    packages = {name: metadata.version(name) for name in PACKAGES}
    flags = os.environ.get("XLA_FLAGS")
    return own | packages | ({"XLA_FLAGS": flags} if flags else {})
