"""How a run starts: from drawn weights, or from the checkpoint of a folder."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxnn import meshes, model, optimizers
from jaxnn.digits import Digits
from jaxnn.files import FileError
from jaxnn.mistake import Mistake
from jaxnn.training import centering, record, run_folder
from jaxnn.training.history import History, Sets, Snapshot, accuracies, no_history
from jaxnn.training.placement import Placement
from jaxnn.training.resized import resized
from jaxnn.training.settings import Settings
from jaxnn.training.streams import Stream
from jaxnn.training.task import centers_in, initial_params, load, make_task


def begin(
    parts: Sequence[Digits], settings: Settings, place: Placement
) -> tuple[Sets, dict[str, Any], Snapshot]:
    """The digits on their devices, the optimizer's arguments, the start of the run."""
    pads, dtype = settings.batch_size is None, settings.dtype
    read = parts
    is_cpu = place.first.platform == "cpu" and place.devices == 1
    if pads and dtype == "float32" and is_cpu:
        read = [resized(part) for part in parts]
    size = settings.batch_size  # of the training digits; the others only judge
    sets = [
        load(part, dtype, place.rows, pads, None if i else size)
        for i, part in enumerate(read)
    ]
    params = initial_params(settings, parts[0])
    centers = centering.centers_of(params, parts[0].x) if settings.center else None
    start = meshes.put(centering.centered(params, centers), place.whole)
    task = make_task(sets[0], settings, centers, place.whole)
    return sets, task, first_snapshot(task, params, start, sets, place)


def first_snapshot(
    task: dict[str, Any],
    params: model.Params,
    start: model.Params,
    sets: Sets,
    place: Placement,
) -> Snapshot:
    """The start of a run: initial weights, no history; compiles what the run needs.

    XLA compiles side by side: the loop, which also evaluates the start, and what is
    measured between chunks. Several devices run both in one order.
    """

    def compile_rest() -> None:
        if any(isinstance(part.x, Stream) for part in sets):
            return  # it would read all of them
        # JAX keeps these settings for each thread
        with place.computing(params[0].dtype.name):
            accuracies(centering.uncentered(start, centers_in(task)), sets)

    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(compile_rest) if place.devices == 1 else None
        state = optimizers.start(centering.cost, start, **task)
        rest.result() if rest else compile_rest()
    return Snapshot(state, params, np.array(-1.0), no_history())


def require_finite(snapshot: Snapshot) -> None:
    """Raise Mistake where the cost is NaN or infinite before the first step."""
    if not optimizers.is_finite(snapshot.state):
        raise Mistake(
            f"the cost at the start is {float(snapshot.state.cost)}; "
            "use a smaller lambda, and pixels near 0-1"
        )


def resumed(
    folder: Path,
    held: record.Config,
    config: record.Config,
    like: Snapshot,
    whole: Any,
) -> Snapshot:
    """The point that the run in folder has reached.

    held: the folder's config; config: that of this call. whole: where the arrays go.
    Raises FileError if the config or the checkpoint does not fit.
    """
    run_folder.require_same(folder, held, config)
    found = run_folder.restore(folder, like)
    shapes = [jax.tree.map(np.shape, state) for state in (found.state, like.state)]
    if shapes[0] != shapes[1]:
        raise FileError(
            f"{folder}: its checkpoint belongs to another network or method; "
            "start a new run"
        )
    pairs = zip(*map(jax.tree.leaves, (found.state, like.state)), strict=True)
    if any(np.isfinite(a).all() < np.isfinite(b).all() for a, b in pairs):
        raise FileError(f"{folder}: its checkpoint holds NaN; start a new run")
    # the history of a run that diverged goes beyond its last good state
    steps = int(found.state.steps)
    past = History(*(column[:steps] for column in found.history))
    state, best_params = meshes.put((found.state, found.best_params), whole)
    return Snapshot(state, best_params, found.best_accuracy, past)
