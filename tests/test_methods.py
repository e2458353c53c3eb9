"""The second-order methods and SciPy's: known minima, SciPy's own iterates, the bar."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import jaxnn
from jaxnn import differences, model, three_way
from jaxnn.backprop import backprop
from jaxnn.optimizers import METHODS, bfgs, loop, minimize, newton_cg, start, whole

SEARCHING = [name for name, method in METHODS.items() if method.default_rate is None]
SCIPY = {"scipy-cg": "CG", "scipy-l-bfgs-b": "L-BFGS-B", "scipy-tnc": "TNC"}
LAM = 0.05


def rosenbrock(p):
    return 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2  # 0 at (1, 1)


def quadratic(p, a, b):
    return 0.5 * p @ a @ p - b @ p


@pytest.fixture(scope="module")
def small():
    """The course's 3-5-3 network: params, (x, y, lam), and the same for SciPy."""
    _, params, x, y, _ = three_way.course_problem()

    def fun(flat):
        thetas = differences.cut(flat, differences.shapes_of(params))
        cost, gradient = backprop(thetas, x, y, LAM)
        return float(cost), differences.flatten(gradient)

    return params, (x, y, LAM), fun


@pytest.mark.parametrize("method", SEARCHING)
def test_rosenbrock(method):
    with jax.enable_x64(True):
        p = np.array([-1.2, 1.0])
        found = minimize(rosenbrock, p, (), method, 500, tolerance=1e-9)
    np.testing.assert_allclose(found.params, [1, 1], atol=1e-6)
    assert found.cost < 1e-12


@pytest.mark.parametrize("method", ["gd", "momentum", "adam"])
def test_first_order_descends_rosenbrock(method):
    # the valley is long: at a fixed rate they get part of the way, from a cost of 24.2
    rates = {"gd": 1e-3, "momentum": 1e-4, "adam": 0.03}
    with jax.enable_x64(True):
        p = np.array([-1.2, 1.0])
        found = minimize(rosenbrock, p, (), method, 2000, learning_rate=rates[method])
    assert found.cost < 0.5 and found.cost <= found.history[0]


@pytest.fixture(scope="module")
def minimum(small):
    """The cost that SciPy's BFGS finds on the 3-5-3 network, by our hand derivation."""
    params, _, fun = small
    how = {"gtol": 1e-10, "norm": 2}
    return optimize.minimize(
        fun, differences.flatten(params), jac=True, options=how
    ).fun


@pytest.mark.parametrize("method", SEARCHING)
def test_small_network_to_eight_digits(method, small, minimum):
    params, args, _ = small
    with jax.enable_x64(True):
        found = minimize(model.cost, params, args, method, 2000, tolerance=1e-8)
    assert found.cost == pytest.approx(minimum, abs=1e-8)


@pytest.mark.parametrize(("method", "name"), SCIPY.items())
@pytest.mark.parametrize("limit", [3, 10])
def test_scipys_methods_are_scipys(method, name, limit, small):
    params, args, fun = small
    steps = []

    def note(x):
        steps.append(fun(x)[0])

    how = {"maxfun": limit} if name == "TNC" else {"maxiter": limit}
    expected = optimize.minimize(
        fun,
        differences.flatten(params),
        jac=True,
        method=name,
        options=how,
        callback=note,
    )
    with jax.enable_x64(True):
        found = minimize(model.cost, params, args, method, 500, options=how)
    assert (found.steps, found.evaluations) == (expected.nit, expected.nfev)
    # TNC takes differences of gradients, which turn rounding of 1e-16 into 1e-8
    exact = 1e-6 if name == "TNC" else 1e-9
    np.testing.assert_allclose(
        differences.flatten(found.params), expected.x, atol=exact
    )
    np.testing.assert_allclose(found.history, steps, rtol=exact)
    assert found.message == str(expected.message)


@pytest.mark.parametrize("method", SCIPY)
def test_steps_and_tolerance_end_scipys_methods(method, small):
    params, args, _ = small
    with jax.enable_x64(True):
        few = minimize(model.cost, params, args, method, 4)
        exact = minimize(model.cost, params, args, method, 500, tolerance=1e-5)
    assert few.steps == len(few.history) == 4 and not few.converged
    assert exact.converged and float(exact.state.grad_norm) <= 1e-5
    assert "norm is at most 1e-05" in exact.message


