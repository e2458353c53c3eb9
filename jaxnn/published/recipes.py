"""The published experiments as data: their settings, their figures, their sources.

A published figure is text, with every digit that was printed. Five documents trained
this network. Each ran every experiment once, mostly from an unknown random start:

- neural_network2, a notebook: conjugate gradient at lambda 3;
- ML Lab 4, the fourth of a series of labs: gradient descent;
- Neural Network Illustration, a notebook: conjugate gradient with and without penalty;
- part 5, neural networks, of J. Wittenauer's posts on the course: truncated Newton;
- TP 5, a practical: gradient descent, 1000 digits to train on, 4000 to test.

The figures of the course's own handout and of its forum's test case involve no chance.
"""

from dataclasses import dataclass, replace
from typing import Any

Published = str | tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """One published number, or several printed together."""

    name: str  # what is measured
    published: Published  # every printed digit
    better: str = ""  # "lower" or "higher"; "" if neither is better
    after: int | None = None  # how many steps; None: at the end


@dataclass(frozen=True)
class Setup:
    """How the networks of an experiment are trained."""

    label: str = "as published"
    layers: tuple[int, ...] = (400, 25, 10)
    lam: float = 1.0
    start: str = "random"  # or "zeros", "given weights"
    init: str = "course"  # of the random start
    objective: str = "course"
    method: str = "gd"
    steps: int = 0
    learning_rate: float | None = None
    options: dict[str, Any] | None = None  # of SciPy's method
    split: bool = False  # 1000 random digits to train on, 4000 to test, each z-scored
    dtype: str = "float32"
    starts: int | None = None  # this many, whatever number was asked for


@dataclass(frozen=True)
class Recipe:
    """One published experiment."""

    name: str
    source: str
    about: str  # the settings in words, and what the document does not say
    figures: tuple[Figure, ...]
    experiment: str = "training"  # or "given weights", "tiny network", "gradient check"
    setup: Setup = Setup()
    correct: Setup | None = None  # the same with the true gradient, to show next to it
    # the same with the unknown varied; it runs if a figure DIFFERS or ours are better
    unknown: Setup | None = None


def cost(published: str, name: str = "cost", after: int | None = None) -> Figure:
    """A published cost, nats per example."""
    return Figure(name, published, "lower", after)


def accuracy(published: str, part: str = "train") -> Figure:
    """A published accuracy in percent."""
    return Figure(f"{part} accuracy", published, "higher")


LAB = "ML Lab 4"
ILLUSTRATION = "Neural Network Illustration"
PRACTICAL = "TP 5"

CONJUGATE = Setup(
    lam=0.09,
    init="illustration",
    objective="log(a + 1e-5)",
    method="scipy-cg",
    steps=100,
    options={"gtol": 1e-5, "norm": float("inf")},
    dtype="float64",
)
LAMBDA_3 = replace(CONJUGATE, lam=3.0, init="glorot", objective="course", steps=3000)
NEWTON = Setup(
    init="wittenauer",
    method="scipy-tnc",
    steps=250,
    options={"maxfun": 250},
    dtype="float64",
)
SPLIT = Setup(
    lam=0.0,
    init="bresson",
    objective="TP 5",
    steps=4500,
    learning_rate=0.2,
    split=True,
)
DESCENT = Setup(steps=1000, learning_rate=0.5)
LOGISTIC = Setup(
    layers=(400, 10),
    lam=0.4,
    start="zeros",
    steps=10_000,
    learning_rate=2.8,
    objective="no bias gradient",
    dtype="float64",
)


def widened(setup: Setup, starts: int, what: str = "starts") -> Setup:
    """The same setup from more starts, for a figure in the tail of its distribution."""
    return replace(setup, label=f"{starts} {what}", starts=starts)


