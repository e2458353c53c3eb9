"""What a check notices besides mistakes: precision, side effects, faults of values."""

import numpy as np

from jaxnn.clinic.attempts import BARS
from jaxnn.clinic.calling import Answer, unchecked
from jaxnn.clinic.calling.modes import flat
from jaxnn.clinic.examination import Answers, is_step
from jaxnn.clinic.judgement import Judgement
from jaxnn.clinic.networks.problems import Layer
from jaxnn.clinic.telling import products
from jaxnn.clinic.telling.formulas import Style
from jaxnn.clinic.telling.lines import line
from jaxnn.clinic.telling.styles import style_of
from jaxnn.clinic.telling.words import Wording
from jaxnn.clinic.understanding import Understood

MANY = 100  # printed lines
LARGE = 60  # times the weights: some outputs are rounded to 1
PARAMETERS = ("params", "weights", "biases", "W", "b")


def faults(found: Understood) -> list[str]:
    """What is wrong with the returned values themselves; [] if they can be judged."""
    answer = found.attempt.answer
    if not answer.finding and not (answer.gradient is None and answer.trouble):
        return []
    text = answer.trouble or answer.finding
    fix = answer.hint or "end your function with: return J, gradient"
    if text == "the cost is complex":
        fix = "look for the logarithm or root of a negative number"
    if text.startswith("the cost is not one number"):
        fix = "add up everything: J = np.sum(...); Python's sum leaves the last axis"
    if (shaped := misshapen(found)) and answer.gradient is None:
        names = " and ".join(one.name for one in shaped)
        lines = [line("diagnosis", f"gradient: {names}")]
        # what an array is made of says more than that it is missing
        lines += [line("where", text)] if "one number" not in text else []
        lines += [line("why", one.why) for one in shaped]
        fixes = dict.fromkeys(fix for one in shaped for fix in one.fixes)
        return lines + [line("fix", one) for one in fixes]
    return [line("diagnosis", text), line("fix", fix)]


def misshapen(found: Understood) -> list[Wording]:
    """What gradients of a wrong shape are made of."""
    one, net = found.attempt, next(iter(found.networks), None)
    if net is None or one.answer.gradient is not None:
        return []
    answers = [one.way.ask(p, 0.0) for p in one.problems]
    style = style_of(found)
    return list(products.mistakes(answers, list(one.problems), net, style))


def nothing_yet(answers: Answers) -> list[str]:
    """What to say of a function whose cost or gradient is still 0."""
    costs = [one.cost for one in answers.every]
    has_cost = any(cost for cost in costs if cost is not None)
    if any(np.any(flat(one.gradient or ())) for one in answers.every):
        return []
    if has_cost:
        text = "nothing is computed yet in the gradient: every element is 0"
        step = "the cost is there; now compute the output delta, then go back by layers"
        return [line("diagnosis", text), line("fix", step)]
    text = "nothing is computed yet: the cost and the whole gradient are 0"
    step = "begin with the forward pass: sigmoid, then the outputs, then the cost J"
    return [line("diagnosis", text), line("fix", step)]


def not_numbers(answers: Answers, style: Style) -> list[str]:
    """What to say of values that are NaN or infinite, or differ from call to call."""
    for i, row in enumerate(answers.rows):
        for lam, one in zip(answers.lams, row, strict=True):
            if text := not_finite(one, style):
                m = len(answers.problems[i].y)
                text += f" with lambda {lam:g} and {m} examples"
                return [
                    line("diagnosis", text),
                    line(
                        "fix",
                        "look for log(0), a division by 0, np.empty for np.zeros",
                    ),
                ]
    first = answers.rows[0][0]
    again = answers.way.ask(answers.problems[0], answers.lams[0])
    same = np.allclose(first.cost or 0, again.cost or 0, rtol=1e-12, atol=0)
    if first.gradient and again.gradient:
        a, b = flat(first.gradient), flat(again.gradient)
        same = same and np.linalg.norm(a - b) <= 1e-9 * np.linalg.norm(a)
    if same:
        return []
    return [
        line("diagnosis", "two calls with the same arguments give different values"),
        line("fix", "remove everything random, and keep nothing from call to call"),
    ]


