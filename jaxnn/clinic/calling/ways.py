"""Every plausible way to call a person's functions, the usual ones first."""

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jaxnn.clinic.calling.answers import Outcome
from jaxnn.clinic.calling.calls import TooLong
from jaxnn.clinic.calling.choices import keys_of, packings
from jaxnn.clinic.calling.forms import Form, label_forms
from jaxnn.clinic.calling.listing import parameter_keys
from jaxnn.clinic.calling.modes import modes
from jaxnn.clinic.calling.names import read_name
from jaxnn.clinic.calling.refusals import Failure, is_own, own_frames, refusal
from jaxnn.clinic.calling.subject import Subject
from jaxnn.clinic.calling.surroundings import codes
from jaxnn.clinic.calling.templates import Seen, template
from jaxnn.clinic.calling.texts import one_line
from jaxnn.clinic.calling.way import Way, answer, outcome
from jaxnn.clinic.networks.problems import (
    COURSE,
    Problem,
    Sizes,
    problems,
    single,
    small,
)

USUAL, OTHERS = (10, 1), (3, 2)  # outputs of a network
DEPTHS = (1, 2, 0, 3, 4)
X_BATCH = ("rows", "rows with 1", "columns", "columns with 1")
X_ONE = ("columns", "flat", "rows", "columns with 1", "flat with 1", "rows with 1")


def ways(subject: Subject, fixed: Mapping[str, Any]) -> Iterator[Way]:
    """The ways in which all functions run; raises Unusable if there is none.

    fixed: choices of the form, and "sizes" if the person gave them.
    """
    failures: list[Failure] = []
    found = 0  # layers of a network that works
    for is_single in (False, True):
        ends: list[Any] = []  # the errors for each of the sizes
        for sizes, seen in sizes_to_try(subject, fixed.get("sizes")):
            if found and (sizes[-1] not in USUAL or len(sizes) != found):
                continue
            if sizes == COURSE and ends and is_stuck(ends, subject):
                continue
            before = len(failures)
            for one in in_sizes(subject, sizes, seen, fixed, is_single, failures):
                found = len(sizes)
                yield one
            new = failures[before:]
            if found or not new:
                continue
            ends.append(
                (max(new, key=lambda one: one.reached), {sign(one)[1:] for one in new})
            )
            one_error = len(ends) > 1 and len(ends[-1][1] | ends[-2][1]) == 1
            if one_error or is_own(ends[-1][0].error):
                raise refusal(subject, failures)
    if not found:
        raise refusal(subject, failures)


def is_stuck(ends: Sequence[Any], subject: Subject) -> bool:
    """Whether the calls came equally far for all sizes of a known depth."""
    places = {(type(one.error), one.reached) for one, _ in ends}
    return len(ends) > 1 and len(places) == 1 and depth_of(subject) is not None


def sizes_to_try(
    subject: Subject, given: Sequence[int] | None
) -> Iterator[tuple[Sizes, Seen]]:
    """The sizes, each with what the person's own values show at these sizes."""
    depth, done = depth_of(subject), set()
    tries = [tuple(given)] if given else [COURSE] if is_course(subject) else []
    depths = DEPTHS if depth is None else (depth,)
    if depth is None and subject.takes("n") and subject.takes("k"):
        depths = sorted(DEPTHS)  # no size of a hidden layer among the sizes
    for outputs in () if given else (USUAL, OTHERS):
        tries += [small(hidden, k) for hidden in depths for k in outputs]
        tries += [COURSE] if outputs == USUAL and 1 in depths else []
    for sizes in tries:
        way = Way(subject, sizes, (Form(),))
        seen = template(way, example(sizes, True, False))
        own = sizes if given else seen.sizes or sizes
        if own not in done:
            done.add(own)
            yield own, seen


def is_course(subject: Subject) -> bool:
    """Whether the functions have the course's sizes, 400-25-10, as numbers in them."""
    inside = [code for part in subject.parts for code in codes(part.function)]
    numbers = {n for code in inside for n in code.co_consts if isinstance(n, int)}
    return bool(numbers & {400, 401}) and bool(numbers & {25, 26})


