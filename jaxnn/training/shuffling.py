"""The order of mini-batches from a disk: chunks in any order, then rows in a window.

A disk, and the page cache with it, is fast where rows lie together. So an epoch cuts
the examples into chunks of about a megabyte, the first one at a random place, and takes
the chunks in random order; 64 of them are read into a window, whose rows are shuffled.
Every example comes once in an epoch. A file sorted by class is mixed as well as 64
chunks of it are; one in random order is as good as shuffled.

A mapped file and one thread (ahead.py) read 10 to 50 times as many digits per second as
Grain, JAX's data loader, which calls Python for each example. With windows as its
elements Grain is as fast, and has nothing left to do ("Examples on disk" in
benchmarks/RESULTS.md).

Everything depends on the seed and the number of the step alone: a run that is resumed
reads the batches that an unbroken run would read, beginning with the window it stopped
in. Shapes: m examples.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from jaxnn.digits import Digits
from jaxnn.rows import rows_of
from jaxnn.training.ahead import Ahead

CHUNK = 2**20  # bytes
WINDOW = 64  # chunks: two windows of 64 MB are in memory


Examples = tuple[np.ndarray, np.ndarray]  # as stored (e, ...), and labels (e,) int32


class Plan(NamedTuple):
    """The chunks of an epoch, in the order in which they are read."""

    chunks: np.ndarray  # (c, 2) from and to; from the end on it begins again at 0
    ends: np.ndarray  # (w,) how many examples the windows up to each hold


class Batches:
    """Mini-batches of examples on disk: batch(seed, step), whatever came before."""

    def __init__(self, digits: Digits, size: int) -> None:
        """Read nothing yet."""
        self.digits, self.size, self.m = digits, size, len(digits.y)
        row = rows_of(digits).file[:1].nbytes
        self.chunk = min(self.m, max(1, CHUNK // row))
        self.plan = lru_cache(4)(self.plan_of)
        self.windows = Ahead(self.window, self.after)

    def group(self, seed: int, step: int, count: int) -> Examples:
        """The examples of `count` steps, from this one on."""
        return joined([self.batch(seed, step + i) for i in range(count)])

    def batch(self, seed: int, step: int) -> Examples:
        """The examples of a step."""
        epoch, place = divmod(step, self.m // self.size)
        first, end = place * self.size, (place + 1) * self.size
        ends = self.plan(seed, epoch).ends
        parts = []
        for window in range(int(np.searchsorted(ends, first, side="right")), len(ends)):
            begin = int(ends[window - 1]) if window else 0
            if begin >= end:
                break
            x, y = self.windows((seed, epoch, window))
            at = slice(max(first - begin, 0), end - begin)
            parts.append((x[at], y[at]))
        return joined(parts)

    def plan_of(self, seed: int, epoch: int) -> Plan:
        """What an epoch reads, and when."""
        random = np.random.default_rng([seed, epoch])
        firsts = np.arange(0, self.m, self.chunk)
        chunks = np.stack([firsts, np.minimum(firsts + self.chunk, self.m)], 1)
        chunks = random.permutation(chunks) + random.integers(self.m)
        ends = np.cumsum(chunks[:, 1] - chunks[:, 0])
        last = np.arange(WINDOW - 1, len(ends) + WINDOW - 1, WINDOW)
        return Plan(chunks, ends[np.minimum(last, len(ends) - 1)])

    def window(self, key: tuple[int, int, int]) -> Examples:
        """The shuffled examples of a window: read in the order of the disk."""
        seed, epoch, number = key
        chunks, ends = self.plan(seed, epoch)
        held = int(ends[number] - (ends[number - 1] if number else 0))
        random = np.random.default_rng([seed, epoch, number])
        place = random.permutation(held)
        rows, labels = rows_of(self.digits), self.digits.y
        x = np.empty((held, *rows.file.shape[1:]), rows.file.dtype)
        y, done = np.empty(held, np.int32), 0
        for a, b in chunks[number * WINDOW : (number + 1) * WINDOW]:
            for first, end in cut(a, b, self.m):
                to = place[done : done + end - first]
                x[to], y[to] = rows.stored(first, end), labels[first:end]
                done += end - first
        return x, y

    def after(self, key: tuple[int, int, int]) -> tuple[int, int, int]:
        """The window that follows one."""
        seed, epoch, number = key
        is_last = number + 1 == len(self.plan(seed, epoch).ends)
        return (seed, epoch + 1, 0) if is_last else (seed, epoch, number + 1)


def joined(parts: list[Examples]) -> Examples:
    """Several examples, and their labels, as one array each."""
    if len(parts) == 1:
        return parts[0]
    x, y = zip(*parts, strict=True)
    return np.concatenate(x), np.concatenate(y)


def cut(first: int, end: int, m: int) -> list[tuple[int, int]]:
    """Places first to end as ranges among m examples, which begin again at the end."""
    if first >= m:
        return [(first - m, end - m)]
    return [(first, end)] if end <= m else [(first, m), (0, end - m)]
