"""Arrays that lie on several devices: the caller's own meshes.

Where a mesh's axes are Explicit, the type of an array says how it lies, and a product
that sums over examples on several devices is an error unless it says where its result
goes. Here XLA decides that, as it does where the axes are Auto. JAX is imported at the
first call: nothing lies on a mesh before it is loaded.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
Tree = Any  # a pytree of arrays


def explicit_mesh(tree: Tree) -> Any:
    """The mesh with Explicit axes on which an array of the tree lies, or None."""
    import jax
    from jax.core import Tracer

    for leaf in jax.tree.leaves(tree):
        if isinstance(leaf, jax.Array):
            typed = jax.typeof(leaf) if isinstance(leaf, Tracer) else leaf
            sharding: Any = typed.sharding
            mesh = getattr(sharding, "mesh", None)  # none on a single device
            if mesh and jax.sharding.AxisType.Explicit in mesh.axis_types:
                return mesh
    return None


def everywhere(mesh: Any) -> Any:
    """The sharding of an array that lies whole on each device of the mesh."""
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(mesh, PartitionSpec())


def rows_of(examples: Any) -> Any:
    """How these arrays' rows lie on several devices, its axes Auto; None on a single.

    examples: (m, ...). The answer is the sharding of any array with a row for each.
    """
    sharding: Any = getattr(examples, "sharding", None)
    if not hasattr(sharding, "mesh") or len(sharding.device_set) == 1:
        return None
    from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

    mesh = sharding.mesh
    auto = (AxisType.Auto,) * len(mesh.axis_names)
    auto_mesh = Mesh(mesh.devices, mesh.axis_names, axis_types=auto)
    return NamedSharding(auto_mesh, PartitionSpec(*sharding.spec[:1]))


def in_auto_axes(function: F) -> F:
    """function, whose results lie whole on each device where an axis is Explicit."""

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        mesh = explicit_mesh((args, named)) if "jax" in sys.modules else None
        if mesh is None:
            return function(*args, **named)
        from jax.sharding import auto_axes

        def positional(args: tuple, named: dict[str, Any]) -> Any:
            return function(*args, **named)

        automatic: Any = auto_axes(positional, out_sharding=everywhere(mesh))
        return automatic(args, named)

    return cast(F, call)


def beside(params: Tree, args: Tree) -> Tree:
    """params, whole on each device of the Explicit mesh of args, unless on a mesh.

    A gradient by params then has their type, and no sum over examples is ambiguous.
    """
    import jax

    mesh = explicit_mesh(args)
    if mesh is None or explicit_mesh(params) is not None:
        return params
    return jax.sharding.reshard(params, everywhere(mesh))
