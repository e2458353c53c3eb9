"""`fit`: train one network, keep its history and best weights, write its run folder.

m examples, n pixels, ten classes.
"""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnn import devices, meshes, model, optimizers
from jaxnn.data import Digits
from jaxnn.devices import Device
from jaxnn.files import FileError
from jaxnn.mistake import Mistake
from jaxnn.training import centering, record, run_folder
from jaxnn.training.chunks import best_of, network, train_on
from jaxnn.training.history import (
    History,
    Progress,
    Sets,
    Snapshot,
    accuracies,
    no_history,
)
from jaxnn.training.settings import Settings, check, check_digits, tidy
from jaxnn.training.task import centers_in, initial_params, load, make_task
from jaxnn.weights import save_params


@cache
def say_once(text: str) -> None:
    """Print a line on stderr, the first time."""
    print(text, file=sys.stderr)


class Run(NamedTuple):
    """A trained network and how it was trained."""

    params: model.Params  # the last weights, NumPy matrices
    best_params: model.Params | None  # with the best test accuracy; None without test
    history: History
    cost: float  # nats per example, at params
    steps: int
    evaluations: int  # of cost and gradient
    converged: bool
    diverged: bool  # the cost became NaN or infinite; params are the last good ones
    message: str
    began_at: int = 0  # the step where this call started; 0 unless resumed
    device: str = ""
    compile_seconds: float = 0.0
    folder: Path | None = None


def fit(
    train: Digits,
    test: Digits | None = None,
    *,
    hidden: int | Sequence[int] = (25,),
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
    mat: bool = True,
) -> Run:
    """Train the network (n, *hidden, 10) on digits x (m, n), y (m,).

    hidden: units per hidden layer; () is one-vs-all logistic regression.
    lam: the penalty.
    init, method, learning_rate: as in `init_params` and `minimize`. Methods that
    gain by it train in centered coordinates (training/centering.py); the weights that
    `fit` returns and saves are always the network's own.
    batch_size: examples per step, for adam, gd and momentum; None takes all. `fit` then
    adds digits of weight 0, up to a multiple of 250; they change no result. So
    all numbers of digits between two multiples of 250 share the compiled programs.
    dtype: "float32" or "float64". device: "auto", "cpu" or "gpu". With "auto", digits
    whose rows lie on several devices stay there, and all of them train.
    out: the run folder to write. With resume=True, the run folder to continue: it ends
    with the same numbers as an unbroken run on the same device. (bfgs and SciPy's
    methods start again from its weights.)
    notes: stored in config.json, so they must be JSON types.
    progress: called every tenth step; with mini-batches, once per epoch or every tenth
    step, whichever is longer; with bfgs, at the end.
    mat: also write weights.mat, for Octave; False saves loading SciPy.

    At a prompt and in a notebook the first call says that it compiles, which takes
    seconds (`cache_compiled_programs` saves them). Ctrl-C saves the folder, then raises
    KeyboardInterrupt. Raises Mistake with one line that says what to change.
    """
    units = tuple(np.atleast_1d(hidden).tolist())
    if resume and out is None:
        raise Mistake("resume needs out, the run folder to continue")
    folder = None if out is None else Path(out)
    held = record.read_config(folder) if folder is not None and resume else None
    center = method in centering.METHODS if held is None else held.settings.center
    settings = tidy(
        Settings(
            units, lam, init, method, learning_rate, batch_size, dtype, seed, center
        )
    )
    check(settings, steps)
    check_digits(train, test)
    chosen = devices.choose(device)
    if folder is not None and held is None:
        run_folder.require_free(folder)
    if hasattr(sys, "ps1"):  # a person waits, at a prompt or in a notebook
        say_once(f"compiling for {devices.describe(chosen)}")
    began = time.perf_counter()
    with devices.computing(chosen, dtype):
        parts = [train] if test is None or not len(test.y) else [train, test]
        rows = meshes.rows_of(train.x) if device == "auto" else None
        whole = meshes.everywhere(rows.mesh) if rows else chosen
        sets = [load(part, dtype, rows or chosen, not batch_size) for part in parts]
        params = initial_params(settings, train.x.shape[1])
        centers = centering.centers_of(params, train.x) if center else None
        task = make_task(sets[0], settings, centers)
        snapshot = first_snapshot(task, params, sets, chosen, whole)
        config = record.describe(settings, parts, notes, devices.describe(chosen))
        if folder is not None and held is not None:
            run_folder.require_same(folder, held, config)
            snapshot = resumed(folder, snapshot, whole)
        if not optimizers.is_finite(snapshot.state):
            raise Mistake(
                f"the cost at the start is {float(snapshot.state.cost)}; "
                "use a smaller lambda, and pixels near 0-1"
            )
        compile_seconds = time.perf_counter() - began
        if folder is not None and held is not None:
            if notes is None:
                config = config._replace(notes=held.notes)
            record.write_config(folder, config)  # steps, device, versions may be new
        elif folder is not None:
            run_folder.create(folder, config, snapshot, network(snapshot.state, task))
        began_at = int(snapshot.state.steps)
        result, snapshot = train_on(snapshot, task, steps, sets, folder, progress)
        if folder is not None and mat:
            save_params(folder / "weights.mat", result.params)
    run = as_run(result, snapshot, best_of(snapshot, sets))
    return run._replace(
        began_at=began_at,
        device=config.device,
        compile_seconds=compile_seconds,
        folder=folder,
    )


def as_run(result: optimizers.Result, snapshot: Snapshot, best: Any) -> Run:
    """The Run that a finished loop gives; weights as NumPy matrices."""
    return Run(
        params=jax.device_get(result.params),
        best_params=jax.device_get(best),
        history=snapshot.history,
        cost=result.cost,
        steps=result.steps,
        evaluations=result.evaluations,
        converged=result.converged,
        diverged=result.diverged,
        message=result.message,
    )


def first_snapshot(
    task: dict[str, Any],
    params: model.Params,
    sets: Sets,
    device: Device,
    whole: Any,
) -> Snapshot:
    """The start of a run: initial weights, no history; compiles what the run needs.

    whole: the device, or how an array lies whole on each of several.
    XLA compiles side by side: the loop, which also evaluates the start, and what is
    measured between chunks.
    """
    centers = centers_in(task)
    start = jax.device_put(centering.centered(params, centers), whole)

    def compile_rest() -> None:
        # JAX keeps these settings for each thread
        with devices.computing(device, params[0].dtype.name):
            accuracies(centering.uncentered(start, centers), sets)

    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(compile_rest)
        state = optimizers.start(centering.cost, start, **task)
        rest.result()
    return Snapshot(state, params, np.array(-1.0), no_history())


def resumed(folder: Path, like: Snapshot, whole: Any) -> Snapshot:
    """The point that the run in folder has reached; FileError if it does not fit."""
    found = run_folder.restore(folder, like)
    shapes = [jax.tree.map(np.shape, state) for state in (found.state, like.state)]
    if shapes[0] != shapes[1]:
        raise FileError(
            f"{folder}: its checkpoint belongs to another network or method; "
            "start a new run"
        )
    # the history of a run that diverged goes beyond its last good state
    steps = int(found.state.steps)
    past = History(*(column[:steps] for column in found.history))
    state, best_params = jax.device_put((found.state, found.best_params), whole)
    return Snapshot(state, best_params, found.best_accuracy, past)
