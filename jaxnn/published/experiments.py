"""Run a published experiment from many random starts and measure its figures.

N starts; m examples. A measurement is an array with a row per start, and has the name
of the figure it is compared with.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn import devices, initialization, model
from jaxnn.backprop import backprop
from jaxnn.data import Digits, standardize
from jaxnn.devices import Device
from jaxnn.differences import central_differences, flatten
from jaxnn.ensemble import Ensemble, minimize_all, of_each, padded, stack
from jaxnn.mistake import Mistake
from jaxnn.model import Params
from jaxnn.published.programs import OBJECTIVES, log_eps_cost
from jaxnn.published.recipes import Recipe, Setup
from jaxnn.weights import load_params

Measures = dict[str, np.ndarray]  # by the figure's name: (N,), or (N, k) for k numbers

LEARNED = 1000  # digits that TP 5 trains on
CHANCE = 1e-9  # relative change of given weights, to see what rounding can do


def run(
    recipe: Recipe,
    setup: Setup,
    seeds: Sequence[int],
    digits: Digits,
    weights: Path | None = None,
    device: Device = None,
    **report: Any,
) -> Measures:
    """Train networks as setup says, and measure the figures of a recipe.

    seeds: of the starts. weights: the course's ex4weights.mat, if it is needed.
    report: progress(done, all) and notice(text), called while networks train.
    """
    seeds = range(seeds[0], seeds[0] + (setup.starts or len(seeds)))
    is_training = recipe.experiment == "training"
    with devices.exactly(device, setup.dtype if is_training else "float64"):
        if is_training:
            return training(recipe, setup, seeds, digits, weights, **report)
        if recipe.experiment == "gradient check":
            return gradient_check(seeds)
        if recipe.experiment == "tiny network":
            return tiny_network()
        return given_weights(given(weights), digits)


def needs_weights(recipe: Recipe, setup: Setup) -> bool:
    """Whether the run needs the course's ex4weights.mat."""
    return "given weights" in (recipe.experiment, setup.start)


def given(weights: Path | None) -> Params:
    """The course's weights, float64."""
    if weights is None:
        raise Mistake("ex4weights.mat is needed; name it with --weights")
    return tuple(theta.astype(float) for theta in load_params(weights))


def given_weights(params: Params, digits: Digits) -> Measures:
    """Costs, accuracy and gradients of the course's weights; N = 1."""
    data = digits.x, digits.y
    found = {
        f"cost at lambda {lam}": model.cost(params, *data, float(lam))
        for lam in (0, 1, 3)
    }
    found["cost at lambda 0 with log(a + 1e-5)"] = log_eps_cost(params, *data, 0.0, 0.0)
    found["train accuracy"] = 100 * model.accuracy(params, *data)
    first, last = slice(0, 6), slice(-6, None)
    for lam, place, name in ((0, first, "first"), (1, last, "last")):
        *hidden, output = model.gradient(params, *data, float(lam))
        course = *hidden, np.roll(output, -1, axis=0)  # its last row is digit 0's
        found[f"gradient at lambda {lam}, {name} 6"] = unrolled(course)[place]
    return {name: np.asarray(value)[None] for name, value in found.items()}


def tiny_network() -> Measures:
    """Costs and gradients of the forum's 2-2-4 network; N = 1."""
    numbers = np.arange(1, 19) / 10
    params = (
        numbers[:6].reshape(2, 3, order="F"),
        numbers[6:].reshape(4, 3, order="F"),
    )
    x, y = np.cos(np.arange(1, 7).reshape(3, 2)), np.array([3, 1, 2])  # labels 4, 2, 3
    found = {}
    for lam in (0, 4):
        found[f"cost at lambda {lam}"] = model.cost(params, x, y, float(lam))
        gradient = model.gradient(params, x, y, float(lam))
        found[f"gradient at lambda {lam}"] = unrolled(gradient)
    return {name: np.asarray(value)[None] for name, value in found.items()}


def unrolled(thetas: Params) -> np.ndarray:
    """Thetas as MATLAB unrolls them: theta1, theta2, each column by column."""
    return np.concatenate([np.asarray(theta).ravel(order="F") for theta in thetas])


