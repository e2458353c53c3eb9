"""What a run gives to the optimizer: the weights at the start, and its arguments."""

import math
from typing import Any

import jax
import numpy as np

from jaxnn import meshes, optimizers
from jaxnn.digits import Digits
from jaxnn.initialization import init_params
from jaxnn.rows import Rows, rows_of
from jaxnn.training import centering
from jaxnn.training.history import Loaded
from jaxnn.training.settings import Settings
from jaxnn.training.streams import Mapped, Stream, mapped

EVERY = 10  # steps per compiled chunk; accuracies are measured between chunks
# Rows are filled up to a multiple of this number: the programs of one number then serve
# others. On a CPU a step of 3751 digits, filled up to 4000, takes about 1.06 times as
# long; compiling takes about a second (float32, 2 cores). Compiled for an H100, 5000
# digits are filled up by XLA itself, in each step, and 5120 are not ("Kernels" in
# benchmarks/RESULTS.md).
UNITS = {"cpu": 250, "gpu": 256}


def initial_params(settings: Settings, digits: Digits) -> tuple[np.ndarray, ...]:
    """The weights at the start, for the features and classes of these digits."""
    layers = (digits.x.shape[1], *settings.hidden, len(digits.classes))
    return init_params(settings.seed, layers, settings.init, settings.dtype)


def rows_at(place: Any, m: int, pads: bool = True) -> int:
    """How many rows m rows become at a place; they are filled up only if pads.

    place: a device, or how the rows lie on several; the rows then become a multiple of
    the number of devices.
    """
    device, *others = getattr(place, "device_set", [place])
    unit = math.lcm(
        UNITS["cpu" if device.platform == "cpu" else "gpu"] if pads else 1,
        1 + len(others),
    )
    return -(-m // unit) * unit


def load(
    digits: Digits, dtype: str, place: Any, pads: bool = True, size: int | None = None
) -> Loaded:
    """Move digits to a place, and fill them up as `rows_at` says.

    On one device, those on disk stay there, as a stream. size: of the mini-batches to
    read of them.
    """
    m, n = digits.x.shape
    if isinstance(digits.x, Rows) and not meshes.devices_of(place):
        return Loaded(stream_of(digits, dtype, place, size), None, None, m)
    rows = rows_at(place, m, pads)
    features = digits.x if isinstance(digits.x, Rows) else np.asarray(digits.x)

    def pixels(first: int, end: int) -> np.ndarray:
        x, own = np.zeros((end - first, n), dtype), features[first:end]
        x[: len(own)] = own
        return x

    y = np.full(rows, -1, np.int32)
    y[:m] = digits.y
    weights = None if rows == m else (np.arange(rows) < m).astype(dtype)
    x = meshes.put_rows(pixels, (rows, n), place)
    y, weights = meshes.put((y, weights), place)
    return Loaded(x, y, weights, m)


def stream_of(
    digits: Digits, dtype: str, device: Any, size: int | None
) -> Stream | Mapped:
    """Digits on disk, for a compiled program; size as in `load`."""
    file = rows_of(digits).file
    is_ready = isinstance(file, np.memmap) and file.dtype == dtype and file.ndim == 2
    if is_ready and device.platform == "cpu" and size is None:
        return mapped(digits, device)
    return Stream(digits, dtype, size)


def make_task(
    data: Loaded,
    settings: Settings,
    centers: centering.Centers | None,
    whole: Any = None,
) -> dict[str, Any]:
    """The keyword arguments shared by `start` and `minimize`.

    "args" holds the arguments of `centering.cost` after params. whole: where those lie
    that are no rows, if on several devices.
    """
    m, size, dtype = data.examples, settings.batch_size, settings.dtype
    fixed = centers, np.asarray(settings.lam, dtype), np.asarray(m, dtype)
    centers, lam, total = fixed if whole is None else meshes.put(fixed, whole)
    batches = size and optimizers.Minibatches(size, m, take_batch)
    if batches and isinstance(data.x, Stream):
        how = {"take": take_of_group, "read": read_group, "group": data.x.group}
        batches = batches._replace(**how)
    return {
        "args": (data.x, data.y, lam, centers, data.weights, total),
        "method": settings.method,
        "learning_rate": settings.learning_rate,
        "batches": batches,
        "seed": settings.seed,
        "chunk": EVERY if size is None else max(EVERY, m // size),
    }


def centers_in(task: dict[str, Any]) -> centering.Centers | None:
    """The centers that a task trains with."""
    return task["args"][3]


def take_batch(args: tuple, indices: jax.Array) -> tuple:
    """The arguments for a mini-batch of digits, which lies spread over the devices.

    The cost divides the penalty by the number of examples it gets. lam shrinks in
    proportion, so the gradient of a batch estimates that of the whole set without bias.
    """
    x, y, lam, centers, _, total = args
    rows, weights = meshes.filled(indices, x.dtype)
    size = np.asarray(indices.size, x.dtype)
    x, y = meshes.spread((x[rows], y[rows]))
    return x, y, lam * size / total, centers, weights, size


def read_group(args: tuple, seed: jax.Array, number: jax.Array) -> Any:
    """A group of mini-batches of the digits on disk; args as in `make_task`."""
    return args[0].read_group(seed, number)


def take_of_group(args: tuple, group: Any, place: jax.Array) -> tuple:
    """As `take_batch`, of the mini-batch at a place in a group."""
    stream, _, lam, centers, *_ = args
    x, y = stream.batch(group, place)
    return x, y, lam * y.size / stream.examples, centers