def split_recipe(units: int, lam: float, *figures: str) -> Recipe:
    """One row of TP 5's table: loss, training and test accuracy."""
    setup = replace(SPLIT, layers=(400, units, 10), lam=lam)
    loss, train, test = figures
    return Recipe(
        name=f"split_{units}" + (f"_lambda_{lam}" if lam else ""),
        source=PRACTICAL,
        about=f"{units} hidden units, lambda {lam:g}, 1000 digits to train on, each "
        "image z-scored; 4500 steps of gradient descent at rate 0.2 with its program's "
        "gradient: sigma' is computed from the activation, and theta2 is updated "
        "before the hidden delta is computed. The document's split is not known, so "
        "every start has its own",
        figures=(cost(loss), accuracy(train), accuracy(test, "test")),
        setup=setup,
        correct=replace(setup, label="the correct gradient", objective="TP 5 cost"),
        unknown=widened(setup, 96, "splits and starts"),
    )


def sweep_recipe(lam: float, published_cost: str, published_accuracy: str) -> Recipe:
    """One network of ML Lab 4's comparison of lambdas."""
    setup = replace(DESCENT, lam=lam, steps=5000)
    return Recipe(
        name=f"lambda_{lam:g}",
        source=LAB,
        about=f"lambda {lam:g}, 5000 steps of gradient descent at rate 0.5",
        figures=(cost(published_cost), accuracy(published_accuracy)),
        setup=setup,
        unknown=widened(setup, 96),
    )


