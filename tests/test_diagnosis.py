"""The diagnosis names the mistakes planted in an independent implementation, no others.

planted.py shares no code with jaxnn. A set of mistakes counts as named if it is among
the explanations found, or if a smaller set is found that is the same function: it gives
the same values on a problem that the diagnosis never saw.
"""

import itertools
import random

import numpy as np
import planted
import pytest

from jaxnn.clinic import formulas, mistakes
from jaxnn.clinic.diagnosis import diagnose, runner_up
from jaxnn.clinic.hypotheses import NONE, Observed, distance, passes, value
from jaxnn.clinic.layout import USUAL, Layout, read
from jaxnn.clinic.location import ADDED, locations
from jaxnn.clinic.problems import COURSE, LAMBDA, SMALL, problem

LAMBDAS = (0.0, LAMBDA)
TABLES = {"cost": planted.COST_NAMES, "gradient": planted.GRADIENT_NAMES}
PARTS = 8  # of the long tests, so that they run side by side


def planted_value(kind, names, p, lam, layout=USUAL):
    if kind == "cost":
        return np.array([planted.planted_cost(*p, lam, names)])
    vector = planted.planted_gradient(
        *p, lam, names, order=layout.order1, theta2_first=layout.theta2_first
    )
    return read(vector, p.layers, layout)


def observe(kind, names, layers=SMALL, lams=LAMBDAS, layout=USUAL, bar=1e-6):
    values = tuple(
        tuple(planted_value(kind, names, f.problem, lam, layout) for lam in lams)
        for f in passes(layers)
    )
    return Observed(kind, layers, lams, values, layout, bar)


UNSEEN = problem(7, 4, 6, 19, seed=99)


def is_named(kind, names, found):
    """Whether `names` are found, or a smaller set that is the same function."""
    if set(names) in [{mistake.name for mistake in h.mistakes} for h in found]:
        return True
    return any(len(h.mistakes) < len(names) and is_same(kind, names, h) for h in found)


def is_same(kind, names, h):
    f = formulas.forward(UNSEEN)
    seen = Observed(kind, UNSEEN.layers, LAMBDAS, (), USUAL)
    return all(
        distance(value(h, seen, f, lam), planted_value(kind, names, UNSEEN, lam)) < 1e-5
        for lam in (0.0, 2.5)
    )


def combinations(kind, size):
    """All sets of mistakes that can be made together."""
    for names in itertools.combinations(TABLES[kind], size):
        pairs = itertools.combinations(names, 2)
        if not any(planted.clash(*pair) for pair in pairs):
            yield names


def test_both_tables_have_the_same_names():
    assert {one.name for one in mistakes.GRADIENT} == set(planted.GRADIENT_NAMES)
    assert {one.name for one in mistakes.COST} == set(planted.COST_NAMES)
    assert len(planted.GRADIENT_NAMES) > 60 and len(planted.COST_NAMES) > 45


def test_every_mistake_says_why_and_what_to_do():
    for one in mistakes.GRADIENT + mistakes.COST:
        assert one.why and one.fix and one.place in formulas.RIGHT


@pytest.mark.parametrize("layers", [SMALL, COURSE])
@pytest.mark.parametrize("kind", TABLES)
def test_right_values_are_right(kind, layers):
    found = diagnose(observe(kind, (), layers))
    assert found.is_right and found.distance < 1e-14


@pytest.mark.parametrize("layers", [SMALL, COURSE])
@pytest.mark.parametrize("kind", TABLES)
def test_every_mistake_is_named(kind, layers):
    for name in TABLES[kind]:
        found = diagnose(observe(kind, (name,), layers))
        assert [[one.name for one in h.mistakes] for h in found.found] == [[name]], name
        assert found.distance < 1e-8 and found.is_decided


@pytest.mark.parametrize("layers", [SMALL, COURSE])
@pytest.mark.parametrize("kind", TABLES)
def test_mistakes_are_far_apart(kind, layers):
    # measured: explanations differ by at least 1.2e-3, and rounding is 1e-16; costs are
    # single numbers, and closer together
    for name in TABLES[kind][:: 1 if layers == SMALL else 4]:
        seen = observe(kind, (name,), layers)
        _, margin = runner_up(diagnose(seen).found, seen)
        assert margin > (1e-3 if kind == "gradient" else 2e-5), name


@pytest.mark.parametrize(
    "layout",
    [Layout("F", "F"), Layout(theta2_first=True), Layout("F", "F", True)],
)
def test_mistakes_are_named_in_other_layouts(layout):
    for name in planted.GRADIENT_NAMES[::3] + planted.GRADIENT_NAMES[-4:]:
        found = diagnose(observe("gradient", (name,), layout=layout))
        assert [[one.name for one in h.mistakes] for h in found.found] == [[name]], name


def test_mistakes_of_published_programs_are_named():
    # TP 5, and the document that calls sigma' with the output's pre-activation
    for names in (
        (
            "sigma' is taken of the activation a2",
            "theta2 was updated before delta2 was computed",
        ),
        ("sigma' is taken of the wrong layer",),
    ):
        found = diagnose(observe("gradient", names)).found
        assert {one.name for one in found[0].mistakes} == set(names)
        if len(names) == 2:
            assert found[0].fit["step"] == pytest.approx(planted.NUMBERS["step"])


