"""The methods by name, and which settings each can use."""

import math
from collections.abc import Callable
from numbers import Integral
from typing import Any

from jaxnn.mistake import Mistake
from jaxnn.optimizers.bfgs import bfgs
from jaxnn.optimizers.cg import cg
from jaxnn.optimizers.first_order import adam, gd, momentum
from jaxnn.optimizers.lbfgs import lbfgs
from jaxnn.optimizers.loop import Minibatches
from jaxnn.optimizers.method import Method, WholeRun
from jaxnn.optimizers.newton_cg import newton_cg
from jaxnn.optimizers.with_scipy import scipy_cg, scipy_l_bfgs_b, scipy_tnc

METHODS: dict[str, Method | WholeRun] = {
    "adam": adam,
    "bfgs": bfgs,
    "cg": cg,
    "gd": gd,
    "lbfgs": lbfgs,
    "momentum": momentum,
    "newton-cg": newton_cg,
    "scipy-cg": scipy_cg,
    "scipy-l-bfgs-b": scipy_l_bfgs_b,
    "scipy-tnc": scipy_tnc,
}


def named(is_able: Callable[[Method | WholeRun], bool]) -> str:
    """The names of the methods for which is_able holds, for a message."""
    return ", ".join(name for name, method in METHODS.items() if is_able(method))


def chosen_method(
    name: str, learning_rate: float | None, batches: Minibatches | None
) -> Method | WholeRun:
    """The method of that name; Mistake if it or one of its settings is unusable."""
    method = able_method(name, learning_rate, batches is not None)
    if batches is not None and not 1 <= batches.size <= batches.examples:
        raise Mistake(
            f"batch size {batches.size} is not in 1..{batches.examples}, "
            "the number of examples"
        )
    return method


def able_method(
    name: str, learning_rate: float | None, has_batches: bool
) -> Method | WholeRun:
    """The method of that name; Mistake unless it takes these settings."""
    if name not in METHODS:
        known = ", ".join(METHODS)
        raise Mistake(f"unknown method {name!r}; choose from {known}")
    method = METHODS[name]
    able = named(lambda method: method.default_rate is not None)
    if learning_rate is not None:
        if method.default_rate is None:
            raise Mistake(
                f"{name} searches for its step; leave learning rate out, or use it "
                f"with {able}"
            )
        if not 0 < learning_rate < math.inf:
            raise Mistake(f"learning rate {learning_rate} is not a positive number")
    if has_batches and method.default_rate is None:
        raise Mistake(
            f"{name} needs all examples in every step; use mini-batches with {able}"
        )
    return method


def check_run(
    name: str, steps: int, tolerance: float = 0, options: dict[str, Any] | None = None
) -> None:
    """Raise Mistake unless the method of that name can run with these settings."""
    if isinstance(steps, bool) or not isinstance(steps, Integral) or steps < 1:
        raise Mistake(f"steps {steps!r}: give a whole number, at least 1")
    if steps >= 2**31:
        raise Mistake(f"steps {steps}: give fewer than 2147483648")
    if not tolerance >= 0:
        raise Mistake(f"tolerance {tolerance}: give a number from 0 up")
    if options is not None and not METHODS[name].takes_options:
        able = named(lambda method: method.takes_options)
        raise Mistake(f"{name} takes no options; they are for {able}")
