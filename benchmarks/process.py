"""Time the whole command that trains, from its start to its end.

    python benchmarks/process.py [--device cpu gpu] [--save]

200 steps of `python -m jaxnn.train`, its pictures and files included, with its cache
empty (the first time on a machine: XLA compiles, matplotlib lists the fonts) and
filled, in turn. Its folders are temporary ones.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import workers
from contest import contest, only
from flags import finish, flags, read
from rows import as_rows, headline
from tables import show
from timing import BenchmarkError, Contender, Prepared, same_cost

ROOT = Path(__file__).resolve().parents[1]
# Relative, of the cost. The same device leads to the same; from device to device 200
# steps go another way.
TOLERANCE = 1e-3, 2e-2
CACHES = ("XDG_CACHE_HOME", "LOCALAPPDATA")  # where the command keeps what it compiles


def whole_command(kind: str, steps: int, room: Path, is_warm: bool) -> Prepared:
    """The command in a process of its own; warm: with the cache of the first."""
    shared = tempfile.mkdtemp(dir=room)

    def run(_: int) -> float:
        folder = Path(tempfile.mkdtemp(dir=room))
        cache = shared if is_warm else tempfile.mkdtemp(dir=room)
        return train(kind, steps, folder / "run", cache)

    return Prepared(run, 1, "float32", device=kind)


def train(kind: str, steps: int, out: Path, cache: str) -> float:
    """Run the command; the cost it tells."""
    command = f"-m jaxnn.train --quiet --steps {steps} --device {kind} --out".split()
    env = {**os.environ, **dict.fromkeys(CACHES, cache)}
    env.pop("JAX_COMPILATION_CACHE_DIR", None)  # a cache of the user's own
    done = subprocess.run(
        [sys.executable, *command, out],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    told = re.search(r"cost (\S+) after", done.stdout)
    if done.returncode or told is None or not (out / "params.npz").exists():
        raise BenchmarkError(f"the command left no weights: {done.stderr.strip()}")
    return float(told[1])


def contenders(kinds: list[str], steps: int, room: Path) -> list[Contender]:
    """On each device, cold and warm."""
    return [
        Contender(
            f"{kind}, {'warm' if is_warm else 'cold'}",
            whole_command,
            (kind, steps, room, is_warm),
        )
        for kind in kinds
        for is_warm in (False, True)
    ]


def read_flags() -> argparse.Namespace:
    """The command line, with steps and rounds settled."""
    parser = flags((__doc__ or "").splitlines()[0], "5 steps, 1 round")
    args = read(parser, 1, 3)
    args.steps = 5 if args.quick else 200
    return args


def main() -> None:
    """Measure, print the table, write the rows."""
    args = read_flags()
    here = workers.here(args.device)
    print(f"{headline(here)}; {args.steps} steps")
    with tempfile.TemporaryDirectory() as room:
        competing = only(args.only, contenders(args.device, args.steps, Path(room)))
        agree = same_cost(TOLERANCE[len(args.device) > 1])
        timings, _ = contest(competing, args.rounds, agree)
    precision = "float32, on a GPU TF32" if "gpu" in args.device else "float32"
    about = {"what": "process", "on": " ".join(args.device), "precision": precision}
    sizes = {"m": 4000, "layers": [400, 25, 10], "steps": args.steps}
    rows = as_rows(timings, **about, **here, **sizes)
    show(rows)
    finish(rows, args)


if __name__ == "__main__":
    main()
