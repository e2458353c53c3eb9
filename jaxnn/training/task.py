"""What a run gives to the optimizer: the weights at the start, and its arguments."""

from typing import Any

import jax
import numpy as np

from jaxnn import optimizers
from jaxnn.initialization import init_params
from jaxnn.training import centering
from jaxnn.training.settings import CLASSES, Settings

EVERY = 10  # steps per compiled chunk; accuracies are measured between chunks


def initial_params(settings: Settings, n: int) -> tuple[np.ndarray, ...]:
    """The weights at the start, for images with n pixels."""
    layers = (n, *settings.hidden, CLASSES)
    return init_params(settings.seed, layers, settings.init, settings.dtype)


def make_task(
    data: tuple[Any, Any],
    settings: Settings,
    centers: centering.Centers | None,
) -> dict[str, Any]:
    """The keyword arguments shared by `start`, `warm_up` and `minimize`.

    "args" holds the arguments of `centering.cost` after params.
    """
    m, size = data[1].size, settings.batch_size
    return {
        "args": (*data, settings.lam, centers),
        "method": settings.method,
        "learning_rate": settings.learning_rate,
        "batches": size and optimizers.Minibatches(size, m, take_batch),
        "seed": settings.seed,
        "chunk": EVERY if size is None else max(EVERY, m // size),
    }


def take_batch(args: tuple, indices: jax.Array) -> tuple:
    """(x, y, lam, centers) for a mini-batch.

    The cost divides the penalty by the number of examples it gets. lam shrinks in
    proportion, so the gradient of a batch estimates that of the whole set without bias.
    """
    x, y, lam, centers = args
    return x[indices], y[indices], lam * indices.size / y.size, centers
