"""A loop whose numbers lie in one array.

On a GPU each scalar in a loop's state is a copy before the loop and a kernel in each
round, however small. Side by side in one array they take one.
"""

from collections.abc import Callable
from typing import TypeVar

import jax
from jax import lax
from jax.flatten_util import ravel_pytree

T = TypeVar("T")


def packed_loop(
    continues: Callable[[T], jax.Array], body: Callable[[T], T], first: T
) -> T:
    """`lax.while_loop`; integers of the state must be exact in its float dtype."""
    leaves, tree = jax.tree.flatten(first)
    numbers, unpack = ravel_pytree([leaf for leaf in leaves if leaf.ndim == 0])

    def pack(state: T) -> tuple:
        leaves = jax.tree.leaves(state)
        numbers, _ = ravel_pytree([leaf for leaf in leaves if leaf.ndim == 0])
        return numbers, [leaf for leaf in leaves if leaf.ndim > 0]

    def unpacked(packed: tuple) -> T:
        numbers, arrays = map(iter, (unpack(packed[0]), packed[1]))
        return tree.unflatten(next(arrays if a.ndim else numbers) for a in leaves)

    packed = lax.while_loop(
        lambda packed: continues(unpacked(packed)),
        lambda packed: pack(body(unpacked(packed))),
        pack(first),
    )
    return unpacked(packed)
