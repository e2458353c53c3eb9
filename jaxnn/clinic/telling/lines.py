"""The lines of a report, each under its heading."""

import textwrap
from collections.abc import Iterable

WIDTH = 100  # columns


def line(head: str, text: str) -> str:
    """A finding under its heading."""
    return f"{head:<11} {text}"


def wrapped(lines: Iterable[str]) -> str:
    """The lines as they are printed, long ones broken."""
    way = textwrap.TextWrapper(WIDTH, subsequent_indent=" " * len(line("", "")))
    way.break_long_words = way.break_on_hyphens = False
    return "\n".join(part for one in lines for part in way.wrap(one))


SMALL = [
    line("diagnosis", "gradient: the difference is too small for a known mistake"),
    line("fix", "look for + 1e-8 or the like, float32, or differences as derivatives"),
]
BENT = [
    line("diagnosis", "cost and gradient do not grow linearly with lambda"),
    line("fix", "the penalty has the factor lambda once: not lambda^2"),
]
