"""Examples on disk in a compiled program: each block, or mini-batch, is a callback.

A program asks the host for block i, or for mini-batches, by `pure_callback`. The answer
depends on numbers alone, so all methods run as they do in memory, in compiled loops,
with their line searches and Hessian products. A callback takes 35 microseconds or more
on a CPU, a block of 5000 digits 2 to 4 milliseconds, a step with 100 digits 0.2: so one
callback reads several small mini-batches.

Bytes stay bytes until they are on the device. Features are a linear map of what is
stored, F s, so W (F s) = (W F) s: the first layer takes the map, for 784 pixels instead
of 400, and no picture is resized. Resizing pictures on a CPU takes three times as long
as a cost and gradient of them ("Examples on disk", benchmarks/RESULTS.md).

Shapes: m examples, n features, s numbers stored for each.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxnn import images, model
from jaxnn.digits import Digits
from jaxnn.model import Params
from jaxnn.rows import BLOCK, Form, Rows, between, rows_of
from jaxnn.training.ahead import Ahead
from jaxnn.training.shuffling import Batches

GROUP = 4096  # examples of small mini-batches that one callback reads


@partial(jax.tree_util.register_dataclass, data_fields=["x"], meta_fields=["form"])
@dataclass(frozen=True)
class Stored:
    """Examples on the device, as they are stored."""

    x: jax.Array  # (m, ...)
    form: Form


@jax.tree_util.register_static
class Stream:
    """Digits on disk, for a compiled program: an argument without arrays.

    dtype: of the network. size: examples per mini-batch, if it reads these.
    """

    def __init__(self, digits: Digits, dtype: str, size: int | None = None) -> None:
        """Read nothing yet."""
        self.digits, self.form = digits, rows_of(digits).form
        self.examples, self.size = len(digits.y), size or 0
        self.group = max(1, GROUP // (size or GROUP))  # mini-batches per callback
        self.rows = min(BLOCK, self.examples)  # in a block
        self.number = -(-self.examples // self.rows)  # of blocks
        stored = rows_of(digits).file
        kind = stored.dtype if stored.dtype == np.uint8 else np.dtype(dtype)
        self.kind, self.width = kind, stored.shape[1:]
        self.blocks = Ahead(self.read, lambda i: (i + 1) % self.number)
        self.batches = Batches(digits, min(self.size, self.examples) or 1)

    def read(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Block i: what is stored (rows, ...), and labels, -1 after the last."""
        first, end = i * self.rows, min(self.examples, (i + 1) * self.rows)
        x, y = between(self.digits, first, end)
        x, y = x.astype(self.kind, copy=False), y.astype(np.int32)
        np.add.reduce(x.reshape(-1).view(np.uint8)[::4096])  # fetches a mapped block
        if (lacking := self.rows - len(y)) > 0:
            x = np.concatenate([x, np.zeros((lacking, *self.width), self.kind)])
            y = np.concatenate([y, np.full(lacking, -1, np.int32)])
        return x, y

    def release(self) -> None:
        """Let go of what was read: JAX keeps streams, with the programs for them."""
        for ahead in (self.blocks, self.batches.windows):
            ahead.forget()

    def block(self, i: jax.Array) -> tuple[Stored, jax.Array]:
        """Block i on the device, and its labels (rows,)."""
        x, y = jax.pure_callback(lambda i: self.blocks(int(i)), self.like(self.rows), i)
        return Stored(x, self.form), y

    def read_group(self, seed: jax.Array, number: jax.Array) -> tuple:
        """A group of mini-batches on the device: stored (group * size, ...), labels."""

        def read(seed: Any, number: Any) -> tuple[np.ndarray, np.ndarray]:
            first = int(number) * self.group
            x, y = self.batches.group(int(seed), first, self.group)
            return x.astype(self.kind, copy=False), y

        return tuple(
            jax.pure_callback(read, self.like(self.group * self.size), seed, number)
        )

    def batch(self, group: tuple, place: jax.Array) -> tuple[Stored, jax.Array]:
        """The mini-batch at a place in its group, and its labels (size,)."""
        first = place * self.size
        x, y = (lax.dynamic_slice_in_dim(a, first, self.size) for a in group)
        return Stored(x, self.form), y

    def like(self, rows: int) -> tuple[jax.ShapeDtypeStruct, jax.ShapeDtypeStruct]:
        """What so many examples look like to a program."""
        shape = (rows, *self.width)
        return (
            jax.ShapeDtypeStruct(shape, self.kind),
            jax.ShapeDtypeStruct((rows,), np.int32),
        )


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["x", "y", "ranges"],
    meta_fields=["form", "examples", "rows"],
)
@dataclass(frozen=True)
class Mapped:
    """Digits in a mapped file of numbers, which a CPU reads where they lie.

    JAX takes the mapped pages for its array, so nothing is copied, and no callback.
    """

    x: jax.Array  # (M, n) all examples of the file
    y: jax.Array  # (M,) labels, -1 where the file holds no example of these digits
    ranges: jax.Array  # (b, 2) from and to, of each block of at most `rows` examples
    form: Form
    examples: int
    rows: int

    @property
    def number(self) -> int:
        """The number of blocks."""
        return len(self.ranges)

    def block(self, i: jax.Array) -> tuple[Stored, jax.Array]:
        """Block i (rows, n), and its labels (rows,), -1 for examples of others."""
        begin, end = self.ranges[i]
        first = jnp.minimum(begin, len(self.x) - self.rows)
        x, y = (lax.dynamic_slice_in_dim(a, first, self.rows) for a in (self.x, self.y))
        at = first + jnp.arange(self.rows)
        return Stored(x, self.form), jnp.where((at >= begin) & (at < end), y, -1)


