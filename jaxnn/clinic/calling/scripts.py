"""A script without functions, made into one that runs its lines on other values."""

import ast
import contextlib
import copy
import inspect
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from jaxnn import files
from jaxnn.clinic.calling import texts
from jaxnn.clinic.calling.lines import (
    flat_body,
    is_round,
    over_all,
    rounds,
    stored,
    unfolded,
)
from jaxnn.clinic.calling.names import read_name
from jaxnn.clinic.calling.sandbox import restored, within
from jaxnn.clinic.calling.statements import (
    Statement,
    depending,
    moves,
    needs,
    statements,
)
from jaxnn.clinic.calling.templates import seen
from jaxnn.clinic.calling.terms import (
    changes,
    has_rate,
    is_added,
    is_vector,
    multiplied,
    numbers,
    parameter_roles,
    with_rates_of_one,
)
from jaxnn.files import FileError

EMPTY = ast.Module([], [])
Scope = dict[str, Any]
Errors = dict[str, Exception]  # by the names that have no value


class Frame(np.ndarray):
    """An array that can be read as a pandas frame or series too."""

    iloc = loc = property(lambda self: self)
    values = property(np.asarray)
    index = property(lambda self: range(len(self)))

    def to_numpy(self, *_: Any) -> np.ndarray:
        return np.asarray(self)

    def iterrows(self) -> Iterator[tuple[int, Any]]:
        return enumerate(self)


FRAMES = {name for name in vars(Frame) if name[0] != "_"}


