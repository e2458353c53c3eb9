"""A bar of progress, for a terminal or a notebook."""

import re
import shutil
import sys
import warnings
from collections.abc import Callable
from typing import IO, Any

BAR = 20  # columns of a bar and the time left
LESS = r"  gradient \S+", r"  [\d.]+ s$"  # of a line of progress

Show = Callable[[str, int, int], None]


def bar(stream: IO[str], leaves: bool = True) -> Show:
    """show(text, done, whole) draws a bar; whole 0 ends it, if there is one.

    leaves: whether its last state stays on the screen.
    """
    one: Any = None

    def show(text: str, done: int, whole: int) -> None:
        nonlocal one
        if one is None and whole:
            one = new_bar(fitted(text), whole, stream)
        elif one is None:
            return
        if whole:
            if done < one.n:  # the next piece of work
                one.reset()
            one.total = whole
            one.set_description_str(fitted(text), refresh=False)
            one.update(done - one.n)  # draws ten times a second, at most
        elif sys.exception() is None:
            one.total = one.n  # the work ended early, and well
        if done >= whole:
            one.leave = leaves and one.n > 0
            one.close()
            one = None

    return show


def fitted(text: str) -> str:
    """The text without what a bar can do without, if a terminal is too narrow."""
    room = shutil.get_terminal_size().columns - BAR
    for less in LESS:
        text = re.sub(less, "", text) if len(text) > room else text
    return text


def new_bar(text: str, whole: int, stream: IO[str]) -> Any:
    """A tqdm bar; a notebook with ipywidgets draws it itself."""
    with warnings.catch_warnings(action="ignore"):  # of a notebook without ipywidgets
        from tqdm.auto import tqdm  # only here: it takes 0.05 s to load

    how = {"bar_format": "{desc} |{bar}| {remaining} left", "dynamic_ncols": True}
    return tqdm(desc=text, total=whole, file=stream, **how)
