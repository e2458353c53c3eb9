"""What the optimizer gets for checked arrays, and what a training brings.

Shapes: m examples, n features, k classes; thetas as in model.py.

XLA compiles a program for each shape of its arrays. Examples of weight 0 and features
that are all 0 fill the arrays up to round numbers, and change no result: many data sets
then share one program.
"""

from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnn import devices, optimizers, training
from jaxnn.model import Params
from jaxnn.training import centering

FEATURES = 16  # features are filled up to a multiple of this number
CHUNK = 100  # steps per compiled call


class Examples(NamedTuple):
    """What a network learns from, on the host."""

    x: np.ndarray  # (m, n) floating point, finite
    y: np.ndarray  # (m,) places in the classes
    weights: np.ndarray  # (m,) above 0


class Outcome(NamedTuple):
    """A trained network, as NumPy arrays."""

    params: Params  # thetas (units_out, 1 + units_in)
    losses: list[float]  # after each iteration: nats per example, with the penalty
    loss: float  # that of params
    message: str  # why the training ended
    is_settled: bool = False  # it has converged, or no longer improved
    is_diverged: bool = False  # NaN or infinite; params are the last good ones
    is_interrupted: bool = False  # by Ctrl-C
    scores: list[float] = []  # after each iteration, of the examples held out
    memory: Any = None  # what the method remembers, for the next iteration


def goes_on(method: str) -> bool:
    """Whether a method that made an iteration can make another on other examples."""
    return optimizers.TRAITS[method].default_rate is not None


def loaded(part: Examples, dtype: str, pads_rows: bool) -> training.Loaded:
    """The examples on the device, filled up to round numbers of rows and columns."""
    m, n = part.x.shape
    rows = training.rows_at(devices.current(), m, pads_rows)
    x = np.zeros((rows, -(-n // FEATURES) * FEATURES), dtype)
    y, weights = np.full(rows, -1, np.int32), np.zeros(rows, dtype)
    with np.errstate(over="ignore"):  # the cost at the start will show it
        x[:m, :n], y[:m], weights[:m] = part.x, part.y, part.weights
    x, y, weights = jax.device_put((x, y, weights))
    return training.Loaded(x, y, weights, m)


def cost(
    params: Params,
    x: jax.Array,
    y: jax.Array,
    lam: jax.Array,
    centers: Any,
    weights: jax.Array,
    share: Any = 1.0,
) -> jax.Array:
    """`centering.cost`, times a mini-batch's share; a scalar."""
    return share * centering.cost(params, x, y, lam, centers, weights)


def take_batch(args: tuple, indices: jax.Array) -> tuple:
    """The arguments for a mini-batch; its cost estimates that of all without bias.

    A batch of b of the m examples stands for m/b times its weight. Its own cost divides
    by the weight that it has, so that cost counts by this share.
    """
    x, y, lam, centers, weights = args
    own, ratio = weights[indices], indices.size / y.size
    share = own.sum() / (ratio * weights.sum())
    return x[indices], y[indices], lam * ratio, centers, own, share


def task_of(part: Examples, params: Params, settings: training.Settings) -> dict:
    """The keyword arguments of `minimize`; settings.center moves the origin.

    A batch size above the number of examples takes them all.
    """
    size, m = settings.batch_size, len(part.y)
    data = loaded(part, settings.dtype, size is None)
    centers = None
    if settings.center:
        mean, *others = centering.centers_of(params, part.x, part.weights)
        centers = np.pad(mean, (0, data.x.shape[1] - len(mean))), *others
    batches = size and optimizers.Minibatches(min(size, m), m, take_batch)
    task = training.make_task(data, settings._replace(batch_size=None), centers)
    args = task["args"][:-1]  # the weights of a person's examples are summed
    return task | {"args": args, "batches": batches, "chunk": CHUNK}


def widened(params: Params, task: dict[str, Any]) -> Params:
    """The network's thetas in the coordinates of the optimizer, for filled-up x."""
    first, *others = params
    extra = task["args"][0].shape[1] + 1 - first.shape[1]
    wide = np.pad(first, ((0, 0), (0, extra))), *others
    return centering.centered(wide, training.centers_in(task))


def narrowed(params: Params, task: dict[str, Any], n: int) -> Params:
    """The network's own thetas, of n features, as NumPy arrays."""
    own = jax.device_get(params)
    first, *others = centering.uncentered(own, training.centers_in(task))
    return first[:, : 1 + n], *others


def steps_of(task: dict[str, Any]) -> int:
    """The steps of an iteration."""
    batches = task["batches"]
    return 1 if batches is None else batches.examples // batches.size
