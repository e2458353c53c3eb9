"""A network as one HTML page: what it learned, and a canvas to draw a digit on.

A network that reads other things than 20x20 digits has no canvas to draw on, and one
that reads tables has no pictures.

The page needs only a browser. Its script reader.js computes what `mnist_form`, `images`
and `model` compute, from the weights in the page. From `ink` it takes only the
smoothing, because everything drawn counts as one digit. A page that takes drawings
holds a second network, which only says which of them are no digit.

Shapes: m examples, n pixels, k classes.
"""

import base64
import html
import io
import json
from collections.abc import Iterable, Sequence
from importlib import resources
from string import Template
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from jaxnn import images, initialization
from jaxnn.classes import DIGITS
from jaxnn.digits import Digits
from jaxnn.mistake import Mistake
from jaxnn.reading import ink, mnist_form

SCRIPTS = "reader.js", "refuser.js", "page.js"  # in every page, in this order
MARK = "Made with jaxnn"  # in every page
ON, OFF = (213, 94, 0), (0, 114, 178)  # red, green, blue: color-blind people see two
BAR = "Bar: how active the unit is."
PICTURE = (
    ' Picture: its weights. <span class="sign on"></span> Orange: ink turns it on. '
    '<span class="sign off"></span> Blue: ink turns it off.'
)
LARGEST = 400_000  # weights: their page takes about 3 MB


class Refuser(NamedTuple):
    """A network that says which drawings are no digit; it changes no answer."""

    params: tuple[Any, ...]  # 400 pixels to 11 outputs, the last "none of the ten"
    temperature: float  # the scores are divided by it before they become probabilities
    doubt: float  # a largest probability below this means: not a digit


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
    refuser: Refuser | None = None  # where a page takes drawings


def takes_drawings(digits: Digits) -> bool:
    """Whether a drawing can become one of these: the ten digits, as 20x20 pixels."""
    is_course = digits.shape == (images.SIDE, images.SIDE)
    return is_course and digits.classes == DIGITS


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
        "on": f"rgb{ON}",
        "off": f"rgb{OFF}",
        "units": units(len(report.params), report.examples.shape is not None),
        "facts": "\n".join(row([name], [fact]) for name, fact in report.facts),
        "training": training,
        "confusion_note": "Rows: the true class. Columns: what the network read. "
        f"{right} of {count} are read right.",
        "confusion": confusion_table(report.counts, report.examples.classes),
        "mistakes_note": html.escape(report.mistakes_note),
        "mark": MARK,
        "version": html.escape(report.version),
        "data": json.dumps(embedded(report)).replace("<", "\\u003c"),
        "script": "\n".join(map(source, SCRIPTS)),
    }
    return Template(source("page.html")).substitute(parts)


def units(layers: int, has_pictures: bool) -> str:
    """HTML: a heading and a place for the units of each hidden layer.

    layers: of weights. Of one, the outputs are the only units.
    """
    heads = [f"Hidden layer {i}" for i in range(1, layers)]
    if layers < 3:
        heads = ["Hidden units" if layers == 2 else "Output units"]
    notes = [BAR + PICTURE * has_pictures]
    notes += [f"Its units weigh those of layer {i}." for i in range(1, len(heads))]
    return "\n".join(
        f'<h3>{head}</h3>\n<p class="soft">{note}</p>\n<div class="layer"></div>'
        for head, note in zip(heads, notes, strict=True)
    )


def embedded(report: Report) -> dict[str, Any]:
    """The numbers that the page's scripts compute with."""
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
        "weights": floats(flat(report.params)),
        "standardize": report.standardize,
        "classes": [str(name) for name in report.examples.classes],
        "shape": report.examples.shape,  # [h, w] or null
        "draws": takes_drawings(report.examples),
        "doubt": report.doubt,
        "signs": {"on": ON, "off": OFF},
        "refuser": report.refuser and refuser(report.refuser),
        "examples": {"x": floats(report.examples.x), "y": report.examples.y.tolist()},
        "mistakes": report.mistakes,
    }


def refuser(given: Refuser) -> dict[str, Any]:
    """The network that only refuses: each weight is -7 to 7 steps of its unit's own.

    Half a byte is enough: of generated pictures, half of them no digits, about as many
    are refused as by the weights themselves, and one in 60 is judged otherwise. float16
    takes four times the room.
    """
    thetas = [np.asarray(theta) for theta in given.params]
    largest = (np.abs(theta[:, 1:]).max(axis=1) for theta in thetas)  # (units_out,)
    steps = [np.maximum(most, np.finfo("f4").tiny) / 7 for most in largest]
    parts = zip(thetas, steps, strict=True)
    whole = [np.rint(theta[:, 1:] / step[:, None]) for theta, step in parts]
    counts = (flat([*whole, [0]]) + 8).astype(np.uint8)  # one more, for whole pairs
    pairs = counts[1::2] * 16 + counts[: len(counts) // 2 * 2 : 2]
    return {
        "layers": initialization.layers_of(given.params),
        "weights": encoded(pairs, "u1"),
        "steps": floats(flat(steps)),
        "biases": floats(flat([theta[:, 0] for theta in thetas])),
        "temperature": given.temperature,
        "doubt": given.doubt,
    }


def flat(arrays: Iterable[Any]) -> np.ndarray:
    """All numbers of the arrays, one array after the other, row by row."""
    return np.concatenate([np.ravel(array) for array in arrays])


def floats(array: np.ndarray) -> str:
    """The numbers as base64 of little-endian float32."""
    return encoded(array, "<f4")


def encoded(array: np.ndarray, dtype: str) -> str:
    """The numbers as base64 of their bytes in this dtype."""
    return base64.b64encode(np.asarray(array).astype(dtype).tobytes()).decode()


def confusion_table(counts: np.ndarray, classes: Sequence[int | str]) -> str:
    """Rows of an HTML table: counts (k, k), darker where mistakes are frequent."""
    mistakes = counts - np.diag(np.diag(counts))
    shade = 45 * mistakes / max(1, mistakes.max())  # percent of the page's ink
    places = range(len(counts))
    lines = [row(["", *classes], [], "col")]
    for i in places:
        cells = "".join(
            f'<td class="right">{counts[i, j]}</td>'
            if i == j
            else f'<td style="background: color-mix(in srgb, var(--ink) '
            f'{shade[i, j]:.0f}%, transparent)">{counts[i, j] or ""}</td>'
            for j in places
        )
        head = f'<th scope="row">{html.escape(str(classes[i]))}</th>'
        lines.append(f"<tr>{head}{cells}</tr>")
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
