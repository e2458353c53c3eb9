"""Damaged run folders: a right answer, or one line and not a changed file.

Each case damages one file of a run, then evaluates it, loads it, writes its page and
resumes it. What an answer must be is computed in NumPy, from the digits that the run
held out.
"""

import contextlib
import io
import json
import random
import re
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np

import jaxnn
from jaxnn import cli, evaluate, report, train
from jaxnn.showing import FILES, Trained

STEPS, MORE = 6, 12
SECONDS = 10.0  # that a case may take for each command
ODD = [None, True, "", "0", [], {}, -1, 0, 2**70, 1e308, float("nan"), float("inf")]
ODD += [[[[[]]]], "\x1b[31m\n", "x" * 10_000, {"a": 1}, [1, 2], 0.5]


class World(NamedTuple):
    """What damaged copies are made from, and judged by."""

    run: Path
    other: Path  # a run of the same shape
    x: np.ndarray  # held out of run
    y: np.ndarray
    resumed: bytes  # params.npz of run, after MORE steps


class NoPainter:
    """No pictures: they take a second, and are no part of the question."""

    def __enter__(self) -> "NoPainter":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, digits: object) -> None:
        pass

    def finish(self, run: Trained) -> int:
        for name in FILES:
            (run.folder / name).touch()
        return 0


