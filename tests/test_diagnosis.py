"""The diagnosis names the mistakes planted in an independent implementation, no others.

planted.py shares no code with jaxnn. A set of mistakes counts as named if it is the
first explanation, or if no larger set is found that is the same function: it gives the
same values on a problem that the search never saw.
"""

import functools
import itertools
import math
import random

import numpy as np
import planted
import pytest

from jaxnn.clinic.edits import costs, search, squares
from jaxnn.clinic.edits.expressions import EXPRESSIONS
from jaxnn.clinic.edits.factors import factor_of
from jaxnn.clinic.edits.fits import misfit
from jaxnn.clinic.edits.hypotheses import NONE, Choice, Observed
from jaxnn.clinic.networks.network import course
from jaxnn.clinic.networks.problems import (
    COURSE,
    LAMBDA,
    SMALL,
    Layer,
    problem,
    problems,
)
from jaxnn.clinic.telling import report
from jaxnn.clinic.telling.formulas import Style
from jaxnn.clinic.telling.places import ADDED, AT_ZERO, places

pytestmark = pytest.mark.slow

LAMBDAS = (0.0, LAMBDA)
TABLES = {"cost": planted.COST_NAMES, "gradient": planted.GRADIENT_NAMES}
STYLE = Style(("theta1", "theta2"))
UNSEEN = problem((7, 4, 6), 19, seed=99)
PARTS = 8  # of the long tests, so that they run side by side


def thetas(p):
    """theta1 (h, 1 + n) and theta2 (k, 1 + h)."""
    return [np.column_stack([b, W]) for W, b in p.params]


def layers(vector, like, order="CC", first=0):
    """The layers in a vector; order: of each theta, first: the theta that begins."""
    found = {}
    for i in (first, 1 - first):
        W = like[i].W
        shape = len(W), 1 + W.shape[1]
        part, vector = np.split(vector, [shape[0] * shape[1]])
        theta = part.reshape(shape, order=order[i])
        found[i] = Layer(theta[:, 1:], theta[:, 0])
    return found[0], found[1]


def unrolled(given, order="CC", first=0):
    """The inverse of layers."""
    both = [
        np.column_stack([b, W]).ravel(order=o)
        for (W, b), o in zip(given, order, strict=True)
    ]
    return np.concatenate([both[first], both[1 - first]])


def orders(order):
    """How a gradient can be unrolled wrongly, each with its orders, or None."""
    one, two = ({"C": "F", "F": "C"}[o] for o in order)
    return {
        Choice("order", 0, "all"): one + two,
        Choice("order", 1, "one"): one + order[1],
        Choice("order", 2, "one"): order[0] + two,
        Choice("layers", 0, "swapped"): None,
    }


def reread(given, chosen, order="CC", first=0):
    """What a gradient was before it was unrolled wrongly."""
    wrong, start = order, first
    for choice in chosen:
        if changed := orders(order)[choice]:
            wrong = changed
        else:
            start = 1 - first
    return layers(unrolled(given, order, first), given, wrong, start)


def gradient_of(names, p, lam, order="CC", first=0):
    """The planted gradient, layer by layer."""
    vector = planted.planted_gradient(
        *thetas(p), p.x, p.y, lam, names, order=order[0], theta2_first=first == 1
    )
    return layers(vector, p.params, order, first)


def cost_of(names, p, lam):
    """The planted cost."""
    return planted.planted_cost(*thetas(p), p.x, p.y, lam, names)


def observe(kind, names, sizes=SMALL, lams=LAMBDAS, bar=1e-6, **way):
    """What the search sees of the planted mistakes."""
    every = problems(sizes)
    if kind == "cost":
        values = tuple(tuple(cost_of(names, p, lam) for lam in lams) for p in every)
        return squares.ObservedCosts(course(sizes), every, lams, values, bar)
    values = tuple(
        tuple(gradient_of(names, p, lam, **way) for lam in lams) for p in every
    )
    known = tuple(orders(way.get("order", "CC")))
    undone = functools.partial(reread, **way)
    return Observed(course(sizes), every, lams, values, bar, known, undone)


def diagnose(seen, most=3):
    """The smallest explanations, the plainest first."""
    return (search if isinstance(seen, Observed) else costs).search(seen, most)


def names_of(kind, h, net=None):
    """The mistakes of a hypothesis, by name."""
    net = net or course(SMALL)
    return [one.name for one in report.mistakes(h, kind, STYLE, net)]


def at_unseen(h):
    """The hypothesis with its factors' values for the unseen problem."""
    m, k = len(UNSEEN.y), UNSEEN.sizes[-1]

    def value(f):
        if f.expression in ("number", "constant"):
            return m / f.number if f.expression == "number" else f.number
        return EXPRESSIONS[f.expression](m, k) if f.values else 0.0

    made = (f._replace(values=f.values and (value(f),)) for f in h.factors)
    return h._replace(factors=tuple(made))


