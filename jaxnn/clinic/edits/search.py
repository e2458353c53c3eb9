"""Find the fewest edits of the derivation that give a person's gradient.

Each layer's gradients depend on its own step and on what comes back from above. So the
search goes from the output back, and keeps at each layer what fits this layer's
gradients up to a factor; factors.py explains the factors of all layers together. A
combination of edits costs a sum of trials, not a product.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from jaxnn.clinic.edits import pools, steps
from jaxnn.clinic.edits.factors import factors
from jaxnn.clinic.edits.fits import SLACK, added, is_steady, misfit, on_problem, ratios
from jaxnn.clinic.edits.hypotheses import (
    MOST,
    NONE,
    Choice,
    Hypothesis,
    Observed,
    directions,
    flow,
    smallest,
    start,
    together,
)
from jaxnn.clinic.edits.penalties import distinct_penalties, penalized
from jaxnn.clinic.edits.steps import RIGHT, Flow, Key, Pool, Values


def search(seen: Observed, most: int = MOST) -> list[Hypothesis]:
    """All smallest hypotheses that give the observed gradients; [] if there is none."""
    options = everywhere(seen)

    def begun(size: int) -> Iterator[Hypothesis]:
        for h in together(options, size):
            yield from (one for one in trails(seen, h, size) if one.size == size)

    def finished(h: Hypothesis, limit: int) -> Iterator[Hypothesis]:
        every = with_factors(seen, h, limit)
        return (one for one in every if misfit(one, seen) <= seen.bar)

    return smallest(most, begun, finished)


def everywhere(seen: Observed) -> list[tuple[Choice, ...]]:
    """The edits that spoil more than one step, each as its choices."""
    wholes = steps.wholes(start(seen, NONE))
    found = [(Choice(place, 0, key),) for place, key in wholes]
    found += [(choice,) for choice in seen.orders]
    if len(seen.lams) > 1:
        has_biases = seen.net.penalty is not None and seen.net.penalty.has_biases
        for key in ("all", "k", "weights") if has_biases else ("all", "k"):
            lost = [Choice("lambda", n + 1, key) for n in range(seen.net.depth)]
            found += [tuple(lost), *((one,) for one in lost if len(lost) > 1)]
    return found


def trails(seen: Observed, h: Hypothesis, size: int) -> Iterator[Hypothesis]:
    """h with choices for all layers that fit the first problem, up to factors."""
    v = start(seen, h)
    found: list[tuple[Hypothesis, list[Flow]]] = [(h, [])]
    for n in range(seen.net.depth, 0, -1):
        found = [
            new
            for old in found
            for new in through(v, seen, n, *old, size)
            if v.m > 1 or is_steady(seen, new[0], n)
        ]
    for one, _ in found:
        yield from penalties(seen, one, size)


def through(
    v: Values, seen: Observed, layer: int, h: Hypothesis, above: list[Flow], size: int
) -> Iterator[tuple[Hypothesis, list[Flow]]]:
    """h with choices for one layer that fit its gradients up to factors."""
    given, bar = v.seen[layer - 1].b, SLACK * seen.bar
    raw = pools.delta_pools(v, layer, above)
    places = {
        place: trimmed(pool, place, layer, h, size) for place, pool in raw.items()
    }
    for arrived in chosen(h, layer, places, size):
        keys = {place: arrived.key(place, layer) for place in places}
        if keys.get("carrier") == "updated":
            if (rate := early(v, layer, raw, keys)) is None:
                continue
            arrived = arrived._replace(rate=rate)
        flows = [*above, flow(v, layer, raw, keys, arrived.rate)]
        for fitted in weights(v, layer, arrived, flows, size, bar):
            if given is None:
                yield fitted, flows
                continue
            # all sums over the units are one vector of ones, up to a factor
            sums = pools.bias_sums(v, layer, flows)
            sums = trimmed(sums, "bias", layer, fitted, size, False)
            for last in chosen(fitted, layer, {"bias": sums}, size):
                ours = sums[last.key("bias", layer)]
                if steps.ratio(ours, given, bar) is not None:
                    yield last, flows


def trimmed(
    pool: Pool,
    place: str,
    layer: int,
    h: Hypothesis,
    size: int,
    up_to_a_factor: bool = True,
) -> Pool:
    """What can still be chosen: at the limit only what is right or chosen already."""
    if h.size < size:
        is_number = pool[RIGHT].size == 1  # any number is a multiple of another one
        return pools.distinct(pool, up_to_a_factor and not is_number)
    used = {c.kind for c in h.choices}
    return {
        key: array
        for key, array in pool.items()
        if key == RIGHT or Choice(place, layer, key).kind in used
    }


def weights(
    v: Values, layer: int, h: Hypothesis, flows: list[Flow], size: int, bar: float
) -> Iterator[Hypothesis]:
    """h with choices for the weights' gradient (u_l, u_{l-1}) that fit it."""
    given = v.seen[layer - 1].W
    if h.size == size and not h.choices:
        if steps.ratio(flows[-1].delta @ v.A[layer - 1].T, given, bar) is not None:
            yield h
        return
    raw = {
        "summed": pools.summed(v, layer, flows),
        "entering": pools.entering(v, layer, flows),
    }
    places = {
        place: trimmed(pool, place, layer, h, size) for place, pool in raw.items()
    }
    summed, entering = places["summed"], places["entering"]
    for one in chosen(h, layer, places, size):
        a, b = summed[one.key("summed", layer)], entering[one.key("entering", layer)]
        if steps.ratio(a @ b.T, given, bar) is not None:
            yield one


