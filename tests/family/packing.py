"""The lines that take a member's parameters apart and give its gradient back."""

import re
from collections.abc import Iterable

from .layers import operand
from .members import Member, array_names, keeps_axis


def packed(member: Member) -> dict[str, str]:
    """The blocks that give the cost and the gradient back."""
    names = array_names(member, gradient=True)
    match member.packing:
        case "vector C" | "vector F":
            return {"grad": unrolled(member, names), "return": "return J, grad"}
        case "matrices":
            return {"return": f"return J, {', '.join(names)}"}
        case "lists":
            return {"return": f"return J, {', '.join(in_lists(member, names))}"}
        case "dict":
            pairs = ", ".join(f'"{name}": {name}' for name in names)
            return {"return": f"return J, {{{pairs}}}"}
    return {"return": "\n".join([*(f"self.{n} = {n}" for n in names), "return J"])}


def in_lists(member: Member, names: list[str]) -> list[str]:
    """The list of the matrices, and that of the biases where they are apart."""
    step = 2 if member.biases == "apart" else 1
    return [f"[{', '.join(names[i::step])}]" for i in range(step)]


def unrolled(member: Member, names: Iterable[str], other: Iterable[str] = ()) -> str:
    """The statement that makes a vector; those in `other` in the other order."""
    text = {False: "{}.ravel()", True: '{}.ravel(order="F")'}
    by_columns = member.packing == "vector F"
    parts = [text[by_columns != (name in other)].format(name) for name in names]
    return f"grad = np.concatenate([{', '.join(parts)}])"


def _sizes(member: Member) -> list[str]:
    """The names of the sizes that come with a vector."""
    if len(member.hidden) == 1:
        return ["input_layer_size", "hidden_layer_size", "num_labels"]
    return ["n", *(f"h{i + 1}" for i in range(len(member.hidden))), "k"]


def head(member: Member) -> str:
    """The lines down to the function's first."""
    names = array_names(member)
    data = ["X", "Y" if member.labels == "one-hot" else "y"]
    data += ["lam"] if member.penalty else []
    lists = {"theta": ["thetas"], "apart": ["weights", "biases"], "none": ["weights"]}
    given = {
        "matrices": names,
        "lists": lists[member.biases],
        "dict": ["parameters"],
        "attributes of a class": ["self"],
    }.get(member.packing, ["params", *_sizes(member)])
    head = f"def cost_and_gradient({', '.join([*given, *data])}):"
    if given != ["self"]:
        return head
    sizes = [f"sizes[{i}]" for i in range(len(member.hidden) + 2)]
    made = [
        f"        self.{name} = 0.1 * np.random.randn({', '.join(shape)})\n"
        for name, shape in zip(names, _shapes(member, sizes), strict=True)
    ]
    start = "class Network:\n    def __init__(self, sizes):\n"
    return f"{start}{''.join(made)}\n    {head}"


def unpacked(member: Member, body: str) -> str:
    """The lines that name the parameters, and m and k where they are used."""
    names = array_names(member)
    theta, rows = member.biases == "theta", member.orientation == "rows"
    every = "thetas" if theta else "weights"
    lines, vector = [], member.packing.startswith("vector")
    if vector:
        lines += _cut_apart(member, names)
    if member.packing == "lists":
        number = len(member.hidden) + 1
        for i in range(number):
            lines.append(f"{'theta' if theta else 'W'}{i + 1} = {every}[{i}]")
            lines += [f"b{i + 1} = biases[{i}]"] if member.biases == "apart" else []
    if member.packing == "dict":
        lines += [f'{name} = parameters["{name}"]' for name in names]
    if member.packing == "attributes of a class":
        lines += [f"{name} = self.{name}" for name in names]
    if re.search(r"\bm\b", body):
        lines.append(f"m = X.shape[{0 if rows else 1}]")
    last = [name for name in names if name[0] != "b"][-1]
    k = f"{last}.shape[{1 if member.weights == 'in x out' else 0}]"
    k = _sizes(member)[-1] if vector else k
    if re.search(r"\bk\b", body) and k != "k":
        lines.append(f"k = {k}")
    return "".join(f"{line}\n" for line in lines)


def _cut_apart(member: Member, names: list[str]) -> list[str]:
    """The lines that make matrices of a vector."""
    shapes = _shapes(member, _sizes(member))
    counts = [" * ".join(operand(n) for n in shape if n != "1") for shape in shapes]
    order = ', order="F"' if member.packing == "vector F" else ""
    cut = f"parts = np.split(params, np.cumsum([{', '.join(counts[:-1])}]))"
    return [cut if counts[1:] else "parts = [params]"] + [
        f"{name} = parts[{i}].reshape(({', '.join(shape)},){order})"
        for i, (name, shape) in enumerate(zip(names, shapes, strict=True))
    ]


def _shapes(member: Member, sizes: list[str]) -> list[tuple[str, ...]]:
    """The shapes of the parameters in words."""
    shapes: list[tuple[str, ...]] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        shape = (after, f"{before} + 1" if member.biases == "theta" else before)
        shapes.append(shape[::-1] if member.weights == "in x out" else shape)
        if member.biases == "apart":
            column = (after, "1") if member.orientation == "columns" else ("1", after)
            shapes.append(column if keeps_axis(member) else (after,))
    return shapes
