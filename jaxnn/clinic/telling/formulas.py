"""The right statement of every step, in a person's own names and orientation."""

from typing import NamedTuple

from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.units import LINEAR, SOFTMAX


class Language(NamedTuple):
    """How products are written."""

    dot: str
    times: str
    transpose: str
    rest: str  # a matrix without its first column
    rest_of_rows: str
    row_sum: str  # over the examples, in rows
    column_sum: str
    sum: str  # of all elements


PYTHON = Language(
    "{} @ {}",
    "{} * {}",
    "{}.T",
    "{}[:, 1:]",
    "{}[1:]",
    "{}.sum(axis=0)",
    "{}.sum(axis=1, keepdims=True)",
    "np.sum({})",
)
OCTAVE = Language(
    "{} * {}",
    "{} .* {}",
    "{}'",
    "{}(:, 2:end)",
    "{}(2:end, :)",
    "sum({}, 1)",
    "sum({}, 2)",
    "sum(sum({}))",
)


class Style(NamedTuple):
    """How a person writes a network."""

    weights: tuple[str, ...]  # names of the weights, by layer
    biases: tuple[str, ...] = ()  # () where they are in the weights, or missing
    has_theta: bool = True  # the bias is in the matrix
    is_turned: bool = False  # matrices are (in, out)
    is_columns: bool = False  # examples are columns
    language: Language = PYTHON
    m: str = "m"
    lam: str = "lam"
    gradients: tuple[str, ...] = ()  # their names, by layer, where they are known
    bias_gradients: tuple[str, ...] = ()
    is_scaled: bool = False  # the output delta is divided by m, not the gradients

    # --- names; layers are 1 to L

    def W(self, layer: int) -> str:
        """The weights of a layer."""
        return self.weights[layer - 1]

    def a(self, layer: int) -> str:
        """A_l; the inputs for layer 0."""
        if self.has_theta:
            return f"a{layer + 1}"
        return f"A{layer}" if layer else "X"

    def z(self, layer: int) -> str:
        """Z_l."""
        return f"z{layer + 1}" if self.has_theta else f"Z{layer}"

    def delta(self, layer: int) -> str:
        """delta_l."""
        return f"delta{layer + 1}" if self.has_theta else f"dZ{layer}"

    def dW(self, layer: int) -> str:
        """The gradient of a layer's weights."""
        name = self.W(layer)
        if self.gradients:
            return self.gradients[layer - 1]
        if not self.has_theta:
            return f"d{name}"
        return f"gradient{layer}" if name == f"theta{layer}" else f"{name}_grad"

    def b(self, layer: int) -> str:
        """The biases of a layer."""
        if self.has_theta:
            return f"{self.W(layer)}'s biases"
        return self.biases[layer - 1] if self.biases else ""

    def db(self, layer: int) -> str:
        """The gradient of a layer's biases."""
        if self.bias_gradients:
            return self.bias_gradients[layer - 1]
        return f"d{self.b(layer)}"

    # --- products

    def dot(self, first: str, second: str) -> str:
        """A matrix product."""
        return self.language.dot.format(first, second)

    def turned(self, name: str) -> str:
        """The transpose."""
        return self.language.transpose.format(name)

    def code(self, text: str) -> str:
        """Elementwise code in the person's language."""
        if self.language is PYTHON:
            return text
        return text.replace(" * ", " .* ").replace("**", ".^").replace("np.", "")

    def only_weights(self, layer: int) -> str:
        """The weights without the biases."""
        if not self.has_theta:
            return self.W(layer)
        cut = self.language.rest_of_rows if self.is_turned else self.language.rest
        return cut.format(self.W(layer))


def slope(style: Style, net: Network, layer: int) -> str:
    """f'(z) of a layer; "" for linear units."""
    unit = net.units[layer - 1]
    if unit is LINEAR or unit is SOFTMAX:
        return ""
    return style.code(unit.slope_code.format(z=style.z(layer)))