def explained_cost(h, lam):
    """The cost of the unseen problem with the edits of a hypothesis."""
    net, m, k = course(UNSEEN.sizes), len(UNSEEN.y), UNSEEN.sizes[-1]
    seen = squares.ObservedCosts(net, (UNSEEN,), (0.0, lam), ())
    v, (choice, always) = costs.start(seen, h, 0), squares.lost(seen, h)
    terms, (layer, key) = h.key("terms", 0), (0, "right")
    for c in h.choices:
        if c.place == "penalty":
            layer, key = c.layer, c.key
    if choice is not None:
        layer, key = choice.layer, "missing"
    is_eps = terms == "eps"
    data = costs.eps_terms(v, h.rate) if is_eps else costs.terms(net)[terms](v)
    times = functools.partial(factor_of, chosen=h.factors, sizes=net.sizes, m=m, i=0)
    added = squares.penalty(v, layer, key) * times(costs.PENALTY)
    if key == "missing" and not layer:
        added = 0.0
    elif key == "right":
        added = sum(squares.own(v, n) * times(("penalty", n)) for n in (1, 2))
    return data * net.scale.factor(m, k) * times(costs.DATA) + added + always[0]


def is_same(kind, names, h):
    """Whether a hypothesis gives the planted values of the unseen problem."""
    h = at_unseen(h)
    for lam in (0.0, 2.5):
        if kind == "cost":
            ours, given = explained_cost(h, lam), cost_of(names, UNSEEN, lam)
            if not abs(ours - given) < 1e-5 * abs(given):
                return False
            continue
        given = [gradient_of(names, UNSEEN, one) for one in (0.0, lam)]
        seen = observe("gradient", ())._replace(
            net=course(UNSEEN.sizes),
            problems=(UNSEEN,),
            lams=(0.0, lam),
            values=(tuple(given),),
        )
        if not misfit(h, seen) < 1e-5:
            return False
    return True


def is_named(kind, names, found):
    """Whether the names are found, or an explanation that is the same function."""
    if any(set(names_of(kind, h)) == set(names) for h in found):
        return True
    return any(h.size <= len(names) and is_same(kind, names, h) for h in found)


def combinations(kind, size):
    """All sets of mistakes that can be made together."""
    for names in itertools.combinations(TABLES[kind], size):
        pairs = itertools.combinations(names, 2)
        if not any(planted.clash(*pair) for pair in pairs):
            yield names


@pytest.mark.parametrize("sizes", [SMALL, COURSE])
@pytest.mark.parametrize("kind", TABLES)
def test_right_values_are_right(kind, sizes):
    assert diagnose(observe(kind, (), sizes)) == [NONE]


def test_there_are_many_mistakes():
    assert len(planted.GRADIENT_NAMES) > 60 and len(planted.COST_NAMES) > 45


@pytest.mark.parametrize("kind", TABLES)
def test_every_mistake_is_named(kind):
    for name in TABLES[kind]:
        first, *others = diagnose(observe(kind, (name,)))
        assert names_of(kind, first) == [name]
        assert is_same(kind, (name,), first), name
        plain = [h for h in others if len(h.choices) <= len(first.choices)]
        assert {*map(str, (names_of(kind, h) for h in plain))} <= {str([name])}
        (said,) = report.mistakes(first, kind, STYLE, course(SMALL))
        assert said.why and said.fixes and "{" not in said.why + "".join(said.fixes)


@pytest.mark.parametrize("kind", TABLES)
def test_mistakes_are_named_in_the_course_size(kind, all_pairs):
    for name in TABLES[kind][:: 1 if all_pairs else 6]:
        first = diagnose(observe(kind, (name,), COURSE))[0]
        assert names_of(kind, first, course(COURSE)) == [name]


@pytest.mark.parametrize(("order", "first"), [("FF", 0), ("CC", 1), ("FF", 1)])
def test_mistakes_are_named_in_other_orders(order, first):
    for name in planted.GRADIENT_NAMES[::6] + planted.GRADIENT_NAMES[-4:]:
        found = diagnose(observe("gradient", (name,), order=order, first=first))
        assert names_of("gradient", found[0]) == [name]


def test_mistakes_of_published_programs_are_named():
    # TP 5, and the document that calls sigma' with the output's pre-activation
    for names in (
        (
            "sigma' is taken of the activation a2",
            "theta2 was updated before delta2 was computed",
        ),
        ("sigma' is taken of the wrong layer",),
    ):
        found = diagnose(observe("gradient", names))[0]
        assert set(names_of("gradient", found)) == set(names)
        if len(names) == 2:
            assert found.rate == pytest.approx(planted.NUMBERS["step"])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("cost", "a fixed number is used in place of m in the cost"),
        ("gradient", "a fixed number is used in place of m"),
        ("gradient", "a fixed number is used in place of m in the penalty"),
    ],
)
def test_unknown_numbers_are_fitted(kind, name):
    (factor,) = diagnose(observe(kind, (name,)))[0].factors
    assert factor.number == planted.NUMBERS["number"]


