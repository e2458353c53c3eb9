"""Central differences: the gradient by moving one weight at a time, in float64.

Here the weights are one vector: theta1, theta2, ... end to end, each row by row.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from jaxnn import model
from jaxnn.model import Params

EPSILON = 1e-4
BATCH = 32  # weights moved in one call; more are slower and take more memory


def central_differences(
    params: Params,
    x: np.ndarray,
    y: np.ndarray,
    lam: float,
    epsilon: float = EPSILON,
    progress: Callable[[int, int], Any] | None = None,
) -> tuple[np.ndarray, ...]:
    """The gradient of `cost` by (J(w + eps) - J(w - eps)) / 2 eps, weight by weight.

    x: (m, n). y: (m,) digits. progress(done, all) follows each batch of weights.
    Computes in float64; returns NumPy matrices shaped like params.
    """
    shapes = shapes_of(params)
    picks = np.arange(sum(rows * columns for rows, columns in shapes))
    (found,) = slopes(params, x, y, (lam,), picks, epsilon, progress)
    return cut(found, shapes)


def slopes(
    params: Params,
    x: np.ndarray,
    y: np.ndarray,
    lams: Sequence[float],
    picks: np.ndarray,
    epsilon: float = EPSILON,
    progress: Callable[[int, int], Any] | None = None,
) -> np.ndarray:
    """Central differences (l, p) for l penalties along p of the weights.

    picks: (p,) positions in the vector of all weights.
    """
    flat, shapes = flatten(params), shapes_of(params)
    found = []
    with jax.enable_x64(True):
        for first in range(0, len(picks), BATCH):
            batch = picks[first : first + BATCH]
            padded = np.resize(batch, BATCH)  # one size, one compilation
            values = slopes_of_batch(
                shapes, flat, padded, x, y, np.array(lams), epsilon
            )
            found.append(np.asarray(values)[:, : len(batch)])
            if progress is not None:
                progress(first + len(batch), len(picks))
    return np.concatenate(found, axis=1)


@partial(jax.jit, static_argnums=0)
def slopes_of_batch(
    shapes: tuple[tuple[int, int], ...],
    flat: jax.Array,
    picks: jax.Array,
    x: jax.Array,
    y: jax.Array,
    lams: jax.Array,
    epsilon: float,
) -> jax.Array:
    """`slopes` for so few picks that one call computes them."""

    def costs(moved: jax.Array) -> jax.Array:  # (l,); the penalty alone depends on lam
        each_lam = jax.vmap(model.cost, (None, None, None, 0))
        return each_lam(cut(moved, shapes), x, y, lams)

    def slope(pick: jax.Array) -> jax.Array:  # (l,)
        up, down = flat.at[pick].add(epsilon), flat.at[pick].add(-epsilon)
        return (costs(up) - costs(down)) / (2 * epsilon)

    return jax.vmap(slope, out_axes=1)(picks)


def flatten(params: Sequence[Any]) -> np.ndarray:
    """theta1, theta2, ... end to end, each row by row, as one float64 vector."""
    return np.concatenate([np.asarray(theta, np.float64).ravel() for theta in params])


def cut(flat: Any, shapes: tuple[tuple[int, int], ...]) -> tuple[Any, ...]:
    """The inverse of flatten, for NumPy and JAX arrays."""
    params, start = [], 0
    for height, width in shapes:
        params.append(flat[start : start + height * width].reshape(height, width))
        start += height * width
    return tuple(params)


def shapes_of(params: Sequence[Any]) -> tuple[tuple[int, int], ...]:
    """The shape of each theta."""
    return tuple(theta.shape for theta in params)
