"""`minimize` under jit, vmap and derivatives: against plain calls and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from jaxnn import three_way
from jaxnn.optimizers import METHODS, Minibatches, minimize

PURE = [name for name in METHODS if not name.startswith("scipy")]
RATES = {"gd": 0.3, "momentum": 0.05, "adam": 0.1}
# of 1/2 p.A p - b.p the minimum is p = A^-1 b, and -1/2 b.A^-1 b there
A, B = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([4.0, 7.0])
START = np.zeros(2, np.float32)
INVERSE = np.array([[0.6, -0.2], [-0.2, 0.4]])  # by hand: A's determinant is 5


def quadratic(p, a, b):
    return 0.5 * p @ a @ p - b @ p


def starts(count):
    """The thetas (count, ...) of 3-5-3 networks, in float64."""
    layers = (3, 5, 3)
    networks = [jaxnn.init_params(s, layers, dtype="float64") for s in range(count)]
    return tuple(np.stack(thetas) for thetas in zip(*networks, strict=True))


def of_one(tree, i):
    return jax.tree.map(lambda a: np.asarray(a)[i], tree)


def assert_same(found, plain, steps):
    """A Result of arrays holds the same numbers as a plain one; to rounding."""
    padded = np.full(steps, np.nan)
    padded[: plain.steps] = plain.history
    np.testing.assert_allclose(found.history, padded, rtol=1e-9)
    for name in ("params", "cost"):
        pair = (jax.tree.leaves(getattr(r, name)) for r in (found, plain))
        for a, b in zip(*pair, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)
    for name in ("steps", "evaluations", "converged", "diverged"):
        assert getattr(found, name) == getattr(plain, name)
    assert found.message is None


def test_a_hundred_starts_in_one_vmap():
    _, _, x, y, _ = three_way.course_problem()
    with jax.enable_x64(True):
        params, args = starts(100), (x, y, 0.1)

        @jax.vmap
        def together(params):
            return minimize(jaxnn.cost, params, args, steps=12)

        found = together(params)
        for i in range(100):
            plain = minimize(jaxnn.cost, of_one(params, i), args, steps=12)
            assert_same(of_one(found, i), plain, 12)


@pytest.mark.parametrize("method", PURE)
def test_jit_and_vmap_of_every_method(method):
    _, _, x, y, _ = three_way.course_problem()
    with jax.enable_x64(True):
        params, lams = starts(3), np.array([0.1, 1.0, 30.0])

        @jax.jit
        @jax.vmap
        def together(params, lam):
            return minimize(jaxnn.cost, params, (x, y, lam), method, 12)

        found = together(params, lams)
        for i, lam in enumerate(lams):
            args = x, y, lam
            plain = minimize(jaxnn.cost, of_one(params, i), args, method, 12)
            assert_same(of_one(found, i), plain, 12)


@pytest.mark.parametrize("method", PURE)
def test_a_run_ends_where_it_converges(method):
    @jax.jit
    def run(b):
        how = method, 500
        p = np.zeros(2)
        return minimize(quadratic, p, (A, b), *how, learning_rate=RATES.get(method))

    with jax.enable_x64(True):
        found = run(B)
    np.testing.assert_allclose(found.params, [1, 2], atol=1e-5)
    assert found.converged and not found.diverged and found.steps < 500
    assert found.history[found.steps - 1] == found.cost == pytest.approx(-9)
    assert np.isnan(found.history[found.steps :]).all()


def test_other_values_trace_and_compile_nothing():
    traced = []

    def fun(p, a, b):
        traced.append(1)
        return quadratic(p, a, b)

    run = jax.jit(lambda p, b: minimize(fun, p, (np.float32(A), b)).params)
    np.testing.assert_allclose(run(np.zeros(2), B), [1, 2], atol=1e-4)
    before = len(traced)
    np.testing.assert_allclose(run(np.ones(2), 2 * B), [2, 4], atol=1e-4)
    assert len(traced) == before


def take(args, indices):
    return (args[0][indices],)


def spread(p, centers):
    return jnp.mean((p - centers) ** 2)


def test_rates_seeds_and_tolerances_may_be_traced():
    args, batches = (np.arange(10.0),), Minibatches(3, 10, take)

    def run(rate, seed, tolerance):
        how = {"learning_rate": rate, "seed": seed, "tolerance": tolerance}
        return minimize(spread, np.zeros(()), args, "gd", 7, batches=batches, **how)

    rates, seeds = np.array([0.1, 0.2, 0.1]), np.array([3, 4, 3])
    tolerances = np.array([0.0, 0.0, 5.0])
    with jax.enable_x64(True):
        found = jax.vmap(run)(rates, seeds, tolerances)
        for i, numbers in enumerate(zip(rates, seeds, tolerances, strict=True)):
            assert_same(of_one(found, i), run(*numbers), 7)
    assert found.converged.tolist() == [False, False, True]


def test_a_run_continues_from_its_state():
    def run(state, steps):
        return minimize(quadratic, np.zeros(2), (A, B), "cg", steps, state=state)

    with jax.enable_x64(True):
        first = jax.jit(lambda b: minimize(quadratic, b, (A, B), "cg", 1))(B)
        second = jax.jit(run, static_argnums=1)(first.state, 3)
        plain = run(first.state, 3)
    np.testing.assert_allclose(second.params, plain.params)
    assert second.steps == plain.steps and second.history.shape == (3,)
    np.testing.assert_allclose(second.history[: len(plain.history)], plain.history)


def explodes(p):
    return jnp.where(p > -2.5, p, jnp.nan)


@pytest.mark.parametrize("method", ["gd", "bfgs"])
@pytest.mark.parametrize("begin", [0.0, -3.0])
def test_a_run_that_diverges_keeps_its_last_good_params(method, begin):
    found = jax.jit(lambda p: minimize(explodes, p, (), method, 9))(np.float32(begin))
    plain = minimize(explodes, np.float32(begin), (), method, 9)
    assert found.diverged and not found.converged
    np.testing.assert_array_equal(found.params, plain.params)
    np.testing.assert_array_equal(found.cost, plain.cost)
    assert found.steps == plain.steps


@pytest.mark.parametrize("method", PURE)
def test_forward_derivatives_of_the_minimum(method):
    def reached(b):
        how = {"learning_rate": RATES.get(method), "tolerance": 1e-9}
        found = minimize(quadratic, np.zeros(2), (A, b), method, 900, **how)
        return found.params, found.cost

    with jax.enable_x64(True):
        of_params, of_cost = jax.jacfwd(reached)(B)
    np.testing.assert_allclose(of_params, INVERSE, atol=1e-6)
    np.testing.assert_allclose(of_cost, -INVERSE @ B, atol=1e-6)


@pytest.mark.parametrize(
    "differentiated",
    [
        jax.grad,
        lambda f: jax.jit(jax.grad(f)),
        lambda f: jax.grad(jax.jit(f)),
        jax.jacrev,
        lambda f: jax.grad(lambda b: jnp.sum(jax.vmap(f)(jnp.stack([b, b])))),
    ],
)
def test_reverse_derivatives_name_the_forward_ones(differentiated):
    def closed(b):  # b comes from a closure, not in args
        return minimize(lambda p: quadratic(p, A, b), START, method="gd").cost

    def given(b):
        return minimize(quadratic, START, (np.float32(A), b), "gd").cost

    for f in (closed, given):
        with pytest.raises(jaxnn.Mistake, match="no reverse derivative .* jax.jacfwd"):
            differentiated(f)(np.float32(B))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "scipy-tnc"}, "scipy-tnc needs the host; .* use adam, bfgs, cg"),
        ({"callback": print}, "callback runs on the host; leave it out"),
        ({"method": "gd", "learning_rate": -1.0}, "not a positive number"),
    ],
)
def test_what_needs_the_host_is_refused(settings, message):
    for transform in (jax.jit, jax.vmap):
        run = transform(lambda b: minimize(quadratic, b, (A, b), **settings).params)
        with pytest.raises(jaxnn.Mistake, match=message):
            run(np.float32([B, B]) if transform is jax.vmap else np.float32(B))


def test_steps_and_rates_that_are_traced():
    p = np.ones(2, np.float32)
    with pytest.raises(jaxnn.Mistake, match="give a whole number"):
        jax.jit(lambda n: minimize(spread, p, (p,), steps=n))(3)
    with pytest.raises(jaxnn.Mistake, match="leave learning rate out"):
        jax.jit(lambda r: minimize(spread, p, (p,), learning_rate=r))(0.1)


def test_bfgs_looks_at_its_size_under_jit():
    p = np.zeros(10**6, np.float32)
    with pytest.raises(jaxnn.Mistake, match="bfgs needs 5 matrices"):
        jax.jit(lambda p: minimize(spread, p, (p,), "bfgs"))(p)
