"""Labels in whatever form a person gives them, as places in a tuple of classes.

`classes` names the network's outputs in their order: the numbers 0, 1, ..., k - 1, or
words. A number that is not its own place (labels 1, 2, 3) becomes a word, so that a
number in y always means a place.
"""

from collections.abc import Iterable
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from jaxnn.mistake import Mistake

Classes: TypeAlias = tuple[int, ...] | tuple[str, ...]

DIGITS = tuple(range(10))
LARGEST = 2**53  # a whole number that a float holds exactly
MANY = 1000  # classes; more are the numbers of a regression, unless they are named


def as_places(y: Any, classes: Iterable | None) -> tuple[np.ndarray, Classes]:
    """Labels y (m,) as places (m,) int64 in the classes, and these classes.

    y: numbers or words, in an array, list or Series of shape (m,), (m, 1) or (1, m).
    classes: None takes 0 to the largest number, or the words in order. Words in y are
    looked up among the classes, and so are numbers if the classes are other numbers
    than 0 to k - 1. All other numbers are places; they are refused if the classes are
    words for other numbers ("1", "2", "3"), which they might mean. Raises Mistake.
    """
    y = flat(y)
    if y.dtype.kind == "b":
        y, classes = y.astype(int), ("False", "True") if classes is None else classes
    if y.dtype.kind in "OSU":
        y = as_words(y)
        if classes is None and are_numbers(np.unique(y)):
            y = y.astype(np.int64)
    else:
        y = as_integers(y)
    if classes is None:
        return by_themselves(y)
    named = np.asarray(list(classes))
    named = tuple((as_integers(named) if named.dtype.kind == "f" else named).tolist())
    own = as_classes(named)
    if len(set(map(str, own))) < len(own):
        raise Mistake(f"classes {listed(own)}: give each name once")
    if y.dtype.kind == "U" or own != named:
        return looked_up(y, own), own
    if y.size and are_other_numbers(own):
        raise Mistake(
            f"y holds numbers, and the classes are the words {listed(own)}; give "
            "words: np.array(y).astype(str) for labels, np.array(classes)[y] for "
            "class indices"
        )
    if y.size and not 0 <= y.min() <= y.max() < len(own):
        raise Mistake(
            f"y holds the labels {y.min()} to {y.max()}; numbers are places in "
            f"classes, 0 to {len(own) - 1}: give those, or the names themselves"
        )
    return y, own


def are_numbers(words: np.ndarray) -> bool:
    """Whether all words are numbers from 0, as the digits in OpenML's MNIST."""
    return all(
        is_integer(word) and word == str(abs(int(word))) for word in words.tolist()
    )


def is_integer(word: str) -> bool:
    """Whether a word is a whole number, below LARGEST in size."""
    return word.removeprefix("-").isdecimal() and len(word) < len(str(LARGEST))


def are_other_numbers(classes: Classes) -> bool:
    """Whether the classes are words for numbers, not each for its own place."""
    words = tuple(map(str, classes))
    return all(map(is_integer, words)) and words != tuple(map(str, range(len(words))))


def as_classes(names: Iterable[Any]) -> Classes:
    """The names of outputs: whole numbers 0 to k - 1 as they are, others as words."""
    names = tuple(names)
    is_counted = names == tuple(range(len(names)))
    return tuple(map(int if is_counted else str, names))  # type: ignore[return-value]


def flat(y: Any) -> np.ndarray:
    """Labels as an array (m,), or a Mistake that says what else they are."""
    try:
        found = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    except ValueError:
        raise Mistake("y is uneven; give one label for each example") from None
    is_list = isinstance(y, list | tuple)  # NumPy makes words of its numbers
    y = np.asarray(y, object) if is_list and found.dtype.kind == "U" else found
    if y.ndim == 2 and 1 in y.shape:
        y = y.ravel()
    if y.ndim != 1:
        way = "; y.argmax(axis=1) turns rows of 0 and 1 into labels"
        raise Mistake(
            f"y has shape {y.shape}; give one label for each example"
            + way * (y.ndim > 1)
        )
    if y.dtype.kind == "O" and y.size and all(isinstance(v, Real) for v in y):
        y = np.array(y.tolist())
    return y


def as_words(y: np.ndarray) -> np.ndarray:
    """Labels (m,) that are no numbers as words; a Mistake if one is missing."""
    if y.dtype.kind == "O":
        odd = [i for i, label in enumerate(y) if not isinstance(label, str)]
        if odd:
            raise Mistake(
                f"y holds {y[odd[0]]!r} in row {odd[0]}; give each example a label, "
                "all of them words or all of them numbers"
            )
    is_bytes = y.dtype.kind == "S"
    return np.char.decode(y, "utf-8", "backslashreplace") if is_bytes else y.astype(str)


def as_integers(y: np.ndarray) -> np.ndarray:
    """Labels (m,) that are numbers as int64; a Mistake unless they are whole."""
    if y.dtype.kind not in "iuf":
        raise Mistake(f"y holds {y.dtype} values; give class numbers from 0, or words")
    wrong = y[~np.isfinite(y) | (y != np.round(y)) | (abs(y) > LARGEST)]
    if wrong.size:
        raise Mistake(
            f"y holds {wrong[0]:g}; a label is a whole number or a word: repair it or "
            "drop its row"
        )
    return y.astype(np.int64)


def by_themselves(y: np.ndarray) -> tuple[np.ndarray, Classes]:
    """Places and classes of labels that come without classes."""
    if y.dtype.kind == "U":
        words, places = np.unique(y, return_inverse=True)
        return places.astype(np.int64), tuple(words.tolist())
    held = np.unique(y)
    if not y.size:
        return y, ()
    most, some = int(held[-1]), f"y holds the labels {held[0]} to {held[-1]}"
    if held[0] < 0 or most >= MANY:
        raise Mistake(f"{some}; name the classes: classes=np.unique(y)")
    if len(held) > 1 and np.array_equal(held, np.arange(1, most + 1)):
        tens = "y % 10 for the course's digits, or else " * (most == 10)
        raise Mistake(
            f"{some} and no 0; count from 0 ({tens}y - 1), or name the classes: "
            f"classes=range(1, {most + 1})"
        )
    return y, tuple(range(most + 1))


def looked_up(labels: np.ndarray, classes: Classes) -> np.ndarray:
    """The places (m,) of labels (m,) among the classes; a Mistake for another label."""
    held, which = np.unique(labels, return_inverse=True)
    places = {str(name): i for i, name in enumerate(classes)}
    if unknown := [label for label in held.tolist() if str(label) not in places]:
        raise Mistake(
            f"label {unknown[0]} is none of the classes {listed(classes)}; add it to "
            "them, or drop its rows"
        )
    found = [places[str(label)] for label in held.tolist()]
    return np.array(found, np.int64)[which]


def listed(classes: Classes, most: int = 10) -> str:
    """The names of classes for a line of text."""
    names = [str(name) for name in classes[:most]]
    return ", ".join(names + ["..."] * (len(classes) > most))


def noun(classes: Classes) -> str:
    """What examples of these classes are called: digits, if they are the ten digits."""
    return "digits" if classes == DIGITS else "examples"
