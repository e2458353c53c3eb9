"""A network as one HTML page: what it learned, and a canvas to draw a digit on.

The page needs only a browser. Its script reader.js computes what `mnist_form`, `images`
and `model` compute, from the weights in the page. From `ink` it takes only the
smoothing, because everything drawn counts as one digit.

Shapes: m examples, n pixels, k classes.
"""

import base64
import html
import io
import json
from collections.abc import Iterable
from importlib import resources
from string import Template
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from jaxnn import images, initialization
from jaxnn.data import Digits
from jaxnn.mistake import Mistake
from jaxnn.reading import ink, mnist_form

MARK = "Made with jaxnn"  # in every page
LARGEST = 400_000  # weights: their page takes about 3 MB


class Report(NamedTuple):
    """What a page shows; texts are plain, not HTML."""

    title: str
    summary: str
    facts: Iterable[tuple[str, str]]  # settings and results, in words
    params: tuple[Any, ...]
    examples: Digits  # as the network sees them: digits to step through, then mistakes
    mistakes: int  # how many examples, at the end, are mistakes
    mistakes_note: str
    counts: np.ndarray  # (k, k) how often digit i was read as j
    curves: Figure | None
    standardize: bool  # whether drawings must be standardized, as the examples are
    doubt: float  # a largest output below this means: not a digit
    version: str


def page(report: Report) -> str:
    """The HTML. Raises Mistake if the network is too large for a page."""
    weights = sum(theta.size for theta in report.params)
    if weights > LARGEST:
        raise Mistake(
            f"{weights} weights are too many: a page holds at most {LARGEST}; "
            "train a network with fewer --hidden units"
        )
    training = ""
    if report.curves is not None:
        drawn = svg(report.curves, "Cost and accuracy by step")
        training = f'\n<h2>Training</h2>\n<div class="wide">{drawn}</div>'
    right, count = np.trace(report.counts), report.counts.sum()
    parts = {
        "title": html.escape(report.title),
        "summary": html.escape(report.summary),
        "units": "Hidden units" if len(report.params) > 1 else "Output units",
        "facts": "\n".join(row([name], [fact]) for name, fact in report.facts),
        "training": training,
        "confusion_note": "Rows: the true digit. Columns: what the network read. "
        f"{right} of {count} are read right.",
        "confusion": confusion_table(report.counts),
        "mistakes_note": html.escape(report.mistakes_note),
        "mark": MARK,
        "version": html.escape(report.version),
        "data": json.dumps(embedded(report)),  # only numbers: nothing to escape
        "script": source("reader.js") + "\n" + source("page.js"),
    }
    return Template(source("page.html")).substitute(parts)


def embedded(report: Report) -> dict[str, Any]:
    """The numbers that the page's scripts compute with."""
    weights = np.concatenate([np.ravel(theta) for theta in report.params])
    return {
        "mnist": {
            "side": images.SIDE,
            "field": images.MNIST_SIDE,
            "pen": mnist_form.PEN,
            "widths": mnist_form.PEN_WIDTHS,
            "edge": mnist_form.EDGE,
        },
        "ink": {"soft": ink.SOFT, "full": ink.FULL},
        "shrink": floats(images.resize_matrix(images.MNIST_SIDE, images.SIDE)),
        "layers": initialization.layers_of(report.params),
        "weights": floats(weights),
        "standardize": report.standardize,
        "doubt": report.doubt,
        "examples": {"x": floats(report.examples.x), "y": report.examples.y.tolist()},
        "mistakes": report.mistakes,
    }


def floats(array: np.ndarray) -> str:
    """The numbers as base64 of little-endian float32."""
    return base64.b64encode(np.asarray(array, "<f4").tobytes()).decode()


def confusion_table(counts: np.ndarray) -> str:
    """Rows of an HTML table: counts (k, k), darker where mistakes are frequent."""
    mistakes = counts - np.diag(np.diag(counts))
    shade = 45 * mistakes / max(1, mistakes.max())  # percent of the page's ink
    digits = range(len(counts))
    lines = [row(["", *digits], [], "col")]
    for i in digits:
        cells = "".join(
            f'<td class="right">{counts[i, j]}</td>'
            if i == j
            else f'<td style="background: color-mix(in srgb, var(--ink) '
            f'{shade[i, j]:.0f}%, transparent)">{counts[i, j] or ""}</td>'
            for j in digits
        )
        lines.append(f'<tr><th scope="row">{i}</th>{cells}</tr>')
    return "\n".join(lines)


def row(heads: Iterable[Any], cells: Iterable[Any], scope: str = "row") -> str:
    """A row of an HTML table."""
    inside = [f'<th scope="{scope}">{html.escape(str(head))}</th>' for head in heads]
    inside += [f"<td>{html.escape(str(cell))}</td>" for cell in cells]
    return f"<tr>{''.join(inside)}</tr>"


def svg(figure: Figure, label: str) -> str:
    """The figure with its text as text and its black in the page's text color.

    label: what it shows, for people who cannot see it.
    """
    stream = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "jaxnn"}):
        figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    text = stream.getvalue()
    text = text[text.index("<svg") + 4 :].replace("#000000", "currentColor")
    return f'<svg role="img" aria-label="{html.escape(label)}"{text}'


def source(name: str) -> str:
    """The text of a file that is part of every page."""
    return (resources.files("jaxnn.showing") / name).read_text("utf-8")
