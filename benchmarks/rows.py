"""What a benchmark leaves behind: rows of JSON, one file per machine.

Every row stands alone: the machine, the software, the sizes, each measured time.
"""

import contextlib
import datetime
import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from contest import middle, ratio, spread
from timing import Timing

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "optax", "scikit-learn", "torch")
APART = "method", "target", "lam", "gpu"  # what sets contests of a "what" apart
LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "XLA_FLAGS")


def as_rows(timings: Sequence[Timing], **about: Any) -> list[dict[str, Any]]:
    """One dictionary per contender, for JSON; about is repeated in each."""
    return [
        {
            **about,
            "name": t.name,
            "device": t.device,
            "dtype": t.dtype,
            "median": middle(t.seconds),  # seconds per evaluation
            "min": float(np.nanmin(t.seconds)),
            "spread": spread(t),  # between the quartiles, over the median
            "ratio": known(ratio(t, timings[0])),  # to the first, round by round
            "cost": known(t.cost),  # a limit has none
            "compile_seconds": t.compile_seconds,
            "memory": t.memory,  # bytes
            "environment": dict(t.environment),
            "seconds": [known(seconds) for seconds in t.seconds.tolist()],
            **t.facts,
        }
        for t in timings
    ]


def known(number: float) -> float | None:
    """None for NaN, which JSON does not have."""
    return number if np.isfinite(number) else None


def machine() -> dict[str, Any]:
    """Processor, cores at hand, limits on threads; versions of Python and packages."""
    name = platform.processor() or platform.machine()
    if sys.platform == "linux":
        with open("/proc/cpuinfo") as file:
            models = [line.split(":")[1] for line in file if "model name" in line]
        name, cores = (models or [name])[0].strip(), len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    limits = {name: os.environ[name] for name in LIMITS if name in os.environ}
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {"cpu": name, "threads": {"cores": cores, **limits}, "versions": versions}


def headline(here: dict[str, Any]) -> str:
    """machine() in one line."""
    software = ", ".join(f"{name} {v}" for name, v in here["versions"].items())
    return f"{here['cpu']}, {here['threads']['cores']} cores; {software}"


def file_of(row: dict[str, Any], folder: Path = RESULTS) -> Path:
    """The machine's file: named after its processor."""
    words = f"{row['cpu']} {row['threads']['cores']} cores"
    words = re.sub(r"\((R|TM)\)|processor|cpu", " ", words, flags=re.IGNORECASE)
    return folder / (re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") + ".json")


def save(rows: list[dict[str, Any]], folder: Path = RESULTS) -> Path:
    """Put rows into the machine's file, in place of those of the same contest.

    A contest is a row's "what", "on", "precision" and APART; other rows stay.
    Written whole or not at all.
    """
    path = file_of(rows[0], folder)
    today = datetime.date.today().isoformat()
    new = {contest_of(row) for row in rows}
    old = load(path) if path.exists() else []
    kept = [row for row in old if contest_of(row) not in new]
    whole = kept + [{"date": today, **row} for row in rows]
    folder.mkdir(exist_ok=True)
    temporary = path.with_suffix(".partial")
    lines = ",\n".join(json.dumps(row) for row in whole)
    temporary.write_text(f"[\n{lines}\n]\n")
    temporary.replace(path)
    return path


def load(path: Path) -> list[dict[str, Any]]:
    """The rows of a machine's file; a damaged one is put aside, and that is told."""
    try:
        rows = json.loads(path.read_text())
        list(map(contest_of, rows))
    except (ValueError, TypeError, KeyError, AttributeError):
        aside = path.replace(path.with_suffix(".damaged"))
        print(f"{path} is damaged; it is now {aside}", file=sys.stderr)
        return []
    return rows


def contest_of(row: dict[str, Any]) -> tuple:
    """What was contested, on which devices, in which precision, by what method."""
    return row["what"], row["on"], row["precision"], *map(row.get, APART)
