"""Find the way to call a person's function, and the network of its cost.

The cost decides: a way in which it is the cost of a known network is the right one. If
it is that of no network, the way and the network are taken whose gradient the person's
is most like.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from jaxnn.clinic.attempts import (
    Attempt,
    Progress,
    attempts,
    is_known,
    is_right,
    likeness,
    plausible,
    whole_gradient,
)
from jaxnn.clinic.calling import Subject, Unusable, Way
from jaxnn.clinic.calling.modes import flat
from jaxnn.clinic.calling.refusals import table
from jaxnn.clinic.calling.shapes import OTHER_SHAPE
from jaxnn.clinic.networks.network import MEAN_OF_ALL, Network


class Understood(NamedTuple):
    """The way to call a function, and which networks its cost may be."""

    attempt: Attempt
    networks: tuple[Network, ...]
    is_explained: bool  # whether the cost is that of the networks
    others: tuple[Attempt, ...] = ()  # if not: other ways that give a gradient

    @property
    def is_whole(self) -> bool:
        """Whether the cost is explained, or the gradient where no cost came."""
        one = self.attempt
        if self.is_explained or one.answer.cost is not None or not self.networks:
            return self.is_explained
        return is_right(one, self.networks[0])


def understand(
    s: Subject, fixed: Mapping[str, Any], progress: Progress | None = None
) -> Understood:
    """The way that gives a known cost, or else the likeliest gradient."""
    explained: list[Attempt] = []
    others: list[Attempt] = []
    for one in attempts(s, fixed, progress, lambda: takes_many(others)):
        if explained and is_past(explained, one.way):
            if not is_mean_of_all(explained[0]) or one.way.single:
                break
            if one.way.sizes[-1] != 1:  # with one output it is the usual mean
                continue
        nets = one.networks
        is_explained = bool(nets) and is_known(one, nets)
        if is_explained and is_right(one, nets[0]):
            return Understood(one, tuple(nets), True)
        if one.answer.cost is None and not explained:
            if (net := whole_gradient(one)) is not None:
                return Understood(one, (net,), False)
        if one.way.is_added and one.way.mode == "gradient":
            continue  # their file adds it, so it is no gradient
        if is_explained and (not explained or not is_past(explained, one.way)):
            explained.append(one)
        elif not is_explained and not explained:
            others.append(one)
    if explained:
        readable = [one for one in explained if one.answer.gradient] or explained
        best = max(readable, key=lambda one: likeness(one, one.networks)[0])
        return Understood(best, tuple(best.networks), True)
    return likeliest(s, others)


def takes_many(every: Sequence[Attempt]) -> bool:
    """Whether whole gradients, and no steps, came back for many examples."""
    many = [one for one in every if not one.way.single]
    is_step = any(one.way.mode not in ("gradient", "added") for one in many)
    found = (one.answer for one in many)
    return not is_step and any(a.gradient and not a.finding for a in found)


def is_mean_of_all(one: Attempt) -> bool:
    """Whether the cost is averaged over the outputs too."""
    return one.way.sizes[-1] > 1 and one.networks[0].scale is MEAN_OF_ALL


def is_past(explained: Sequence[Attempt], way: Way) -> bool:
    """Whether the ways with the parameters and pixels of the first are all tried."""
    if way.single != explained[0].way.single:
        return True
    readable = [one for one in explained if one.answer.gradient]
    if not readable:
        return False
    first = readable[0].way
    if way.single and first.sizes[-1] == 1 and first.sizes == way.sizes:
        # an array of the wrong layer can have the shape of the weights to one output
        layer = 1 + way.has_biases
        if all(likeness(one, one.networks)[0][0] < layer for one in readable):
            return False
    free = {"labels": "", "y": "", "one_output": ""}
    free |= {} if way.subject.takes("params") else {"order": ""}
    return first.sizes != way.sizes or any(
        a._replace(**free) != b._replace(**free)
        for a, b in zip(first.forms, way.forms, strict=True)
    )


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
    usable = distinct(usable)
    for i, one in enumerate(usable):
        nets = plausible(one)
        (first, exact, fits), net = likeness(one, nets)
        is_alone = one.answer.cost is None  # a cost that is unknown may be none
        score = first, exact, is_alone, fits, not one.answer.finding
        ranked.append(((score, -i), one, net))
    _, best, net = max(ranked, key=lambda each: each[0])
    return Understood(best, (net,), False, tuple(usable))


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
