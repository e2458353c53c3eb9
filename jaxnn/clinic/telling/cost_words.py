"""An edit of the cost in words."""

from collections.abc import Iterator

from jaxnn.clinic.edits.factors import Factor
from jaxnn.clinic.edits.hypotheses import Choice, Hypothesis
from jaxnn.clinic.edits.steps import Key
from jaxnn.clinic.networks.network import MEAN, Network
from jaxnn.clinic.telling import words
from jaxnn.clinic.telling.statements import Style
from jaxnn.clinic.telling.words import Mistake

LOG = "this cost is in nats, so its logarithm has base e"
LIKELIHOOD = "this is a different cost"
# name, why
TERMS: dict[Key, tuple[str, str]] = {
    "eps": (
        "log(a + eps) in place of log(a)",
        "a small number was added to avoid log(0), but it changes the cost",
    ),
    "no log in first": (
        "the logarithm is left out of the first term",
        "the first term is Y log({a})",
    ),
    "no log in second": (
        "the logarithm is left out of the second term",
        "the second term is (1 - Y) log(1 - {a})",
    ),
    "first": (
        "only the first term, Y log({a})",
        "this is the cost for softmax; with sigmoids each output has a second term",
    ),
    "second": (
        "only the second term, (1 - Y) log(1 - {a})",
        "the first term was overwritten or left out",
    ),
    "sign of second": (
        "the second term has the wrong sign",
        "the minus sign applies to the first term only; it must apply to both",
    ),
    "no log": ("the logarithm is left out", "the cost is -Y log({a})"),
    "difference": (
        "the difference in place of the loss",
        "positive and negative errors cancel in a sum of differences",
    ),
    "absolute": ("the absolute error in place of the loss", LIKELIHOOD),
    "square of the sum": (
        "the square of the summed error in place of the sum of squares",
        "square each error first, then sum",
    ),
    "root": (
        "the norm of the error in place of the loss",
        "np.linalg.norm takes a square root",
    ),
    "softmax": (
        "softmax cross-entropy in place of sigmoid cross-entropy",
        "the outputs of this network are separate sigmoids, not one softmax",
    ),
    "sigmoid": (
        "sigmoid cross-entropy in place of {loss}",
        "the outputs of this network are {out}",
    ),
    "log 10": ("the logarithm to base 10", LOG),
    "log 2": ("the logarithm to base 2", LOG),
    "matrix product": (
        "a matrix product in place of an element-wise product",
        "a matrix product combines each class with every other class",
    ),
    "matrix product of examples": (
        "a matrix product in place of an element-wise product",
        "a matrix product combines each example with every other example",
    ),
}
SCALES = {
    "m": (
        "the cost is not averaged",
        "the sum over the examples was not divided by m",
    ),
    "1/m": (
        "the cost is averaged twice",
        "a mean over the examples was divided by m again",
    ),
    "1/2": ("the cost is divided by 2m", "only the penalty has the factor 1/2"),
    "1/k": (
        "the cost is averaged over the classes as well",
        "np.mean of a matrix divides by the number of all its elements",
    ),
    "number": (
        "a fixed number is used in place of m in the cost",
        "the sum is divided by a number that is not the number of examples",
    ),
}
PENALTIES = {
    "2": ("is twice as large", "lambda/m was written in place of lambda/(2m)"),
    "m^2": ("is multiplied by m", "lam / 2 * m means (lam / 2) * m"),
    "m": ("is not divided by m", "lambda/2 was written in place of lambda/(2m)"),
    "2m": ("is not divided by 2m", "lambda was written in place of lambda/(2m)"),
    "1/m": (
        "is divided by m twice",
        "a penalty with lambda/(2m) was added before everything was divided by m",
    ),
    "1/2": ("is half as large", "the factor 1/2 was applied twice"),
}
SIGNS = {
    "data": (
        "the minus sign of the cost is missing",
        "the logarithms of numbers below 1 are negative, so the sum needs a minus sign",
    ),
    "penalty": (
        "the penalty is subtracted from the cost",
        "the minus sign applies to everything, the penalty included",
    ),
    "whole": (
        "the cost is negated",
        "the log-likelihood, which should become large, was returned",
    ),
}
SUMS = {
    "not squared": (
        "the cost's penalty sums the weights, not their squares",
        "the weights were not squared",
    ),
    "square of the sum": (
        "the cost's penalty squares the sum of the weights",
        "the sum was squared; square each weight first, then sum",
    ),
    "norms": (
        "the cost's penalty sums the norms, not their squares",
        "np.linalg.norm takes a square root",
    ),
    "absolute": (
        "the cost's penalty sums the absolute weights, not their squares",
        "this is another penalty",
    ),
}


