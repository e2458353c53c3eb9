"""What is wrong with the shapes of a gradient, and how to fix it."""

from collections.abc import Sequence

import numpy as np

from jaxnn.clinic.calling.leaves import Leaf
from jaxnn.clinic.networks.problems import Layer, Params

OTHER_SHAPE = "the gradient has another shape than its parameter"


def missing(
    own: Sequence[Leaf],
    pairs: Sequence[tuple[Leaf | None, Leaf | None]],
    blocks: Params,
) -> tuple[str, str, str]:
    """Why no gradient can be read, how to fix it, and the name of the finding."""
    blocks = tuple(Layer(np.atleast_2d(W), b) for W, b in blocks if W is not None)
    many = [leaf for leaf in own if leaf.array.size > 1]
    numbers = [leaf for leaf in own if leaf.array.size == 1]
    if not many:
        return "", "", ""
    lost = [
        i for i, (_, b) in enumerate(pairs) if b is None and blocks[i].b is not None
    ]
    if all(W for W, _ in pairs) and (lost := [i for i in lost if len(blocks[i].W) > 1]):
        named = [leaf.name for leaf in numbers if leaf.means.kind == "b"]
        if named or len(numbers) >= len(lost):
            name = " and ".join(named) or "the bias's gradient"
            verb = "are one number each" if len(named) > 1 else "is one number"
            text = f"{name} {verb}; a bias has one for each unit"
            hint = "sum over the examples only: np.sum(dZ, axis=1, keepdims=True)"
            return text, hint, "a bias's gradient is one number"
    trouble, hint = wrong_shape(many, pairs, blocks)
    return trouble, hint, OTHER_SHAPE


def wrong_shape(
    many: Sequence[Leaf],
    pairs: Sequence[tuple[Leaf | None, Leaf | None]],
    blocks: Params,
) -> tuple[str, str]:
    """What is wrong with the shapes, and how to fix it."""
    needed = [part.shape for block in blocks for part in block if part is not None]
    named = [leaf for leaf in many if leaf.means.kind] or many
    shapes = [leaf.array.shape for leaf in named]
    given = " and ".join(map(str, shapes[:4]))
    wanted = ", ".join(map(str, needed))
    trouble = f"the gradient has shape {given}; it should be {wanted}"
    sizes = {leaf.array.size for leaf in many}
    turned = [
        b.W.shape[::-1] for b, (W, _) in zip(blocks, pairs, strict=True) if W is None
    ]
    without = [(b.W.shape[0], b.W.shape[1] - 1) for b in blocks]
    if turned and set(turned) <= set(shapes):
        return trouble + "; transposed", "give each gradient the shape of its weights"
    if set(without) <= set(shapes):
        return trouble, "add column 0, the gradient of the biases, to each gradient"
    if len(blocks) > 1 and (1 + len(blocks[0].W), blocks[0].W.shape[1]) in shapes:
        return trouble, "drop the bias row of delta2: theta2[:, 1:].T @ delta3"
    if {b.W.size for b in blocks} <= sizes:
        return trouble, "return np.concatenate([gradient1.ravel(), gradient2.ravel()])"
    return trouble, "give each gradient the shape of its weights"
