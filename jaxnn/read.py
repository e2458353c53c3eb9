"""Read photos of digits: python -m jaxnn.read photo.jpg --run RUN"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from jaxnn import cache, cli, data, devices, files, images, reading, training
from jaxnn.data import Digits
from jaxnn.files import FileError
from jaxnn.flags import CommonFlags, flag, parse
from jaxnn.weights import load_digit_reader, load_params, save_params

if TYPE_CHECKING:
    from jaxnn.model import Params

UNREAD = 1  # exit code
EXAMPLE = "photo.jpg --run runs/mine --show seen"


class Answer(NamedTuple):
    """What was read in a file; with --json these are the keys."""

    file: str
    digit: int | None = None
    probability: float | None = None  # the output of the digit's unit
    runner_up: int | None = None
    message: str | None = None  # why no digit was read


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Read photos of digits, one in each: any format that Pillow reads, dark on light
    or light on dark, anywhere in the picture.
    """

    files: Sequence[str] = flag("pictures, or folders of them", metavar="FILE|FOLDER")
    run: str | None = flag("run folder, .npz or .mat (default: trained once)", None)
    show: str | None = flag("save there what the network saw", None, metavar="FOLDER")
    json: bool = flag("print a JSON object per line", False)


def files_of(names: Sequence[str]) -> Iterator[Path]:
    """The files; in place of a folder, those in it that are named like images."""
    endings = Image.registered_extensions()
    for path in map(Path, names):
        if not path.is_dir():
            yield path
            continue
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in endings)
        yield from found or [path]


def own_network(seed: int, notice: Callable[..., None]) -> Params:
    """The network in the user's cache, trained and kept there the first time."""
    path = cache.folder() / f"network-{seed}.npz"
    try:
        return load_params(path)
    except FileError:
        notice("no --run: training a network on the 5000 embedded digits", flush=True)
    params = training.fit(data.load_digits(), seed=seed, progress=False).params
    try:
        with files.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        save_params(path, params)
        notice(f"kept for the next time in {path}")
    except FileError as error:
        notice(f"not kept: {error}")
    return params


def answer(path: Path, params: Params, standard: bool, seen: Path | None) -> Answer:
    """What the network reads in a picture; FileError if it cannot be opened.

    standard: whether the network reads standardized digits. seen: where to save a
    picture of what it saw.
    """
    if path.is_dir():
        raise FileError(f"{path}: a folder without images; give files")
    gray = reading.photos.gray_levels(path)
    try:
        pictures = images.shrink(reading.ink.digit(gray)[None])  # (1, 20, 20)
    except reading.ink.NoDigit as nothing:
        return Answer(str(path), message=str(nothing))
    if seen is not None:
        save_seen(seen, gray, pictures[0])
    from jaxnn import model  # only here: it loads JAX

    digits = Digits(pictures, [0], "photo")
    x = data.standardize(digits).x if standard else digits.x  # (1, 400)
    x = x.astype(params[0].dtype)
    outputs = np.asarray(model.forward(params, x))[0]  # (10,)
    first, second = np.argsort(-outputs)[:2].tolist()
    if outputs[first] < training.scores.DOUBT:
        return Answer(
            str(path),
            message="this does not look like a digit; --show shows what was seen",
        )
    return Answer(str(path), first, float(outputs[first]), second)


def save_seen(path: Path, gray: np.ndarray, picture: np.ndarray) -> None:
    """The photo (h, w), and to its right what the network saw (20, 20), as a PNG."""
    height = 400
    width = max(1, round(height * gray.shape[1] / gray.shape[0]))
    photo = Image.fromarray(np.uint8(255 * np.clip(gray, 0, 1)))
    seen = Image.fromarray(np.uint8(255 * np.clip(1 - picture, 0, 1)))
    both = Image.new("L", (width + height + 20, height), 255)
    both.paste(photo.resize((width, height)), (0, 0))
    both.paste(seen.resize((height, height), Image.Resampling.NEAREST), (width + 20, 0))
    files.write_whole(path, lambda stream: both.save(stream, "PNG"))


def line(found: Answer, as_json: bool) -> str:
    """What to print of a file."""
    if as_json:
        return json.dumps(found._asdict())
    if found.digit is None:
        return f"{found.file}: {found.message}"
    return (
        f"{found.file}: {found.digit}  ({found.probability:.1%}, "
        f"or else {found.runner_up})"
    )


def main(argv: Sequence[str]) -> int:
    """Read every file; 1 if one has no digit, 2 if one is not a picture."""
    flags = parse(Flags, argv, "read", EXAMPLE)
    notice = cli.printer(flags.quiet or flags.json)
    show = files.make_folder("--show", flags.show) if flags.show else None
    standard, params = False, None
    if flags.run is not None:
        params = load_digit_reader(flags.run)
        training.run_folder.require_digits(Path(flags.run))
        standard = training.run_folder.is_standardized(Path(flags.run))
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    if params is None:
        params = own_network(flags.seed, notice)
    code, names = 0, Counter[str]()
    with devices.exactly(device, flags.dtype):
        params = tuple(theta.astype(flags.dtype) for theta in params)
        for path in files_of(flags.files):
            names[path.name] += 1  # photos in different folders may share a name
            ending = f".{i}.png" if (i := names[path.name]) > 1 else ".png"
            seen = show and show / (path.name + ending)
            try:
                found = answer(path, params, standard, seen)
                print(line(found, flags.json))
                if found.digit is None:
                    code = max(code, UNREAD)
            except FileError as mistake:
                code = cli.MISTAKE
                if flags.json:
                    print(line(Answer(str(path), message=str(mistake)), True))
                else:
                    print(f"read: {mistake}", file=sys.stderr)
    return code


if __name__ == "__main__":
    cli.run(main)
