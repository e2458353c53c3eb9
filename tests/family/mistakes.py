"""Every single mistake in the derivation of a member, and what equals what."""

import functools
import re
from collections.abc import Iterable, Iterator

import numpy as np

from .judging import Layers, gap, probes, run
from .layers import COST_PENALTY, layers
from .members import Member, array_names
from .packing import in_lists, unrolled
from .steps import SCALES, STEPS, Slips
from .writing import (
    Edit,
    add_penalty,
    cost_penalty,
    data_cost,
    penalized,
    source,
    statements,
)

Values = list[tuple[float, Layers]]  # the cost and the gradient of each probe

WHOLE_SCALES = SCALES | {
    "divided by 2 m": " / (2 * m)",
    "divided by 2": " / 2",
    "divided by 5000": " / 5000",
}
CONSTANTS = ("lam", "lam / m", "2 * lam", "2 * lam / m", "lam / 2", "lam / (2 * m)")
EVERYWHERE = (  # made in all layers as well
    "penalty missing",
    "penalty's sign",
    "biases as well",
    "biases left out",
    "ones for the biases",
)
COST = {  # how a part of the cost's statement is rewritten; {a} are the outputs
    "logarithm missing": ("np.log({a})", "{a}"),
    "logarithm missing in the second term": ("np.log(1 - {a})", "(1 - {a})"),
    "logarithm to base 10": ("np.log(", "np.log10("),
    "logarithm to base 2": ("np.log(", "np.log2("),
    "first term alone": (" + (1 - Y) * np.log(1 - {a})", ""),
    "second term alone": ("Y * np.log({a}) + ", ""),
    "second term's sign": (" + ", " - "),
    "minus missing": ("-np.sum", "np.sum"),
    "sign": ("np.sum((", "-np.sum(("),
    "mean in place of the sum": ("np.sum", "np.mean"),
    "labels shifted": ("Y", "np.roll(Y, 1, axis={units})"),
    "not squared": (" ** 2", ""),
    "absolute values": ("({a} - Y) ** 2", "np.abs({a} - Y)"),
    "square of the sum": ("(({a} - Y) ** 2)", "({a} - Y) ** 2"),
    "root": ("np.sum(({a} - Y) ** 2)", "np.sqrt(np.sum(({a} - Y) ** 2))"),
    "squared error in its place": ("-np.sum({inner})", "np.sum(({a} - Y) ** 2)"),
}


def edits(member: Member, outputs: int = 3, times: int = 1) -> tuple[Edit, ...]:
    """Every kind of edit, in at most `times` of the layers that it fits.

    Left out are those that do not run for every size, or compute the right numbers.
    """
    return wrong_only(member, [*_in_layers(member, times), *_in_all(member)], outputs)


def wrong_only(member: Member, every: list[Edit], outputs: int) -> tuple[Edit, ...]:
    """Those that run for every size and do not compute the right numbers."""
    right, wrong = _values(member, (), outputs), []
    first = {(edit.line, edit.what): edit for edit in reversed(every)}
    for edit in reversed(first.values()):
        try:
            found = _values(member, (edit,), outputs)
        except (ValueError, IndexError):
            continue  # shapes that do not fit
        if _finite(found) and not _agree(found, right):
            wrong.append(edit)
    return tuple(wrong)


def same(
    member: Member, a: Iterable[Edit], b: Iterable[Edit], outputs: int = 3
) -> bool:
    """Whether both files compute the same cost and gradient, to 1e-9."""
    return _agree(*(_values(member, tuple(made), outputs) for made in (a, b)))


@functools.lru_cache(maxsize=4096)
def _values(member: Member, made: tuple[Edit, ...], outputs: int) -> Values:
    """What the file computes for the two probes."""
    text = source(member, made)
    return [run(text, member, p, lam=1.3) for p in probes(member, outputs)]


def _agree(one: Values, other: Values) -> bool:
    """Whether the values of two files agree."""
    return all(
        abs(a - b) <= 1e-9 * (abs(a) + abs(b)) and gap(g, h) <= 1e-9
        for (a, g), (b, h) in zip(one, other, strict=True)
    )


def _finite(values: Values) -> bool:
    """Whether all values are numbers."""
    arrays = [a for _, g in values for layer in g for a in layer if a is not None]
    return all(np.isfinite(a).all() for a in [*arrays, [cost for cost, _ in values]])


