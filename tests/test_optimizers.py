"""Every method against closed forms, NumPy recursions, SciPy, and a resumed run."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

import jaxnn
from jaxnn import backprop, differences, model, three_way
from jaxnn.optimizers import (
    METHODS,
    TRAITS,
    Method,
    Minibatches,
    lbfgs,
    loop,
    minimize,
    start,
)

STEPPED = [name for name, method in METHODS.items() if isinstance(method, Method)]
FIRST_ORDER = [name for name in STEPPED if METHODS[name].default_rate]

# A quadratic 1/2 p.A p - b.p: its minimum is A^-1 b = (1, 2), worked by hand:
# [2 1; 1 3] (1, 2) = (4, 7), and the cost there is -1/2 (4 + 14) = -9.
A, B = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([4.0, 7.0])


def quadratic(p, a, b):
    return 0.5 * p @ a @ p - b @ p


def rosenbrock(p):
    return 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2  # 0 at (1, 1)


def half_square(params, scale):
    return 0.5 * scale * jnp.sum(params**2)


@pytest.mark.parametrize("method", METHODS)
def test_quadratic_with_a_known_minimum(method, device):
    rates = {"gd": 0.3, "momentum": 0.05, "adam": 0.1}
    found = minimize(
        quadratic,
        np.zeros(2, np.float32),
        (np.float32(A), np.float32(B)),
        method,
        steps=500,
        learning_rate=rates.get(method),
    )
    # TNC ends where the cost, 9 +- 5e-7 in float32, no longer changes
    atol = 1e-3 if method == "scipy-tnc" else 1e-4
    np.testing.assert_allclose(found.params, [1, 2], atol=atol)
    assert found.cost == pytest.approx(-9, abs=1e-5)
    assert found.history.shape == (found.steps,)
    assert found.history[-1] == found.cost


def test_lbfgs_on_rosenbrock(device):
    with jax.enable_x64(True):
        found = minimize(rosenbrock, np.array([-1.2, 1.0]), steps=200, tolerance=1e-8)
    np.testing.assert_allclose(found.params, [1, 1], atol=1e-7)
    assert found.converged and "converged" in found.message
    assert found.steps < 60  # SciPy's L-BFGS-B needs 37


def test_lbfgs_finds_the_minimum_that_scipy_finds():
    _, params, x, y, _ = three_way.course_problem()
    lam = 0.05
    with jax.enable_x64(True):
        found = minimize(model.cost, params, (x, y, lam), steps=500, tolerance=1e-10)

    def fun(flat):
        thetas = differences.cut(flat, differences.shapes_of(params))
        cost, gradient = backprop(thetas, x, y, lam)
        return float(cost), differences.flatten(gradient)

    scipy = scipy_minimize(
        fun,
        differences.flatten(params),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": 1e-10, "ftol": 0, "maxiter": 1000},
    )
    assert found.cost == pytest.approx(scipy.fun, rel=1e-10)
    with jax.enable_x64(True):  # hidden units may have changed places: compare outputs
        thetas = differences.cut(scipy.x, differences.shapes_of(params))
        outputs = [model.forward(found.params, x), model.forward(thetas, x)]
    np.testing.assert_allclose(*outputs, atol=1e-7)


def test_gradient_descent_is_its_closed_form():
    # J = c/2 |p|^2: each step multiplies p by (1 - rate c)
    found = minimize(
        half_square,
        np.float32([3, -2]),
        (0.5,),
        "gd",
        steps=7,
        learning_rate=0.4,
        tolerance=0,
    )
    np.testing.assert_allclose(found.params, np.array([3, -2]) * 0.8**7, rtol=1e-6)
    costs = 0.25 * 13 * 0.8 ** (2 * np.arange(1, 8))
    np.testing.assert_allclose(found.history, costs, rtol=1e-5)
    assert found.evaluations == 8  # the start, and after every step


@pytest.mark.parametrize(
    ("method", "length"),
    [("gd", 1.0 * 0.5), ("momentum", 0.1 * 0.5), ("adam", 0.03)],
)
def test_default_learning_rates(method, length):
    # the first step from p = 1 with slope 1/2: the rate times it, adam's the rate alone
    found = minimize(half_square, np.float32([1]), (0.5,), method, 1)
    np.testing.assert_allclose(1 - found.params, length, rtol=1e-4)


def momentum_recursion(p, rate, steps):
    velocity = np.zeros_like(p)
    for _ in range(steps):
        velocity = 0.9 * velocity + (A @ p - B)
        p = p - rate * velocity
    return p


def adam_recursion(p, rate, steps):
    # Kingma and Ba 2015, algorithm 1, with their constants
    first, second = np.zeros_like(p), np.zeros_like(p)
    for t in range(1, steps + 1):
        g = A @ p - B
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
        unbiased = first / (1 - 0.9**t), second / (1 - 0.999**t)
        p = p - rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    return p


@pytest.mark.parametrize(
    ("method", "recursion"),
    [("momentum", momentum_recursion), ("adam", adam_recursion)],
)
def test_methods_follow_their_papers(method, recursion):
    p, rate, steps = np.array([0.3, -0.2]), 0.05, 25
    with jax.enable_x64(True):
        found = minimize(quadratic, p, (A, B), method, steps, learning_rate=rate)
    np.testing.assert_allclose(found.params, recursion(p, rate, steps), rtol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_evaluations_are_counted(method):
    counted = []

    def counting(p):
        jax.debug.callback(lambda _: counted.append(1), p[0])
        return rosenbrock(p)

    rate = 1e-4 if method in FIRST_ORDER else None
    p = np.float32([-1.2, 1.0])
    found = minimize(counting, p, (), method, 12, learning_rate=rate, chunk=5)
    jax.effects_barrier()
    if method in STEPPED:
        assert found.evaluations == len(counted)
        assert found.evaluations == 13 or method not in FIRST_ORDER
    else:  # they evaluate the start again
        assert found.evaluations == len(counted) - 1


@pytest.mark.parametrize("method", STEPPED)
def test_chunks_and_resuming_change_no_bit(method):
    problem = three_way.course_problem()
    params = tuple(np.float32(theta) for theta in problem.params)
    args = (np.float32(problem.x), problem.y, 0.1)
    few, many = (3, 5) if method == "newton-cg" else (9, 20)  # before it converges
    whole = minimize(model.cost, params, args, method, many, chunk=many)
    first = minimize(model.cost, params, args, method, few, chunk=2)
    second = minimize(
        model.cost, params, args, method, many, chunk=2, state=first.state
    )
    for a, b in zip(whole.params, second.params, strict=True):
        np.testing.assert_array_equal(a, b)
    together = np.concatenate([first.history, second.history])
    np.testing.assert_array_equal(whole.history, together)
    assert second.steps == many and second.evaluations == whole.evaluations


@pytest.mark.parametrize("method", [*STEPPED, "scipy-cg"])
def test_nothing_recompiles_for_other_values(method, caplog):
    _, _, x, y, _ = three_way.course_problem()
    x = np.float32(x)
    batches = Minibatches(2, len(x), take) if method in FIRST_ORDER else None
    program = "run_chunk" if method in STEPPED else "evaluate"

    def compiled(seed, lam, rate, x, steps):
        caplog.clear()
        with jax.log_compiles():
            minimize(
                model.cost,
                jaxnn.init_params(seed, (3, 5, 3)),
                (x, y, lam),
                method,
                steps,
                learning_rate=rate if method in FIRST_ORDER else None,
                batches=batches,
                seed=seed,
                chunk=2,
            )
        return [text for text in caplog.messages if "XLA compilation of" in text]

    jax.clear_caches()
    assert any(program in text for text in compiled(0, 1.0, 0.1, x, 2))
    assert compiled(1, 3, 0.2, x + 1, 2) == []  # lam an int; other data, rate and seed
    assert compiled(2, np.float32(0.5), 1, x, 5) == []  # three chunks


def take(args, indices):
    x, y, lam = args
    return x[indices], y[indices], lam


def remember(params, seen):
    # the gradient with respect to params is 1 for each index in the batch
    return jnp.sum(params[seen])


def take_indices(args, indices):
    (seen,) = args
    return (seen[indices],)


def test_an_epoch_sees_every_example_once():
    # gd at rate 1 subtracts 1 from the params of the examples in each batch; with 10
    # examples in batches of 3, an epoch is 3 steps and sees 9 of them once
    batches = Minibatches(3, 10, take_indices)
    epochs, before = [], np.zeros(10)
    for steps in (3, 6, 9):
        found = minimize(
            remember,
            np.zeros(10, np.float32),
            (np.arange(10),),
            "gd",
            steps,
            learning_rate=1.0,
            batches=batches,
            seed=4,
        )
        epochs.append(before - np.asarray(found.params))
        before = np.asarray(found.params)
    for epoch in epochs:
        assert sorted(epoch) == [0] + [1] * 9
    assert len({int(np.argmin(epoch)) for epoch in epochs}) > 1  # orders differ


def test_seed_decides_the_minibatches():
    def run(seed):
        batches = Minibatches(3, 10, take_indices)
        args = (np.zeros(10, np.float32), (np.arange(10),), "gd", 2)
        found = minimize(remember, *args, batches=batches, seed=seed)
        return np.asarray(found.params).tolist()

    assert run(0) == run(0)
    assert len({tuple(run(seed)) for seed in range(5)}) > 1


def explodes(p):
    return jnp.where(p > -2.5, p, jnp.nan)


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_a_cost_that_is_not_finite_stops_the_run(chunk):
    # p: 0, -1, -2, then -3 where the cost is NaN
    found = minimize(explodes, np.float32(0), (), "gd", 50, chunk=chunk)
    assert found.diverged and not found.converged
    assert "NaN or infinite at step 3" in found.message
    assert float(found.params) == -2 and found.cost == -2
    assert found.steps == 3 and np.isnan(found.history[2])


def test_converged_at_the_start_takes_no_step():
    found = minimize(half_square, np.zeros(3, np.float32), (1.0,))
    assert found.converged and found.steps == 0 and found.history.size == 0


def test_callback_sees_every_chunk():
    seen = []
    minimize(
        half_square,
        np.float32([1]),
        (1.0,),
        "gd",
        7,
        learning_rate=0.1,
        chunk=3,
        callback=lambda state, trace: seen.append(
            (int(state.steps), int(trace.done), float(trace.costs[0]))
        ),
    )
    assert [row[:2] for row in seen] == [(3, 3), (6, 3), (7, 1)]
    assert seen[0][2] == pytest.approx(0.5 * 0.9**2)


def slope_of_a_tenth(p):
    return np.float32(0.1) * p


def test_tolerance_is_compared_in_the_dtype_of_the_loop():
    # float32(0.1) > 0.1: the host and the loop must both see that this has converged
    found = minimize(slope_of_a_tenth, np.float32(1), (), "gd", 5, tolerance=0.1)
    assert found.converged and found.steps == 0


BATCHES = Minibatches(20, 10, take)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"method": "lbgfs"},
            "unknown method 'lbgfs'; choose from adam, bfgs, cg, gd",
        ),
        ({"steps": 0}, "whole number, at least 1"),
        ({"steps": 2.5}, "steps 2.5: give a whole number"),
        ({"chunk": 0}, "at least 1 step"),
        ({"tolerance": np.nan}, "tolerance nan"),
        ({"method": "gd", "learning_rate": -1.0}, "not a positive number"),
        ({"method": "gd", "learning_rate": np.nan}, "not a positive number"),
        ({"method": "lbfgs", "learning_rate": 1.0}, "leave learning rate out"),
        (
            {"method": "lbfgs", "batches": BATCHES},
            "mini-batches with adam, gd, momentum",
        ),
        ({"method": "gd", "batches": BATCHES}, "batch size 20 is not in 1..10"),
    ],
)
def test_unusable_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        minimize(half_square, np.ones(2, np.float32), (1.0,), **settings)


def test_methods_vmap_over_starts_and_lambdas():
    # as an ensemble does: vmap over the loop, with its params and args
    starts, scales = np.float32([[1, 2], [3, 4], [0.5, 1]]), np.float32([0.5, 1, 2])

    def one(p, scale):
        state = start(half_square, p, (scale,), "lbfgs")
        return loop.run_chunk(
            half_square, METHODS["lbfgs"], None, 5, state, (scale,), 0, 5, 1e-6
        )[0].params

    together = jax.vmap(one)(starts, scales)
    np.testing.assert_allclose(together, np.zeros((3, 2)), atol=1e-5)


@pytest.mark.parametrize("method", STEPPED)
def test_the_start_is_evaluated_by_the_loop(method):
    args = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0.5, 2.0])
    params = {"a": np.array([2.0]), "b": np.array([-1.0, 0.25])}

    def fun(p, a, b):
        return 3 * jnp.sum(p["a"] ** 4) + jnp.sum((a @ p["b"] - b) ** 2)

    with jax.enable_x64(True):
        state = start(fun, params, args, method)
        cost, grad = jax.value_and_grad(fun)(params, *args)
        memory = METHODS[method].init(params, jnp.asarray(0.125))
        state, cost, grad, memory = jax.device_get((state, cost, grad, memory))
    # by hand: 3 * 2^4 + (-0.5 - 0.5)^2 + (-3.25 - 2)^2; 12 * 2^3
    assert state.cost == cost == 76.5625 and grad["a"] == 96
    assert jax.tree.all(jax.tree.map(np.array_equal, state.params, params))
    assert jax.tree.all(jax.tree.map(np.allclose, state.grad, grad))
    assert (state.steps, state.evaluations) == (0, 1)
    norm = np.sqrt(sum(np.sum(np.square(g)) for g in grad.values()))
    np.testing.assert_allclose(state.grad_norm, norm)
    pairs = zip(*map(jax.tree.leaves, (state.memory, memory)), strict=True)
    for found, expected in pairs:
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        if not np.any(expected):  # all but the learning rate
            assert not np.any(found)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("wrong", [jnp.inf, -jnp.inf, jnp.nan])
def test_a_start_without_a_finite_cost_diverges(method, wrong):
    def fun(p, number):
        return jnp.sum(p**2) * number

    start_at = np.ones(3, np.float32)
    found = minimize(fun, start_at, (np.float32(wrong),), method)
    assert found.diverged and not found.converged and found.steps == 0
    assert found.message == "the cost became NaN or infinite at step 0"
    np.testing.assert_equal(float(found.state.cost), 3 * float(wrong))
    assert found.evaluations == 1


@pytest.mark.parametrize("method", STEPPED)
def test_a_start_without_a_finite_gradient_diverges(method):
    def fun(p):
        return jnp.sum(jnp.sqrt(p))  # at 0 its slope is infinite

    found = minimize(fun, np.zeros(2, np.float32), (), method)
    assert found.message == "the gradient became NaN or infinite at step 0"
    assert (found.cost, found.evaluations) == (0, 1)


def test_lbfgs_knows_the_bfgs_matrix_of_its_last_pairs():
    # H' = (I - r s y') H (I - r y s') + r s s' with r = 1 / s'y, from gamma I
    # (Nocedal and Wright 2006, equation 6.17), for the last 40 pairs that are curved
    random, p = np.random.default_rng(0), 60
    with jax.enable_x64(True):
        memory = lbfgs.init(np.zeros(p), 0.0)
        pairs = []
        for i in range(lbfgs.MEMORY + 25):
            s, y = random.normal(size=(2, p))
            y = y if i % 7 == 3 else y + 3 * s  # now and then s'y is below 0
            memory = lbfgs.remember(memory, jnp.asarray(s), jnp.asarray(y))
            pairs += [(s, y)] if s @ y > 0 else [(s, None)]
        kept, slots = [], {}
        seen = 0
        for s, y in pairs:  # a pair that is refused still takes the oldest one's place
            slots.pop(seen % lbfgs.MEMORY, None)
            if y is not None:
                slots[seen % lbfgs.MEMORY] = (seen, s, y)
                seen += 1
        kept = [pair[1:] for pair in sorted(slots.values(), key=lambda pair: pair[0])]
        s, y = kept[-1]
        matrix = np.eye(p) * (s @ y) / (y @ y)
        for s, y in kept:
            turn = np.eye(p) - np.outer(y, s) / (s @ y)
            matrix = turn.T @ matrix @ turn + np.outer(s, s) / (s @ y)
        grad = random.normal(size=p)
        found = lbfgs.inverse_hessian_times(memory, jnp.asarray(grad))
    assert len(kept) >= lbfgs.MEMORY - 1 and seen < len(pairs)
    np.testing.assert_allclose(found, matrix @ grad, rtol=1e-9, atol=1e-9)


def test_every_method_has_its_traits():
    assert list(METHODS) == list(TRAITS)
