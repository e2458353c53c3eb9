"""`fit`: train one network, keep its history and best weights, write its run folder.

m examples, n pixels, k classes.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxnn import files, optimizers, orientation, processes, showing
from jaxnn.data import judge
from jaxnn.digits import Digits, some_pictures
from jaxnn.mistake import Mistake
from jaxnn.training import centering, placement, places, record, run_folder
from jaxnn.training.chunks import best_of, network, train_on
from jaxnn.training.history import Progress, Run, Snapshot
from jaxnn.training.settings import (
    Settings,
    check,
    check_kinds,
    checked,
    cost_name,
    tidy,
)
from jaxnn.training.starting import begin, require_finite, resumed
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
    devices: int | str | None = None,
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
    dtype: "float32" or "float64". device: "auto", "cpu", "gpu" or "gpu:1". devices: a
    number of such devices, or "all": each holds its share of the digits, and the
    results differ from those of one device by rounding. By default one, or those on
    which the digits lie; all, where `jax.distributed` has joined several processes; and
    those of a run that continues, as far as they are there.
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
    check_kinds(locals())
    check_progress(progress)
    folder = folder_for(out, resume, overwrite)
    held = record.read_config(folder) if folder is not None and resume else None
    units = tuple(np.atleast_1d(hidden).tolist())
    center = method in centering.METHODS if held is None else held.settings.center
    how = units, lam, init, method, learning_rate, batch_size, dtype, seed, center
    settings = tidy(Settings(*how))
    held_out = held_out if held is None else held.held_out
    check(settings, steps)
    parts = checked(train, test, dtype)
    place = placement.choose(device, devices, train.x, held.devices if held else 1)
    own = folder if place.leads else None  # one process alone writes
    if own is not None and held is None:
        places.require_free(own, AGAIN, overwrite)
    orientation.warn(train)
    names, began = (cost_name(batch_size), judge(held_out)), time.perf_counter()
    follows = watching(progress, steps, names, str(place))
    with place.computing(dtype), follows as follow, ExitStack() as locks:
        locks.enter_context(places.locked(own))
        config = record.describe(settings, parts, notes, *place.facts, held_out)
        with processes.quiet():
            require_alike(config, steps, folder if held else None)
            sets, task, snapshot = begin(parts, settings, place)
        if folder is not None and held is not None:
            config = record.continued(held, config, notes)
            snapshot = resumed(folder, held, config, snapshot, place.whole)
        require_finite(snapshot)
        compile_seconds = time.perf_counter() - began
        if own is not None and held is not None:
            run_folder.reopen(own, config)
        elif own is not None:
            new = config, train, snapshot, network(snapshot.state, task)
            locks.enter_context(run_folder.create(own, *new, overwrite))
        began_at, chooses = int(snapshot.state.steps), held_out and len(parts) > 1
        result, snapshot = train_on(snapshot, task, steps, sets, own, follow, chooses)
        run = as_run(result, snapshot, best_of(snapshot, chooses), config)
        run = run._replace(began_at=began_at, compile_seconds=compile_seconds)
        return finished(run._replace(folder=own), config, train, pictures)


def require_alike(config: record.Config, steps: int, resumed: Path | None) -> None:
    """Raise Mistake unless all processes of a run have the same facts."""
    if config.processes == 1:
        return
    checkpoint = b""
    if resumed is not None:
        path = resumed / places.CHECKPOINT
        with files.reading(path, "a checkpoint"):
            checkpoint = path.read_bytes()
    processes.agree(
        {
            "settings": (config.settings, steps, config.held_out, config.devices),
            "versions": config.versions,
            "digits": (record.unnamed(config), config.classes),
            "checkpoint": hashlib.sha256(checkpoint).hexdigest(),
        }
    )


def folder_for(out: str | Path | None, resume: bool, overwrite: bool) -> Path | None:
    """The folder to write; raises Mistake for what `fit` cannot do with out."""
    if out is None and (resume or overwrite):
        raise Mistake(
            f"{'resume' if resume else 'overwrite'} needs out, the run folder"
        )
    if resume and overwrite:
        raise Mistake("resume continues a run, overwrite replaces it; give one of them")
    return None if out is None else Path(out)


def finished(run: Run, config: record.Config, train: Digits, pictures: bool) -> Run:
    """The run, when its folder, if any, holds the outcome and perhaps the pictures."""
    if run.folder is not None:
        done = {name: getattr(run, name) for name in record.OUTCOME}
        record.write_config(run.folder, config._replace(outcome=done))
        if pictures:
            draw(run, train)
    return run


def draw(run: Run, train: Digits) -> None:
    """Write the pictures of a run, and weights.mat."""
    assert run.folder is not None
    shown = showing.Trained(run.folder, run.params, run.title(), run.curves())
    makers = showing.run_pictures.makers(shown, some_pictures(train))
    for file, make in makers.items():
        make(run.folder / file)


def as_run(
    result: optimizers.Result, snapshot: Snapshot, best: Any, config: record.Config
) -> Run:
    """The Run that a finished loop gives; weights as NumPy matrices."""
    return Run(
        params=jax.device_get(result.params),
        best_params=jax.device_get(best),
        history=snapshot.history,
        **{name: getattr(result, name) for name in record.OUTCOME},
        **record.facts(config),
    )
