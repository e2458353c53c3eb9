"""The ways to call a person's function, tried, and how well each fits a network."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling import Answer, Subject, Way, ways
from jaxnn.clinic.calling.calls import TooLong
from jaxnn.clinic.calling.sizes import problems_of
from jaxnn.clinic.edits import steps
from jaxnn.clinic.networks import family
from jaxnn.clinic.networks.family import Priced
from jaxnn.clinic.networks.network import Network, course
from jaxnn.clinic.networks.problems import Problem, Sizes
from jaxnn.clinic.networks.units import LINEAR, Unit

BARS: dict[type, float] = {np.float64: 1e-6, np.float32: 2e-5, np.float16: 2e-2}
PATIENCE = 5.0  # seconds of computing; after that the rarer ways are left out
ENOUGH = 400  # ways; likewise

Progress = Callable[[str, int, int], Any]


class Attempt(NamedTuple):
    """A way, and what it gives for its first problem at lambda 0."""

    way: Way
    answer: Answer

    @property
    def bar(self) -> float:
        """A smaller relative difference is rounding."""
        return BARS[self.answer.precision]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems for this way."""
        return problems_of(self.way.sizes, self.way.has_biases, self.way.single)

    @property
    def networks(self) -> list[Network]:
        """The networks without penalty that have this cost."""
        if self.answer.cost is None:
            return []
        way = self.way
        return family.known(
            prices(way.sizes, way.has_biases, way.single), self.answer.cost, self.bar
        )


@cache
def prices(sizes: Sizes, has_biases: bool, is_single: bool) -> list[Priced]:
    """The networks with their costs on the first problem."""
    return family.prices(problems_of(sizes, has_biases, is_single)[0])


def plain_prices(way: Way) -> list[Priced]:
    """The networks whose hidden units are all alike."""
    every = prices(way.sizes, way.has_biases, way.single)
    return [one for one in every if len(set(one.network.units[:-1])) <= 1]


def plausible(one: Attempt) -> list[Network]:
    """The networks whose hidden units are all alike; only those with the output that a
    forward pass gave, if there are any.

    A linear output says nothing, since it may be what enters the last unit.
    """
    nets = [priced.network for priced in plain_prices(one.way)]
    p = one.problems[0]
    given = [a.reshape(-1) for a in one.answer.seen if a.size == p.targets.size]
    given += [a.reshape(p.targets.shape[::-1]).T.reshape(-1) for a in given]
    fits: dict[tuple[Unit, ...], bool] = {}
    for units, net in {net.units: net for net in nets if given}.items():
        A = np.ravel(net.forward(p.params, p.x.T)[-1][1])
        is_near = any(np.allclose(a, A, one.bar, 0) for a in given)
        fits[units] = is_near and units[-1] is not LINEAR
    return [net for net in nets if fits.get(net.units)] or nets


def attempts(
    s: Subject,
    fixed: Mapping[str, Any],
    progress: Progress | None = None,
    takes_many: Callable[[], bool] = lambda: False,
) -> Iterator[Attempt]:
    """Each way with its answer for the first problem at lambda 0; see `ways`."""
    began = time.process_time()
    for i, way in enumerate(ways(s, fixed, takes_many)):
        if i and (i >= ENOUGH or time.process_time() - began > PATIENCE):
            return
        if progress is not None:
            progress("trying ways to call it", i + 1, ENOUGH)
        problem = problems_of(way.sizes, way.has_biases, way.single)[0]
        one = Attempt(way, way.ask(problem, 0.0))
        yield one
        if isinstance(one.answer.error, TooLong):
            return  # in other ways it would take as long


def is_known(one: Attempt, nets: Sequence[Network]) -> bool:
    """Whether the second problem's cost is that of one of the networks too."""
    p = one.problems[1]
    cost = one.way.ask(p, 0.0).cost
    if cost is None:
        return False
    return any(abs(net.cost_of(p, 0.0) - cost) <= one.bar * abs(cost) for net in nets)


def is_right(one: Attempt, net: Network) -> bool:
    """Whether the gradient is that of the network, up to a rate that no one knows."""
    if one.answer.gradient is None or one.answer.finding:
        return False
    ratios = compared(one, net)
    if not ratios or any(c is None for c in ratios):
        return False
    given = [c for c in ratios if c is not None]
    wanted = 1.0 if one.way.mode == "gradient" or one.answer.rate else given[0]
    if one.way.mode == "added" and wanted <= 0:
        return False
    return bool(np.allclose(given, wanted, rtol=one.bar * 10, atol=0))


def whole_gradient(one: Attempt) -> Network | None:
    """The network whose gradient this is in every part, if no cost came back."""
    is_whole = one.way.mode in ("gradient", "added")
    if one.answer.gradient is None or one.answer.finding or not is_whole:
        return None
    nets = [priced.network for priced in plain_prices(one.way)]
    exact = (net for net in nets if is_right(one, net))
    return next(exact, None) or next((n for n in nets if is_multiple(one, n)), None)


def is_multiple(one: Attempt, net: Network) -> bool:
    """Whether the gradient is a network's times a number that m does not change."""
    if not is_one(compared(one, net), one.bar):
        return False
    other = one._replace(answer=one.way.ask(one.problems[1], 0.0))
    if other.answer.gradient is None:
        return False
    return is_one(compared(one, net) + compared(other, net, 1), one.bar)


def is_one(ratios: Sequence[float | None], bar: float) -> bool:
    """Whether all factors are one number."""
    known = [c for c in ratios if c is not None]
    return len(known) == len(ratios) > 0 and bool(
        np.ptp(known) <= 10 * bar * abs(known[0])
    )


def compared(one: Attempt, net: Network, problem: int = 0) -> list[float | None]:
    """The factor of each part of the gradient against the network's right one."""
    p, given = one.problems[problem], one.answer.gradient
    assert given is not None
    v = steps.values(net, p, 0.0, given)
    scale = net.scale.factor(v.m, len(v.Y))
    return [
        steps.ratio(scale * a, b, 10 * one.bar)
        for ours, theirs in zip(steps.right(v), given, strict=True)
        for a, b in zip(ours, theirs, strict=True)
        if a is not None and b is not None
    ]


def likeness(one: Attempt, nets: Sequence[Network]) -> tuple[tuple[int, ...], Network]:
    """How well the gradient fits the likest of the networks.

    It counts how many parts are right without a gap, from the output back; how many are
    right at all; how many are a multiple of what is right.
    """
    if not nets:
        nets = [course(one.way.sizes)]
    if one.answer.gradient is None:
        return (-1, -1, -1), nets[0]
    found = []
    for i, net in enumerate(nets):
        ratios = compared(one, net)[::-1]
        exact = [c is not None and abs(c - 1) <= 10 * one.bar for c in ratios]
        first = next(
            (n for n, is_exact in enumerate(exact) if not is_exact), len(exact)
        )
        fits = sum(c is not None and c != 0 for c in ratios)
        found.append(((first, sum(exact), fits), -i, net))
    score, _, net = max(found, key=lambda each: each[:2])
    return score, net
