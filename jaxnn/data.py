"""Digits, or other labeled examples, from the embedded set or a person's file; parts.

digits.py says what `Digits` holds, and formats.py how files are read.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxnn import images, mapped
from jaxnn.digits import Digits as Digits
from jaxnn.digits import require_digits
from jaxnn.digits import take as take
from jaxnn.files import FileError
from jaxnn.formats import EMBEDDED, load_parts
from jaxnn.formats import embedded_file as embedded_file
from jaxnn.mistake import Mistake
from jaxnn.rows import Rows, held_out

HELD_OUT = "held out"  # of training, but seen when the best weights are chosen


def judge(held_out: bool) -> str:
    """What the digits are called that judge a run: its test, or only held out."""
    return HELD_OUT if held_out else "test"


class Parts(NamedTuple):
    """Examples to train on, and others to judge by."""

    train: Digits
    test: Digits  # maybe none
    held_out: bool  # split off from the others; else a file's own test part


def load_digits(
    path: str | Path | None = None, part: str = "all", stream: bool | None = None
) -> Digits:
    """Load digits from a file; without a path, the course's 5000, rebuilt from MNIST.

    path: .mat with X and y; .npz with x and y, or with x_train, y_train, x_test and
    y_test (in any case); one of a pair of .npy or IDX files (name the images; the
    labels are found in the same folder); with pandas, a .csv or .parquet table whose
    column y, label, class or target, or else its last, holds the labels. Images of 400
    or 784 numbers, 20x20 or 28x28, are digits; 28x28 are shrunk like the course's. All
    other images and tables stay as they are, and their classes are the labels that
    occur. part: "all", or "train" or "test" if the file has such parts.

    path may also be a folder with x.npy and y.npy. stream: whether the examples of
    .npy or IDX files stay on disk, and x reads those it is asked for (rows.py); None
    decides by their number: from 1 GiB of float64 features on. Raises FileError (a
    Mistake) that says what is wrong.
    """
    if part not in ("all", "train", "test"):
        raise Mistake(f"unknown part {part!r}; choose from all, train, test")
    parts = parts_of(path, stream)
    if part in parts:
        return parts[part]
    if part != "all":
        name = EMBEDDED if path is None else path
        raise FileError(f"{name}: has no part {part!r}; use part='all'")
    train, test = parts["train"], parts["test"]
    return train._replace(
        x=np.concatenate([train.x, test.x]),
        y=np.concatenate([train.y, test.y]),
        name=train.name.removesuffix(" (train)"),
    )


def parts_of(
    path: str | Path | None = None, stream: bool | None = None
) -> dict[str, Digits]:
    """As `load_parts`; stream as in `load_digits`."""
    if path is None and not stream:
        return load_parts()
    if path is None:
        raise Mistake("the embedded digits are in memory; stream a file")
    path = mapped.file_of(Path(path))
    is_streamed = mapped.is_large(path) if stream is None else stream
    return {"all": mapped.digits(path)} if is_streamed else load_parts(path)


def train_and_test(
    path: str | Path | None,
    test_fraction: float,
    seed: int,
    standard: bool,
    stream: bool | None = None,
) -> Parts:
    """The two parts of a file, or a split of its digits; standardized if standard.

    stream: as in `load_digits`.
    """
    parts = parts_of(path, stream)
    if held_out := "all" in parts:
        train, test = split(parts["all"], test_fraction, seed)
    else:
        train, test = parts["train"], parts["test"]
    if standard:
        train, test = standardize(train), standardize(test)
    return Parts(train, test, held_out)


def split(
    digits: Digits, test_fraction: float = 0.2, seed: int = 0
) -> tuple[Digits, Digits]:
    """Split digits into (train, test), each class in the same proportion.

    test_fraction: in [0, 1). A class with c examples gives round(c * test_fraction) of
    them to the test part. The same seed gives the same parts; examples keep their
    order. Of examples on disk (rows.py), pieces that lie together are held out. Raises
    Mistake for another fraction.
    """
    require_digits(digits)
    if not 0 <= test_fraction < 1:
        raise Mistake(
            f"test fraction {test_fraction} is not in [0, 1); 0.2 is the default"
        )
    random = np.random.default_rng(seed)
    is_test = np.zeros(len(digits.y), bool)
    if isinstance(digits.x, Rows):
        is_test = held_out(len(digits.y), test_fraction, seed)
    else:
        for digit in np.unique(digits.y):
            members = random.permutation(np.flatnonzero(digits.y == digit))
            is_test[members[: round(len(members) * test_fraction)]] = True
    train, test = take(digits, ~is_test), take(digits, is_test)
    return (
        train._replace(name=f"{digits.name} (train)".strip()),
        test._replace(name=f"{digits.name} ({HELD_OUT})".strip()),
    )


def standardize(digits: Digits) -> Digits:
    """Give each image mean 0 and standard deviation 1; a blank image becomes 0.

    Raises Mistake for a table, whose columns have scales of their own.
    """
    require_digits(digits)
    if isinstance(digits.x, Rows):
        raise Mistake(
            f"{digits.name or 'digits'}: on disk, where nothing is standardized; "
            "write a standardized copy, or do not stream them"
        )
    sizes = images.SIDE**2, images.MNIST_SIDE**2  # of digits, some classes alone
    if digits.shape is None and digits.x.shape[1] not in sizes:
        raise Mistake(
            f"{digits.name or 'digits'}: a row of a table is no image; scale its "
            "columns in your file: x = (x - x.mean(axis=0)) / x.std(axis=0)"
        )
    centered = digits.x - digits.x.mean(axis=1, keepdims=True)  # (m, n)
    deviation = centered.std(axis=1, keepdims=True)  # (m, 1)
    # the resize leaves rounding errors in a blank image: do not blow them up
    blank = deviation <= 1e-12 * abs(digits.x).max(axis=1, keepdims=True)
    kept = (~blank).astype(digits.x.dtype)
    return digits._replace(x=kept * centered / (deviation + 1 - kept))
