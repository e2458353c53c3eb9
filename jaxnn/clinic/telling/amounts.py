"""A factor in words: what is divided or multiplied by what, and where."""

from jaxnn.clinic.edits.factors import Factor
from jaxnn.clinic.networks.network import FACTORS, MEAN, Network
from jaxnn.clinic.telling import formulas
from jaxnn.clinic.telling.formulas import Style
from jaxnn.clinic.telling.word_table import table
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
[any]
-1: the wrong sign{where}
  the gradient points uphill in every part
m/inputs: the gradient is divided by the number of the layer's inputs, not of examples
  <count>
m/units: the gradient is divided by the number of the layer's units, not of examples
  <count>
1/inputs: the gradient is divided by 1/inputs, not by the number of examples
  <count>
1/units: the gradient is divided by 1/units, not by the number of examples
  <count>
number: a fixed number is used in place of m{where}
  the sums are divided by a number that is not the number of examples
[data]
-1: the output delta has the wrong sign
  the error was written as target minus output, which is right for a step to add
[sign]
-1: the gradient is negated
  minus the gradient, the step downhill, was returned
[whole]
-1: the gradient is negated
  minus the gradient, the step downhill, was returned
m: nothing is divided by m
  the division by m at the end is missing, for the penalty too
1/m: everything is divided by m twice
  gradients that were divided by m already were divided again
[penalty]
-1: {it} has the wrong sign
  the cost adds the penalty, so the gradient must add it too
number: a fixed number is used in place of m in {it}
  lambda is divided by a number that is not the number of examples
m: {it} is not divided by m
  the penalty {cost} |W|^2 has the gradient {slope} W
2m: {it} is 2 lambda theta
  this is the gradient of lambda |W|^2; the factor 1/(2m) is missing
lambda: {it} has lambda^2 in place of lambda
  the penalty {cost} |W|^2 has the gradient {slope} W
2: {it} is twice as large
  the 2 from the square cancels the 2 in {cost}
1/2: {it} is half as large
  the factor 1/2 of the cost was kept, but the 2 from the square cancels it
1/m: {it} is divided by m twice
  the penalty was added to the sum before the sum was divided by m
: {it} is {amount} times the right one
  the penalty {cost} |W|^2 has the gradient {slope} W
""",
    count="the sum over the examples is divided by their number",
    sum="the cost is a sum over the examples, so its gradient is a sum too",
    mean="the cost is a mean over examples and outputs, so its gradient is too",
)


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
    texts = dict(TEXTS["any"])
    if f.target == "whole":
        texts |= TEXTS["whole"] if net.scale is MEAN else TEXTS["sign"]
    elif f.target == "data":
        texts |= TEXTS["data"]
    other = (
        f"an extra factor {f.amount}{{where}}",
        f"the cost is {net.scale.name}, and its gradient has the same factor",
    )
    name, why = (TEXTS[net.scale.name] | texts).get(f.expression, other)
    return name.format(where=where), why


def of_penalty(f: Factor, where: str, net: Network) -> tuple[str, str]:
    """A factor of the penalty."""
    texts, known = TEXTS["penalty"], net.penalty or FACTORS[0]
    slope = known.code.format(lam="lambda", m="m")
    key = f.expression
    if key in ("m", "1/m") and "m" not in known.name.replace("lambda", ""):
        key = ""
    if key == "2m" and known.name != FACTORS[0].name:
        key = ""
    name, why = texts.get(key, texts[""])
    given = {"cost": known.name, "slope": slope, "amount": f.amount}
    given["it"] = f"the penalty{where.replace(' in ', ' of ', 1)}"
    return name.format(**given), why.format(**given)


def place(f: Factor, style: Style, net: Network) -> str:
    """' in theta1', ' in the gradient of the biases', or '' for everywhere."""
    if f.target == "back":
        return " in every hidden layer's delta"
    if not f.layer:
        kinds = {"b": "biases", "W": "weights", "weights": "weights"}
        only = kinds.get(f.target.removesuffix(" penalty"))
        return f" in the gradient of the {only}" if only else ""
    W, b, dW, db = (one(f.layer) for one in (style.W, style.b, style.dW, style.db))
    if style.has_theta:
        weights = f" in the gradient of {W}'s weights"
        biases = f" in the gradient of {b}"
        whole = penalty = f" in {W}"
        own = {"W penalty": weights, "b penalty": biases}
    else:
        weights, biases = f" in {dW}", f" in {db}"
        whole = f" in {dW} and {db}" if b else weights
        both = b and net.penalty is not None and net.penalty.has_biases
        penalty = f" in {W} and {b}" if both else f" in {W}"
        own = {"W penalty": f" in {W}", "b penalty": f" in {b}"}
    own |= {"W": weights, "weights": weights, "b": biases, "penalty": penalty}
    return own.get(f.target, whole)


WITH_BIASES = (
    "data",
    "whole",
    "back",
    "delta",
    "layer",
    "whole layer",
    "b",
    "b penalty",
)


def fixes_of(f: Factor, style: Style, net: Network) -> list[str]:
    """The right statements of all parts that the factor multiplies."""
    layers = [f.layer] if f.layer else list(range(net.depth, 0, -1))
    found = []
    if f.target == "back":
        layers = layers[1:]
        found += [formulas.delta(style, net, layer) for layer in layers]
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