@pytest.mark.parametrize("method", [*SCIPY, "bfgs"])
def test_whole_runs_continue_from_their_params(method, small):
    params, args, _ = small
    with jax.enable_x64(True):
        first = minimize(model.cost, params, args, method, 6)
        second = minimize(model.cost, params, args, method, 9, state=first.state)
        again = minimize(model.cost, first.params, args, method, 3)
    assert (first.steps, second.steps, again.steps) == (6, 9, 3)
    assert second.cost == pytest.approx(again.cost, rel=1e-12)
    assert second.evaluations == first.evaluations + again.evaluations - 1


@pytest.mark.parametrize("method", SCIPY)
def test_callback_hears_every_step_of_scipys(method, small):
    params, args, _ = small
    heard = []

    def note(state, trace):
        costs = np.asarray(trace.costs)[: int(trace.done)].tolist()
        heard.append((int(state.steps), float(state.cost), costs))

    with jax.enable_x64(True):
        found = minimize(model.cost, params, args, method, 7, chunk=3, callback=note)
    assert [step for step, _, _ in heard] == [3, 6, 7]
    assert sum((costs for _, _, costs in heard), []) == found.history.tolist()
    assert all(cost == costs[-1] for _, cost, costs in heard)


def breaks_beyond_one(p):
    return jnp.where(p < 1, (p - 2) ** 2, jnp.nan)


@pytest.mark.parametrize("method", SEARCHING)
def test_a_cost_that_is_not_finite_is_left_or_reported(method):
    found = minimize(breaks_beyond_one, np.float32(0.5), (), method, 30)
    assert np.isfinite(found.cost) and np.isfinite(found.params)
    assert found.cost <= 2.25 and not found.converged


def falls_for_ever(p):
    return -jnp.exp(jnp.sum(p))  # -inf where exp overflows


@pytest.mark.parametrize("method", ["cg", "newton-cg", "bfgs", "scipy-cg", "lbfgs"])
def test_params_and_cost_of_a_run_that_diverges_belong_together(method):
    found = minimize(falls_for_ever, np.ones(2, np.float32), (), method, 60)
    assert np.isfinite(found.params).all() and np.isfinite(found.cost)
    assert found.cost == pytest.approx(float(falls_for_ever(found.params)), rel=1e-5)
    assert not found.converged


def test_bfgs_ends_where_the_cost_is_no_number():
    # jax.scipy's search counts minus infinity as a success
    found = minimize(falls_for_ever, np.ones(2, np.float32), (), "bfgs", 60)
    assert found.diverged and found.steps < 60
    assert "became NaN or infinite" in found.message


def test_cg_is_linear_conjugate_gradient_on_a_quadratic():
    # with exact line searches it is Hestenes and Stiefel's; ours stop at slope 0.15, so
    # its iterates are near, and n steps come near the minimum
    random = np.random.default_rng(0)
    q, _ = np.linalg.qr(random.normal(size=(6, 6)))
    a, b = q @ np.diag([1, 2, 3, 5, 8, 13.0]) @ q.T, random.normal(size=6)
    with jax.enable_x64(True):
        found = minimize(quadratic, np.zeros(6), (a, b), "cg", 6, tolerance=0)
        more = minimize(quadratic, np.zeros(6), (a, b), "cg", 40, tolerance=1e-10)
    best = -0.5 * b @ np.linalg.solve(a, b)
    assert found.cost - best < 1e-3 * abs(best)
    np.testing.assert_allclose(more.params, np.linalg.solve(a, b), atol=1e-9)


def test_newton_cg_solves_a_quadratic_in_few_steps():
    a, b = np.diag([1.0, 10.0, 100.0]), np.ones(3)
    with jax.enable_x64(True):
        found = minimize(quadratic, np.zeros(3), (a, b), "newton-cg", 10)
    np.testing.assert_allclose(found.params, [1, 0.1, 0.01], atol=1e-8)
    assert found.converged and found.steps <= 6


def test_hessian_product_against_differences_of_the_gradient(small):
    params, (x, y, lam), _ = small
    flat, shapes = differences.flatten(params), differences.shapes_of(params)
    v = np.random.default_rng(1).normal(size=flat.size)

    def gradient(flat):
        return differences.flatten(
            backprop(differences.cut(flat, shapes), x, y, lam)[1]
        )

    with jax.enable_x64(True):
        product = newton_cg.hessian_product(
            lambda flat: model.cost(differences.cut(flat, shapes), x, y, lam), flat, v
        )
    numeric = (gradient(flat + 1e-5 * v) - gradient(flat - 1e-5 * v)) / 2e-5
    np.testing.assert_allclose(product, numeric, atol=1e-9)


