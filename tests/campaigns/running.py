"""Cases of a campaign, one after the other."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from unittest import mock

import mat_forks
import numpy as np

from jaxnn import files

KINDS = {"data": "data_files", "images": "images"}  # the module that makes each kind


class Outcome(NamedTuple):
    """What became of a case."""

    number: int
    text: str  # how it was made
    verdict: str  # "valid", "refused" or "faulty"
    faults: list[str]
    seconds: float
    memory: int


@contextlib.contextmanager
def quick_mat() -> Iterator[None]:
    """In the block each .mat file is read in a fork, not in a Python that starts."""
    with tempfile.TemporaryDirectory() as folder:
        with mat_forks.reader(Path(folder)) as run:
            forking = SimpleNamespace(**{**vars(subprocess), "run": run})
            with mock.patch.object(files, "subprocess", forking):
                yield


def outcomes(
    kind: str, cases: range, seed: int, keep: Path | None
) -> Iterator[Outcome]:
    """Run cases of a kind, each in its own folder; keep: where files that fail go."""
    module = import_module(f".{KINDS[kind]}", __package__)
    for number in cases:
        with tempfile.TemporaryDirectory() as folder:
            random = np.random.default_rng([seed, number])
            text, verdict = module.run(random, Path(folder))
            if verdict.faults and keep is not None:
                place = keep / f"{kind}-{seed}-{number}"
                shutil.copytree(folder, place, dirs_exist_ok=True)
        word = "refused" if verdict.message is not None else "valid"
        word = "faulty" if verdict.faults else word
        numbers = verdict.seconds, verdict.memory
        yield Outcome(number, text, word, verdict.faults, *numbers)


def report(kind: str, cases: range, seed: int, keep: Path | None) -> int:
    """Run cases, print those that fail and a summary; how many failed."""
    counts = dict.fromkeys(("valid", "refused", "faulty"), 0)
    slowest, largest, began = (0.0, 0), (0, 0), time.monotonic()
    for one in outcomes(kind, cases, seed, keep):
        counts[one.verdict] += 1
        slowest = max(slowest, (one.seconds, one.number))
        largest = max(largest, (one.memory, one.number))
        for fault in one.faults:
            print(f"{kind} {one.number} ({one.text}): {fault}", flush=True)
        if time.monotonic() - began > 60:
            began = time.monotonic()
            print(f"... {one.number}: {counts}", file=sys.stderr, flush=True)
    held = ", ".join(f"{count} {word}" for word, count in counts.items())
    most = f"at most {slowest[0]:.1f} s (case {slowest[1]})"
    print(f"{kind}: {held}; {most} and {largest[0] >> 20} MiB (case {largest[1]})")
    return counts["faulty"]
