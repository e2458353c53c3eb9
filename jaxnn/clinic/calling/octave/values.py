"""Values on their way to Octave and back."""

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from scipy import sparse


def to_octave(value: Any) -> Any:
    """A value as SciPy saves it for Octave; numbers in float64, or complex.

    Arrays of one dimension become columns, lists of numbers rows, other lists cells.
    """
    if value is None:
        return np.zeros((0, 0))
    if isinstance(value, str):
        return value.encode("ascii", "replace").decode()  # SciPy cuts other text
    if isinstance(value, dict):
        return {str(name): to_octave(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        is_row = len(value) > 0 and all(isinstance(one, Number) for one in value)
        return to_octave(np.array([value])) if is_row else cells(value)
    array = np.asarray(value)
    if array.dtype.kind in "OUS" and array.ndim:
        return cells(array.tolist())
    if array.dtype.kind not in "biufc":
        raise TypeError(f"Octave cannot take a value of type {type(value).__name__}")
    if array.dtype.kind in "iuf" and array.dtype != np.float32:
        array = array.astype(np.float64)
    return array.reshape(-1, 1) if array.ndim < 2 else array


def cells(values: Sequence[Any]) -> np.ndarray:
    """A cell array (1, n)."""
    row = np.empty((1, len(values)), object)
    for i, value in enumerate(values):
        row[0, i] = to_octave(value)
    return row


def to_python(value: Any) -> Any:
    """A value that SciPy loaded: array (rows, columns), number, text, list or dict.

    Numbers are in float64, except what Octave computed in single precision.
    """
    if hasattr(value, "_fieldnames"):
        return {name: to_python(getattr(value, name)) for name in value._fieldnames}
    array = value.toarray() if sparse.issparse(value) else np.asarray(value)
    if array.dtype == object:
        parts = [to_python(one) for one in array.ravel(order="F")]
        is_struct = array.size == 1 and hasattr(array.flat[0], "_fieldnames")
        return parts[0] if is_struct else parts
    if array.dtype.kind == "U":
        return "\n".join(array.ravel().tolist())
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    return array.reshape(())[()] if array.size == 1 else array
