"""The flags that every benchmark has, and what they ask for at its end."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import checkout  # noqa: F401, finds jaxnn
from jaxnn import cli
from rows import RESULTS, save

SIZES = "networks", "examples"  # flags that leave sizes out


def flags(
    about: str, quick: str, devices: Sequence[str] = ("cpu", "gpu")
) -> argparse.ArgumentParser:
    """The flags that every benchmark has. quick: what --quick does."""
    parser = cli.Parser(description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--device", nargs="+", choices=devices, default=["cpu"], help="[cpu]")
    add("--quick", action="store_true", help=quick)
    add("--rounds", type=positive, help="repetitions of each")
    add("--only", nargs="+", metavar="NAME", help="names that begin so; and the first")
    add("--save", action="store_true", help=f"keep the rows in {RESULTS.name}/")
    add("--json", type=Path, metavar="FILE", help="write the rows there as well")
    return parser


def positive(word: str) -> int:
    """A number of things, at least one."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word} is not a whole number above 0")
    return int(word)


def read(parser: argparse.ArgumentParser, quick: int, full: int) -> argparse.Namespace:
    """The command line, lists without repetitions. quick, full: rounds unless told."""
    args = parser.parse_args()
    for name, found in vars(args).items():
        if isinstance(found, list):
            setattr(args, name, list(dict.fromkeys(found)))
    args.rounds = args.rounds or (quick if args.quick else full)
    partial = [n for n in ("quick", "only", *SIZES) if getattr(args, n, None)]
    if args.save and partial:
        parser.error(
            f"argument --save: a part would replace the whole; not --{partial[0]}"
        )
    if args.json and not args.json.absolute().parent.is_dir():
        parser.error(f"argument --json: {args.json.parent} is no folder")
    return args


def finish(rows: list[dict[str, Any]], args: argparse.Namespace) -> None:
    """Write the rows where --save and --json want them, and say where."""
    if args.save:
        print(f"rows in {save(rows)}; benchmarks/report.py makes RESULTS.md of them")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
        print(f"rows in {args.json}")
