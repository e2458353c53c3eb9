"""The networks and examples on which a person's function is called.

In SMALL and COURSE no two of n, 1 + n, h, 1 + h, k, 1 + k and m are equal, so that a
transposed matrix or a sum over the wrong axis cannot fit by accident. All classes
appear, because some functions count the classes in the labels.
"""

from typing import NamedTuple

import numpy as np

from jaxnn import data

SMALL = (8, 5, 10)  # n pixels, h hidden units, k classes
COURSE = (400, 25, 10)
LAMBDA = 10.0  # large, so that mistakes in the penalty stand out

Layers = tuple[int, int, int]


class Problem(NamedTuple):
    """A network and examples, float64."""

    theta1: np.ndarray  # (h, 1 + n)
    theta2: np.ndarray  # (k, 1 + h)
    x: np.ndarray  # (m, n)
    y: np.ndarray  # (m,) the right output, 0 to k - 1

    @property
    def layers(self) -> Layers:
        """(n, h, k)."""
        return self.x.shape[1], len(self.theta1), len(self.theta2)


def problems(layers: Layers = SMALL) -> tuple[Problem, ...]:
    """Three problems that differ in m: a fit by accident on one fails on the others.

    A network from 400 pixels to 10 digits gets embedded digits, three or more of each,
    and weights three times as large as the course starts with. At the course's start,
    on all 5000 with lambda 1, regularizing the biases changes the gradient by theta2 by
    1e-5 of its size; here the change is more than 1e-3.
    """
    n, h, k = layers
    least = 1 + (max(k, 11) if n < 100 else 3 * k)
    numbers = (m for m in range(least, 10 * least) if m not in (n, h, n + 1, h + 1))
    # primes: any batch size leaves some examples over
    primes = (m for m in numbers if all(m % d for d in range(2, m)))
    return tuple(problem(n, h, k, next(primes), seed) for seed in range(3))


def problem(n: int, h: int, k: int, m: int, seed: int) -> Problem:
    """An n-h-k network and m examples, drawn from the seed."""
    random = np.random.default_rng(seed)
    # a lost class shows even if only the first or the last example counts
    ends = (0, k - 1) if seed % 2 else (k - 1, 0)
    rest = np.concatenate([np.arange(1, k - 1), np.arange(m - k) % k])
    middle = random.permutation(rest)
    y = np.array([ends[0], *middle, ends[1]])
    if (n, k) == (400, 10):
        digits = data.load_digits()
        x = np.array([random.choice(digits.x[digits.y == label]) for label in y])
        reach = 3 * 0.12
        theta1 = random.uniform(-reach, reach, (h, 1 + n))
        theta2 = random.uniform(-reach, reach, (k, 1 + h))
    else:
        x = random.normal(size=(m, n))
        theta1 = random.normal(size=(h, 1 + n)) * 2 / np.sqrt(1 + n)
        theta2 = random.normal(size=(k, 1 + h)) * 2 / np.sqrt(1 + h)
    return Problem(theta1, theta2, x, y)
