"""Where a run computes: on one device, or with its examples spread over several.

On several, each device holds as many rows of the digits as the others, and all of the
parameters. Each evaluates cost and gradient on its own rows; one all-reduce adds them.
The devices may belong to several processes (jaxnn/processes.py).
"""

from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from jaxnn import devices, meshes
from jaxnn.devices import Device


class Placement(NamedTuple):
    """The devices of a run."""

    first: Device  # that of small computations, and the one to name
    rows: Any  # where an array with a row per example lies: a device, or a sharding
    whole: Any  # where every other array lies

    @property
    def devices(self) -> int:
        """The number of devices."""
        return max(1, len(meshes.devices_of(self.rows)))

    @property
    def processes(self) -> int:
        """The number of processes that they belong to."""
        return len({one.process_index for one in meshes.devices_of(self.rows)}) or 1

    @property
    def facts(self) -> tuple[str, int, int]:
        """What config.json says of it: its name, and how many devices and processes."""
        return str(self), self.devices, self.processes

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.first.process_index == 0

    def computing(self, dtype: str) -> AbstractContextManager[None]:
        """Compute here, in dtype."""
        return devices.computing(self.first, dtype, getattr(self.rows, "mesh", None))

    def __str__(self) -> str:
        more = f" and {self.devices - 1} more" * (self.devices > 1)
        parts = f" of {self.processes} processes" * (self.processes > 1)
        return f"{devices.describe(self.first)}{more}{parts}"


def choose(kind: str, wish: int | str | None, x: Any, begun_on: int = 1) -> Placement:
    """The place for examples x (m, n).

    kind: as in `devices.choose`. wish: a number of devices, or "all". None keeps x on
    the devices where it lies, if kind is "auto"; else it takes all devices of several
    processes, or begun_on devices, if there are as many. Raises DeviceError.
    """
    first = devices.choose(kind)
    if wish is not None:
        found = devices.several(kind, wish)
    elif len(devices.of_processes()) > 1:
        found = devices.several(kind, "all")
    else:
        laid = meshes.devices_of(x) if kind == "auto" else []
        found = laid or devices.alike(first)[:begun_on]
    if len(found) < 2:
        return Placement(first, first, first)
    mesh = meshes.of_examples(found)
    return Placement(first, meshes.by_rows(mesh), meshes.everywhere(mesh))