RECIPES = (
    Recipe(
        name="given_weights",
        source=f"the course's handout, {LAB}, {ILLUSTRATION}, neural_network2",
        about="the weights that the course hands out, on all 5000 digits",
        figures=(
            cost("0.2876291651613189", "cost at lambda 0"),
            cost("0.38376985909092365", "cost at lambda 1"),
            cost("0.5760512469501331", "cost at lambda 3"),
            cost("0.28751238099868115", "cost at lambda 0 with log(a + 1e-5)"),
            accuracy("97.52"),
            Figure(
                "gradient at lambda 0, first 6",
                (
                    "6.1871e-05",
                    "9.388e-05",
                    "-0.00019259",
                    "-0.00016849",
                    "0.00034868",
                    "0.00023051",
                ),
            ),
            Figure(
                "gradient at lambda 1, last 6",
                (
                    "-0.0010498",
                    "0.00033512",
                    "-0.00064783",
                    "0.00085755",
                    "0.00093069",
                    "0.00050783",
                ),
            ),
        ),
        experiment="given weights",
    ),
    Recipe(
        name="tiny_network",
        source="the course's forum",
        about="a 2-2-4 network with thetas (1..18)/10, three examples cos 1..6",
        figures=(
            cost("7.406969856065749", "cost at lambda 0"),
            cost("19.473636522732416", "cost at lambda 4"),
            Figure(
                "gradient at lambda 0",
                tuple(
                    "0.76614 0.9799 -0.02754 -0.03584 -0.02493 -0.05386 0.88342 "
                    "0.56876 0.58467 0.59814 0.45931 0.34462 0.25631 0.31189 0.47834 "
                    "0.36892 0.25977 0.32233".split()
                ),
            ),
            Figure(
                "gradient at lambda 4",
                tuple(
                    "0.76614 0.9799 0.37246 0.49749 0.64174 0.74614 0.88342 0.56876 "
                    "0.58467 0.59814 1.92598 1.94462 1.98965 2.17855 2.47834 2.50225 "
                    "2.52644 2.72233".split()
                ),
            ),
        ),
        experiment="tiny network",
    ),
    Recipe(
        name="gradient_check",
        source=LAB,
        about="a 3-5-3 network on 5 examples, all drawn from U(-0.12, 0.12); backprop "
        "against central differences with eps 1e-4, |a - b| / |a + b|",
        figures=(
            Figure("relative difference at lambda 0", "2.9930853667124326e-11"),
            Figure("relative difference at lambda 1", "1.8415564955692822e-11"),
            Figure("the larger, which must be below", "1e-9", "lower"),
        ),
        experiment="gradient check",
        unknown=widened(Setup(), 320, "draws"),
    ),
    Recipe(
        name="gradient_descent",
        source=LAB,
        about="1000 steps of gradient descent at rate 0.5; lambda 1 is assumed, since "
        "the document does not print it",
        figures=(cost("0.5730019815532197"), accuracy("93.38")),
        setup=DESCENT,
        unknown=widened(DESCENT, 128),
    ),
    sweep_recipe(0, "0.1716186839513631", "98.46"),
    sweep_recipe(1, "0.37190311904398177", "97.72"),
    sweep_recipe(20, "1.3447246106101214", "92.06"),
    Recipe(
        name="logistic_regression",
        source=LAB,
        about="ten one-vs-all classifiers, layers (400, 10), from zeros: 10000 steps "
        "of gradient descent at rate 2.8, lambda 0.4, with the gradient of an earlier "
        "lab of its author: it multiplies the bias's gradient by the first pixel, "
        "which is always blank, so no bias ever moves",
        figures=(accuracy("94.74"),),
        setup=LOGISTIC,
        correct=replace(LOGISTIC, label="the correct gradient", objective="course"),
    ),
    Recipe(
        name="cg_lambda_3",
        source="neural_network2",
        about="lambda 3, SciPy's conjugate gradient, at most 3000 iterations",
        figures=(
            cost("0.590658748651", "cost after 100", after=100),
            cost("0.571069430173", "cost after 200", after=200),
            cost("0.560595671103", "cost after 500", after=500),
            cost("0.558274377352", "cost after 1000", after=1000),
            cost("0.556666544211", "cost after 2000", after=2000),
            cost("0.55664986808", "cost after 2200", after=2200),
            accuracy("97.88"),
        ),
        setup=LAMBDA_3,
        unknown=widened(LAMBDA_3, 64),
    ),
    Recipe(
        name="overfit_cg",
        source=ILLUSTRATION,
        about="SciPy's conjugate gradient, at most 200 iterations; its cost, not its "
        "gradient, uses log(a + 1e-5). Its text says lambda 0 and a random start. Its "
        "printout fits lambda 0.01 from the course's weights, which its cells give "
        "when run in another order. A change of 1e-9 in those weights, which rounding "
        "can cause too, spreads the results as widely as shown below",
        figures=(
            Figure("iterations", "181"),
            Figure("evaluations", "652"),
            cost("0.011421"),
            accuracy("100.0"),
        ),
        setup=replace(CONJUGATE, lam=0.0, steps=200),
        unknown=replace(
            CONJUGATE,
            label="lambda 0.01 from the course's weights, moved by 1e-9",
            lam=0.01,
            start="given weights",
            steps=200,
        ),
    ),
    Recipe(
        name="regularised_cg",
        source=ILLUSTRATION,
        about="lambda 0.09, SciPy's conjugate gradient, at most 100 iterations; its "
        "cost, not its gradient, uses log(a + 1e-5)",
        figures=(
            Figure("evaluations", "237"),
            cost("0.140832"),
            cost("0.11346050888543582", "cost without penalty"),
            accuracy("99.26"),
        ),
        setup=CONJUGATE,
        unknown=widened(CONJUGATE, 96),
    ),
    Recipe(
        name="truncated_newton",
        source="part 5 of J. Wittenauer's posts",
        about="lambda 1, SciPy's truncated Newton, at most 250 evaluations",
        figures=(
            Figure("cost at the start", "6.822808663412786", after=0),
            Figure("cost at the start with penalty", "6.82815418229493", after=0),
            cost("0.3390073681831228"),
            Figure("iterations", "21"),
            Figure("evaluations", "250"),
            accuracy("99.22"),
        ),
        setup=NEWTON,
        unknown=widened(NEWTON, 96),
    ),
    split_recipe(25, 0, "0.4507", "94.5", "83.0"),
    split_recipe(100, 0, "0.2005", "98.9", "86.725"),
    split_recipe(100, 0.005, "1.5716", "95.8", "88.475"),
)
