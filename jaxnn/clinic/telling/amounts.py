"""A factor in words: what is divided or multiplied by what, and where."""

from jaxnn.clinic.edits.factors import LAYERWISE, Factor
from jaxnn.clinic.networks.network import MEAN, Network
from jaxnn.clinic.telling import formulas
from jaxnn.clinic.telling.formulas import Style
from jaxnn.clinic.telling.tables import table
from jaxnn.clinic.telling.words import Wording

# the right scale, "whole" or "penalty"; the expression; {where} says in which part
TEXTS = table(
    """
[averaged over the examples]
m: 1/m is missing{where}
  the cost is a mean over the examples, so its gradient is a mean too
1/m: 1/m is applied twice{where}
  a mean over the examples was divided by m again
1/2: 1/(2m) in place of 1/m{where}
  the cost's data term has no factor 1/2
1/k: the gradient is averaged over the classes as well{where}
  the cost is a sum over the classes; only the examples are averaged
[summed over the examples]
1/m: a mean over the examples in place of the sum{where}
  <sum>
m: an extra factor m{where}
  <sum>
[averaged over examples and outputs]
k: 1/k is missing{where}
  <mean>
m: 1/m is missing{where}
  <mean>
m k: 1/(m k) is missing{where}
  <mean>
1/m: 1/m is applied twice{where}
  a mean over the examples was divided by m again
[whole]
-1: the gradient is negated
  minus the gradient, the step downhill, was returned
m: nothing is divided by m
  the division by m at the end is missing, for the penalty too
1/m: everything is divided by m twice
  gradients that were divided by m already were divided again
[penalty]
m: not divided by m
  the penalty {cost} |W|^2 has the gradient {slope} W
2: twice as large
  the 2 from the square cancels the 2 in {cost}
1/2: half as large
  the factor 1/2 of the cost was kept, but the 2 from the square cancels it
1/m: divided by m twice
  the penalty was added to the sum before the sum was divided by m
""",
    sum="the cost is a sum over the examples, so its gradient is a sum too",
    mean="the cost is a mean over examples and outputs, so its gradient is too",
)
SIZES = {
    "m/inputs": "the number of the layer's inputs",
    "m/units": "the number of the layer's units",
}


def mistake(f: Factor, style: Style, net: Network) -> Wording:
    """A factor of the gradient in words."""
    name, why = in_words(f, style, net)
    fixes = dict.fromkeys(fixes_of(f, style, net))
    return Wording(name, why, tuple(fixes), divided_by(f, net))


def divided_by(f: Factor, net: Network) -> str:
    """'your code divides by 10, the number of classes'; "" for other factors."""
    if f.expression != "number":
        return ""
    hidden = ["the number of hidden units"] * (len(net.sizes) - 2)
    nouns = ["the number of inputs", *hidden, "the number of classes"]
    noun = dict(zip(net.sizes, nouns, strict=True)).get(int(f.number))
    return f"your code divides by {f.number:.0f}" + (f", {noun}" if noun else "")


def in_words(f: Factor, style: Style, net: Network) -> tuple[str, str]:
    """The name and the reason."""
    where = place(f, style, net)
    if f.target.endswith("penalty"):
        return of_penalty(f, where, net)
    if f.target == "whole" and f.expression in TEXTS["whole"] and net.scale is MEAN:
        return TEXTS["whole"][f.expression]
    if f.expression == "-1":
        if f.target == "whole":
            return TEXTS["whole"]["-1"]
        if f.target == "data":
            return (
                "the output delta has the wrong sign",
                "the error was written as target minus output",
            )
        return f"the wrong sign{where}", "the gradient points uphill in every part"
    if f.expression in LAYERWISE:
        size = SIZES.get(f.expression, f.expression)
        return (
            f"the gradient is divided by {size}, not by the number of examples",
            "the sum over the examples is divided by their number",
        )
    if f.expression == "number":
        return (
            f"a fixed number is used in place of m{where}",
            "the sums are divided by a number that is not the number of examples",
        )
    if text := TEXTS[net.scale.name].get(f.expression):
        return text[0].format(where=where), text[1]
    return (
        f"an extra factor {f.amount}{where}",
        f"the cost is {net.scale.name}, and its gradient has the same factor",
    )


