"""Read photos of digits: python -m jaxnn.read photo.jpg --run RUN"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from jaxnn import cli, data, devices, files, images, model
from jaxnn.data import Digits
from jaxnn.files import FileError
from jaxnn.model import Params
from jaxnn.reading import ink, photos
from jaxnn.training import fit, run_folder, scores
from jaxnn.weights import load_digit_reader, load_params, save_params

UNREAD = 1  # exit code


class Answer(NamedTuple):
    """What is told of a file; with --json these are the names."""

    file: str
    digit: int | None = None
    probability: float | None = None  # the output of the digit's unit
    runner_up: int | None = None
    message: str | None = None  # why no digit was read


def parse(argv: Sequence[str]) -> dict[str, Any]:
    """The flags, defaults included."""
    parser = cli.parser(
        "read",
        "Read photos of digits, one in each: any format that Pillow reads, dark on "
        "light or light on dark, anywhere in the picture.",
        "python -m jaxnn.read photo.jpg --run runs/mine --show seen",
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE|FOLDER", help="pictures, or folders of them")
    add("--run", help="run folder, .npz or .mat (default: trained once, then kept)")
    add("--show", metavar="FOLDER", help="save there what the network saw")
    add("--json", action="store_true", help="a JSON object per line")
    defaults = {"run": None, "show": None, "json": False, "seed": 0}
    defaults |= {"device": "auto", "dtype": "float32", "quiet": False}
    return {**defaults, **vars(parser.parse_args(argv))}


def files_of(names: Sequence[str]) -> Iterator[Path]:
    """The files; in place of a folder those in it that are named like images."""
    endings = Image.registered_extensions()
    for path in map(Path, names):
        if not path.is_dir():
            yield path
            continue
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in endings)
        yield from found or [path]


def own_network(seed: int, tell: Any) -> Params:
    """The network kept in the user's cache; trained, and put there, the first time."""
    path = devices.cache_folder() / f"network-{seed}.npz"
    try:
        return load_params(path)
    except FileError:
        tell("no --run: training a network on the 5000 embedded digits", flush=True)
    params = fit(data.load_digits(), seed=seed).params
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_params(path, params)
        tell(f"kept for the next time in {path}")
    except OSError as error:
        tell(f"not kept, {path}: {error.strerror}")
    return params


def seen_ending(i: int) -> str:
    """What is put behind the name of the i-th photo of that name."""
    return ".png" if i == 1 else f".{i}.png"


def answer(path: Path, params: Params, standard: bool, seen: Path | None) -> Answer:
    """What the network reads in a picture; FileError if it cannot be opened.

    seen: where a picture of what the network saw is put.
    """
    if path.is_dir():
        raise FileError(f"{path}: a folder without images; give files")
    grey = photos.gray_levels(path)
    try:
        pictures = images.shrink(ink.digit(grey)[None])  # (1, 20, 20)
    except ink.NoDigit as nothing:
        return Answer(str(path), message=str(nothing))
    if seen is not None:
        save_seen(seen, grey, pictures[0])
    digits = Digits(images.unroll(pictures), np.zeros(1, int), "photo")
    x = data.standardize(digits).x if standard else digits.x  # (1, 400)
    x = x.astype(params[0].dtype)
    outputs = np.asarray(model.forward(params, x))[0]  # (10,)
    first, second = np.argsort(-outputs)[:2].tolist()
    if outputs[first] < scores.DOUBT:
        return Answer(
            str(path),
            message="this does not look like a digit; --show shows what was seen",
        )
    return Answer(str(path), first, float(outputs[first]), second)


def save_seen(path: Path, grey: np.ndarray, picture: np.ndarray) -> None:
    """The photo (h, w) and beside it what the network saw (20, 20), as a PNG."""
    height = 400
    width = max(1, round(height * grey.shape[1] / grey.shape[0]))
    photo = Image.fromarray(np.uint8(255 * np.clip(grey, 0, 1)))
    seen = Image.fromarray(np.uint8(255 * np.clip(1 - picture, 0, 1)))
    both = Image.new("L", (width + height + 20, height), 255)
    both.paste(photo.resize((width, height)), (0, 0))
    both.paste(seen.resize((height, height), Image.Resampling.NEAREST), (width + 20, 0))
    files.write_whole(path, lambda stream: both.save(stream, "PNG"))


def told(found: Answer, as_json: bool) -> str:
    """The line for a file."""
    if as_json:
        return json.dumps(found._asdict())
    if found.digit is None:
        return f"{found.file}: {found.message}"
    return (
        f"{found.file}: {found.digit}  ({found.probability:.1%}, "
        f"or else {found.runner_up})"
    )


def main(argv: Sequence[str]) -> int:
    """Answer for every file; 1 if no digit was read in one, 2 if one is no picture."""
    flags = parse(argv)
    tell = cli.teller(flags["quiet"] or flags["json"])
    devices.prepare_process(flags["device"])
    device = devices.choose(flags["device"])
    show = files.make_folder("--show", flags["show"]) if flags["show"] else None
    standard = False
    if flags["run"] is None:
        params = own_network(flags["seed"], tell)
    else:
        params = load_digit_reader(flags["run"])
        standard = run_folder.is_standardized(Path(flags["run"]))
    code, names = 0, Counter[str]()
    with devices.exactly(device, flags["dtype"]):
        params = tuple(theta.astype(flags["dtype"]) for theta in params)
        for path in files_of(flags["files"]):
            names[path.name] += 1  # photos of different folders may have one name
            seen = show and show / f"{path.name}{seen_ending(names[path.name])}"
            try:
                found = answer(path, params, standard, seen)
                print(told(found, flags["json"]))
                if found.digit is None:
                    code = max(code, UNREAD)
            except FileError as mistake:
                code = cli.MISTAKE
                if flags["json"]:
                    print(told(Answer(str(path), message=str(mistake)), True))
                else:
                    print(f"read: {mistake}", file=sys.stderr)
    return code


if __name__ == "__main__":
    cli.run(main)
