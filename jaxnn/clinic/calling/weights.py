"""Which names hold the weights and biases of which layer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from jaxnn.clinic.calling.names import Name, layers_of, plain, rank, read_name
from jaxnn.clinic.calling.usages import Usage


def parameter_roles(
    every: Mapping[str, Name], uses: Callable[[str], Usage], beside: Collection[str]
) -> dict[str, str]:
    """The roles of those that hold weights and biases."""
    held = [(n, one.kind) for n, one in every.items() if not one.is_gradient]
    whole, weights, biases = (
        [name for name, kind in held if kind == wanted]
        for wanted in ("params", "W", "b")
    )
    if len(weights) == 1 and rank(every[weights[0]].mark) < 0:
        name = weights[0]
        kind = uses(name).kind
        is_many = kind == "list" or (kind != "matrix" and plain(name)[-1] == "s")
        if len(biases) == 1 and rank(every[biases[0]].mark) < 0:
            if is_many:
                return {name: "weights", biases[0]: "biases"}
        elif not biases and kind != "matrix":
            return {name: "weights" if kind == "list" else "params"}
        elif not biases and not whole and plain(name) in ("theta", "w", "weights"):
            return {name: "params"}
    found = {n: f"W{i + 1}" for n, i in layers_of(weights, "W", beside).items()}
    if not weights and biases:
        return {whole[0]: "params"} if whole else {}
    found |= {n: f"b{i + 1}" for n, i in layers_of(biases, "b", beside).items()}
    return found or ({whole[0]: "params"} if whole else {})


def unnamed_weights(
    names: Sequence[str], provided: Mapping[str, Any], uses: Callable[[str], Usage]
) -> dict[str, str]:
    """The roles of weights that only their use in matrix products shows, as of v and w.

    {} if the weights have names that say their layers.
    """
    every = {name: read_name(name) for name in names}
    held = [n for n, one in every.items() if one.kind == "W" and not one.is_gradient]
    if any(rank(every[n].mark) >= 0 for n in held):
        return {}
    odd = [n for n, one in every.items() if not one.kind and n not in provided]
    odd = [n for n in odd if uses(n).kind == "matrix"]
    both = [n for n in names if n in held or n in odd]
    many = odd and len(both) > 1
    return {name: f"W{i + 1}" for i, name in enumerate(both)} if many else {}
