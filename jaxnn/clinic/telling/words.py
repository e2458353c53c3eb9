"""An edit of the derivation in words: its name, why it is wrong, and the fix.

texts.py has the words. An array of the network that stands where it should not gets
the words of its place.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jaxnn.clinic.edits.hypotheses import Choice, Hypothesis
from jaxnn.clinic.edits.steps import Key
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.units import HIDDEN, LINEAR, OUTPUT
from jaxnn.clinic.telling import formulas
from jaxnn.clinic.telling.edit_words import TEXTS
from jaxnn.clinic.telling.formulas import Style


class Wording(NamedTuple):
    """One edit in words."""

    name: str
    why: str
    fixes: tuple[str, ...]
    detail: str = ""  # the number that was fitted

    def __str__(self) -> str:
        return f"{self.name} ({self.detail})" if self.detail else self.name


def mistakes(h: Hypothesis, style: Style, net: Network) -> Iterator[Wording]:
    """The choices of a hypothesis in words; the same one in several layers is one."""
    groups: dict[tuple[str, Key], list[Choice]] = {}
    for c in h.choices:
        groups.setdefault(c.kind, []).append(c)
    for chosen in groups.values():
        yield in_words(chosen, style, net)


def in_words(chosen: Sequence[Choice], style: Style, net: Network) -> Wording:
    """One choice, perhaps in several layers, in words."""
    c = chosen[0]
    layers = list(dict.fromkeys(one.layer for one in chosen))
    place = c.place
    if place == "slope" and c.layer == net.depth:
        place = "slope at the output"
    name, why = text_of(place, c.key)
    given = names(chosen, layers, style, net)
    if place == "penalty" and c.key == "missing" and len(layers) == net.depth:
        name, why = "the penalty is missing", "the gradient of the penalty was left out"
    fixes = dict.fromkeys(f for one in chosen for f in fixes_of(one, style, net))
    alone = names(chosen[:1], layers[:1], style, net)
    found = Wording(name.format(**given), why.format(**alone), tuple(fixes))
    if isinstance(c.key, tuple) and (c.place, c.key[0]) == ("examples", "last"):
        return found._replace(detail=f"{c.key[1]} of them")
    return found


def text_of(place: str, key: Key) -> tuple[str, str]:
    """The name and the reason, as templates."""
    other = "summed" if place == "bias" else place.replace(" at the output", "")
    texts = TEXTS.get(other, {}) | TEXTS.get(place, {})
    kind = key[0] if isinstance(key, tuple) else key
    return texts.get(str(kind)) or texts[""]


def names(
    chosen: Sequence[Choice], layers: Sequence[int], style: Style, net: Network
) -> dict[str, str]:
    """What the names in braces stand for."""
    own = [layer_names(max(layer, 1), style, net) for layer in layers]
    found = {name: joined([one[name] for one in own]) for name in own[0]}
    c, every = chosen[0], len(layers) == net.depth
    places = {one.place for one in chosen}
    biases = f"{joined([style.W(max(n, 1)) for n in layers])}'s biases"
    if not style.has_theta:
        biases = joined([style.b(max(n, 1)) for n in layers])
    column, be = ("columns", "are") if len(layers) > 1 else ("column", "is")
    row, col = ("column", "row") if style.is_turned else ("row", "column")
    only = c.key[1] if isinstance(c.key, tuple) and c.key[0] == "only" else ""
    weights = joined([style.dW(max(n, 1)) for n in layers])
    parts = found["W"] if style.has_theta or len(places) > 1 else weights
    bias_part = biases if style.has_theta else joined([style.db(n) for n in layers])
    return found | {
        "acts": f"the activation{'s' * (len(layers) > 1)} {found['a']}",
        "is": "is" if places == {"bias"} and style.has_theta else be,
        "was": "were" if len(layers) > 1 else "was",
        "key": joined([key_name(one.key, style, net) for one in chosen]),
        "f": net.units[max(c.layer, 1) - 1].name if c.layer else net.units[0].name,
        "loss": net.loss.name,
        "out": net.units[-1].prime.rstrip("'"),
        "biases": "the biases" if every else biases,
        "column": f"the bias {column} of {found['W']} {be}"
        if style.has_theta
        else f"{biases} {be}",
        "columns": "bias columns" if style.has_theta else "biases",
        "lam_half": "lambda/(2m)" if net.penalty is None else net.penalty.name,
        "W0": "theta" if style.has_theta else "W",
        "row": row,
        "col": col,
        "what": weights if places == {"summed"} else the_bias(bias_part, style),
        "part": bias_part if places == {"bias"} else parts,
        "only": ONLY.get(only, ""),
    }


ONLY = {
    "the last": "only the last example counts",
    "the first": "only the first example counts",
    "all but the last": "the last example is left out",
    "all but the first": "the first example is left out",
}


def the_bias(name: str, style: Style) -> str:
    """'the gradient of theta1's biases', or 'db1'."""
    return f"the gradient of {name}" if style.has_theta else name