class Script:
    """A function of some values that runs the lines of a file which give others.

    For a parameter among the values it returns the step: before minus after. The rates
    of the steps are 1, so a step is a gradient, or a multiple of it.
    """

    def __init__(
        self, target: str, values: Sequence[str], of: Sequence[str], data: Sequence[str]
    ) -> None:
        path, names = texts.split(target)
        self.values, self.of, self.data = tuple(values), tuple(of), tuple(data)
        with files.reading(path, texts.KINDS.get(path.suffix.lower(), "Python")):
            parsed, _ = texts.parse(path)
            function = names[0] if names else ""
            lines = [(file, unfolded(tree, function)) for file, tree in parsed]
            lines = [(file, over_all(tree, data)) for file, tree in lines]
            self.trees = [tree for _, tree in lines]
            check(path, self.trees, (*values, *of, *data))
            self.steps = [one for one in changes(self.trees) if one.name in of]
            with_rates_of_one(self.steps, self.trees)
            every = statements(rounds(lines, {*of, *data}, {*values}))
        live = set().union(*(s.binds for s in depending(every, {*of, *data})))
        self.moved = {id(s) for s in every if moves(s, {*of}, live)}
        chosen, self.used = self.needed(every)
        making = {id(s) for s in chosen if s.binds & {*of}} - self.moved
        uses = set().union(*(s.uses for s in chosen if id(s) not in making))
        self.free = numbers(self.trees, self.steps, uses - {*of, *data})
        self.describe(path)
        inputs = {*self.__signature__.parameters, *self.free.counts, *self.free.rates}
        self.lines = depending(chosen, inputs)
        ours = {id(s) for s in self.lines}
        self.base: Scope = {}
        self.lost: Errors = {}
        shaping = [s for s in chosen if id(s) in making or s.binds & {*self.free.roles}]
        with restored(), within(self.module):
            fixed = [s for s in chosen if id(s) not in ours]
            self.run(fixed, self.base, {}, self.lost)
            own = own_values(shaping, self.base)
        self.sizes, flat = sizes_of(own, self.roles)
        self.outputs = (1,) if flat or self.sizes[-1:] == (1,) else ()

    def needed(self, every: Sequence[Statement]) -> tuple[list[Statement], set[str]]:
        """The statements to run, and all names in them.

        A statement that makes our data is not run, unless it makes more that is needed.
        """
        given = {*self.of, *self.data}
        idle = {id(s) for s in every if s.binds & {*self.data}} - self.moved
        while True:
            cut = [
                s._replace(code=None, uses=set()) if id(s) in idle else s for s in every
            ]
            chosen, names = needs(cut, {*self.values})
            more = {id(s) for s in every if id(s) in idle and s.binds & names - given}
            if not more:
                return chosen, names
            idle -= more

    def describe(self, path: Path) -> None:
        """Set what the other rooms ask of a function."""
        free, given = self.free, {*self.of, *self.data}
        self.module = ModuleType(path.stem)
        self.module.__file__ = os.path.abspath(path)
        self.__name__ = self.__qualname__ = path.stem
        file = self.module.__file__
        self.__globals__ = {"__file__": file, "__jaxnn_trees__": [EMPTY]}
        self.returns = tuple(f"d{n}" if n in self.of else n for n in self.values)
        self.roles = parameter_roles(self.of, multiplied(self.trees)) | free.roles
        if len(self.data) > 1:
            self.roles |= {self.data[0]: "x", self.data[-1]: "y"}
        self.has_rate = has_rate(self.values, self.of, self.steps)
        body = [n for tree in self.trees for n in flat_body(tree)]
        inside = [each for n in body if is_round(n, given) for each in n.body]
        self.takes_one = any(is_vector(self.trees, x) for x in self.data[:1])
        self.takes_many = not any(is_round(each, given) for each in inside)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        names = [*self.of, *self.data, *free.roles]
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, kind) for name in names]
        )

    def __call__(self, *args: Any, **named: Any) -> tuple[Any, ...]:
        """The values, computed by the file's lines."""
        given = dict(zip(self.__signature__.parameters, args, strict=False)) | named
        shapes = {name: getattr(given[name], "shape", ()) for name in self.of}
        given |= {name: given[self.free.counts[0]] for name in self.free.counts}
        given |= dict.fromkeys(self.free.rates, 1.0)
        nodes = (node for tree in self.trees for node in ast.walk(tree))
        if any(isinstance(n, ast.Attribute) and n.attr in FRAMES for n in nodes):
            given |= {name: np.asarray(given[name]).view(Frame) for name in self.data}
        scope, lost = {**self.base, "__name__": "__main__"}, {**self.lost}
        self.run(self.lines, scope, given, lost)
        for name in self.values:
            if name not in scope:
                raise lost.get(name, NameError(f"name {name!r} is not defined"))
        return tuple(self.value(name, scope, given, shapes) for name in self.values)

    def value(
        self, name: str, scope: Scope, given: Scope, shapes: Mapping[str, Any]
    ) -> Any:
        """A value; of a parameter the step; minus what is added to the parameters."""
        if name in self.of:
            if isinstance(given[name], list):
                return list(map(np.subtract, given[name], scope[name]))
            return np.reshape(given[name] - scope[name], shapes[name])
        value = -scope[name] if is_added(name, self.steps) else scope[name]
        flat = [n for n in self.of if getattr(given[n], "shape", ()) != shapes[n]]
        for n in flat if read_name(name).kind != "b" else ():
            if np.shape(value) == np.shape(given[n]):
                return np.reshape(value, shapes[n])
        return value

    def run(
        self, lines: Iterable[Statement], scope: Scope, given: Scope, lost: Errors
    ) -> None:
        """Run the statements; the given names keep their values, but for steps.

        If a statement raises an error, its names are missing, and `lost` has the error.
        """
        for s in lines:
            held = set() if id(s) in self.moved else s.binds & given.keys()
            if s.code and (not held or s.binds & self.used - held):
                try:
                    exec(s.code, scope)
                except Exception as error:
                    name = (isinstance(error, NameError) and error.name) or ""
                    for each in s.binds - held:
                        lost.setdefault(each, lost.get(name, error))
                        scope.pop(each, None)
            given |= {n: given[n].ravel() for n in flat_ones(s, scope, held, given)}
            scope |= {name: copy.deepcopy(given[name]) for name in held}


def own_values(lines: Iterable[Statement], scope: Scope) -> Scope:
    """What the statements make in a copy of the scope, as far as they run."""
    own = dict(scope)
    for s in lines:
        with contextlib.suppress(Exception):
            if s.code:
                exec(s.code, own)
    return {name: own[name] for s in lines for name in s.binds if name in own}


def sizes_of(own: Scope, roles: Mapping[str, str]) -> tuple[tuple[int, ...], bool]:
    """The sizes that the file's own parameters have, and whether a weight is flat."""
    there = {r: own[n] for n, r in roles.items() if r[0] in "Wb" and n in own}
    weights = [one for role, one in there.items() if role[0] == "W"]
    flat = any(isinstance(one, np.ndarray) and one.ndim == 1 for one in weights)
    return seen(there).sizes, flat


def flat_ones(
    s: Statement, scope: Scope, names: Iterable[str], given: Scope
) -> list[str]:
    """The weights to one output that the statement makes as a vector."""
    arrays = [n for n in names if isinstance(given[n], np.ndarray)]
    found = [n for n in arrays if given[n].ndim == 2 and 1 in given[n].shape]
    own = own_values([s] if found else [], scope)
    return [name for name in found if np.ndim(own.get(name, 0)) == 1]


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
