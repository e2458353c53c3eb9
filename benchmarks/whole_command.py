"""Time whole processes, from typing to the trained network.

    python benchmarks/whole_command.py [--device cpu gpu] [--save]

200 steps of `python -m jaxnn.train`, with its pictures and files, and of the scripts in
peer_scripts/: the same digits, network, cost and initial weights. Peers find digits and
weights in a file. Cold: jaxnn compiles. Warm: its cache of compiled programs is filled.
In both, matplotlib has listed the fonts and the system holds the files in memory.

Peak memory: the most that the process held, plus the most of each that it started.
Linux notes it (VmHWM); an untimed run reads it every 20 ms. ru_maxrss would include
what the benchmark itself holds.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from harness import jaxnn, script
from harness.peers import PLACES
from harness.race import Race, true_cost
from harness.rounds import ONE_THREAD, BenchmarkError, Contender, Prepared, Unavailable
from jaxnn import cli

FOLDER, PROBLEM = Path(__file__).resolve().parent, "problem.npz"
GLANCE = 0.02  # seconds
CACHES = ("XDG_CACHE_HOME", "LOCALAPPDATA")  # where the command keeps what it compiles
STANDSTILL = ("--method", "gd", "--learning-rate", "1e-12")  # its cost: the start's
# how far a claim may be from NumPy's float64 for the same weights, relative
SLACK = {"start": 1e-4, "cost": 1e-4, "accuracy": 2e-3}
TF32 = dict.fromkeys(SLACK, 1e-2)
Claims = dict[str, float]  # what a process says: SLACK's keys, steps; memory in bytes
Train = Callable[[str, Path, int, bool], Claims]  # device, folder, steps, is_watched


def pose(room: Path) -> None:
    """Write down the problem that `python -m jaxnn.train` sets itself."""
    train, test = jaxnn.split(jaxnn.load_digits(), test_fraction=0.2, seed=0)
    theta1, theta2 = jaxnn.init_params(0)
    x, x_test = (part.x.astype(np.float32) for part in (train, test))
    data: dict[str, Any] = {"x": x, "y": train.y, "x_test": x_test, "y_test": test.y}
    data |= {"theta1": theta1, "theta2": theta2, "lam": np.float32(1)}
    np.savez(room / PROBLEM, **data)


def by_jaxnn(
    is_warm: bool, kind: str, place: Path, steps: int, is_watched: bool, *flags: str
) -> Claims:
    """Run the command; watched, it also says its cost before the first step."""
    start, out, cache = {}, place / "run", place / "cache"
    if is_watched:
        by_jaxnn(is_warm, kind, place, steps, False)  # fills the cache
        there = by_jaxnn(is_warm, kind, place, 1, False, *STANDSTILL)
        start = {"start": there["cost"]}
    for old in [out] if is_warm else [out, cache]:
        shutil.rmtree(old, ignore_errors=True)
    env = {**os.environ, **dict.fromkeys(CACHES, str(cache))}
    env["MPLCONFIGDIR"] = str(place / "fonts")
    env.pop("JAX_COMPILATION_CACHE_DIR", None)  # a cache of the user's own
    words = ["-m", "jaxnn.train", "--quiet", "--steps", steps, "--device", kind]
    _, memory = finished([*words, "--out", out, *flags], env, is_watched)
    return {**last_step(out / "history.csv"), **start, "memory": memory}


def last_step(history: Path) -> Claims:
    """The claims in a run's history."""
    titles, *_, last = history.read_text().split()
    said = dict(zip(titles.split(","), last.split(","), strict=True))
    names = {"steps": "step", "cost": "cost", "accuracy": "test_accuracy"}
    return {key: float(said[name]) for key, name in names.items()}


def by_peer(
    package: str, kind: str, place: Path, steps: int, is_watched: bool
) -> Claims:
    """Run a package's script; what it prints."""
    if find_spec(package) is None:
        raise ModuleNotFoundError(f"No module named {package!r}")
    path, problem = FOLDER / f"peer_scripts/in_{package}.py", place.parent / PROBLEM
    words = [path, problem, steps, place / "params.npz", PLACES[kind]]
    printed, memory = finished(words, os.environ, is_watched)
    pairs = re.findall(r"(\w+) (\S+)", printed)
    return {**{key: float(number) for key, number in pairs}, "memory": memory}