def gradient_check(seeds: Sequence[int]) -> Measures:
    """|a - b| / |a + b| of backprop a and central differences b; 3-5-3, 5 examples."""
    found: dict[int, list[float]] = {0: [], 1: []}
    for seed in seeds:
        random = np.random.default_rng(seed)
        x, theta1, theta2 = (
            random.uniform(-0.12, 0.12, shape) for shape in ((5, 3), (5, 4), (3, 6))
        )
        problem = (theta1, theta2), x, np.arange(1, 6) % 3
        for lam, differences in found.items():
            by_hand = flatten(backprop(*problem, float(lam))[1])
            numeric = flatten(central_differences(*problem, float(lam)))
            gap, size = by_hand - numeric, by_hand + numeric
            differences.append(float(np.linalg.norm(gap) / np.linalg.norm(size)))
    measures = {
        f"relative difference at lambda {lam}": np.array(values)
        for lam, values in found.items()
    }
    measures["the larger, which must be below"] = np.max(list(found.values()), axis=0)
    return measures


def training(
    recipe: Recipe,
    setup: Setup,
    seeds: Sequence[int],
    digits: Digits,
    weights: Path | None,
    **report: Any,
) -> Measures:
    """Train N networks and measure the documents' figures; accuracies in percent."""
    fun = OBJECTIVES[setup.objective]
    params = starts(setup, seeds, weights)
    learned = learned_digits(setup, digits, seeds)
    x, y = pixels(setup, digits), jnp.asarray(digits.y)
    own = None if learned is None else 0  # the axis of a network's own digits
    data = (x, y) if learned is None else (x[learned], y[learned])
    axes = own, own, None, None
    numbers = np.array([setup.lam, setup.learning_rate or 0], setup.dtype)
    args = *data, *numbers
    free = *data, 0 * numbers[0], numbers[1]  # without penalty
    trained = minimize_all(
        fun,
        params,
        args,
        axes,
        setup.method,
        setup.steps,
        learning_rate=setup.learning_rate,
        tolerance=0.0,
        options=setup.options,
        **report,
    )
    right = of_each(model.reads_right, trained.params, (x, y), (None, None))
    found = {
        "cost": trained.cost,
        "cost without penalty": of_each(fun, trained.params, free, axes),
        "iterations": trained.steps,
        "evaluations": trained.evaluations,
        **accuracies(np.asarray(right), learned),
    }
    for figure in recipe.figures:
        if figure.after and figure.after <= setup.steps:
            found[figure.name] = cost_after(trained, figure.after)
    found = {k: np.where(trained.diverged, np.nan, v) for k, v in found.items()}
    found["cost at the start"] = of_each(fun, params, free, axes)
    found["cost at the start with penalty"] = of_each(fun, params, args, axes)
    return {name: np.asarray(values, float) for name, values in found.items()}


def starts(setup: Setup, seeds: Sequence[int], weights: Path | None) -> Params:
    """The thetas to start from, (N, units_out, 1 + units_in); N = 1 for zeros."""
    drawn = stack(
        [
            initialization.init_params(seed, setup.layers, setup.init, setup.dtype)
            for seed in seeds
        ]
    )
    if setup.start == "zeros":
        return tuple(0 * theta[:1] for theta in drawn)
    if setup.start == "given weights":
        random = np.random.default_rng(seeds[0])
        pairs = (
            (theta, random.normal(size=d.shape))
            for theta, d in zip(given(weights), drawn, strict=True)
        )
        return tuple(theta * (1 + CHANCE * moved) for theta, moved in pairs)
    return drawn


def pixels(setup: Setup, digits: Digits) -> jax.Array:
    """The images as the network sees them, (m, 400); TP 5 z-scores each image."""
    shown = standardize(digits) if setup.split else digits
    return jnp.asarray(shown.x.astype(setup.dtype))


def learned_digits(
    setup: Setup, digits: Digits, seeds: Sequence[int]
) -> np.ndarray | None:
    """The places of the digits each network trains on, (N, 1000); None for all."""
    if not setup.split:
        return None
    m = len(digits.y)
    orders = [np.random.default_rng(seed).permutation(m) for seed in seeds]
    return np.stack(orders)[:, :LEARNED]


def accuracies(right: np.ndarray, learned: np.ndarray | None) -> Measures:
    """Percent read right of the digits trained on, and of the others.

    right: (N, m) bool. learned: (N, 1000) the digits trained on, None for all.
    """
    if learned is None:
        return {"train accuracy": 100 * right.mean(axis=1)}
    is_learned = np.zeros(right.shape, bool)
    np.put_along_axis(is_learned, learned, True, axis=1)
    return {
        "train accuracy": 100 * right.mean(axis=1, where=is_learned),
        "test accuracy": 100 * right.mean(axis=1, where=~is_learned),
    }


def cost_after(trained: Ensemble, step: int) -> np.ndarray:
    """The cost (N,) after a step; the last cost of a network that ended before it."""
    costs = padded(trained.costs, max(step, trained.costs.shape[1]))
    return np.where(trained.steps >= step, costs[:, step - 1], trained.cost)
