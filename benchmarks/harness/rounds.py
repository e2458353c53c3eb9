"""Time contenders in turn: once per round, each in a process of its own.

Idle threads of NumPy's BLAS spin for about 0.1 s after a product, and other libraries
have thread pools too. In one process, or without a rest, they would take cores away
from the next contender. Whatever else the machine does slows all contenders of a round
alike, so they are compared round by round. Each round draws its own order: in a fixed
one, a contender would always suffer from the same predecessor.
"""

import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import connection, get_context, parent_process
from threading import Thread
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

REST = 0.2  # seconds after each repetition
SPAWN = get_context("spawn")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
LONG = 0.5  # seconds of a repetition next to which filling the caches is negligible

Row = dict[str, Any]
Agree = Callable[[dict[str, float]], None]  # raises BenchmarkError if costs disagree


class BenchmarkError(ValueError):
    """The contenders do not compute the same, so their times mean nothing."""


class Unavailable(Exception):
    """A contender cannot do the job; its row says why."""


class Prepared(NamedTuple):
    """What a contender's set-up returns, in its worker."""

    # round -> cost, or None where it has nothing to do; all work is finished on return
    run: Callable[[int], float | None]
    evaluations: float  # of one repetition
    dtype: str
    compile_seconds: float = 0.0
    device: str = "cpu"
    memory: int | None = None  # bytes on the device: arguments, results, intermediates
    facts: Mapping[str, Any] = {}  # what else belongs in its row


class Contender(NamedTuple):
    """setup(*args) -> Prepared, called in the worker; both must be picklable."""

    name: str  # one that begins with "limit:" has no cost
    setup: Callable[..., Prepared]
    args: tuple = ()
    environment: Mapping[str, str] = {}  # of its worker


def is_limit(name: str) -> bool:
    """Whether this is not a contender, but a time that no contender can beat."""
    return name.startswith("limit:")


def compare(contenders: Sequence[Contender], rounds: int, agree: Agree) -> list[Row]:
    """Time the contenders in turn, in an order drawn for each round (seed 0).

    agree: refuses costs that cannot all be right. Returns a row per contender, with its
    "seconds" per evaluation in each round (NaN where it had nothing to do), or "why" it
    is Unavailable. One whose set-up fails otherwise is left out; the first must not.
    """
    rows, workers, missing = {}, {}, []
    with ExitStack() as stack:
        for contender in contenders:
            process, name = stack.enter_context(worker()), contender.name
            row = {"name": name, "environment": dict(contender.environment)}
            try:
                with patch.dict(os.environ, contender.environment):  # of its worker
                    rows[name] = row | ask(process, name, set_up, contender)
                workers[name] = process
                progress(f"{name}: ready")
            except Exception as error:
                is_known = isinstance(error, Unavailable)
                if isinstance(error, BenchmarkError) or not (workers or is_known):
                    raise
                process.shutdown()
                why = str(error).partition("\n")[0]
                if isinstance(error, ModuleNotFoundError):
                    why += "; pip install -e '.[bench]'"
                missing += [row | {"why": why}] * is_known
                progress(f"{name}: skipped, {why}")
        drawing = random.Random(0)
        for i in range(rounds if workers else 0):
            costs = dict.fromkeys(workers, np.nan)
            for name in drawing.sample(list(workers), len(workers)):
                seconds, costs[name] = ask(workers[name], name, repeat, i)
                rows[name]["seconds"].append(seconds)
            ran = [n for n in workers if np.isfinite(rows[n]["seconds"][-1])]
            agree({n: costs[n] for n in ran if not is_limit(n)})
            progress(f"round {i + 1} of {rounds}")
    return [*rows.values(), *missing]


def progress(line: str) -> None:
    """Print a line of progress on stderr."""
    print(line, file=sys.stderr, flush=True)


def worker() -> ProcessPoolExecutor:
    """A process for one contender."""
    return ProcessPoolExecutor(1, mp_context=SPAWN, initializer=end_with_parent)


def end_with_parent() -> None:
    """In a worker: end when the benchmark ends, even if it is killed."""
    parent: Any = parent_process()

    def wait() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def ask(process: ProcessPoolExecutor, name: str, function: Callable, arg: Any) -> Any:
    """What a contender's worker answers; returns after a rest."""
    try:
        answer = process.submit(function, arg).result()
    except Exception as error:
        error.add_note(f"in the benchmark's contender {name!r}")
        raise
    time.sleep(REST)
    return answer


_prepared: list[Prepared] = []  # in a worker: its contender


def set_up(contender: Contender) -> Row:
    """In a worker: prepare and warm up; what the row says except times."""
    made = contender.setup(*contender.args)
    _prepared.append(made)
    keys = "device", "dtype", "compile_seconds", "memory"
    known = {key: getattr(made, key) for key in keys}
    return {**known, "cost": repeat(0)[1], "seconds": [], **made.facts}


def repeat(i: int, is_first: bool = True) -> tuple[float, float]:
    """In a worker: one repetition, in round i; seconds per evaluation, cost."""
    (made,) = _prepared
    start = time.perf_counter()
    cost = made.run(i)
    seconds = time.perf_counter() - start
    if cost is None:
        return np.nan, np.nan
    if is_first and seconds < LONG:  # it refilled caches that the others had emptied
        return repeat(i, False)
    return seconds / made.evaluations, cost


def same_cost(tolerance: float) -> Agree:
    """All costs equal the first one, up to a relative difference; NaN never does."""

    def agree(costs: dict[str, float]) -> None:
        (first, expected), *others = costs.items()
        for name, cost in others:
            if not abs(cost - expected) <= tolerance * abs(expected):
                raise BenchmarkError(
                    f"{name} computes the cost {cost!r}, {first} {expected!r}: "
                    f"rounding explains a relative difference of {tolerance:g}; "
                    "correct the contender before timing it"
                )

    return agree
