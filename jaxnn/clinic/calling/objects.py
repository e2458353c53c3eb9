"""A person's objects: layers with parameters, as net.layers[0].W; settings."""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from jaxnn.clinic.calling.listing import Definitions, attributes, is_parameter
from jaxnn.clinic.calling.names import read_name

DEEPEST = 3  # objects in lists in objects


def has_layers(owner: str, defined: Definitions) -> bool:
    """Whether another class beside the owner holds parameters in its attributes."""
    others = [node for name, node in defined.items() if not name.startswith(owner)]
    return any(is_parameter(name) for node in others for name in attributes(node, True))


def layers(value: Any, depth: int = 0) -> Iterator[Any]:
    """The objects in an object that have an attribute with weights, in order."""
    for one in vars(value).values():
        for each in one if isinstance(one, list | tuple) else [one]:
            if hasattr(each, "__dict__") and depth < DEEPEST:
                if slot(each, "W"):
                    yield each
                elif not isinstance(each, type):
                    yield from layers(each, depth + 1)


def slot(layer: Any, kind: str) -> str:
    """The attribute of a layer that holds its weights or biases, or ""."""
    names = [name for name in vars(layer) if is_parameter(name)]
    found = [name for name in names if read_name(name).kind == kind]
    arrays = [name for name in found if isinstance(vars(layer)[name], np.ndarray)]
    return next(iter(arrays), "")


def put(value: Any, pairs: Sequence[Sequence[Any]]) -> None:
    """Give the layers of an object their (W, b); b may be None."""
    there = list(layers(value))
    if len(there) != len(pairs):
        raise TypeError(f"the object has {len(there)} layers, not {len(pairs)}")
    for layer, pair in zip(there, pairs, strict=True):
        for kind, given in zip("Wb", pair, strict=True):
            if given is not None and (name := slot(layer, kind)):
                setattr(layer, name, given)


def held(value: Any) -> dict[str, list[Any]]:
    """The weights, and the biases, of an object's layers."""
    found = {}
    for role, kind in (("weights", "W"), ("biases", "b")):
        there = [(layer, slot(layer, kind)) for layer in layers(value)]
        arrays = [getattr(layer, name) for layer, name in there if name]
        found |= {role: arrays} if arrays else {}
    return found


def described(like: Sequence[dict[str, Any]], sizes: Sequence[int]) -> list[Any]:
    """The layers as the person's own: [{"input_dim": 2, "activation": "relu"}, ...]."""
    made = []
    for i, (width, out) in enumerate(pairwise(sizes)):
        own = dict(like[-1] if i == len(sizes) - 2 else like[0])
        numbers = [key for key, value in own.items() if type(value) is int]
        for key in numbers:
            is_in = len(numbers) > 1 and not re.search("out|next", key.lower())
            own[key] = width if is_in else out
        made.append(own)
    return made


class Options(dict):
    """A dictionary whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    __setattr__ = dict.__setitem__


def filled(own: Any, values: Mapping[str, Any]) -> Any:
    """The person's own object, or a new one, with these values in its fields."""
    if own is None or isinstance(own, Mapping):
        return Options({**(own or {}), **values})
    if hasattr(own, "_replace"):
        return own._replace(**values)
    made = copy.copy(own)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def field(own: Any, key: str) -> Any:
    """A field of the person's own object; None if it is not there."""
    return own.get(key) if isinstance(own, Mapping) else getattr(own, key, None)
