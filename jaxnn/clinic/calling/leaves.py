"""The numbers and arrays in a returned value, each with its name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnn.clinic.calling.names import COST, Name, plain, read_name

Array = np.ndarray
UNKNOWN = Name("")
DEEPEST = 3  # objects in lists in objects


class Leaf(NamedTuple):
    """A number or array in a returned value."""

    array: Array
    name: str = ""  # in the return statement, or its key
    place: int = -1  # in a list of that name, not counting None
    part: int = 0  # which function returned it

    @property
    def means(self) -> Name:
        """What its name says."""
        return read_name(self.name) if self.name else UNKNOWN


def leaves(value: Any, names: Sequence[str] = (), part: int = 0) -> Iterator[Leaf]:
    """All numbers and arrays in a returned value; names: of its parts."""
    if isinstance(value, tuple) and (
        len(value) == len(names) or hasattr(value, "_fields")
    ):
        for name, one in zip(getattr(value, "_fields", names), value, strict=True):
            yield from inside(one, name, -1, part)
    else:
        # what a call returns is not named by the call's arguments
        is_one = len(names) == 1 and not isinstance(value, tuple)
        yield from inside(value, names[0] if is_one else "", -1, part)


def inside(value: Any, name: str, index: int, part: int) -> Iterator[Leaf]:
    """The leaves of a value with a name: of NumPy, JAX, PyTorch, SciPy or pandas."""
    for method in ("detach", "toarray"):  # PyTorch's tensors, SciPy's sparse matrices
        value = getattr(value, method)() if hasattr(value, method) else value
    if isinstance(value, dict):
        for key, one in value.items():
            yield from inside(one, str(key), index, part)
    elif isinstance(value, list) and (numbers := in_lists(value)) is not None:
        yield Leaf(numbers, name, index, part)
    elif isinstance(value, list | tuple):
        every = [one for one in value if one is not None]
        for i, one in enumerate(every):
            yield from inside(one, name, i, part)
    elif (array := np.asarray(value)).dtype == object and array.ndim:
        yield from inside(array.tolist(), name, index, part)
    elif array.dtype.kind in "fiubc":
        yield Leaf(array, name, index, part)


def kept(
    values: Mapping[str, Any], part: int = 0, index: int = -1, depth: int = 0
) -> Iterator[Leaf]:
    """The gradients and costs among an object's attributes, and in objects in them."""
    for name, value in values.items():
        if is_result(name):
            yield from inside(value, name, index, part)
            continue
        for i, one in enumerate(value if isinstance(value, list | tuple) else [value]):
            if depth < DEEPEST and type(one).__module__ not in ("builtins", "numpy"):
                place = index if one is value else i
                yield from kept(getattr(one, "__dict__", {}), part, place, depth + 1)


def is_result(name: str) -> bool:
    """Whether a name is that of a gradient or a cost."""
    return read_name(name).is_gradient or bool(COST.fullmatch(plain(name)))


def in_lists(value: list) -> Array | None:
    """A vector or matrix written as lists of numbers; None for anything else."""
    rows = value if all(isinstance(one, list) for one in value) else [value]
    is_plain = all(isinstance(one, int | float) for row in rows for one in row)
    if not is_plain or len({len(row) for row in rows}) != 1 or len(rows[0]) < 1:
        return None
    return np.asarray(value, float)


def narrowest(found: Sequence[Array]) -> type:
    """float32 or float16 if a value has this type, or no more digits than this type."""
    for kind in (np.float16, np.float32):
        if any(array.dtype == kind for array in found):
            return kind
    real = [a for a in found if a.size > 1 and a.dtype == np.float64]
    with np.errstate(over="ignore"):
        if any(np.any(a) and np.array_equal(np.float32(a), a) for a in real):
            return np.float32
    return np.float64
