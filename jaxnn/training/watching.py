"""Who follows a run: a bar, a person's own function, or nobody."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from jaxnn.mistake import Mistake
from jaxnn.progress import bar
from jaxnn.training.history import Progress

Follow = Callable[[Progress], Any]


def check_progress(progress: Any) -> None:
    """Raise Mistake for what cannot follow a run."""
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise Mistake(
            f"progress={progress!r}: give True for a bar, False for none, or a "
            "function to call"
        )


@contextmanager
def watching(
    progress: bool | Follow | None, steps: int, names: tuple[str, str], device: str
) -> Iterator[Follow | None]:
    """What to call after each chunk; None if nobody looks. names: as in `step_line`."""
    if callable(progress):
        yield progress
        return
    if jax.process_index() or not wants_bar(progress):  # one process alone shows it
        yield None
        return
    show = bar(sys.stderr)
    show(f"compiling for {device}", 0, steps)
    try:
        yield lambda now: show(step_line(now, *names), now.step, now.steps)
    finally:
        show("", 0, 0)


def wants_bar(progress: bool | None) -> bool:
    """Whether to show a bar: None asks for one on a terminal and in a notebook."""
    is_seen = sys.stderr.isatty() or hasattr(sys, "ps1")  # ps1: a prompt, a notebook
    return is_seen if progress is None else progress


def step_line(now: Progress, name: str, judge: str) -> str:
    """The line of progress for a step; names of the cost, and of the test part."""
    accuracies = {"train": now.train_accuracy, judge: now.test_accuracy}
    parts = [
        f"step {now.step:>{len(str(now.steps))}}/{now.steps}",
        f"{name} {now.cost:.4f}",
        f"gradient {now.gradient_norm:.1e}",
        *(f"{k} {v:.2%}" for k, v in accuracies.items() if not np.isnan(v)),
        f"{now.seconds:.1f} s",
    ]
    return "  ".join(parts)
