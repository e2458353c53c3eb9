"""How a person writes: the names, the axes and the language of their code."""

import inspect
import re
from collections.abc import Sequence

from jaxnn.clinic.calling import octave
from jaxnn.clinic.calling.names import layers_of, read_name
from jaxnn.clinic.telling.formulas import OCTAVE, PYTHON, Style
from jaxnn.clinic.understanding import Understood

PLAIN = re.compile(r"(?:g|grad|gradient)_?\d")  # numbered by the layers
# a name before =, += or -=
ASSIGNED = re.compile(r"(?<![\w.\"'])([A-Za-z]\w*)(?=\s*[-+]?=[^=])")
# an error that is divided by m at once: d3 = (a3 - y) / m
SCALED = re.compile(
    r"^[^=\n]*=(?!.*(?:sum|mean|log|dot|norm|@|\*\*))"
    r"(?=.*-\s*(?:[yY]\w*|[tT]|targets?|labels?)\b)"
    r".*/\s*\(?(?:[mnN]\b|len\(|\w+\.(?:shape|size)|\w*(?:batch|examples)\w*)",
    re.MULTILINE,
)


def style_of(understood: Understood) -> Style:
    """The names and the orientation of a person's function."""
    way, depth = understood.attempt.way, len(understood.attempt.way.sizes) - 1
    form, s = way.form, way.subject
    is_octave = any(isinstance(part.function, octave.Function) for part in s.parts)
    inside = form.is_inside
    weights = names_of(understood, "W", depth)
    biases = () if inside else names_of(understood, "b", depth)
    if not weights:
        letter = ("Theta" if is_octave else "theta") if inside else "W"
        weights = tuple(f"{letter}{i}" for i in range(1, depth + 1))
    if not biases and way.has_biases and not inside:
        biases = tuple(f"b{i}" for i in range(1, depth + 1))
    return Style(
        weights,
        () if inside else biases,
        inside,
        form.matrices == "in x out",
        form.x.startswith("columns") or way.single or turns(understood, weights),
        OCTAVE if is_octave else PYTHON,
        lam=way.lam or ("lambda" if is_octave else "lam"),
        gradients=own_names(understood, "W", depth),
        bias_gradients=() if inside else own_names(understood, "b", depth),
        is_scaled=bool(SCALED.search(source_of(understood))),
    )


def own_names(understood: Understood, kind: str, depth: int) -> tuple[str, ...]:
    """The names that the code gives to the gradients; () if they are not clear."""
    text = source_of(understood)
    found = dict.fromkeys(ASSIGNED.findall(text))
    names = [
        name
        for name in found
        if (one := read_name(name)).kind == kind and one.is_gradient
    ]
    places = layers_of(names, kind)
    own = sorted(places, key=lambda name: places[name])
    if not own and kind == "W":
        own = sorted(name for name in found if PLAIN.fullmatch(name))
    return tuple(own) if len(own) == depth else ()


def source_of(understood: Understood) -> str:
    """The text of the function that gives the gradient; "" if it is not known."""
    function = understood.attempt.way.subject.parts[-1].function
    try:
        return inspect.getsource(inspect.unwrap(function))
    except (OSError, TypeError):
        return ""


def turns(understood: Understood, weights: Sequence[str]) -> bool:
    """Whether the code has products such as W.T @ delta: examples as columns inside."""
    names = "|".join(map(re.escape, weights)) or "$"
    product = re.compile(rf"(?:{names})\.(?:T|transpose\(\))\s*(?:@|\.dot|,)")
    return bool(product.search(source_of(understood)))


def names_of(understood: Understood, kind: str, depth: int) -> tuple[str, ...]:
    """The person's names of the weights or biases; () if they have none."""
    way = understood.attempt.way
    roles = [f"{kind}{i}" for i in range(1, depth + 1)]
    found = [way.subject.name_of(role) for role in roles]
    if not all(found):
        places = layers_of(way.keys, kind)
        found = sorted(places, key=lambda key: places[key])
    if len(found) != depth or any("*" in name for name in found):
        return ()
    return tuple(found)
