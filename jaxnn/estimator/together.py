"""The networks of a search, trained side by side by one compiled program.

A search fits its candidates one after the other. Here the first one that is fitted to
some data trains all of its shape on them; the others find their networks trained. One
that finds none, say because a random step made other data for it, trains alone.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from jaxnn import ensemble, optimizers
from jaxnn.estimator import fitting
from jaxnn.estimator.fitting import Examples, Outcome
from jaxnn.estimator.plan import Plan, plan_of

OWN = "lam", "random_state", "init"  # what the networks of one call may differ in
# of `fitting.cost`: x, y, lam, centers, weights; each network has its own lam
AXES = None, None, 0, None, None


class Search:
    """The networks of a search, and what became of them on each data set."""

    def __init__(self, networks: Sequence[Any]):
        self.networks = {key_of(network): network for network in networks}
        shapes: dict[str, list[str]] = {}
        for key, network in self.networks.items():
            if can_join(network):
                shapes.setdefault(key_of(network, OWN), []).append(key)
        groups = [group for group in shapes.values() if len(group) > 1]
        self.groups = {key: group for group in groups for key in group}
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        self.seconds: dict[str, list[float]] = {key: [] for key in self.networks}

    def outcome(self, network: Any, part: Examples, k: int) -> Outcome | None:
        """The network trained on part, of k classes; None: it must train alone."""
        key = key_of(network)
        if key not in self.groups:
            return None
        data, group = digest(part), self.groups[key]
        if key == group[0]:
            self.train(group, part, k, data)
        return self.outcomes.pop((data, key), None)

    def train(self, group: list[str], part: Examples, k: int, data: str) -> None:
        """Train the networks of a group on part, in one call."""
        plans = [plan_of(self.networks[key], part.x.dtype) for key in group]
        starts = [plan.start(part.x.shape[1], k) for plan in plans]
        task = fitting.task_of(part, starts[0], plans[0].settings)
        x, y, _, centers, weights = task["args"]
        lams = np.array([plan.settings.lam for plan in plans], x.dtype)
        found = ensemble.minimize_all(
            fitting.cost,
            ensemble.stack([fitting.widened(start, task) for start in starts]),
            (x, y, lams, centers, weights),
            AXES,
            plans[0].settings.method,
            plans[0].max_iter,
            tolerance=plans[0].tol,
        )
        shares = found.seconds * found.evaluations / found.evaluations.sum()
        for i, key in enumerate(group):
            self.outcomes[data, key] = one_of(found, i, task, part, plans[i])
            self.seconds[key].append(float(shares[i]))


NOW: ContextVar[Search | None] = ContextVar("search", default=None)


@contextmanager
def searching(networks: Sequence[Any]) -> Iterator[Search]:
    """While these networks are fitted, those of one shape train together."""
    search = Search(networks)
    token = NOW.set(search)
    try:
        yield search
    finally:
        NOW.reset(token)


def can_join(network: Any) -> bool:
    """Whether its method can be mapped, and only the gradient ends its training."""
    try:
        plan = plan_of(network, np.dtype("float32"))
    except ValueError:  # fitting it will say why
        return False
    method = optimizers.METHODS[plan.settings.method]
    return plan.patience is None and isinstance(method, optimizers.Method)


def key_of(network: Any, without: Sequence[str] = ()) -> str:
    """The parameters of a network as text."""
    params = network.get_params()
    return repr(
        [(name, params[name]) for name in sorted(params) if name not in without]
    )


def digest(part: Examples) -> str:
    """A hash of the examples and their weights."""
    found = hashlib.sha256(repr([(a.shape, a.dtype) for a in part]).encode())
    for array in part:
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def one_of(
    found: ensemble.Ensemble, i: int, task: dict[str, Any], part: Examples, plan: Plan
) -> Outcome:
    """Network i of those that trained together."""
    theta = tuple(thetas[i] for thetas in found.params)
    own = fitting.narrowed(theta, task, part.x.shape[1])
    losses = found.costs[i, : found.steps[i]].tolist()
    ended = f"all {plan.max_iter} steps taken"
    if is_diverged := bool(found.diverged[i]):
        ended = f"the cost or gradient became NaN or infinite at step {found.steps[i]}"
    return Outcome(
        params=own,
        losses=losses,
        loss=float(found.cost[i]),
        message=ended,
        is_settled=bool(found.converged[i]),
        is_diverged=is_diverged,
    )
