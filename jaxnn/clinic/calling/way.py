"""One way to call a person's functions, and what they answer."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling import scalars
from jaxnn.clinic.calling.answers import Answer, Outcome, read, scaled
from jaxnn.clinic.calling.calls import call
from jaxnn.clinic.calling.forms import (
    WORDING,
    Form,
    formed,
    labels,
    pixels,
    plain,
    typed,
)
from jaxnn.clinic.calling.leaves import kept, leaves
from jaxnn.clinic.calling.listing import parameter_keys
from jaxnn.clinic.calling.names import is_slope
from jaxnn.clinic.calling.packings import PACKINGS, unroll
from jaxnn.clinic.calling.subject import Subject
from jaxnn.clinic.networks.problems import Problem, Sizes

RATE = 0.25  # a power of 2, so that dividing it out loses no digit
MODES = {
    "step": "it returns the rate times the gradient",
    "added": "it returns a step to add to the parameters",
    "new parameters": "it returns the new parameters",
    "in place": "it changes the parameters",
}


class Way(NamedTuple):
    """One way to call the functions and to read what they return."""

    subject: Subject
    sizes: Sizes
    forms: tuple[Form, ...]  # one for each function
    mode: str = "gradient"  # or one of MODES
    rate_is_lam: bool = False
    pick: int = 0  # which of several costs
    keys: tuple[str, ...] = ()  # of a dictionary or list
    single: bool = False  # whether it is given one example a call
    is_in_order: bool = False  # whether gradients come in the order of the arguments

    @property
    def form(self) -> Form:
        """The form of the last function, which gives the gradient."""
        return self.forms[-1]

    @property
    def is_added(self) -> bool:
        """Whether the person's file adds what comes back to the parameters."""
        return self.subject.parts[-1].adds == 1

    @property
    def has_biases(self) -> bool:
        """Whether the network has biases."""
        return self.form.bias != "none"

    @property
    def lam(self) -> str:
        """The name of the input that is lambda, or ""."""
        rate = self.subject.name_of("rate") if self.rate_is_lam else ""
        return self.subject.name_of("lam") or rate

    def ask(self, problem: Problem, lam: float) -> Answer:
        """The functions' values for a problem."""
        parts = range(len(self.forms))
        return answer(self, [outcome(self, i, problem, lam) for i in parts])

    def in_words(self) -> str:
        """The choices that matter to these functions, in words."""
        s, form = self.subject, self.form
        rare = (form.first, form.bias, form.matrices, form.type)
        names = ("theta2", "last", "end", "none", "in x out", "matrix", "frame")
        words = [container(s, form, self.sizes)]
        words += [WORDING[value] for value in rare if value in names]
        words += ["plain lists"] * (form.type == "lists")
        words += ["pairs of x and y"] * s.takes("pairs")
        words += [WORDING[form.x]] * s.takes("x")
        words += ["one example a call"] * (self.single and "one" not in WORDING[form.x])
        if s.takes("y", "pairs"):
            every = dict.fromkeys(label_words(f, self.sizes[-1]) for f in self.forms)
            words.append(
                " for the cost, ".join(every) + " for the gradient" * (len(every) > 1)
            )
        words.append(MODES.get(self.mode, ""))
        words.append(f"lambda is {self.lam}" if self.lam else "no lambda")
        return "; ".join(filter(None, words))


def container(s: Subject, form: Form, sizes: Sizes) -> str:
    """How the parameters are passed, in words."""
    if names := next((i.names for i in s.inputs if i.names and i.is_parameter), ()):
        text = scalars.in_words(names, sizes)
        return text if form.bias != "none" else text.partition(", b1 of")[0]
    if s.takes("params"):
        return WORDING[form.parameters].format(WORDING[form.order])
    if s.takes("weights"):
        return WORDING["lists" if s.takes("biases") else "list"]
    if s.takes("b1"):
        return "separate weights and biases"
    count = sum(one.role[0] == "W" for one in s.inputs if one.is_parameter)
    numbers = {0: "", 1: "one matrix", 2: "two matrices", 3: "three matrices"}
    return numbers.get(count, f"{count} matrices")


def label_words(form: Form, k: int) -> str:
    """The labels of a function in words."""
    shapes = {"flat": "", "scalar": "", "column": " as a column", "row": " as a row"}
    words = WORDING[form.labels].format(k=k, last=k - 1)
    return words + shapes.get(form.y, f", {form.y}")


