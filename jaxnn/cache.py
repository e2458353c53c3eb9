"""The user's cache folder, and the compiled programs that JAX keeps there."""

import contextlib
import glob
import hashlib
import logging
import os
import re
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from jaxnn import startup

SEAL = 16  # bytes
warn_once = cache(logging.getLogger("jaxnn").warning)
TROUBLE = re.compile(  # JAX's warnings
    r"Error (?P<what>reading|writing) persistent compilation cache entry for "
    r"'(?P<program>\w+)[^']*': (?P<why>.*)"
)


def folder() -> Path:
    """The user's cache folder for jaxnn, by the convention of the system.

    Raises RuntimeError for a user without a home.
    """
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "jaxnn"


def cache_compiled_programs() -> Path | None:
    """Keep what JAX compiles in the user's cache folder; returns that folder.

    A later process then loads the programs in place of compiling them, which is most of
    the first `fit`. Call it once, at the start. It covers all of JAX in this process,
    and programs of any size. A cache that you have chosen yourself
    (JAX_COMPILATION_CACHE_DIR) stays as it is, and its folder is returned. None if it
    is empty, or if there is no folder to write to: a warning in the log "jaxnn" says
    why.
    """
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    chosen = jax.config.values["jax_compilation_cache_dir"]
    if chosen or "JAX_COMPILATION_CACHE_DIR" in os.environ:  # empty: keep nothing
        return Path(chosen) if chosen else None
    try:
        place = folder() / "programs"
        place.mkdir(parents=True, exist_ok=True)
        if not os.access(place, os.W_OK):
            raise PermissionError(f"{place} is not writable")
    except (OSError, RuntimeError) as error:
        warn_once(f"no cache of compiled programs ({error}); they compile every time")
        return None
    seal()
    jax.config.update("jax_compilation_cache_dir", str(place))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    compilation_cache.reset_cache()  # JAX looks for it once, when it first compiles
    return place


class Sealed:
    """JAX's cache in which each program begins with a digest of its key and itself.

    JAX would run whatever program lies under a key. A truncated, damaged or swapped one
    is removed and compiled again.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def get(self, key: str) -> bytes | None:
        """The program of a key, or None."""
        held = self.inner.get(key)
        if held is None:
            return None
        if held[:SEAL] == digest(key, program := held[SEAL:]):
            return program
        warn_once("a compiled program is damaged; JAX compiles it again")
        for damaged in Path(self.inner._path).glob(f"{glob.escape(key)}-*"):
            damaged.unlink(missing_ok=True)
        return None

    def put(self, key: str, value: bytes) -> None:
        """Keep a program; a signal to a command leaves no half of it."""
        with startup.uncut():
            self.inner.put(key, digest(key, value) + value)


def digest(key: str, program: bytes) -> bytes:
    """What a program of this key begins with."""
    return hashlib.blake2b(program, key=key.encode()[-64:], digest_size=SEAL).digest()


def seal() -> None:
    """From now on, the cache that JAX opens in jaxnn's folder is Sealed.

    JAX has no public way in; a JAX without this one keeps its programs unsealed.
    """
    from jax._src import compilation_cache as inner

    usual = getattr(inner, "get_file_cache", None)
    if usual is None or getattr(usual, "is_sealed", False):
        return

    def sealed(path: str) -> tuple[Any, str] | None:
        found = usual(path)
        is_ours = Path(path) == folder() / "programs"
        return (Sealed(found[0]), found[1]) if found and is_ours else found

    sealed.is_sealed = True  # type: ignore[attr-defined]
    inner.get_file_cache = sealed


def shorten_warnings() -> None:
    """From now on, one short line for all of JAX's warnings about its cache.

    JAX never replaces a program that it cannot read, so that is removed from jaxnn's
    folder.
    """
    show = warnings.showwarning

    def shown(message: Warning | str, *where: Any, **more: Any) -> None:
        trouble = TROUBLE.search(str(message))
        if trouble is None:
            show(message, *where, **more)
        elif trouble["what"] == "writing":
            warn_once(f"compiled programs are not kept ({trouble['why']})")
        else:
            why = trouble["why"].partition(":")[0]
            warn_once(
                f"a compiled program is unreadable ({why}); JAX compiles it again"
            )
            with contextlib.suppress(OSError, RuntimeError):
                for damaged in (folder() / "programs").glob(f"{trouble['program']}-*"):
                    damaged.unlink(missing_ok=True)

    warnings.showwarning = shown
