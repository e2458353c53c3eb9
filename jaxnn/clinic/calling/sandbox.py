"""A person's code runs in here: what it does to the process is undone."""

import builtins
import contextlib
import io
import os
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from jaxnn.clinic.calling.texts import modern

FOLDERS: set[str] = set()  # of the files loaded so far
# what a process that watches this one looks at: how often a person's code began or
# ended, and when the one that runs began (0: none runs)
BEAT: Any = [0.0, 0.0]
KEPT: dict[ModuleType, dict[str, Any]] = {}  # what was in them before a person's code
LOADED: dict[str, ModuleType] = {}


def refuse_exit(own: int, usual: Callable[[int], NoReturn], code: int) -> NoReturn:
    """os._exit while a person's code runs: an error with a line, and no end.

    own: the number of this process. A copy of it that they made may end.
    """
    if os.getpid() != own:
        usual(code)
    raise SystemExit(f"os._exit({code})")


@contextlib.contextmanager
def running() -> Iterator[None]:
    """A person's code runs in this block; at its end Python and NumPy are whole."""
    if not KEPT:
        KEPT.update({home: {**vars(home)} for home in (builtins, os, np, np.linalg)})
    if len(sys.modules) > len(LOADED):
        LOADED.update(sys.modules)
    outer, path, depth = BEAT[1], sys.path[:], sys.getrecursionlimit()
    BEAT[0], BEAT[1] = BEAT[0] + 1, time.monotonic()
    if isinstance(BEAT, list):  # nobody watches: this may be a notebook
        os._exit = partial(refuse_exit, os.getpid(), os._exit)
    try:
        with np.errstate():
            yield
    finally:
        BEAT[0], BEAT[1] = BEAT[0] + 1, outer
        for home, names in KEPT.items():
            vars(home).update(names)
        if len(sys.modules) < len(LOADED):
            sys.modules.update(LOADED)
        sys.path.extend(one for one in path if one not in sys.path)
        sys.setrecursionlimit(max(depth, sys.getrecursionlimit()))


@contextlib.contextmanager
def quiet(folder: str | Path, printed: Any = None) -> Iterator[None]:
    """Run the block in a folder; no output, input, warnings or bytecode files."""
    before = sys.stdin, sys.dont_write_bytecode
    sys.stdin, sys.dont_write_bytecode = silence(), True
    try:
        with (
            warnings.catch_warnings(),
            contextlib.chdir(folder),
            contextlib.redirect_stdout(printed or silence()),
            contextlib.redirect_stderr(printed or silence()),
            running(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdin, sys.dont_write_bytecode = before


@contextlib.contextmanager
def within(module: ModuleType) -> Iterator[None]:
    """Run the block in the module's folder, where it can import its neighbors."""
    path = Path(module.__file__ or "")
    register(module, str(path.parent))
    if "matplotlib" not in sys.modules:
        os.environ.setdefault("MPLBACKEND", "Agg")
    before, sys.argv = sys.argv, [str(path)]
    try:
        with quiet(path.parent):
            yield
    finally:
        sys.argv = before


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Random states, print options, modules, import path and backend at the end."""
    states = np.random.get_state(), random.getstate()
    path, modules = sys.path[:], sys.modules.copy()
    backend = os.environ.get("MPLBACKEND")
    try:
        with np.printoptions(), np.errstate(all="ignore"):
            yield
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])
        sys.path[:] = path
        forget()
        for folder in FOLDERS:  # the usual importers again
            sys.path_importer_cache.pop(folder, None)
        sys.modules.update(modules)
        if backend is None:
            os.environ.pop("MPLBACKEND", None)


def silence() -> io.TextIOWrapper:
    """An empty stream; never closed, because a logger may write to it later."""
    return io.TextIOWrapper(io.BytesIO(), "utf-8")


class Modern(SourceFileLoader):
    """Loads a file beside a person's file, written in Python 2 too."""

    def source_to_code(self, data: Any, path: Any, **how: Any) -> Any:  # type: ignore[override]
        try:
            return super().source_to_code(data, path, **how)
        except SyntaxError:
            text = modern(data.decode("utf-8-sig", "replace"), str(path))
            return super().source_to_code(text.encode(), path, **how)


def register(module: ModuleType, folder: str) -> None:
    """Make a module and its neighbors importable; forget those of earlier loads."""
    loaders = (ExtensionFileLoader, EXTENSION_SUFFIXES), (Modern, SOURCE_SUFFIXES)
    sys.path_importer_cache[folder] = FileFinder(folder, *loaders)
    FOLDERS.add(folder)  # two folders can have modules of one name, and files change
    forget()
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    if (above := os.path.dirname(folder)) not in sys.path:
        sys.path.append(above)  # of the folder as a package, and those beside it
    sys.modules.setdefault(module.__name__, module)  # where dataclasses look


def forget() -> None:
    """Remove the modules in a person's folders from sys.modules."""
    for name, other in list(sys.modules.items()):
        file = getattr(other, "__dict__", {}).get("__file__") or ""
        own = name.partition(".")[0] in ("__main__", "jaxnn")
        if os.path.dirname(file) in FOLDERS and not own:
            del sys.modules[name]
            LOADED.pop(name, None)
