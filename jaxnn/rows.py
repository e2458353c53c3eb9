"""Examples that stay on disk: `Rows`, the x of `Digits` too many for memory.

Rows look like a matrix (m, n) of features, and read the file where they are asked for
some. Training reads them as they are stored (`stored`): bytes stay bytes until they are
on the device. There the course's resize from 28x28 to 20x20 is no work on pictures:
features are a linear map of what is stored, so the first layer takes the map
(training/streams.py).

>>> digits = jaxnn.load_digits("big", stream=True)
>>> digits.x[:100]                       # features (100, 400), float64
>>> x, y = rows.between(digits, a, b)    # as stored, (b - a, 28, 28) uint8; labels

m examples of M in the file, n features, (h, w) pixels of a stored picture.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxnn import images

BLOCK = 5000  # rows that are turned into features at once
LOOKED = 1000  # examples that tell one file from another
PIECES = 200  # a part held out is made of pieces; so many in a file, or more


class Form(NamedTuple):
    """How what is stored becomes features."""

    picture: tuple[int, int] | None  # (h, w), row after row; None for a table
    white: float  # what full ink is

    @property
    def shrinks(self) -> bool:
        """Whether these are MNIST's 28x28, which become the course's 20x20."""
        return self.picture == (images.MNIST_SIDE, images.MNIST_SIDE)

    @property
    def shape(self) -> tuple[int, int] | None:
        """The (h, w) of an image as features."""
        return (images.SIDE, images.SIDE) if self.shrinks else self.picture

    def features(self, stored: np.ndarray) -> np.ndarray:
        """What is stored, (m, ...), as features (m, n) float64."""
        x = stored.astype(np.float64)
        if self.picture is None:
            return x
        x = x.reshape(-1, *self.picture) / self.white
        return images.unroll(images.shrink(x) if self.shrinks else x)


class Rows:
    """Some of the examples of a file, as features (m, n) that are read when asked for.

    file: (M, ...) an array of the file, mapped. ranges: (r, 2) which of its examples,
    from and to, in this order; None means all.
    """

    ndim = 2
    dtype = np.dtype(np.float64)

    def __init__(
        self, file: np.ndarray, form: Form, ranges: np.ndarray | None = None
    ) -> None:
        """Read nothing yet."""
        self.file, self.form = file, form
        self.ranges = np.array([[0, len(file)]]) if ranges is None else ranges
        self.ends = np.cumsum(self.ranges[:, 1] - self.ranges[:, 0])  # (r,)
        n = form.shape or file.shape[1:]
        self.shape = (int(self.ends[-1]) if len(self.ends) else 0, int(np.prod(n)))

    def __len__(self) -> int:
        """The number of examples."""
        return self.shape[0]

    def __repr__(self) -> str:
        """Shape, and what is on disk."""
        return f"rows of {self.shape}, on disk as {self.file.dtype}"

    def places(self, first: int, end: int) -> np.ndarray:
        """Where examples first to end lie in the file: ranges (r, 2)."""
        begins = self.ends - (self.ranges[:, 1] - self.ranges[:, 0])
        inside = (self.ends > first) & (begins < end)
        shift = (self.ranges[:, 0] - begins)[inside]
        cut = np.stack([begins, self.ends], 1)[inside].clip(first, end)
        return cut + shift[:, None]

    def at(self, index: np.ndarray) -> np.ndarray:
        """Where examples index (c,) lie in the file, (c,)."""
        which = np.searchsorted(self.ends, index, side="right")  # (c,) of ranges
        return index - self.ends[which] + self.ranges[which, 1]

    def stored(self, first: int, end: int) -> np.ndarray:
        """Examples first to end as they are stored; mapped if they lie together."""
        parts = [np.asarray(self.file[a:b]) for a, b in self.places(first, end)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts or [self.file[:0]])

    def blocks(self, dtype: Any = np.float64) -> Iterator[np.ndarray]:
        """All features, at most 5000 examples at a time."""
        for first in range(0, len(self), BLOCK):
            stored = self.stored(first, min(len(self), first + BLOCK))
            yield self.form.features(stored).astype(dtype, copy=False)

    def mean(self) -> np.ndarray:
        """The mean features (n,), float64."""
        total = np.zeros((1, *self.file.shape[1:]))
        for first in range(0, len(self), BLOCK):
            stored = self.stored(first, min(len(self), first + BLOCK))
            total += stored.sum(axis=0, dtype=np.float64)
        return self.form.features(total / len(self))[0]  # the form is linear

    def __getitem__(self, which: Any) -> np.ndarray:
        """Features of some examples, by a slice, a mask, indices or an index."""
        chosen = np.arange(len(self))[which]
        flat = np.atleast_1d(chosen)
        features = self.form.features(np.asarray(self.file[self.at(flat)]))
        return features if chosen.ndim else features[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All features in memory, for code that knows no Rows."""
        if copy is False:
            raise ValueError("these examples are on disk; an array of them is a copy")
        parts = [np.zeros((0, self.shape[1])), *self.blocks()]
        return np.concatenate(parts).astype(dtype or self.dtype, copy=False)

    def checksum(self, y: np.ndarray) -> str:
        """SHA-256 of the form, the places in the file, the labels y (m,), and LOOKED
        of the examples, evenly spread: reading all would take as long as an epoch.
        """
        which = np.linspace(0, len(self) - 1, min(len(self), LOOKED)).astype(int)
        facts = repr((self.shape, self.form, self.ranges.tolist())).encode()
        return hashlib.sha256(facts + y.tobytes() + self[which].tobytes()).hexdigest()

    def only(self, ranges: np.ndarray) -> "Rows":
        """The same file, but for the examples in these of its ranges (r, 2)."""
        return Rows(self.file, self.form, ranges)


def rows_of(digits: Any) -> Rows:
    """The x of digits on disk."""
    assert isinstance(digits.x, Rows)
    return digits.x


def between(digits: Any, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Examples first to end of digits on disk: as stored (end - first, ...), labels."""
    return digits.x.stored(first, end), digits.y[first:end]


def held_out(m: int, fraction: float, seed: int) -> np.ndarray:
    """Which of m examples on disk are held out, about a fraction of them: (m,) bool.

    Single examples in any order would make each read a search on the disk. So these are
    pieces of up to 5000 examples that lie together, evenly spread: in a file sorted by
    class, each class gives its share.
    """
    piece = min(BLOCK, max(1, m // PIECES))
    count = -(-m // piece)
    held = round(fraction * count)
    start = np.random.default_rng(seed).random()
    pieces = ((np.arange(held) + start) * count / max(held, 1)).astype(int)
    return np.isin(np.arange(m) // piece, pieces)


def chosen(x: Rows, which: Any) -> Rows:
    """Some of the examples that x reads, on disk; which: a mask, indices, a slice."""
    index = np.arange(len(x))[which]
    places = x.at(index)
    cuts = np.flatnonzero(np.diff(places) != 1) + 1
    firsts = places[np.concatenate([[0], cuts])] if len(places) else places
    lasts = places[np.concatenate([cuts - 1, [-1]])] if len(places) else places
    return x.only(np.stack([firsts, lasts + 1], 1))
