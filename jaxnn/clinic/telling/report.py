"""The findings of a check in words: one line each, with its heading."""

from collections.abc import Iterator, Sequence

import numpy as np

from jaxnn.clinic.attempts import BARS
from jaxnn.clinic.edits.fits import gaps
from jaxnn.clinic.edits.hypotheses import NONE, Hypothesis
from jaxnn.clinic.examination import NEAR, Answers, is_consistent, numeric
from jaxnn.clinic.judgement import Judgement
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.networks.problems import Layer, Params
from jaxnn.clinic.telling import amounts, cost_words, formulas, words
from jaxnn.clinic.telling.formulas import Style
from jaxnn.clinic.telling.lines import SMALL, line
from jaxnn.clinic.telling.places import ADDED, AT_ZERO, Place, places
from jaxnn.clinic.telling.words import Wording
from jaxnn.clinic.understanding import Understood

OTHERS = 2  # explanations listed after the first


def understood_as(understood: Understood, found: Judgement | None) -> list[str]:
    """Which network, and how the function is called."""
    way = understood.attempt.way
    net = found.net if found else next(iter(understood.networks), None)
    text = "-".join(map(str, way.sizes))
    if net is not None:
        text = net.in_words()
        if found is None and way.lam:  # nothing is known of its penalty yet
            text = text.removesuffix("; no penalty")
    if understood.attempt.answer.cost is None:
        text += " (as its gradient says: no scalar cost came back)"
    elif not understood.is_explained and not (found and found.is_right):
        text += " (nearest to your cost, which is that of no network known here)"
    parts = len(way.subject.parts)
    count = {1: "one function", 2: "two functions"}.get(parts, f"{parts} functions")
    m = len(understood.attempt.problems[0].y)
    examples = "1 example" if m == 1 else f"{m} examples"
    return [
        line("understood", text),
        line("called", f"{count}; {way.in_words()}; {examples}"),
    ]


def first_wrong(answers: Answers, net: Network) -> int:
    """The first problem on which cost or gradient is wrong; 0 if there is none."""
    for i, p in enumerate(answers.problems):
        for lam, one in zip(answers.lams, answers.rows[i], strict=True):
            assert one.gradient is not None
            cost = one.cost
            if cost is not None and not same(cost, net.cost_of(p, lam), answers):
                return i
            if max(gaps(net.gradient_of(p, lam), one.gradient)) > answers.bar:
                return i
    return 0


def same(a: float, b: float, answers: Answers) -> bool:
    """Whether two costs are equal up to rounding."""
    return abs(a - b) <= answers.bar * abs(b)


def truth(answers: Answers, found: Judgement, i: int) -> list[Params]:
    """The right gradient of problem i at every lambda.

    It is the network's; where the cost is that of no network, the differences of the
    person's own cost.
    """
    p, way = answers.problems[i], answers.way
    is_open = found.cost == () and NONE not in found.gradient
    is_open = is_open and answers.bar <= BARS[np.float64]
    if is_open and (own := numeric(way, p, answers.lams[0])) is not None:
        more = [numeric(way, p, lam) for lam in answers.lams[1:]]
        return [own, *(one for one in more if one is not None)]
    return [found.net.gradient_of(p, lam) for lam in answers.lams]


def values(answers: Answers, found: Judgement, style: Style, i: int) -> list[str]:
    """A line with the cost at each lambda, and one for each layer."""
    lines, p = [], answers.problems[i]
    if answers.costs is not None:
        texts = []
        for lam, given in zip(answers.lams, answers.costs[i], strict=True):
            ours = found.net.cost_of(p, lam)
            word = "ok"
            if not same(given, ours, answers):
                word = f"WRONG, should be {ours:.6f}" if found.cost else "not known"
            texts.append(f"lambda {lam:g}: {given:.6f} {word}")
        lines.append(line("cost", "     ".join(texts)))
    given = given_gradients(answers, found, i)
    table = np.array(
        [gaps(a, b) for a, b in zip(truth(answers, found, i), given, strict=True)]
    )
    has_biases = answers.way.has_biases
    for layer in range(1, found.net.depth + 1):
        column = (layer - 1) * (1 + has_biases)
        text = f"weights {agreement(table[:, column], answers)}"
        if has_biases:
            text = f"{text:<39} bias {agreement(table[:, column + 1], answers)}"
        lines.append(line(style.W(layer), text))
    return lines


def given_gradients(answers: Answers, found: Judgement, i: int) -> list[Params]:
    """The person's gradients on problem i, the rate of a step divided out."""
    rate = found.rates[i] if found.rates else 1.0
    rows = [one.gradient for one in answers.rows[i] if one.gradient is not None]
    return [
        tuple(Layer(W / rate, None if b is None else b / rate) for W, b in row)
        for row in rows
    ]


def agreement(found: np.ndarray, answers: Answers) -> str:
    """'ok 1.2e-16', or 'WRONG by 0.5', and whether lambda 0 is right."""
    if found.max() <= answers.bar:
        return f"ok {found.max():.1e}"
    at_zero = len(found) > 1 and found[0] <= answers.bar
    return f"WRONG by {found.max():.1e}" + (" (lambda 0: ok)" if at_zero else "")


