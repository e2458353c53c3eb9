"""Networks spread over several devices: each trains its own, and no device waits.

The axis of networks is cut into as many equal parts as there are devices. A part is a
loop of its own (`jax.shard_map`), so the compiled program has no collective.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxnn import devices
from jaxnn.model import Params

NETWORKS = "networks"  # the axis of the mesh
Axes: TypeAlias = tuple[int | None, ...]  # as in lockstep.py
OWN, SHARED = PartitionSpec(NETWORKS), PartitionSpec()


def mesh_of(kind: str, wish: int | str | None) -> Mesh | None:
    """The mesh of so many devices of a kind, or "all"; None for one device.

    Raises DeviceError where there are not as many.
    """
    found = [] if wish is None else devices.several(kind, wish)
    return Mesh(np.array(found), (NETWORKS,)) if len(found) > 1 else None


def share(mesh: Mesh | None, args: tuple, axes: Axes) -> tuple:
    """args, with what all networks share whole on each device."""
    if mesh is None:
        return args
    whole = NamedSharding(mesh, SHARED)
    pairs = zip(args, axes, strict=True)
    return tuple(a if axis == 0 else jax.device_put(a, whole) for a, axis in pairs)


def placed(
    mesh: Mesh | None, params: Params, args: tuple, axes: Axes
) -> tuple[Params, tuple]:
    """A group of networks and their own args, (N, ...) each, on their devices.

    The last network is repeated until each device has as many.
    """
    if mesh is None:
        return params, args
    more = -len(params[0]) % mesh.size
    rows = NamedSharding(mesh, OWN)

    def put(a: Any) -> jax.Array:
        a = np.asarray(a)
        return jax.device_put(np.concatenate([a, *[a[-1:]] * more]), rows)

    pairs = zip(args, axes, strict=True)
    own = tuple(put(a) if axis == 0 else a for a, axis in pairs)
    return tuple(map(put, params)), own


def over(mesh: Mesh | None, fun: Callable[..., Any], *of_each: Any) -> Any:
    """fun(*of_each), (N, ...) each, on each device with its own networks."""
    if mesh is None:
        return fun(*of_each)
    specs = (OWN,) * len(of_each)
    each = jax.shard_map(fun, mesh=mesh, in_specs=specs, out_specs=OWN, check_vma=False)
    return each(*of_each)
