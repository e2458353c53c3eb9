"""Hypotheses: edits made together, and the gradients that they give."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, TypeVar

from jaxnn.clinic.edits import pools, steps
from jaxnn.clinic.edits.factors import Factor, factor_of
from jaxnn.clinic.edits.penalties import penalized, penalty_factor
from jaxnn.clinic.edits.steps import RIGHT, Array, Flow, Key, Pool, Values
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Layer, Params, Problem

T = TypeVar("T")
MOST = 3  # edits at once
PLAIN = ("m", "1/m", "-1", "2", "1/2", "k", "1/k")
LOCAL = ("summed", "entering", "bias")  # places that spoil one layer alone
SAME = {"bias": "summed"}  # the same delta is summed for weights and biases


class Choice(NamedTuple):
    """What stands in one place of a step, where that is not right."""

    place: str  # "error", "slope", "handed", "carrier", "entering", "summed", ...
    layer: int  # 0: everywhere
    key: Key

    @property
    def kind(self) -> tuple[str, Key]:
        """What the same line in a loop over the layers has in every layer."""
        key = self.key
        if self.layer and isinstance(key, tuple) and isinstance(key[1], int):
            key = key[0], key[1] - self.layer
        return SAME.get(self.place, self.place), key


Reread = Callable[[Params, Sequence[Choice]], Params]


class Observed(NamedTuple):
    """The gradients of a person's function, and the network of its cost."""

    net: Network
    problems: tuple[Problem, ...]
    lams: tuple[float, ...]  # the first is 0
    values: tuple[tuple[Params, ...], ...]  # [problem][lambda]
    bar: float = 1e-6  # a smaller relative difference is rounding
    orders: tuple[Choice, ...] = ()  # how a vector can be unrolled wrongly
    reread: Reread | None = None  # the gradient without these mistakes


class Hypothesis(NamedTuple):
    """Edits made together."""

    choices: tuple[Choice, ...] = ()
    factors: tuple[Factor, ...] = ()
    rate: float = 0.0  # with which W was updated too early

    @property
    def size(self) -> int:
        """How many edits: the same one in several layers is one."""
        kinds = {c.kind for c in self.choices}
        return len(kinds) + sum(one.size for one in self.factors)

    @property
    def parted(self) -> list[Factor]:
        """The factors, each sign as one of its own."""
        return [part for f in self.factors for part in f.apart]

    def and_choice(self, place: str, layer: int, key: Key) -> "Hypothesis":
        """The same with one more choice, unless that is right."""
        if key == RIGHT:
            return self
        return self._replace(choices=(*self.choices, Choice(place, layer, key)))

    @property
    def rank(self) -> tuple[int, ...]:
        """Among hypotheses of one size, the plainer comes first."""
        odd = [one for one in self.factors if one.expression not in PLAIN]
        length = sum(len(one.expression) for one in odd)
        local = sum(one.place in LOCAL for one in self.choices)
        return self.size, len(odd), length, len(self.choices), local

    def key(self, place: str, layer: int) -> Key:
        """What stands in a place."""
        where = place, layer
        return next((c.key for c in self.choices if c[:2] == where), RIGHT)


NONE = Hypothesis()


def smallest(
    most: int,
    begun: Callable[[int], Iterable[T]],
    finished: Callable[[T, int], Iterable[Hypothesis]],
) -> list[Hypothesis]:
    """All hypotheses of the smallest size, up to `most`; [] if there is none.

    begun: what has so many choices. finished: the hypotheses of at most so many edits
    that it leads to.
    """
    best: list[Hypothesis] = []
    limit = most
    for size in range(most + 1):
        for one in begun(size) if size <= limit else ():
            for h in finished(one, limit):
                if h.size <= limit and h not in best:
                    best = [each for each in best if each.size == h.size] + [h]
                    limit = h.size
    return sorted(best, key=lambda h: h.rank)


def together(options: Sequence[Sequence[Choice]], most: int) -> Iterator[Hypothesis]:
    """The hypotheses of at most `most` of the options, one for each place."""
    for count in range(most + 1):
        for some in combinations(options, count):
            if len({one[0].place for one in some}) == count:
                yield Hypothesis(tuple(c for one in some for c in one))


