"""Parameters that are numbers of their own: w1 ... w8, b1, b2 of a tiny network.

Together they are one vector, all weights before all biases.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np

from jaxnn.clinic.calling.inputs import Input
from jaxnn.clinic.calling.leaves import Leaf
from jaxnn.clinic.calling.names import COST, plain, read_name
from jaxnn.clinic.calling.usages import Usage
from jaxnn.clinic.networks.problems import Sizes

LEAST = 4  # so many weights in products of numbers alone are numbers
STEMS = {
    "x": "x|i|in|inp|input|inputs",
    "y": "y|t|target|out|output|expected|label|ytrue",
}


def scalars(
    names: Sequence[str], uses: Callable[[str], Usage], where: str
) -> tuple[Input, ...]:
    """The names of single numbers as inputs: the parameters, several x, several y."""
    weights, biases = (
        [n for n in names if (one := read_name(n)).kind == kind and not one.is_gradient]
        for kind in "Wb"
    )
    targets = [n for n in weights if re.fullmatch(f"({STEMS['y']})\\d+", plain(n))]
    weights = [n for n in weights if n not in targets]
    is_numbered = all(name[-1:].isdigit() for name in weights)
    if (
        len(weights) < LEAST
        or not is_numbered
        or {uses(n).kind for n in weights} != {"number"}
    ):
        return ()
    found = [group("params", [*weights, *biases], where)]
    for role, stems in STEMS.items():
        alike = [n for n in names if re.fullmatch(f"({stems})\\d+", plain(n))]
        found += [group(role, alike, where)] if len(alike) > 1 else []
    return tuple(found)


def group(role: str, names: Sequence[str], where: str) -> Input:
    """Several names as one input."""
    why = "single numbers"
    text = ", ".join(names)
    return Input(text, role, where, why, Usage("vector"), names=tuple(names))


def spread(one: Input, value: Any) -> dict[str, Any]:
    """The value by the input's name, or a number for each of its names.

    Biases are 0 where the vector has none.
    """
    if not one.names:
        return {one.name: value}
    numbers = [*np.ravel(value).tolist(), *[0.0] * len(one.names)]
    return dict(zip(one.names, numbers, strict=False))


def forms(inputs: Sequence[Input]) -> dict[str, str]:
    """The choices of the form that single numbers for x and y leave."""
    roles = {one.role for one in inputs if one.names}
    found = {"x": "flat"} if "x" in roles else {}
    return found | ({"labels": "one-hot", "y": "flat"} if "y" in roles else {})


def sizes_of(inputs: Sequence[Input]) -> list[Sizes]:
    """The sizes that a network of single numbers can have; [] for any other."""
    by_role = {one.role: one.names for one in inputs if one.names}
    if "params" not in by_role:
        return []
    kinds = [read_name(name).kind for name in by_role["params"]]
    count, n_biases = kinds.count("W"), kinds.count("b")
    n, k = (len(by_role.get(role, ())) for role in "xy")
    return sorted(fitting(count, n, k), key=lambda s: sum(s[1:]) != n_biases)


def fitting(count: int, n: int, k: int) -> Iterator[Sizes]:
    """The sizes with so many weights; n, k: 0 if they are not known."""
    for outputs in [k] if k else [1, 2, 3]:
        for inputs in [n] if n else [2, 3, 1, 4]:
            if count % (inputs + outputs) == 0:
                yield inputs, count // (inputs + outputs), outputs
            for h in range(2, count):
                rest = count - inputs * h
                if rest > 0 and rest % (h + outputs) == 0 and rest // (h + outputs) > 1:
                    yield inputs, h, rest // (h + outputs), outputs


def in_words(names: Sequence[str], sizes: Sizes) -> str:
    """Which numbers are in which layer's weights and biases."""
    kinds = {
        kind: iter([n for n in names if read_name(n).kind == kind]) for kind in "Wb"
    }
    counts = [("W", a * b) for a, b in pairwise(sizes)] + [("b", n) for n in sizes[1:]]
    found = []
    for i, (kind, count) in enumerate(counts):
        layer = 1 + i % (len(sizes) - 1)
        if inside := list(islice(kinds[kind], count)):
            found.append(f"{kind}{layer} of {' '.join(inside)}")
    return "single numbers: " + ", ".join(found)


def joined(found: Sequence[Leaf], names: Sequence[str], count: int) -> list[Leaf]:
    """What came back, with one vector in place of numbers for the names' gradients.

    count: how many of the names are parameters. Numbers without names are in order.
    """
    single = [leaf for leaf in found if leaf.array.size == 1]
    by_name = {leaf.means[:2]: leaf for leaf in single[::-1]}
    chosen = [by_name.get(read_name(name)[:2]) for name in names[:count]]
    if not all(chosen):
        free = [n for n in single if not COST.fullmatch(plain(n.name))]
        chosen = free[-count:] if len(free) in (count, count + 1) else []
    if len(chosen) < count:
        return list(found)
    used = {id(leaf) for leaf in chosen}
    vector = np.array([leaf.array.item() for leaf in chosen if leaf is not None])
    place = max(leaf.part for leaf in chosen if leaf is not None)
    rest = [leaf for leaf in found if id(leaf) not in used]
    return [*rest, Leaf(vector, part=place)]
