"""What every script does: read flags, time its contenders, show and save their rows.

A machine has one file of rows. Each stands alone: machine, software, sizes, all times.
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
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from jaxnn import devices, files
from jaxnn.mistake import Mistake

from .rounds import Agree, BenchmarkError, Contender, Row, compare
from .tables import heading, software, table, title

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = "jax jaxlib numpy scipy optax scikit-learn skorch torch".split()
LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "XLA_FLAGS")
SIZES = (
    "method",
    "target",
    "lam",
    "gpu",
    "m",
    "hidden",
    "data",
)  # also distinguish contests


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are mistakes of one line."""

    def error(self, message: str) -> NoReturn:
        raise Mistake(f"{message}; see {self.prog} --help")


def flags(what: str, about: str | None, quick: str) -> Parser:
    """The flags of every benchmark. what: its script. quick: what --quick does."""
    parser = Parser(description=(about or "").splitlines()[0], allow_abbrev=False)
    parser.set_defaults(what=what)
    add, kinds = parser.add_argument, ("auto", "cpu", "gpu")
    add("--device", nargs="+", choices=kinds, default=["cpu"], help="default: cpu")
    add("--quick", action="store_true", help=f"only see that it works: {quick}")
    add("--rounds", type=int, help="how often each contender is timed")
    add("--save", action="store_true", help=f"keep the rows in {RESULTS.name}/")
    return parser


def read(
    parser: Parser, argv: Sequence[str], quick: int, full: int
) -> argparse.Namespace:
    """Parse the command line; `here` is the machine. quick, full: default rounds."""
    args = parser.parse_args(argv)
    if args.rounds is None:
        args.rounds = quick if args.quick else full
    if args.rounds < 1:
        parser.error(f"argument --rounds: {args.rounds} is not above 0")
    if args.save and args.quick:
        parser.error("argument --save: leave out --quick, which measures only a part")
    args.here = machine()
    if args.save:
        load(file_of(args.here))  # a damaged file is found before the work
    devices.prepare_process("cpu" if set(args.device) == {"cpu"} else "auto")
    found = {kind: devices.choose(kind, "--device cpu") for kind in args.device}
    args.device = list(dict.fromkeys(one.platform for one in found.values()))
    if "gpu" in args.device:
        args.here["gpu"] = devices.choose("gpu").device_kind
    return args


def machine() -> dict[str, Any]:
    """Today, the processor, usable cores, limits on threads, versions of software."""
    name, cores = platform.processor() or platform.machine(), os.cpu_count() or 1
    if sys.platform == "linux":
        models = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        name, cores = (models or [name])[0], len(os.sched_getaffinity(0))
    threads = {"cores": cores} | {k: os.environ[k] for k in LIMITS if k in os.environ}
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    today = datetime.date.today().isoformat()
    return {"date": today, "cpu": name, "threads": threads, "versions": versions}


def hold(
    args: argparse.Namespace,
    contenders: Sequence[Contender],
    agree: Agree,
    **about: Any,
) -> None:
    """Time the contenders, show their rows and, with --save, keep them.

    about: what else belongs in each row, "precision" at least. If a contender computes
    wrongly or dies, the script ends in one line and with exit code 1.
    """
    try:
        rows = compare(contenders, args.rounds, agree)
    except (BenchmarkError, BrokenProcessPool) as error:
        sys.exit("; ".join([f"error: {error}", *getattr(error, "__notes__", [])]))
    about = {"what": args.what, "on": " ".join(args.device), **args.here, **about}
    rows = [{**about, **row} for row in rows]
    reasons = [f"{row['name']}: {row['why']}" for row in rows if "why" in row]
    print(f"{heading(rows)}; {software(rows)}", title(rows[0]), "", sep="\n")
    print(table(rows), *reasons, "", sep="\n", flush=True)
    if args.save:
        path = save(rows)
        print(f"rows in {path}; python benchmarks/write_results.py makes RESULTS.md")


def save(rows: Sequence[Row]) -> Path:
    """Put rows into the machine's file, replacing those of the same contest."""
    path, new = file_of(rows[0]), {contest_of(row) for row in rows}
    kept = [row for row in load(path) if contest_of(row) not in new]
    lines = ",\n".join(json.dumps(row) for row in [*kept, *rows])
    lines = lines.replace("NaN", "null")  # JSON has no NaN
    files.write_text(path, f"[\n{lines}\n]\n")
    return path


def file_of(row: Row) -> Path:
    """The machine's file, named after its processor."""
    words = f"{row['cpu']} {row['threads']['cores']} cores"
    words = re.sub(r"\((R|TM)\)|processor|cpu", " ", words, flags=re.IGNORECASE)
    return RESULTS / (re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") + ".json")


def load(path: Path) -> list[Row]:
    """The rows of a machine's file; Mistake if it is damaged."""
    try:
        rows = json.loads(path.read_text()) if path.exists() else []
        list(map(contest_of, rows))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Mistake(f"{path} is damaged; restore it or move it away") from None
    return rows


def contest_of(row: Row) -> tuple:
    """What distinguishes the row's contest from others."""
    return row["what"], row["on"], row["precision"], *map(row.get, SIZES)
