"""Compile for a GPU that is not there.

XLA needs the card's description, JAX's CUDA plugin and an assembler, but no driver. It
cannot try which way of a product is the fastest: it takes the one it would guess.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.experimental import topologies
from jax.sharding import Mesh

from jaxnn import meshes
from jaxnn.mistake import Mistake, install

from .hlo import Tally, tally

NEEDED = "--no-deps jax-cuda12-plugin=={0} jax-cuda12-pjrt=={0} "
NEEDED += "nvidia-cuda-nvcc-cu12"

ALL_CARDS = """
threads_per_block_limit: 1024 threads_per_warp: 32 threads_per_core_limit: 2048
block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
shared_memory_per_block: 49152 registers_per_core_limit: 65536
registers_per_block_limit: 65536
"""
# The facts that differ, as XLA publishes them (its folder target_config/specs).
CARDS = {
    "H100": """
shared_memory_per_core: 233472 shared_memory_per_block_optin: 232448 core_count: 132
fpus_per_core: 128 memory_bandwidth: 3352320000000 l2_cache_size: 52428800
clock_rate_ghz: 1.98 device_memory_size: 84929347584
cuda_compute_capability { major: 9 }
""",
    "V100": """
shared_memory_per_core: 98304 shared_memory_per_block_optin: 98304 core_count: 80
fpus_per_core: 64 memory_bandwidth: 898048000000 l2_cache_size: 6291456
clock_rate_ghz: 1.53 device_memory_size: 16935682048
cuda_compute_capability { major: 7 }
""",
}


class Compiled(NamedTuple):
    """A program for a card that is not there."""

    tally: Tally
    memory: int  # bytes on the device: arguments, results and all between
    seconds: float  # that compiling took
    reductions: int  # sums over the cards


def cards(name: str, count: int = 1) -> Mesh:
    """The mesh of a run on so many cards of that name."""
    os.environ.setdefault("JAX_SKIP_CUDA_CONSTRAINTS_CHECK", "1")
    target = f"gpu_device_info {{ {ALL_CARDS} {CARDS[name]} }} platform_name: 'CUDA' "
    target += "runtime_version { major: 12 minor: 9 } "
    target += "dnn_version_info { major: 9 minor: 7 } "
    target += f"device_description_str: '{name}'"
    try:
        found = topologies.get_topology_desc(
            platform="cuda", target_config=target, topology=f"1x1x{count}"
        )
    except Exception as error:
        raise Mistake(
            f"JAX cannot compile for CUDA here ({str(error).splitlines()[0]}); "
            + install(NEEDED.format(version("jaxlib")))
        ) from None
    return meshes.of_examples(found.devices)


def compiled(function: Callable, args: Any, mesh: Mesh, m: int) -> Compiled:
    """function compiled for arrays like args; those of m rows lie on all cards."""

    def placed(leaf: Any) -> jax.ShapeDtypeStruct:
        has_rows = np.shape(leaf)[:1] == (m,)
        lies = meshes.by_rows(mesh) if has_rows else meshes.everywhere(mesh)
        dtype = jax.dtypes.canonicalize_dtype(leaf.dtype)
        return jax.ShapeDtypeStruct(np.shape(leaf), dtype, sharding=lies)

    jax.config.update("jax_enable_compilation_cache", False)
    start = time.perf_counter()
    context = jax.set_mesh(mesh) if mesh.size > 1 else contextlib.nullcontext()
    with context:
        program = jax.jit(function).lower(*jax.tree.map(placed, args)).compile()
    seconds = time.perf_counter() - start
    need: Any = program.memory_analysis()
    ends = need.argument_size_in_bytes + need.output_size_in_bytes
    memory = ends + need.temp_size_in_bytes
    text = program.as_text() or ""
    sums = len(re.findall(r" all-reduce(-start)?\(", text))
    return Compiled(tally(text), memory, seconds, sums)
