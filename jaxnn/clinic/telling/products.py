"""What a gradient of the wrong shape is made of, where that can be seen."""

from collections.abc import Iterator

import numpy as np

from jaxnn.clinic.calling import Answer
from jaxnn.clinic.edits import steps
from jaxnn.clinic.edits.factors import factors
from jaxnn.clinic.edits.hypotheses import Choice
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Params, Problem
from jaxnn.clinic.telling import amounts, formulas, words
from jaxnn.clinic.telling.formulas import Style
from jaxnn.clinic.telling.words import Wording

Array = np.ndarray
BAR = 1e-5


def mistakes(
    answers: list[Answer], problems: list[Problem], net: Network, style: Style
) -> Iterator[Wording]:
    """The products that stand for weights' gradients, and their common factor."""
    tables = [products(net, p) for p in problems]
    found = {}
    for layer in range(1, net.depth + 1):
        for key in tables[0]:
            ratios = [
                fitted(one, table[key])
                for one, table in zip(answers, tables, strict=True)
            ]
            if key[0] == layer and key[1] != layer - 1 and None not in ratios:
                found[layer] = key[1], np.array(ratios, float)
    yield from sums(answers, problems, net, style)
    yield from of_each_example(answers, problems, net, style)
    if not found:
        return
    yield product_in_words(found, net, style)
    table = {("W", layer): ratios for layer, (_, ratios) in found.items()}
    scales = np.array([net.scale.factor(len(p.y), p.sizes[-1]) for p in problems])
    table = {part: ratios / scales for part, ratios in table.items()}
    for some in factors(table, problems, 1, 0.0)[:1]:
        yield from (amounts.mistake(f, style, net) for f in some)


def of_each_example(
    answers: list[Answer], problems: list[Problem], net: Network, style: Style
) -> Iterator[Wording]:
    """The arrays with a column for each example that stand for weights' gradients."""
    tables = [raw(net, p) for p in problems]
    weights = [products(net, p) for p in problems]
    for layer, key in tables[0]:
        pairs = list(zip(answers, tables, weights, strict=True))
        is_there = all(fitted(one, table[layer, key]) for one, table, _ in pairs)
        is_made = all(fitted(one, made[layer, layer - 1]) for one, _, made in pairs)
        if is_there and not is_made:
            what = style.delta(layer)
            if key == "handed on":
                what = f"the gradient of {style.a(layer - 1)}"
            yield Wording(
                f"{what} came back in place of {style.dW(layer)}",
                "it has one part for each example; the product with what enters the "
                "layer sums over them",
                (formulas.weights(style, net, layer),),
            )


def raw(net: Network, p: Problem) -> dict[tuple[int, str], Array]:
    """delta_l (u_l, m), and what layer l hands back to the one before (u_{l-1}, m)."""
    found = {}
    for layer, delta in enumerate(steps.deltas(steps.values(net, p, 0.0, p.params)), 1):
        found[layer, "delta"] = delta
        found[layer, "handed on"] = p.params[layer - 1].W.T @ delta
    return found


def sums(
    answers: list[Answer], problems: list[Problem], net: Network, style: Style
) -> Iterator[Wording]:
    """The biases' gradients that are made of another layer's delta."""
    if not style.biases:
        return
    layers = range(1, net.depth + 1)
    counts = {layer: len(answers[0].arrays) for layer in layers}
    for one, p in zip(answers, problems, strict=True):
        deltas = steps.deltas(steps.values(net, p, 0.0, p.params))
        for layer, delta in enumerate(deltas, 1):
            ours = delta.sum(axis=1)
            made = sum(is_sum(array, ours) for array in one.arrays)
            counts[layer] = min(counts[layer], made)
    twice = [layer for layer in layers if counts[layer] > 1]
    lost = [layer for layer in layers if not counts[layer]]
    if len(twice) == 1:
        other = "delta", twice[0]
        chosen = [Choice("bias", layer, other) for layer in lost]
        yield from (words.in_words([one], style, net) for one in chosen)


def is_sum(array: Array, ours: Array) -> bool:
    """Whether an array that came back is this sum over the examples, up to a factor."""
    if array.size != ours.size:
        return False
    c = steps.ratio(ours, np.asarray(array, float), BAR)
    return c is not None and c != 0


def products(net: Network, p: Problem) -> dict[tuple[int, int], Array]:
    """delta_l A_j^T for all layers l and j, by (l, j)."""
    none: Params = p.params
    v = steps.values(net, p, 0.0, none)
    return {
        (layer, j): delta @ a.T
        for layer, delta in enumerate(steps.deltas(v), 1)
        for j, a in enumerate(v.A)
    }


def fitted(one: Answer, ours: Array) -> float | None:
    """The factor by which an array that came back is this product, or its transpose."""
    for array in one.arrays:
        for turned in (array, array.T):
            if turned.shape == ours.shape:
                c = steps.ratio(ours, np.asarray(turned, float), BAR)
                if c is not None and c != 0:
                    return c
    return None


def product_in_words(
    found: dict[int, tuple[int, Array]], net: Network, style: Style
) -> Wording:
    """Which activations stand for which."""
    layers = sorted(found)
    wrong = [style.a(found[layer][0]) for layer in layers]
    right = [style.a(layer - 1) for layer in layers]
    what = words.joined([style.dW(layer) for layer in layers])
    are = "are" if len(layers) > 1 else "is"
    return Wording(
        f"{what} {are} made of {' and '.join(wrong)} in place of {' and '.join(right)}",
        "the weights are multiplied by what enters the layer, and so is their delta",
        tuple(formulas.weights(style, net, layer) for layer in layers[::-1]),
    )
