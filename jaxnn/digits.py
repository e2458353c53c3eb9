"""`Digits`: labeled examples, checked when a person makes them.

Shapes: m examples, n features, k classes. An image of shape (h, w) is a row of h * w
pixels, column after column as in the course, ink near 1 and paper near 0.
"""

from collections.abc import Iterable
from numbers import Real
from typing import Any, NamedTuple, cast

import numpy as np

from jaxnn import images, meshes
from jaxnn.classes import DIGITS, Classes, as_places, looked_up
from jaxnn.display import displayed
from jaxnn.mistake import Mistake
from jaxnn.rows import Rows, chosen


class Fields(NamedTuple):
    """What `Digits` holds."""

    x: np.ndarray
    y: np.ndarray
    name: str
    classes: Classes
    shape: tuple[int, int] | None


@displayed
class Digits(Fields):
    """Labeled examples: digits, other images, or the rows of any table.

    x: (m, n) features, floating point; y: (m,) int64, their places in `classes`;
    classes: the labels in the order of the network's outputs; shape: (h, w) of an
    image, column-major in x, or None.

    >>> jaxnn.Digits(frame[["mass", "height"]], frame["species"], "penguins")

    x may be a table (m, n) of any kind (array, list, DataFrame, sparse matrix), or
    pictures (m, h, w). y may be numbers or words (classes.py says how they are read).
    classes: None takes 0 to the largest number in y, or its words in order. shape: None
    means 20x20 or 28x28 where 400 or 784 pixels show the ten digits. Raises Mistake.
    """

    __slots__ = ()

    def __new__(
        cls,
        x: Any,
        y: Any,
        name: str = "",
        classes: Iterable | None = None,
        shape: tuple[int, int] | None = None,
    ) -> "Digits":
        """Check what is given and bring it to one form."""
        features, shape = as_features(x, shape)
        y, known = as_places(y, classes)
        if len(features) != len(y):
            raise Mistake(
                f"{len(features)} examples but {len(y)} labels; each needs one"
            )
        shape = shape or digit_shape(features.shape[1], known)
        return super().__new__(cls, features, y, str(name), known, shape)

    def __reduce__(self) -> tuple:
        """Copies and pickles take the fields as they are."""
        return self._make, (tuple(self),)


def as_features(
    x: Any, shape: tuple[int, int] | None
) -> tuple[np.ndarray, tuple[int, int] | None]:
    """Features in any form as (m, n) finite floats, and the shape of an image."""
    if isinstance(x, Rows):  # looked at when the file was opened
        return cast(Any, x), x.form.shape
    if meshes.devices_of(x) and x.ndim == 2:  # on several devices: left there
        require_numbers(x, [])
        x = x if x.dtype.kind == "f" else x.astype(float)
        require_finite(x, [])
        return x, as_sides(shape, x.shape[1])
    names = list(getattr(x, "columns", []))
    try:
        x = np.asarray(x.toarray() if hasattr(x, "toarray") else x)
    except ValueError:
        raise Mistake("x has rows of unequal length; give each as many") from None
    if x.ndim == 4 and x.shape[-1] == 1:
        x = x[..., 0]  # one gray channel
    if x.ndim == 3:
        if shape is not None and not np.array_equal(shape, x.shape[1:]):
            raise Mistake(
                f"shape {shape}: the pictures in x are of shape {x.shape[1:]}; leave "
                "shape out"
            )
        shape = x.shape[1:]
        x = images.unroll(x)
    if x.ndim != 2 or not x.shape[1]:
        way = ": x[:, None] is one feature" if x.ndim == 1 else ""
        raise Mistake(f"x has shape {x.shape}; give a row for each example{way}")
    return as_floats(x, names), as_sides(shape, x.shape[1])


def as_sides(shape: Any, n: int) -> tuple[int, int] | None:
    """The shape (h, w) of an image of n pixels, or None; else a Mistake."""
    if shape is None:
        return None
    sides = np.asarray(shape)
    if sides.shape != (2,) or sides.prod() != n:
        raise Mistake(
            f"shape {shape}: give the rows and columns of an image of {n} pixels, as "
            "(20, 20), or leave it out"
        )
    return int(sides[0]), int(sides[1])


def as_floats(x: np.ndarray, names: list) -> np.ndarray:
    """Features (m, n) as float32 if they are that, else float64; finite, or a Mistake.

    names: of the columns, or empty.
    """
    require_numbers(x, names)
    x = np.asarray(x, np.float32 if x.dtype == np.float32 else np.float64)
    require_finite(x, names)
    return x


def require_numbers(x: Any, names: list) -> None:
    """Raise Mistake unless x (m, n) holds real numbers; names: of the columns."""
    odd = "" if x.dtype.kind in "biufO" else f"{x.dtype} values"
    if x.dtype.kind == "O":
        values = enumerate(x.ravel().tolist())
        wrong = ((i, value) for i, value in values if not isinstance(value, Real))
        odd = next((f"{v!r}{place(i, x.shape[1], names)}" for i, v in wrong), "")
    if odd:
        raise Mistake(
            f"x holds {odd}; give numbers: leave the column out, or make one column of "
            "0 and 1 for each of its values"
        )


