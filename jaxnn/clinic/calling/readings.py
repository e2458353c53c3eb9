"""The cost and the gradient in the values that a person's functions returned."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxnn.clinic.calling.forms import Form
from jaxnn.clinic.calling.leaves import Leaf, narrowest
from jaxnn.clinic.calling.names import COST, plain, rank
from jaxnn.clinic.calling.packings import roll
from jaxnn.clinic.calling.shapes import missing
from jaxnn.clinic.networks.problems import Layer, Params

Array = np.ndarray
VECTORS = ("vector", "column")
GRADIENT, PARAMETERS = "gradient", "parameters"


class Reading(NamedTuple):
    """What was found; None where nothing was."""

    costs: tuple[float, ...] = ()
    blocks: Params | None = None  # as the function has them
    vector: Array | None = None  # if they came unrolled
    precision: type = np.float64  # of the function's own numbers
    trouble: str = ""  # why no gradient could be read
    hint: str = ""  # how to fix it
    finding: str = ""


def matched(
    found: Sequence[Leaf], blocks: Params, wanted: str = GRADIENT
) -> list[tuple[Leaf | None, Leaf | None]]:
    """For each layer the leaves with its weights and its biases; None if missing.

    Shapes decide; among equal shapes the names do, then the order.
    """
    used: set[int] = set()
    chosen: dict[tuple[int, str], Leaf] = {}
    for kind in ("W", "b"):
        for layer, block in enumerate(blocks):
            template = getattr(block, kind)
            if template is None:
                continue
            fits = [
                (fitness(leaf, kind, layer, template, wanted), -i)
                for i, leaf in enumerate(found)
                if i not in used and has_shape(leaf.array, template, kind)
            ]
            score, place = max(fits, default=((-1,), 0))
            if score[0] >= 0:
                chosen[layer, kind] = found[-place]
                used.add(-place)
    return [(chosen.get((i, "W")), chosen.get((i, "b"))) for i in range(len(blocks))]


def in_order(
    found: Sequence[Leaf], blocks: Params, roles: Sequence[str]
) -> list[tuple[Leaf | None, Leaf | None]]:
    """The same where all without names come in the arguments' order, cost first.

    [] if they do not; b2 as one number has the shape of a cost.
    """
    count = sum(part is not None for block in blocks for part in block)
    rest, last = found[:-count], found[-count:]
    if not len(roles) == len(last) == count or len(rest) > 1 or named(last):
        return []
    by_role = dict(zip(roles, last, strict=True))
    pairs = [(by_role.get(f"W{i + 1}"), by_role.get(f"b{i + 1}")) for i in range(count)]
    pairs = pairs[: len(blocks)]
    each = [
        (kind, leaf, template)
        for pair, block in zip(pairs, blocks, strict=True)
        for kind, leaf, template in zip("Wb", pair, block, strict=True)
        if template is not None
    ]
    fit = (leaf and has_shape(leaf.array, a, kind) for kind, leaf, a in each)
    return pairs if all(fit) else []


def named(found: Sequence[Leaf]) -> bool:
    """Whether some have names of weights or biases."""
    return any(leaf.means.kind in ("W", "b") for leaf in found)


def has_shape(array: Array, template: Array, kind: str) -> bool:
    """Whether an array has the shape of weights, or one of the shapes of a bias."""
    if kind == "W":
        return array.shape == template.shape
    return array.size == template.size and max(array.shape, default=1) == array.size


def fitness(
    leaf: Leaf, kind: str, layer: int, template: Array, wanted: str
) -> tuple[int, ...]:
    """How well a leaf fits by its name; (-1,) if it says that it is something else."""
    name = leaf.means
    if kind == "b" and COST.fullmatch(plain(leaf.name)) and template.size == 1:
        return (-1,)
    is_kind = name.kind == kind
    is_wanted = is_kind and name.is_gradient == (wanted == GRADIENT)
    is_here = leaf.place == layer or rank(name.mark) in (layer, layer + 1)
    is_array = leaf.array.shape == template.shape
    if kind == "b" and template.size == 1 and not (is_kind or is_array):
        return (-1,)
    return (2 * is_wanted + is_kind, is_here, is_array)


def reading(
    found: Sequence[Leaf],
    blocks: Params,
    form: Form,
    wanted: str,
    parts: int = 1,
    roles: Sequence[str] = (),
) -> Reading:
    """The costs and the arrays of the parameters' shapes in what came back.

    roles: of the parameters in the order of the arguments.
    """
    last = parts - 1
    own = [leaf for leaf in found if leaf.part == last]
    rolled = [(leaf, roll(leaf.array, blocks, form)) for leaf in own]
    vectors = [one for one in rolled if one[0].array.size > 1 and one[1]]
    pairs = in_order(own, blocks, roles) or matched(own, blocks, wanted)
    taken = [leaf for pair in pairs for leaf in pair if leaf is not None]
    # if a function of its own gives the gradient, another one gives the cost
    rest = [leaf for leaf in found if leaf.part < last or not last]
    rest = [leaf for leaf in rest if not any(leaf is one for one in taken)]
    costs, odd = costs_of(rest, blocks)
    needed = [part for block in blocks for part in block if part is not None]
    is_apart = len(taken) == len(needed) and form.parameters not in VECTORS
    if vectors and not is_apart:  # else an array of m numbers may have this size
        leaf, made = vectors[0]
        return checked(Reading(costs, made, leaf.array.ravel(), finding=odd), [leaf])
    if len(taken) == len(needed):
        made = tuple(
            Layer(W.array, None if b is None else b.array.reshape(shape_of(block.b)))
            for (W, b), block in zip(pairs, blocks, strict=True)
            if W is not None
        )
        return checked(Reading(costs, made, finding=odd), taken)
    trouble, hint, finding = missing(own, pairs, blocks)
    return Reading(costs, trouble=trouble, hint=hint, finding=odd or finding)


def shape_of(array: Array | None) -> tuple[int, ...]:
    """The shape of an array; () for None."""
    return () if array is None else array.shape


def costs_of(rest: Sequence[Leaf], blocks: Params) -> tuple[tuple[float, ...], str]:
    """All single numbers, those named as costs first, and what is odd about them."""
    single = [one for one in rest if one.array.size == 1]
    named = [one for one in single if COST.fullmatch(plain(one.name))]
    others = [one for one in single if one.means.kind not in ("W", "b")]
    order = named or others or [one for one in single if not one.means.is_gradient]
    if any(one.array.dtype.kind == "c" for one in order):
        return (), "the cost is complex"
    if order:
        return tuple(float(one.array.ravel()[0].real) for one in order), ""
    many = [one for one in rest if one.array.size > 1]
    named = [one for one in many if COST.fullmatch(plain(one.name))]
    first = named or [
        one for one in many[:1] if one.part == 0 and not is_block(one, blocks)
    ]
    if first and (named or len(rest) < len(many) + 2):
        return (), f"the cost is not one number: it has shape {first[0].array.shape}"
    return (), ""


def is_block(leaf: Leaf, blocks: Params) -> bool:
    """Whether a leaf is named as weights or a gradient, or has the shape of one."""
    kinds = {"W", "b", "grads", "params"}
    shapes = {part.shape for block in blocks for part in block if part is not None}
    shapes |= {shape[::-1] for shape in shapes}
    total = sum(part.size for block in blocks for part in block if part is not None)
    return (
        leaf.means.kind in kinds
        or leaf.array.shape in shapes
        or leaf.array.size in (total, 1)
    )


def checked(one: Reading, used: Sequence[Leaf]) -> Reading:
    """The reading with its precision; complex and integer gradients are findings."""
    if any(leaf.array.dtype.kind == "c" for leaf in used):
        return one._replace(blocks=None, finding="the gradient is complex")
    arrays = [leaf.array for leaf in used]
    one = one._replace(precision=narrowest([*arrays, *map(np.asarray, one.costs)]))
    for leaf in used:
        if leaf.array.dtype.kind in "iu":
            name = leaf.name or "the gradient"
            return one._replace(
                finding=f"{name} is an array of integers, which cuts off the digits",
                hint="make it an array of floats: np.zeros(shape)",
            )
    return one
