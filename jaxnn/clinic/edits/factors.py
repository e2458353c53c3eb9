"""Explain the factors by which the parts of a gradient are too large.

A part is the gradient of one layer's weights or biases, or its penalty. One mistake
multiplies some parts: all, the penalties, all below a layer, ... So few targets, each
with one factor, must give the factors of all parts, on every problem.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product, repeat
from typing import NamedTuple

import numpy as np

from jaxnn.clinic.edits.expressions import EXPRESSIONS, LAYERWISE, known
from jaxnn.clinic.networks.problems import Problem, Sizes

Array = np.ndarray
Part = tuple[str, int]  # ("W" | "b" | "penalty" | "bias penalty", layer)
BOTH = "penalty", "bias penalty"
NEAR = 1e-5  # factors that differ by less are one: lambda's part has fewer digits


class Factor(NamedTuple):
    """What multiplies the parts of a target: by problem, and as an expression."""

    target: str  # "whole", "data", "penalty", "W", "b", "layer", ...
    layer: int  # 0: all layers
    expression: str  # a key of EXPRESSIONS, or "number", "constant", "lambda"
    values: tuple[float, ...]
    number: float = 0.0  # used in place of m, or the constant

    @property
    def size(self) -> int:
        """How many edits: a constant that has no name is worth two."""
        return 2 if self.expression == "constant" else len(self.apart)

    @property
    def amount(self) -> str:
        """'2m', '1/k', or the number that is no expression."""
        is_named = self.expression != "constant"
        return self.expression if is_named else f"{self.number:.6g}"

    @property
    def apart(self) -> tuple["Factor", ...]:
        """The sign as a mistake of its own."""
        if not self.expression.startswith("-") or self.expression == "-1":
            return (self,)
        sign = self._replace(expression="-1")
        return sign, self._replace(expression=self.expression[1:])


def targets(
    parts: Sequence[Part], depth: int
) -> dict[tuple[str, int], dict[Part, int]]:
    """(target, layer) -> the parts that it multiplies, and how often; widest first."""
    layers = range(depth, 0, -1)

    def those(*kinds: str, of: Sequence[int] = tuple(layers)) -> dict[Part, int]:
        return {p: 1 for p in parts if p[0] in kinds and p[1] in of}

    found = {
        ("data", 0): those("W", "b"),
        ("whole", 0): those("W", "b", *BOTH),
        ("penalty", 0): those(*BOTH),
        ("W penalty", 0): those("penalty"),
        ("b penalty", 0): those("bias penalty"),
        ("W", 0): those("W"),
        ("b", 0): those("b"),
        ("weights", 0): those("W", *BOTH),
    }
    for layer in layers:
        own = (layer,)
        found["delta", layer] = those("W", "b", of=range(layer, 0, -1))
        found["layer", layer] = those("W", "b", of=own)
        found["W", layer] = those("W", of=own)
        found["b", layer] = those("b", of=own)
        found["penalty", layer] = those(*BOTH, of=own)
        found["W penalty", layer] = those("penalty", of=own)
        found["b penalty", layer] = those("bias penalty", of=own)
        found["whole layer", layer] = those("W", "b", *BOTH, of=own)
        found["weights", layer] = those("W", *BOTH, of=own)
    # each hidden layer's delta has it, and what comes back from above has it already
    found["back", 0] = {p: depth - p[1] for p in those("W", "b") if p[1] < depth}
    return {key: members for key, members in found.items() if members}


def factors(
    ratios: Mapping[Part, Array],
    problems: Sequence[Problem],
    most: int,
    lam: float,
    is_layered: bool = True,
) -> list[tuple[Factor, ...]]:
    """The smallest sets of factors that give ratios[part] (problems,); [] if none.

    is_layered: a factor may depend on the sizes of the layers.
    """
    sizes = problems[0].sizes
    parts = list(ratios)
    table = np.array([ratios[part] for part in parts])  # (parts, problems)
    options = unique(targets(parts, len(sizes) - 1), parts)
    for count in range(most + 1):
        found = list(solutions(table, options, count, problems, lam))
        if count and is_layered:
            found += layerwise(table, parts, options, count, problems, lam)
        if found:
            return found
    return []


def unique(
    options: Mapping[tuple[str, int], Mapping[Part, int]], parts: Sequence[Part]
) -> dict[tuple[str, int], Array]:
    """The targets as columns of powers, without those that repeat an earlier one."""
    first: dict[tuple[float, ...], tuple[str, int]] = {}
    for key, members in options.items():
        first.setdefault(tuple(float(members.get(part, 0)) for part in parts), key)
    return {key: np.array(column) for column, key in first.items()}


def solutions(
    table: Array,
    options: Mapping[tuple[str, int], Array],
    count: int,
    problems: Sequence[Problem],
    lam: float,
) -> Iterator[tuple[Factor, ...]]:
    """Sets of `count` targets with factors that multiply to the table."""
    if count == 0:
        if np.allclose(table, 1, rtol=NEAR, atol=0):
            yield ()
        return
    signed = np.sign(table)
    if not np.all(np.isfinite(table) & (signed != 0) & (signed == signed[:, :1])):
        return
    logs = np.log(np.abs(table))
    wrong = np.abs(table - 1).max(axis=1) > NEAR
    for chosen in combinations(options.items(), count):
        columns = np.array([column for _, column in chosen]).T  # (parts, count)
        reached = columns.any(axis=1)
        if np.any(wrong & ~reached) or np.linalg.matrix_rank(columns) < count:
            continue
        sizes = np.linalg.lstsq(columns, logs, rcond=None)[0]  # (count, problems)
        if np.abs(columns @ sizes - logs).max() > NEAR:
            continue
        signs = signs_of(columns, signed[:, 0])
        if signs is None:
            continue
        values = signs[:, None] * np.exp(sizes)
        named = list(map(express, dict(chosen), values, repeat(problems), repeat(lam)))
        if all(named):
            yield tuple(one for one in named if one)


def signs_of(columns: Array, wanted: Array) -> Array | None:
    """A sign for each target, so that the products have the wanted signs."""
    for signs in map(np.array, product((1.0, -1.0), repeat=columns.shape[1])):
        if np.array_equal(np.prod(signs**columns, axis=1), wanted):
            return signs
    return None


def express(
    key: tuple[str, int], values: Array, problems: Sequence[Problem], lam: float = 0.0
) -> Factor | None:
    """The factor as an expression that fits every problem; None if there is none."""
    target, layer = key
    ms, k = tuple(float(len(p.y)) for p in problems), problems[0].sizes[-1]
    if np.allclose(values, 1, rtol=NEAR, atol=0):
        return None
    given = tuple(map(float, values))
    table = known(ms, k)
    fits = np.all(np.abs(table - values) <= NEAR * np.abs(table), axis=1)
    if fits.any():
        return Factor(target, layer, list(EXPRESSIONS)[fits.argmax()], given)
    number, constant = np.array(ms) / values, float(values[0])
    count = float(np.round(number[0]))
    if 2 <= count < 1e9 and np.allclose(number, count, rtol=10 * NEAR, atol=0):
        return Factor(target, layer, "number", given, count)
    if np.allclose(values, constant, rtol=NEAR, atol=0):
        is_lam = target.endswith("penalty") and abs(constant - lam) <= NEAR * lam
        name = "lambda" if is_lam else "constant"
        return Factor(target, layer, name, given, constant)
    return None


def layerwise(
    table: Array,
    parts: Sequence[Part],
    options: Mapping[tuple[str, int], Array],
    count: int,
    problems: Sequence[Problem],
    lam: float,
) -> Iterator[tuple[Factor, ...]]:
    """Sets with one factor that depends on the layer's sizes."""
    sizes, ms = problems[0].sizes, [len(p.y) for p in problems]
    for name in LAYERWISE:
        whole = Factor("data", 0, name, ())
        rows = [[factor_of(part, [whole], sizes, m, 0) for m in ms] for part in parts]
        for others in solutions(table / rows, options, count - 1, problems, lam):
            yield (whole, *others)


def factor_of(
    part: Part, chosen: Sequence[Factor], sizes: Sizes, m: int, i: int
) -> float:
    """The product of the factors of a part, on problem i."""
    found, reached = 1.0, targets([part], len(sizes) - 1)
    for one in chosen:
        power = reached.get((one.target, one.layer), {}).get(part, 0)
        if not power:
            continue
        if one.expression in LAYERWISE:
            before, units = sizes[part[1] - 1], sizes[part[1]]
            found *= LAYERWISE[one.expression](m, before, units)
        else:
            found *= one.values[i] ** power
    return found
