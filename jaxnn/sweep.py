"""Many networks at once, cross-validated: python -m jaxnn.sweep --lam 0 0.1 1 3 10"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from jaxnn import cli, data, devices, ensemble, files, orientation, scales, showing
from jaxnn.classes import noun
from jaxnn.data import Digits
from jaxnn.ensemble import plan as plans
from jaxnn.flags import (
    DEFAULTS,
    TrainingFlags,
    flag,
    number_of_devices,
    parse,
    refuse_fixed,
)
from jaxnn.mistake import Mistake, printable
from jaxnn.training import check, checked, places

EXAMPLE = "--lam 0 0.1 1 3 10 --seeds 32 --hidden 25 100 --folds 5"
RESUMABLE = {"resume", "device", "devices", "quiet"}


@dataclass(frozen=True, kw_only=True)
class Flags(TrainingFlags):
    """Train many networks at once, on folds of the digits, and compare penalties and
    widths by the digits that each network has not seen.
    """

    lam: Sequence[float] = flag("penalties", (0.0, 0.1, 1.0, 3.0, 10.0))
    seeds: int = flag("random starts of each", 8)
    hidden: Sequence[int] = flag("units of the hidden layer", DEFAULTS.hidden)
    folds: int | None = flag("hold each of so many folds out (default: one of 5)", None)
    devices: int | str | None = flag(
        "spread the networks over so many devices, or all",
        None,
        type=number_of_devices,
        metavar="N|all",
    )
    out: str | None = flag("folder of results (default: runs/sweep-<time>)", None)
    resume: str | None = flag("go on with the sweep in FOLDER", None, metavar="FOLDER")


def asked(flags: Flags) -> dict[str, Any]:
    """The flags that sweep.json keeps."""
    held = {name: getattr(flags, name) for name in kinds()}
    return held | {"data": flags.data and str(Path(flags.data).resolve())}


def kinds() -> dict[str, Any]:
    """The flags that sweep.json keeps, each with its type in JSON."""
    hints, own = get_type_hints(Flags), {"given", "out", "resume", "quiet"}
    names = [one.name for one in fields(Flags) if one.name not in own]
    return {name: as_list(hints[name]) for name in names}


def as_list(kind: Any) -> Any:
    """A type, but a tuple for a sequence."""
    inner = get_args(kind)
    return tuple[inner[0], ...] if get_origin(kind) is Sequence else kind


def resumed(flags: Flags, folder: str) -> tuple[Flags, plans.Plan]:
    """The flags of the sweep to continue, and the RESUMABLE ones given; its plan."""
    refuse_fixed(flags.given - RESUMABLE, "sweep")
    plan = plans.read_plan(Path(folder), kinds())
    with places.alone(Path(folder)):
        pass  # refused here, before JAX is loaded
    given = {name: getattr(flags, name) for name in flags.given}
    return replace(flags, **(plan.flags | given)), plan


def folder_for(flags: Flags) -> Path:
    """The folder of the results: of the sweep to continue, or a free one."""
    if flags.resume is not None:
        return Path(flags.resume)
    if flags.out is not None and (Path(flags.out) / plans.PLAN).exists():
        out = printable(flags.out)
        raise Mistake(
            f"{out}: holds a sweep already; go on with it by --resume {out}, or choose "
            "another folder"
        )
    return places.results_folder(flags.out, "sweep")


def check_flags(flags: Flags) -> None:
    """Raise Mistake for what cannot be swept."""
    for name, values in (("lam", flags.lam), ("hidden", flags.hidden)):
        if len(set(values)) < len(values):
            raise Mistake(f"--{name} {values}: give each value once")
    if flags.seeds < 1:
        raise Mistake(f"--seeds {flags.seeds}: give at least 1")
    for lam, hidden in itertools.product(flags.lam, flags.hidden):
        check(flags.settings(hidden=(hidden,), lam=lam), flags.steps)


def save(
    folder: Path,
    scores: list[ensemble.Scores],
    how: str,
    shape: tuple[int, int] | None,
) -> str:
    """Write sweep.md, sweep.csv and the pictures; returns what to print.

    how: the networks were trained, for a title. shape: of the images; without one,
    hidden units are no pictures.
    """
    lines = ensemble.printed.lines(scores)
    text = "\n\n".join(["# Penalties compared", *lines, ""])
    files.write_text(folder / "sweep.md", text)
    files.write_csv(folder / "sweep.csv", ensemble.printed.networks(scores))
    if not any(one.good.any() for one in scores):
        return "\n".join(lines)
    widths = sorted({one.hidden for one in scores})
    panels = [[one for one in scores if one.hidden == width] for width in widths]
    figure = showing.charts.penalties(
        [f"{width} hidden units, {how}" for width in widths],
        [one.lam for one in panels[0]],
        [
            [
                (one.train_accuracy[one.good].mean(axis=1), one.validation_accuracy)
                for one in panel
            ]
            for panel in panels
        ],
    )
    files.write_bytes(folder / "sweep.png", showing.charts.png(figure))
    for panel, width in zip(panels, widths, strict=True):
        trained = [one for one in panel if not one.diverged.all()]
        if trained and shape is not None:
            trained.sort(key=lambda one: one.lam)
            thetas, lams = zip(*((one.theta1, one.lam) for one in trained), strict=True)
            figure = showing.pictures.hidden_units_by_penalty(thetas, lams, shape)
            files.write_bytes(
                folder / f"hidden_units_{width}.png", showing.charts.png(figure)
            )
    return "\n".join(lines)


def train_widths(
    flags: Flags, digits: Digits, device: Any, folder: Path, plan: plans.Plan
) -> tuple[list[ensemble.Scores], str]:
    """Cross-validate every width in turn, and save the results after each.

    Returns the scores, and the text to print about them.
    """
    out = ensemble.left_out(digits, flags.folds, flags.seed)
    mesh = ensemble.mesh_of(flags.device, flags.devices)
    notice, show = cli.printer(flags.quiet), cli.progress_of_parts(flags.quiet)

    def follow(hidden: int) -> Any:
        layers = f"{digits.x.shape[1]}-{hidden}-{len(digits.classes)}"
        return partial(show, f"{layers}, {flags.method}")

    each = ensemble.each_width(
        digits,
        flags.lam,
        flags.hidden,
        range(flags.seed, flags.seed + flags.seeds),
        out,
        follow,
        init=flags.init,
        dtype=flags.dtype,
        method=flags.method,
        steps=flags.steps,
        learning_rate=flags.learning_rate,
        notice=notice,
        kept=folder,
        mesh=mesh,
    )
    how, scores, text = f"{flags.method}, {flags.steps} steps", [], ""
    more = f" and {mesh.size - 1} more" if mesh else ""
    notice(f"device   {devices.describe(device)}{more}, {flags.dtype}")
    sizes = (
        f"{digits.name} {len(digits.y)}, {len(out.used)} of {out.whole} folds left out"
    )
    notice(f"{noun(digits.classes):<9}{sizes}")
    with begun(folder, plan):
        for one in each:
            scores += one
            text = save(folder, scores, how, digits.shape)
    return scores, text


@contextmanager
def begun(folder: Path, plan: plans.Plan) -> Iterator[None]:
    """Make and lock the folder of a sweep that the block ends; Ctrl-C says how on."""
    folder.mkdir(parents=True, exist_ok=True)
    with places.alone(folder):
        plans.write_plan(folder, plan)
        try:
            yield
        except KeyboardInterrupt:
            again = f"{cli.as_typed('sweep')} --resume {printable(str(folder))}"
            raise cli.stopped(folder, f"; go on with {again}") from None
        plans.finish(folder, plan)


def main(argv: Sequence[str]) -> int:
    """Train all networks, compare them, and save the results."""
    flags = parse(Flags, argv, "sweep", EXAMPLE)
    held = None
    if flags.resume is not None:
        flags, held = resumed(flags, flags.resume)
    check_flags(flags)
    folder = folder_for(flags)
    where = printable(str(folder))
    if held is not None and held.finished:
        print(f"result   this sweep is finished; its table and pictures are in {where}")
        return 0
    devices.prepare_process(flags.device)
    device = devices.choose(flags.device)
    with scales.noted() as pixels:
        parts = data.parts_of(flags.data, stream=False)
    for line in pixels:
        cli.printer(flags.quiet)(f"pixels   {line}")
    whole = parts["train"] if "train" in parts else parts["all"]
    (digits,) = checked(whole, None, flags.dtype)
    orientation.warn(digits)
    plan = plans.plan_of(asked(flags), digits)
    if held is not None:
        plans.check_data(folder, held, plan)
    with devices.computing(device, flags.dtype):
        scores, text = train_widths(flags, digits, device, folder, plan)
    print(text)
    if not any(one.good.any() for one in scores):
        raise Mistake(
            f"every start diverged; try a smaller --learning-rate or --lam; {folder} "
            "lists each network"
        )
    print(f"result   table, pictures and a line per network in {where}")
    return 0


if __name__ == "__main__":
    cli.run(main)
