"""What values that are there already show: sizes, axes, and where the biases are."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling import objects
from jaxnn.clinic.calling.calls import call
from jaxnn.clinic.calling.forms import Form
from jaxnn.clinic.calling.listing import is_parameter
from jaxnn.clinic.calling.names import layers_of, read_name
from jaxnn.clinic.calling.parts import Part
from jaxnn.clinic.calling.way import RATE, Way, values
from jaxnn.clinic.networks.problems import Problem, Sizes

Shapes = list[tuple[int, ...]]


class Seen(NamedTuple):
    """What a person's own parameters show; empty where nothing is known."""

    fixed: Mapping[str, str] = {}  # choices of the form
    sizes: Sizes = ()
    keys: tuple[str, ...] = ()


def seen(values: Mapping[str, Any], inputs: int) -> Seen:
    """What the values of parameter roles show; inputs: n, if it is known, or 0."""
    try:
        weights, biases, fixed, keys = gathered(values)
    except (TypeError, ValueError):
        return Seen()
    if not weights or any(len(shape) != 2 for shape in weights):
        return Seen(fixed, (), keys)
    fixed = dict(fixed)
    is_apart = len(biases) == len(weights)
    if is_apart:
        ends = {len(shape) for shape in biases}
        fixed["bias"] = "apart"
        if ends == {1}:
            fixed["biases"] = "flat"
        elif all(shape[:1] == (1,) for shape in biases):
            fixed["biases"] = "row"
        elif all(shape[1:] == (1,) for shape in biases):
            fixed["biases"] = "column"
    found = chain(weights, inputs, biases if is_apart else [])
    if found is None:
        return Seen(fixed, (), keys)
    matrices, extra, sizes = found
    fixed["matrices"] = matrices
    if not is_apart:
        fixed |= {} if extra else {"bias": "none"}
    return Seen(fixed, sizes, keys)


def template(way: Way, problem: Problem) -> Seen:
    """What parameters in globals, or in a fresh object, show."""
    part = way.subject.parts[-1]
    held = [one for one in part.every if one.is_parameter]
    if not held or any(one.where in ("argument", "star") for one in held):
        return Seen()
    made: Any = None
    if held[0].where == "objects":
        made = fresh(way, part, problem)
        there = {} if made is None else objects.held(made)
        fixed = {"bias": "apart" if "biases" in there else "none"}
        shown = seen(there, 0)
        return shown._replace(fixed={**shown.fixed, **fixed})
    if held[0].where == "global":
        there = {one.role: part.scope.get(one.name) for one in held}
    else:
        made = fresh(way, part, problem)
        there = {one.role: getattr(made, one.name, None) for one in held}
    there = {role: value for role, value in there.items() if value is not None}
    return seen(there, 0) if there else Seen()


def fresh(way: Way, part: Part, problem: Problem) -> Any:
    """An object of the class, made for a problem; None if that fails."""
    for x, y in (("rows", "rows"), ("columns", "columns"), ("rows", "flat")):
        form = Form(x=x, y=y, labels="0-9" if y == "flat" else "one-hot")
        every = values(way, form, problem, 0.0, RATE)
        if all(one.role in every for one in part.constructor if one.role):
            made = call(part.start, every, way.subject.folder)
            if made.error is None:
                return made.result
    return None


def chain(
    weights: Shapes, inputs: int, biases: Shapes
) -> tuple[str, int, Sizes] | None:
    """(axes, 1 if the biases are inside, sizes) that fit; None if unclear."""
    fits = []
    for matrices in ("in x out", "out x in"):
        turned = [
            s if matrices == "in x out" else s[::-1] for s in weights
        ]  # (in, out)
        for extra in (0, 1):
            sizes = turned[0][0] - extra, *(out for _, out in turned)
            inner = [width - extra for width, _ in turned]
            widths = [int(np.prod(shape)) for shape in biases] or list(sizes[1:])
            if (
                tuple(inner) == sizes[:-1]
                and widths == list(sizes[1:])
                and min(sizes) > 0
            ):
                if not (biases and extra) and inputs in (0, sizes[0]):
                    fits.append((matrices, extra, sizes))
    return fits[0] if fits and len({one[1] for one in fits}) == 1 else None


def gathered(
    values: Mapping[str, Any],
) -> tuple[Shapes, Shapes, dict[str, str], tuple[str, ...]]:
    """The shapes of weights and of biases, layer by layer, and the container."""
    fixed: dict[str, str] = {}
    if (whole := values.get("params")) is not None:
        if isinstance(whole, Mapping):
            keys = tuple(
                key for key in whole if isinstance(key, str) and is_parameter(key)
            )
            shapes = {key: np.shape(whole[key]) for key in keys}
            return *by_layer(shapes), {"parameters": "dictionary"}, keys
        if isinstance(whole, list | tuple) and all(np.ndim(one) for one in whole):
            shapes = [np.shape(one) for one in whole]
            return shapes, [], {"parameters": "list"}, ()
        return [], [], {}, ()
    if "weights" in values:
        weights, biases = (list_shapes(values.get(n)) for n in ("weights", "biases"))
        if len(values["weights"]) > len(weights):
            fixed["numbered"] = "shifted"
        return weights, biases, fixed, ()
    order = sorted(values, key=lambda role: (role[0] != "W", int(role[1:])))
    shapes = [(role, np.shape(values[role])) for role in order]
    weights = [shape for role, shape in shapes if role[0] == "W"]
    return weights, [shape for role, shape in shapes if role[0] == "b"], fixed, ()


def by_layer(shapes: Mapping[str, tuple[int, ...]]) -> tuple[Shapes, Shapes]:
    """The shapes of weights and biases in a dictionary, in the order of the layers."""
    keys = list(shapes)
    return (
        [shapes[key] for key in layers_of(keys, "W")],
        [shapes[key] for key in layers_of(keys, "b")],
    )


def list_shapes(value: Any) -> Shapes:
    """The shapes of the arrays in a list, without None and empty ones."""
    found: Sequence[Any] = value if value is not None else []
    return [np.shape(one) for one in found if one is not None and np.size(one)]


def has_biases(keys: Sequence[str]) -> bool:
    """Whether some key names a bias."""
    return any(read_name(key).kind == "b" for key in keys)
