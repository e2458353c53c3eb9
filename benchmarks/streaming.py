"""Time training on examples that stay on disk, next to the same training from memory.

    python benchmarks/streaming.py [--folder DIR] [--save]

A full-batch cost and gradient of a million digits; an epoch of mini-batches of 1000
with Adam; the same from disk alone with five million digits, 4 GB, for its memory. The
set is 20,000 made digits, again and again: what is in a picture changes no time. It
lies in the page cache, as far as that holds it. Memory is anonymous memory, at its peak
in one repetition: pages of a mapped file do not count, the system drops them at will.
In memory, digits are what `jaxnn.fit` trains on: 400 features, float32. --folder: an
empty folder for 6 GB, on the disk to measure.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import jax
import numpy as np

from harness import jaxnn, on_device, script
from harness.rounds import Contender, Prepared, same_cost
from jaxnn import cli, data, optimizers, reading
from jaxnn.digits import Digits
from jaxnn.rows import rows_of
from jaxnn.training import Settings, blocks, centering, resized, task

MADE, MILLION = 20_000, 1_000_000
FEW = 2000  # with --quick
SIZE = 1000  # examples per mini-batch
MEMORY, DISK, BYTES = "in memory", "from disk, resized once", "from disk, bytes"
BATCHES = "from disk, bytes in batches"
TOLERANCE = 1e-4  # relative, of full-batch costs
ALIKE = 0.3  # of batches: other examples


def write(folder: Path, count: int, own: int) -> Path:
    """A set of count digits in folder: `own` made ones, again and again."""
    few, made = folder / "few", folder / str(count)
    if not few.exists():
        reading.sets.write(few, own)
    made.mkdir()
    for name in ("x.npy", "y.npy"):
        some = np.load(few / name)
        header = {"descr": "|u1", "fortran_order": False}
        with open(made / name, "wb") as stream:
            shape = (count, *some.shape[1:])
            np.lib.format.write_array_header_1_0(stream, header | {"shape": shape})
            for first in range(0, count, own):
                stream.write(some[: count - first].tobytes())
    return made


def digits_of(form: str, folder: Path) -> Digits:
    """The digits of a set, in memory or on disk."""
    digits = data.load_digits(folder, stream=True)
    if form in (BYTES, BATCHES):
        return digits
    small = resized.resized(digits)
    if form == DISK:
        return small
    return digits._replace(x=np.array(rows_of(small).file))  # float32


@contextmanager
def watched() -> Iterator[list[int]]:
    """The most anonymous memory that this process takes meanwhile, in bytes."""
    most, over = [0], Event()

    def watch() -> None:
        while not over.wait(0.01):
            text = Path("/proc/self/status").read_text()
            held = re.search(r"RssAnon:\s+(\d+)", text)
            most[0] = max(most[0], 1024 * int(held[1]) if held else 0)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def measured(prepare: Callable[..., Prepared], form: str, *args: Any) -> Prepared:
    """prepare(form, *args), and its memory in one repetition."""
    made = prepare(form, *args)
    with watched() as most:
        made.run(0)
    return made._replace(memory=most[0] or None)


def full_batch(form: str, folder: Path) -> Prepared:
    """A cost and gradient of all, twice in a compiled loop."""
    chosen = on_device.start_jax("cpu", "float32")
    digits = digits_of(form, folder)
    x, y = digits.x, digits.y.astype(np.int32)
    if form != MEMORY:
        x, y = task.stream_of(digits, "float32", chosen, None), None
    slope = jax.value_and_grad(blocks.cost)
    how = jaxnn.init_params(0), x, y, np.float32(1)
    del digits, x, y
    return on_device.descent(slope, how, 2, chosen)


def epoch(form: str, folder: Path) -> Prepared:
    """An epoch of mini-batches with Adam, as `fit` takes them."""
    chosen = on_device.start_jax("cpu", "float32")
    digits = digits_of(form, folder)
    settings = Settings(method="adam", learning_rate=0.003, batch_size=SIZE)
    loaded = task.load(digits, "float32", chosen, pads=False, size=SIZE)
    how = task.make_task(loaded, settings, None)
    start = optimizers.start(centering.cost, jaxnn.init_params(0), **how)
    steps = loaded.examples // SIZE

    def run(_: int) -> float:
        more = {"steps": steps, "state": start}
        result = optimizers.minimize(centering.cost, start.params, **how, **more)
        return float(np.mean(result.history[-100:]))

    return Prepared(run, 1, "float32", device=chosen.device_kind)


EPOCH = f"an epoch of batches of {SIZE}"
CONTESTS = {
    "a full-batch gradient": (full_batch, (MEMORY, DISK, BYTES), TOLERANCE),
    EPOCH: (epoch, (MEMORY, BATCHES), ALIKE),
}


def contenders(name: str, folder: Path) -> list[Contender]:
    """Those of a contest, for a set in folder."""
    prepare, forms, _ = CONTESTS[name]
    return [Contender(form, measured, (prepare, form, folder)) for form in forms]


def main(argv: Sequence[str]) -> int:
    """Write the sets; time, show, save."""
    parser = script.flags("streaming", __doc__, "4000 digits, 2 rounds")
    parser.add_argument("--folder", help="where the sets are written, 6 GB")
    args = script.read(parser, argv, 2, 9)
    m, made = (2 * FEW, FEW) if args.quick else (MILLION, MADE)
    with tempfile.TemporaryDirectory(dir=args.folder) as place:
        folder = write(Path(place), m, made)
        for name, (*_, tolerance) in CONTESTS.items():
            how = {"precision": "float32", "data": name, "m": m}
            script.hold(args, contenders(name, folder), same_cost(tolerance), **how)
        if not args.quick:
            folder = write(Path(place), 5 * m, made)
            how = {"precision": "float32", "data": f"{EPOCH}, 4 GB", "m": 5 * m}
            script.hold(args, contenders(EPOCH, folder)[1:], same_cost(ALIKE), **how)
    return 0


if __name__ == "__main__":
    cli.run(main)
