"""Read photos of digits: python -m jaxnn.read photo.jpg --run RUN"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from jaxnn import cli, devices, files, reading
from jaxnn.digit_reader import Reader, own_reader, read_gray, reader_of
from jaxnn.files import FileError
from jaxnn.flags import CommonFlags, flag, parse

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


def answer(path: Path, reader: Reader, seen: Path | None) -> Answer:
    """What the network reads in a file; FileError if it cannot be opened.

    seen: where to save a picture of what it saw.
    """
    if path.is_dir():
        raise FileError(f"{path}: a folder without images; give files")
    found = read_gray(reading.photos.gray_levels(path), reader)
    message = found.message
    if found.seen is not None:
        if seen is not None:
            files.write_whole(seen, lambda stream: found.picture().save(stream, "PNG"))
        message = message and f"{message}; --show shows what was seen"
    return Answer(str(path), *found[:3], message)


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
    reader = reader_of(flags.run) if flags.run is not None else None
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    reader = reader or own_reader(flags.seed, notice)
    code, names = 0, Counter[str]()
    with devices.exactly(device, flags.dtype):
        params = tuple(theta.astype(flags.dtype) for theta in reader.params)
        reader = reader._replace(params=params)
        for path in files_of(flags.files):
            names[path.name] += 1  # photos in different folders may share a name
            ending = f".{i}.png" if (i := names[path.name]) > 1 else ".png"
            seen = show and show / (path.name + ending)
            try:
                found = answer(path, reader, seen)
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
