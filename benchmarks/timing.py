"""Time contenders in turn, A B C A B C ..., each in a process of its own.

NumPy's idle BLAS threads keep spinning for about 0.1 s after a product, and other
libraries bring thread pools too: in one process, or without a rest between them, they
steal cores from the next contender. So each contender gets a worker process; the
parent lets one at a time run and then waits until idle threads have come to rest.
Whatever else the machine does meanwhile hits all contenders of a round alike, so they
are compared round by round.

A script passes its own contenders, whose set-up functions are at its top level:

    def mine(x, steps):
        return Prepared(run=..., evaluations=steps, dtype="float32")

    if __name__ == "__main__":
        timings = compare([Contender("mine", mine, (x, 50)), ...], 15, 1e-5)
        print(table(timings))
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np

REST = 0.2  # seconds between two contenders
LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "XLA_FLAGS")


class BenchmarkError(ValueError):
    """The contenders do not compute the same, so their times say nothing."""


class Prepared(NamedTuple):
    """What a contender's set-up returns, in its worker."""

    run: Callable[[], float]  # one repetition, finished on return; gives its cost
    evaluations: int  # that one repetition makes
    dtype: str
    compile_seconds: float = 0.0
    device: str = "cpu"


class Contender(NamedTuple):
    """setup(*args) -> Prepared, called in the worker; both must be picklable."""

    name: str
    setup: Callable[..., Prepared]
    args: tuple = ()


class Timing(NamedTuple):
    """What was measured of one contender."""

    name: str
    seconds: np.ndarray  # (rounds,) per evaluation
    cost: float
    dtype: str
    compile_seconds: float
    device: str


_prepared: Prepared  # in a worker: its contender


def set_up(contender: Contender) -> Timing:
    """In a worker: prepare and warm up; a timing without its seconds."""
    global _prepared
    made = _prepared = contender.setup(*contender.args)
    facts = made.dtype, made.compile_seconds, made.device
    return Timing(contender.name, np.empty(0), made.run(), *facts)


def repeat() -> tuple[float, float]:
    """In a worker: one repetition; seconds per evaluation, cost."""
    _prepared.run()  # fetches back into the caches what the others have pushed out
    start = time.perf_counter()
    cost = _prepared.run()
    return (time.perf_counter() - start) / _prepared.evaluations, cost


def compare(
    contenders: Sequence[Contender],
    rounds: int,
    tolerance: float,
    report: Callable[[str], None] = print,
    rest: float = REST,
) -> list[Timing]:
    """Time the contenders in turn; the order given is the order of each round.

    tolerance: the relative difference from the first one's cost that rounding may
    make. report: takes lines of progress. rest: seconds after each repetition.
    Raises BenchmarkError where costs differ by more, and what a contender raises.
    """
    with ExitStack() as stack:
        pools = {}
        timings = []
        for contender in contenders:
            pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
            pools[contender.name] = stack.enter_context(pool)
            timings.append(ask(pool, contender.name, rest, set_up, contender))
            report(f"{contender.name}: ready")
        require_same_cost({t.name: t.cost for t in timings}, tolerance)
        seconds = []  # (rounds, contenders)
        for i in range(rounds):
            seconds.append(one_round(pools, tolerance, rest))
            report(f"round {i + 1} of {rounds}")
    columns = zip(timings, np.array(seconds).T, strict=True)
    return [timing._replace(seconds=column) for timing, column in columns]


def one_round(
    pools: dict[str, ProcessPoolExecutor], tolerance: float, rest: float
) -> list[float]:
    """One repetition of each contender: its seconds per evaluation."""
    results = {name: ask(pool, name, rest, repeat) for name, pool in pools.items()}
    require_same_cost({name: cost for name, (_, cost) in results.items()}, tolerance)
    return [seconds for seconds, _ in results.values()]


def ask(
    pool: ProcessPoolExecutor, name: str, rest: float, function: Callable, *args: Any
) -> Any:
    """What a contender's worker answers; returns `rest` seconds after it has."""
    try:
        answer = pool.submit(function, *args).result()
    except Exception as error:
        error.add_note(f"in the benchmark's contender {name!r}")
        raise
    time.sleep(rest)
    return answer


def require_same_cost(costs: dict[str, float], tolerance: float) -> None:
    """Raise BenchmarkError unless each cost is the first one's; NaN never is."""
    (first, expected), *others = costs.items()
    for name, cost in others:
        if not abs(cost - expected) <= tolerance * abs(expected):
            raise BenchmarkError(
                f"{name} computes the cost {cost!r}, {first} {expected!r}: rounding "
                f"explains a relative difference of {tolerance:g}; correct the "
                "contender before timing it"
            )


def ratio(timing: Timing, base: Timing) -> float:
    """How many times as long as base: the median of the rounds' ratios."""
    return float(np.median(timing.seconds / base.seconds))


def spread(timing: Timing) -> float:
    """The distance between the quartiles as a fraction of the median."""
    low, middle, high = np.percentile(timing.seconds, [25, 50, 75])
    return float((high - low) / middle)


def table(timings: Sequence[Timing]) -> str:
    """Milliseconds per evaluation, and ratios to the first contender."""
    width = max(len(t.name) for t in timings)
    head = "median ms   min ms  spread  ratio         cost  compile s"
    lines = [f"{'contender':{width}}  {head}"]
    for t in timings:
        lines.append(
            f"{t.name:{width}} {np.median(t.seconds) * 1e3:10.3f} "
            f"{t.seconds.min() * 1e3:8.3f} {spread(t):7.0%} {ratio(t, timings[0]):6.2f}"
            f" {t.cost:12.7f} {t.compile_seconds:10.2f}"
        )
    return "\n".join(lines)


def as_rows(timings: Sequence[Timing], **about: Any) -> list[dict[str, Any]]:
    """One dictionary per contender, for JSON; about is repeated in each."""
    return [
        {**about, **t._asdict(), "seconds": t.seconds.tolist()}
        | {"median": float(np.median(t.seconds)), "ratio": ratio(t, timings[0])}
        for t in timings
    ]


def contest(
    contenders: Sequence[Contender], rounds: int, tolerance: float
) -> list[Timing]:
    """`compare` for a script: progress on stderr, one line if a contender is wrong."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        return compare(contenders, rounds, tolerance, tell)
    except BenchmarkError as error:
        sys.exit(f"error: {error}")


def machine(*packages: Any) -> dict[str, Any]:
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
    versions |= {package.__name__: package.__version__ for package in packages}
    return {"cpu": name, "threads": {"cores": cores, **limits}, "versions": versions}


def headline(here: dict[str, Any]) -> str:
    """machine() in one line."""
    software = ", ".join(f"{name} {v}" for name, v in here["versions"].items())
    return f"{here['cpu']}, {here['threads']['cores']} cores; {software}"
