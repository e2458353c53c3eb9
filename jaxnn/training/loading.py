"""`load_run`: a run folder as the Run that `fit` returned."""

from pathlib import Path

import numpy as np

from jaxnn.mistake import Mistake
from jaxnn.training import run_folder
from jaxnn.training.history import History, Run, no_history
from jaxnn.training.record import OUTCOME, facts, read_config
from jaxnn.weights import load_params

UNFINISHED = "not finished; fit(..., out=FOLDER, resume=True) continues it"


def load_run(folder: str | Path) -> Run:
    """The run in a folder that `fit` or the command train wrote.

    A run that was stopped shows how far it came. Raises FileError if the folder holds
    no run, or a file of it is damaged.
    """
    folder = Path(folder)
    config, history = read_config(folder), history_of(folder)
    best = folder / "best.npz"
    done = config.outcome or {
        "cost": float(history.cost[-1]) if history.cost.size else np.nan,
        "steps": len(history.cost),
        "evaluations": 0,
        "converged": False,
        "diverged": False,
        "message": UNFINISHED,
    }
    try:
        return Run(
            params=load_params(folder),
            best_params=load_params(best) if best.exists() else None,
            history=history,
            **{name: done[name] for name in OUTCOME},
            folder=folder,
            **facts(config),
        )
    except KeyError as lost:
        raise Mistake(f"{folder}: config.json lacks {lost}; train again") from None


def history_of(folder: Path) -> History:
    """What history.csv holds; no entry before the first step."""
    table = run_folder.read_history(folder)
    if not table:
        return no_history()
    return History(*(table[name] for name in History._fields))
