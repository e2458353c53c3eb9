"""Every single mistake in a network of the family is named, and its fix mends it.

The sources are those of tests/family, which shares no code with jaxnn. The search gets
the gradients that a file computes; the same files are checked as a whole, too.
"""

import functools
import itertools
import math
import random
import re

import family
import numpy as np
import pytest

import jaxnn
from jaxnn.clinic.edits import costs, search, squares
from jaxnn.clinic.edits.hypotheses import NONE, Observed
from jaxnn.clinic.judgement import rounded
from jaxnn.clinic.networks import network, units
from jaxnn.clinic.networks.problems import Layer, Problem
from jaxnn.clinic.telling import report
from jaxnn.clinic.telling.formulas import Style

pytestmark = pytest.mark.slow

LAM, BAR = 10.0, 1e-6
PARTS = 8  # of the long tests, so that they run side by side
SIZES = {0: (8, 4), 1: (8, 5, 4), 2: (8, 5, 3, 10), 3: (8, 5, 3, 12, 4)}
SIZES[4] = (8, 5, 3, 12, 14, 6)
UNITS = {unit.name.lower(): unit for unit in (*units.HIDDEN, units.SOFTMAX)}
LOSSES = {loss.name: loss for loss in units.LOSSES}
SCALES = {"m": network.MEAN, "1": network.SUM, "mk": network.MEAN_OF_ALL}
PENALTIES = {"lam/2m": "lambda/(2m)", "lam/2": "lambda/2", "lam/m": "lambda/m"}
PENALTIES["lam"] = "lambda"
# what is said of edits that only move or reorder statements
MOVED = {
    "update": "updated before",
    "order": "unrolled|swapped|negated|divided by m|order|sign|layers",
}


class Case:
    """A member of the family as jaxnn sees it."""

    def __init__(self, member, sizes=(), labels=""):
        """labels: of problems with one example each."""
        depth = len(member.hidden)
        self.member, self.sizes = member, sizes or SIZES[depth]
        counts = [1] * len(labels) or [17, 19, 23]
        self.given = [
            family.problem(member, self.sizes, m, seed) for seed, m in enumerate(counts)
        ]
        for i, label in enumerate(labels):
            self.given[i] = self.given[i]._replace(y=np.array([int(label)]))
        self.problems = tuple(
            Problem(tuple(Layer(*one) for one in p.weights), p.x, p.y)
            for p in self.given
        )
        self.net, self.style = network_of(member, self.sizes), style_of(member, depth)
        self.lams = (0.0, LAM) if member.penalty else (0.0,)

    def values(self, text):
        """The costs and gradients of a file [problem][lambda]."""
        runs = [
            [family.run(text, self.member, p, lam) for lam in self.lams]
            for p in self.given
        ]
        gradients = (
            tuple(rounded(tuple(map(layer, gradient))) for _, gradient in row)
            for row in runs
        )
        return tuple(tuple(cost for cost, _ in row) for row in runs), tuple(gradients)

    def explained(self, edits):
        """The explanations of the cost and of the gradient with these edits."""
        cost, gradient = self.values(family.source(self.member, edits))
        given = self.net, self.problems, self.lams
        with np.errstate(all="ignore"):
            found = {
                "cost": costs.search(squares.ObservedCosts(*given, cost)),
                "gradient": search.search(Observed(*given, gradient)),
            }
        return found

    def gradient_explained(self, edit):
        """The explanations of the gradient alone."""
        _, gradient = self.values(family.source(self.member, [edit]))
        with np.errstate(all="ignore"):
            return search.search(Observed(self.net, self.problems, self.lams, gradient))

    def mistakes(self, kind, h):
        """A hypothesis in words."""
        return report.mistakes(h, kind, self.style, self.net)

    def is_right(self, edits, fixes):
        """Whether the file with the edits is right after the fixes are followed."""
        mended = family.source(self.member, edits, fixes)
        right = family.source(self.member)
        for p, lam in itertools.product(self.given, self.lams):
            cost, gradient = family.run(mended, self.member, p, lam)
            wanted, true = family.run(right, self.member, p, lam)
            if abs(cost - wanted) > BAR * abs(wanted):
                return False
            if family.gap(gradient, true) > BAR:
                return False
        return True


def layer(one):
    """(W, b) as the search wants it."""
    W, b = one
    return Layer(np.asarray(W), None if b is None else np.ravel(b))


