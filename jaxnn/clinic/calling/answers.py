"""What the functions did, and what that says of a problem."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling.leaves import Leaf, leaves
from jaxnn.clinic.calling.readings import Reading
from jaxnn.clinic.networks.problems import Layer, Params


class Outcome(NamedTuple):
    """What one function did."""

    found: tuple[Leaf, ...]  # the numbers that it returned
    kept: tuple[Leaf, ...]  # gradients and costs that it set as attributes or globals
    kind: str  # the type of what it returned
    after: Mapping[str, Any]  # the parameters after the call, by role
    given: Params  # the parameters that it was given, in its form
    error: BaseException | None
    lines: int  # printed
    changed: tuple[str, ...]  # roles


class Answer(NamedTuple):
    """What the functions say of one problem; None where nothing could be read."""

    cost: float | None
    costs: tuple[float, ...]  # all single numbers that came back
    gradient: Params | None  # dW (out, in), db (out,), float64
    vector: np.ndarray | None  # the gradient as it came, if it came as a vector
    rate: float | None  # divided out; None if it is not known
    precision: type  # of the functions' own numbers
    trouble: str = ""  # why no gradient could be read
    hint: str = ""  # how to fix it
    finding: str = ""  # a fault of the returned values themselves
    error: BaseException | None = None
    changed: tuple[str, ...] = ()  # the roles of the arguments that were changed
    lines: int = 0  # printed
    arrays: tuple[np.ndarray, ...] = ()  # the matrices that the last function returned


def empty(read: Reading, outcomes: list[Outcome]) -> Reading:
    """The reading; if nothing came back at all it says so."""
    if (
        read.blocks is None
        and not read.costs
        and not any(one.found or one.kept for one in outcomes)
    ):
        kinds = " and ".join(sorted({one.kind for one in outcomes}))
        return read._replace(
            trouble=f"your function returns {kinds}, not numbers",
            hint="end your function with: return J, gradient",
            finding="nothing is returned",
        )
    return read


def scaled(mode: str, read: Params, given: Params, rate: float | None) -> Params:
    """The gradient in what was read, by the mode, still in its form."""
    if mode == "gradient":
        return read
    if mode == "step":
        given = tuple(Layer(0 * W, None if b is None else 0 * b) for W, b in read)
        read, given = given, read
    divide = rate or 1.0
    return tuple(
        Layer((W0 - W) / divide, None if b0 is None or b is None else (b0 - b) / divide)
        for (W0, b0), (W, b) in zip(given, read, strict=True)
    )


def after_leaves(last: Outcome) -> list[Leaf]:
    """The parameters after the call, in the order of their roles."""
    roles = sorted(last.after)
    every = [leaf for role in roles for leaf in leaves(last.after[role], (role,))]
    return [leaf._replace(part=0) for leaf in every]