def delta(style: Style, net: Network, layer: int) -> str:
    """delta_l = ..."""
    factor = slope(style, net, layer)
    if layer == net.depth:
        value = f"{style.a(layer)} - Y"
        if not net.is_canonical and (factor or net.loss.times != 1):
            two = f"{net.loss.times:g} * " if net.loss.times != 1 else ""
            value = f"{two}({value})"
            value = style.language.times.format(value, factor) if factor else value
        if style.is_scaled and (scale := divided(style, net)):
            value = f"({value}){scale}"
        return f"{style.delta(layer)} = {value}"
    W, above = style.only_weights(layer + 1), style.delta(layer + 1)
    if style.is_columns:
        value = style.dot(W if style.is_turned else style.turned(W), above)
    else:
        value = style.dot(above, style.turned(W) if style.is_turned else W)
    if factor:
        grouped = f"({value})" if style.language is OCTAVE else value
        value = style.language.times.format(grouped, factor)
    return f"{style.delta(layer)} = {value}"


def weights(style: Style, net: Network, layer: int) -> str:
    """dW_l = ..., without the penalty."""
    a, d = style.a(layer - 1), style.delta(layer)
    if style.is_columns:
        pair = (a, style.turned(d)) if style.is_turned else (d, style.turned(a))
    else:
        pair = (style.turned(a), d) if style.is_turned else (style.turned(d), a)
    return f"{style.dW(layer)} = {style.dot(*pair)}{divided_late(style, net)}"


def biases(style: Style, net: Network, layer: int) -> str:
    """db_l = ..., where the biases are apart; else the weights' statement."""
    if style.has_theta or not style.biases:
        return weights(style, net, layer)
    cut = style.language.column_sum if style.is_columns else style.language.row_sum
    value = cut.format(style.delta(layer))
    return f"{style.db(layer)} = {value}{divided_late(style, net)}"


def divided(style: Style, net: Network) -> str:
    """' / m', or what the scale is."""
    code = net.scale.code.format(m=style.m)
    return f" / {code}" if code else ""


def divided_late(style: Style, net: Network) -> str:
    """The same for gradients, where their deltas are not divided already."""
    return "" if style.is_scaled else divided(style, net)


def penalty(style: Style, net: Network, layer: int) -> str:
    """What the penalty adds to a layer's gradient."""
    assert net.penalty is not None
    factor = net.penalty.code.format(lam=style.lam, m=style.m)
    name, added = style.dW(layer), style.W(layer)
    if style.has_theta and not net.penalty.has_biases:
        cut = style.language.rest_of_rows if style.is_turned else style.language.rest
        name, added = cut.format(name), cut.format(added)
    return plus(style, name, f"{factor} * {added}")


def gradient(style: Style, net: Network, layer: int) -> list[str]:
    """The statements of a layer's weights with their penalty, which replace theirs."""
    data = weights(style, net, layer)
    if net.penalty is None:
        return [data]
    if style.has_theta:
        return [data, penalty(style, net, layer)]
    factor = net.penalty.code.format(lam=style.lam, m=style.m)
    return [f"{data} + {factor} * {style.W(layer)}"]


def bias_gradient(style: Style, net: Network, layer: int) -> str:
    """The statement of biases that are apart, with their penalty if they have one."""
    data = biases(style, net, layer)
    if net.penalty is None or not net.penalty.has_biases or style.has_theta:
        return data
    factor = net.penalty.code.format(lam=style.lam, m=style.m)
    return f"{data} + {factor} * {style.b(layer)}"


def cost(style: Style, net: Network) -> list[str]:
    """J = ..., the right cost, and its penalty."""

    def total(text: str) -> str:
        return style.language.sum.format(style.code(text))

    data = total(net.loss.code.format(A=style.a(net.depth)))
    found = [f"J = {data}{divided(style, net)}"]
    if net.penalty is None:
        return found
    factor = net.penalty.cost_code.format(lam=style.lam, m=style.m)
    parts = [style.only_weights(n) for n in range(1, net.depth + 1)]
    if net.penalty.has_biases:
        parts = [*style.weights, *style.biases]
    squares = " + ".join(total(f"{part} ** 2") for part in parts)
    return [*found, plus(style, "J", f"{factor} * ({squares})")]


def plus(style: Style, name: str, added: str) -> str:
    """'name += added', or what Octave has for it."""
    twice = f"{name} = {name} +" if style.language is OCTAVE else f"{name} +="
    return f"{twice} {added}"