def of_penalty(f: Factor, where: str, net: Network) -> tuple[str, str]:
    """A factor of the penalty."""
    head = f"the penalty{where.replace(' in ', ' of ', 1)}"
    if f.expression == "-1":
        return (
            f"{head} has the wrong sign",
            "the cost adds the penalty, so the gradient must add it too",
        )
    if f.expression == "number":
        return (
            f"a fixed number is used in place of m in {head}",
            "lambda is divided by a number that is not the number of examples",
        )
    known = net.penalty
    cost = known.name if known else "lambda/(2m)"
    slope = known.code.format(lam="lambda", m="m") if known else "lambda/m"
    if f.expression == "2m" and cost == "lambda/(2m)":
        return (
            f"{head} is 2 lambda theta",
            "this is the gradient of lambda |W|^2; the factor 1/(2m) is missing",
        )
    divided = f.expression not in ("m", "1/m") or "m" in cost.replace("lambda", "")
    if f.expression in TEXTS["penalty"] and divided:
        name, why = TEXTS["penalty"][f.expression]
        return f"{head} is {name}", why.format(cost=cost, slope=slope)
    return (
        f"{head} is {f.amount} times the right one",
        f"the penalty {cost} |W|^2 has the gradient {slope} W",
    )


def place(f: Factor, style: Style, net: Network) -> str:
    """' in theta1', ' in the gradient of the biases', or '' for everywhere."""
    W = style.W(f.layer) if f.layer else ""
    b = style.b(f.layer) if f.layer else ""
    if style.has_theta:
        parts = {"b": f" in the gradient of {b or 'the biases'}"}
        parts["W"] = f" in the gradient of {W + chr(39) + 's' if W else 'the'} weights"
        parts |= dict.fromkeys(("delta", "layer", "whole layer", "penalty"), f" in {W}")
        parts |= {"W penalty": parts["W"], "b penalty": parts["b"]}
    else:
        dW, db = (style.dW(f.layer), style.db(f.layer)) if W else ("", "")
        parts = {"b": f" in {db}" if b else " in the gradient of the biases"}
        parts["W"] = f" in {dW}" if W else " in the gradient of the weights"
        pair = f" in {dW} and {db}" if b else f" in {dW}"
        parts |= dict.fromkeys(("delta", "layer", "whole layer"), pair)
        both = net.penalty is not None and net.penalty.has_biases
        parts["penalty"] = f" in {W} and {b}" if b and both else f" in {W}"
        parts |= {"W penalty": f" in {W}", "b penalty": f" in {b}"}
    if f.target == "weights":
        parts["weights"] = parts["W"]
    if not f.layer and f.target not in ("b", "W", "weights", "W penalty", "b penalty"):
        return ""
    return parts.get(f.target, "")


WITH_BIASES = ("data", "whole", "delta", "layer", "whole layer", "b", "b penalty")


def fixes_of(f: Factor, style: Style, net: Network) -> list[str]:
    """The right statements of all parts that the factor multiplies."""
    layers = [f.layer] if f.layer else list(range(net.depth, 0, -1))
    found = []
    if f.target in ("data", "whole"):
        found.append(formulas.delta(style, net, net.depth))
    if f.target in ("delta", "layer"):
        found.append(formulas.delta(style, net, f.layer))
    for layer in layers:
        if f.target != "b" and f.target != "b penalty":
            found += formulas.gradient(style, net, layer)
        if f.target in WITH_BIASES and (style.biases or f.target == "b"):
            found.append(formulas.bias_gradient(style, net, layer))
    return found
