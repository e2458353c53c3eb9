"""What cannot be judged: a gradient without a cost, or of a cost that is not known."""

import ast
import contextlib
import re
import time
from collections.abc import Iterator

import numpy as np

from jaxnn.clinic.attempts import BARS, Attempt, plausible
from jaxnn.clinic.calling import Subject, Unusable
from jaxnn.clinic.calling.modes import flat
from jaxnn.clinic.calling.refusals import table
from jaxnn.clinic.edits import steps
from jaxnn.clinic.edits.fits import SLACK
from jaxnn.clinic.edits.hypotheses import parts
from jaxnn.clinic.examination import MANY, Answers, ask
from jaxnn.clinic.judgement import Judgement, against, judge
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Layer
from jaxnn.clinic.networks.units import (
    LEAKY,
    RELU,
    SIGMOID,
    SOFTMAX,
    TANH,
    Unit,
)
from jaxnn.clinic.telling import report
from jaxnn.clinic.telling.formulas import Style
from jaxnn.clinic.telling.lines import line
from jaxnn.clinic.telling.places import places
from jaxnn.clinic.understanding import Understood

PATIENCE = 4.0  # seconds for other networks
SPELLINGS = {  # how the text of a file shows a unit
    SIGMOID: "exp|sigm|expit|logistic|activ",
    SOFTMAX: "exp|softmax",
    TANH: "tanh|exp",
    RELU: "relu|max|where|clip|> ?0",
    LEAKY: "leak|where|0?[.]01",
}
ALONE = (
    "no cost came back, only a gradient: {}; name the cost as well: "
    "mywork.py:cost,gradient; or say what the network is: --expect 'tanh, softmax'"
)
Judged = tuple[Understood, Answers, Judgement]


def likelier(found: Understood, answers: Answers, judgment: Judgement) -> Judged:
    """The same, or with another network that explains what this one does not."""
    began, lams = time.process_time(), answers.lams
    is_open = not judgment.gradient and not judgment.cost
    if found.is_explained or not is_open or is_like(answers, judgment.net):
        return found, answers, judgment
    for one in sorted(found.others, key=oddity):
        other = Understood(one, (), False)
        with contextlib.suppress(Unusable):
            made = ask(other, lams[:1])
            given = made.rows[0][0].gradient
            is_live = given is not None and all(map(np.any, parts(given)))
            for net in likely(one) if is_live else ():
                if time.process_time() - began > PATIENCE:
                    return found, answers, judgment
                tried = against(net, made, 1)
                if tried.gradient and tried.cost != ():
                    other, made = other._replace(networks=(net,)), ask(other, lams)
                    return other, made, judge(other, made, None)
    return found, answers, judgment


def oddity(one: Attempt) -> tuple[bool, int]:
    """How unusual labels and sizes are."""
    sizes = one.way.sizes
    return one.way.form.labels != "one-hot", sum(sizes)


def likely(one: Attempt) -> Iterator[Network]:
    """The networks whose units the file may have in it."""
    trees = [each for part in one.way.subject.parts for each in part.trees]
    text = "\n".join(map(ast.unparse, trees)).lower()
    for net in plausible(one):
        if not text or all(is_spelled(unit, text) for unit in net.units):
            yield net


def is_spelled(unit: Unit, text: str) -> bool:
    """Whether a text may have this unit in it; the linear one shows in no text."""
    return bool(re.search(SPELLINGS.get(unit, ""), text))


def is_like(answers: Answers, net: Network) -> bool:
    """Whether the last layer's weights have a multiple of the network's gradient."""
    p, given = answers.problems[0], answers.rows[0][0].gradient
    assert given is not None
    ours = steps.right(steps.values(net, p, 0.0, given))[-1].W
    is_one = given[-1].W.size == 1  # any number is a multiple of another one
    return is_one or steps.ratio(ours, given[-1].W, SLACK * answers.bar) is not None


def doubt(answers: Answers, judgment: Judgement) -> str:
    """Why a gradient may be right that is that of no known cost; "" if it may not."""
    net, way = judgment.net, answers.way
    if judgment.cost == judgment.gradient == () and (step := hindrance(answers)):
        return f"its cost is that of no network known here; {step}"
    if judgment.cost is not None or judgment.is_right:
        return ""
    if is_unused(answers):
        return (
            "its biases change nothing; leave them out of what is passed and returned"
        )
    if not judgment.gradient:
        why = "that of no known network"
        # one delta makes the whole gradient of a single output a multiple
        is_any = way.single and way.sizes[-1] == 1
        return "" if is_like(answers, net) and not is_any else ALONE.format(why)
    h, adds = judgment.gradient[0], way.subject.parts[-1].adds
    whole = [f for f in h.factors if f.target in ("whole", "data")]
    is_negative = any(max(f.values) < 0 for f in whole)
    if is_negative and way.mode in ("gradient", "step") and adds == 0:
        why = f"minus that of {net.in_words()}, as a step to add is"
        return ALONE.format(why)
    if any(c.place == "error" for c in h.choices):
        return ALONE.format(f"not that of {net.in_words()}, perhaps of another cost")
    return ""


def is_unused(answers: Answers) -> bool:
    """Whether other biases give the same gradient by the weights."""
    p = answers.problems[0]
    if p.params[0].b is None:
        return False
    other = tuple(Layer(W, None if b is None else b + 1.0) for W, b in p.params)
    made = answers.way.ask(p._replace(params=other), answers.lams[0]).gradient
    given = answers.rows[0][0].gradient
    if made is None or given is None:
        return False
    return all(np.array_equal(a.W, b.W) for a, b in zip(made, given, strict=True))


def guess(s: Subject) -> str:
    """What to do where a cost may come from the wrong value of an argument."""
    names = " and ".join(s.guessed)
    return (
        f"{s.title}: its cost is that of no network, perhaps because {names} is not "
        "what was passed; give it the name of what your forward pass returns\n"
    ) + "\n".join(table(s))


def hindrance(answers: Answers) -> str:
    """What to do where no differences of its own cost can judge a gradient, or ""."""
    if answers.way.mode != "gradient":
        return "return the gradient itself, then it is compared with differences"
    if answers.bar > BARS[np.float64]:
        return "compute in float64, then differences can judge the gradient"
    is_large = len(flat(answers.problems[0].params)) > MANY
    return "make it work for smaller layers, like --layers 8 5 3" if is_large else ""


def own_cost(answers: Answers, judgment: Judgement, style: Style) -> list[str]:
    """Where a gradient is not that of its own cost, which is of no known network."""
    if not judgment.cost == judgment.gradient == ():
        return []
    lines = report.values(answers, judgment, style, 0)
    text = "gradient: it is not that of your cost, by central differences"
    m, bar = len(answers.problems[0].y), answers.bar
    given = report.given_gradients(answers, judgment, 0)
    where = places(given, report.truth(answers, judgment, 0), style, bar, m)
    lines += [line("diagnosis", text), *(line("where", str(one)) for one in where)]
    return [*lines, line("note", "no mistake can be named: the cost is not known here")]
