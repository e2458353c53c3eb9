"""What a function reads besides its arguments, and who gives the values it lacks."""

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from jaxnn.clinic.calling.listing import (
    Definitions,
    attributes,
    is_parameter,
    reached,
    returned_keys,
    returned_names,
)
from jaxnn.clinic.calling.names import (
    BACKWARD,
    CACHE,
    COSTS,
    FORWARD,
    OUTPUT,
    is_forward,
    plain,
    read_name,
)
from jaxnn.clinic.calling.scope import globals_made, globals_of

MAYBE = "a h z acts activations ativacoes logits scores".split()
FILLED = {"x", "y", "params", "W", "b", "n", "h", "k", "layers", "lam", "m", "rate"}


class Source(NamedTuple):
    """Another function that returns a missing value, and where in its result."""

    function: str
    place: int | str | None  # of a tuple, of a dictionary, or the whole result
    is_exact: bool = False  # whether it has the very name there


def source_of(
    name: str, own: str, defined: Definitions, first: Sequence[str] = ()
) -> Source | None:
    """The function beside `own` that returns a value for its argument `name`.

    Those that the person named come first, then those with the shortest names.
    """
    owner = own.rpartition(".")[0]
    near = [each for each in defined if each != own and is_near(each, owner)]
    near = [each for each in near if can_be_filled(each, name, defined)]
    near.sort(key=lambda each: (each not in first, bool(BACKWARD.search(plain(each)))))
    for each in near:
        names = [plain(one) for one in returned_names(defined[each])]
        if plain(name) in names:
            place = names.index(plain(name)) if len(names) > 1 else None
            return Source(each, place, True)
        for key in returned_keys(defined[each]):
            if plain(key) == plain(name):
                return Source(each, key, True)
    is_cache = CACHE.search(plain(name))
    for each in near if is_cache or is_output(name, own, defined) else []:
        if is_forward(each):
            names = [plain(one) for one in returned_names(defined[each])]
            caches = [i for i, one in enumerate(names) if CACHE.search(one)]
            last = caches[0] if caches else len(names) - 1
            place = last if is_cache else output_in(names)
            if len(names) > 1 or is_cache:
                return Source(each, place if len(names) > 1 else None)
            keys = returned_keys(defined[each])
            return Source(each, keys[output_in(keys)] if keys else None)
    return None


def is_output(name: str, own: str, defined: Definitions) -> bool:
    """Whether an argument is the network's output: by its name, or as a cost's last."""
    if OUTPUT.match(plain(name)) or own not in defined:
        return bool(OUTPUT.match(plain(name)))
    others = [each.arg for each in defined[own].args.args if each.arg != name]
    kinds = {read_name(each).kind for each in others}
    has_own = any(OUTPUT.match(plain(each)) for each in others)
    is_cost = COSTS.search(plain(own)) and kinds == {"y"}
    return bool(is_cost and not has_own and not read_name(name).kind)


def output_in(names: Sequence[str]) -> int:
    """The place of the network's output among what a forward pass returns.

    A name for it comes first, then the last of a1, a2, then what may be a hidden layer.
    """

    def score(place: int) -> tuple[int, int]:
        word = plain(names[place])
        number = re.search("\\d+$", word)
        if not OUTPUT.match(word):
            return -1 - bool(CACHE.search(word) or word[:1] == "z"), place
        if number:
            return 1, int(number[0])
        return (0, place) if word in MAYBE else (2, place)

    return max(range(len(names)), key=score, default=0)


def is_near(name: str, owner: str) -> bool:
    """Whether a function is a method of the same class, or of none."""
    head, _, last = name.rpartition(".")
    return head in ("", owner) and not last.startswith("__")


def can_be_filled(name: str, wanted: str, defined: Definitions) -> bool:
    """Whether the function needs only what we have: examples and parameters."""
    spec = defined[name].args
    needed = [each.arg for each in spec.args[: len(spec.args) - len(spec.defaults)]]
    kinds = [read_name(arg).kind for arg in needed if arg != "self"]
    if not all(kind in FILLED for kind in kinds) or wanted in needed:
        return False
    return "x" in kinds or "self" in needed or any(plain(a) == "inputs" for a in needed)


