"""The file that a student would write of a member of the family, right or with edits.

Each step of the derivation is one block, named by the variable that it assigns; the
penalty's block of dW1 is "dW1 penalty".
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from .layers import COST_PENALTY, PENALTY, Layer, layers
from .members import Member
from .packing import head, packed, unpacked

Blocks = dict[str, str]  # the text of each

UNIT = {
    "sigmoid": "sigmoid({z})",
    "tanh": "np.tanh({z})",
    "relu": "np.maximum(0, {z})",
    "leaky relu": "np.where({z} > 0, {z}, 0.01 * {z})",
    "linear": "{z}",
    "softmax": "softmax({z})",
}
HALF = {"m": " / (2 * m)", "mk": " / (2 * m * k)", "1": " / 2"}
HELPERS = {
    "softmax": "def softmax(z):\n"
    "    e = np.exp(z - np.max(z, axis={axis}, keepdims=True))\n"
    "    return e / np.sum(e, axis={axis}, keepdims=True)\n\n\n",
    "sigmoid": "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n\n\n",
    "sigmoid_gradient": "def sigmoid_gradient(z):\n"
    "    return sigmoid(z) * (1 - sigmoid(z))\n\n\n",
}


class Edit(NamedTuple):
    """One mistake: the blocks `line` (as in "dZ1", "dW1 penalty") become `what`."""

    name: str
    step: str
    layer: int  # 1, 2, ...; 0: all of them, or none
    line: tuple[str, ...]
    what: tuple[str, ...]


def clash(a: Edit, b: Edit) -> bool:
    """Whether both rewrite the same block, so that they cannot be made together."""
    return bool(set(a.line) & set(b.line))


def source(
    member: Member, edits: Iterable[Edit] = (), fixes: Iterable[str] = ()
) -> str:
    """The file with the edits made, and then with the fixes followed, one by one."""
    blocks = statements(member)
    for edit in edits:
        blocks |= dict(zip(edit.line, edit.what, strict=True))
    for fix in fixes:
        blocks |= _followed(blocks, statements(member), fix)
    body = "\n".join(filter(None, blocks.values()))
    body = unpacked(member, body) + body
    axis = 1 if member.orientation == "rows" else 0
    called = body.replace("sigmoid_gradient(", "sigmoid_gradient(sigmoid(")
    used = [name for name in HELPERS if re.search(rf"\b{name}\(", called)]
    helpers = "".join(HELPERS[name].format(axis=axis) for name in used)
    first = head(member)
    indent = " " * (8 if first.startswith("class") else 4)
    lines = [f"{indent}{line}\n" for line in body.splitlines()]
    return f"import numpy as np\n\n\n{helpers}{first}\n{''.join(lines)}"


def _followed(blocks: Blocks, right: Blocks, fix: str) -> Blocks:
    """The blocks that change where the statement `fix`, up to a semicolon, is made."""
    statement = fix.split(";")[0].strip()
    target = re.split(r"\s*[-+*/]?=|\s", statement, maxsplit=1)[0]
    name = target.split("[")[0]
    if re.search(r"\blam\b", statement):
        return {f"{name} penalty": statement}
    if target != name:  # a part of what the line before it assigns
        return {name: f"{blocks[name]}\n{statement}"}
    if name not in right:
        raise KeyError(f"no line assigns {name}")
    needless = f"{name} penalty" in right and not right[f"{name} penalty"]
    return {name: statement} | ({f"{name} penalty": ""} if needless else {})


def statements(member: Member) -> Blocks:
    """The blocks of the derivation in their order; one may be empty."""
    every = layers(member)
    blocks = {}
    if member.labels != "one-hot":
        row = "y - 1" if member.labels == "1-10" else "y"
        blocks["Y"] = f"Y = np.eye(k)[{row}]{'' if every[0].rows else '.T'}"
    if member.biases == "theta":
        blocks["a1"] = f"a1 = {every[0].ones('X')}"
    for w in every:
        a = UNIT[w.unit].format(z=w.Z)
        blocks[w.Z] = f"{w.Z} = {w.forward()}"
        blocks[w.A] = f"{w.A} = {a if w.last else w.ones(a)}"
    blocks["J"] = f"J = {data_cost(every[-1])}"
    if member.penalty:
        blocks["J penalty"] = cost_penalty(member, penalized(member))
    for w in reversed(every):
        blocks |= _layer_statements(w)
    return blocks | packed(member)


def data_cost(w: Layer) -> str:
    """The cost of the last layer without its penalty."""
    match w.member.loss:
        case "binary cross-entropy":
            inner = f"Y * np.log({w.A}) + (1 - Y) * np.log(1 - {w.A})"
        case "cross-entropy":
            inner = f"Y * np.log({w.A})"
        case loss:
            scale = HALF[w.member.scale] if "half" in loss else w.scale
            return f"np.sum(({w.A} - Y) ** 2){scale}"
    return f"-np.sum({inner}){w.scale}"


def penalized(member: Member) -> list[str]:
    """What the penalty squares."""
    every, both = layers(member), member.penalize_biases
    biases = [w.B for w in every] if both and member.biases == "apart" else []
    return [w.penalized for w in every] + biases


def cost_penalty(member: Member, parts: Iterable[str]) -> str:
    """The statement that adds the penalty to the cost."""
    squares = " + ".join(f"np.sum({part} ** 2)" for part in parts)
    squares = f"({squares})" if " + " in squares else squares
    return f"J = J + {COST_PENALTY[member.penalty]} * {squares}"


def add_penalty(w: Layer, added: str = "", sign: str = "+") -> str:
    """The statement that adds the penalty's gradient to that of a matrix."""
    target = w.G if w.member.penalize_biases else w.cut(w.G)
    added = added or f"{PENALTY[w.member.penalty]} * {w.penalized}"
    if target == w.G:
        return f"{target} = {target} {sign} {added}"
    return f"{target} {sign}= {added}"


def add_bias_penalty(w: Layer) -> str:
    """The same for the biases where they are apart."""
    return f"{w.db} = {w.db} + {PENALTY[w.member.penalty]} * {w.B}"


def _layer_statements(w: Layer) -> Blocks:
    """One layer's part of the derivation."""
    blocks = {w.D: f"{w.D} = {w.delta()}", w.G: f"{w.G} = {w.outer()}{w.scale}"}
    apart, member = w.member.biases == "apart", w.member
    if apart:
        blocks[w.db] = f"{w.db} = {w.bias_sum()}{w.scale}"
    if member.penalty:
        blocks[f"{w.G} penalty"] = add_penalty(w)
    if member.penalty and apart:
        both = member.penalize_biases
        blocks[f"{w.db} penalty"] = add_bias_penalty(w) if both else ""
    return blocks