def network_of(member, sizes):
    """The member in jaxnn's words."""
    penalty = None
    if member.penalty:
        penalty = next(
            one
            for one in network.PENALTIES
            if one.name == PENALTIES[member.penalty]
            and one.has_biases == member.penalize_biases
        )
    return network.Network(
        sizes,
        tuple(UNITS[name] for name in (*member.hidden, member.output)),
        LOSSES[member.loss],
        SCALES[member.scale],
        penalty,
        member.biases != "none",
    )


def style_of(member, depth):
    """How the member is written."""
    has_theta, numbers = member.biases == "theta", range(1, depth + 2)
    letter = "theta" if has_theta else "W"
    return Style(
        tuple(f"{letter}{i}" for i in numbers),
        tuple(f"b{i}" for i in numbers) if member.biases == "apart" else (),
        has_theta,
        member.weights == "in x out",
        member.orientation == "columns",
    )


def statements(mistakes):
    """The fix lines that are statements."""
    lines = [fix for one in mistakes for fix in one.fixes]
    return [fix for fix in lines if re.match(r"\w+(\[[^=]*\])? [-+]?= ", fix)]


def can_be_followed(edit):
    """Whether the fix lines can mend the edit by themselves.

    Statements that were moved must move back. The cost of other labels or of fewer
    examples is mended where they are chosen. In the first layer a sum made of the delta
    before its slope is the same as a delta without it.
    """
    if edit.layer == 1 and "before its slope" in edit.name:
        return False
    chosen = edit.step == "cost" and re.search("labels|example", edit.name)
    return edit.step not in MOVED and not chosen


def sample(count, seed, each, size=1):
    """(member, edits): sets of `size` edits that can be made together, `each` of it."""
    draw, found = random.Random(seed), []
    every = family.common() + family.members(count, seed)
    for member in every:
        outputs = SIZES[len(member.hidden)][-1]
        edits = [e for e in family.edits(member, outputs) if e.step != "order"]
        made = 0
        while made < each:
            some = draw.sample(edits, size)
            pairs = itertools.combinations(some, 2)
            if not any(family.clash(a, b) for a, b in pairs):
                found.append((member, some))
                made += 1
    return found


@functools.cache
def case(member):
    """The member's case."""
    return Case(member)


def kind_of(edit):
    """Whether the edit is one of the cost or of the gradient."""
    return "cost" if edit.step == "cost" else "gradient"


@pytest.mark.parametrize("part", range(PARTS))
def test_every_edit_is_named_and_its_fix_mends_it(part, all_pairs):
    every = sample(300, 1, 6) if all_pairs else sample(7, 1, 2)
    for member, (edit,) in every[part::PARTS]:
        one, kind = case(member), kind_of(edit)
        found = one.explained([edit])
        other = "gradient" if kind == "cost" else "cost"
        assert found[other] == [NONE], edit
        assert found[kind] and found[kind] != [NONE], (member, edit)
        mistakes = one.mistakes(kind, found[kind][0])
        assert mistakes and all(each.name and each.why for each in mistakes)
        if can_be_followed(edit):
            assert one.is_right([edit], statements(mistakes)), (member, edit, mistakes)
        elif edit.step == "update":
            assert "updated before" in mistakes[0].name


def unexplained(chosen):
    """The sets of edits that are not explained."""
    missed = []
    for member, edits in chosen:
        one = case(member)
        found = one.explained(edits)
        for kind in ("cost", "gradient"):
            mine = [edit for edit in edits if kind_of(edit) == kind]
            if not found[kind]:
                missed.append((member, mine))
            elif not mine:
                assert found[kind] == [NONE], (member, edits)
    return missed


@pytest.mark.parametrize("part", range(PARTS))
def test_pairs_are_explained(part, all_pairs):
    every = sample(487, 2, 1, 2) if all_pairs else sample(0, 2, 1, 2)[::2]
    chosen = every[part::PARTS]
    assert len(unexplained(chosen)) <= math.ceil(0.03 * len(chosen))


@pytest.mark.parametrize("part", range(PARTS))
def test_triples_are_explained(part, all_pairs):
    every = sample(287, 3, 1, 3) if all_pairs else sample(0, 3, 1, 3)[::3]
    chosen = every[part::PARTS]
    assert len(unexplained(chosen)) <= math.ceil(0.1 * len(chosen))


