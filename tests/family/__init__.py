"""A family of networks, as the NumPy files that students would write of them.

An independent source of truth: it shares no code with jaxnn. A member of the family
says which network it is and in which style it is written. `source` is its file, right
or with `edits`: each is one mistake in one step of the derivation. `run` gives what a
file computes, its gradient as matrices (out, in), and `numeric` that of its own cost.
"""

from .judging import Layers, Problem, gap, numeric, probes, problem, run
from .members import CHOICES, FAMILY_SIZE, Member, common, members
from .mistakes import edits, same
from .scopes import in_every_layer, wrong_scopes
from .writing import Edit, clash, source, statements

__all__ = [
    "CHOICES",
    "FAMILY_SIZE",
    "Edit",
    "Layers",
    "Member",
    "Problem",
    "clash",
    "common",
    "edits",
    "gap",
    "in_every_layer",
    "members",
    "numeric",
    "probes",
    "problem",
    "run",
    "same",
    "source",
    "statements",
    "wrong_scopes",
]
