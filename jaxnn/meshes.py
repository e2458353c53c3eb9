"""Arrays that lie on several devices: the caller's own meshes, and those of a run.

Where a mesh's axes are Explicit, the type of an array says how it lies, and a product
that sums over examples on several devices is an error unless it says where its result
goes. Here XLA decides that, as it does where the axes are Auto. JAX is imported at the
first call: nothing lies on a mesh before it is loaded.
"""

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
Tree = Any  # a pytree of arrays
EXAMPLES = "examples"  # the axis of the mesh of a run


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


def devices_of(array: Any) -> list[Any]:
    """The devices of the mesh on which an array lies; none if it lies on no mesh."""
    mesh = getattr(getattr(array, "sharding", array), "mesh", None)
    found = [] if mesh is None else list(mesh.devices.flat)
    return found if len(found) > 1 else []


def of_examples(devices: Sequence[Any]) -> Any:
    """The mesh whose one axis spreads examples over these devices."""
    from jax.sharding import AxisType, Mesh

    return Mesh(np.array(devices), (EXAMPLES,), axis_types=(AxisType.Auto,))


def by_rows(mesh: Any) -> Any:
    """The sharding of an array (m, ...) whose rows lie spread over the mesh."""
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(mesh, PartitionSpec(mesh.axis_names))


def put(tree: Tree, place: Any) -> Tree:
    """NumPy arrays, the same in each process, on a device or in a sharding.

    A process moves only what its own devices hold.
    """
    import jax

    if getattr(place, "is_fully_addressable", True):
        return jax.device_put(tree, place)

    def spread(a: Any) -> Any:
        return jax.make_array_from_callback(
            np.shape(a), place, np.asarray(a).__getitem__
        )

    return jax.tree.map(spread, tree)


def put_rows(
    read: Callable[[int, int], np.ndarray], shape: tuple[int, int], place: Any
) -> Any:
    """An array of this shape on a device or in a sharding by rows; see `put`.

    read(first, end): these rows. A process reads only those that its devices hold.
    """
    import jax

    if not devices_of(place):
        return jax.device_put(read(0, shape[0]), place)

    def own(index: Any) -> np.ndarray:
        return read(*index[0].indices(shape[0])[:2])

    return jax.make_array_from_callback(shape, place, own)


def in_context() -> Any:
    """The mesh of the run that computes now; None on one device."""
    import jax

    mesh = jax.sharding.get_abstract_mesh()
    return mesh if mesh.axis_names == (EXAMPLES,) else None


def filled(indices: Any, dtype: Any) -> tuple[Any, Any]:
    """indices (size,), and more of weight 0 until each device has as many; the weights.

    The weights are None where none is needed.
    """
    import jax.numpy as jnp

    mesh, size = in_context(), indices.size
    more = 0 if mesh is None else -size % mesh.size
    if not more:
        return indices, None
    rows = jnp.pad(indices, (0, more))
    return rows, (jnp.arange(rows.size) < size).astype(dtype)


def spread(tree: Tree) -> Tree:
    """Arrays (m, ...) in a compiled function, their rows spread over the devices."""
    import jax

    mesh = in_context()
    if mesh is None:
        return tree
    return jax.lax.with_sharding_constraint(tree, jax.sharding.PartitionSpec(EXAMPLES))


def summed(function: Callable[..., Tree], params: Tree, *data: Any) -> Tree:
    """function(params, *data), a sum over examples, with one all-reduce in all.

    Each device of the run evaluates it on its own rows of data, (m, ...) each or None.
    """
    import jax
    from jax.sharding import PartitionSpec

    mesh = in_context()
    if mesh is None:
        return function(params, *data)

    def of_own_rows(params: Tree, *data: Any) -> Tree:
        # without this, autodiff inside function would add over the devices itself
        own = jax.lax.pcast(params, EXAMPLES, to="varying")
        return jax.lax.psum(function(own, *data), EXAMPLES)

    whole, rows = PartitionSpec(), PartitionSpec(EXAMPLES)
    specs = (whole, *[rows] * len(data))
    return jax.shard_map(of_own_rows, mesh=mesh, in_specs=specs, out_specs=whole)(
        params, *data
    )


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