def _in_layers(member: Member, times: int) -> Iterator[Edit]:
    """The edits of one layer, and some of them in all layers."""
    turn = len(repr(member))  # so that not all members have a kind in the same layer
    for step, make in STEPS.items():
        made = {w.number: slips for w in layers(member) if (slips := make(w))}
        for position, (number, slips) in enumerate(made.items()):
            for i, (phrase, (line, what)) in enumerate(slips.items()):
                if (i + position + turn) % len(made) < times:
                    name = f"{line.split()[0]}: {phrase}"
                    yield Edit(name, step, number, (line,), (what,))
        for phrase in EVERYWHERE if step == "penalty" and len(made) > 1 else ():
            found = dict(slips[phrase] for slips in made.values() if phrase in slips)
            if found:
                yield whole(phrase, step, found)


def _in_all(member: Member) -> Iterator[Edit]:
    """The edits of all layers together, and of the lines before and after them."""
    every = layers(member)
    for phrase, scale in WHOLE_SCALES.items():
        blocks = {w.G: f"{w.G} = {w.outer()}{scale}" for w in every}
        if member.biases == "apart":
            blocks |= {w.db: f"{w.db} = {w.bias_sum()}{scale}" for w in every}
        yield whole(phrase, "scale", blocks)
    for c in CONSTANTS if member.penalty else ():
        added = {w: add_penalty(w, f"{c} * {w.penalized}") for w in every}
        blocks = {f"{w.G} penalty": text for w, text in added.items()}
        yield whole(f"penalty {c}", "penalty", blocks)
    made = {"order": _order(member), "cost": _cost(member) | _cost_penalty(member)}
    for step, found in made.items():
        for phrase, (line, what) in found.items():
            yield Edit(f"{line.split()[0]}: {phrase}", step, 0, (line,), (what,))


def whole(phrase: str, step: str, blocks: dict[str, str]) -> Edit:
    """One edit of several blocks."""
    return Edit(f"all layers: {phrase}", step, 0, (*blocks,), (*blocks.values(),))


def _order(member: Member) -> Slips:
    """What happens to the finished gradient."""
    names, right = array_names(member, gradient=True), statements(member)
    line = "grad" if "grad" in right else "return"
    texts = {
        "everything negated": [f"{name} = -{name}" for name in names],
        "everything divided by m": [f"{name} = {name} / m" for name in names],
    }
    texts = {phrase: "\n".join([*made, right[line]]) for phrase, made in texts.items()}
    step = 2 if member.biases == "apart" else 1
    back = [n for i in range(len(names), 0, -step) for n in names[i - step : i]]
    if line == "grad":
        for other in [*([name] for name in names[::step]), names[::step]]:
            phrase = f"{', '.join(other)} in the other order"
            texts[phrase] = unrolled(member, names, other)
        texts["layers swapped"] = unrolled(member, back)
        texts["biases last"] = unrolled(
            member, names[::step] + names[1::2] * (step - 1)
        )
    if member.packing == "lists":
        texts["lists backwards"] = f"return J, {', '.join(in_lists(member, back))}"
    return {phrase: (line, text) for phrase, text in texts.items()}


def _cost(member: Member) -> Slips:
    """Mistakes in the cost without its penalty."""
    w = layers(member)[-1]
    right = data_cost(w)
    bare = right.split(" / ")[0]
    words = {"a": w.A, "units": 1 if w.rows else 0, "inner": bare[8:-1]}
    texts = {
        phrase: right.replace(old.format(**words), new.format(**words))
        for phrase, (old, new) in COST.items()
    }
    texts |= {phrase: bare + scale for phrase, scale in WHOLE_SCALES.items()}
    texts["matrix product"] = re.sub(r"Y(\)?) \* np", r"Y\1.T @ np", right)
    for phrase, cut in ("last example", "-1:"), ("first example left out", "1:"):
        index = f"[{cut}]" if w.rows else f"[:, {cut}]"
        texts[phrase] = re.sub(rf"\b(Y|{w.A})\b", rf"\1{index}", right)
    return {phrase: ("J", f"J = {text}") for phrase, text in texts.items()}


def _cost_penalty(member: Member) -> Slips:
    """Mistakes in the penalty of the cost."""
    if not member.penalty:
        return {}
    both, parts = member.penalize_biases, penalized(member)
    right, own = cost_penalty(member, parts), COST_PENALTY[member.penalty]
    other = penalized(member._replace(penalize_biases=not both))
    texts = {
        "penalty missing": "",
        "penalty's sign": right.replace("J + ", "J - "),
        "sum of the weights": right.replace(" ** 2", ""),
        "squares of the sums": re.sub(r" \*\* 2\)", ") ** 2", right),
        f"biases {'left out' if both else 'as well'}": cost_penalty(member, other),
    }
    texts |= {f"constant {c}": right.replace(own, c, 1) for c in CONSTANTS}
    if member.hidden:
        texts |= {
            "first layer missing": cost_penalty(member, parts[1:]),
            "last layer missing": cost_penalty(member, parts[:-1]),
        }
    return {phrase: ("J penalty", text) for phrase, text in texts.items()}