def layer_names(layer: int, style: Style, net: Network) -> dict[str, str]:
    """The names of a layer, and of those above and below it."""
    unit, above = net.units[layer - 1], min(layer + 1, net.depth)
    z = style.z(layer)
    by_z = {"sigmoid": f"{z} (1 - {z})", "tanh": f"1 - {z}^2"}
    return {
        "delta": style.delta(layer),
        "a": style.a(layer),
        "z": z,
        "W": style.W(layer),
        "dW": style.dW(layer),
        "prime": unit.prime,
        "short": unit.prime.rstrip("'"),
        "byz": by_z.get(unit.name, z),
        "delta_above": style.delta(above),
        "z_above": style.z(above),
        "a_above": style.a(above),
        "W_above": style.W(above),
        "dW_above": style.dW(above),
        "prime_above": net.units[above - 1].prime,
        "a_before": style.a(layer - 1),
        "z_before": style.z(layer - 1) if layer > 1 else style.a(0),
        "f_before": net.units[max(layer - 2, 0)].name,
    }


def joined(words: Sequence[str]) -> str:
    """'a and b', each word once."""
    return " and ".join(sorted(dict.fromkeys(words)))


def key_name(key: Key, style: Style, net: Network) -> str:
    """An array of the network, or a unit, by its name."""
    if not isinstance(key, tuple):
        return str(key)
    kind, which = key
    if which in {unit.name for unit in (*HIDDEN, *OUTPUT)} or not isinstance(
        which, int
    ):
        return str(which)
    return {
        "A": style.a,
        "Z": style.z,
        "delta": style.delta,
        "W": style.W,
        "back": lambda n: f"{style.delta(n)} before its slope",
        "slope": lambda n: f"{net.units[n - 1].prime}({style.z(n)})",
        "Y": lambda n: "Y",
    }.get(kind, str)(which)


def fixes_of(c: Choice, style: Style, net: Network) -> Iterator[str]:
    """The right statements of the step that a choice is in."""
    match c.place:
        case "labels":
            yield "compute Y once and use it in both cost and gradient"
            yield formulas.delta(style, net, net.depth)
        case "examples":
            yield "loop over all m examples, and add up with +="
        case "forward":
            yield from forward(c, style, net)
        case "order":
            yield "use the same order in reshape and in ravel, for theta and gradient"
        case "layers":
            yield "join the gradients in the same order as the parameters"
        case "error" | "slope" | "handed" | "carrier":
            yield formulas.delta(style, net, c.layer)
            if c.key == "updated":
                yield "compute all gradients first, then update all weights"
        case "entering" | "summed":
            yield from formulas.gradient(style, net, c.layer)
        case "bias" if style.has_theta:
            yield from formulas.gradient(style, net, c.layer)
        case "bias":
            yield formulas.bias_gradient(style, net, c.layer)
        case "penalty" | "lambda":
            yield from formulas.gradient(style, net, c.layer)
            both = net.penalty is not None and net.penalty.has_biases
            if style.biases and (both or c.key == "biases"):
                yield formulas.bias_gradient(style, net, c.layer)


def forward(c: Choice, style: Style, net: Network) -> Iterator[str]:
    """What to do about layers with other units."""
    if str(c.key).startswith("softmax"):
        axis = int(not style.is_columns)
        total = f"np.sum(e, axis={axis}, keepdims=True)"
        total = f"sum(e, {axis + 1})" if style.language is formulas.OCTAVE else total
        yield f"e = exp({style.z(net.depth)}); divide it by {total}, the classes' sum"
        return
    for layer in range(1, net.depth):
        right, z = net.units[layer - 1].name, style.z(layer)
        wrong = f", not {c.key}" if c.key != LINEAR.name else ""
        yield f"apply {right} to {z} in the forward pass{wrong}; then"
        yield formulas.delta(style, net, layer)
