"""The forms in which a person's parameters can be given, the usual ones first."""

import itertools
from collections.abc import Mapping
from typing import Any

from jaxnn.clinic.calling.forms import CHOICES, Form
from jaxnn.clinic.calling.listing import parameter_keys
from jaxnn.clinic.calling.names import read_name
from jaxnn.clinic.calling.subject import Subject
from jaxnn.clinic.calling.templates import Seen, has_biases

ALTERNATIVES = ("type", "numbered")  # only where the usual choice does not work
RARE = ("first", "order", "bias", "parameters")  # at most one at a time
MATRICES = {"matrices": CHOICES["matrices"]}
INSIDE = {"bias": ("first", "none", "last")} | MATRICES
APART = {"bias": ("apart",), "biases": CHOICES["biases"]} | MATRICES


def packings(subject: Subject, seen: Seen, fixed: Mapping[str, Any]) -> list[Form]:
    """The forms of the parameters; the fewer rare choices the earlier."""
    options = containers(subject, seen)
    frames = ("frame",) if subject.uses("pandas") else ()
    is_python = all(hasattr(part.function, "__code__") for part in subject.parts)
    kinds = ("array", *frames, "matrix", "lists")
    if is_python and not subject.uses("numpy"):
        kinds = (
            "lists",
            "array",
        )  # where lists are meant, arrays add [1] to each number
    options.setdefault("type", kinds if is_python else ("array",))
    if subject.takes("params"):
        options.setdefault("first", CHOICES["first"])
    if subject.takes("weights") or any("*" in key for key in keys_of(subject, seen)):
        options["numbered"] = CHOICES["numbered"]
    if not is_python:  # Octave's own order
        vector = ("F", "C", "C F") if "order" in options else ("F",)
        options |= {"order": vector}
    options |= {name: (value,) for name, value in seen.fixed.items()}
    options |= {name: (fixed[name],) for name in Form._fields if name in fixed}
    names = [name for name in Form._fields if name in options]
    found: dict[Form, int] = {}
    for places in itertools.product(*(range(len(options[name])) for name in names)):
        at = dict(zip(names, places, strict=True))
        form = settled(Form(**{name: options[name][i] for name, i in at.items()}))
        odd = sum(
            at.get(n, 0) > (n == "order" and len(options.get(n, ())) > 2) for n in RARE
        )
        odd -= form.parameters == "dictionary" and odd > 0  # it is apart by its nature
        if odd < 2 and sum(at.get(name, 0) > 0 for name in ALTERNATIVES) < 2:
            found.setdefault(form, sum(places) + 3 * odd)
    usual = options["type"][0]
    return sorted(found, key=lambda f: (is_alternative(f, usual), found[f]))


def is_alternative(form: Form, usual: str = "array") -> bool:
    """Whether it gives the same numbers as a usual form, as another type."""
    is_usual = form.type == usual and form.numbered == "usual"
    return not is_usual or form.parameters == "column"


def settled(form: Form) -> Form:
    """The form with the usual choice where a choice makes no difference."""
    if form.bias not in ("apart", "end"):
        form = form._replace(biases="column")
    if form.parameters in ("vector", "column"):
        form = form._replace(matrices="out x in", biases="column")
    elif form.bias == "end":
        form = form._replace(bias="apart")
    if form.parameters in ("pairs", "lists") and form.bias != "none":
        form = form._replace(bias="apart")
    return form


def containers(subject: Subject, seen: Seen) -> dict[str, tuple[str, ...]]:
    """The choices that the parameters' inputs leave open."""
    if subject.takes("b1", "biases"):
        return {"parameters": ("list",)} | APART
    if not subject.takes("params"):
        return {"parameters": ("list",)} | INSIDE
    one = next(each for each in subject.inputs if each.role == "params")
    if one.names:
        kinds = {read_name(name).kind for name in one.names}
        bias = ("end", "none") if "b" in kinds else ("none",)
        order = CHOICES["order"]
        usual = {"type": ("array",), "first": ("theta1",)}
        return {"parameters": ("vector",), "order": order, "bias": bias} | usual
    keys, kind = keys_of(subject, seen), one.usage.kind
    kind = seen.fixed.get("parameters", kind)
    if kind == "dictionary":
        inner = APART if has_biases(parameter_keys(keys, 1)) else INSIDE
        return {"parameters": ("dictionary",)} | inner
    if kind == "struct":
        last = [key.replace("{}", "").split(".")[-1] for key in keys]
        return {"parameters": ("struct",)} | (APART if has_biases(last) else INSIDE)
    if kind == "objects":
        return {"parameters": ("pairs",)} | APART | {"bias": ("apart", "none")}
    if kind == "list" and keys and has_biases(keys):
        return {"parameters": ("list", "lists")} | APART
    if kind == "list":
        many = ("list", "pairs", "lists", "dictionary")
        return APART | {"parameters": many, "bias": ("first", "none", "last", "apart")}
    bias = ("first", "none", "last", "apart", "end")
    every = {
        "parameters": ("vector", "column"),
        "order": CHOICES["order"],
        "bias": bias,
    }
    if kind == "vector":
        return every
    last = "alone" if kind == "matrix" else "list"
    return every | {"parameters": ("vector", "column", last)} | MATRICES


def keys_of(subject: Subject, seen: Seen) -> tuple[str, ...]:
    """The keys of the dictionary, or the names in the list, of parameters."""
    whole = [one for one in subject.inputs if one.role == "params"]
    if not whole or seen.keys:
        return seen.keys
    keys = whole[0].usage.keys
    if whole[0].usage.kind == "struct":
        return keys
    stars = {key: parameter_keys([key], 1) for key in keys if key.endswith("*")}
    usual = [*parameter_keys((k for k in keys if k not in stars), 0)]
    found = [key for key, made in stars.items() if made] or usual
    if whole[0].usage.kind == "dictionary" and not found:
        return "W*", "b*"
    return tuple(found)