def start(seen: Observed, h: Hypothesis, i: int = 0, j: int = 0) -> Values:
    """The values of problem i at the j-th lambda, with the edits of the whole."""
    v = steps.values(
        seen.net,
        seen.problems[i],
        seen.lams[j],
        given_as(seen, h, i, j),
        given_as(seen, h, i, 0),
    )
    return applied(v, h)


def applied(v: Values, h: Hypothesis) -> Values:
    """The values with the edits of the whole."""
    wholes = [c for c in h.choices if c.place in steps.WHOLE]
    for c in sorted(wholes, key=lambda c: steps.WHOLE.index(c.place)):
        v = steps.wholes(v)[c.place, c.key](v)
    return v


def given_as(seen: Observed, h: Hypothesis, i: int, j: int) -> Params:
    """The person's gradient, before it was unrolled in the wrong order.

    Where 1 or k stands for lambda in a layer's penalty, that penalty is taken off.
    """
    given = seen.values[i][j]
    turned = [c for c in h.choices if c in seen.orders]
    if turned and seen.reread is not None:
        given = seen.reread(given, turned)
    lost = {c.layer: c.key for c in h.choices if c.place == "lambda"}
    if not lost:
        return given
    v = steps.values(seen.net, seen.problems[i], 1.0, given)
    factor = penalty_factor(seen.net, v.m)
    found = []
    for n, (W, b) in enumerate(given, 1):
        added = penalized(v, n)[RIGHT]
        if n in lost:
            times = factor * (seen.net.sizes[-1] if lost[n] == "k" else 1)
            W = W - times * added.W
            if lost[n] != "weights" and b is not None and added.b is not None:
                b = b - times * added.b
        found.append(Layer(W, b))
    return tuple(found)


def flow(
    v: Values,
    layer: int,
    places: Mapping[str, Pool],
    keys: Mapping[str, Key],
    rate: float,
) -> Flow:
    """delta_l (u_l, m), made of what stands in each place."""
    slope = places["slope"][keys["slope"]]
    if "error" in places:
        key = keys["error"]
        error = places["error"][key]
        return Flow(error if key in steps.WHOLE_DELTA else error * slope, error)
    W = places["carrier"][keys["carrier"]]
    if keys["carrier"] == "updated":
        W = W - rate * v.seen[layer].W
    back = W.T @ places["handed"][keys["handed"]]  # (u_l, m)
    return Flow(back if keys["handed"] == "wrong layer" else back * slope, back)


def directions(v: Values, h: Hypothesis, lowest: int = 1) -> tuple[Layer, ...]:
    """The gradients of the layers from `lowest` on, up to their factors."""
    above: list[Flow] = []
    found = []
    for layer in range(v.net.depth, lowest - 1, -1):
        places = pools.delta_pools(v, layer, above)
        keys = {place: h.key(place, layer) for place in places}
        above.append(flow(v, layer, places, keys, h.rate))
        summed = pools.summed(v, layer, above)[h.key("summed", layer)]
        entering = pools.entering(v, layer, above)[h.key("entering", layer)]
        biases = pools.bias_sums(v, layer, above)[h.key("bias", layer)]
        has_biases = v.p.params[0].b is not None
        found.append(Layer(summed @ entering.T, biases if has_biases else None))
    return tuple(found[::-1])


def gradient(seen: Observed, h: Hypothesis, i: int, j: int) -> Params:
    """The gradient that a hypothesis gives for problem i at the j-th lambda."""
    v = start(seen, h, i, j)
    m, k, sizes = v.m, len(v.Y), seen.net.sizes
    scale, found = seen.net.scale.factor(m, k), []
    for layer, (W, b) in enumerate(directions(v, h), 1):

        def factor(kind: str, layer: int = layer) -> float:
            return factor_of((kind, layer), h.factors, sizes, m, i)

        added = penalized(v, layer)[h.key("penalty", layer)]
        times = penalty_factor(seen.net, m) * v.lam
        lost = h.key("lambda", layer)
        W = scale * factor("W") * W
        W = W + times * factor("penalty") * added.W * (lost == RIGHT)
        if b is not None and added.b is not None:
            b = scale * factor("b") * b
            has_lam = lost in (RIGHT, "weights")
            b = b + times * factor("bias penalty") * added.b * has_lam
        found.append(Layer(W, b))
    return tuple(found)


def parts(params: Params) -> list[Array]:
    """The weights and biases of all layers, from layer 1."""
    return [part for layer in params for part in layer if part is not None]
