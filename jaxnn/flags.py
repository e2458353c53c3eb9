"""The flags of a command as a frozen dataclass: each name, type and default once."""

import argparse
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from inspect import cleandoc
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from jaxnn import cli, devices
from jaxnn.initialization import SCHEMES
from jaxnn.optimizers import TRAITS
from jaxnn.training import Settings

DEFAULTS = Settings()
DATA = ".mat, .npz, .npy, IDX, .csv, .parquet, or a folder of x.npy and y.npy"
DTYPES = "float32", "float64"
RATES = {n: f"{t.default_rate:g}" for n, t in TRAITS.items() if t.default_rate}


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
