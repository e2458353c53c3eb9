"""How a result shows itself: a fact a line at a prompt, a table in a notebook."""

import contextlib
import html
from typing import Any, TypeVar

from jaxnn.mistake import printable

Kind = TypeVar("Kind", bound=type)
MOST = 6  # items of a tuple, list or dict that are shown


def displayed(kind: Kind) -> Kind:
    """Let a NamedTuple show its facts: what its method _facts gives, or its fields.

    _facts() -> {label: value}; `short` makes text of a value. It stays a NamedTuple.
    """
    named: Any = kind
    facts = getattr(named, "_facts", named._asdict)

    def rows(value: Any) -> list[tuple[str, str]]:
        return [(label, short(fact)) for label, fact in facts(value).items()]

    def text(value: Any) -> str:
        shown = rows(value)
        width = max(len(label) for label, _ in shown)
        lines = (f"  {label:<{width}}  {fact}" for label, fact in shown)
        return "\n".join([named.__name__, *lines])

    def table(value: Any) -> str:
        style = 'style="text-align: left"'
        cells = (
            f"<tr><th {style}>{html.escape(label)}</th>"
            f"<td {style}>{html.escape(fact)}</td></tr>"
            for label, fact in rows(value)
        )
        return f"<table>{''.join(cells)}</table>"

    named.__repr__, named._repr_html_ = text, table
    return kind


def short(value: Any) -> str:
    """A value in a few words: of an array dtype and shape, also while JAX traces."""
    if hasattr(value, "item") and hasattr(value, "dtype"):
        with contextlib.suppress(TypeError, ValueError):  # a tracer, or many numbers
            return short(value.item())
        return f"{value.dtype}[{','.join(map(str, value.shape))}]"
    if isinstance(value, dict):
        return listed(f"{key}: {short(item)}" for key, item in value.items())
    if hasattr(value, "_fields"):
        return f"{type(value).__name__}(...)"
    if isinstance(value, tuple | list):
        return listed(map(short, value))
    if isinstance(value, str):
        return printable(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def listed(texts: Any) -> str:
    """The first MOST of the texts, separated by commas."""
    first = list(texts)
    return ", ".join(first[:MOST]) + ", ..." * (len(first) > MOST)
