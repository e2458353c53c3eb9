"""The members of the family: which network, and in which style it is written."""

import math
import random
from typing import NamedTuple

UNITS = ("sigmoid", "tanh", "relu", "leaky relu", "linear")
SQUARES = ("squared error", "half the squared error")


class Member(NamedTuple):
    """One network, and one way of writing it."""

    hidden: tuple[str, ...]  # the units of 0 to 4 hidden layers
    output: str
    loss: str
    scale: str  # of the data's part of the cost: 1/m, 1/(m k) or 1
    penalty: str
    penalize_biases: bool
    biases: str  # theta: in the matrices, in front
    orientation: str  # what an example is: one of the rows, or of the columns
    weights: str
    labels: str
    packing: str


# the choices of each group of fields; the family is every combination of them
CHOICES: dict[tuple[str, ...], list[tuple]] = {
    ("hidden",): [((),)] + [((u,) * depth,) for u in UNITS for depth in (1, 2, 3, 4)],
    ("output", "loss"): [
        ("sigmoid", "binary cross-entropy"),
        ("softmax", "cross-entropy"),
        *((unit, loss) for unit in ("sigmoid", "tanh", "linear") for loss in SQUARES),
    ],
    ("scale",): [("m",), ("mk",), ("1",)],
    ("biases", "penalty", "penalize_biases"): [
        (biases, penalty, both)
        for biases in ("theta", "apart", "none")
        for penalty in ("", "lam/2m", "lam/m", "lam/2", "lam")
        for both in ((False, True) if penalty and biases != "none" else (False,))
    ],
    ("orientation",): [("rows",), ("columns",)],
    ("weights",): [("out x in",), ("in x out",)],
    ("labels",): [("one-hot",), ("0-9",), ("1-10",)],
    ("packing",): [
        ("vector C",),
        ("vector F",),
        ("matrices",),
        ("lists",),
        ("dict",),
        ("attributes of a class",),
    ],
}
FAMILY_SIZE = math.prod(map(len, CHOICES.values()))


def members(count: int, seed: int) -> list[Member]:
    """A sample. Each field's choices are equally frequent: 23 members have them all."""
    rng = random.Random(seed)
    columns = []
    for choices in CHOICES.values():
        rounds = [rng.sample(choices, len(choices)) for _ in range(count)]
        columns.append(sum(rounds, [])[:count])
    names = [name for fields in CHOICES for name in fields]
    rows = (sum(row, ()) for row in zip(*columns, strict=True))
    return [Member(**dict(zip(names, row, strict=True))) for row in rows]


def common() -> list[Member]:
    """The members that people write most."""
    course = Member(
        ("sigmoid",),
        *("sigmoid", "binary cross-entropy", "m", "lam/2m", False),
        *("theta", "rows", "out x in", "0-9", "vector C"),
    )
    apart = course._replace(biases="apart", labels="one-hot", packing="dict")
    columns = apart._replace(orientation="columns")
    rows = apart._replace(weights="in x out", labels="0-9", penalty="lam/2")
    classes = rows._replace(output="softmax", loss="cross-entropy")
    squares = rows._replace(loss=SQUARES[1], biases="none", labels="one-hot")
    return [
        course,
        course._replace(labels="1-10", packing="vector F"),
        course._replace(labels="1-10", packing="vector F", orientation="columns"),
        course._replace(hidden=("sigmoid",) * 2, packing="lists"),
        columns._replace(hidden=("tanh",), penalty=""),
        columns._replace(hidden=("relu",) * 3),
        columns._replace(hidden=("sigmoid",) * 2, loss=SQUARES[1], packing="lists"),
        classes._replace(hidden=("relu",)),
        classes._replace(hidden=("leaky relu",) * 2, penalty="lam", packing="lists"),
        classes._replace(hidden=(), packing="matrices"),
        squares._replace(scale="1", penalty="", packing="matrices"),
        squares._replace(packing="attributes of a class"),
        squares._replace(hidden=("tanh",), output="linear", loss=SQUARES[0]),
    ]


def array_names(member: Member, gradient: bool = False) -> list[str]:
    """The parameters' names, layer by layer, or those of their gradients."""
    weights, biases = ("dW", "db") if gradient else ("W", "b")
    if member.biases == "theta":
        weights = "gradient" if gradient else "theta"
    kinds = (weights, biases) if member.biases == "apart" else (weights,)
    return [f"{kind}{i + 1}" for i in range(len(member.hidden) + 1) for kind in kinds]


def keeps_axis(member: Member) -> bool:
    """Whether a bias has two axes, (out, 1) or (1, out), where it is apart."""
    return member.orientation == "columns" or member.packing in ("dict", "matrices")