def methods(own: str, defined: Definitions) -> list[str]:
    """All methods of the class of a method; none for a function."""
    owner = own.rpartition(".")[0]
    return [each for each in defined if owner and each.startswith(f"{owner}.")]


def inner(own: str, defined: Definitions) -> list[str]:
    """The method itself, and those of its class that it calls."""
    every = methods(own, defined)
    return [each for each in reached(own, defined) if each in every]


def init(own: str) -> str:
    """The name of the constructor beside a method."""
    return own.rpartition(".")[0] + ".__init__"


def of_self(names: Iterable[str], defined: Definitions, is_set: bool) -> list[str]:
    """The attributes that the methods set, or read, in order."""
    found = (attributes(defined.get(each), is_set) for each in names)
    return list(dict.fromkeys(name for every in found for name in every))


def elements_set(names: Iterable[str], defined: Definitions) -> set[str]:
    """The attributes of self whose elements the methods set: self.a[i] = x."""
    nodes = (node for name in names for node in ast.walk(defined[name]))
    places = (n for n in nodes if isinstance(n, ast.Subscript))
    stored = (n.value for n in places if isinstance(n.ctx, ast.Store))
    return {node.attr for node in stored if isinstance(node, ast.Attribute)}


def earlier(own: str, defined: Definitions) -> str:
    """The method that must run first, because it sets what this one reads; or ""."""
    called, every = inner(own, defined), methods(own, defined)
    at_first = of_self([init(own)], defined, True)
    made = {*of_self(called, defined, True), *(e.rpartition(".")[2] for e in every)}
    reads = {a for a in of_self(called, defined, False) if not is_parameter(a)} - made
    lacks = {a for a in reads if not is_input(a)}
    skipped = {*called, preparing(own, defined)}
    rest = [each for each in every if each not in skipped and ".__" not in each]
    for each in sorted(rest, key=lambda one: not FORWARD.search(plain(one))):
        also = inner(each, defined)
        makes = {*of_self(also, defined, True), *elements_set(also, defined)}
        sets = lacks & makes
        if is_forward(each):  # self.X too, if it sets that
            sets = sets or reads.intersection(of_self(also, defined, True))
        if (sets and is_forward(each)) or sets.difference(at_first):
            return each if own not in also else ""
    return ""


def filling(own: str, function: Callable[..., Any], defined: Definitions) -> str:
    """The forward pass that must run first, as it sets globals that this one reads."""
    inside = reached(own, defined)
    made = set().union(*(globals_made(defined[n]) for n in inside if n in defined))
    lacks = {n for n in globals_of(function) if not is_input(n)} - made
    rest = [n for n in defined if "." not in n and n not in inside and is_forward(n)]
    for each in rest:
        if globals_made(defined[each]) & lacks:
            return each if own not in reached(each, defined) else ""
    return ""


def preparing(own: str, defined: Definitions) -> str:
    """The method that makes the parameters of an object in place of __init__; or ""."""
    first = reached(init(own), defined)
    lacks = {*held_by(own, defined)}.difference(of_self(first, defined, True))
    for each in methods(own, defined):
        if each != own and lacks.intersection(of_self([each], defined, True)):
            if not BACKWARD.search(plain(each)) and not FORWARD.search(plain(each)):
                return each
    return ""


def held_by(own: str, defined: Definitions) -> list[str]:
    """The attributes of a method's class that hold parameters."""
    return [n for n in of_self(methods(own, defined), defined, True) if is_parameter(n)]


def is_input(name: str) -> bool:
    """Whether an attribute's name has a role that we fill."""
    one = read_name(name)
    if one.kind == "y":
        return not OUTPUT.match(plain(name))
    return one.kind in ("W", "b", "params", "x", "lam", "rate") and not one.is_gradient
