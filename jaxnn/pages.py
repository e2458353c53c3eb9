"""A run as one HTML page: settings, curves, hidden units, mistakes, a canvas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnn import data, devices, digit_network, files, showing, training
from jaxnn.classes import noun
from jaxnn.data import HELD_OUT, Digits
from jaxnn.initialization import layers_of
from jaxnn.mistake import Mistake
from jaxnn.training import cost_name, record, run_folder
from jaxnn.weights import in_precision, load_params

if TYPE_CHECKING:
    from jaxnn.model import Params

EXAMPLES, MISTAKES = 200, 24  # at most, in the page
SETTINGS = {  # their names in config.json, and in the page
    "lam": "lambda",
    "method": "method",
    "init": "init",
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "dtype": "dtype",
    "seed": "seed",
}


def write_page(
    run: training.Run | str | Path,
    path: str | Path | None = None,
    *,
    data: Digits | str | Path | None = None,
    dtype: str = "float32",
    device: str = "auto",
) -> Path:
    """Write one HTML page about a run, and return where it is. It works offline.

    run: a Run with a folder, a run folder, or a file of weights. path: of the page;
    None is RUN/report.html, or FILE.html beside a file. data: digits to evaluate on, or
    a file of them; None takes those that the run held out. dtype, device: of the
    evaluation. Raises Mistake for what cannot be read, or a path that holds something
    else.
    """
    folder = run.folder if isinstance(run, training.Run) else run
    if folder is None and run is not None:
        raise Mistake("the run has no folder; train it with fit(..., out=FOLDER)")
    if not isinstance(folder, str | Path):
        raise Mistake(f"run={run!r}: give a Run, a run folder or a file of weights")
    return write(Path(folder), path, data, dtype, device, "data=DIGITS")


def write(
    weights: Path,
    path: str | Path | None,
    data: Digits | str | Path | None,
    dtype: str,
    device: str,
    flag: str,
) -> Path:
    """`write_page` for weights; flag: how a person gives digits here."""
    training.check_dtype(dtype)
    params = load_params(weights)
    in_precision(params, "float32")  # which the page has
    out = Path(path or default_page(weights))
    check_free(out)
    given = str(data) if isinstance(data, str | Path) else data
    digits = training.scores.digits_of(weights, given, flag)
    chosen = devices.choose(device)
    found = training.scores.evaluate(params, digits, dtype=dtype, device=chosen)
    text = showing.page.page(contents(weights, params, digits, found))
    with files.writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(out, text)
    return out


def default_page(weights: Path) -> Path:
    """Where the page goes: into the run folder, or next to a file of weights."""
    if weights.is_dir():
        return weights / "report.html"
    return weights.with_suffix(".html")


def check_free(out: Path) -> None:
    """Raise Mistake if a page at this path would replace something else."""
    if out.suffix not in (".html", ".htm"):
        raise Mistake(f"{out}: a page's name ends in .html; name it so")
    if out.is_dir():
        raise Mistake(f"{out}: is a folder; name a file in it")
    with files.reading(out, "a page"):
        text = out.read_text("utf-8", errors="replace") if out.exists() else None
    if text is not None and showing.page.MARK not in text:
        raise Mistake(f"{out}: exists, not made by jaxnn; choose another")


def settings_of(folder: Path) -> list[tuple[str, str]]:
    """How the run in folder was trained: names and values for a person to read."""
    config = record.read_config(folder)
    values = {label: getattr(config.settings, name) for name, label in SETTINGS.items()}
    rows = [(label, str(v)) for label, v in values.items() if v is not None]
    if config.settings.center:
        rows.append(("trained in", "centered coordinates"))
    judge = HELD_OUT if config.held_out else "tested on"
    parts = zip(("trained on", judge), config.data.values(), strict=False)
    rows += [(label, f"{part.examples}: {part.name}") for label, part in parts]
    if config.notes.get("standardize"):
        rows.append(("pixels", "of each digit mean 0, deviation 1"))
    versions = (f"{name} {version}" for name, version in config.versions.items())
    return [*rows, ("device", config.device), ("versions", ", ".join(versions))]


def training_of(folder: Path) -> tuple[list[tuple[str, str]], Any]:
    """What history.csv shows, in words and as curves; nothing if there is none yet."""
    table = run_folder.read_history(folder)
    if not table:
        return [], None
    cost, seconds = table["cost"], table["seconds"][-1]
    accuracies = table["train_accuracy"], table["test_accuracy"]
    config = record.read_config(folder)
    name, judge = cost_name(config.settings.batch_size), data.judge(config.held_out)
    text = f"{len(cost)} steps, {name} {cost[-1]:.4f} with penalty, {seconds:.1f} s"
    return [("training", text)], showing.charts.curves(cost, *accuracies, name, judge)


def contents(
    weights: Path, params: Params, digits: Digits, found: training.Evaluation
) -> showing.page.Report:
    """All that the page shows about weights; found: their evaluation on digits."""
    folder = run_folder.folder_of(weights)
    settings = [] if folder is None else settings_of(folder)
    history, curves = ([], None) if folder is None else training_of(folder)
    layers = "-".join(map(str, layers_of(params)))
    count, worst = len(digits.y), training.scores.worst(digits.y, found, MISTAKES)
    # in random order: digits often come sorted by class
    shown = np.random.default_rng(0).permutation(count)[:EXAMPLES]
    wrong = int((found.read != digits.y).sum())
    kind, draws = noun(digits.classes), showing.page.takes_drawings(digits)
    doubt = training.scores.DOUBT if draws else 0.0
    note = f" A digit with no output above {doubt:.0%} is not read." * draws
    which = f"The {len(worst)} of {wrong} with the largest cost" if wrong else "None"
    return showing.page.Report(
        title=f"jaxnn: a {layers} network that reads {kind}"
        + f" of {len(digits.classes)} classes" * (kind == "examples"),
        summary=f"It reads {found.accuracy:.2%} of {count} {kind} right: "
        f"{digits.name}.",
        facts=[
            ("network", layers),
            ("cost", f"{found.cost:.4f} nats, mean of {count} {kind}, without penalty"),
            *history,
            *settings,
        ],
        params=params,
        examples=data.take(digits, np.append(shown, worst)),
        mistakes=len(worst),
        mistakes_note=f"{which}; the largest output is in parentheses.{note}",
        counts=training.scores.confusion(digits.y, found),
        curves=curves,
        standardize=run_folder.is_standardized(weights),
        doubt=doubt,
        version=record.versions()["jaxnn"],
        refuser=refuser() if draws else None,
    )


def refuser() -> showing.page.Refuser:
    """The network that reads photos, as the judge of what is no digit."""
    reader = digit_network.own_reader()
    assert reader.temperature is not None  # its outputs are probabilities
    return showing.page.Refuser(reader.params, reader.temperature, reader.doubt)
