"""A script without functions, made into one that runs its lines on other values."""

import ast
import contextlib
import copy
import inspect
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from jaxnn import files
from jaxnn.clinic.calling import texts
from jaxnn.clinic.calling.lines import (
    Change,
    changes,
    counters,
    divisors,
    factors,
    flat_body,
    is_name,
    is_round,
    literals,
    multiplied,
    names_in,
    once,
    stored,
    unfolded,
)
from jaxnn.clinic.calling.names import COST, layers_of, plain, read_name
from jaxnn.clinic.calling.sandbox import restored, within
from jaxnn.clinic.calling.statements import Statement, needs, statements
from jaxnn.files import FileError

EMPTY = ast.Module([], [])


class Frame(np.ndarray):
    """An array that can be read as a pandas frame or series too."""

    iloc = loc = property(lambda self: self)
    values = property(np.asarray)
    index = property(lambda self: range(len(self)))

    def to_numpy(self, *_: Any) -> np.ndarray:
        return np.asarray(self)

    def iterrows(self) -> Iterable[tuple[int, Any]]:
        return enumerate(self)


FRAMES = {name for name in vars(Frame) if name[0] != "_"}


class Script:
    """A function of some values that runs the lines of a file which give others.

    For a parameter among the values it returns the step: before minus after. The
    rates of the steps are 1, so that a step is a gradient.
    """

    def __init__(
        self, target: str, values: Sequence[str], of: Sequence[str], data: Sequence[str]
    ) -> None:
        path, names = texts.split(target)
        function = names[0] if names else ""
        self.module = ModuleType(path.stem)
        self.module.__file__ = os.path.abspath(path)
        self.values, self.of, self.data = tuple(values), tuple(of), tuple(data)
        with files.reading(path, texts.KINDS.get(path.suffix.lower(), "Python")):
            parsed, _ = texts.parse(path)
            lines = [(file, unfolded(tree, function)) for file, tree in parsed]
            check(path, [tree for _, tree in lines], (*values, *of, *data))
            self.trees = [tree for _, tree in lines]
            self.steps = [one for one in changes(self.trees) if one.name in of]
            with_rates_of_one(self.steps)
            every = statements(rounds(lines, {*of, *data}, {*values}))
        chosen, self.used = needs(every, {*values})
        self.numbers()
        inputs = [*of, *data, *self.counts, *self.lams]
        live = depending(chosen, {*inputs, *self.rates})
        self.lines = [s for s in chosen if id(s) in live]
        self.live = set().union(*(s.binds for s in self.lines))
        with restored(), within(self.module):
            self.base: dict[str, Any] = {}
            fixed = [s for s in chosen if id(s) not in live]
            self.lost = self.run(fixed, self.base, {})
        self.describe(inputs)

    def numbers(self) -> None:
        """Find the numbers in the file that are not the file's to choose."""
        given = {*self.of, *self.data}
        free = sorted((literals(self.trees) & self.used) - given)
        kinds = {name: read_name(name).kind for name in free}
        below = divisors(self.trees)
        self.lams = [name for name in free if kinds[name] == "lam"][:1]
        self.counts = [n for n in free if kinds[n] == "m"]
        self.counts += [n for n in free if kinds[n] in ("n", "") and n in below]
        terms = [each for one in self.steps for each in factors(one.term)]
        names = {n for each in terms for n in names_in(each) if is_name(each, n)}
        names &= {*free, *counters(self.trees)} - {*self.counts, *given}
        self.rates = [n for n in names if read_name(n).kind in ("rate", "")]

    def describe(self, inputs: Sequence[str]) -> None:
        """Set what the other rooms ask of a function."""
        moved = {*self.values} & {*self.of}
        moving = {*self.of, *self.data}
        bare = {one.term.id for one in self.steps if isinstance(one.term, ast.Name)}
        rounds_in = [
            n for one in self.trees for n in flat_body(one) if is_round(n, moving)
        ]
        self.takes_many = not any(
            is_round(each, moving) for n in rounds_in for each in n.body
        )
        has_cost = any(COST.fullmatch(plain(name)) for name in self.values)
        inside = (n for one in self.steps for n in ast.walk(one.term))
        divided = has_cost and any(isinstance(n, ast.Div) for n in inside)
        self.has_rate = bool(divided or moved or bare & {*self.values})
        self.returns = tuple(f"d{n}" if n in moved else n for n in self.values)
        self.roles = parameter_roles(self.of, multiplied(self.trees))
        self.roles |= dict.fromkeys(self.counts[:1], "m")
        self.roles |= dict.fromkeys(self.lams, "lam")
        if len(self.data) > 1:
            self.roles |= {self.data[0]: "x", self.data[-1]: "y"}
        self.__name__ = self.__qualname__ = self.module.__name__
        self.__globals__ = {
            "__file__": self.module.__file__,
            "__jaxnn_trees__": [EMPTY],
        }
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, kind) for name in inputs]
        )

    def __call__(self, *args: Any, **named: Any) -> tuple[Any, ...]:
        """The values, computed by the file's lines."""
        given = dict(zip(self.__signature__.parameters, args, strict=False)) | named
        shapes = {name: np.shape(given[name]) for name in self.of}
        given |= {name: given[self.counts[0]] for name in self.counts}
        given |= dict.fromkeys(self.rates, 1.0)
        nodes = (node for tree in self.trees for node in ast.walk(tree))
        if any(isinstance(n, ast.Attribute) and n.attr in FRAMES for n in nodes):
            given |= {name: np.asarray(given[name]).view(Frame) for name in self.data}
        scope = dict(self.base) | {"__name__": "__main__"}
        lost = self.run(self.lines, scope, given)
        missing = [NameError(n, name=n) for n in self.values if n not in scope]
        for error in (*lost.values(), *missing):
            raise self.lost.get(getattr(error, "name", ""), error)
        return tuple(self.value(name, scope, given, shapes) for name in self.values)

    def value(
        self, name: str, scope: Mapping[str, Any], given: Any, shapes: Any
    ) -> Any:
        """A value; of a parameter the step; minus what is added to the parameters."""
        if name in self.of:
            return np.reshape(given[name] - scope[name], shapes[name])
        value = scope[name]
        if any(c.is_added and name in names_in(c.term) for c in self.steps):
            value = -value
        flat = [n for n in self.of if np.shape(given[n]) != shapes[n]]
        for n in flat if read_name(name).kind != "b" else ():
            if np.shape(value) == np.shape(given[n]):
                return np.reshape(value, shapes[n])
        return value

    def run(
        self, lines: Iterable[Statement], scope: dict[str, Any], given: dict[str, Any]
    ) -> dict[str, Exception]:
        """Run the statements; the given names keep their values, but for steps.

        Returns the errors by the names that lack a value now.
        """
        lost: dict[str, Exception] = {}
        for s in lines:
            held = s.binds & given.keys()
            is_step = bool(
                held & {*self.of} & s.uses and (s.uses - s.binds) & self.live
            )
            if s.code and (is_step or not held or s.binds & self.used - held):
                try:
                    exec(s.code, scope)
                except Exception as error:
                    names = (s.binds & self.used) - (set() if is_step else held)
                    lost |= dict.fromkeys(names, error)
            if not is_step:
                given |= {n: given[n].ravel() for n in flat_ones(s, scope, held, given)}
                scope |= {name: copy.deepcopy(given[name]) for name in held}
        return lost


