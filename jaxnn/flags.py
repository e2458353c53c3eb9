"""The flags of a command as a frozen dataclass: each name, type and default once."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from inspect import cleandoc
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from jaxnn import cli, devices
from jaxnn.initialization import SCHEMES
from jaxnn.mistake import Mistake
from jaxnn.optimizers import TRAITS
from jaxnn.training import Settings, places, record

DEFAULTS = Settings()
DATA = ".mat, .npz, .npy, IDX, .csv, .parquet, or a folder of x.npy and y.npy"
DTYPES = "float32", "float64"
RATES = {n: f"{t.default_rate:g}" for n, t in TRAITS.items() if t.default_rate}

RESUMABLE = {"resume", "steps", "device", "devices", "quiet"}
RESUMABLE |= {"coordinator", "processes", "process_id"}


def seed(word: str) -> int:
    """--seed as a number; argparse names the flag when this raises."""
    if not word.isdecimal() or int(word) >= 2**31:
        raise argparse.ArgumentTypeError(f"{word} is not in 0..2147483647")
    return int(word)


def device(word: str) -> str:
    """--device as typed, if there is such a kind."""
    try:
        return devices.known(word)
    except devices.DeviceError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def number_of_devices(word: str) -> int | str:
    """--devices as `fit` takes it."""
    if word == "all":
        return word
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word}: give a number from 1 up, or all")
    return int(word)


def flag(help: str, default: Any = MISSING, **more: Any) -> Any:
    """A field that is a flag or, without a default, a positional argument.

    more: for add_argument.
    """
    return field(default=default, metadata={"help": help, **more})


@dataclass(frozen=True, kw_only=True)
class CommonFlags:
    """The flags that all commands have; a command's own are a subclass."""

    device: str = flag(
        "auto takes the GPU if there is one",
        "auto",
        type=device,
        metavar="{auto,cpu,gpu,gpu:N}",
    )
    dtype: str = flag("precision of all numbers", DEFAULTS.dtype, choices=DTYPES)
    seed: int = flag("seed of everything random", DEFAULTS.seed, type=seed)
    quiet: bool = flag("print only the result", False)
    given: frozenset[str] = frozenset()  # the names of those that were typed


@dataclass(frozen=True, kw_only=True)
class TrainingFlags(CommonFlags):
    """The flags of the commands that train."""

    data: str | None = flag(f"{DATA} (default: embedded digits)", None)
    init: str = flag("scheme of the initial weights", DEFAULTS.init, choices=SCHEMES)
    method: str = flag(f"one of {', '.join(TRAITS)}", DEFAULTS.method)
    steps: int = flag("at most so many steps, in all", 200)
    learning_rate: float | None = flag(
        f"only for {', '.join(RATES)} (default: {', '.join(RATES.values())})", None
    )

    def settings(self, **own: Any) -> Settings:
        """The settings of a network; own: those that are not a flag's value."""
        names = {one.name for one in fields(self)} & set(Settings._fields)
        return Settings(**{name: getattr(self, name) for name in names} | own)


@dataclass(frozen=True, kw_only=True)
class TrainFlags(TrainingFlags):
    """Train the 400-25-10 digit network, on the embedded digits or any file: other
    images and tables have as many inputs as features and as many outputs as classes.
    """

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
    stream: bool = flag("read --data from disk as it trains, as large files are", False)
    devices: int | str | None = flag(
        "spread the digits over so many devices, or all",
        None,
        type=number_of_devices,
        metavar="N|all",
    )
    coordinator: str | None = flag(
        "where process 0 of several listens", None, metavar="HOST:PORT"
    )
    processes: int | None = flag("the number of processes", None)
    process_id: int | None = flag("which of them this is, from 0", None)
    out: str | None = flag("the run folder (default: runs/<time>)", None)
    overwrite: bool = flag("replace the run that --out holds", False)
    resume: str | None = flag("continue RUN, to the same numbers", None, metavar="RUN")
    begun_on: int = 1  # the number of devices of the run to continue


def hidden_units(words: Sequence[str]) -> tuple[int, ...]:
    """--hidden as numbers: "25", "50 25", or "none" for logistic regression."""
    if list(words) == ["none"]:
        return ()
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise Mistake(
            f"--hidden {' '.join(words)}: give units per layer, as 25 or 50 25, or none"
        )
    return tuple(map(int, words))


def refuse_fixed(given: Iterable[str], kind: str) -> None:
    """Raise Mistake where flags are given that what is continued has fixed."""
    for name in sorted(given)[:1]:
        raise Mistake(
            f"--{name.replace('_', '-')} does not go with --resume, which continues a "
            f"{kind} as it is; leave it out, or start a new {kind}"
        )


def resumed(flags: TrainFlags, run: str, leads: bool) -> tuple[TrainFlags, Settings]:
    """The flags and settings of the run to continue, and the RESUMABLE ones given.

    leads: whether this process is the one that writes the run.
    """
    refuse_fixed(flags.given - RESUMABLE, "run")
    if leads:
        places.mend(Path(run))
    config = record.read_config(Path(run))
    with places.locked(Path(run) if leads else None):
        pass  # refused here, before JAX is loaded
    held = {name: config.notes[name] for name in record.NOTES & config.notes.keys()}
    held["device"] = config.device.partition(":")[0]
    given = {name: getattr(flags, name) for name in flags.given}
    held["begun_on"] = config.devices
    return replace(flags, **(held | given), out=run), config.settings


F = TypeVar("F", bound=CommonFlags)


def parse(kind: type[F], argv: Sequence[str], command: str, example: str) -> F:
    """The flags of a command; the docstring of their class heads its --help.

    example: flags that a person may type.
    """
    parser = cli.Parser(
        prog=cli.as_typed(command),
        description=cleandoc(kind.__doc__ or ""),
        epilog=f"example:\n  {cli.as_typed(command)} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    types = get_type_hints(kind)
    for one in fields(kind):
        if one.metadata:
            add(parser, one, types[one.name])
    given = vars(parser.parse_args(argv))
    return kind(**given, given=frozenset(given))


def add(parser: argparse.ArgumentParser, one: Field, kind: Any) -> None:
    """Add a field to a parser, with the field's type, kind, and its default."""
    more: dict[str, Any] = dict(one.metadata)
    types = (kind, *get_args(kind))
    if kind is bool:
        more["action"] = "store_true"
    else:
        more.setdefault("type", next(t for t in (int, float, str) if t in types))
    if get_origin(kind) is Sequence:
        more.setdefault("nargs", "+")
    if text := in_words(one.default):
        more["help"] += f" (default: {text})"
    is_named = one.default is not MISSING and more.get("nargs") != "?"
    name = "--" + one.name.replace("_", "-") if is_named else one.name
    parser.add_argument(name, **more)


def in_words(default: Any) -> str:
    """A default as a person would type it; "" if there is nothing to type."""
    if default is MISSING or default is None or default is False:
        return ""
    if isinstance(default, tuple):
        return " ".join(map(in_words, default))
    return f"{default:g}" if isinstance(default, float) else str(default)
