"""What the functions did, and what that says of a problem."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling.forms import Form
from jaxnn.clinic.calling.leaves import Leaf, leaves
from jaxnn.clinic.calling.readings import GRADIENT, PARAMETERS, Reading, reading
from jaxnn.clinic.networks.problems import Layer, Params

RETURNED = ("gradient", "step", "added")  # modes, but for new parameters


class Outcome(NamedTuple):
    """What one function did."""

    given: Params = ()  # the parameters that it was given, in its form
    error: BaseException | None = None
    lines: int = 0  # printed
    changed: tuple[str, ...] = ()  # roles
    found: tuple[Leaf, ...] = ()  # the numbers that it returned
    kept: tuple[Leaf, ...] = ()  # gradients and costs set as attributes or globals
    kind: str = ""  # the type of what it returned
    after: Mapping[str, Any] = {}  # the parameters after the call, by role
    roles: tuple[str, ...] = ()  # of the parameters, in the arguments' order
    seen: tuple[np.ndarray, ...] = ()  # of a forward pass before it, and set by it


class Answer(NamedTuple):
    """What the functions say of one problem; None where nothing could be read."""

    cost: float | None = None
    costs: tuple[float, ...] = ()  # all single numbers that came back
    gradient: Params | None = None  # dW (out, in), db (out,), float64
    vector: np.ndarray | None = None  # the gradient as it came, if it came as a vector
    rate: float | None = None  # divided out; None if it is not known
    precision: type = np.float64  # of the functions' own numbers
    trouble: str = ""  # why no gradient could be read
    hint: str = ""  # how to fix it
    finding: str = ""  # a fault of the returned values themselves
    error: BaseException | None = None
    changed: tuple[str, ...] = ()  # the roles of the arguments that were changed
    lines: int = 0  # printed
    arrays: tuple[np.ndarray, ...] = ()  # the matrices that the last function returned
    seen: tuple[np.ndarray, ...] = ()  # of a forward pass before it, and set by it


def read(
    outcomes: Sequence[Outcome], form: Form, mode: str, is_in_order: bool = False
) -> Reading:
    """What came back, or what is there after the calls, read in a mode.

    is_in_order: whether the gradients come in the order of the arguments.
    """
    last, count = outcomes[-1], len(outcomes)
    found = [leaf for one in outcomes for leaf in one.found]
    kept = [leaf for one in outcomes for leaf in one.kept]
    wanted = GRADIENT if mode in RETURNED else PARAMETERS
    made = reading(found, last.given, form, wanted, count, last.roles * is_in_order)
    if mode == "in place":
        roles = sorted(last.after)
        held = [leaf for role in roles for leaf in leaves(last.after[role], (role,))]
        inside = reading(held, last.given, form, PARAMETERS)
        made = inside._replace(costs=made.costs)
    elif (
        mode in ("gradient", "added")
        and kept
        and (made.blocks is None or not made.costs)
    ):
        both = reading([*found, *kept], last.given, form, GRADIENT, count)
        if made.blocks is not None:
            made = made._replace(costs=both.costs)
        elif both.blocks is not None or both.costs:
            made = both
    if made.blocks is not None or made.costs or found or kept:
        return made
    kinds = " and ".join(sorted({one.kind for one in outcomes}))
    return made._replace(
        trouble=f"your function returns {kinds}, not numbers",
        hint="end your function with: return J, gradient",
        finding="nothing is returned",
    )


def scaled(mode: str, given: Params, read: Params, rate: float | None) -> Params:
    """The gradient in what was read, by the mode, still in its form."""

    def slope(before: Any, after: Any) -> Any:
        if mode == "gradient" or after is None or before is None:
            return after
        if mode == "added":
            return -after
        return (after if mode == "step" else before - after) / (rate or 1.0)

    pairs = zip(given, read, strict=True)
    return tuple(Layer(*map(slope, before, after)) for before, after in pairs)
