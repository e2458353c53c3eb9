"""Find the way to call a person's function, and the network of its cost.

The cost decides: a way in which it is the cost of a known network is the right one. If
it is that of no network, the way and the network are taken whose gradient the person's
is most like.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling import Answer, Subject, Unusable, Way, ways
from jaxnn.clinic.calling.modes import flat
from jaxnn.clinic.calling.refusals import table
from jaxnn.clinic.calling.shapes import OTHER_SHAPE
from jaxnn.clinic.calling.ways import problems_of
from jaxnn.clinic.edits import steps
from jaxnn.clinic.networks import family
from jaxnn.clinic.networks.family import Priced
from jaxnn.clinic.networks.network import MEAN_OF_ALL, Network, course
from jaxnn.clinic.networks.problems import Problem, Sizes

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


class Understood(NamedTuple):
    """The way to call a function, and which networks its cost may be."""

    attempt: Attempt
    networks: tuple[Network, ...]
    is_explained: bool  # whether the cost is that of the networks

    @property
    def is_whole(self) -> bool:
        """Whether the cost is explained, or the gradient where no cost came."""
        one = self.attempt
        if self.is_explained or one.answer.cost is not None or not self.networks:
            return self.is_explained
        return is_right(one, self.networks[0])


@cache
def prices(sizes: Sizes, has_biases: bool, is_single: bool) -> list[Priced]:
    """The networks with their costs on the first problem."""
    return family.prices(problems_of(sizes, has_biases, is_single)[0])


def understand(
    s: Subject, fixed: Mapping[str, Any], progress: Progress | None = None
) -> Understood:
    """The way that gives a known cost, or else the likeliest gradient."""
    explained: list[Attempt] = []
    others: list[Attempt] = []
    for one in attempts(s, fixed, progress):
        if one.way.single and takes_many(others):
            break  # one example would hide what is wrong with many
        if explained and is_past(explained, one.way):
            if not is_mean_of_all(explained[0]) or one.way.single:
                break
            if one.way.sizes[-1] != 1:  # with one output it is the usual mean
                continue
        nets = one.networks
        if nets and is_known(one, nets):
            if is_right(one, nets[0]):
                return Understood(one, tuple(nets), True)
            if not explained or not is_past(explained, one.way):
                explained.append(one)
        elif not explained:
            others.append(one)
            if one.answer.cost is None and (net := whole_gradient(one)) is not None:
                return Understood(one, (net,), False)
    if explained:
        readable = [one for one in explained if one.answer.gradient] or explained
        best = max(readable, key=lambda one: likeness(one, one.networks)[0])
        return Understood(best, tuple(best.networks), True)
    return likeliest(s, others)


def takes_many(every: Sequence[Attempt]) -> bool:
    """Whether whole gradients, and no steps, came back for many examples."""
    many = [one for one in every if not one.way.single]
    is_step = any(one.way.mode != "gradient" for one in many)
    found = (one.answer for one in many)
    return not is_step and any(a.gradient and not a.finding for a in found)


def is_mean_of_all(one: Attempt) -> bool:
    """Whether the cost is averaged over the outputs too."""
    return one.way.sizes[-1] > 1 and one.networks[0].scale is MEAN_OF_ALL


def is_past(explained: Sequence[Attempt], way: Way) -> bool:
    """Whether the ways with the parameters and pixels of the first are all tried."""
    first = explained[0].way
    if way.single != first.single:
        return True
    if not any(one.answer.gradient for one in explained):
        return False
    free = {"labels": "", "y": ""}
    return first.sizes != way.sizes or any(
        a._replace(**free) != b._replace(**free)
        for a, b in zip(first.forms, way.forms, strict=True)
    )


def attempts(
    s: Subject, fixed: Mapping[str, Any], progress: Progress | None
) -> Iterator[Attempt]:
    """Each way with its answer for the first problem at lambda 0."""
    began = time.process_time()
    for i, way in enumerate(ways(s, fixed)):
        if i and (i >= ENOUGH or time.process_time() - began > PATIENCE):
            return
        if progress is not None:
            progress("trying ways to call it", i + 1, ENOUGH)
        problem = problems_of(way.sizes, way.has_biases, way.single)[0]
        yield Attempt(way, way.ask(problem, 0.0))


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
    return bool(np.allclose(given, wanted, rtol=one.bar * 10, atol=0))


def whole_gradient(one: Attempt) -> Network | None:
    """The network whose gradient this is in every part, if no cost came back."""
    if one.answer.gradient is None or one.answer.finding or one.way.mode != "gradient":
        return None
    nets = [priced.network for priced in plain_prices(one.way)]
    return next((net for net in nets if is_right(one, net)), None)


def compared(one: Attempt, net: Network) -> list[float | None]:
    """The factor of each part of the gradient against the network's right one."""
    p, given = one.problems[0], one.answer.gradient
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


def likeliest(s: Subject, every: Sequence[Attempt]) -> Understood:
    """The attempt whose gradient is most like that of a network."""
    usable = [one for one in every if one.answer.gradient]
    if not usable:
        best = clearest(s, every)
        if best.answer.finding == OTHER_SHAPE:  # what came back may be no gradient
            raise Unusable(
                f"{s.title}: {best.answer.trouble}, and its cost is that of no known "
                "network; name the cost and what returns the gradient: "
                "mywork.py:cost,gradient\n" + "\n".join(table(s))
            )
        return Understood(best, (), False)
    ranked = []
    for i, one in enumerate(distinct(usable)):
        nets = [priced.network for priced in plain_prices(one.way)]
        (first, exact, fits), net = likeness(one, nets)
        is_alone = one.answer.cost is None  # a cost that is unknown may be none
        score = first, exact, is_alone, fits, not one.answer.finding
        ranked.append(((score, -i), one, net))
    _, best, net = max(ranked, key=lambda each: each[0])
    return Understood(best, (net,), False)


def plain_prices(way: Way) -> list[Priced]:
    """The networks whose hidden units are all alike."""
    every = prices(way.sizes, way.has_biases, way.single)
    return [one for one in every if len(set(one.network.units[:-1])) <= 1]


def clearest(s: Subject, every: Sequence[Attempt]) -> Attempt:
    """The attempt that says most of why no gradient can be read."""
    answered = [one for one in every if one.answer.error is None]
    if not answered:
        raise Unusable(f"{s.title} gives nothing to check; return cost and gradient")
    return max(
        answered,
        key=lambda one: (bool(one.answer.finding), one.answer.cost is not None),
    )


def distinct(usable: Sequence[Attempt]) -> list[Attempt]:
    """The attempts without those that repeat the values of an earlier one."""
    found: dict[Any, Attempt] = {}
    for one in usable:
        parts = flat(one.answer.gradient or ())
        key = one.way.sizes, one.answer.cost, parts.tobytes()
        found.setdefault(key, one)
    return list(found.values())
