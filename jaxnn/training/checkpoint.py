"""checkpoint.npz: the leaves of a pytree, which its structure gives back."""

from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import files
from jaxnn.files import FileError

IDENTITY = "identity"  # of the run; its entry


def save_tree(path: Path, tree: Any, identity: str = "") -> None:
    """Write a pytree's leaves as .npz, whole or not at all, with the run's identity."""
    import jax  # only here and below: it is slow to load

    leaves = {f"leaf{i}": np.asarray(a) for i, a in enumerate(jax.tree.leaves(tree))}
    named = {IDENTITY: np.array(identity)} if identity else {}
    files.write_npz(path, named | leaves)


def identity_in(path: Path) -> str:
    """The identity of the run that wrote a checkpoint; "" if it has none."""
    return str(files.read_npz(path, (IDENTITY,)).get(IDENTITY, ""))


def load_tree(path: Path, like: Any) -> Any:
    """Read back what save_tree wrote, as NumPy leaves in the structure of `like`.

    Types and numbers of dimensions must agree; lengths may differ, for a history grows.
    """
    import jax

    arrays = files.read_npz(path)
    arrays.pop(IDENTITY, None)
    leaves, structure = jax.tree.flatten(like)
    found = [arrays.get(f"leaf{i}") for i in range(len(leaves))]
    fits = len(arrays) == len(leaves) and all(
        a is not None and a.dtype == b.dtype and a.ndim == b.ndim
        for a, b in zip(found, leaves, strict=True)
    )
    if not fits:
        raise FileError(
            f"{path}: not a checkpoint of this network and method; resume with the "
            "versions named in config.json, or start a new run"
        )
    return jax.tree.unflatten(structure, found)
