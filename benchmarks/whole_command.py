"""Time the whole command that trains, from its start to its end.

    python benchmarks/whole_command.py [--device cpu gpu] [--save]

200 steps of `python -m jaxnn.train`, with its pictures and files. Cold: its cache is
empty, as the first time on a machine (XLA compiles, matplotlib lists the fonts). Warm:
the cache is filled. All folders are temporary.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness import script
from harness.rounds import BenchmarkError, Contender, Prepared, same_cost
from jaxnn import cli

ROOT = Path(__file__).resolve().parents[1]
# Relative, of the cost. One device always leads to the same; across devices rounding
# leads 200 steps elsewhere.
TOLERANCE = 1e-3, 2e-2
CACHES = ("XDG_CACHE_HOME", "LOCALAPPDATA")  # where the command keeps what it compiles


def whole_command(kind: str, steps: int, room: Path, is_warm: bool) -> Prepared:
    """The command in a process of its own; warm: all runs share a cache."""
    shared = tempfile.mkdtemp(dir=room)

    def run(_: int) -> float:
        out = Path(tempfile.mkdtemp(dir=room)) / "run"
        cache = shared if is_warm else tempfile.mkdtemp(dir=room)
        flags = ["--steps", str(steps), "--device", kind, "--out", str(out)]
        return train(flags, cache)

    return Prepared(run, 1, "float32", device=kind)


def train(flags: Sequence[str], cache: str) -> float:
    """Run the command; the cost that it prints."""
    command = [sys.executable, "-m", "jaxnn.train", "--quiet", *flags]
    env = {**os.environ, **dict.fromkeys(CACHES, cache)}
    env.pop("JAX_COMPILATION_CACHE_DIR", None)  # a cache of the user's own
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    printed = re.search(r"cost (\S+) after", done.stdout)
    if done.returncode or printed is None:
        raise BenchmarkError(f"the command failed: {done.stderr.strip()}")
    return float(printed[1])


def contenders(kinds: Sequence[str], steps: int, room: Path) -> list[Contender]:
    """On each device, cold and warm."""
    return [
        Contender(f"{kind}, {name}", whole_command, (kind, steps, room, name == "warm"))
        for kind in kinds
        for name in ("cold", "warm")
    ]


def main(argv: Sequence[str]) -> int:
    """Time, show, save."""
    parser = script.flags("whole_command", __doc__, "5 steps, 1 round")
    args = script.read(parser, argv, 1, 3)
    steps = 5 if args.quick else 200
    precision = "float32, on a GPU TF32" if "gpu" in args.device else "float32"
    about = {"m": 4000, "layers": (400, 25, 10), "steps": steps, "precision": precision}
    with tempfile.TemporaryDirectory() as room:
        competing = contenders(args.device, steps, Path(room))
        agree = same_cost(TOLERANCE[len(args.device) > 1])
        script.hold(args, competing, agree, **about)
    return 0


if __name__ == "__main__":
    cli.run(main)