def mapped(digits: Digits, device: Any) -> Mapped:
    """Digits whose file holds features, without moving them; device: a CPU."""
    x, m = rows_of(digits), len(digits.y)
    size = min(BLOCK, len(x.file))
    labels = np.full(len(x.file), -1, np.int32)
    labels[np.concatenate([np.arange(*one) for one in x.ranges])] = digits.y
    begins = [np.arange(first, end, size) for first, end in x.ranges]
    ends = [
        np.minimum(a + size, end) for a, (_, end) in zip(begins, x.ranges, strict=True)
    ]
    cuts = np.stack([np.concatenate(begins), np.concatenate(ends)], 1).astype(np.int32)
    file, labels, cuts = jax.device_put((x.file, labels, cuts), device)
    return Mapped(file, labels, cuts, x.form, m, size)


def total(function: Callable, params: Params, stream: Stream | Mapped) -> Any:
    """function(params, x (b, s), y (b,), weights (b,)), summed over all blocks.

    params: of what is stored (`of_stored`).
    """

    def one(i: Any) -> Any:
        stored, y = stream.block(i)
        x = as_numbers(stored, params[0].dtype)
        return function(params, x, y, (y >= 0).astype(x.dtype))

    def add(so_far: Any, i: jax.Array) -> tuple[Any, None]:
        return jax.tree.map(jnp.add, so_far, one(i)), None

    shapes = jax.eval_shape(one, 0)
    nothing = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes)
    return lax.scan(add, nothing, jnp.arange(stream.number))[0]


def hits(params: Params, x: Any, y: Any) -> jax.Array:
    """How many examples are read right; x: (m, n) with y (m,), or a stream."""

    def right(params: Params, x: Any, y: Any, weights: Any = None) -> jax.Array:
        del weights  # no network reads -1
        return jnp.sum(model.reads_right(params, x, y))

    if not isinstance(x, Stream | Mapped):
        return right(params, x, y)
    return total(right, of_stored(params, x.form), x)


def parts_of(x: Any, dtype: Any) -> Iterable[Any]:
    """Features (m, n) in a dtype: as they are, or from disk in blocks."""
    return x.blocks(dtype) if isinstance(x, Rows) else [x.astype(dtype)]


def as_numbers(stored: Stored, dtype: Any) -> jax.Array:
    """Stored examples as a matrix (m, s) of floating-point numbers."""
    return stored.x.reshape(len(stored.x), -1).astype(dtype)


def of_stored(params: Params, form: Form) -> Params:
    """The network that reads what is stored, and gives what params give of features.

    A feature is a column-major pixel of M S M' / white, with S (h, w) what is stored.
    """
    if form.picture is None:
        return params
    first, *others = params
    h, w = form.shape or form.picture
    weights = jnp.asarray(first)[:, 1:].reshape(-1, w, h)  # (out, columns, rows)
    if form.shrinks:
        matrix = images.resize_matrix(images.MNIST_SIDE, images.SIDE)  # (20, 28)
        matrix = jnp.asarray(matrix, weights.dtype)
        with jax.default_matmul_precision("highest"):
            weights = jnp.einsum("ocr,ri,cj->oij", weights, matrix, matrix)
    else:
        weights = weights.swapaxes(1, 2)
    weights = weights.reshape(len(weights), -1) / form.white
    return jnp.concatenate([first[:, :1], weights], axis=1), *others
