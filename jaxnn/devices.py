"""Choose the device to compute on, or say why it is not available.

A request for a GPU never falls back to the CPU. JAX is imported at the first call, so
that a command answers --help and refuses a flag without it.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TypeAlias

from jaxnn import cache, startup
from jaxnn.mistake import Mistake

Device: TypeAlias = Any  # a jax.Device, which type checkers take for a variable

KINDS = ("auto", "cpu", "gpu")
INSTALL = "pip install 'jax[cuda13]' (or cuda12 for an older driver)"


class DeviceError(Mistake):
    """The device is not available; the message lists those that are."""


def choose(kind: str = "auto") -> Device:
    """The first device of a kind: "cpu", "gpu", or "auto" (the GPU if there is one).

    Raises DeviceError; never falls back to another kind.
    """
    if kind not in KINDS:
        raise DeviceError(f"unknown device {kind!r}; choose from {', '.join(KINDS)}")
    import jax

    try:
        return jax.devices(None if kind == "auto" else kind)[0]
    except (RuntimeError, AssertionError) as error:  # JAX raises either
        wish = "a GPU" if kind == "gpu" else f"device {kind}"
        hidden = os.environ.get("JAX_PLATFORMS")
        hint = f" (JAX_PLATFORMS={hidden} hides others)" if hidden else ""
        raise DeviceError(
            f"{wish} was asked for, but JAX sees only {visible()}{hint}; for a GPU: "
            f"{INSTALL}; for the CPU: --device cpu"
        ) from error


def visible() -> str:
    """The devices JAX sees, for a message."""
    import jax

    try:
        return ", ".join(describe(device) for device in jax.devices())
    except (RuntimeError, AssertionError):
        return "none at all"


def describe(device: Device) -> str:
    """A device in words: "cpu:0 (2 cores)" or "gpu:0 (NVIDIA H200)"."""
    is_cpu = device.platform == "cpu"
    what = f"{os.cpu_count()} cores" if is_cpu else device.device_kind
    return f"{device.platform}:{device.id} ({what})"


@contextlib.contextmanager
def computing(device: Device, dtype: str) -> Iterator[None]:
    """Compute on device (None: JAX's default), in dtype; not on a mesh in context."""
    import jax

    is_plain = jax.sharding.get_abstract_mesh().empty
    no_mesh = contextlib.nullcontext() if is_plain else jax.set_mesh(None)
    with jax.default_device(device), jax.enable_x64(dtype == "float64"), no_mesh:
        yield


@contextlib.contextmanager
def exactly(device: Device, dtype: str) -> Iterator[None]:
    """As `computing`, with products in full precision.

    By default a GPU computes float32 products in TF32, with ten bits of mantissa.
    """
    import jax

    with computing(device, dtype), jax.default_matmul_precision("highest"):
        yield


def prepare_process(kind: str) -> None:
    """Configure a process of jaxnn's own, before its first JAX operation.

    Only commands call this: a program that imports jaxnn keeps its own settings.
    """
    # otherwise JAX takes 75% of the GPU's memory at once
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    with startup.loading():
        import jax
    if kind == "cpu":
        jax.config.update("jax_platforms", "cpu")  # leaves a GPU untouched
    cache.shorten_warnings()
    cache.cache_compiled_programs()


def current() -> Device:
    """The device on which JAX computes now."""
    import jax.numpy as jnp

    (device,) = jnp.zeros(()).devices()
    return device


def host_memory() -> int:
    """The memory of the machine in bytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # this system does not say
        return sys.maxsize
