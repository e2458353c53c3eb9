"""How parameters in one argument are packed, by the kind of container."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jaxnn.clinic.calling.forms import Form, typed
from jaxnn.clinic.calling.names import layers_of, read_name
from jaxnn.clinic.networks.problems import Layer, Params

Array = np.ndarray
Keys = Sequence[str]


def pieces(blocks: Params, form: Form) -> list[tuple[int, bool, Array]]:
    """(layer, is a bias, array) in the order of a vector."""
    layers = list(enumerate(blocks))
    layers = layers[::-1] if form.first == "theta2" else layers
    pairs = [[(i, False, b.W), (i, True, b.b)] for i, b in layers]
    found = [one for pair in pairs for one in pair if one[2] is not None]
    return sorted(found, key=lambda one: one[1]) if form.bias == "end" else found


def order_of(layer: int, form: Form) -> Any:
    """The order of a layer's elements: C row by row, F column by column."""
    orders = form.order.split()
    return orders[min(layer, len(orders) - 1)]


def unroll(blocks: Params, form: Form, keys: Keys = ()) -> Array:
    """All elements as one vector (N,)."""
    every = pieces(blocks, form)
    return np.concatenate([a.ravel(order_of(i, form)) for i, _, a in every])


def roll(vector: Any, blocks: Params, form: Form) -> Params | None:
    """The inverse of unroll, for a vector, column or row of the right size."""
    vector = np.asarray(vector)
    every = pieces(blocks, form)
    total = sum(a.size for *_, a in every)
    if vector.size != total or max(vector.shape, default=0) != total:
        return None
    ends = np.cumsum([a.size for *_, a in every])[:-1]
    made: dict[tuple[int, bool], Array] = {}
    for (i, is_bias, a), part in zip(
        every, np.split(vector.ravel(), ends), strict=True
    ):
        made[i, is_bias] = part.reshape(a.shape, order=order_of(i, form))
    return tuple(Layer(made[i, False], made.get((i, True))) for i in range(len(blocks)))


def dictionary(blocks: Params, form: Form, keys: Keys) -> dict[str, Any]:
    """{"W1": ..., "b1": ...}, with the function's own keys."""
    return dict(zip(keys, by_keys(blocks, form, keys), strict=True))


def sequence(blocks: Params, form: Form, keys: Keys) -> list[Any]:
    """[theta1, theta2], or [W1, b1, W2, b2] in the order of the function's names."""
    if keys and len(keys) >= len(blocks):
        return by_keys(blocks, form, keys)
    parts = [part for block in blocks for part in block if part is not None]
    return [typed(part, form) for part in parts]


def by_keys(blocks: Params, form: Form, keys: Keys) -> list[Any]:
    """The array that each key names."""
    places = layers_of(keys, "W") | layers_of(keys, "b")
    fields = {key: "W" if read_name(key).kind == "W" else "b" for key in keys}
    return [typed(getattr(blocks[places[k]], fields[k]), form) for k in keys]


def lists(blocks: Params, form: Form, keys: Keys = ()) -> tuple[list[Any], list[Any]]:
    """([W1, W2], [b1, b2]), or with the biases first."""
    weights, biases = ([typed(b[i], form) for b in blocks] for i in (0, 1))
    is_first = bool(keys) and read_name(keys[0]).kind == "b"
    return (biases, weights) if is_first else (weights, biases)


def pairs(blocks: Params, form: Form, keys: Keys = ()) -> list[tuple[Any, ...]]:
    """[(W1, b1), (W2, b2)]."""
    return [tuple(typed(part, form) for part in block) for block in blocks]


def struct(blocks: Params, form: Form, keys: Keys) -> dict[str, Any]:
    """{"W": [W1, W2]} of W{}, or {"layers": [{"w": W1, "b": b1}]} of layers{}.w."""
    found: dict[str, Any] = {}
    for key in keys:
        head, _, field = key.partition("{}")
        name = field.lstrip(".")
        is_bias = read_name(name or head).kind == "b"
        parts = [block.b if is_bias else block.W for block in blocks]
        if not name:
            found[head] = parts
            continue
        rows = found.setdefault(head, [{} for _ in blocks])
        for row, part in zip(rows, parts, strict=True):
            row[name] = part
    return found


def alone(blocks: Params, form: Form, keys: Keys = ()) -> Any:
    """The matrix of the only layer; ValueError if there are several."""
    (block,) = blocks
    return block.W


PACKINGS: dict[str, Callable[[Params, Form, Keys], Any]] = {
    "vector": unroll,
    "column": lambda blocks, form, keys: unroll(blocks, form)[:, None],
    "list": sequence,
    "dictionary": dictionary,
    "lists": lists,
    "pairs": pairs,
    "alone": alone,
    "struct": struct,
}
