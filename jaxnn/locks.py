"""A lock on a file: one process holds it, and the system frees it when that ends.

So a lock is never stale. The file holds the number of the process. It goes with the
lock; one that a killed process left is taken over.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

TAKEN = errno.EACCES, errno.EAGAIN, errno.EDEADLK  # by another process


class Taken(Exception):
    """Another process holds the lock; its text is that process's number, or ""."""


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock at path, whose folder exists; raises Taken, at once.

    Where the file system has no locks, there is none. The folder may be renamed or
    removed in the block.
    """
    place = locked(path)
    try:
        os.ftruncate(place, 0)
        os.pwrite(place, str(os.getpid()).encode(), 0) if fcntl else None
        yield
    finally:
        try:
            with contextlib.suppress(OSError):
                if is_at(place, path):
                    path.unlink()
        finally:
            os.close(place)


def locked(path: Path) -> int:
    """The descriptor of the file at path, which is locked until that closes."""
    while True:
        place = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            take(place)
            is_ours = is_at(place, path)
        except BaseException:
            os.close(place)
            raise
        if is_ours:  # else its holder has removed it just now
            return place
        os.close(place)


def take(place: int) -> None:
    """Lock an open file, or raise Taken."""
    try:
        if fcntl is not None:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(place, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError as error:
        if error.errno in TAKEN:
            said = os.pread(place, 20, 0) if fcntl is not None else b""
            raise Taken(said.decode("ascii", "replace").strip()) from None


def is_at(place: int, path: Path) -> bool:
    """Whether an open file is the one at path."""
    try:
        return os.path.samestat(os.fstat(place), os.stat(path))
    except FileNotFoundError:
        return False
