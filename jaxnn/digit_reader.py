"""`read_digits`: what a network reads in a photo of a digit, and what it saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from jaxnn import cache, data, devices, files, images, reading, training
from jaxnn.data import Digits
from jaxnn.display import displayed
from jaxnn.files import FileError
from jaxnn.weights import load_digit_reader, load_params, save_params

if TYPE_CHECKING:
    from jaxnn.model import Params

HEIGHT, GAP = 400, 20  # dots, of the picture of what the network saw


class Reader(NamedTuple):
    """A network that reads digits, and whether it reads standardized ones."""

    params: Params
    is_standard: bool = False


@displayed
class Read(NamedTuple):
    """What was read in a photo."""

    digit: int | None = None  # None if none was read
    probability: float | None = None  # the output of the digit's unit
    runner_up: int | None = None
    message: str | None = None  # why no digit was read
    gray: np.ndarray | None = None  # (h, w) the photo, 0 black to 1 white
    seen: np.ndarray | None = None  # (20, 20) what the network saw, ink 1

    def _facts(self) -> dict[str, Any]:
        if self.digit is None:
            return {"digit": "none", "because": self.message}
        sure = f"{self.probability:.1%}"
        return {"digit": self.digit, "probability": sure, "or else": self.runner_up}

    def picture(self) -> Image.Image:
        """The photo and, to its right, what the network saw."""
        assert self.gray is not None
        width = max(1, round(HEIGHT * self.gray.shape[1] / self.gray.shape[0]))
        both = Image.new("L", (width + HEIGHT + GAP, HEIGHT), 255)
        photo = Image.fromarray(np.uint8(255 * np.clip(self.gray, 0, 1)))
        both.paste(photo.resize((width, HEIGHT)), (0, 0))
        if self.seen is not None:
            seen = Image.fromarray(np.uint8(255 * np.clip(1 - self.seen, 0, 1)))
            large = seen.resize((HEIGHT, HEIGHT), Image.Resampling.NEAREST)
            both.paste(large, (width + GAP, 0))
        return both


def read_digits(
    photo: Any, run: Any = None, *, seed: int = 0, device: str = "auto"
) -> Read:
    """Read a photo of one digit, dark on light or light on dark, anywhere in it.

    photo: a path, a Pillow image, or an array (h, w) or (h, w, 3), 0-1 or 0-255. run: a
    Run, a run folder or a file of weights; None takes the network that is trained from
    this seed once, on this device, and kept. `found.picture()` shows what the network
    saw. Raises FileError for a file that is no picture, Mistake for a network that
    reads other images.
    """
    chosen = devices.choose(device)
    how = {"device": device, "progress": None}
    reader = own_reader(seed, **how) if run is None else reader_of(run)
    if isinstance(photo, str | Path):
        gray = reading.photos.gray_levels(Path(photo))
    else:
        gray = reading.photos.levels_of(photo)
    with devices.exactly(chosen, reader.params[0].dtype.name):
        return read_gray(gray, reader)


def reader_of(run: Any) -> Reader:
    """The network of a Run, a run folder or a file of weights, if it reads digits."""
    if isinstance(run, str | Path):
        params, path = load_digit_reader(run), Path(run)
        training.run_folder.require_digits(path)
        return Reader(params, training.run_folder.is_standardized(path))
    training.run_folder.require_form("the run", run.classes, run.shape)
    return Reader(run.params, run.standardized)


def own_reader(
    seed: int,
    notice: Callable[..., None] = lambda *_, **__: None,
    device: str = "auto",
    progress: bool | None = False,
) -> Reader:
    """The network in the user's cache, trained and kept there the first time.

    notice: called with what happens then. device, progress: of that training, as in
    `fit`.
    """
    path = cache.folder() / f"network-{seed}.npz"
    try:
        return Reader(load_params(path))
    except FileError:
        notice("no --run: training a network on the 5000 embedded digits", flush=True)
    how = {"seed": seed, "device": device, "progress": progress}
    params = training.fit(data.load_digits(), **how).params
    try:
        with files.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        save_params(path, params)
        notice(f"kept for the next time in {path}")
    except FileError as error:
        notice(f"not kept: {error}")
    return Reader(params)


def read_gray(gray: np.ndarray, reader: Reader) -> Read:
    """What the network reads in gray levels (h, w), 0 black to 1 white."""
    try:
        pictures = images.shrink(reading.ink.digit(gray)[None])  # (1, 20, 20)
    except reading.ink.NoDigit as nothing:
        return Read(message=str(nothing), gray=gray)
    from jaxnn import model  # only here: it loads JAX

    digits = Digits(pictures, [0], "photo", shape=(images.SIDE, images.SIDE))
    x = data.standardize(digits).x if reader.is_standard else digits.x  # (1, 400)
    dtype = reader.params[0].dtype
    outputs = np.asarray(model.forward(reader.params, x.astype(dtype)))[0]  # (10,)
    first, second = np.argsort(-outputs)[:2].tolist()
    shown = {"gray": gray, "seen": pictures[0]}
    if outputs[first] < training.scores.DOUBT:
        return Read(message="this does not look like a digit", **shown)
    return Read(first, float(outputs[first]), second, **shown)
