"""`fit`: train one network, keep its history and best weights, write its run folder.

m examples, n pixels, k classes.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxnn import devices, meshes, model, optimizers, orientation, showing
from jaxnn.data import judge
from jaxnn.devices import Device
from jaxnn.digits import Digits, some_pictures
from jaxnn.files import FileError
from jaxnn.mistake import Mistake
from jaxnn.training import centering, record, run_folder
from jaxnn.training.chunks import best_of, network, train_on
from jaxnn.training.history import (
    History,
    Progress,
    Run,
    Sets,
    Snapshot,
    accuracies,
    no_history,
)
from jaxnn.training.settings import Settings, check, checked, cost_name, tidy
from jaxnn.training.task import centers_in, initial_params, load, make_task
from jaxnn.training.watching import check_progress, watching

AGAIN = "continue it with resume=True, replace it with overwrite=True, or "


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
    overwrite: bool = False,
    notes: dict[str, Any] | None = None,
    progress: bool | Callable[[Progress], Any] | None = None,
    held_out: bool = True,
    pictures: bool = True,
) -> Run:
    """Train the network (n, *hidden, k) on digits x (m, n), y (m,) of k classes.

    test: digits to judge by, as `split` holds them out. They choose `best_params`, so
    the best accuracy on them flatters; the last one does not. held_out=False: a test
    set that chooses nothing. (A run that continues stays as it is.)
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
    methods start again from its weights.) With overwrite=True, `out` may hold a run;
    the new one replaces it when it is ready for its first step.
    notes: stored in config.json, so they must be JSON types.
    progress: a bar: True, or None (the default) on a terminal and in a notebook; or a
    function, called every tenth step; with mini-batches, once per epoch or every tenth
    step, whichever is longer; with bfgs, at the end.
    pictures: also write curves.png, hidden_units.png, digits.png and, for Octave,
    weights.mat; False saves loading matplotlib and SciPy.

    The first call compiles, which takes seconds (`cache_compiled_programs` saves them).
    Ctrl-C saves the folder, then raises KeyboardInterrupt. Raises Mistake with one line
    that says what to change. Warns of images that are transposed, or whose ink is not
    near 1 (orientation.py).
    """
    units = tuple(np.atleast_1d(hidden).tolist())
    check_progress(progress)
    if out is None and (resume or overwrite):
        raise Mistake(
            f"{'resume' if resume else 'overwrite'} needs out, the run folder"
        )
    if resume and overwrite:
        raise Mistake("resume continues a run, overwrite replaces it; give one of them")
    folder = None if out is None else Path(out)
    held = record.read_config(folder) if folder is not None and resume else None
    center = method in centering.METHODS if held is None else held.settings.center
    held_out = held_out if held is None else held.held_out
    settings = tidy(
        Settings(
            units, lam, init, method, learning_rate, batch_size, dtype, seed, center
        )
    )
    check(settings, steps)
    parts = checked(train, test)
    chosen = devices.choose(device)
    if folder is not None and held is None:
        run_folder.require_free(folder, AGAIN, overwrite)
    orientation.warn(train)
    began, where = time.perf_counter(), devices.describe(chosen)
    names = cost_name(batch_size), judge(held_out)
    with (
        devices.computing(chosen, dtype),
        watching(progress, steps, names, where) as follow,
    ):
        rows = meshes.rows_of(train.x) if device == "auto" else None
        whole = meshes.everywhere(rows.mesh) if rows else chosen
        sets = [load(part, dtype, rows or chosen, not batch_size) for part in parts]
        params = initial_params(settings, train)
        centers = centering.centers_of(params, train.x) if center else None
        task = make_task(sets[0], settings, centers)
        snapshot = first_snapshot(task, params, sets, chosen, whole)
        config = record.describe(settings, parts, notes, where, held_out)
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
            first = network(snapshot.state, task)
            run_folder.create(folder, config, train, snapshot, first, overwrite)
        began_at = int(snapshot.state.steps)
        chooses = held_out and len(parts) > 1
        result, snapshot = train_on(
            snapshot, task, steps, sets, folder, follow, chooses
        )
    run = as_run(result, snapshot, best_of(snapshot, chooses))
    run = run._replace(
        began_at=began_at,
        device=config.device,
        compile_seconds=compile_seconds,
        folder=folder,
        settings=settings,
        held_out=held_out,
        classes=train.classes,
        shape=train.shape,
        standardized=bool(config.notes.get("standardize")),
    )
    if folder is not None:
        done = {name: getattr(run, name) for name in run_folder.OUTCOME}
        record.write_config(folder, config._replace(outcome=done))
    if folder is not None and pictures:
        draw(run, train)
    return run


def draw(run: Run, train: Digits) -> None:
    """Write the pictures of a run, and weights.mat."""
    assert run.folder is not None
    shown = showing.Trained(run.folder, run.params, run.title(), run.curves())
    makers = showing.run_pictures.makers(shown, some_pictures(train))
    for file, make in makers.items():
        make(run.folder / file)


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