def values(
    way: Way, form: Form, p: Problem, lam: float, rate: float, wanted: Collection[str]
) -> dict[str, Any]:
    """The value of every role; arrays are made for the wanted roles alone."""
    blocks, n_hidden = formed(p.params, form), len(p.sizes) - 2
    shift = form.numbered == "shifted"

    def packed() -> Any:
        keys = way.keys or ("W*", "b*") * (form.parameters == "dictionary")
        if form.parameters != "struct":
            keys = parameter_keys(keys, len(blocks), 0 if shift else 1)
        return typed(PACKINGS[form.parameters](blocks, form, keys), form)

    def example(e: Problem) -> tuple[Any, Any]:
        return typed(pixels(e.x, form), form), typed(labels(e, form), form)

    arrays: dict[str, Callable[[], Any]] = {
        "x": lambda: typed(pixels(p.x, form), form, True),
        "y": lambda: typed(labels(p, form), form, True),
        "pairs": lambda: [example(e) for e in p.examples],
        "weights": lambda: [None] * shift + [typed(b.W, form) for b in blocks],
        "biases": lambda: [None] * shift + [typed(b.b, form) for b in blocks],
        "params": packed,
    }
    made = {role: make() for role, make in arrays.items() if role in wanted}
    made |= {
        "n": p.sizes[0], "k": p.sizes[-1], "m": len(p.y), "layers": list(p.sizes),
        "hs": list(p.sizes[1:-1]), "count": 1, "lam": lam, "rate": rate,
    }  # fmt: skip
    made |= {f"h{i + 1}": p.sizes[1 + i] for i in range(n_hidden)}
    made |= {f"W{i + 1}": typed(b.W, form) for i, b in enumerate(blocks)}
    made |= {f"b{i + 1}": typed(b.b, form) for i, b in enumerate(blocks)}
    return {role: made[role] for role in wanted if role in made}


def outcome(way: Way, part: int, p: Problem, lam: float, rate: float = RATE) -> Outcome:
    """Call one of the functions on a problem."""
    one, form = way.subject.parts[part], way.forms[part]
    named = {i.role: i.name for i in one.every if i.role}
    try:
        given = values(way, form, p, lam, lam if way.rate_is_lam else rate, named)
    except (KeyError, IndexError, ValueError) as error:  # keys of another depth
        return Outcome(error=error)
    if lost := [name for role, name in named.items() if role not in given]:
        return Outcome(error=TypeError(f"no value is known for {lost[0]}"))

    # functions that give a gradient each count as one
    place = len(way.forms) - 1 if is_slope(one.name) else part

    def run(copies: dict[str, Any]) -> Outcome:
        result, after, sets, earlier = one.run(copies)
        seen = [each for each in sets.values() if isinstance(each, np.ndarray)]
        return Outcome(
            found=tuple(leaves(result, one.returns, place)),
            kept=tuple(kept(sets, place)),
            kind="None" if result is None else type(result).__name__,
            after=after,
            seen=tuple(leaf.array for leaf in leaves([*earlier, *seen])),
        )

    made = call(run, given, way.subject.folder)
    blocks, result = formed(p.params, form), made.result or Outcome()
    if names := next((i.names for i in one.every if i.names and i.is_parameter), ()):
        count = len(unroll(blocks, form))
        result = result._replace(
            found=tuple(scalars.joined(result.found, names, count)),
            kept=tuple(scalars.joined(result.kept, names, count)),
        )
    return result._replace(
        roles=tuple(i.role for i in one.inputs if i.is_parameter),
        given=blocks,
        error=made.error,
        lines=made.lines,
        changed=made.changed,
    )


def answer(way: Way, outcomes: list[Outcome]) -> Answer:
    """What the outcomes of all functions say, read in the way's mode."""
    last, form = outcomes[-1], way.form
    changed = tuple(dict.fromkeys(role for one in outcomes for role in one.changed))
    made = Answer(changed=changed, lines=sum(one.lines for one in outcomes))
    for one in outcomes:
        if one.error is not None:
            return made._replace(trouble="raises", error=one.error)
    found = read(outcomes, form, way.mode, way.is_in_order)
    has_rate = way.subject.takes("rate") and not way.rate_is_lam
    rate = RATE if has_rate and way.mode != "added" else None
    if found.blocks is not None:
        gradient = scaled(way.mode, last.given, found.blocks, rate)
        made = made._replace(gradient=plain(gradient, form))
    if found.vector is not None:
        made = made._replace(vector=found.vector.astype(np.float64))
    return made._replace(
        cost=found.costs[min(way.pick, len(found.costs) - 1)] if found.costs else None,
        costs=found.costs,
        rate=rate,
        precision=found.precision,
        trouble=found.trouble,
        hint=found.hint,
        finding=found.finding,
        arrays=tuple(leaf.array for leaf in last.found if leaf.array.ndim == 2),
        seen=last.seen,
    )
