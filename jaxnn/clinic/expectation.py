"""The network that a person's cost should be, by their words or the course's call."""

from collections.abc import Sequence

from jaxnn.clinic.calling import Way
from jaxnn.clinic.networks.network import FACTORS, Network, course
from jaxnn.clinic.networks.problems import COURSE
from jaxnn.clinic.networks.units import HIDDEN, OUTPUT, PAIRS, SOFTMAX
from jaxnn.mistake import Mistake


def expected(
    way: Way, near: Sequence[Network], word: str, has_lam: bool
) -> Network | None:
    """The network that is demanded, by `word` or by the course's call; or None.

    near: networks that the cost is like.
    """
    if word and word != "course":
        net = with_words(near[0] if near else course(way.sizes), word)
    elif word or is_course(way):
        net = course(way.sizes)
    else:
        return None
    penalty = net.penalty or FACTORS[0]
    return net._replace(penalty=penalty if has_lam else None, has_biases=way.has_biases)


def with_words(net: Network, word: str) -> Network:
    """The network with the hidden units and the output that a person names."""
    known = {one.name.lower(): one for one in (*HIDDEN, *OUTPUT)}
    names = [name.strip().lower() for name in word.split(",")]
    if lost := [name for name in names if name not in known]:
        raise Mistake(
            f"--expect {word}: no unit {lost[0]}; choose course, or units of "
            f"{', '.join(known)}, like 'tanh, softmax'"
        )
    *hidden, output = (known[name] for name in names)
    fits_depth = len(hidden) in (0, net.depth - 1) or (len(hidden) == 1 < net.depth)
    if output not in OUTPUT or not fits_depth:
        outputs = ", ".join(one.name for one in OUTPUT)
        raise Mistake(
            f"--expect {word}: write the hidden units, one name or one for each layer, "
            f"then the output, one of {outputs}"
        )
    if output is SOFTMAX and net.sizes[-1] == 1:
        raise Mistake(f"--expect {word}: softmax needs two outputs; write sigmoid")
    if len(hidden) < net.depth - 1:
        hidden = (hidden or [output]) * (net.depth - 1)
    units = (*hidden, output)
    fits = [loss for unit, loss in PAIRS if unit is output]
    return net._replace(units=units, loss=net.loss if net.loss in fits else fits[0])


def is_course(way: Way) -> bool:
    """Whether the call is the course's: one vector and three sizes, or 400-25-10."""
    is_vector = way.form.parameters in ("vector", "column")
    roles = all(map(way.subject.takes, ("params", "n", "h1", "k")))
    return way.sizes == COURSE or (len(way.sizes) == 3 and is_vector and roles)