def test_unknown_amounts_are_fitted():
    found = diagnose(observe("cost", ("log(a + eps) in place of log(a)",)))[0]
    assert found.rate == pytest.approx(planted.NUMBERS["eps"], rel=1e-6)
    early = "theta2 was updated before delta2 was computed"
    found = diagnose(observe("gradient", (early,)))[0]
    assert found.rate == pytest.approx(planted.NUMBERS["step"], rel=1e-6)
    found = diagnose(observe("gradient", ("the last examples are left out",)))[0]
    assert found.choices[0].key == ("last", planted.NUMBERS["count"])


def sample(kind):
    """Pairs of mistakes that are far apart in the table."""
    place = {name: i for i, name in enumerate(TABLES[kind])}
    far = len(place) // 2
    chosen = [(a, b) for a, b in combinations(kind, 2) if place[b] - place[a] == far]
    assert all(any(name in pair for pair in chosen) for name in list(place)[:far])
    return chosen


def unnamed(kind, chosen):
    """The sets that are not named; a set is never explained by what it is not."""
    missed = []
    for names in chosen:
        found = diagnose(observe(kind, names))
        assert all(is_same(kind, names, h) for h in found[:1]), names
        if not is_named(kind, names, found):
            missed.append(names)
    return missed


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", TABLES)
def test_every_pair_is_named(kind, part, all_pairs):
    pairs = sample(kind)
    if all_pairs:
        pairs = random.Random(2).sample(list(combinations(kind, 2)), 500)
    pairs = pairs[part::PARTS]
    assert len(unnamed(kind, pairs)) <= math.ceil(0.03 * len(pairs))


@pytest.mark.parametrize("part", range(PARTS))
def test_triples_are_named(part, all_pairs):
    count = 300 if all_pairs else 8
    chosen = random.Random(0).sample(list(combinations("gradient", 3)), count)
    chosen = chosen[part::PARTS]
    assert len(unnamed("gradient", chosen)) <= math.ceil(0.1 * len(chosen))


def test_triples_of_the_cost_are_named(all_pairs):
    count = 40 if all_pairs else 2
    chosen = random.Random(0).sample(list(combinations("cost", 3)), count)
    assert len(unnamed("cost", chosen)) <= math.ceil(0.1 * count)


def test_without_lambda_the_data_part_is_diagnosed():
    names = ("sigma' is missing in delta2", "1/m is applied twice")
    found = diagnose(observe("gradient", names, lams=(0.0,)))
    assert set(names_of("gradient", found[0])) == set(names)
    right = diagnose(observe("gradient", ("the penalty is missing",), lams=(0.0,)))
    assert right == [NONE]


def strange_gradients():
    """200 wrong gradients that are in no table, each with its wrong place."""
    draw = np.random.default_rng(0)
    for i in range(200):
        theta, kind = int(draw.integers(2)), i % 5
        height, width = ((5, 9), (10, 6))[theta]
        row, column = int(draw.integers(height)), int(draw.integers(width))
        factor = float(draw.uniform(1.1, 3)) * draw.choice([-1, 1])
        rows, columns = (
            ((row,), tuple(range(width))),
            (tuple(range(height)), (column,)),
            ((row,), (column,)),
            (tuple(range(height)), tuple(range(1, width))),
            (tuple(range(height)), tuple(range(width))),
        )[kind]
        yield theta, rows, columns, factor


def spoiled(given, seed, theta, rows, columns, factor, noise):
    """A gradient with a part of one theta multiplied, and noise added."""
    both = [np.column_stack([b, W]) for W, b in given]
    draw, part = np.random.default_rng(seed), np.ix_(rows, columns)
    both[theta][part] *= factor
    both[theta][part] += noise * draw.normal(size=(len(rows), len(columns)))
    return tuple(Layer(each[:, 1:], each[:, 0]) for each in both)


@pytest.mark.parametrize("part", range(4))
def test_strange_gradients_are_not_named_but_placed(part, all_pairs):
    seen = observe("gradient", ())
    step = 4 if all_pairs else 44  # of five kinds, two thetas and four parts
    for theta, rows, columns, factor in list(strange_gradients())[part::step]:
        noise = 0.0 if len(rows) * len(columns) < 20 else 0.1
        values = tuple(
            tuple(spoiled(one, i, theta, rows, columns, factor, noise) for one in row)
            for i, row in enumerate(seen.values)
        )
        assert not diagnose(seen._replace(values=values), 3 if all_pairs else 2)
        m = len(seen.problems[0].y)
        found = places(values[0], seen.values[0], STYLE, seen.bar, m)
        assert {place.layer for place in found} == {theta + 1}
        assert (found[0].rows, found[0].columns) == (rows, columns)
        assert found[0].what == AT_ZERO
        if not noise:
            assert found[0].how == f"{factor:.6g} times the right one"


def test_where_only_lambda_is_wrong_the_penalty_is_placed():
    zero, ten = observe("gradient", ()).values[0]
    more = Layer(ten[1].W + 0.01 * np.arange(50).reshape(10, 5), ten[1].b)
    (place,) = places((zero, (ten[0], more)), (zero, ten), STYLE, 1e-6, 13)
    assert place.what == ADDED and place.layer == 2