LOOPS = [
    family.common()[0],
    family.common()[4]._replace(penalty="lam/2m", packing="lists"),
    family.common()[5]._replace(output="softmax", loss="cross-entropy"),
    family.common()[11]._replace(penalty=""),
]


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3, 4])
def test_the_same_edit_in_every_layer_is_one(depth, all_pairs):
    for i, member in enumerate(LOOPS):
        member = member._replace(hidden=member.hidden[:1] * depth)
        one, edits = case(member), family.in_every_layer(member)
        for edit in edits if all_pairs else edits[(depth + i) % 3 :: 3]:
            if depth == 4 and re.search("(dW|gradient)# in place of", edit.name):
                continue  # a product of all gradients is as small as rounding
            found = one.gradient_explained(edit)
            assert found and found[0].size <= 1 + ("pairs" in edit.name), (member, edit)
            check_fixes(one, edit, found)


def check_fixes(one, edit, found):
    """Check that an explanation's fixes mend an edit, if statements can do that.

    With two hidden layers a wrong sign in both deltas is one in the upper layer alone.
    """
    every = [statements(one.mistakes("gradient", h)) for h in found]
    if edit.step not in MOVED and ("example" not in edit.name or every[0]):
        assert any(one.is_right([edit], fixes) for fixes in every), (edit, every)


@pytest.mark.parametrize("member", LOOPS[:3], ids=range(3))
def test_a_factor_with_the_wrong_scope_is_named(member):
    one = case(member)
    for edit in family.wrong_scopes(member):
        found = one.explained([edit])
        assert found["gradient"] == [NONE]
        assert found["cost"] and found["cost"][0].size == 1, (member, edit)
        mistakes = one.mistakes("cost", found["cost"][0])
        assert one.is_right([edit], statements(mistakes)), (member, edit)
        words = " ".join(each.name for each in mistakes)
        layers = [re.findall(r"\b(?:W|theta)\d", text) for text in (edit.name, words)]
        assert layers[0] == layers[1], (edit, words)


ONE_OUTPUT = [
    family.common()[6]._replace(penalty="", hidden=("tanh",)),
    family.common()[10]._replace(hidden=("sigmoid",) * 2, scale="m"),
]


@pytest.mark.slow
@pytest.mark.parametrize("member", ONE_OUTPUT, ids=range(len(ONE_OUTPUT)))
def test_edits_are_named_where_a_delta_is_one_number(member):
    """One output and one example: the output delta fits anything up to a factor."""
    one = Case(member, (*SIZES[len(member.hidden)][:-1], 1), "101")
    for edit in family.in_every_layer(member, outputs=1):
        if re.search("example|dW# in place", edit.name):
            continue  # no gradient is left
        found = one.gradient_explained(edit)
        assert found, (member, edit)
        if found != [NONE]:  # some need more than one example to be wrong
            check_fixes(one, edit, found)


# --- the whole check, from the file


@pytest.fixture
def check(tmp_path):
    """check(member, edits, fixes): what is said of the file."""

    def report_of(member, edits=(), fixes=()):
        path = tmp_path / "mywork.py"
        path.write_text(family.source(member, edits, fixes))
        is_class = member.packing == "attributes of a class"
        name = "Network.cost_and_gradient" if is_class else "cost_and_gradient"
        return jaxnn.check_gradient(f"{path}:{name}")

    return report_of


def is_checked(member):
    """Whether it is the course's network, or not called as that one is."""
    course = (*member[:6], member.biases) == (*family.common()[0][:6], "theta")
    return course or len(member.hidden) != 1 or "vector" not in member.packing


RIGHT = [*family.common(), *filter(is_checked, family.members(8, seed=5))]


@pytest.mark.parametrize("member", RIGHT, ids=range(len(RIGHT)))
def test_right_files_pass(member, check):
    found = check(member)
    assert found.passed, found
    assert member.loss in found.lines[0]


def test_right_files_of_the_family_pass(all_pairs, check):
    every = family.members(300, seed=8) if all_pairs else []
    for member in filter(is_checked, every):
        found = check(member)
        assert found.passed, (member, found)


def test_wrong_files_pass_after_their_fixes(all_pairs, check):
    draw = random.Random(9)
    for member in family.common() * (6 if all_pairs else 1):
        outputs = 1 if member.labels == "one-hot" else 3
        edits = [e for e in family.edits(member, outputs) if can_be_followed(e)]
        edit = draw.choice([e for e in edits if "labels" not in e.name])
        found = check(member, [edit])
        assert not found.passed and found.cost + found.gradient, (edit, found)
        fixes = [line[12:] for line in found.lines if line.startswith("fix")]
        assert check(member, [edit], fixes).passed, (edit, found)


def test_a_gradient_in_the_wrong_order_is_named(check):
    for member in family.common()[:3]:
        for edit in [e for e in family.edits(member) if e.step == "order"]:
            found = check(member, [edit])
            assert re.search(MOVED["order"], " ".join(found.gradient)), (edit, found)
