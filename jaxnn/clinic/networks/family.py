"""Find the network whose cost a person's function computes.

The costs at lambda 0 pick units, loss and scale; the costs with lambda the penalty.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from jaxnn.clinic.networks.network import PENALTIES, SCALES, Network
from jaxnn.clinic.networks.problems import Problem
from jaxnn.clinic.networks.units import HIDDEN, PAIRS, SOFTMAX, Unit


class Priced(NamedTuple):
    """A network without penalty, and its cost on one problem."""

    network: Network
    cost: float


def members(p: Problem) -> Iterator[Network]:
    """The networks without penalty that fit a problem, the usual ones first."""
    depth, has_biases = len(p.params) - 1, p.params[0].b is not None
    alike = [(unit,) * depth for unit in HIDDEN] if depth else [()]
    mixed = [u for u in product(HIDDEN, repeat=depth) if u not in alike]
    for hidden in (*alike, *mixed):
        for (output, loss), scale in product(PAIRS, SCALES):
            if output is SOFTMAX and p.sizes[-1] == 1:
                continue
            units: tuple[Unit, ...] = (*hidden, output)
            yield Network(p.sizes, units, loss, scale, None, has_biases)


def prices(p: Problem) -> list[Priced]:
    """Every member with its cost on the problem."""
    with np.errstate(all="ignore"):
        return [Priced(net, net.cost_of(p, 0.0)) for net in members(p)]


def known(found: Sequence[Priced], cost: float, bar: float) -> list[Network]:
    """The networks with this cost at lambda 0."""
    return [net for net, one in found if abs(one - cost) <= bar * abs(one)]


def explained(
    likely: Sequence[Network],
    problems: Sequence[Problem],
    lams: Sequence[float],
    costs: Sequence[Sequence[float]],
    bar: float,
) -> Network | None:
    """The first network that has all costs[problem][lambda]; None if there is none."""
    for net in likely:
        for penalty in penalties(net, len(lams) > 1):
            tried = net._replace(penalty=penalty)
            pairs = [
                (tried.cost_of(p, lam), given)
                for p, row in zip(problems, costs, strict=True)
                for lam, given in zip(lams, row, strict=True)
            ]
            if all(abs(a - b) <= bar * abs(a) for a, b in pairs):
                return tried
    return None


def penalties(net: Network, has_lam: bool) -> list:
    """The penalties that a network can have, none of them first."""
    if not has_lam:
        return [None]
    usual = [one for one in PENALTIES if net.has_biases or not one.has_biases]
    return [*usual, None]
