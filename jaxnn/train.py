"""Train the digit network: python -m jaxnn.train"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import cli, data, devices, files
from jaxnn.data import Digits
from jaxnn.mistake import Mistake
from jaxnn.model import SCHEMES
from jaxnn.optimizers import METHODS, WholeRun
from jaxnn.training import (
    Progress,
    Run,
    Settings,
    check,
    cost_name,
    fit,
    run_folder,
    tidy,
)

DEFAULTS: dict[str, Any] = {
    **Settings._field_defaults,
    # the data
    "data": None,
    "test_fraction": 0.2,
    "standardize": False,
    # how it runs
    "steps": 200,
    "device": "auto",
    "out": None,
    "resume": None,
    "quiet": False,
}
PICTURES = ("digits.png", "curves.png", "hidden_units.png")
RESUMABLE = {"resume", "steps", "device", "quiet"}
NOTES = ("data", "test_fraction", "standardize", "steps")  # of config.json


def parse(argv: Sequence[str]) -> dict[str, Any]:
    """The flags that were given, by name."""
    parser = cli.parser(
        "train",
        "Train the 400-25-10 digit network, on the embedded digits or any file.",
        "python -m jaxnn.train --device gpu --lam 0.3 --steps 400 --out runs/mine",
    )
    add = parser.add_argument
    add("--data", help=".mat, .npz, .npy or IDX (default: the embedded 5000)")
    add(
        "--hidden",
        nargs="+",
        metavar="UNITS",
        help="of each hidden layer, or none (default: 25)",
    )
    add("--lam", type=float, help="penalty lambda (default: 1)")
    cli.add_training_flags(parser, SCHEMES, METHODS)
    add("--batch-size", type=int, help="of mini-batches, same three (default: all)")
    add(
        "--center",
        action="store_true",
        help="train in centred coordinates: lbfgs, cg, newton-cg and scipy-l-bfgs-b "
        "get to a cost in about half the evaluations; adam needs more",
    )
    add("--test-fraction", type=float, help="held out of training (default: 0.2)")
    add("--standardize", action="store_true", help="each image to mean 0, deviation 1")
    add("--out", help="the run folder (default: runs/<time>)")
    add("--resume", metavar="RUN", help="go on with a run, to the same numbers")
    given = vars(parser.parse_args(argv))
    if "hidden" in given:
        given["hidden"] = hidden_units(given["hidden"])
    fixed = sorted(given.keys() - RESUMABLE)
    if "resume" in given and fixed:
        flag = "--" + fixed[0].replace("_", "-")
        raise Mistake(
            f"{flag} is settled by the run that --resume goes on with; leave it out, "
            "or start a new run"
        )
    return given


def hidden_units(words: list[str]) -> tuple[int, ...]:
    """--hidden as numbers: "25", "50 25", or "none" for logistic regression."""
    if words == ["none"]:
        return ()
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise Mistake(
            f"--hidden {' '.join(words)}: give units per layer, as 25 or 50 25, or none"
        )
    return tuple(int(word) for word in words)


def settle(given: dict[str, Any]) -> dict[str, Any]:
    """All settings: defaults, or those of the run that goes on; then the flags."""
    if "resume" not in given:
        out = given.get("out") or run_folder.dated()
        return {**DEFAULTS, **given, "out": out}
    folder = Path(given["resume"])
    config = run_folder.read_config(folder)
    with files.reading(folder / run_folder.CONFIG, "a run's settings"):
        held = {**tidy(Settings(**config["settings"]))._asdict(), **config["notes"]}
        held["steps"] = int(held.get("steps", DEFAULTS["steps"]))
        held["device"] = config["device"].partition(":")[0]
    return {**DEFAULTS, **held, **given, "out": folder}


def announce(flags: dict[str, Any], device: str, train: Digits, test: Digits) -> None:
    """Say what is about to be trained, unless --quiet."""
    say = cli.teller(flags["quiet"])
    say(f"device   {device}" + (", found by auto" if flags["device"] == "auto" else ""))
    parts = (part for part in (train, test) if len(part.y))
    say("digits   " + ", ".join(f"{part.name} {len(part.y)}" for part in parts))
    layers = "-".join(str(n) for n in (train.x.shape[1], *flags["hidden"], 10))
    how = f"lambda {flags['lam']:g}, {flags['method']}, {flags['dtype']}"
    how += ", in centred coordinates" * flags["center"]
    say(f"network  {layers}, {how}")
    if flags["resume"] and isinstance(METHODS.get(flags["method"]), WholeRun):
        say(f"resuming {flags['method']} begins anew from the weights it had reached")


def step_line(now: Progress, name: str) -> str:
    """What is told of a step; name is that of the cost."""
    accuracies = {"train": now.train_accuracy, "test": now.test_accuracy}
    parts = [
        f"step {now.step:>{len(str(now.steps))}}/{now.steps}",
        f"{name} {now.cost:.4f}",
        f"gradient {now.gradient_norm:.1e}",
        *(f"{k} {v:.2%}" for k, v in accuracies.items() if not np.isnan(v)),
        f"{now.seconds:.1f} s",
    ]
    return "  ".join(parts)


def train_network(flags: dict[str, Any], train: Digits, test: Digits) -> Run:
    """fit() with the flags; shows progress unless --quiet, and heeds Ctrl-C."""
    bar = cli.progress()
    check_ctrl_c = cli.hold_ctrl_c()

    def show(now: Progress) -> None:
        check_ctrl_c()
        if not flags["quiet"]:
            line = step_line(now, cost_name(flags["batch_size"]))
            bar(line, now.step, now.steps)

    source = flags["data"] and str(Path(flags["data"]).resolve())
    try:
        return fit(
            train,
            test,
            **{name: flags[name] for name in Settings._fields},
            steps=flags["steps"],
            device=flags["device"],
            out=flags["out"],
            resume=flags["resume"] is not None,
            notes={**{name: flags[name] for name in NOTES}, "data": source},
            progress=show,
        )
    except KeyboardInterrupt:
        folder = Path(flags["out"])
        again = f"; go on with python -m jaxnn.train --resume {folder}"
        hint = again if run_folder.holds_run(folder) else ", nothing saved"
        raise KeyboardInterrupt(f"stopped{hint}") from None


def draw_digits(train: Digits) -> bytes:
    """A picture of 100 of the digits trained on.

    It loads matplotlib while XLA compiles. Nothing of SciPy: for triangular solves
    jaxlib loads scipy.linalg at the same time, and two threads that load parts of one
    package may find them half made.
    """
    from jaxnn.showing import charts, pictures

    shown = np.linspace(0, len(train.y) - 1, min(100, len(train.y))).astype(int)
    return charts.png(pictures.digit_grid(train.x[shown]))


def draw_run(run: Run, name: str) -> dict[str, bytes]:
    """The pictures of what was learned and how; name is that of the cost."""
    from jaxnn.showing import charts, pictures

    history = run.history
    accuracies = history.train_accuracy, history.test_accuracy
    curves = charts.curves(history.cost, *accuracies, name)
    units = pictures.hidden_units(run.params[0])
    return {"curves.png": charts.png(curves), "hidden_units.png": charts.png(units)}


def result_line(run: Run, folder: Path, name: str, ended: str) -> str:
    """The outcome in one line; ended says why there were not more steps, if so."""
    history = run.history
    text = (
        f"{name} {run.cost:.4f} after {run.steps} step{'s' * (run.steps != 1)}{ended}"
    )
    for name, accuracy in (
        ("train", history.train_accuracy),
        ("test", history.test_accuracy),
    ):
        if accuracy.size and not np.isnan(accuracy[-1]):
            text += f", {name} {accuracy[-1]:.2%}"
    if run.best_params is not None:
        text += f" (best {np.nanmax(history.test_accuracy):.2%})"
    return f"result   {text}, in {folder}"


def main(argv: Sequence[str]) -> int:
    """Train, draw, and say where everything is."""
    flags = settle(parse(argv))
    folder = Path(flags["out"])
    check(Settings(*(flags[name] for name in Settings._fields)), flags["steps"])
    if flags["resume"] is None:
        run_folder.require_free(folder)
    devices.prepare_process(flags["device"])
    device = devices.describe(devices.choose(flags["device"]))
    seconds = {"starting": cli.process_seconds()}
    source = (flags[name] for name in ("data", "test_fraction", "seed", "standardize"))
    train, test = data.train_and_test(*source)
    seconds["data"] = cli.process_seconds() - sum(seconds.values())
    announce(flags, device, train, test)
    with ThreadPoolExecutor(1) as painter:
        digits_png = painter.submit(draw_digits, train)
        run = train_network(flags, train, test)
    has_pictures = all((folder / name).exists() for name in PICTURES)
    is_early = run.steps < flags["steps"]
    if run.steps == run.began_at and has_pictures:
        more = "no step is left to take" if is_early else "a larger --steps adds more"
        print(f"result   {folder} is complete ({run.message}); {more}")
        return 0
    if run.diverged:
        raise Mistake(
            f"{run.message}; the weights before it are in {folder}; "
            "try a smaller --learning-rate"
        )
    seconds["compiling"] = run.compile_seconds
    seconds["training and saving"] = cli.process_seconds() - sum(seconds.values())
    for name, png in {
        "digits.png": digits_png.result(),
        **draw_run(run, cost_name(flags["batch_size"])),
    }.items():
        files.write_bytes(folder / name, png)
    seconds["pictures"] = cli.process_seconds() - sum(seconds.values())
    parts = ", ".join(f"{value:.1f} {name}" for name, value in seconds.items())
    ended = f" ({run.message})" if is_early else ""
    print(result_line(run, folder, cost_name(flags["batch_size"]), ended))
    print(f"time     {sum(seconds.values()):.1f} s: {parts}")
    return 0


if __name__ == "__main__":
    cli.run(main)
