"""Train the digit network: python -m jaxnn.train"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from jaxnn import cli, data, devices, optimizers, training
from jaxnn.data import Digits
from jaxnn.flags import DEFAULTS, TrainingFlags, flag, parse
from jaxnn.mistake import BUG, Mistake
from jaxnn.showing import FILES, Painter, Trained
from jaxnn.training import Settings, check, cost_name, record, run_folder

EXAMPLE = "--device gpu --lam 0.3 --steps 400 --out runs/mine"
RESUMABLE = {"resume", "steps", "device", "quiet"}


@dataclass(frozen=True, kw_only=True)
class Flags(TrainingFlags):
    """Train the 400-25-10 digit network, on the embedded digits or any file."""

    hidden: Sequence[str] = flag(
        "units of each hidden layer, or none", tuple(map(str, DEFAULTS.hidden))
    )
    lam: float = flag("penalty lambda", DEFAULTS.lam)
    batch_size: int | None = flag(
        "digits per mini-batch, if the method takes a learning rate (default: all)",
        None,
    )
    test_fraction: float = flag("fraction held out of training", 0.2)
    standardize: bool = flag("scale each image to mean 0, deviation 1", False)
    out: str | None = flag("the run folder (default: runs/<time>)", None)
    overwrite: bool = flag("replace the run that --out holds", False)
    resume: str | None = flag("continue RUN, to the same numbers", None, metavar="RUN")


def hidden_units(words: Sequence[str]) -> tuple[int, ...]:
    """--hidden as numbers: "25", "50 25", or "none" for logistic regression."""
    if list(words) == ["none"]:
        return ()
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise Mistake(
            f"--hidden {' '.join(words)}: give units per layer, as 25 or 50 25, or none"
        )
    return tuple(map(int, words))


def resumed(flags: Flags, run: str) -> tuple[Flags, Settings]:
    """The flags and settings of the run to continue, and the RESUMABLE ones given."""
    if fixed := sorted(flags.given - RESUMABLE):
        raise Mistake(
            f"--{fixed[0].replace('_', '-')} does not go with --resume, which "
            "continues a run as it is; leave it out, or start a new run"
        )
    config = record.read_config(Path(run))
    held = {name: config.notes[name] for name in record.NOTES & config.notes.keys()}
    held["device"] = config.device.partition(":")[0]
    given = {name: getattr(flags, name) for name in flags.given}
    return replace(flags, **(held | given), out=run), config.settings


def announce(
    flags: Flags, settings: Settings, device: str, train: Digits, test: Digits
) -> None:
    """Print what will be trained, unless --quiet."""
    notice, method = cli.printer(flags.quiet), settings.method
    notice(f"device   {device}" + ", found by auto" * (flags.device == "auto"))
    parts = (part for part in (train, test) if len(part.y))
    notice("digits   " + ", ".join(f"{part.name} {len(part.y)}" for part in parts))
    layers = "-".join(map(str, (train.x.shape[1], *settings.hidden, 10)))
    notice(f"network  {layers}, lambda {settings.lam:g}, {method}, {settings.dtype}")
    if flags.resume and isinstance(optimizers.METHODS[method], optimizers.WholeRun):
        notice(f"resuming {method} begins again from the weights it had reached")


def train_network(
    flags: Flags, settings: Settings, folder: Path, train: Digits, test: Digits
) -> training.Run:
    """fit() with the flags; shows progress unless --quiet, and heeds Ctrl-C."""
    how = settings._asdict()
    how.pop("center")  # `fit` decides it
    notes = {name: getattr(flags, name) for name in record.NOTES}
    notes["data"] = flags.data and str(Path(flags.data).resolve())
    name = cost_name(settings.batch_size)
    bar = cli.progress() if not flags.quiet else lambda *_: None
    check_ctrl_c = cli.hold_ctrl_c()
    bar("compiling", 0, flags.steps)
    stale = list(FILES) if flags.resume else []  # once a step is taken

    def show(now: training.Progress) -> None:
        check_ctrl_c()
        while stale:
            (folder / stale.pop()).unlink(missing_ok=True)
        bar(training.step_line(now, name), now.step, now.steps)

    try:
        return training.fit(
            train,
            test,
            **how,
            steps=flags.steps,
            device=flags.device,
            out=folder,
            resume=flags.resume is not None,
            overwrite=flags.overwrite,
            notes=notes,
            progress=show,
            mat=False,  # the second process writes it
        )
    finally:
        bar("", 0, 0)
        cli.release_ctrl_c()


def some_of(train: Digits) -> np.ndarray:
    """At most 100 of the digits trained on, (100, 400), for a picture."""
    shown = np.linspace(0, len(train.y) - 1, min(100, len(train.y))).astype(int)
    return train.x[shown]


def finish(painter: Painter, run: training.Run, folder: Path) -> int:
    """Wait for the pictures; warn of those that are missing.

    Returns BUG if a bug of ours is the reason, else 0.
    """
    where, pictures = folder.absolute(), (run.title(), run.curves())
    code = painter.finish(Trained(where, run.params, *pictures))
    if missing := [file for file in FILES if not (folder / file).exists()]:
        ended = f" (the process that draws ended with code {code})" * (code != 0)
        again = f"{cli.as_typed('train')} --resume {folder}"
        print(
            f"train: warning: no {', '.join(missing)}{ended}; {again} makes them",
            file=sys.stderr,
        )
    if code == BUG:
        print(f"train: {cli.REPORT}", file=sys.stderr)
    return BUG if code == BUG else 0


def result_line(run: training.Run, folder: Path, is_early: bool) -> str:
    """The outcome in one line."""
    text = f"{run.cost_name()} {run.cost:.4f} after {run.steps} step" + "s" * (
        run.steps != 1
    )
    text += f" ({run.message})" * is_early
    parts = text, run.history.accuracies(), f"in {folder}"
    return f"result   {', '.join(filter(None, parts))}"


def main(argv: Sequence[str]) -> int:
    """Train, draw, and print where everything is."""
    flags = parse(Flags, argv, "train", EXAMPLE)
    if flags.resume is not None:
        flags, settings = resumed(flags, flags.resume)
    else:
        settings = flags.settings(hidden=hidden_units(flags.hidden))
    folder = Path(flags.out or run_folder.dated())
    check(settings, flags.steps)
    if flags.resume is None:
        again = f"continue it with --resume {folder}, replace it with --overwrite, or "
        run_folder.require_free(folder, again, flags.overwrite)
    before = folder.stat().st_ino if flags.overwrite and folder.exists() else None
    with Painter() as painter:
        try:
            return run_with(painter, flags, settings, folder)
        except KeyboardInterrupt:
            again = f"; continue with {cli.as_typed('train')} --resume {folder}"
            is_saved = run_folder.holds_run(folder) and folder.stat().st_ino != before
            hint = again if is_saved else ", nothing saved"
            raise KeyboardInterrupt(f"stopped{hint}") from None


def run_with(painter: Painter, flags: Flags, settings: Settings, folder: Path) -> int:
    """Train while painter draws; prints what was reached, then what took how long."""
    train, test = data.train_and_test(
        flags.data, flags.test_fraction, settings.seed, flags.standardize
    )
    seconds = {"data": cli.seconds_since_import()}

    def note(part: str) -> None:
        seconds[part] = cli.seconds_since_import() - sum(seconds.values())

    devices.prepare_process(flags.device)
    device = devices.describe(devices.choose(flags.device))
    note("JAX")
    painter.show(some_of(train))
    announce(flags, settings, device, train, test)
    run = train_network(flags, settings, folder, train, test)
    is_early = run.steps < flags.steps
    if run.steps == run.began_at and all((folder / name).exists() for name in FILES):
        more = "no step is left to take" if is_early else "a larger --steps adds more"
        print(f"result   {folder} is complete ({run.message}); {more}")
        return 0
    if run.diverged:
        finish(painter, run, folder)
        raise Mistake(
            f"{run.message}; the weights before it are in {folder}; "
            "try a smaller --learning-rate"
        )
    seconds["compiling"] = run.compile_seconds
    note("training and saving")
    print(result_line(run, folder, is_early), flush=True)
    code = finish(painter, run, folder)
    note("pictures")
    parts = ", ".join(f"{value:.1f} {part}" for part, value in seconds.items())
    print(f"time     {sum(seconds.values()):.1f} s since import: {parts}")
    return code


if __name__ == "__main__":
    cli.run(main)
