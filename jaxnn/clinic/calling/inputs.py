"""The role of each input of a person's function, and why it has it."""

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling.names import (
    OUTPUT,
    WORDS,
    Name,
    is_inputs,
    plain,
    read_name,
    says_something,
)
from jaxnn.clinic.calling.usages import Usage
from jaxnn.clinic.calling.weights import parameter_roles, unnamed_weights
from jaxnn.mistake import Mistake

USUAL = ("n", "h1", "k", "x", "y", "lam")  # the course's order, after the parameters
ORDERS = {  # by the number of arguments, if no name says anything
    4: ("params", "x", "y", "lam"),
    5: ("W1", "W2", "x", "y", "lam"),
    7: ("params", "n", "h1", "k", "x", "y", "lam"),
}
SIZE = re.compile("n|h\\d|hs|k|layers")
PARAMETER = re.compile("params|weights|biases|W\\d+|b\\d+")
OLD = {"theta": "W", "bias": "b", "W": "W", "b": "b", "h": "h"}
# a second role, if another argument has the first one already
SECOND = {"labels": "k", "classes": "k", "outputs": "k", "output": "k", "t": "params"}
ROLES = (
    *WORDS,
    "pairs",
    "weights",
    "biases",
    "hs",
    "theta1",
    "theta2",
    "bias1",
    "bias2",
)


class Input(NamedTuple):
    """An input of a function and its role; "" if it keeps its default."""

    name: str
    role: str
    where: str = "argument"  # or "star" (one of *args), "global", "attribute"
    why: str = ""
    usage: Usage = Usage()
    like: tuple[Any, ...] = ()  # the person's own dictionaries, one for each layer
    fields: tuple["Input", ...] = ()  # of an object with settings; `own` is theirs
    own: Any = None
    names: tuple[str, ...] = ()  # of single numbers that are one input together

    @property
    def is_parameter(self) -> bool:
        """Whether it holds weights or biases."""
        return bool(PARAMETER.fullmatch(self.role))

    @property
    def is_filled(self) -> bool:
        """Whether it gets a value of ours."""
        return bool(self.role or self.fields)


def role_named(word: str) -> str:
    """The role that a person means: theta1 is W1, bias2 is b2, h is h1; "" if none."""
    if word in ("params", "weights", "biases", "x", "y", "lam", "rate", "m", "count"):
        return word
    found = re.fullmatch("(theta|bias|W|b|h)(\\d*)", word)
    if found and (found[2] or found[1] == "h"):
        return OLD[found[1]] + (found[2] or "1")
    return word if word in ROLES else ""


