"""The names of the methods and the settings that each takes.

Nothing here imports JAX: a command refuses a setting before JAX is loaded.
"""

import math
from collections.abc import Callable
from numbers import Integral
from typing import Any, NamedTuple

from jaxnn.mistake import Mistake


class Traits(NamedTuple):
    """What a method takes."""

    # the learning rate; None if the method searches for its step, and so cannot take
    # mini-batches
    default_rate: float | None = None
    takes_options: bool = False  # SciPy's own


TRAITS = {
    "adam": Traits(0.03),
    "bfgs": Traits(),
    "cg": Traits(),
    "gd": Traits(1.0),
    "lbfgs": Traits(),
    "momentum": Traits(0.1),
    "newton-cg": Traits(),
    "scipy-cg": Traits(takes_options=True),
    "scipy-l-bfgs-b": Traits(takes_options=True),
    "scipy-tnc": Traits(takes_options=True),
}


def named(is_able: Callable[[Traits], bool]) -> str:
    """The names of the methods for which is_able holds, for a message."""
    return ", ".join(name for name, traits in TRAITS.items() if is_able(traits))


def check_method(name: str, learning_rate: float | None, has_batches: bool) -> None:
    """Raise Mistake unless there is a method of that name that takes these settings."""
    if name not in TRAITS:
        raise Mistake(f"unknown method {name!r}; choose from {', '.join(TRAITS)}")
    is_searching = TRAITS[name].default_rate is None
    able = named(lambda traits: traits.default_rate is not None)
    if learning_rate is not None:
        if is_searching:
            raise Mistake(
                f"{name} searches for its step; leave learning rate out, or use it "
                f"with {able}"
            )
        if not 0 < learning_rate < math.inf:
            raise Mistake(f"learning rate {learning_rate} is not a positive number")
    if has_batches and is_searching:
        raise Mistake(
            f"{name} needs all examples in every step; use mini-batches with {able}"
        )


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
    if options is not None and not TRAITS[name].takes_options:
        able = named(lambda traits: traits.takes_options)
        raise Mistake(f"{name} takes no options; they are for {able}")