def finished(
    words: Sequence[object], env: Mapping[str, str], is_watched: bool
) -> tuple[str, int]:
    """Run Python to its end: what it printed; its peak memory, 0 if unknown."""
    command, pipe = [sys.executable, *map(str, words)], subprocess.PIPE
    how = {"cwd": FOLDER.parent, "env": env, "stdout": pipe, "stderr": pipe}
    peaks, out, err = {}, "", ""
    with subprocess.Popen(command, text=True, **how) as process:
        while process.returncode is None:
            if is_watched:  # when first seen, it may still be a copy of its parent
                seen = peaks_of(process.pid)
                peaks |= {pid: seen[pid] * (pid in peaks) for pid in seen}
            with suppress(subprocess.TimeoutExpired):
                out, err = process.communicate(timeout=GLANCE if is_watched else None)
    if process.returncode and words[0] == "-m":
        raise BenchmarkError(f"the command failed: {err.strip()}")
    if process.returncode:
        raise Unavailable(f"{words[0]}: {err.strip().rpartition(chr(10))[2]}")
    return out, sum(peaks.values())


def peaks_of(pid: int) -> dict[int, int]:
    """The most bytes that a process, and those that it started, held so far."""
    found, place = {}, Path(f"/proc/{pid}")
    with suppress(OSError):  # it has ended, or this is not Linux
        peak = re.search(r"VmHWM:\s*(\d+) kB", (place / "status").read_text())
        found |= {pid: 1024 * int(peak[1])} if peak else {}
        for children in place.glob("task/*/children"):
            for child in children.read_text().split():
                found |= peaks_of(int(child))
    return found


def checked(place: Path, claims: Claims, slack: Claims) -> Claims:
    """NumPy's figures for the weights in place; refuses claims that differ."""
    paths = place.parent / PROBLEM, next(place.rglob("params.npz"))
    with np.load(paths[0]) as file, np.load(paths[1]) as left:
        data, params = dict(file), (left["theta1"], left["theta2"])
    start = data["theta1"], data["theta2"]
    race = Race(np.nan, float(data["lam"]), [], data["x"], data["y"])
    exact = {"start": true_cost(start, race), "cost": true_cost(params, race)}
    right = read(params, data["x_test"]) == data["y_test"]
    exact["accuracy"] = float(right.mean())
    for key, claimed in claims.items():
        if not abs(claimed - exact[key]) <= slack[key] * exact[key]:
            raise BenchmarkError(
                f"{place.name} says {key} {claimed!r}, NumPy {exact[key]!r} for the "
                "same weights; correct the contender before timing it"
            )
    return exact


def read(params: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """The digits that a network reads: x (m, n) -> (m,)."""
    for theta in params:
        x = 1 / (1 + np.exp(-(theta[:, 0] + x @ theta[:, 1:].T)))
    return x.argmax(axis=1)


def whole(train: Train, kind: str, place: Path, steps: int, slack: Claims) -> Prepared:
    """Training in a process of its own, once its claims have been checked."""
    place.mkdir()
    claims = train(kind, place, steps, True)
    if claims["steps"] != steps:
        raise Unavailable(f"stopped after {claims['steps']:g} of {steps} steps")
    exact = checked(place, {key: claims[key] for key in slack}, slack)
    facts = {**exact, "memory": claims["memory"] or None}

    def run(_: int) -> float:
        return train(kind, place, steps, False)["cost"]

    return Prepared(run, 1, "float32", device=kind, facts=facts)


def agree(room: Path, slack: Claims, costs: Claims) -> None:
    """Each contender's cost is that of the weights it has just left."""
    for name, cost in costs.items():
        checked(room / name, {"cost": cost}, slack)


def contenders(
    kinds: Sequence[str], room: Path, steps: int, slack: Claims
) -> list[Contender]:
    """jaxnn warm and cold, then its peers, these with all BLAS threads and with one."""
    peers = [("scikit-learn", "sklearn", "cpu")]
    found = []

    def add(name: str, train: Train, kind: str, **threads: str) -> None:
        args = train, kind, room / name, steps, slack
        found.append(Contender(name, whole, args, threads))

    for kind in kinds:
        mark = f", {kind}" if kinds[1:] else ""
        add(f"jaxnn, warm{mark}", partial(by_jaxnn, True), kind)
        add(f"jaxnn, cold{mark}", partial(by_jaxnn, False), kind)
        peers.append((f"PyTorch{mark}", "torch", kind))
    for name, package, kind in peers:
        train = partial(by_peer, package)
        add(name, train, kind)
        add(f"{name}, 1 BLAS thread", train, kind, **ONE_THREAD)
    return found


def main(argv: Sequence[str]) -> int:
    """Time, show, save."""
    parser = script.flags("whole_command", __doc__, "5 steps, 1 round")
    args = script.read(parser, argv, 1, 9)
    steps, slack, precision = 5 if args.quick else 200, SLACK, "float32"
    if "gpu" in args.device:
        slack, precision = TF32, "float32, on a GPU TF32"
    about = {"m": 4000, "layers": (400, 25, 10), "steps": steps, "precision": precision}
    with tempfile.TemporaryDirectory() as folder:
        pose(room := Path(folder))
        competing = contenders(args.device, room, steps, slack)
        script.hold(args, competing, partial(agree, room, slack), **about)
    return 0


if __name__ == "__main__":
    cli.run(main)