def require_finite(x: Any, names: list) -> None:
    """Raise Mistake unless x (m, n), maybe on several devices, is finite."""
    if isinstance(x, Rows) or not x.size or is_finite(x):
        return
    x = np.asarray(x)
    first = int(np.flatnonzero(~np.isfinite(x).ravel())[0])
    raise Mistake(
        f"x holds {x.flat[first]}{place(first, x.shape[1], names)}; fill such gaps in, "
        "or drop their rows"
    )


def is_finite(x: Any) -> bool:
    """Whether x (m, n), not empty, is finite; arrays on devices are looked at there."""
    if isinstance(x, np.ndarray):
        return bool(np.isfinite([x.min(), x.max()]).all())
    import jax.numpy as jnp  # whoever has such an array has loaded it

    return bool(jnp.isfinite(x).all())  # a minimum over devices may lose a NaN


def place(index: int, n: int, names: list) -> str:
    """Where in a table of n columns the number `index` is, in words."""
    row, column = divmod(index, n)
    return f" in row {row}, column {names[column] if names else column}"


def digit_shape(n: int, classes: Classes) -> tuple[int, int] | None:
    """The shape of an image of n pixels if it shows one of the ten digits."""
    sides = {side**2: side for side in (images.SIDE, images.MNIST_SIDE)}
    is_digit = classes == DIGITS and n in sides
    return (sides[n], sides[n]) if is_digit else None


def require_digits(value: Any) -> None:
    """Raise Mistake for anything but `Digits`."""
    if not isinstance(value, Digits):
        raise Mistake(
            f"digits must be jaxnn.Digits(x, y, name), not {type(value).__name__}"
        )


def require_fields(digits: Digits) -> None:
    """Raise Mistake for fields that `Digits` does not make, but its `_replace` takes.

    How many rows, features and classes there are, the caller looks at.
    """
    x, y, name, classes, _ = digits
    try:
        if not (hasattr(x, "ndim") and x.ndim == 2 and x.dtype.kind in "biuf"):
            raise Mistake(f"x is {kind_of(x)}; give a row of numbers for each example")
        if not (hasattr(y, "ndim") and y.ndim == 1 and y.dtype.kind in "iu"):
            raise Mistake(f"y is {kind_of(y)}; give the place of a class for each row")
        if not (
            isinstance(classes, tuple) and len(set(map(str, classes))) == len(classes)
        ):
            raise Mistake(f"classes {classes!r}: give a tuple of different names")
        if not isinstance(name, str):
            raise Mistake(f"name {name!r}: give text")
        require_finite(x, [])
    except Mistake as mistake:
        raise Mistake(f"{name or 'digits'}: {mistake}") from None


def kind_of(value: Any) -> str:
    """What a value is, in a few words."""
    if hasattr(value, "dtype"):
        return f"an array of {value.dtype} and shape {value.shape}"
    return f"of type {type(value).__name__}"


def take(digits: Digits, which: np.ndarray) -> Digits:
    """Some of the digits; which: a mask (m,) or indices. Those on disk stay there."""
    x = digits.x
    some = chosen(x, which) if isinstance(x, Rows) else np.asarray(x)[which]
    return digits._replace(x=some, y=digits.y[which])


def features(digits: Digits, which: Any) -> np.ndarray:
    """The features (c, n) of some of the digits, in memory; which: as in `take`."""
    x = digits.x
    return x[which] if isinstance(x, Rows) else np.asarray(x)[which]


def in_memory(digits: Digits, first: int, end: int) -> Digits:
    """Examples first to end, in memory."""
    some = slice(first, end)
    return digits._replace(x=features(digits, some), y=digits.y[some])


def some_pictures(digits: Digits, most: int = 100) -> np.ndarray:
    """At most so many of the images (m, h, w), ink up to about 1; (0, 0) if none."""
    if digits.shape is None or not len(digits.y):
        return np.zeros((0, 0))
    which = np.linspace(0, len(digits.y) - 1, min(most, len(digits.y))).astype(int)
    x = features(digits, which)
    low, high = x.min(), x.max()
    scale = high if low >= 0 and high > 2 else 1.0
    return images.roll(x / scale, digits.shape)


def with_classes(digits: Digits, classes: Classes) -> Digits:
    """The same examples, their labels found by name among other classes."""
    if digits.classes == classes:
        return digits
    try:
        names = np.array(digits.classes).astype(str)
        return digits._replace(y=looked_up(names[digits.y], classes), classes=classes)
    except Mistake as mistake:
        raise Mistake(f"{digits.name or 'digits'}: {mistake}") from None
