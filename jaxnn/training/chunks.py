"""Run the optimizer in compiled chunks; between them measure, report and save."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import model, optimizers
from jaxnn.training import centering, history, run_folder
from jaxnn.training.history import Progress, Sets, Snapshot
from jaxnn.training.streams import Stream
from jaxnn.training.task import centers_in

SAVE_SECONDS = 1.0  # between checkpoints, at least; a kill -9 loses what they lack
SAVE_SHARE = 20  # and so many times what saving takes: a long history takes longer


def train_on(
    snapshot: Snapshot,
    task: dict[str, Any],
    steps: int,
    sets: Sets,
    folder: Path | None,
    progress: Callable[[Progress], Any] | None,
    chooses: bool,
) -> tuple[optimizers.Result, Snapshot]:
    """Run the loop to its end; measure, report and save between chunks.

    chooses: whether the last of the sets chooses the best weights.
    """
    histories = [snapshot.history]
    trained = snapshot.history.seconds[-1] if snapshot.history.seconds.size else 0.0
    looked = saved = time.perf_counter()
    pause = SAVE_SECONDS

    def look(state: optimizers.State, trace: optimizers.Trace) -> None:
        nonlocal snapshot, trained, looked, saved, pause
        # spread the chunk's time evenly over its steps
        done = int(trace.done)
        spread = np.linspace(trained, trained + time.perf_counter() - looked, done + 1)
        trained = spread[-1]
        params = network(state, task)
        snapshot, chunk = history.after(
            snapshot, state, params, trace, spread[1:], sets
        )
        histories.append(chunk)
        if progress is not None:
            latest = [float(column[-1]) for column in chunk]
            progress(Progress(int(state.steps), steps, *latest))
        looked = time.perf_counter()
        if folder is not None and looked - saved > pause:
            save(folder, whole(), network(snapshot.state, task), chooses)
            saved = time.perf_counter()
            pause, looked = max(SAVE_SECONDS, SAVE_SHARE * (saved - looked)), saved

    def whole() -> Snapshot:
        histories[:] = [history.joined(histories)]
        return snapshot._replace(history=histories[0])

    def close(params: model.Params) -> None:
        if folder is not None:
            save(folder, whole(), params, chooses)

    try:
        result = optimizers.minimize(
            centering.cost,
            snapshot.state.params,
            **task,
            steps=steps,
            state=snapshot.state,
            callback=look,
        )
    except KeyboardInterrupt:
        close(network(snapshot.state, task))
        raise
    finally:
        for part in sets:
            if isinstance(part.x, Stream):
                part.x.release()
    result = result._replace(params=network(result, task))
    close(result.params)
    return result, whole()


def network(
    reached: optimizers.State | optimizers.Result, task: dict[str, Any]
) -> model.Params:
    """The network's own parameters; the optimizer's may be centered."""
    return centering.uncentered(reached.params, centers_in(task))


def best_of(snapshot: Snapshot, chooses: bool) -> model.Params | None:
    """The weights with the best test accuracy; None if none was measured, or asked."""
    is_known = chooses and snapshot.best_accuracy >= 0
    return snapshot.best_params if is_known else None


def save(folder: Path, snapshot: Snapshot, params: model.Params, chooses: bool) -> None:
    """Update history, checkpoint and weights in the folder."""
    run_folder.write_history(folder, snapshot.history._asdict())
    run_folder.update(folder, snapshot, params, best_of(snapshot, chooses))
