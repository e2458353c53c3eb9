"""The trained networks that an unfinished sweep keeps, a group in a file (plan.py)."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxnn import files
from jaxnn.ensemble.plan import NETWORKS
from jaxnn.ensemble.trained import Ensemble
from jaxnn.files import FileError

COLUMNS = ("cost", "steps", "evaluations", "converged", "diverged", "seconds")


class Store(NamedTuple):
    """Groups of trained networks of one width, in a sweep's folder."""

    folder: Path
    layers: tuple[int, int, int]
    dtype: str

    def path(self, first: int) -> Path:
        """The file of the group that begins with network `first`."""
        return self.folder / NETWORKS / f"{self.layers[1]}-{first}.npz"

    def parts(self) -> list[Ensemble]:
        """The groups that are kept, one after the other from network 0 on."""
        parts, first = [], 0
        while (part := self.kept(first)) is not None:
            parts.append(part)
            first += len(part.cost)
        return parts

    def kept(self, first: int) -> Ensemble | None:
        """The group that begins with network `first`; None if it is not kept."""
        path = self.path(first)
        if not path.exists():
            return None
        held = files.read_npz(path)
        if not self.fits(held):
            raise FileError(f"{path}: not a group of this sweep; remove it")
        params = held["theta1"], held["theta2"]
        columns = {name: held[name] for name in COLUMNS[:-1]}
        costs = np.empty((len(params[0]), 0), params[0].dtype)
        seconds = float(held["seconds"])
        return Ensemble(params, **columns, costs=costs, seconds=seconds)

    def keep(self, first: int, part: Ensemble) -> Ensemble:
        """Keep the group that begins with network `first`, whole or not at all.

        Returns it as `kept` does: without the cost after each step.
        """
        self.path(first).parent.mkdir(parents=True, exist_ok=True)
        held = {name: np.asarray(getattr(part, name)) for name in COLUMNS}
        held["theta1"], held["theta2"] = map(np.asarray, part.params)
        files.write_npz(self.path(first), held)
        return part._replace(costs=part.costs[:, :0])

    def fits(self, held: dict[str, np.ndarray]) -> bool:
        """Whether arrays are a group of networks of these layers."""
        if held.keys() != {"theta1", "theta2", *COLUMNS}:
            return False
        if {held["theta1"].dtype, held["theta2"].dtype} != {np.dtype(self.dtype)}:
            return False
        (n, h, k), count = self.layers, held["cost"].size
        shapes = {name: (count,) for name in COLUMNS} | {"seconds": ()}
        shapes |= {"theta1": (count, h, 1 + n), "theta2": (count, k, 1 + h)}
        return count > 0 and all(
            held[name].shape == shape and held[name].dtype.kind in "fiub"
            for name, shape in shapes.items()
        )