def passed(answers: Answers, found: Judgement) -> str:
    """The verdict on a correct function."""
    worst = 0.0
    for i, p in enumerate(answers.problems):
        given = given_gradients(answers, found, i)
        for lam, one in zip(answers.lams, given, strict=True):
            worst = max(worst, *gaps(found.net.gradient_of(p, lam), one))
    what = "cost and gradient are" if answers.costs else "the gradient is"
    lams = " and ".join(f"{lam:g}" for lam in answers.lams)
    return line(
        "PASS",
        f"{what} right at lambda {lams}; largest relative difference {worst:.1e}",
    )


def passed_alone(found: Judgement, style: Style) -> str:
    """The verdict on a gradient that is right for a cost of no known network."""
    text = "your gradient is that of your cost, by central differences; "
    if not found.cost:
        return line("PASS", text + "the cost is that of no network known here")
    near = mistakes(found.cost[0], "cost", style, found.net)
    names = " and ".join(one.name for one in near)
    return line("PASS", f"{text}the nearest known cost differs: {names}")


def mistakes(h: Hypothesis, kind: str, style: Style, net: Network) -> list[Wording]:
    """The edits of a hypothesis in words."""
    if kind == "cost":
        return list(cost_words.mistakes(h, style, net))
    edits = words.mistakes(h, style, net)
    return [*edits, *(amounts.mistake(f, style, net) for f in h.parted)]


def diagnosis(
    h: Sequence[Hypothesis], kind: str, style: Style, net: Network
) -> Iterator[str]:
    """What is wrong with cost or gradient, why, and the right statements."""
    first, *others = h
    found = mistakes(first, kind, style, net)
    names = [" and ".join(map(str, found))]
    yield line("diagnosis", f"{kind}: {names[0]}")
    yield from (line("why", one.why) for one in found)
    for fix in dict.fromkeys(fix for one in found for fix in one.fixes):
        yield line("fix", fix)
    for other in others:
        text = " and ".join(map(str, mistakes(other, kind, style, net)))
        is_plain = len(other.choices) <= len(first.choices)
        if is_plain and text not in names and len(names) <= OTHERS:
            names.append(text)
            yield line("or", f"{text}; this gives the same {kind}")


def unexplained(
    answers: Answers, found: Judgement, kind: str, style: Style, i: int
) -> list[str]:
    """Where the value is wrong, if no known mistakes explain it."""
    text = "wrong, but no known mistake explains it, alone or with one or two others"
    lines = [line("diagnosis", f"{kind}: {text}")]
    if i:
        few, many = (len(answers.problems[n].y) for n in (0, i))
        lines.append(line("where", f"right with {few} examples, wrong with {many}"))
    if kind == "cost":
        right = "; ".join(formulas.cost(style, found.net))
        return [*lines, line("fix", f"compare term by term: {right}")]
    m, bar = len(answers.problems[i].y), answers.bar
    given = given_gradients(answers, found, i)
    where = places(given, truth(answers, found, i), style, bar, m)
    lines += [line("where", str(place)) for place in where]
    return lines + [line("fix", fix) for fix in remedies(where, style, found.net)]


def remedies(where: Sequence[Place], style: Style, net: Network) -> list[str]:
    """The right statements of the wrong places, from the output back."""
    if layer := max((one.layer for one in where if one.what == AT_ZERO), default=0):
        found = [formulas.delta(style, net, layer)]
        found += formulas.gradient(style, net, layer)
        found.append(formulas.bias_gradient(style, net, layer))
    else:
        layers = [place.layer for place in where if place.what == ADDED]
        found = [fix for n in layers for fix in formulas.gradient(style, net, n)]
    return list(dict.fromkeys(found))


def is_close(answers: Answers, found: Judgement, i: int) -> bool:
    """Whether the gradient is right up to the digits that differences have."""
    given = given_gradients(answers, found, i)
    pairs = zip(truth(answers, found, i), given, strict=True)
    return all(max(gaps(a, b)) <= NEAR for a, b in pairs)


def verdict(
    answers: Answers, found: Judgement, style: Style
) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    """The lines about what is wrong, and the mistakes in cost and gradient by name."""
    i = first_wrong(answers, found.net)
    lines = values(answers, found, style, i)
    names: dict[str, tuple[str, ...]] = {"cost": (), "gradient": ()}
    if found.cost is not None and NONE not in found.cost and is_consistent(answers):
        text = "your gradient is the gradient of your cost, but both are wrong"
        lines.append(line("note", text))
    for kind, h in (("cost", found.cost), ("gradient", found.gradient)):
        if h is None or NONE in h:
            continue
        if not h and kind == "gradient" and is_close(answers, found, i):
            if found.cost != ():  # else it is that of their own cost, whatever that is
                lines += SMALL
            continue
        if not h:
            lines += unexplained(answers, found, kind, style, i)
            continue
        lines += diagnosis(h, kind, style, found.net)
        names[kind] = tuple(one.name for one in mistakes(h[0], kind, style, found.net))
    return lines, names["cost"], names["gradient"]