def has_guess(answers: Answers) -> bool:
    """Whether a cost is NaN or infinite, and has an argument that is a guess."""
    costs = [one.cost for one in answers.every if one.cost is not None]
    return bool(answers.way.subject.guessed) and not np.all(np.isfinite(costs))


def not_finite(one: Answer, style: Style) -> str:
    """Which value is NaN or infinite; "" if none is."""
    if one.cost is not None and not np.isfinite(one.cost):
        return "the cost is NaN or infinite"
    bad = [
        (layer, int((~np.isfinite(flat((each,)))).sum()))
        for layer, each in enumerate(one.gradient or (), 1)
        if not np.all(np.isfinite(flat((each,))))
    ]
    if not bad:
        return ""
    count = sum(many for _, many in bad)
    elements = "1 element" if count == 1 else f"{count} elements"
    where = " and ".join(style.W(layer) for layer, _ in bad)
    return f"the gradient of {where} is NaN or infinite ({elements})"


def changes(answers: Answers, is_idle: bool) -> list[str]:
    """Parameters changed in place are a mistake; other changes, and no lambda, warn."""
    way = answers.way
    found = []
    for role in sorted({role for one in answers.every for role in one.changed}):
        text = f"your function changes its argument {way.subject.name_of(role)}"
        if role.rstrip("0123456789") not in PARAMETERS:
            found.append(line("warning", f"{text}; work on a copy"))
        elif way.mode != "in place" and not is_step(answers):
            text += " in place, so whatever runs after it gets other weights"
            name = way.subject.name_of(role)
            found += [line("diagnosis", text), line("fix", f"{name} = {name}.copy()")]
    if is_idle:
        text = f"{way.lam} changes nothing: cost and gradient have no penalty"
        found.append(line("warning", text))
    if not way.lam and (kept := way.subject.settings):
        names = " or ".join(kept[:3])
        text = f"no lambda found; if it is {names}, add --convention NAME=lam"
        found.append(line("warning", text))
    return found


def notes(answers: Answers, found: Judgement | None) -> list[str]:
    """What else is noticed."""
    texts, way = [], answers.way
    if any(one.precision is np.float32 for one in answers.every):
        texts.append(
            "your function computes in float32: a difference below "
            f"{BARS[np.float32]:.0e} is rounding, not a mistake"
        )
    if answers.costs is None:
        texts.append("no cost (one number) came back; only the gradient was checked")
    if held := unchecked(way, answers.problems):
        verb = "keeps its value; its" if len(held) == 1 else "keep their values; their"
        texts.append(f"{' and '.join(held[:4])} {verb} gradient is not checked")
    if (several := len(answers.rows[0][0].costs)) > 1:
        texts.append(f"{several} costs were returned; number {way.pick + 1} was used")
    rate = found.rates[0] if found is not None and found.rates else 1.0
    if way.mode == "added":
        times = f"minus {rate:.6g} times" if rate != 1 else "minus"
        text = f"read as {times} the gradient: a step to add to the parameters"
        text += "; each fix is for the gradient" * (not found or not found.is_right)
        texts.append(text)
    elif rate != 1:
        texts.append(f"what came back is {rate:.6g} times the gradient: a rate")
    printed = max(one.lines for one in answers.every)
    if printed >= MANY:
        texts.append(f"your function prints {printed} lines per call; remove them")
    p = answers.problems[0]
    huge = tuple(
        Layer(LARGE * W, None if b is None else LARGE * b) for W, b in p.params
    )
    cost = way.ask(p._replace(params=huge), 0.0).cost
    if cost is not None and not np.isfinite(cost):
        texts.append(
            f"with weights {LARGE} times as large, the cost is {cost:g}: log(0)"
        )
    return [line("note", text) for text in texts]
