"""The family of networks is right: it proves itself, without jaxnn.

A right file's gradient is that of its own cost, and each edit makes a difference that
its right statement undoes.
"""

import family
import numpy as np
import planted
import pytest

MEMBERS = family.common() + family.members(47, seed=22)
EDITED = family.common()[::2] + family.members(5, seed=4)
ONE_OUTPUT = [m for m in EDITED if m.labels == "one-hot"][:4]
LAM = 1.3


def gap_to_own_cost(member, outputs):
    """How far the gradient of the right file is from central differences."""
    text = family.source(member)
    p = family.probes(member, outputs)[0]
    _, gradient = family.run(text, member, p, LAM)
    return family.gap(gradient, family.numeric(text, member, p, LAM))


def test_the_gradients_of_right_files_are_those_of_their_costs():
    for member in MEMBERS:
        assert gap_to_own_cost(member, outputs=3) < 1e-7, member


def test_also_with_one_output():
    for member in ONE_OUTPUT:
        assert gap_to_own_cost(member, outputs=1) < 1e-7, member
        assert len(family.edits(member, outputs=1)) > 40, member


def test_a_sample_has_every_choice_of_every_field():
    sample = family.members(23, seed=1)
    for fields, choices in family.CHOICES.items():
        found = {tuple(getattr(m, field) for field in fields) for m in sample}
        assert found == set(choices)
    assert sample == family.members(23, seed=1) != family.members(23, seed=2)


@pytest.mark.parametrize("member", EDITED, ids=range(len(EDITED)))
def test_each_edit_changes_the_cost_or_the_gradient(member):
    edits = family.edits(member)
    assert len({edit.name for edit in edits}) == len(edits) > 40
    problems = family.probes(member)
    right = [family.run(family.source(member), member, p, LAM) for p in problems]
    for edit in edits:
        text = family.source(member, [edit])
        found = [family.run(text, member, p, LAM) for p in problems]
        costs = [
            abs(a - b) / abs(b) for (a, _), (b, _) in zip(found, right, strict=True)
        ]
        gaps = [family.gap(g, h) for (_, g), (_, h) in zip(found, right, strict=True)]
        changed, kept = (costs, gaps) if edit.step == "cost" else (gaps, costs)
        assert max(changed) > 1e-6 and max(kept) == 0, edit


@pytest.mark.parametrize("member", EDITED[::3], ids=range(len(EDITED[::3])))
def test_the_right_statement_mends_each_edit(member):
    statements = family.statements(member)
    right = family.source(member)
    p = family.probes(member)[0]
    cost, gradient = family.run(right, member, p, LAM)
    for edit in family.edits(member):
        line, *others = edit.line
        if others or line == "return":  # more than one statement
            continue
        fix = statements[line] or statements[line.split()[0]]
        mended = family.source(member, [edit], [f"{fix}; not {edit.what[0]!r}"])
        assert family.run(mended, member, p, LAM)[0] == cost, edit
        assert family.gap(family.run(mended, member, p, LAM)[1], gradient) == 0, edit


def test_edits_of_different_statements_are_made_together():
    course = family.common()[0]
    named = {edit.name: edit for edit in family.edits(course, times=2)}
    sign, slope = named["delta2: sign"], named["delta2: slope missing"]
    others = [named["gradient1: sign"], named["gradient1: penalty's sign"]]
    assert family.clash(sign, slope) and not family.clash(sign, others[0])
    assert family.same(course, [sign, others[0]], [])  # one undoes the other
    assert not family.same(course, [sign, *others], [sign])


def test_the_course_network_is_that_of_the_other_source():
    course = family.common()[0]
    p = family.problem(course, (4, 5, 3), m=7, seed=3)
    cost, gradient = family.run(family.source(course), course, p, LAM)
    theta1, theta2 = (np.c_[b, w] for w, b in p.weights)
    vector = np.concatenate([np.c_[b, w].ravel() for w, b in gradient])
    given = (theta1, theta2, p.x, p.y, LAM)
    assert cost == pytest.approx(planted.planted_cost(*given), rel=1e-12)
    assert vector == pytest.approx(planted.planted_gradient(*given), rel=1e-9)
