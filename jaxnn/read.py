"""Read photos of digits: python -m jaxnn.read photo.jpg --run RUN"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from jaxnn import cli, devices, files, reading
from jaxnn.digit_network import Reader, own_reader, reader_of
from jaxnn.digit_reader import ReadDigit, read_photo
from jaxnn.files import FileError
from jaxnn.flags import CommonFlags, flag, parse
from jaxnn.mistake import Mistake, printable
from jaxnn.weights import PARAMS, in_precision

UNREAD = 1  # exit code
EXAMPLE = "photo.jpg --run runs/mine --show seen"


class Answer(NamedTuple):
    """What was read in a file; with --json these are the keys."""

    file: str
    digit: int | None = None  # None unless the picture shows exactly one
    number: str | None = None  # the digits as text, a line per row; ? where in doubt
    digits: Sequence[dict[str, Any]] = ()
    probability: float | None = None  # of the digit, or the least of a number's digits
    runner_up: int | None = None
    message: str | None = None  # why no digit was read, or not all of a number


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Read photos of digits and numbers, as JPEG, PNG, WebP, TIFF and the like, dark on
    light or light on dark, anywhere in the picture. Digits in a row are a number.
    """

    files: Sequence[str] = flag("pictures, or folders of them", metavar="FILE|FOLDER")
    run: str | None = flag("run folder, .npz or .mat (default: the one of jaxnn)", None)
    show: str | None = flag("save there what the network saw", None, metavar="FOLDER")
    digits: bool = flag("print a single digit as a number, too", False)
    json: bool = flag(
        "print a JSON object a line; box: top, left, bottom, right", False
    )


def is_run(path: Path) -> bool:
    """Whether a folder holds a run, which evaluate and report take first."""
    return (path / PARAMS).exists()


def files_of(names: Sequence[str]) -> Iterator[Path]:
    """The files; in place of a folder, those in it that are named like images."""
    endings = reading.photos.endings()
    for path in (Path(name).expanduser() for name in names):
        if not path.is_dir() or is_run(path):
            yield path
            continue
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in endings)
        yield from found or [path]


def answer(path: Path, reader: Reader, seen: Path | None) -> Answer:
    """What the network reads in a file; FileError if it cannot be opened.

    seen: where to save a picture of what it saw.
    """
    if is_run(path):
        raise FileError(f"{path}: a run, no picture; say --run {path}")
    if path.is_dir():
        raise FileError(f"{path}: a folder without images; give files")
    found = read_photo(reading.photos.of_file(path), reader)
    message = found.message
    if found.digits:
        if seen is not None:
            files.write_whole(seen, lambda stream: found.picture().save(stream, "PNG"))
        elif message:
            message += "; --show shows what was seen"
    facts = [facts_of(each) for each in found.digits]
    rest = found.probability, found.runner_up, message
    return Answer(str(path), found.digit, found.number, facts, *rest)


def facts_of(read: ReadDigit) -> dict[str, Any]:
    """A digit of a number, for --json."""
    facts = read._asdict()
    del facts["seen"]
    return facts


def as_json(found: Answer) -> str:
    """What to print of a file with --json."""
    return json.dumps(found._asdict())


def lines(found: Answer, as_number: bool) -> Iterator[str]:
    """What to print of a file: a line, or one for each row of digits."""
    file = printable(found.file)
    if found.number is None:
        yield f"{file}: {found.message}"
    elif found.digit is not None and not as_number:
        note = f"; {found.message}" if found.message else ""
        sure = f"{found.probability:.1%}, or else {found.runner_up}{note}"
        yield f"{file}: {found.digit}  ({sure})"
    else:
        sure = found.message or f"each at least {found.probability:.1%}"
        *rows, last = found.number.split("\n")
        yield from (f"{file}: {row}" for row in rows)
        yield f"{file}: {last}  ({sure})"


def main(argv: Sequence[str]) -> int:
    """Read every file; 1 if one has no digit or a doubtful one, 2 if no picture."""
    flags = parse(Flags, argv, "read", EXAMPLE)
    show = files.make_folder("--show", flags.show) if flags.show else None
    reader = reader_of(flags.run) if flags.run is not None else own_reader()
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    code, names = 0, Counter[str]()
    with devices.exactly(device, flags.dtype):
        params = in_precision(reader.params, flags.dtype)
        reader = reader._replace(params=params)
        for path in files_of(flags.files):
            names[path.name] += 1  # photos in different folders may share a name
            ending = f".{i}.png" if (i := names[path.name]) > 1 else ".png"
            seen = show and show / (path.name + ending)
            try:
                found = answer(path, reader, seen)
                shown = [as_json(found)] if flags.json else lines(found, flags.digits)
                print(*shown, sep="\n")
                if found.message is not None:
                    code = max(code, UNREAD)
            except Mistake as mistake:
                code = cli.MISTAKE
                if flags.json:
                    print(as_json(Answer(str(path), message=str(mistake))))
                else:
                    print(f"read: {mistake}", file=sys.stderr)
    return code


if __name__ == "__main__":
    cli.run(main)