@pytest.mark.parametrize(
    ("kind", "name", "what", "value"),
    [
        ("cost", "log(a + eps) in place of log(a)", "eps", 1e-3),
        ("cost", "a fixed number is used in place of m in the cost", "number", 5000),
        ("gradient", "a fixed number is used in place of m", "number", 5000),
        ("gradient", "a fixed number is used in place of m in the penalty",
         "penalty_number", 5000),
        ("gradient", "theta2 was updated before delta2 was computed", "step", 0.3),
        ("gradient", "the last examples are left out", "count", 3),
    ],
)  # fmt: skip
def test_unknown_numbers_are_fitted(kind, name, what, value):
    (found,) = diagnose(observe(kind, (name,))).found
    assert found.fit[what] == pytest.approx(value, rel=1e-6)


def sample(kind):
    """Pairs of mistakes near and far in the table; each is in two or more of them."""
    place = {name: i for i, name in enumerate(TABLES[kind])}
    apart = (11, len(place) // 2)
    chosen = [(a, b) for a, b in combinations(kind, 2) if place[b] - place[a] in apart]
    assert all(sum(name in pair for pair in chosen) >= 2 for name in place)
    return chosen


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", TABLES)
def test_every_pair_is_named(kind, part, all_pairs):
    pairs = list(combinations(kind, 2)) if all_pairs else sample(kind)
    assert len(pairs) > (1000 if all_pairs else 60)
    for names in pairs[part::PARTS]:
        found = diagnose(observe(kind, names))
        assert found.is_decided and is_named(kind, names, found.found), names


@pytest.mark.parametrize("part", range(PARTS))
def test_triples_are_named(part, all_pairs):
    count = 500 if all_pairs else 64
    chosen = random.Random(0).sample(list(combinations("gradient", 3)), count)
    for names in chosen[part::PARTS]:
        found = diagnose(observe("gradient", names))
        assert found.is_decided and is_named("gradient", names, found.found), names


def test_triples_of_the_cost_are_named(all_pairs):
    count = 12 if all_pairs else 4
    for names in random.Random(0).sample(list(combinations("cost", 3)), count):
        found = diagnose(observe("cost", names))
        assert found.is_decided and is_named("cost", names, found.found), names


def test_pairs_in_the_course_size_are_named(all_pairs):
    count = 40 if all_pairs else 12
    for names in random.Random(1).sample(list(combinations("gradient", 2)), count):
        found = diagnose(observe("gradient", names, COURSE))
        assert found.is_decided and is_named("gradient", names, found.found), names


def test_without_lambda_the_data_part_is_diagnosed():
    names = ("sigma' is missing in delta2", "1/m is applied twice")
    found = diagnose(observe("gradient", names, lams=(0.0,))).found
    assert {one.name for one in found[0].mistakes} == set(names)
    assert diagnose(
        observe("gradient", ("the penalty is missing",), lams=(0.0,))
    ).is_right


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


@pytest.mark.parametrize("part", range(4))
def test_strange_gradients_are_not_named_but_placed(part, all_pairs):
    wrong = observe("gradient", ())
    step = 4 if all_pairs else 12  # of five kinds, two thetas and four parts
    for theta, rows, columns, factor in list(strange_gradients())[part::step]:
        noise = 0.0 if len(rows) * len(columns) < 20 else 0.1
        values = []
        for i, row in enumerate(wrong.values):
            draw = np.random.default_rng(i)
            row = [[each.copy() for each in pair] for pair in row]
            for pair in row:
                place = np.ix_(rows, columns)
                pair[theta][place] *= factor
                pair[theta][place] += noise * draw.normal(
                    size=(len(rows), len(columns))
                )
            values.append(tuple(tuple(pair) for pair in row))
        seen = wrong._replace(values=tuple(values))
        assert not diagnose(seen).found
        places = locations(seen)  # at lambda 0, and in the penalty's part
        assert {place.theta for place in places} == {theta + 1}
        assert (places[0].rows, places[0].columns) == (rows, columns)
        if not noise:
            assert places[0].how == f"{factor:.6g} times the right one"


def test_where_only_lambda_is_wrong_the_penalty_is_placed():
    seen = observe("gradient", ())
    values = tuple(
        (zero, (ten[0], ten[1] + 0.01 * np.arange(60).reshape(10, 6)))
        for zero, ten in seen.values
    )
    (place,) = locations(seen._replace(values=values))
    assert place.what == ADDED and place.theta == 2


def test_with_too_few_digits_it_is_undecided():
    # lambda/5000 and no penalty at all differ by 2% of the gradient
    name = "a fixed number is used in place of m in the penalty"
    sharp = diagnose(observe("gradient", (name,)))
    blurred = diagnose(observe("gradient", (name,), bar=0.05))
    assert sharp.is_decided and not blurred.is_decided
    names = {one.name for h in blurred.found for one in h.mistakes}
    assert {name, "the penalty is missing"} <= names


def test_the_runner_up_of_no_mistake_is_a_mistake():
    seen = observe("gradient", ())
    nearest, margin = runner_up((NONE,), seen)
    assert margin > 1e-3 and len(nearest.mistakes) == 1
