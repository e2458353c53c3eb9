"""An edit of the cost in words."""

import re
from collections.abc import Iterator

from jaxnn.clinic.edits.factors import Factor
from jaxnn.clinic.edits.hypotheses import Choice, Hypothesis
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.telling import amounts, words
from jaxnn.clinic.telling.formulas import Style, cost
from jaxnn.clinic.telling.word_table import table
from jaxnn.clinic.telling.words import Wording

OTHER = "this is a different cost"
TEXTS = table(
    """
[terms]
eps: log(a + eps) in place of log(a)
  a small number was added to avoid log(0), but it changes the cost
no log in first: the logarithm is left out of the first term
  the first term is Y log({a})
no log in second: the logarithm is left out of the second term
  the second term is (1 - Y) log(1 - {a})
first: only the first term, Y log({a})
  this is the cost for softmax; with sigmoids each output has a second term
second: only the second term, (1 - Y) log(1 - {a})
  the first term was overwritten or left out
sign of second: the second term has the wrong sign
  the minus sign applies to the first term only; it must apply to both
first not averaged: 1/m is missing in the first term, Y log({a})
  1/m multiplies the second term alone; put both terms in parentheses
second not averaged: 1/m is missing in the second term, (1 - Y) log(1 - {a})
  1/m multiplies the first term alone; put both terms in parentheses
second without factor: -1/m is missing in the second term, (1 - Y) log(1 - {a})
  -1/m multiplies the first term alone; put both terms in parentheses
no log: the logarithm is left out
  the cost is -Y log({a})
difference: the difference in place of the loss
  positive and negative errors cancel in a sum of differences
absolute: the absolute error in place of the loss
  <other>
square of the sum: the square of the summed error in place of the sum of squares
  square each error first, then sum
root: the norm of the error in place of the loss
  np.linalg.norm takes a square root
softmax: softmax cross-entropy in place of sigmoid cross-entropy
  the outputs of this network are separate sigmoids, not one softmax
sigmoid: sigmoid cross-entropy in place of {loss}
  the outputs of this network are {out}
log 10: the logarithm to base 10
  <log>
log 2: the logarithm to base 2
  <log>
matrix product: a matrix product in place of an element-wise product
  a matrix product combines each class with every other class
matrix product of examples: a matrix product in place of an element-wise product
  a matrix product combines each example with every other example
[data]
m: the cost is not averaged
  the sum over the examples was not divided by m
1/m: the cost is averaged twice
  a mean over the examples was divided by m again
1/2: the cost is divided by 2m
  only the penalty has the factor 1/2
1/k: the cost is averaged over the classes as well
  np.mean of a matrix divides by the number of all its elements
number: a fixed number is used in place of m in the cost
  the sum is divided by a number that is not the number of examples
[penalty]
2: the cost's penalty is twice as large
  lambda/m was written in place of lambda/(2m)
m^2: the cost's penalty is multiplied by m
  lam / 2 * m means (lam / 2) * m
m: the cost's penalty is not divided by m
  lambda/2 was written in place of lambda/(2m)
2m: the cost's penalty is not divided by 2m
  lambda was written in place of lambda/(2m)
1/m: the cost's penalty is divided by m twice
  a penalty with lambda/(2m) was added before everything was divided by m
lambda: the cost's penalty has lambda^2 in place of lambda
  lambda is multiplied by itself
1/2: the cost's penalty is half as large
  the factor 1/2 was applied twice
number: a fixed number is used in place of m in the cost's penalty
  lambda is divided by a number that is not the number of examples
[-1]
data: the minus sign of the cost is missing
  the logarithms of numbers below 1 are negative, so the sum needs a minus sign
penalty: the penalty is subtracted from the cost
  the minus sign applies to everything, the penalty included
whole: the cost is negated
  the log-likelihood, which should become large, was returned
[sums]
missing: the penalty is missing in the cost
  lambda times the sum of the squared weights was left out
not squared: the cost's penalty sums the weights, not their squares
  the weights were not squared
square of the sum: the cost's penalty squares the sum of the weights
  the sum was squared; square each weight first, then sum
norms: the cost's penalty sums the norms, not their squares
  np.linalg.norm takes a square root
absolute: the cost's penalty sums the absolute weights, not their squares
  this is another penalty
""",
    log="this cost is in nats, so its logarithm has base e",
    other=OTHER,
)


def mistakes(h: Hypothesis, style: Style, net: Network) -> Iterator[Wording]:
    """The edits of a cost in words."""
    right = cost(style, net)
    for c in h.choices:
        found = words_of(c, style, net)
        # labels and examples are mended where they are chosen, too; units there alone
        is_here = c.place in ("terms", "penalty", "lambda")
        elsewhere = () if is_here else found.fixes[:1]
        fixes = found.fixes if c.place == "forward" else (*elsewhere, *right)
        eps = f"eps = {h.rate:.3g}" if c.key == "eps" else found.detail
        yield found._replace(fixes=fixes, detail=eps)
    for f in h.parted:
        name, why = of_factor(f)
        if f.layer and f.target == "penalty":
            part = rf"{style.W(f.layer)}'s part of \g<0>"
            name = re.sub(r"the (cost's )?penalty", part, name)
        yield Wording(name, why, tuple(right), amounts.divided_by(f, net))


def words_of(c: Choice, style: Style, net: Network) -> Wording:
    """A choice in words, perhaps without its fix."""
    key = str(c.key).removesuffix(" apart")
    if c.place == "terms":
        loss = str(c.key[1]) if isinstance(c.key, tuple) else ""
        the = "the " if loss.startswith("s") else ""
        name, why = TEXTS["terms"].get(
            key, (f"{the}{loss} in place of {{loss}}", OTHER)
        )
        given = {
            "a": style.a(net.depth),
            "loss": net.loss.name.removeprefix("binary "),
            "out": net.units[-1].name,
        }
        return Wording(name.format(**given), why.format(**given), ())
    if c.place in ("penalty", "lambda") and not c.layer:
        if key in TEXTS["sums"]:
            return Wording(*TEXTS["sums"][key], ())
        every = [c._replace(layer=n) for n in range(net.depth, 0, -1)]
        return words.in_words(every, style, net)
    return words.in_words([c], style, net)


def of_factor(f: Factor) -> tuple[str, str]:
    """A factor in words."""
    if f.expression == "-1":
        return TEXTS["-1"][f.target]
    texts = TEXTS.get(f.target, {})
    if f.expression in texts:
        return texts[f.expression]
    what = {"whole": "the cost", "penalty": "the cost's penalty"}.get(
        f.target, "the cost without its penalty"
    )
    return f"{what} is {f.amount} times the right one", "check its factor"