def command(module: object, *words: object) -> tuple[int, str, str]:
    """Exit code, output and errors of a command that runs here."""
    name = module.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(train, "Painter", NoPainter),
        mock.patch.object(jaxnn.devices, "prepare_process", lambda _: None),
        warnings.catch_warnings(action="ignore"),
    ):
        try:
            code = cli.exit_code(module.main, [*map(str, words)], name)  # type: ignore[attr-defined]
        finally:
            cli.release_ctrl_c()
    return code, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def world() -> Iterator[World]:
    """A finished run of few steps, another one, and what the first one comes to."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        digits = jaxnn.load_digits()
        few = np.concatenate([np.flatnonzero(digits.y == k)[:20] for k in range(10)])
        pictures = (
            digits.x[few].reshape(-1, 20, 20).swapaxes(1, 2)
        )  # as files have them
        np.savez(folder / "few.npz", x=pictures, y=digits.y[few])
        how = ("--data", folder / "few.npz", "--hidden", 5, "--quiet", "--device")
        for name, seed in (("run", 0), ("other", 1)):
            where = ("--seed", seed, "--out", folder / name, "--steps", STEPS)
            assert command(train, *how, "cpu", *where)[0] == 0
        shutil.copytree(folder / "run", folder / "long")
        assert command(train, "--resume", folder / "long", "--steps", MORE)[0] == 0
        _, test = jaxnn.split(jaxnn.load_digits(folder / "few.npz"))
        last = (folder / "long" / "params.npz").read_bytes()
        yield World(folder / "run", folder / "other", test.x, test.y, last)


def campaign(cases: int, seed: int) -> list[str]:
    """What went wrong, a line each; nothing if every case was answered or refused."""
    wrong: list[str] = []
    with world() as one, tempfile.TemporaryDirectory() as made:
        for case in range(cases):
            chance = random.Random(f"{seed} {case}")
            folder = Path(made) / f"case{case}"
            shutil.copytree(one.run, folder)
            name = chance.choice(sorted(p.name for p in folder.iterdir()))
            damage = chance.choice(DAMAGES)
            damage(folder / name, one.other / name, chance)
            title = f"seed {seed}, case {case}: {damage.__name__} {name}"
            wrong += [f"{title}: {what}" for what in judged(one, folder, name, damage)]
            shutil.rmtree(folder)
    return wrong


def judged(one: World, folder: Path, name: str, damage: Callable) -> Iterator[str]:
    """What is wrong with the answers about a damaged run."""
    is_forged = damage in (forge, swap) and name in ("params.npz", "checkpoint.npz")
    for module, words in (
        (evaluate, (folder, "--quiet")),
        (report, (folder, "--quiet", "--out", folder.with_suffix(".html"))),
        (train, ("--resume", folder, "--steps", MORE, "--quiet")),
    ):
        before, began = content(folder), time.monotonic()
        code, out, err = command(module, *words)
        who = words[0] if module is train else module.__name__
        if time.monotonic() - began > SECONDS:
            yield f"{who} took {time.monotonic() - began:.0f} s"
        if code not in (0, 2):
            yield f"{who} ended with {code}: {err[-400:]}"
        elif code == 2 and not is_one_line(err):
            yield f"{who} refused with {err!r:.400}"
        elif code == 2 and content(folder) != before:
            yield f"{who} refused ({err.strip()}) and changed a file"
        elif code == 0 and module is evaluate:
            yield from misjudged(one, folder, out)
        elif code == 0 and module is train and not is_forged:
            if (folder / "params.npz").read_bytes() != one.resumed:
                yield "resumed to other bits"


def misjudged(one: World, folder: Path, out: str) -> Iterator[str]:
    """Whether evaluate judged the weights in the folder by other digits."""
    a = one.x
    with np.load(folder / "params.npz") as arrays:
        for theta in (arrays["theta1"], arrays["theta2"]):
            a = 1 / (1 + np.exp(-(a @ theta[:, 1:].T + theta[:, 0])))
    right = 100 * (a.argmax(axis=1) == one.y).mean()
    said = re.match(r"([\d.]+)% of (\d+)", out)
    if said is None or int(said[2]) != len(one.y) or abs(float(said[1]) - right) > 0.51:
        yield f"evaluate said {out[:60]!r}, and {right:.2f}% of {len(one.y)} are right"


def is_one_line(text: str) -> bool:
    """Whether a refusal is a line for a person."""
    return text.count("\n") == 1 and text[-1] == "\n" and len(text) < 1000


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def lose(path: Path, _: Path, chance: random.Random) -> None:
    path.unlink()


def empty(path: Path, _: Path, chance: random.Random) -> None:
    path.write_bytes(b"")


def cut(path: Path, _: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(1 + path.stat().st_size)])


def flip(path: Path, _: Path, chance: random.Random) -> None:
    held = bytearray(path.read_bytes() or b"?")
    for _ in range(chance.choice((1, 3, 50))):
        held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
    path.write_bytes(held)


def lengthen(path: Path, _: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.choice((1, 999))))


def swap(path: Path, other: Path, chance: random.Random) -> None:
    """The file of another run."""
    shutil.copyfile(other, path)


def put_folder(path: Path, _: Path, chance: random.Random) -> None:
    path.unlink()
    path.mkdir()


def forge(path: Path, _: Path, chance: random.Random) -> None:
    """A whole file with other content: an entry of config.json, an array of an .npz."""
    if path.suffix == ".json":
        held = json.loads(path.read_text())
        inside = held
        while True:
            keys = list(inside) if isinstance(inside, dict) else range(len(inside))
            key = chance.choice(keys)
            if not (isinstance(inside[key], dict | list) and inside[key]):
                break
            if chance.random() < 0.3:
                break
            inside = inside[key]
        inside[key] = chance.choice(ODD)
        path.write_text(json.dumps(held))
    elif path.suffix == ".npz":
        with np.load(path) as arrays:
            named = dict(arrays)
        key = chance.choice(list(named))
        named[key] = chance.choice(CHANGES)(named[key])
        np.savez(path, **named)
    else:
        lines = path.read_bytes().split(b"\n")
        lines[chance.randrange(len(lines))] = chance.choice(
            (b"", b"nan,", b"\xff", b"1")
        )
        path.write_bytes(b"\n".join(lines))


CHANGES: list[Callable[[np.ndarray], np.ndarray]] = [
    lambda a: a.astype("U9"),
    lambda a: a.astype(np.complex64) if a.dtype.kind in "fiu" else a[..., None],
    lambda a: a[None],
    lambda a: a.reshape(-1)[:0],
    lambda a: np.concatenate([a.reshape(-1)] * 2),
    lambda a: np.full_like(a, np.nan) if a.dtype.kind == "f" else a[None],
    lambda a: np.full_like(a, np.inf) if a.dtype.kind == "f" else a[None],
    lambda a: -a if a.dtype.kind in "fi" else a[None],
]
DAMAGES: list[Callable[[Path, Path, random.Random], None]] = [
    lose,
    empty,
    cut,
    flip,
    lengthen,
    swap,
    put_folder,
    forge,
    forge,
    forge,
]
