"""`fit`: train one network; its history, its best weights, its run folder.

m examples, n pixels, ten classes. The optimiser runs in compiled chunks; between them
the host reads accuracies, reports progress and saves, so none of it costs the loop.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn import checkpoint, devices, model, optimizers, runs
from jaxnn.data import Digits
from jaxnn.devices import Device
from jaxnn.settings import Settings, check, initial_params, make_task

SAVE_SECONDS = 1.0  # what a kill -9 loses, at the most


class History(NamedTuple):
    """One entry per step; arrays (steps,) float64, NaN where not measured."""

    cost: np.ndarray  # nats per example; of the mini-batch where there are such
    gradient_norm: np.ndarray  # Euclidean
    seconds: np.ndarray  # in the compiled loop; interpolated within a chunk
    train_accuracy: np.ndarray  # fraction; every tenth step, or every epoch
    test_accuracy: np.ndarray


class Snapshot(NamedTuple):
    """All that a run needs to go on; what checkpoint.npz holds."""

    state: optimizers.State
    best_params: model.Params
    best_accuracy: np.ndarray  # shape (), -1 before the first look
    history: History


class Progress(NamedTuple):
    """What a person wants to see while it trains; the latest entry of History."""

    step: int
    steps: int
    cost: float
    gradient_norm: float
    seconds: float
    train_accuracy: float
    test_accuracy: float  # NaN without test digits


class Run(NamedTuple):
    """A trained network and how it came about."""

    params: model.Params  # the last weights, NumPy matrices
    best_params: model.Params | None  # of the best test accuracy; None without test
    history: History
    cost: float
    steps: int
    began_at: int  # the step at which this call took over; 0 unless resumed
    evaluations: int  # of cost and gradient together
    converged: bool
    diverged: bool  # the cost became NaN or infinite; params are the last good ones
    message: str
    device: str
    compile_seconds: float
    folder: Path | None


def fit(
    train: Digits,
    test: Digits | None = None,
    *,
    hidden: Sequence[int] = (25,),
    lam: float = 1.0,
    init: str = "course",
    method: str = "lbfgs",
    steps: int = 200,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    dtype: str = "float32",
    device: str = "auto",
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    notes: dict[str, Any] | None = None,
    progress: Callable[[Progress], Any] | None = None,
) -> Run:
    """Train the network (n, *hidden, 10) on digits.

    hidden: units per hidden layer; () is one-vs-all logistic regression. lam: the
    penalty. init, method, learning_rate: as in `init_params` and `minimize`.
    batch_size: examples per step, for all but lbfgs; None takes all. dtype: "float32"
    or "float64". device: "auto", "cpu" or "gpu". out: the run folder to write, or with
    resume=True the one to continue, to the same numbers as an unbroken run on the same
    device. notes: kept in its config.json. progress: called every tenth step.

    Ctrl-C saves the folder, then raises KeyboardInterrupt. Raises ValueError (FileError
    and DeviceError are such) with one line that says what to change.
    """
    settings = Settings(
        tuple(hidden), lam, init, method, learning_rate, batch_size, dtype, seed
    )
    if not len(train.y):
        raise ValueError("no digits to train on; use a smaller test fraction")
    if steps < 1:
        raise ValueError(f"steps {steps}: at least one step is needed")
    if resume and out is None:
        raise ValueError("resume needs out, the run folder to go on with")
    check(settings)
    chosen = devices.choose(device)
    folder = None if out is None else Path(out)
    began = time.perf_counter()
    with jax.default_device(chosen), jax.enable_x64(dtype == "float64"):
        parts = [train] if test is None or not len(test.y) else [train, test]
        sets = [on_device(part, dtype, chosen) for part in parts]
        task = make_task(sets[0], settings)
        snapshot = first_snapshot(task, settings)
        config = runs.describe(settings, parts, notes, devices.describe(chosen))
        if folder is not None and resume:
            snapshot = resumed(folder, config, snapshot, chosen)
        optimizers.warm_up(model.cost, snapshot.state, **task)
        accuracies(snapshot.state.params, sets)
        compile_seconds = time.perf_counter() - began
        if folder is not None and not resume:
            runs.create(folder, config, snapshot, snapshot.state.params)
        began_at = int(snapshot.state.steps)
        result, snapshot = train_on(snapshot, task, steps, sets, folder, progress)
    best_params = best_of(snapshot, sets)
    return Run(
        params=jax.device_get(result.params),
        best_params=jax.device_get(best_params),
        history=snapshot.history,
        cost=result.cost,
        steps=result.steps,
        began_at=began_at,
        evaluations=result.evaluations,
        converged=result.converged,
        diverged=result.diverged,
        message=result.message,
        device=config["device"],
        compile_seconds=compile_seconds,
        folder=folder,
    )


def on_device(digits: Digits, dtype: str, device: Device) -> tuple[Any, Any]:
    """(x (m, n), y (m,)) as arrays on the device."""
    return jax.device_put((digits.x.astype(dtype), digits.y.astype(np.int32)), device)


def first_snapshot(task: dict[str, Any], settings: Settings) -> Snapshot:
    """Where a run begins: initial weights, no history."""
    params = initial_params(settings, task["args"][0].shape[1])
    state = optimizers.start(model.cost, params, **task)
    history = History(*[np.empty(0)] * len(History._fields))
    return Snapshot(state, params, np.array(-1.0), history)


def train_on(
    snapshot: Snapshot,
    task: dict[str, Any],
    steps: int,
    sets: list[tuple[Any, Any]],
    folder: Path | None,
    progress: Callable[[Progress], Any] | None,
) -> tuple[optimizers.Result, Snapshot]:
    """Run the loop to its end; look, report and save between chunks."""
    looked = saved = time.perf_counter()

    def look(state: optimizers.State, trace: optimizers.Trace) -> None:
        nonlocal snapshot, looked, saved
        seconds = time.perf_counter() - looked
        snapshot = record(snapshot, state, trace, seconds, sets)
        if progress is not None:
            latest = [float(column[-1]) for column in snapshot.history]
            progress(Progress(int(state.steps), steps, *latest))
        looked = time.perf_counter()
        if folder is not None and looked - saved > SAVE_SECONDS:
            save(folder, snapshot, snapshot.state.params, sets)
            looked = saved = time.perf_counter()

    try:
        result = optimizers.minimize(
            model.cost,
            snapshot.state.params,
            **task,
            steps=steps,
            state=snapshot.state,
            callback=look,
        )
    except KeyboardInterrupt:
        if folder is not None:
            save(folder, snapshot, snapshot.state.params, sets)
        raise
    if folder is not None:
        save(folder, snapshot, result.params, sets)
        checkpoint.save_params(folder / "weights.mat", result.params)
    return result, snapshot


def record(
    snapshot: Snapshot,
    state: optimizers.State,
    trace: optimizers.Trace,
    seconds: float,
    sets: list[tuple[Any, Any]],
) -> Snapshot:
    """The snapshot after a chunk that took `seconds`; a failed one moves no state."""
    done = int(trace.done)
    before = snapshot.history
    rows = np.full((len(History._fields), done), np.nan)
    rows[0] = np.asarray(trace.costs)[:done]
    rows[1] = np.asarray(trace.grad_norms)[:done]
    start = before.seconds[-1] if before.seconds.size else 0.0
    rows[2] = start + seconds * np.arange(1, done + 1) / done
    best_params, best = snapshot.best_params, snapshot.best_accuracy
    if optimizers.is_finite(state):
        rows[3 : 3 + len(sets), -1] = measured = accuracies(state.params, sets)
        if measured[-1] > best:
            best_params, best = state.params, np.array(measured[-1])
    else:
        state = snapshot.state
    history = map(np.append, before, rows)
    return Snapshot(state, best_params, best, History(*history))


def accuracies(params: model.Params, sets: list[tuple[Any, Any]]) -> list[float]:
    """The accuracy on each set of digits."""
    counts = zip(hits(params, sets), sets, strict=True)
    return [int(count) / y.size for count, (_, y) in counts]


@jax.jit
def hits(params: model.Params, sets: list[tuple[Any, Any]]) -> list[jax.Array]:
    """How many digits of each set are read right; one program for all sets."""
    return [jnp.sum(model.predict(params, x) == y) for x, y in sets]


def best_of(snapshot: Snapshot, sets: list[tuple[Any, Any]]) -> model.Params | None:
    """The weights of the best test accuracy; None if none was measured."""
    is_known = len(sets) > 1 and snapshot.best_accuracy >= 0
    return snapshot.best_params if is_known else None


def save(
    folder: Path, snapshot: Snapshot, params: model.Params, sets: list[tuple[Any, Any]]
) -> None:
    """Bring the run folder up to date."""
    table = snapshot.history._asdict()
    runs.update(folder, snapshot, params, best_of(snapshot, sets), table)


def resumed(
    folder: Path, config: dict[str, Any], like: Snapshot, device: Device
) -> Snapshot:
    """Where the run in folder stands; FileError if it is not this run."""
    found = runs.restore(folder, config, like)
    # a run that diverged has a history beyond the state it can go on from
    history = History(*(column[: int(found.state.steps)] for column in found.history))
    state, best_params = jax.device_put((found.state, found.best_params), device)
    return Snapshot(state, best_params, found.best_accuracy, history)