def mistakes(h: Hypothesis, style: Style, net: Network) -> Iterator[Mistake]:
    """The edits of a cost in words."""
    for c in h.choices:
        yield of_choice(c, style, net)
    for part in (part for f in h.factors for part in f.apart):
        name, why = of_factor(part)
        yield Mistake(name, why, (formula(style, net),))


def of_choice(c: Choice, style: Style, net: Network) -> Mistake:
    """A choice in words."""
    if c.place == "terms":
        text = TERMS.get(c.key)
        if text is None:
            assert isinstance(c.key, tuple)
            text = (
                f"{('the ' * (c.key[1][0] == 's') + c.key[1])} in place of {{loss}}",
                "",
            )
        given = {
            "a": style.a(net.depth),
            "loss": net.loss.name.removeprefix("binary "),
            "out": net.units[-1].name,
        }
        name, why = (one.format(**given) for one in text)
        return Mistake(name, why or LIKELIHOOD, (formula(style, net),))
    if c.place == "penalty":
        return of_squares(c, style, net)
    found = words.in_words([c], style, net)
    return found._replace(fixes=(*found.fixes[:1], formula(style, net)))


def of_squares(c: Choice, style: Style, net: Network) -> Mistake:
    """What the penalty sums, in words."""
    if (key := str(c.key).removesuffix(" apart")) in SUMS:
        name, why = SUMS[key]
        return Mistake(name, why, (formula(style, net),))
    if c.key == "missing" and not c.layer:
        return Mistake(
            "the penalty is missing in the cost",
            "lambda times the sum of the squared weights was left out",
            (formula(style, net),),
        )
    layers = [c.layer] if c.layer else range(net.depth, 0, -1)
    found = words.in_words([c._replace(layer=n) for n in layers], style, net)
    return found._replace(fixes=(formula(style, net),))


def of_factor(f: Factor) -> tuple[str, str]:
    """A factor in words."""
    if f.expression == "-1":
        return SIGNS[f.target]
    amount = f.number if f.expression == "constant" else None
    shown = f.expression if amount is None else f"{amount:.6g}"
    if f.target == "penalty":
        if f.expression in PENALTIES:
            text, why = PENALTIES[f.expression]
            return f"the cost's penalty {text}", why
        if f.expression == "number":
            return (
                "a fixed number is used in place of m in the cost's penalty",
                "lambda is divided by a number that is not the number of examples",
            )
        return f"the cost's penalty is {shown} times the right one", "check its factor"
    if f.target == "data" and f.expression in SCALES:
        return SCALES[f.expression]
    what = "the cost" if f.target == "whole" else "the cost without its penalty"
    return f"{what} is {shown} times the right one", "check its factor"


def formula(style: Style, net: Network) -> str:
    """J = ..., the right cost as a statement."""
    A = style.a(net.depth)
    if net.loss.code.startswith("-Y"):
        log = f"np.log({A})"
        inner = f"Y * {log}"
        if "1 - Y" in net.loss.code:
            inner += f" + (1 - Y) * np.log(1 - {A})"
        data = f"-np.sum({inner})"
    else:
        data = f"np.sum({net.loss.code.format(A=A)})"
    scale = net.scale.code.format(m=style.m)
    found = f"J = {data}" + (f" / {scale}" if scale else "")
    if net.penalty is not None:
        cost = net.penalty.cost_code.format(lam=style.lam, m=style.m)
        parts = [style.only_weights(n) for n in range(1, net.depth + 1)]
        if net.penalty.has_biases:
            parts = [*map(style.W, range(1, net.depth + 1)), *style.biases]
        squares = " + ".join(f"np.sum({part} ** 2)" for part in parts)
        found += f" + {cost} * ({squares})"
    return octave(found) if style.language is not statements_python(style) else found


def statements_python(style: Style) -> object:
    """Python's way to write products."""
    from jaxnn.clinic.telling.statements import PYTHON

    return PYTHON


def octave(text: str) -> str:
    """The same statement in Octave, whose sum is over columns."""
    text = text.replace("np.sum(", "sum(sum(").replace("np.", "")
    text = text.replace(" * ", " .* ").replace(" ** ", " .^ ")
    depth, out, doubled = 0, [], []
    for i, c in enumerate(text):
        out.append(c)
        if text[: i + 1].endswith("sum(sum("):
            doubled.append(depth + 1)
        depth += (c == "(") - (c == ")")
        if c == ")" and doubled and depth < doubled[-1]:
            out.append(")")
            doubled.pop()
            depth -= 1
    return "".join(out)


__all__ = ["MEAN", "formula", "mistakes"]
