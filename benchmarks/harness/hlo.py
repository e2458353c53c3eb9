"""Count what a device must be told to do, from the text of a compiled program.

XLA prints an optimized program as computations, and a computation as instructions, one
a line. On a GPU an instruction that is not fused into another one starts a kernel or a
copy. Calls, branches and loops name the computations that they run.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

# They name places in memory, and the device does nothing.
FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all"}
FREE |= {"add-dependency", "opt-barrier", "domain"}
COPIES = {"copy", "copy-start"}

HEAD = re.compile(r"(ENTRY )?%?([\w.-]+) \(.*\{$")
LINE = re.compile(r"(?:ROOT )?%?[\w.-]+ = (.*)")
CALLED = re.compile(r"\b(calls|to_apply|body|condition)=%?([\w.-]+)")
BRANCHES = re.compile(r"branch_computations=\{([^}]*)\}")
BRANCH = re.compile(r"(?:true|false)_computation=%?([\w.-]+)")
ROUNDS = re.compile(r'"known_trip_count":\{"n":"(\d+)"')


class Instruction(NamedTuple):
    """One line of a computation."""

    opcode: str
    called: dict[str, str]  # calls, to_apply, body, condition -> the computation
    branches: list[str]  # of a conditional
    rounds: int | None  # of a loop, where the compiler knows them
    is_host: bool  # calls a function on the host


class Tally(NamedTuple):
    """What runs once: kernels, copies, waits of the host, loops within."""

    kernels: int = 0
    copies: int = 0
    waits: int = 0  # the host reads a number of the device before it goes on
    loops: tuple["Tally", ...] = ()  # one round of each loop of unknown length

    @property
    def launches(self) -> int:
        """Kernels and copies."""
        return self.kernels + self.copies


def tally(text: str) -> Tally:
    """What one run of the program does."""
    entry, computations = parse(text)
    return of_computation(entry, computations)


def parse(text: str) -> tuple[str, dict[str, list[Instruction]]]:
    """The entry's name, and the instructions of every computation."""
    entry, lines, computations = "", [], {}
    for line in re.sub(r"/\*.*?\*/", "", text).splitlines():
        if head := HEAD.match(line):
            lines = computations.setdefault(head[2], [])
            entry = head[2] if head[1] else entry
        elif found := LINE.match(line.strip()):
            lines.append(instruction(found[1]))
    return entry, computations


def instruction(text: str) -> Instruction:
    """Read `shape opcode(operands), attributes`."""
    rest = after_shape(text)
    opcode, _, attributes = rest.partition("(")
    names = [n for group in BRANCHES.findall(attributes) for n in group.split(",")]
    names += BRANCH.findall(attributes)
    rounds = ROUNDS.search(attributes)
    return Instruction(
        opcode,
        dict(CALLED.findall(attributes)),
        [name.strip().lstrip("%") for name in names],
        int(rounds[1]) if rounds else None,
        opcode.startswith("custom-call") and "callback" in attributes,
    )


def after_shape(text: str) -> str:
    """What follows the shape; that of a tuple has parentheses and blanks in it."""
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == " " and depth == 0:
            return text[i + 1 :]
    return ""


def of_computation(name: str, computations: dict[str, list[Instruction]]) -> Tally:
    """What one run of the computation does."""
    return total(of(line, computations) for line in computations[name])


def of(line: Instruction, computations: dict[str, list[Instruction]]) -> Tally:
    """What one instruction does, with all that it runs."""

    def run(name: str) -> Tally:
        return of_computation(name, computations)

    opcode, called = line.opcode, line.called
    if opcode in FREE or opcode.endswith(("-done", "-update")):
        return Tally()
    if opcode == "while":
        return loop(line, run(called["body"]), run(called["condition"]))
    if opcode == "conditional":  # the host reads which branch
        dearest = max(map(run, line.branches), key=lambda t: total([t, *t.loops])[:2])
        return dearest._replace(waits=dearest.waits + 1)
    if opcode in ("call", "async-start"):
        return run(called.get("to_apply") or called["calls"])
    if opcode in COPIES:
        return Tally(copies=1)
    return Tally(kernels=1, waits=int(line.is_host))


def loop(line: Instruction, body: Tally, condition: Tally) -> Tally:
    """A loop. Where its rounds are not known, the host reads whether to go on."""
    if line.rounds is not None:
        return total([body] * line.rounds)
    one = total([body, condition])
    return Tally(loops=(one._replace(waits=one.waits + 1),))


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum, with all loops side by side."""
    kernels, copies, waits, loops = 0, 0, 0, ()
    for one in tallies:
        kernels, copies = kernels + one.kernels, copies + one.copies
        waits, loops = waits + one.waits, loops + one.loops
    return Tally(kernels, copies, waits, loops)