def arguments(function: Callable[..., Any]) -> tuple[list[inspect.Parameter], str]:
    """The parameters in a function's definition without self, and the name of *args."""
    try:
        given = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:  # of C functions, of loops of wrappers
        name = getattr(function, "__name__", type(function).__name__)
        raise Mistake(
            f"Python does not know the arguments of {name}; "
            "call it in a function of your own (def ...), and check that one"
        ) from error
    stars = [p.name for p in given if p.kind is p.VAR_POSITIONAL]
    usual = [p for p in given if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    is_method = bool(usual) and usual[0].name == "self"
    return usual[int(is_method) :], stars[0] if stars else ""


def roles(
    names: Sequence[str],
    defaults: Mapping[str, Any],
    named: Mapping[str, str],
    provided: Mapping[str, Any],
    uses: Callable[[str], Usage],
    first: str = "params",
    beside: Collection[str] = (),
) -> dict[str, tuple[str, str]]:
    """(role, why) for every name; no role twice.

    provided: the names that other functions return, each with its Source.
    uses: how the function treats a name. first: "params" if the first argument may be
    the parameters, "constructor", or "". beside: the arguments of other functions.
    """
    needed = [name for name in names if name not in defaults]
    found = {n: (named[n], "said so") for n in names if n in named}
    if not named and len(needed) in ORDERS and not says_something(needed):
        places = zip(needed, ORDERS[len(needed)], strict=True)
        roles = {name: (role, "by its place") for name, role in places}
        return dict.fromkeys(names, ("", "")) | roles
    rest = [name for name in names if name not in found]
    flags = {n for n in rest if np.isscalar(defaults.get(n))}  # weights=False
    flags = {n for n in flags if read_name(n).kind in ("W", "b", "params", "x", "y")}
    rest = [name for name in rest if name not in flags]
    is_called = first != "constructor"
    meant = by_name(rest, provided, uses, is_called, beside)
    if is_called and (weights := unnamed_weights(rest, provided, uses)):
        meant = {n: r for n, r in meant.items() if not PARAMETER.fullmatch(r)} | weights
    for name, role in meant.items():
        if role and role not in {r for r, _ in found.values()}:
            found[name] = (role, "by its name")
    for name in rest:
        role = found.get(name, ("", ""))[0]
        is_many = isinstance(defaults.get(name), list | tuple) and SIZE.fullmatch(role)
        if is_many or (role[:1] == "h" and uses(name).kind == "list"):
            found[name] = ("hs" if role[0] == "h" else "layers", "by its name")
        if name not in named and uses(name).kind == "pairs":
            found[name] = ("pairs", "it runs through (x, y)")
        if name not in found and name in provided and name not in defaults:
            found[name] = ("", f"returned by {provided[name].function}")
    if first == "params" and not any(PARAMETER.fullmatch(r) for r, _ in found.values()):
        layers = (n for n in rest if found.get(n, ("",))[0] == "layers")
        if name := next((n for n in layers if uses(n).kind == "list"), ""):
            found[name] = ("params", "it is a list of layers")
    return by_place(names, found, defaults, uses, first)


def by_name(
    names: Sequence[str],
    provided: Mapping[str, Any],
    uses: Callable[[str], Usage],
    is_called: bool = True,
    beside: Collection[str] = (),
) -> dict[str, str]:
    """The roles that the names have by themselves, as a whole.

    is_called: whether they belong to a function, not to a constructor, where inputs
    and outputs are sizes if there are hidden units among them.
    """
    every = {name: read_name(name) for name in names}
    found = parameter_roles(every, uses, beside)
    plain_ones = [n for n in names if n not in found]
    ordered = sorted(plain_ones, key=lambda n: set(plain(n)) not in ({"x"}, {"y"}))
    hidden = [n for n in plain_ones if every[n].kind == "h"]
    has_sizes = any(every[n].kind in ("h", "k") for n in plain_ones)
    has_pairs = any(uses(n).kind == "pairs" for n in names)
    has_data = is_called or (not has_sizes and "y" in {every[n].kind for n in names})
    inputs = [n for n in plain_ones if is_inputs(n) and has_data]
    hidden = [n for n in hidden if n not in provided or not provided[n].is_exact]
    for i, name in enumerate(sorted(hidden, key=rank_of)):
        found[name] = f"h{i + 1}"
    for name in (n for n in ordered if n not in hidden):
        role, taken = kind_of(name, every), set(found.values())
        if name in inputs and "x" not in {every[n].kind for n in plain_ones}:
            role = "x"
        if role == "n" and not has_sizes:
            role = "m" if has_pairs else "layers"
        if not is_called and has_sizes and plain(name) in ("output", "outputs"):
            role = "k"
        rivals = [n for n in plain_ones if every[n].kind == "y" and n != name]
        is_made = name in provided and provided[name].is_exact
        is_output = name in provided and OUTPUT.match(plain(name))
        labels = [one for one in rivals if not OUTPUT.match(plain(one))]
        if (rivals and is_output) or (labels and is_made and role == "y"):
            continue
        is_other = is_made and role not in ("x", "y", "params")
        is_other |= is_made and role == "x" and plain(name) != "x"  # the layer's a1
        is_other |= role == "params" and any(map(PARAMETER.fullmatch, taken))  # self.p
        if role in ("W", "b", "grads") or is_other:
            continue
        found[name] = SECOND.get(plain(name), "") if role in taken else role
    return {name: role for name, role in found.items() if role}


def kind_of(name: str, every: Mapping[str, Name]) -> str:
    """What a name means among others: alpha beside a rate lr is lambda."""
    others = (one for other, one in every.items() if other != name)
    is_lam = plain(name) == "alpha" and any(one.kind == "rate" for one in others)
    return "lam" if is_lam else every[name].kind


def rank_of(name: str) -> int:
    """The number in a name such as hidden2_size, or 0."""
    number = re.search("\\d+", name)
    return int(number[0]) if number else 0


def by_place(
    names: Sequence[str],
    found: dict[str, tuple[str, str]],
    defaults: Mapping[str, Any],
    uses: Callable[[str], Usage],
    first: str,
) -> dict[str, tuple[str, str]]:
    """Names without a role get the missing ones, in the course's order."""
    taken = {role for role, _ in found.values()}
    place = "by its place"
    has_parameters = any(PARAMETER.fullmatch(role) for role in taken)
    if names and names[0] not in found and first == "params" and not has_parameters:
        if names[0] not in defaults:
            found[names[0]] = (first, place)
    default = {n: "keeps its default" if n in defaults else "not known" for n in names}
    if first == "constructor":
        return {name: found.get(name, ("", default[name])) for name in names}
    usual = USUAL if first else ("x", "y")  # a method's object has the rest
    missing = [role for role in usual if role not in taken]
    if any(SIZE.fullmatch(role) for role in ("layers", "hs") if role in taken):
        missing = [role for role in missing if not SIZE.fullmatch(role)]
    unknown = [n for n in names if n not in found and n not in defaults]
    if any(uses(n).kind == "matrix" for n in unknown):  # no size, and not lambda
        missing = [role for role in missing if role in ("x", "y")]
    # the last of the missing roles: x, y, lambda are last in the course's order
    chosen = missing[-len(unknown) :] if unknown else []
    found |= {n: (role, place) for n, role in zip(unknown, chosen, strict=False)}
    return {name: found.get(name, ("", default[name])) for name in names}
