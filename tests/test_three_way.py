"""The three-way check passes right gradients and says where others are wrong."""

import jax
import numpy as np
import pytest

import jaxnn
from jaxnn import differences, three_way


def test_course_network_beats_the_published_difference():
    # published for this check: 3.0e-11 at lambda 0, 1.8e-11 at lambda 1, bar 1e-9;
    # over the whole vector, as the course takes it
    problem = three_way.course_problem()
    for lam in (0.0, 1.0):
        numeric = differences.flatten(jaxnn.central_differences(*problem[1:4], lam))
        exact = differences.flatten(jaxnn.backprop(*problem[1:4], lam)[1])
        relative = np.linalg.norm(numeric - exact) / np.linalg.norm(numeric + exact)
        assert relative < 1e-10


def test_course_network_is_the_courses():
    # debugInitializeWeights fills columns with sin(1), sin(2), ... over ten
    problem = three_way.course_problem()
    assert [theta.shape for theta in problem.params] == [(5, 4), (3, 6)]
    assert problem.params[0][2, 1] == pytest.approx(np.sin(8) / 10)
    assert problem.x.shape == (5, 3)


def test_quick_report_passes_and_prints():
    report = jaxnn.check_gradient(quick=True)
    assert report.passed
    assert len(report.rows) == 2 * 2 * 2 * 2  # networks, lambdas, methods, thetas
    text = str(report)
    assert text.endswith("PASS") and "FAIL" not in text
    assert text.count("400-25-10") == 8


def test_seed_decides_the_start():
    rows = [jaxnn.check_gradient(quick=True, seed=seed).rows[-1] for seed in (0, 1)]
    assert rows[0].largest != rows[1].largest


@pytest.mark.parametrize("seed", [0, 209])
def test_quick_looks_at_every_theta(seed):
    params = jaxnn.init_params(0)
    picks = three_way.some_of_each(params, seed)
    assert len(set(picks)) == 200 and (np.diff(picks) > 0).all()
    assert (picks < params[0].size).sum() == 100
    assert picks.max() < params[0].size + params[1].size


def regularize_bias(params, x, y, lam):
    cost, gradient = jaxnn.backprop(params, x, y, lam)
    wrong = gradient[1].copy()
    wrong[:, 0] += lam / len(y) * params[1][:, 0]
    return cost, (gradient[0], wrong)


def forget_bias_of_unit_three(params, x, y, lam):
    cost, gradient = jaxnn.backprop(params, x, y, lam)
    wrong = gradient[0].copy()
    wrong[3, 0] *= 1.001
    return cost, (wrong, gradient[1])


def turn_nan(params, x, y, lam):
    cost, gradient = jaxnn.backprop(params, x, y, lam)
    wrong = gradient[0].copy()
    wrong[2, 1] = np.nan
    return cost, (wrong, gradient[1])


@pytest.mark.parametrize(
    ("mistake", "theta", "column", "lams"),
    [
        (regularize_bias, 2, 0, {1.0}),
        (forget_bias_of_unit_three, 1, 0, {0.0, 1.0}),
        (turn_nan, 1, 1, {0.0, 1.0}),
    ],
)
def test_a_wrong_gradient_fails_in_its_place(monkeypatch, mistake, theta, column, lams):
    monkeypatch.setattr(three_way, "backprop", mistake)
    found = three_way.three_gradients(three_way.course_problem())
    rows = [row for gradients in found for row in three_way.compare(gradients)]
    report = three_way.Report(tuple(rows), tuple(found))
    failed = [row for row in rows if not row.passed]
    assert not report.passed and "FAIL" in str(report)
    assert {row.lam for row in failed} == lams
    assert {row.theta for row in failed} == {theta}
    assert {row.where[1] for row in failed} == {column}
    assert {row.method for row in failed} == {"hand derivation"}


@pytest.mark.parametrize(
    ("method", "size", "failed"),
    [
        ("hand derivation", 1.1e-12, {"3-5-3", "400-25-10"}),
        ("hand derivation", 0.9e-12, set()),
        ("central differences", 1.1e-7, {"3-5-3", "400-25-10"}),
        ("central differences", 0.9e-7, {"3-5-3"}),
        ("central differences", 1.1e-9, {"3-5-3"}),
        ("central differences", 0.9e-9, set()),
    ],
)
def test_errors_above_each_bar_fail_and_those_below_pass(
    monkeypatch, method, size, failed
):
    # of the size, relative as in the course: |a - b| / |a + b|
    exact = jaxnn.backprop

    def by_hand(params, x, y, lam):
        cost, gradient = exact(params, x, y, lam)
        return cost, tuple(theta * (1 + 2 * size) for theta in gradient)

    def slopes(params, x, y, lams, picks, progress=None):
        all_slopes = [differences.flatten(exact(params, x, y, lam)[1]) for lam in lams]
        off = size if method == "central differences" else 0
        return np.stack(all_slopes)[:, picks] * (1 + 2 * off)

    monkeypatch.setattr(three_way, "slopes", slopes)
    if method == "hand derivation":
        monkeypatch.setattr(three_way, "backprop", by_hand)
    report = jaxnn.check_gradient(quick=True)
    assert report.passed == (not failed)
    assert {row.problem for row in report.rows if not row.passed} == failed
    assert {row.method for row in report.rows if not row.passed} <= {method}


@pytest.mark.slow
def test_all_weights_of_the_digit_network():
    report = jaxnn.check_gradient()
    assert report.passed
    with jax.enable_x64(False):  # whatever precision the program itself is set to
        assert jaxnn.check_gradient(quick=True).passed
