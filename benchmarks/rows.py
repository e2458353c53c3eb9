"""What a benchmark leaves behind: rows of JSON, one file per machine.

Every row stands alone: the machine, the software, the sizes, each measured time.
"""

import argparse
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

import checkout  # noqa: F401, finds jaxnn
from jaxnn import cli
from timing import Timing, ratio, spread

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "optax", "scikit-learn", "torch")
SIZES = "networks", "examples"  # flags that leave sizes out
LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "XLA_FLAGS")


def as_rows(timings: Sequence[Timing], **about: Any) -> list[dict[str, Any]]:
    """One dictionary per contender, for JSON; about is repeated in each."""
    return [
        {
            **about,
            "name": t.name,
            "device": t.device,
            "dtype": t.dtype,
            "median": float(np.median(t.seconds)),  # seconds per evaluation
            "min": float(t.seconds.min()),
            "spread": spread(t),  # between the quartiles, over the median
            "ratio": ratio(t, timings[0]),  # to the first contender, round by round
            "cost": t.cost if np.isfinite(t.cost) else None,  # a limit has none
            "compile_seconds": t.compile_seconds,
            "memory": t.memory,  # bytes
            "environment": dict(t.environment),
            "seconds": t.seconds.tolist(),
            **t.facts,
        }
        for t in timings
    ]


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
    """The machine's file: named after its processor and, if it has one, its GPU."""
    words = f"{row['cpu']} {row['threads']['cores']} cores {row.get('gpu') or ''}"
    words = re.sub(r"\((R|TM)\)|processor|cpu", " ", words, flags=re.IGNORECASE)
    return folder / (re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") + ".json")


def save(rows: list[dict[str, Any]], folder: Path = RESULTS) -> Path:
    """Put rows into the machine's file, in place of those of the same contest.

    A contest is a row's "what", "on", "precision" and "method"; other rows stay.
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
    """What was contested, on which device, in which precision, by what method."""
    return row["what"], row["on"], row["precision"], row.get("method")


def flags(
    about: str, quick: str, devices: Sequence[str] = ("cpu", "gpu")
) -> argparse.ArgumentParser:
    """The flags that every benchmark has. quick: what --quick does."""
    parser = cli.Parser(description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--device", nargs="+", choices=devices, default=["cpu"], help="[cpu]")
    add("--quick", action="store_true", help=quick)
    add("--rounds", type=positive, help="repetitions of each")
    add("--only", nargs="+", metavar="NAME", help="names that begin so; and the first")
    add("--save", action="store_true", help=f"keep the rows in {RESULTS.name}/")
    add("--json", type=Path, metavar="FILE", help="write the rows there as well")
    return parser


def positive(word: str) -> int:
    """A number of things, at least one."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word} is not a whole number above 0")
    return int(word)


def read(parser: argparse.ArgumentParser, quick: int, full: int) -> argparse.Namespace:
    """The command line, lists without repetitions. quick, full: rounds unless told."""
    args = parser.parse_args()
    for name, found in vars(args).items():
        if isinstance(found, list):
            setattr(args, name, list(dict.fromkeys(found)))
    args.rounds = args.rounds or (quick if args.quick else full)
    partial = [n for n in ("quick", "only", *SIZES) if getattr(args, n, None)]
    if args.save and partial:
        parser.error(
            f"argument --save: a part would replace the whole; not --{partial[0]}"
        )
    if args.json and not args.json.absolute().parent.is_dir():
        parser.error(f"argument --json: {args.json.parent} is no folder")
    return args


def finish(rows: list[dict[str, Any]], args: argparse.Namespace) -> None:
    """Write the rows where --save and --json want them, and say where."""
    if args.save:
        print(f"rows in {save(rows)}; benchmarks/report.py makes RESULTS.md of them")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
        print(f"rows in {args.json}")
