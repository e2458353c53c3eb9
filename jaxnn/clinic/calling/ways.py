"""Every plausible way to call a person's functions, the usual ones first."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from jaxnn.clinic.calling import scalars
from jaxnn.clinic.calling.answers import Answer, Outcome
from jaxnn.clinic.calling.calls import TooLong
from jaxnn.clinic.calling.choices import is_alternative, keys_of, packings
from jaxnn.clinic.calling.forms import CHOICES, Form, label_forms
from jaxnn.clinic.calling.modes import flat, modes
from jaxnn.clinic.calling.refusals import Failure, is_own, own_frames, refusal
from jaxnn.clinic.calling.sizes import USUAL, depth_of, problems_of, sizes_to_try
from jaxnn.clinic.calling.subject import Subject
from jaxnn.clinic.calling.templates import Seen
from jaxnn.clinic.calling.texts import one_line
from jaxnn.clinic.calling.way import Way, answer, outcome
from jaxnn.clinic.networks.problems import COURSE, Problem, Sizes

PATIENCE = 5000  # failures, after which no other ways are tried
X_BATCH = ("rows", "rows with 1", "columns", "columns with 1")
X_ONE = ("columns", "flat", "rows", "columns with 1", "flat with 1", "rows with 1")


def ways(
    subject: Subject,
    fixed: Mapping[str, Any],
    takes_many: Callable[[], bool] = lambda: False,
) -> Iterator[Way]:
    """The ways in which all functions run; raises Unusable if there is none.

    fixed: choices of the form, and "sizes" if the person gave them. takes_many: whether
    the functions are known to take many examples; then no single one is tried.
    """
    failures: list[Failure] = []
    found = 0  # layers of a network that works
    ends: dict[bool, list[Any]] = {False: [], True: []}  # the errors for each size
    counts = counts_of(subject)
    fixed = {**fixed, **scalars.forms(subject.inputs)}
    every = (  # lazily: to look at a size can make one of the person's objects
        (sizes, seen, is_single)
        for sizes, seen in sizes_to_try(subject, fixed.get("sizes"))
        for is_single in counts
    )
    for sizes, seen, is_single in every:
        if found and (sizes[-1] not in USUAL or len(sizes) != found):
            continue
        if is_single and takes_many():  # one example would hide what is wrong with many
            continue
        last = ends[is_single]
        if sizes == COURSE and last and is_stuck(last, subject):
            continue
        before = len(failures)
        for one in in_sizes(subject, sizes, seen, fixed, is_single, failures):
            found = len(sizes)
            yield one
        new = failures[before:]
        if found or not new:
            continue
        last.append(
            (max(new, key=lambda one: one.reached), {sign(one)[1:] for one in new})
        )
        one_error = len(last) > 1 and len(last[-1][1] | last[-2][1]) == 1
        if one_error or is_own(last[-1][0].error):
            raise refusal(subject, failures)
    if not found:
        raise refusal(subject, failures)


def counts_of(subject: Subject) -> tuple[bool, ...]:
    """Whether to try one example a call, and whether to try many."""
    # a cost of all pairs beside the gradient of one
    is_one = subject.takes("pairs") and subject.takes("x")
    functions = [part.function for part in subject.parts]
    is_one |= any(one.names and one.role in "xy" for one in subject.inputs)
    if is_one or any(getattr(each, "takes_one", False) for each in functions):
        return (True,)
    loops = [getattr(each, "takes_many", False) for each in functions]
    return (False,) if all(loops) else (False, True)


def is_stuck(ends: Sequence[Any], subject: Subject) -> bool:
    """Whether the calls came equally far for all sizes of a known depth."""
    places = {(type(one.error), one.reached) for one, _ in ends}
    return len(ends) > 1 and len(places) == 1 and depth_of(subject) is not None


def in_sizes(
    subject: Subject,
    sizes: Sizes,
    seen: Seen,
    fixed: Mapping[str, Any],
    is_single: bool,
    failures: list[Failure],
) -> Iterator[Way]:
    """The ways for a network of these sizes."""
    keys, found = keys_of(subject, seen), False
    forms = packings(subject, seen, fixed)
    is_python = all(hasattr(part.function, "__code__") for part in subject.parts)
    for form in forms:
        if len(failures) > (PATIENCE if is_python else PATIENCE // 4):
            return  # Octave takes longer for a call
        is_rare = is_alternative(form, forms[0].type)
        if found and is_rare:
            continue
        is_slow = is_rare or form.type == "lists"
        if is_slow and (sizes == COURSE or sizes[-1] not in USUAL):
            continue
        problem = problems_of(sizes, form.bias != "none", is_single)[0]
        count = len(subject.parts)
        way = Way(subject, sizes, (form,) * count, keys=keys, single=is_single)
        options = X_ONE if is_single or is_paired(subject) else X_BATCH
        options = (fixed["x"],) if "x" in fixed else options
        last = []  # the failure at the end of each shape of x
        for x in options if subject.takes("x", "pairs") else options[:1]:
            before = len(failures)
            for one in in_labels(way, x, problem, fixed, is_single, failures):
                found = True
                yield one
            last.append([sign(one) for one in failures[before:][-1:]])
            # an error that no shape of x changes comes from the parameters
            if len(last) == 3 and last[0] and last[0] == last[1] == last[2]:
                break


def is_paired(subject: Subject) -> bool:
    """Whether many examples are given as a list of pairs (x, y) alone."""
    return subject.takes("pairs") and not subject.takes("x")


def sign(one: Failure) -> tuple[Any, ...]:
    """What tells a failure: the function, the error, its text and lines."""
    lines = [line for _, line, _ in own_frames(one.error)]
    return one.part, type(one.error), one_line(one.error), *lines


def in_labels(
    way: Way,
    x: str,
    problem: Problem,
    fixed: Mapping[str, Any],
    is_single: bool,
    failures: list[Failure],
) -> Iterator[Way]:
    """The ways for one form of parameters and pixels: first with equal labels."""
    forms = [
        way.form._replace(x=x, labels=labels, y=y, one_output=shape)
        for shape in shapes_of_one(way, fixed)
        for labels, y in label_forms(way.sizes[-1], is_single or is_paired(way.subject))
        if fixed.get("labels", labels) == labels and fixed.get("y", y) == y
    ]
    forms = forms if way.subject.takes("y", "pairs") else forms[:1]
    every: list[dict[Form, Outcome]] = []
    for part in range(len(way.forms)):  # the error of the first is shown first
        every.append(running(way, part, forms, problem, failures))
        if not every[-1]:
            return
    alike = [(form,) * len(every) for form in every[0] if all(form in e for e in every)]
    mixed = itertools.product(*every) if len(every) < 3 else ()
    # labels may differ from function to function, the parameters may not
    mixed = (one for one in mixed if len({form.one_output for form in one}) == 1)
    for chosen in dict.fromkeys([*alike, *mixed]):
        outcomes = [made[form] for made, form in zip(every, chosen, strict=True)]
        for one in modes(way._replace(forms=chosen), problem, outcomes):
            made = answer(one, outcomes)
            yield one
            for pick in range(1, min(len(made.costs), 4)):
                yield one._replace(pick=pick)
            for other in rereadings(one, made, fixed):
                if outcomes[-1].roles and differs(made, answer(other, outcomes)):
                    yield other


def rereadings(way: Way, made: Answer, fixed: Mapping[str, Any]) -> list[Way]:
    """Other ways to read the same values: by the arguments, or in the other order.

    The order of a vector that comes back is open if no vector is given.
    """
    found = [way._replace(is_in_order=True)]
    if made.vector is None or way.subject.takes("params") or "order" in fixed:
        return found
    order = "C" if way.form.order == "F" else "F"
    forms = (*way.forms[:-1], way.form._replace(order=order))
    return [*found, way._replace(forms=forms)]


def differs(one: Answer, other: Answer) -> bool:
    """Whether another answer has a gradient that the first one does not have."""
    if one.gradient is None or other.gradient is None:
        return other.gradient is not None
    return not np.array_equal(flat(one.gradient), flat(other.gradient))


def shapes_of_one(way: Way, fixed: Mapping[str, Any]) -> tuple[str, ...]:
    """The shapes of the weights to one output; more outputs have a matrix."""
    is_vector = way.form.parameters in ("vector", "column", "alone")
    if way.sizes[-1] > 1 or is_vector or way.form.type != "array":
        return ("matrix",)
    return (fixed["one_output"],) if "one_output" in fixed else CHOICES["one_output"]


def running(
    way: Way,
    part: int,
    forms: Sequence[Form],
    problem: Problem,
    failures: list[Failure],
) -> dict[Form, Outcome]:
    """What a function does with the labels in each form with which it runs."""
    ran: dict[Form, Outcome] = {}
    signs = set()
    # the last two after the first: an error that they have too comes from elsewhere
    for i, form in enumerate(dict.fromkeys([*forms[:1], *forms[-2:], *forms])):
        if i == 3 and not ran and len(signs) == 1:
            break
        one = way._replace(forms=(form,) * len(way.forms))
        made = outcome(one, part, problem, 0.0)
        if made.error is None:
            ran[form] = made
            continue
        failures.append(Failure(one, part, made.error))
        signs.add(sign(failures[-1]))
        # an Octave error with a step comes in whatever way it is called
        if isinstance(made.error, TooLong) or getattr(made.error, "step", ""):
            raise refusal(way.subject, failures[-1:])
    return {form: ran[form] for form in forms if form in ran}
