"""The networks and examples on which a person's function is called.

No two of n, h, k, m, and of these plus 1, are equal, so that a transposed matrix or a
sum over the wrong axis cannot fit by accident. All classes appear, because some
functions count the classes in the labels.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxnn import data

Array = np.ndarray
Sizes = tuple[int, ...]  # units of the layers: n inputs, hidden units, k outputs

COURSE: Sizes = (400, 25, 10)
SMALL: Sizes = (8, 5, 10)
HIDDEN = (5, 3, 12, 14)  # hidden units of small networks
# large, so that mistakes in the penalty stand out; no number of examples or units, nor
# a power of 2 times one, so that lambda is taken for nothing else
LAMBDA = 7.3
SEEDS = 3


class Layer(NamedTuple):
    """The parameters of a layer, or their gradient."""

    W: Array  # (out, in)
    b: Array | None  # (out,); None in a network without biases


Params = tuple[Layer, ...]


class Problem(NamedTuple):
    """A network's parameters and examples, float64."""

    params: Params
    x: Array  # (m, n)
    y: Array  # (m,) the class, 0 to k - 1; with one output 0 or 1

    @property
    def sizes(self) -> Sizes:
        """(n, h..., k)."""
        return sizes_of(self.params)

    @property
    def examples(self) -> list["Problem"]:
        """A problem for each example."""
        m = range(len(self.y))
        return [self._replace(x=self.x[[i]], y=self.y[[i]]) for i in m]

    @property
    def targets(self) -> Array:
        """Y (k, m): 1 in the row of the class, else 0."""
        k = self.sizes[-1]
        if k == 1:
            return self.y[None, :].astype(float)
        return (np.arange(k)[:, None] == self.y).astype(float)


def sizes_of(params: Params) -> Sizes:
    """(n, h..., k)."""
    return params[0].W.shape[1], *(len(layer.W) for layer in params)


def small(depth: int, k: int = 10) -> Sizes:
    """A small network with `depth` hidden layers and k outputs."""
    return 8, *HIDDEN[:depth], k


def problems(sizes: Sizes = SMALL, has_biases: bool = True) -> tuple[Problem, ...]:
    """Three problems that differ in m: a fit by accident on one fails on the others.

    A network from 400 pixels to 10 digits gets embedded digits, three or more of each,
    and weights three times as large as the course starts with. At the course's start,
    on all 5000 with lambda 1, regularizing the biases changes the gradient by theta2 by
    1e-5 of its size; here the change is more than 1e-3.
    """
    n, *_, k = sizes
    least = 1 + (max(k, 11) if n < 100 else 3 * k)
    taken = {size + more for size in sizes for more in (0, 1)}
    numbers = (m for m in range(least, 10 * least) if m not in taken)
    # primes: any batch size leaves some examples over
    primes = (m for m in numbers if all(m % d for d in range(2, m)))
    return tuple(problem(sizes, next(primes), s, has_biases) for s in range(SEEDS))


def single(sizes: Sizes, has_biases: bool = True) -> tuple[Problem, ...]:
    """Three problems with one example each, for functions that take no more."""
    return tuple(problem(sizes, 1, seed, has_biases) for seed in range(SEEDS))


def problem(sizes: Sizes, m: int, seed: int, has_biases: bool = True) -> Problem:
    """A network and m examples, drawn from the seed."""
    random = np.random.default_rng(seed)
    n, *_, k = sizes
    y = classes(random, m, max(k, 2), seed)
    if (n, k) == (400, 10):
        digits = data.load_digits()
        x = np.array([random.choice(digits.x[digits.y == label]) for label in y])
        thetas = [random.uniform(-0.36, 0.36, shape) for shape in shapes(sizes)]
    else:
        x = random.normal(size=(m, n))
        thetas = [
            random.normal(size=(out, width)) * 2 / np.sqrt(width)
            for out, width in shapes(sizes)
        ]
    params = (Layer(t[:, 1:], t[:, 0] if has_biases else None) for t in thetas)
    return Problem(tuple(params), x, y)


def shapes(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """(out, 1 + in) of every layer."""
    return [(out, 1 + width) for width, out in zip(sizes, sizes[1:], strict=False)]


def classes(random: np.random.Generator, m: int, k: int, seed: int) -> Array:
    """y (m,): every class, the first and the last class at the ends."""
    if m < k:
        return random.integers(0, k, m)
    # a lost class shows even if only the first or the last example counts
    ends = (0, k - 1) if seed % 2 else (k - 1, 0)
    rest = np.concatenate([np.arange(1, k - 1), np.arange(m - k) % k])
    return np.array([ends[0], *random.permutation(rest), ends[1]])
