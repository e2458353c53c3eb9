"""Accuracy, cost and confusion matrix of weights: python -m jaxnn.evaluate RUN"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxnn import checkpoint, cli, data, devices, files, model, runs
from jaxnn.data import Digits


def parse(argv: Sequence[str]) -> dict[str, Any]:
    """The flags, defaults included."""
    parser = cli.parser(
        "evaluate",
        "Show how well weights read digits: those of a run on the digits it held out, "
        "others on the embedded 5000, or either on a file.",
        "python -m jaxnn.evaluate runs/mine --data t10k-images-idx3-ubyte.gz",
    )
    parser.add_argument("weights", metavar="RUN|FILE", help="run folder, .npz or .mat")
    parser.add_argument("--data", help="digits to read: .mat, .npz, .npy or IDX")
    parser.add_argument("--lam", type=float, help="penalty in the cost (default: 0)")
    defaults = {"data": None, "lam": 0.0, "device": "auto", "dtype": "float32"}
    return {**defaults, "quiet": False, **vars(parser.parse_args(argv))}


def choose_digits(weights: Path, path: str | None) -> Digits:
    """The digits to read: a file's (its test part), a run's held-out ones, or all."""
    folder = weights if weights.is_dir() else weights.parent
    if not runs.holds_run(folder):
        parts = data.load_parts(path)
        return parts["test"] if "test" in parts else parts["all"]
    config = runs.read_config(folder)
    with files.reading(folder / runs.CONFIG, "a run's settings"):
        notes, seed = config["notes"], config["settings"]["seed"]
        held_out = config["data"].get("test", config["data"]["train"])["sha256"]
    if path is None and "data" not in notes:
        raise ValueError(f"{folder}: does not say which digits are its; give --data")
    fraction = notes["test_fraction"] if path is None else 0.0
    source = notes["data"] if path is None else path
    standard = notes.get("standardize", False)
    train, test = data.train_and_test(source, fraction, seed, standard)
    digits = test if len(test.y) else train
    if path is None and runs.checksum(digits) != held_out:
        raise ValueError(f"{folder}: its digits have changed since; give --data")
    return digits


def confusion(y: np.ndarray, read: np.ndarray, classes: int) -> np.ndarray:
    """How often digit i was read as j: (classes, classes) counts."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (y, read), 1)
    return counts


def main(argv: Sequence[str]) -> int:
    """Print accuracy, cost and confusion matrix."""
    flags = parse(argv)
    devices.prepare_process(flags["device"])
    device = devices.choose(flags["device"])
    params = checkpoint.load_digit_reader(flags["weights"])
    digits = choose_digits(Path(flags["weights"]), flags["data"])
    if not 0 <= flags["lam"] < np.inf:
        raise ValueError(f"--lam {flags['lam']}: give a number from 0 up")
    with (
        jax.default_device(device),
        jax.enable_x64(flags["dtype"] == "float64"),
        jax.default_matmul_precision("highest"),  # on a GPU, float32 and not TF32
    ):
        params = tuple(theta.astype(flags["dtype"]) for theta in params)
        x = digits.x.astype(flags["dtype"])
        read = np.asarray(model.predict(params, x))
        cost = float(model.cost(params, x, digits.y, flags["lam"]))
    print(f"{np.mean(read == digits.y):.2%} of {len(read)} digits read right")
    penalty = f"at lambda {flags['lam']:g}" if flags["lam"] else "without penalty"
    print(f"cost     {cost:.5f} {penalty}")
    if not flags["quiet"]:
        print(f"digits   {digits.name}")
        print(f"device   {devices.describe(device)}, {flags['dtype']}")
        print("\ndigit    read as " + " ".join(f"{j:4d}" for j in range(10)))
        for digit, row in enumerate(confusion(digits.y, read, 10)):
            print(f"{digit:5d}            " + " ".join(f"{n:4d}" for n in row))
    return 0


if __name__ == "__main__":
    cli.run(main)
