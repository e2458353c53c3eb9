"""What an unfinished sweep keeps in its folder, so that it can go on after a kill.

sweep.json         what was asked for, and of which data
networks/W-I.npz   a group of trained networks: W hidden units, from network I on

The groups (kept.py) go when the sweep is done.
"""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from jaxnn import __version__, files
from jaxnn.digits import Digits
from jaxnn.files import FileError
from jaxnn.training import record, schema

PLAN, NETWORKS = "sweep.json", "networks"
KIND = schema.Kind(
    "the folder of a sweep", "what was asked for", "a sweep's plan", "start a new sweep"
)


class Plan(NamedTuple):
    """The content of sweep.json."""

    flags: dict[str, Any]
    data: record.Part
    jaxnn: str = __version__
    finished: bool = False


def plan_of(flags: dict[str, Any], digits: Digits) -> Plan:
    """The Plan of a sweep that begins now."""
    return Plan(flags, record.Part(digits.name, len(digits.y), record.checksum(digits)))


def write_plan(folder: Path, plan: Plan) -> None:
    """Write sweep.json."""
    held = plan._asdict() | {"data": plan.data._asdict()}
    files.write_text(folder / PLAN, json.dumps(held, indent=1) + "\n")


def read_plan(folder: Path, kinds: dict[str, Any]) -> Plan:
    """Read sweep.json; kinds: the type of each flag.

    FileError if it is missing, damaged, or of another jaxnn, whose numbers may differ.
    """

    def parse(held: Any) -> Plan:
        plan = schema.parsed(Plan, held)
        flags = {
            name: schema.parsed(kinds[name], plan.flags[name], f"flags.{name}")
            for name in kinds
        }
        return plan._replace(flags=flags)

    plan = schema.read(folder / PLAN, KIND, parse)
    if plan.jaxnn != __version__:
        raise FileError(
            f"{folder}: was begun with jaxnn {plan.jaxnn}, and this is {__version__}; "
            "install that one, or start a new sweep"
        )
    return plan


def check_data(folder: Path, plan: Plan, now: Plan) -> None:
    """Raise FileError unless both plans are of the same data."""
    if plan.data.sha256 != now.data.sha256:
        raise FileError(
            f"{folder}: was begun with other digits; give it the same, or start a new "
            "sweep"
        )


def finish(folder: Path, plan: Plan) -> None:
    """Note that a sweep is done, and remove its groups."""
    write_plan(folder, plan._replace(finished=True))
    shutil.rmtree(folder / NETWORKS, ignore_errors=True)
