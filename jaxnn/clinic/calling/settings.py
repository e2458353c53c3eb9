"""What a person says of the way to call a function: conventions, roles and sizes."""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxnn.clinic.calling.forms import CHOICES
from jaxnn.clinic.calling.inputs import ROLES, role_named
from jaxnn.clinic.calling.sizes import depth_of
from jaxnn.clinic.calling.subject import Subject
from jaxnn.clinic.calling.texts import guess
from jaxnn.mistake import Mistake


def conventions_and_roles(
    settings: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, str]]:
    """The conventions that a person fixed, and the roles given to arguments."""
    fixed: dict[str, Any] = {}
    named: dict[str, str] = {}
    for name, value in settings.items():
        if name in CHOICES:
            if value not in CHOICES[name]:
                known = ", ".join(map(repr, CHOICES[name]))
                raise Mistake(f"{name} cannot be {value!r}; choose from {known}")
            fixed[name] = value
        elif role := role_named(value):
            named[name] = role
        else:
            near = guess(name, CHOICES) or guess(value, ROLES)
            raise Mistake(
                f"{name}={value!r}: {near}"
                f"{name} is not a convention ({', '.join(CHOICES)}), "
                f"and {value!r} is not a role; choose from {', '.join(ROLES)}"
            )
    if len(set(named.values())) < len(named):
        raise Mistake(f"two arguments have the same role: {named}; give each its own")
    return fixed, named


def sizes_of(layers: Sequence[int], s: Subject) -> tuple[int, ...]:
    """(n, h..., k) from a person's numbers."""
    if len(layers) < 2 or min(layers) < 1:
        text = "give inputs, hidden units and outputs, like 400 25 10"
        raise Mistake(f"layers are {list(layers)}; {text}")
    if (hidden := depth_of(s)) not in (None, len(layers) - 2):
        text = f"{s.title} has {hidden + 1} layers of weights; give {hidden + 2}"
        raise Mistake(f"{text} numbers as layers, not {len(layers)}")
    return tuple(map(int, layers))
