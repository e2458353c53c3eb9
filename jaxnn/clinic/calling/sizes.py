"""The sizes of networks with which a person's functions are tried."""

import functools
from collections.abc import Iterator, Sequence
from typing import Any

from jaxnn.clinic.calling import scalars
from jaxnn.clinic.calling.calls import call
from jaxnn.clinic.calling.forms import Form
from jaxnn.clinic.calling.listing import parameter_keys
from jaxnn.clinic.calling.names import rank, read_name
from jaxnn.clinic.calling.parts import Part
from jaxnn.clinic.calling.scope import codes
from jaxnn.clinic.calling.subject import Subject
from jaxnn.clinic.calling.templates import Seen, seen_of
from jaxnn.clinic.calling.way import RATE, Way, values
from jaxnn.clinic.networks.problems import (
    COURSE,
    Problem,
    Sizes,
    problems,
    single,
    small,
)

USUAL, OTHERS = (10, 1), (3, 2)  # outputs of a network
EQUAL: Sizes = (8, 5, 3)  # its hidden layer several times, as skips need it
CHECKED: Sizes = (3, 5, 3)  # of the course's own gradient check
DEPTHS = (1, 2, 0, 3, 4)


def sizes_to_try(
    subject: Subject, given: Sequence[int] | None
) -> Iterator[tuple[Sizes, Seen]]:
    """The sizes, each with what the person's own values show at these sizes."""
    depth, done = depth_of(subject), set()
    tries = [tuple(given)] if given else [COURSE] if is_course(subject) else []
    if not given and (small := scalars.sizes_of(subject.inputs)):
        tries, given = small, small[0]
    depths = DEPTHS if depth is None else (depth,)
    is_open = depth is None and not subject.takes("hs")
    if is_open and subject.takes("n") and subject.takes("k"):
        depths = sorted(DEPTHS)  # no size of a hidden layer among the sizes
    known = [getattr(part.function, "outputs", ()) for part in subject.parts]
    usual = (known[-1],) if all(known) else (USUAL, OTHERS)
    for outputs in () if given else usual:
        tries += [sized(subject, hidden, k) for hidden in depths for k in outputs]
        tries += [COURSE] if outputs == USUAL and 1 in depths else []
        if depth is not None and depth > 1 and outputs == USUAL:
            tries.insert(1, EQUAL[:1] + EQUAL[1:2] * depth + EQUAL[2:])
    tries += [CHECKED] if subject.takes("h1") and not given and 1 in depths else []
    tries += [s for s in [getattr(subject.parts[-1].function, "sizes", ())] if s]
    for sizes in tries:
        way = Way(subject, sizes, (Form(),))
        seen = template(way, problems_of(sizes, True, False)[0])
        own = sizes if given else seen.sizes or sizes
        if own not in done:
            done.add(own)
            yield own, seen


def template(way: Way, problem: Problem) -> Seen:
    """What parameters in globals, or in a fresh object, show."""
    part = way.subject.parts[-1]
    held = [one for one in part.every if one.is_parameter]
    if any(one.where in ("argument", "star") for one in held) or not held:
        return Seen()
    is_global = held[0].where == "global"
    made = None if is_global else fresh(way, part, problem)
    return seen_of(part, made, way.sizes)


def fresh(way: Way, part: Part, problem: Problem) -> Any:
    """An object of the class, made for a problem; None if that fails."""
    every = [each for one in part.constructor for each in (one, *one.fields)]
    wanted = {one.role for one in every if one.role}
    for x, y in (("rows", "rows"), ("columns", "columns"), ("rows", "flat")):
        form = Form(x=x, y=y, labels="0-9" if y == "flat" else "one-hot")
        every = values(way, form, problem, 0.0, RATE, wanted)
        if len(every) == len(wanted):
            made = call(part.start, every, way.subject.folder)
            if made.error is None:
                return made.result
    return None


def sized(subject: Subject, depth: int, k: int) -> Sizes:
    """A small network; its hidden layers are equal if the function has one size."""
    n, *hidden, k = small(depth, k)
    is_one = subject.takes("h1") and not subject.takes("h2")
    return n, *(hidden[:1] * depth if is_one else hidden), k


def is_course(subject: Subject) -> bool:
    """Whether the functions have the course's sizes, 400-25-10, as numbers in them."""
    inside = [code for part in subject.parts for code in codes(part.function)]
    numbers = {n for code in inside for n in code.co_consts if isinstance(n, int)}
    return bool(numbers & {400, 401}) and bool(numbers & {25, 26})


def depth_of(subject: Subject) -> int | None:
    """The number of hidden layers that the inputs show, or None."""
    roles = {one.role for one in subject.inputs}
    count = max(part.reshaped for part in subject.parts)
    is_cut = bool(roles & {"n", "h1", "k", "layers"}) or is_course(subject)
    if count > 1 and "h2" not in roles:  # one size may serve all hidden layers
        return count - 1
    if weights := [role for role in roles if role[:1] == "W"]:
        return len(weights) - 1
    for one in subject.inputs:
        is_given = one.role == "params" and one.where == "argument"
        is_factor = one.usage.kind == "matrix" and read_name(one.name).kind == "W"
        if is_given and is_factor and not count and not is_cut:
            return 0  # it is multiplied as it is
        if is_given and one.usage.kind in ("dictionary", "list"):
            keys = parameter_keys(one.usage.keys, 0)
            weights = [key for key in keys if read_name(key).kind == "W"]
            # one name without a number may hold the weights of all layers
            is_open = len(weights) == 1 and rank(read_name(weights[0]).mark) < 0
            is_open |= any(key.endswith("*") for key in one.usage.keys)
            if weights and not is_open:
                return len(weights) - 1
    hidden = [role for role in roles if role[:1] == "h" and role[1:].isdigit()]
    return len(hidden) or None


@functools.cache
def problems_of(sizes: Sizes, has_biases: bool, is_single: bool) -> tuple[Problem, ...]:
    """The problems for a network."""
    return (single if is_single else problems)(sizes, has_biases)