def chosen(
    h: Hypothesis, layer: int, places: Mapping[str, Pool], size: int
) -> Iterator[Hypothesis]:
    """h with every choice from the places, with at most `size` edits in all."""
    if not places:
        yield h
        return
    (place, pool), *rest = places.items()
    for key in pool:
        after = h.and_choice(place, layer, key)
        if after.size <= size:
            yield from chosen(after, layer, dict(rest), size)


def early(
    v: Values, layer: int, places: Mapping[str, Pool], keys: Mapping[str, Key]
) -> float | None:
    """The rate with which W_{l+1} was updated before delta_l was computed."""
    W, moved = v.p.params[layer].W, v.seen[layer].W
    handed, slope = places["handed"][keys["handed"]], places["slope"][keys["slope"]]
    columns = [((one.T @ handed) * slope) @ v.A[layer - 1].T for one in (W, moved)]
    matrix = np.array([one.ravel() for one in columns]).T
    c, d = np.linalg.lstsq(matrix, v.seen[layer - 1].W.ravel(), rcond=None)[0]
    return float(-d / c) if c and abs(d / c) > 1e-9 else None


def penalties(seen: Observed, h: Hypothesis, size: int) -> Iterator[Hypothesis]:
    """h with choices for the penalty's place in every layer that fit."""
    found = [h]
    if len(seen.lams) > 1 and (data := on_problem(seen, h, 0)) is not None:
        v = start(seen, h, 0, 1)
        ours = directions(v, h)
        for layer in range(seen.net.depth, 0, -1):
            pool = distinct_penalties(penalized(v, layer))
            if h.key("lambda", layer) in ("all", "k"):
                pool = {RIGHT: pool[RIGHT]}
            fits = [
                key
                for key, one in pool.items()
                if added(v, seen, h, layer, ours, data, one) is not None
            ]
            found = [
                after
                for one in found
                for key in fits
                if (after := one.and_choice("penalty", layer, key)).size <= size
            ]
    yield from found


def with_factors(seen: Observed, h: Hypothesis, limit: int) -> Iterator[Hypothesis]:
    """h with the factors that it needs."""
    if (measured := ratios(seen, h)) is not None:
        for found in factors(measured, seen.problems, limit - h.size, seen.lams[-1]):
            yield h._replace(factors=found)
