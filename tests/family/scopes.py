"""Mistakes in all layers, as a loop over them makes; and factors with a wrong scope."""

import re
from collections.abc import Iterator

from .layers import COST_PENALTY, layers, product
from .members import Member
from .mistakes import whole, wrong_only
from .steps import STEPS
from .writing import Edit, cost_penalty, penalized


def in_every_layer(member: Member, outputs: int = 3) -> tuple[Edit, ...]:
    """Each edit of a layer made in all layers that it fits, as in a loop over them."""
    return wrong_only(
        member, [*_in_loops(member), _errors_handed_back(member)], outputs
    )


def _in_loops(member: Member) -> Iterator[Edit]:
    """The edits that two layers or more have, each in all of these.

    Left out is what needs the weights of two layers, as no loop's line does.
    """
    for step, make in STEPS.items():
        found: dict[str, dict[str, str]] = {}
        for w in layers(member):
            for phrase, (line, what) in make(w).items():
                alike = re.sub(r"(?<=[A-Za-z])\d+", "#", phrase)
                found.setdefault(alike, {}).setdefault(line, what)
        for phrase, blocks in found.items():
            if len(blocks) > 1 and "@" not in phrase:
                yield whole(phrase, step, blocks)


def _errors_handed_back(member: Member) -> Edit:
    """Each layer's error is made of the error above it, which has no slope."""
    every = layers(member)[::-1]
    last, blocks = every[0], {}
    errors = {last.number: product(*last.error()[:2])}
    for w in every:
        error = errors.get(w.number) or w.after.back(f"E{w.number + 1}")
        slope = last.error()[2] if w.last else w.slope()
        delta = product(f"E{w.number}", slope)
        blocks[w.D] = f"E{w.number} = {error}\n{w.D} = {delta}"
    return whole("error before its slope handed back", "delta", blocks)


def wrong_scopes(member: Member) -> list[Edit]:
    """Factors of the cost that parentheses give to too few terms, or to too many."""
    w, found = layers(member)[-1], {}
    if (member.loss, member.scale) == ("binary cross-entropy", "m"):
        terms = f"np.sum(Y * np.log({w.A}))", f"np.sum((1 - Y) * np.log(1 - {w.A}))"
        found["1/m for the first term alone"] = "-({} / m + {})".format(*terms)
        found["1/m for the second term alone"] = "-({} + {} / m)".format(*terms)
        found["-1/m for the first term alone"] = "-1 / m * {} + {}".format(*terms)
    edits = [Edit(name, "cost", 0, ("J",), (f"J = {t}",)) for name, t in found.items()]
    for name, text in _penalty_scopes(member).items():
        edits.append(Edit(name, "cost", 0, ("J penalty",), (text,)))
    return edits


def _penalty_scopes(member: Member) -> dict[str, str]:
    """The same of the penalty, {phrase: its statement}."""
    if not member.penalty:
        return {}
    right, c = cost_penalty(member, penalized(member)), COST_PENALTY[member.penalty]
    found = {"divided by m with the sum": f"{right} / m"}
    for w in layers(member):
        squares = f"np.sum({w.penalized} ** 2)"
        instead = {
            "no factor": f" + {squares}",
            "no lambda": f" + {c.replace('lam', '1')} * {squares}",
            "half": f" + {c} / 2 * {squares}",
            "twice": f" + 2 * {c} * {squares}",
            "times m": f" + {c} * m * {squares}",
            "subtracted": f" - {c} * {squares}",
        }
        for phrase, text in instead.items():
            found[f"{w.W} {phrase}"] = f"{right} - {c} * {squares}{text}"
    return found
