"""Train the digit network: python -m jaxnn.train"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jaxnn import cli, data, devices, optimizers, processes, scales, startup, training
from jaxnn.classes import noun
from jaxnn.data import Parts
from jaxnn.digits import some_pictures
from jaxnn.files import Unwritable
from jaxnn.flags import TrainFlags as Flags
from jaxnn.flags import hidden_units, parse, resumed
from jaxnn.mistake import BUG, Mistake, printable
from jaxnn.processes import Team
from jaxnn.showing import FILES, Painter, Trained
from jaxnn.training import Settings, check, cost_name, placement, places, record

EXAMPLE = "--device gpu --lam 0.3 --steps 400 --out runs/mine"


def announce(
    flags: Flags, settings: Settings, device: str, parts: Parts, pixels: Sequence[str]
) -> None:
    """Print what will be trained, unless --quiet.

    pixels: what was found and done with those of a file.
    """
    notice, method = cli.printer(flags.quiet), settings.method
    notice(f"device   {device}" + ", found by auto" * (flags.device == "auto"))
    train = parts.train
    sizes = [f"{part.name} {len(part.y)}" for part in parts[:2] if len(part.y)]
    notice(f"{noun(train.classes):<9}{', '.join(sizes)}")
    for line in pixels:
        notice(f"pixels   {line}")
    shape = train.x.shape[1], *settings.hidden, len(train.classes)
    layers = "-".join(map(str, shape))
    notice(f"network  {layers}, lambda {settings.lam:g}, {method}, {settings.dtype}")
    if flags.resume and isinstance(optimizers.METHODS[method], optimizers.WholeRun):
        notice(f"resuming {method} begins again from the weights it had reached")


def train_network(
    flags: Flags, settings: Settings, folder: Path, parts: Parts
) -> training.Run:
    """fit() with the flags; shows progress unless --quiet, and heeds Ctrl-C."""
    how = settings._asdict()
    how.pop("center")  # `fit` decides it
    notes = {name: getattr(flags, name) for name in record.NOTES}
    notes["data"] = flags.data and str(Path(flags.data).resolve())
    names = cost_name(settings.batch_size), data.judge(parts.held_out)
    bar = cli.progress() if not flags.quiet else lambda *_: None
    check_ctrl_c = cli.hold_ctrl_c()
    bar("compiling", 0, flags.steps)
    stale = list(FILES) if flags.resume else []  # once a step is taken

    def show(now: training.Progress) -> None:
        check_ctrl_c()
        while stale:
            (folder / stale.pop()).unlink(missing_ok=True)
        bar(training.step_line(now, *names), now.step, now.steps)

    try:
        return training.fit(
            parts.train,
            parts.test,
            **how,
            steps=flags.steps,
            device=flags.device,
            devices=flags.devices,
            out=folder,
            resume=flags.resume is not None,
            overwrite=flags.overwrite,
            notes=notes,
            progress=show,
            held_out=parts.held_out,
            pictures=False,  # the second process draws them
        )
    finally:
        bar("", 0, 0)
        cli.release_ctrl_c()


def files_of(run: training.Run) -> list[str]:
    """The files that the second process makes: no pictures of units of a table."""
    of_images = ("digits.png", "hidden_units.png") if run.shape is None else ()
    return [name for name in FILES if name not in of_images]


def finish(painter: Painter, run: training.Run, folder: Path) -> int:
    """Wait for the pictures; warn of those that are missing.

    Returns BUG if a bug of ours is the reason, else 0.
    """
    where, pictures = folder.absolute(), (run.title(), run.curves())
    code = painter.finish(Trained(where, run.params, *pictures))
    if missing := [file for file in files_of(run) if not (folder / file).exists()]:
        ended = f" (the process that draws ended with code {code})" * (code != 0)
        print(
            f"train: warning: no {', '.join(missing)}{ended}; {again_with(folder)} "
            "makes them",
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
    best = [f"best {run.best()}"] if run.best_params else []
    parts = text, run.accuracies(), *best, f"in {folder}"
    return f"result   {printable(', '.join(filter(None, parts)))}"


def main(argv: Sequence[str]) -> int:
    """Train, draw, and print where everything is."""
    flags = parse(Flags, argv, "train", EXAMPLE)
    team = processes.team(flags.coordinator, flags.processes, flags.process_id)
    if flags.resume is not None:
        flags, settings = resumed(flags, flags.resume, team.number == 0)
    else:
        settings = flags.settings(hidden=hidden_units(flags.hidden))
    folder = Path(flags.out or places.dated())
    check(settings, flags.steps)
    if team.number:
        return help_training(flags, settings, folder, team)
    if flags.resume is None:
        again = f"continue it with --resume {folder}, replace it with --overwrite, or "
        places.require_free(folder, again, flags.overwrite)
    before = folder.stat().st_ino if flags.overwrite and folder.exists() else None

    def onward() -> str:
        is_saved = places.holds_run(folder) and folder.stat().st_ino != before
        return f"continue with {again_with(folder)}" * is_saved

    def said() -> str:
        return f"stopped; {onward()}" if onward() else "stopped, nothing saved"

    with Painter() as painter, startup.saying(said):
        try:
            return run_with(painter, flags, settings, folder, team)
        except KeyboardInterrupt as stop:
            raise type(stop)(said()) from None
        except Unwritable as error:
            if onward():
                raise Mistake(f"{error.fault}; mend that, then {onward()}") from error
            raise


def again_with(folder: Path) -> str:
    """The command that continues the run in a folder."""
    return f"{cli.as_typed('train')} --resume {printable(str(folder))}"


def help_training(flags: Flags, settings: Settings, folder: Path, team: Team) -> int:
    """Train as one of several processes that is not the first, and print nothing."""
    parts = parts_of(flags, settings)
    with processes.joined(team, "train", onward_with(folder)):
        devices.prepare_process(flags.device)
        run = train_network(replace(flags, quiet=True), settings, folder, parts)
    return cli.MISTAKE if run.diverged else 0


def onward_with(folder: Path) -> str:
    """What to do when a process of several is lost."""
    return f"start all again, with --resume {printable(str(folder))} if that is there"


def parts_of(flags: Flags, settings: Settings) -> Parts:
    """The digits to train on, and those to judge by."""
    how = flags.test_fraction, settings.seed, flags.standardize, flags.stream or None
    return data.train_and_test(flags.data, *how)


def run_with(
    painter: Painter, flags: Flags, settings: Settings, folder: Path, team: Team
) -> int:
    """Train while painter draws; prints what was reached, then what took how long."""
    with scales.noted() as pixels:
        parts = parts_of(flags, settings)
    if team.processes > 1:
        others = f"{team.processes - 1} more at {team.coordinator}".removesuffix(" at ")
        cli.printer(flags.quiet)(f"waiting  for {others}", flush=True)
    with processes.joined(team, "train", onward_with(folder)):
        return run_on(painter, flags, settings, folder, parts, pixels)


def run_on(
    painter: Painter,
    flags: Flags,
    settings: Settings,
    folder: Path,
    parts: Parts,
    pixels: list[str],
) -> int:
    """As `run_with`, with these digits, and lines about their pixels."""
    seconds = {"data": cli.seconds_since_import()}

    def note(part: str) -> None:
        seconds[part] = cli.seconds_since_import() - sum(seconds.values())

    devices.prepare_process(flags.device)
    device = str(placement.choose(flags.device, flags.devices, None, flags.begun_on))
    note("JAX")
    painter.show(some_pictures(parts.train))
    announce(flags, settings, device, parts, pixels)
    run = train_network(flags, settings, folder, parts)
    is_early = run.steps < flags.steps
    is_drawn = all((folder / name).exists() for name in files_of(run))
    if run.steps == run.began_at and is_drawn:
        more = "no step is left to take" if is_early else "a larger --steps adds more"
        where = printable(str(folder))
        print(f"result   {where} is complete ({run.message}); {more}")
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
    took = ", ".join(f"{value:.1f} {part}" for part, value in seconds.items())
    print(f"time     {sum(seconds.values()):.1f} s since import: {took}")
    return code


if __name__ == "__main__":
    cli.run(main)
