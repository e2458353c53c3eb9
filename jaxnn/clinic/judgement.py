"""Compare a person's costs and gradients with those of their own network."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.attempts import Progress
from jaxnn.clinic.calling import Way
from jaxnn.clinic.calling.forms import formed, plain
from jaxnn.clinic.calling.packings import roll, unroll
from jaxnn.clinic.edits import costs, search, squares
from jaxnn.clinic.edits.hypotheses import (
    MOST,
    NONE,
    Choice,
    Hypothesis,
    Observed,
    parts,
)
from jaxnn.clinic.examination import Answers
from jaxnn.clinic.networks import family
from jaxnn.clinic.networks.network import Network, course
from jaxnn.clinic.networks.problems import Layer, Params
from jaxnn.clinic.networks.units import HIDDEN, LEAKY, LINEAR, RELU
from jaxnn.clinic.understanding import Understood

ROUNDING = 1e-14  # of the largest part
PATIENCE = 3.0  # seconds; after that no more mistakes at once are tried


class Judgement(NamedTuple):
    """What is wrong with a cost and its gradient, and against which network."""

    net: Network
    cost: tuple[Hypothesis, ...] | None  # None if no cost came; () if unexplained
    gradient: tuple[Hypothesis, ...]  # () if unexplained
    rates: tuple[float, ...] = ()  # divided out of the gradient, by problem

    @property
    def is_right(self) -> bool:
        """Whether there is nothing to explain."""
        return (self.cost is None or NONE in self.cost) and NONE in self.gradient

    @property
    def is_own_cost(self) -> bool:
        """Whether only the cost differs, as another cost and not as a slip does."""
        if self.cost is None or NONE in self.cost:
            return False
        slips = ("labels", "examples", "penalty", "lambda")
        chosen = [c for h in self.cost[:1] for c in h.choices]
        return not any(c.place in slips or c.key == "eps" for c in chosen)

    @property
    def size(self) -> int:
        """How many mistakes; many for what is unexplained."""
        both = (h for h in (self.cost, self.gradient) if h is not None)
        return sum(h[0].size if h else MOST + 1 for h in both)


def judge(
    understood: Understood,
    answers: Answers,
    expected: Network | None,
    is_demanded: bool = False,
    progress: Progress | None = None,
) -> Judgement:
    """The network and the fewest mistakes that give all costs and gradients."""
    if expected is not None and not is_demanded:
        if own := other(understood, answers, expected):
            return own
    nets = candidates(understood, answers, expected)
    found: list[Judgement] = []
    began = time.process_time()
    for most in range(MOST + 1):
        if time.process_time() - began > PATIENCE:
            break
        for i, net in enumerate(nets):
            if progress is not None:
                progress(f"mistakes at once: {most}", i, len(nets))
            one = against(net, answers, most)
            if one.cost != () and one.gradient:
                found.append(one)
        if found and min(one.size for one in found) <= most + 1:
            break
    found = found or [against(net, answers, 2, is_whole=False) for net in nets[:4]]
    best = min(found, key=lambda one: one.size)
    return best if expected is not None else with_units(best)


def with_units(one: Judgement) -> Judgement:
    """The judgement that the forward pass lacks the units that the gradient has.

    That is one mistake of a linear network whose gradient has two: the activations and
    the slopes of other units, in every hidden layer.
    """
    hidden = one.net.units[:-1]
    if not one.cost or NONE not in one.cost or set(hidden) != {LINEAR}:
        return one
    for unit in HIDDEN:
        slopes = {("unit at z", unit.name), ("unit at a", unit.name)}
        if unit in (RELU, LEAKY):
            slopes.add(("unit", unit.name))  # the same by z as by a
        keys = {"entering": {("unit", unit.name)}, "slope": slopes}
        layers = range(1, len(hidden) + 1)
        places = {(p, n + (p == "entering")) for p in keys for n in layers}
        for h in one.gradient:
            is_whole = not h.factors and {c[:2] for c in h.choices} == places
            if is_whole and all(c.key in keys[c.place] for c in h.choices):
                lost = (Hypothesis((Choice("forward", 0, LINEAR.name),)),)
                units = (unit,) * len(hidden) + one.net.units[-1:]
                return Judgement(one.net._replace(units=units), lost, lost)
    return one


def other(
    understood: Understood, answers: Answers, expected: Network
) -> Judgement | None:
    """The judgement that all is right for another network, not near the expected."""
    if not understood.is_explained or answers.costs is None:
        return None
    for net in candidates(understood, answers, None)[:1]:
        own = against(net, answers, 0)
        if own.is_right and not against(expected, answers, 1).cost:
            return own
    return None


def candidates(
    understood: Understood, answers: Answers, expected: Network | None
) -> list[Network]:
    """The networks that a function may be meant to be, the likeliest first."""
    has_lam, given = len(answers.lams) > 1, answers.costs
    nets = list(understood.networks[:4]) or [course(answers.way.sizes)]
    if expected is not None:
        nets = [expected]
    elif understood.is_explained and given is not None:
        net = family.explained(nets, answers.problems, answers.lams, given, answers.bar)
        if net is not None:
            return [net]
    if not has_lam:
        return [net._replace(penalty=None) for net in nets]
    if expected is not None:
        return nets
    return [nets[0]._replace(penalty=one) for one in family.penalties(nets[0], True)]


def against(
    net: Network, answers: Answers, most: int, is_whole: bool = True
) -> Judgement:
    """What is wrong if this is the network; is_whole: only if the cost is explained."""
    cost, given, rates = None, answers.gradients, ()
    if (values := answers.costs) is not None:
        priced = squares.ObservedCosts(
            net, answers.problems, answers.lams, values, answers.bar
        )
        cost = tuple(costs.search(priced, most))
    assert given is not None
    if cost == () and is_whole:
        return Judgement(net, cost, ())
    way, changes = answers.way, orders(answers.way)
    seen = Observed(
        net,
        answers.problems,
        answers.lams,
        tuple(tuple(map(rounded, row)) for row in given),
        answers.bar,
        tuple(changes),
        lambda given, chosen: reread(way, given, [changes[one] for one in chosen]),
    )
    found = tuple(search.search(seen, most))
    is_step = way.mode != "gradient" and answers.rows[0][0].rate is None
    if is_step or cost is None:  # a cost that is not there may have any scale
        is_free = all(hasattr(p.function, "has_rate") for p in way.subject.parts)
        is_free |= way.mode == "added"
        is_free |= cost is None and is_scale(found, net, answers)
        rates, found = without_rate(found, len(answers.lams) > 1, is_free)
    return Judgement(net, cost, found, rates)


def rounded(given: Params) -> Params:
    """The gradient with 0 for parts that are rounding beside the largest."""
    sizes = [np.linalg.norm(part) for part in parts(given)]
    least = ROUNDING * max(sizes, default=0.0)

    def part(array: Any) -> Any:
        return array if array is None or np.linalg.norm(array) > least else 0 * array

    return tuple(Layer(part(W), part(b)) for W, b in given)


def is_scale(found: Sequence[Hypothesis], net: Network, answers: Answers) -> bool:
    """Whether a factor makes a mean over the examples a multiple of a sum, or back."""
    m = np.array([len(p.y) for p in answers.problems])
    scale = np.array([net.scale.factor(n, net.sizes[-1]) for n in m])
    for f in (f for h in found[:1] for f in h.factors if f.target in ("whole", "data")):
        sums = scale * np.array(f.values)
        return any(np.ptp(one) <= 1e-9 * abs(one[0]) for one in (sums, m * sums))
    return False


def without_rate(
    found: Sequence[Hypothesis], has_lam: bool, is_free: bool
) -> tuple[tuple[float, ...], tuple[Hypothesis, ...]]:
    """A factor of the whole that is the rate of a step, which is no mistake.

    is_free: whether it may differ by problem. A script's rate is for its own number of
    examples, and what is added may be a sum or a mean.
    """
    targets = ("whole",) if has_lam else ("whole", "data")
    for h in found:
        for f in h.factors:
            is_rate = is_free or np.ptp(np.round(f.values, 9)) == 0
            if f.target in targets and is_rate and min(f.values) > 0:
                rest = tuple(one for one in h.factors if one is not f)
                return f.values, (h._replace(factors=rest),)
    return (), tuple(found)


def orders(way: Way) -> dict[Choice, dict[str, str]]:
    """How a vector can be unrolled wrongly, each with its fields of the form."""
    form = way.form
    if not way.subject.takes("params") or form.parameters not in ("vector", "column"):
        return {}
    depth, known = len(way.sizes) - 1, form.order.split()
    right = [known[min(i, len(known) - 1)] for i in range(depth)]
    wrong = ["F" if order == "C" else "C" for order in right]
    found = {Choice("order", 0, "all"): {"order": " ".join(wrong)}}
    for i in range(depth) if depth > 1 else ():
        one = [*right[:i], wrong[i], *right[i + 1 :]]
        found[Choice("order", i + 1, "one")] = {"order": " ".join(one)}
    if depth > 1:
        first = "theta1" if form.first == "theta2" else "theta2"
        found[Choice("layers", 0, "swapped")] = {"first": first}
    return found


def reread(way: Way, given: Params, changes: Iterable[dict[str, str]]) -> Params:
    """A gradient as it is without the mistakes in its order, which `orders` gave."""
    form = wrong = way.form
    for fields in changes:
        wrong = wrong._replace(**fields)
    blocks = formed(given, form)
    made = roll(unroll(blocks, form), blocks, wrong)
    assert made is not None
    return plain(made, form)