def with_rates_of_one(steps: Iterable[Change]) -> None:
    """Put 1 in the place of the numbers that the steps are multiplied by."""
    for each in (each for one in steps for each in factors(one.term)):
        if isinstance(each, ast.Constant):
            each.value = 1.0


def flat_ones(
    s: Statement, scope: dict[str, Any], names: Iterable[str], given: Any
) -> list[str]:
    """The weights to one output that the statement makes as a vector."""
    found = [n for n in names if np.ndim(given[n]) == 2 and 1 in np.shape(given[n])]
    own = dict(scope)
    with contextlib.suppress(Exception):
        if s.code and found:
            exec(s.code, own)
    return [name for name in found if np.ndim(own.get(name)) == 1]


def parameter_roles(of: Sequence[str], factors: set[str]) -> dict[str, str]:
    """The roles of parameters by their names, or else by their use and order.

    factors: of matrix products, which a list of matrices is not.
    """
    if not factors.intersection(of):
        return {}
    if {read_name(name).kind for name in of} <= {"W", "b"}:
        found = [(kind, layers_of(of, kind)) for kind in "Wb"]
    else:
        apart = [n for n in of if n in factors], [n for n in of if n not in factors]
        found = [
            (kind, {n: i for i, n in enumerate(names)})
            for kind, names in zip("Wb", apart, strict=True)
        ]
    return {n: f"{kind}{i + 1}" for kind, places in found for n, i in places.items()}


def check(path: Path, trees: Sequence[ast.Module], names: Iterable[str]) -> None:
    """Raise FileError for a name that the file does not assign."""
    bound = {name for tree in trees for name in stored(tree)}
    for name in names:
        if name not in bound:
            near = texts.guess(name, sorted(bound)) or "check the name"
            raise FileError(f"{path}: it assigns no {name}; {near.strip()}")


def script(
    target: str | Path, values: Sequence[str], of: Sequence[str], data: Sequence[str]
) -> Script:
    """A function of the parameters `of` and of `data` that returns the values.

    target: a file, or "file.py:function" for the lines of a function. values, of, data:
    names that they assign; of `data` the first is the inputs, the last the labels. A
    training loop runs once.
    """
    return Script(str(target), values, of, data)


def rounds(
    lines: Iterable[tuple[str, ast.Module]], given: set[str], values: set[str]
) -> list[tuple[str, ast.Module]]:
    """The lines up to the first round of the last loop that assigns a given name.

    What follows a training loop, as a test on other data, can use the same names.
    """
    found: list[tuple[str, ast.Module]] = []
    whole: list[tuple[str, ast.Module]] = []
    for file, tree in lines:
        before: list[ast.stmt] = []
        for node in flat_body(tree):
            before += once([node], given)
            if is_round(node, given):
                found = [*whole, (file, ast.Module(before[:], []))]
        whole.append((file, ast.Module(before, [])))
    bound = {name for _, tree in found for name in stored(tree)}
    return found if values <= bound else whole


def depending(lines: Sequence[Statement], names: set[str]) -> set[int]:
    """The statements that depend on the names, directly or not, by identity."""
    found: set[int] = set()
    known = set(names)
    for _ in lines:  # a loop above can use what is set below
        for s in lines:
            if id(s) not in found and known & (s.uses | s.binds):
                found.add(id(s))
                known |= s.binds
    return found
