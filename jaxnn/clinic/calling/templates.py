"""What values that are there already show: sizes, axes, and where the biases are."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling import objects
from jaxnn.clinic.calling.listing import is_parameter
from jaxnn.clinic.calling.names import layers_of, read_name
from jaxnn.clinic.calling.parts import Part
from jaxnn.clinic.networks.problems import Sizes

Shapes = list[tuple[int, ...]]


class Seen(NamedTuple):
    """What a person's own parameters show; empty where nothing is known."""

    fixed: Mapping[str, str] = {}  # choices of the form
    sizes: Sizes = ()
    keys: tuple[str, ...] = ()


def seen(values: Mapping[str, Any], like: Sizes = ()) -> Seen:
    """What the values of parameter roles show; like: the sizes that they may have."""
    try:
        weights, biases, container, keys = gathered(values)
    except (TypeError, ValueError):
        return Seen()
    fixed = dict(container)
    if not weights or any(len(shape) != 2 for shape in weights):
        return Seen(fixed, (), keys)
    biases = biases if len(biases) == len(weights) else []
    if biases:
        fixed["bias"] = "apart"
        if {len(shape) for shape in biases} == {1}:
            fixed["biases"] = "flat"
        elif all(shape[:1] == (1,) for shape in biases):
            fixed["biases"] = "row"
        elif all(shape[1:] == (1,) for shape in biases):
            fixed["biases"] = "column"
    found = chain(weights, biases, like)
    if found is None:
        return Seen(fixed, (), keys)
    fixed["matrices"], extra, sizes = found
    if not (biases or extra):
        fixed["bias"] = "none"
    return Seen(fixed, sizes, keys)


def seen_of(part: Part, made: Any, like: Sizes = ()) -> Seen:
    """What the parameters in a fresh object, or in globals, show; like: see `seen`."""
    held = [one for one in part.every if one.is_parameter]
    if held and held[0].where == "objects":
        there = {} if made is None else objects.held(made)
        shown = seen(there, like)
        bias = "apart" if "biases" in there else "none"
        return shown._replace(fixed={**shown.fixed, "bias": bias})
    is_global = bool(held) and held[0].where == "global"
    scope = part.scope if is_global else getattr(made, "__dict__", {})
    there = {one.role: scope.get(one.name) for one in held}
    there = {role: value for role, value in there.items() if value is not None}
    return seen(there, like)


def chain(
    weights: Shapes, biases: Shapes, like: Sizes
) -> tuple[str, int, Sizes] | None:
    """(axes, 1 if the biases are inside, sizes) that fit; None if unclear."""
    fits = []
    for matrices in ("in x out", "out x in"):
        turned = weights if matrices == "in x out" else [s[::-1] for s in weights]
        for extra in (0,) if biases else (0, 1):
            inner = [width - extra for width, _ in turned]
            sizes = inner[0], *(out for _, out in turned)
            widths = [int(np.prod(shape)) for shape in biases] or [*sizes[1:]]
            is_chain = tuple(inner) == sizes[:-1] and min(sizes) > 0
            if is_chain and widths == [*sizes[1:]]:
                fits.append((matrices, extra, sizes))
    fits = [one for one in fits if one[2] == like] or fits
    return fits[0] if fits and len({one[1] for one in fits}) == 1 else None


def gathered(
    values: Mapping[str, Any],
) -> tuple[Shapes, Shapes, dict[str, str], tuple[str, ...]]:
    """The shapes of weights and of biases, layer by layer, the container, its keys."""
    whole = values.get("params")
    if isinstance(whole, Mapping):
        keys = [key for key in whole if isinstance(key, str) and is_parameter(key)]
        weights, biases = (
            [np.shape(whole[key]) for key in layers_of(keys, kind)] for kind in "Wb"
        )
        return weights, biases, {"parameters": "dictionary"}, tuple(keys)
    if isinstance(whole, list | tuple) and all(np.ndim(one) for one in whole):
        return [np.shape(one) for one in whole], [], {"parameters": "list"}, ()
    if "weights" in values:
        weights, biases = (
            [np.shape(one) for one in values.get(role, ()) if is_array(one)]
            for role in ("weights", "biases")
        )
        is_shifted = len(values["weights"]) > len(weights)
        return weights, biases, {"numbered": "shifted"} if is_shifted else {}, ()
    numbered = sorted((role[0], int(role[1:])) for role in values if role != "params")
    shapes = [(kind, np.shape(values[f"{kind}{i}"])) for kind, i in numbered]
    weights, biases = ([s for k, s in shapes if k == kind] for kind in "Wb")
    return weights, biases, {}, ()


def is_array(value: Any) -> bool:
    """Whether a value in a list is more than a placeholder."""
    return value is not None and np.size(value) > 0


def has_biases(keys: Sequence[str]) -> bool:
    """Whether some key names a bias."""
    return any(read_name(key).kind == "b" for key in keys)