def depth_of(subject: Subject) -> int | None:
    """The number of hidden layers that the inputs show, or None."""
    roles = {one.role for one in subject.inputs}
    if weights := [role for role in roles if role[:1] == "W"]:
        return len(weights) - 1
    for one in subject.inputs:
        is_given = one.role == "params" and one.where == "argument"
        if is_given and one.usage.kind in ("dictionary", "list"):
            keys = parameter_keys(one.usage.keys, 0)
            weights = [key for key in keys if read_name(key).kind == "W"]
            if weights and not any(key.endswith("*") for key in one.usage.keys):
                return len(weights) - 1
    hidden = [role for role in roles if role[:1] == "h" and role[1:].isdigit()]
    return len(hidden) or None


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
    for form in packings(subject, seen, fixed):
        if found and form.is_alternative:
            continue
        if form.is_alternative and (sizes == COURSE or sizes[-1] not in USUAL):
            continue
        problem = example(sizes, form.bias != "none", is_single)
        count = len(subject.parts)
        way = Way(subject, sizes, (form,) * count, keys=keys, single=is_single)
        signs = set()
        for x in chosen(X_ONE if is_single else X_BATCH, fixed, "x", subject):
            before = len(failures)
            for one in in_labels(way, x, problem, fixed, is_single, failures):
                found = True
                yield one
            signs.add(tuple(map(sign, failures[before:][-1:])))
            # an error that no shape of x changes comes from the parameters
            if x.startswith("columns") and len(signs) == 1 and () not in signs:
                break


@functools.lru_cache(maxsize=64)
def example(sizes: Sizes, has_biases: bool, is_single: bool) -> Problem:
    """The first problem for these sizes."""
    return (single if is_single else problems)(sizes, has_biases)[0]


def chosen(
    options: tuple[str, ...], fixed: Mapping[str, Any], name: str, subject: Subject
) -> tuple[str, ...]:
    """The options for x, or the one that the person fixed."""
    if not subject.takes(name):
        return options[:1]
    return (fixed[name],) if name in fixed else options


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
    options = label_forms(way.sizes[-1], is_single)
    options = (
        [
            one
            for one in options
            if fixed.get("labels", one[0]) == one[0]
            and fixed.get("y", one[1]) == one[1]
        ]
        if way.subject.takes("y")
        else options[:1]
    )
    results: list[dict[tuple[str, str], Outcome]] = [{} for _ in way.forms]

    def attempt(part: int, label: tuple[str, str]) -> Outcome:
        """Call one function with labels in one form, once."""
        if label not in results[part]:
            form = way.form._replace(x=x, labels=label[0], y=label[1])
            one = way._replace(forms=(form,) * len(way.forms))
            made = outcome(one, part, problem, 0.0)
            results[part][label] = made
            if made.error is not None:
                failures.append(Failure(one, part, made.error))
                # an Octave error with a step comes in whatever way it is called
                if isinstance(made.error, TooLong) or getattr(made.error, "step", ""):
                    raise refusal(way.subject, failures[-1:])
        return results[part][label]

    def fails_alike(part: int) -> bool:
        """Whether no form of the labels changes the error: it comes from elsewhere."""
        some = [attempt(part, label) for label in (options[0], *options[-2:])]
        if any(one.error is None for one in some):
            return False
        return len({sign(one) for one in failures[-3:]}) == 1

    def runs(part: int) -> Iterator[tuple[str, str]]:
        """The labels with which the function runs."""
        for label in options:
            if attempt(part, label).error is None:
                yield label
            elif label == options[0] and len(options) > 2 and fails_alike(part):
                return

    every: list[list[tuple[str, str]]] = []
    for part in range(len(way.forms)):  # the error of the first is shown first
        every.append(list(runs(part)))
        if not every[-1]:
            return
    pairs = list(itertools.product(*every))
    for labels in sorted(pairs, key=lambda each: len(set(each)) > 1):
        forms = tuple(way.form._replace(x=x, labels=w, y=y) for w, y in labels)
        outcomes = [results[i][label] for i, label in enumerate(labels)]
        for one in modes(way._replace(forms=forms), problem, outcomes):
            count = len(answer(one, outcomes).costs)
            yield one
            for pick in range(1, min(count, 4)):
                yield one._replace(pick=pick)
