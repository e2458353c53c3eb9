"""What happened in a run, and where it stands.

m examples, n pixels. A snapshot holds arrays only, so one file can store it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from jaxnn import data, devices, model, optimizers, showing
from jaxnn.classes import Classes
from jaxnn.digits import Digits, require_digits, with_classes
from jaxnn.display import displayed
from jaxnn.initialization import layers_of
from jaxnn.mistake import Mistake
from jaxnn.training import streams
from jaxnn.training.record import is_standardized
from jaxnn.training.settings import Settings, cost_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Loaded(NamedTuple):
    """Digits on the device; the rows from `examples` on are padding of weight 0."""

    x: Any  # (m, n); or a stream, which knows the labels
    y: Any  # (m,), -1 for padding, which no network reads; None of a stream
    weights: Any  # (m,) 1, or 0 for padding; None without padding
    examples: int


Sets = list[Loaded]  # training digits, then test digits


@displayed
class History(NamedTuple):
    """One entry per step: arrays (steps,) float64, NaN where nothing was measured."""

    cost: np.ndarray  # nats per example; with mini-batches, of the batch
    gradient_norm: np.ndarray  # Euclidean; by centered parameters if these were trained
    seconds: np.ndarray  # spent in the compiled loop; interpolated within a chunk
    train_accuracy: np.ndarray  # fraction; every tenth step, or every epoch
    test_accuracy: np.ndarray

    def _facts(self) -> dict[str, str]:
        """Where each column begins and ends."""
        measured = {name: c[~np.isnan(c)] for name, c in self._asdict().items()}
        ends = {n: f"{c[0]:.4g} -> {c[-1]:.4g}" for n, c in measured.items() if c.size}
        return {"steps": str(len(self.cost)), **ends}


@displayed
class Run(NamedTuple):
    """A trained network and how it was trained."""

    params: model.Params  # the last weights, NumPy matrices
    best_params: model.Params | None  # with the best held-out accuracy; None without
    history: History
    cost: float  # nats per example, at params
    steps: int
    evaluations: int  # of cost and gradient
    converged: bool
    diverged: bool  # the cost became NaN or infinite; params are the last good ones
    message: str
    began_at: int = 0  # the step where this call started; 0 unless resumed
    device: str = ""
    compile_seconds: float = 0.0
    folder: Path | None = None
    settings: Settings = Settings()
    held_out: bool = True  # the digits that judge it; else they are a test
    classes: Classes = ()  # the labels in the order of the outputs
    shape: tuple[int, int] | None = None  # of an image, if these are images
    standardized: bool = False  # whether it reads standardized digits

    def _facts(self) -> dict[str, Any]:
        return {
            "network": self.network(),
            self.cost_name(): f"{self.cost:.4f} at step {self.steps}",
            "ended": self.message,
            "accuracy": self.accuracies() or "not measured",
            **({"best": best} if (best := self.best()) else {}),
            "device": self.device,
            "folder": self.folder or "none: fit(..., out=FOLDER) saves a run",
        }

    def accuracies(self) -> str:
        """The last accuracies in words."""
        train, test = self.history[3:]
        parts = {"train": train, data.judge(self.held_out): test}
        measured = {name: c[~np.isnan(c)] for name, c in parts.items()}
        return ", ".join(f"{n} {c[-1]:.2%}" for n, c in measured.items() if c.size)

    def best(self) -> str:
        """The best accuracy on digits held out, which flatters, in words."""
        held_out = self.history.test_accuracy
        if self.best_params is None or np.isnan(held_out).all():
            return ""
        best = int(np.nanargmax(held_out))
        return f"held-out {held_out[best]:.2%} at step {best + 1} (chosen by it)"

    def cost_name(self) -> str:
        """What its costs are called."""
        return cost_name(self.settings.batch_size)

    def network(self) -> str:
        """The layers, and the settings that tell one run from another."""
        how, layers = self.settings, "-".join(map(str, layers_of(self.params)))
        batches = f", batches of {how.batch_size}" if how.batch_size else ""
        return f"{layers}, lambda {how.lam:g}, {how.method}{batches}"

    def score(self, digits: Digits, device: str = "auto") -> float:
        """The fraction of digits that the last weights read right, as `fit` read them.

        The digits' labels are found by name among the run's; a standardized run
        standardizes them. device: as in `fit`. Raises Mistake for other pixels or
        labels, or no digits.
        """
        require_digits(digits)
        y = with_classes(digits, self.classes).y
        return float(np.mean(self.read(digits, device) == y))

    def predict(self, x: Any, device: str = "auto") -> np.ndarray:
        """The class (m,) of each example, a label in `classes`, by the last weights.

        x: (m, n), or pictures (m, h, w), in any form that `Digits` takes. Raises
        Mistake for examples unlike those of the run.
        """
        first = [self.classes[0]] * len(x)  # any label: none is looked at
        digits = Digits(x, first, "examples", self.classes, self.shape)
        return np.array(self.classes)[self.read(digits, device)]

    def read(self, digits: Digits, device: str) -> np.ndarray:
        """The class indices (m,) that the last weights read in digits."""
        n, name = self.params[0].shape[1] - 1, digits.name or "digits"
        if not len(digits.y):
            raise Mistake(f"{name}: no examples to read; give at least one")
        if digits.x.shape[1] != n:
            raise Mistake(
                f"the run reads {n} features, and {name} has {digits.x.shape[1]}; give "
                "examples like those it was trained on"
            )
        if self.standardized and not is_standardized(digits):
            digits = data.standardize(digits)
        dtype = self.params[0].dtype
        with devices.exactly(devices.choose(device), dtype.name):
            parts = streams.parts_of(digits.x, dtype)
            read = [np.asarray(model.predict(self.params, x)) for x in parts]
        return np.concatenate(read)

    def plot(self) -> "Figure":
        """The cost and the accuracies by step, as in curves.png."""
        return showing.charts.curves(*self.curves())

    def curves(self) -> tuple[Any, ...]:
        """The arguments of `showing.charts.curves`."""
        cost, _, _, *accuracies = self.history
        names = self.cost_name(), data.judge(self.held_out)
        return cost, *accuracies, *names, self.title()

    def title(self) -> str:
        """Two lines above a picture: what was trained, and what it reached."""
        reached = f"step {self.steps}: {self.cost_name()} {self.cost:.4f}"
        parts = reached, self.accuracies()
        return f"{self.network()}\n{', '.join(filter(None, parts))}"


class Snapshot(NamedTuple):
    """All that a run needs to continue; the content of checkpoint.npz."""

    state: optimizers.State
    best_params: model.Params
    best_accuracy: np.ndarray  # shape (), -1 before the first look
    history: History


class Progress(NamedTuple):
    """What a person wants to see during training: the latest entry of History."""

    step: int
    steps: int
    cost: float
    gradient_norm: float
    seconds: float
    train_accuracy: float
    test_accuracy: float  # NaN without test digits


def no_history() -> History:
    """The history of a run that has not begun."""
    return History(*[np.empty(0)] * len(History._fields))


def joined(histories: list[History]) -> History:
    """Several histories joined into one."""
    columns = zip(*histories, strict=True)
    return History(*(np.concatenate(column) for column in columns))


def after(
    snapshot: Snapshot,
    state: optimizers.State,
    params: model.Params,
    trace: optimizers.Trace,
    seconds: np.ndarray,
    sets: Sets,
) -> tuple[Snapshot, History]:
    """Where the run stands after a chunk, and the history of this chunk.

    params: the network's own parameters at state. seconds: (done,) the training time at
    each step. snapshot.history stays unchanged. A chunk that ended in NaN or infinity
    changes neither the state nor the best weights.
    """
    done = int(trace.done)
    rows = np.full((len(History._fields), done), np.nan)
    rows[0] = np.asarray(trace.costs)[:done]
    rows[1] = np.asarray(trace.grad_norms)[:done]
    rows[2] = seconds
    if optimizers.is_finite(state):
        rows[3 : 3 + len(sets), -1] = measured = accuracies(params, sets)
        snapshot = snapshot._replace(state=state)
        if measured[-1] > snapshot.best_accuracy:
            best = np.array(measured[-1])
            snapshot = snapshot._replace(best_params=params, best_accuracy=best)
    return snapshot, History(*rows)


def accuracies(params: model.Params, sets: Sets) -> list[float]:
    """The accuracy on each set of digits, in [0, 1]."""
    counts = hits(params, [(part.x, part.y) for part in sets])
    return [int(n) / part.examples for n, part in zip(counts, sets, strict=True)]


@jax.jit
def hits(params: model.Params, sets: list[tuple[Any, Any]]) -> list[jax.Array]:
    """How many digits of each set are read right. One program serves all sets."""
    return [streams.hits(params, x, y) for x, y in sets]
