"""Labels as a network takes them: for each example a class, 0 to k - 1.

Shapes: m examples, k classes.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import jax
import numpy as np

from jaxnn.mistake import Mistake

F = TypeVar("F", bound=Callable[..., Any])


def looked_at(function: F) -> F:
    """function(params, x, y, ...), which now refuses labels that it would misread."""

    @wraps(function)
    def careful(params: Any, x: Any, y: Any, *rest: Any, **named: Any) -> Any:
        y = y if isinstance(y, jax.Array) else np.asarray(y)
        check_labels(y, len(x), len(params[-1]))
        return function(params, x, y, *rest, **named)

    return cast(F, careful)


def check_labels(y: np.ndarray | jax.Array, m: int, k: int) -> None:
    """Raise Mistake unless y (m,) holds classes 0 to k - 1.

    Values are looked at in NumPy's arrays. A traced array has none, and reading a
    device's array would wait for the device: their shapes are checked.
    """
    shape = y.shape
    if shape != (m,):
        ways: dict[tuple[int, ...], str] = {
            (m, 1): ": y.ravel()",
            (1, m): ": y.ravel()",
        }
        ways |= {(m, k): ": y.argmax(axis=1)"} if k > 1 else {}
        raise Mistake(
            f"y has shape {shape} for {m} examples; give a class for each, "
            f"of shape ({m},){ways.get(shape, '')}"
        )
    if isinstance(y, jax.Array) or not m:
        return
    if y.dtype.kind not in "biuf":
        raise Mistake(
            f"y holds {y.dtype} values; number the classes from 0: "
            "np.unique(y, return_inverse=True)[1]"
        )
    least, most = y.min(), y.max()
    if not (0 <= least and most < k and np.array_equal(y, np.round(y))):
        way = ": y % 10" if k == 10 else ": y - 1"
        way = way if (least, most) == (1, k) else ""
        raise Mistake(
            f"y holds the labels {least} to {most}; the network's classes are "
            f"0 to {k - 1}, whole numbers{way}"
        )
