"""Groups of networks that train at the same time, each in a thread of its own.

On a CPU the products of one network are too small to keep all cores busy.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from jaxnn import devices

T = TypeVar("T")


def threads_for(n: int) -> int:
    """How many groups of n networks train at the same time: on a CPU, one per core."""
    if devices.current().platform != "cpu":
        return 1
    if hasattr(os, "sched_getaffinity"):  # Linux: the cores that are ours
        return min(n, len(os.sched_getaffinity(0)))
    return min(n, os.cpu_count() or 1)


def cut(first: int, n: int, size: int, threads: int) -> list[slice]:
    """The next groups, of one size: the last of all overlaps the one before it.

    Groups of another size would have programs of their own.
    """
    starts = range(first, min(n, first + size * threads), size)
    return [slice(max(0, min(a, n - size)), min(a + size, n)) for a in starts]


class Counted:
    """The steps that all groups have done, passed on; Ctrl-C ends every group."""

    def __init__(self, progress: Callable[[int, int], Any] | None, steps: int):
        self.progress, self.steps = progress, steps
        self.done: dict[int, int] = {}
        self.lock, self.is_stopped = threading.Lock(), False
        self.compiling = threading.Lock()  # one group compiles what all need

    def begin_again(self, done: int) -> None:
        """The groups that failed start again; others have done so many steps."""
        self.done, self.is_stopped = {-1: done}, False

    def show(self, first: int, done: int) -> None:
        """Note the network-steps that the group from network `first` on has done."""
        with self.lock:
            if self.is_stopped:
                raise KeyboardInterrupt
            self.done[first] = done
            if self.progress is not None:
                self.progress(min(sum(self.done.values()), self.steps), self.steps)


def side_by_side(
    train: Callable[[slice], T], groups: Sequence[slice], dtype: str, count: Counted
) -> list[T]:
    """train(group) of every group; a single one runs in the caller's thread."""
    if len(groups) == 1:
        return [train(groups[0])]
    device = devices.current()

    def call(group: slice) -> T:
        with devices.computing(device, dtype):  # JAX keeps these for each thread
            return train(group)

    with ThreadPoolExecutor(len(groups)) as pool:
        futures = [pool.submit(call, group) for group in groups]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for error in filter(None, (future.exception() for future in done)):
                raise error
            return [future.result() for future in futures]
        except BaseException:
            count.is_stopped = True
            raise