@pytest.mark.parametrize("method", ["cg", "newton-cg"])
def test_searching_methods_map_over_starts(method):
    p = np.array([[-1.2, 1.0], [0.0, 2.0], [2.0, -1.0]])

    def one(p):
        state = start(rosenbrock, p, (), method)
        chosen = METHODS[method]
        return loop.run_chunk(
            rosenbrock, chosen, None, 60, state, (), 0, 60, jnp.asarray(1e-9)
        )[0].params

    with jax.enable_x64(True):
        together = jax.vmap(one)(p)
        alone = [minimize(rosenbrock, q, (), method, 60, tolerance=1e-9) for q in p]
    np.testing.assert_allclose(together, [a.params for a in alone], atol=1e-8)


def test_bfgs_takes_about_scipys_steps():
    with jax.enable_x64(True):
        found = minimize(rosenbrock, np.array([-1.2, 1.0]), (), "bfgs", 200)
    expected = optimize.minimize(
        lambda p: float(rosenbrock(p)), [-1.2, 1.0], method="BFGS"
    )
    assert abs(found.steps - expected.nit) <= 10
    assert found.converged and found.steps == len(found.history)
    assert np.isnan(found.history[:-1]).any() and found.history[-1] == found.cost


@pytest.fixture
def default_network(few_digits):
    """The arguments of minimize for bfgs and the 400-25-10 network."""
    args = np.float32(few_digits.x), few_digits.y, 1.0
    return model.cost, jaxnn.init_params(0), args, "bfgs"


def test_bfgs_says_once_how_large_its_matrix_is(default_network, caplog):
    bfgs.warn_once.cache_clear()
    for _ in range(2):
        assert int(start(*default_network).steps) == 0
    (text,) = caplog.messages
    assert "dense matrices of 423 MB for these 10285 parameters" in text


def test_bfgs_is_refused_where_its_matrices_fill_a_quarter(
    default_network, monkeypatch
):
    need = 5 * 4 * 10285**2
    monkeypatch.setattr(bfgs, "memory", lambda device: 4 * need)
    with pytest.raises(jaxnn.Mistake, match="5 matrices of 423 MB .* use lbfgs"):
        minimize(*default_network, 1)
    monkeypatch.setattr(bfgs, "memory", lambda device: 4 * need + 1)
    assert int(start(*default_network).steps) == 0


def test_bfgs_takes_the_memory_that_it_says():
    state = jax.eval_shape(lambda: whole.first_state(rosenbrock, jnp.ones(2000), ()))
    solved = bfgs.solve.lower(rosenbrock, state, (), 1, 1e-6).compile()
    matrices = solved.memory_analysis().temp_size_in_bytes / (4 * 2000**2)
    assert bfgs.MATRICES - 1.5 < matrices < bfgs.MATRICES + 0.1


def test_memory_is_the_devices_in_bytes(device):
    assert 2**28 < bfgs.memory(device) < 2**48


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "scipy-cg", "options": {"foo": 1}}, "foo; see SciPy's options"),
        ({"method": "cg", "options": {"gtol": 1}}, "they are for scipy-cg, scipy-l"),
        ({"method": "bfgs", "options": {}}, "bfgs takes no options"),
        ({"method": "scipy-tnc", "learning_rate": 1.0}, "leave learning rate out"),
    ],
)
def test_unusable_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        minimize(rosenbrock, np.float32([0, 1]), **settings)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (np.array([0, 1]), "params hold int32 numbers; give arrays of floating"),
        ({"a": np.float32([0, 1]), "b": np.array([True])}, "params hold bool numbers"),
        ((), "params hold no numbers"),
    ],
    ids=["int", "bool", "empty"],
)
@pytest.mark.parametrize("method", ["lbfgs", "bfgs", "scipy-cg"])
def test_params_that_are_not_floating_point_are_refused(params, message, method):
    with pytest.raises(jaxnn.Mistake, match=message):
        minimize(rosenbrock, params, method=method)


@pytest.mark.slow
def test_cg_reaches_the_published_cost_within_the_bar(digits):
    args = np.float32(digits.x), digits.y, np.float32(1)
    counts = []
    for seed in range(9):
        state = start(model.cost, jaxnn.init_params(seed), args, "cg")
        while float(state.cost) > 0.339:
            state, _ = loop.run_chunk(
                model.cost, METHODS["cg"], None, 10, state, args, 0, 1, np.float32(0)
            )
        counts.append(int(state.evaluations))
    assert np.median(counts) <= 250 and max(counts) <= 350
