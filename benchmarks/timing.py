"""Time contenders in turn, each once a round, each in a process of its own.

NumPy's idle BLAS threads keep spinning for about 0.1 s after a product, and other
libraries bring thread pools too: in one process, or without a rest between them, they
steal cores from the next contender. So each contender gets a worker process; the
parent lets one at a time run and then waits until idle threads have come to rest.
Whatever else the machine does meanwhile hits all contenders of a round alike, so they
are compared round by round; each round has an order of its own, or who always came
after the same neighbour, or first, would be its victim.

A script passes its own contenders, whose set-up functions are at its top level:

    def mine(x, steps):
        return Prepared(run=lambda i: ..., evaluations=steps, dtype="float32")

    if __name__ == "__main__":
        competing = [Contender("mine", mine, (x, 50)), ...]
        timings, skipped = contest(competing, 15, same_cost(1e-5))
        show(as_rows(timings, what="mine"))
"""

import importlib.util
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing import connection, get_context, parent_process
from threading import Thread
from typing import Any, NamedTuple

import numpy as np

REST = 0.2  # seconds between two contenders
SPAWN = get_context("spawn")
LONG = 0.5  # seconds of a repetition beside which filling the caches counts for nothing

# agree(cost of each contender) raises BenchmarkError
Agree = Callable[[dict[str, float]], None]


class BenchmarkError(ValueError):
    """The contenders do not compute the same, so their times say nothing."""


class Unavailable(Exception):
    """A contender cannot run on this machine; the message says why."""


class Prepared(NamedTuple):
    """What a contender's set-up returns, in its worker."""

    # the round -> its cost, or None if it has nothing to do in it; finished on return
    run: Callable[[int], float | None]
    evaluations: float  # that one repetition makes
    dtype: str
    compile_seconds: float = 0.0
    device: str = "cpu"
    memory: int | None = None  # bytes on the device: arguments, results and between
    facts: Mapping[str, Any] = {}  # whatever else belongs into its row


class Contender(NamedTuple):
    """setup(*args) -> Prepared, called in the worker; both must be picklable."""

    name: str
    setup: Callable[..., Prepared]
    args: tuple = ()
    needs: str | None = None  # a package, without which it is skipped
    environment: Mapping[str, str] = {}  # of its worker
    has_cost: bool = True  # False: a limit; what it returns is compared with nothing
    # Those of one group share a process, and with it what makes one process faster than
    # the next; only for those that share a thread pool as well
    group: str | None = None


class Timing(NamedTuple):
    """What was measured of one contender."""

    name: str
    seconds: np.ndarray  # (rounds,) per evaluation; NaN where there was none
    cost: float
    dtype: str
    compile_seconds: float
    device: str
    memory: int | None = None
    environment: Mapping[str, str] = {}
    facts: Mapping[str, Any] = {}


_prepared: dict[str, Prepared] = {}  # in a worker: its contenders


def end_with_parent() -> None:
    """In a worker: end when the benchmark does, however it ends (kill, say)."""
    parent: Any = parent_process()

    def wait() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def worker() -> ProcessPoolExecutor:
    """A process for one contender, or one group of them."""
    return ProcessPoolExecutor(1, mp_context=SPAWN, initializer=end_with_parent)


def set_up(contender: Contender) -> Timing:
    """In a worker: prepare and warm up; a timing without its seconds."""
    made = _prepared[contender.name] = contender.setup(*contender.args)
    return Timing(
        name=contender.name,
        seconds=np.empty(0),
        cost=number(made.run(0)),
        dtype=made.dtype,
        compile_seconds=made.compile_seconds,
        device=made.device,
        memory=made.memory,
        environment=contender.environment,
        facts=made.facts,
    )


def repeat(name: str, i: int) -> tuple[float, float]:
    """In a worker: a repetition in round i; seconds per evaluation, cost."""
    made = _prepared[name]
    seconds, cost = once(made, i)
    if seconds < LONG:  # again: that fetched back what the others push out of caches
        seconds, cost = once(made, i)
    return seconds / made.evaluations, cost


def once(made: Prepared, i: int) -> tuple[float, float]:
    """In a worker: seconds of one repetition, its cost."""
    start = time.perf_counter()
    cost = made.run(i)
    seconds = time.perf_counter() - start
    return (np.nan if cost is None else seconds), number(cost)


def number(cost: float | None) -> float:
    """NaN for None."""
    return np.nan if cost is None else cost


def compare(
    contenders: Sequence[Contender],
    rounds: int,
    agree: Agree,
    report: Callable[[str], None] = print,
    rest: float = REST,
) -> tuple[list[Timing], dict[str, str]]:
    """Time the contenders in turn, in an order drawn for each round (seed 0).

    agree: refuses costs that cannot all be right. report: takes lines of progress.
    rest: seconds after each repetition. A contender whose package is missing, whose
    process dies or that raises Unavailable is skipped. Returns the timings, none if
    nobody is left, and why each of the others was skipped, by its name. Raises
    BenchmarkError where the costs do not agree, and what a contender raises.
    """
    with ExitStack() as stack:
        pools, timings, skipped = prepare(contenders, stack, report, rest)
        answering = {c.name for c in contenders if c.has_cost and c.name in pools}
        seconds, drawing = [], random.Random(0)  # (rounds, contenders)
        for i in range(rounds if pools else 0):
            order = drawing.sample(list(pools), len(pools))
            results = {n: ask(pools[n], n, rest, repeat, n, i) for n in order}
            ran = {n for n, (taken, _) in results.items() if np.isfinite(taken)}
            agree({n: results[n][1] for n in pools if n in answering & ran})
            seconds.append([results[n][0] for n in pools])
            report(f"round {i + 1} of {rounds}")
    columns = zip(timings, np.array(seconds).T, strict=True)
    return [t._replace(seconds=column) for t, column in columns], skipped


def prepare(
    contenders: Sequence[Contender],
    stack: ExitStack,
    report: Callable[[str], None],
    rest: float,
) -> tuple[dict[str, ProcessPoolExecutor], list[Timing], dict[str, str]]:
    """Set all up; the process of each by its name, what is known before the rounds.

    stack: closes the processes. The third is why each of the others was skipped.
    """
    pools, groups, timings, skipped = {}, {}, [], {}
    for contender in contenders:
        name, group = contender.name, contender.group or contender.name
        pool = groups.get(group) or worker()
        try:
            timings.append(first_answer(contender, pool, rest))
        except Unavailable as reason:
            skipped[name] = str(reason)
            report(f"{name}: skipped, {reason}")
            if group not in groups:
                pool.shutdown()
            continue
        if group not in groups:
            groups[group] = stack.enter_context(pool)
        pools[name] = pool
        report(f"{name}: ready")
    return pools, timings, skipped


def first_answer(
    contender: Contender, pool: ProcessPoolExecutor, rest: float
) -> Timing:
    """Set the contender up in its worker; Unavailable if that cannot be."""
    package = contender.needs
    if package and importlib.util.find_spec(package) is None:
        raise Unavailable(f"{package} is not installed; pip install -e '.[bench]'")
    try:
        with environment(contender.environment):  # the worker inherits it
            return ask(pool, contender.name, rest, set_up, contender)
    except BrokenProcessPool:
        flags = contender.environment.get("XLA_FLAGS")
        why = f"perhaps XLA does not know {flags}" if flags else "too little memory?"
        raise Unavailable(f"its process died; {why}") from None


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    """os.environ with changes, as it was before afterwards."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


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


def same_cost(tolerance: float) -> Agree:
    """All costs are the first one's, to a relative difference; NaN never is."""

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
