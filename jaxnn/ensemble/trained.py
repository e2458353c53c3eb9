"""What comes out of training N networks: arrays with a row per network."""

from typing import NamedTuple

import numpy as np

from jaxnn.model import Params


class Ensemble(NamedTuple):
    """N trained networks; arrays of NumPy, a row per network."""

    params: Params  # each (N, units_out, 1 + units_in); the last good ones
    cost: np.ndarray  # (N,) the objective there
    costs: np.ndarray  # (N, longest) after each step; NaN where there is none
    steps: np.ndarray  # (N,) taken
    evaluations: np.ndarray  # (N,) of cost and gradient together
    converged: np.ndarray  # (N,) bool
    diverged: np.ndarray  # (N,) bool: its cost or gradient became NaN or infinite
    seconds: float  # of training; with compiling if they train one by one

    def up_to(self, n: int) -> "Ensemble":
        """The first n networks."""
        params = tuple(theta[:n] for theta in self.params)
        columns = (column[:n] for column in self[1:-1])
        return Ensemble(params, *columns, seconds=self.seconds)

    def without(self, few: int) -> "Ensemble":
        """All networks but the first few."""
        params = tuple(theta[few:] for theta in self.params)
        columns = (column[few:] for column in self[1:-1])
        return Ensemble(params, *columns, seconds=self.seconds)


def joined(parts: list[Ensemble]) -> Ensemble:
    """The networks of all parts, one after the other."""
    params = tuple(
        np.concatenate(thetas)
        for thetas in zip(*(p.params for p in parts), strict=True)
    )
    longest = max(part.costs.shape[1] for part in parts)
    parts = [part._replace(costs=padded(part.costs, longest)) for part in parts]
    columns = zip(*(part[1:-1] for part in parts), strict=True)
    seconds = sum(part.seconds for part in parts)
    return Ensemble(params, *map(np.concatenate, columns), seconds=seconds)


def padded(costs: np.ndarray, longest: int) -> np.ndarray:
    """costs (N, steps), with columns of NaN up to (N, longest)."""
    missing = longest - costs.shape[1]
    return np.pad(costs, ((0, 0), (0, missing)), constant_values=np.nan)
