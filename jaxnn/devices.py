"""Choose the device to compute on, or say why it is not available.

A request for a GPU never falls back to the CPU. JAX is imported at the first call, so
that a command answers --help and refuses a flag without it.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from jaxnn import backends, cache, startup
from jaxnn.mistake import Mistake, install

Device: TypeAlias = Any  # a jax.Device, which type checkers take for a variable

KINDS = "auto", "cpu", "gpu", "gpu:N"  # cpu:N and gpu:N: the device of that number


class DeviceError(Mistake):
    """The device is not available; the message lists those that are."""


def known(kind: str) -> str:
    """kind, if it is one of KINDS; else raises DeviceError."""
    if isinstance(kind, str) and re.fullmatch("auto|(cpu|gpu)(:[0-9]+)?", kind):
        return kind
    near = meant(kind)
    hint = f"did you mean {near}?" if near else f"choose from {', '.join(KINDS)}"
    raise DeviceError(f"unknown device {kind!r}; {hint}")


def meant(kind: Any) -> str:
    """The kind that a person may mean by "cuda:0", "GPU", "gpu1" or a jax.Device."""
    is_jaxs = hasattr(kind, "platform") and hasattr(kind, "id")
    word = f"{kind.platform}:{kind.id}" if is_jaxs else str(kind)
    found = re.fullmatch("(?i)(auto|cpu|gpu|cuda):?([0-9]*)", word.strip())
    if not found:
        return ""
    name, number = found[1].lower().replace("cuda", "gpu"), found[2]
    return f"{name}:{number}" if number and name != "auto" else name


def choose(kind: str = "auto", cpu: str = 'device="cpu"') -> Device:
    """The first device of a kind: "cpu", "gpu", or "auto" (the GPU if there is one).

    "gpu:1" is the GPU of that number. cpu: how a person asks for the CPU. Raises
    DeviceError; never falls back to another kind. Where a GPU does not start, "auto"
    warns once, in the log "jaxnn".
    """
    name, _, number = known(kind).partition(":")
    import jax

    backends.failure()  # first: JAX would log a traceback
    try:
        every = jax.devices(None if name == "auto" else name)
    except (RuntimeError, AssertionError):  # JAX raises either
        raise DeviceError(f"{refusal(kind)}; for the CPU: {cpu}") from None
    found = [one for one in every if one.process_index == jax.process_index()]
    if number:
        return numbered(found, int(number))
    if kind == "auto" and found[0].platform == "cpu":
        if reason := backends.why_no_gpu():
            cache.warn_once(f"on the CPU, because the GPU did not start: {reason}")
    return found[0]


def several(kind: str, wish: int | str) -> list[Device]:
    """So many devices of a kind, or "all"; of several processes, as many of each.

    Raises DeviceError where there are not as many.
    """
    if wish != "all" and (isinstance(wish, str) or wish < 1):
        raise DeviceError(f"devices {wish!r}: give a number from 1 up, or all")
    first, parts = choose(kind), len(of_processes())
    if wish == 1 and parts == 1:
        return [first]
    if ":" in kind:
        raise DeviceError(f"device {kind} is one; leave out its number, or devices")
    found = alike(first)
    count = len(found) if wish == "all" else int(wish)
    each, rest = divmod(count, parts)
    own = [
        [one for one in found if one.process_index == i][:each] for i in of_processes()
    ]
    if rest or any(len(those) < each for those in own):
        of_parts = f", as many in each of {parts} processes" * (parts > 1)
        raise DeviceError(
            f"{count} devices were asked for{of_parts}; there are "
            + ", ".join(map(describe, found))
            + f"; JAX_NUM_CPU_DEVICES={count} makes as many of a CPU"
            * (first.platform == "cpu" and parts == 1)
        )
    return [one for those in own for one in those]


def alike(device: Device) -> list[Device]:
    """The devices of this one's kind, of all processes."""
    import jax

    return jax.devices(device.platform)


def of_processes() -> range:
    """The numbers of the processes that `jax.distributed` has joined; else one, 0."""
    import jax

    return range(jax.process_count())


def numbered(found: list[Device], number: int) -> Device:
    """The device of a number; raises DeviceError with those that there are."""
    for device in found:
        if device.id == number:
            return device
    kinds = ", ".join(map(describe, found))
    raise DeviceError(f"there is no {found[0].platform}:{number}; choose from {kinds}")


def refusal(kind: str) -> str:
    """Why JAX has no such device, and what to do for a GPU."""
    is_wish = kind.startswith("gpu")
    wish = "a GPU was asked for" if is_wish else f"device {kind} was asked for"
    if hidden := backends.hidden():
        return f"{wish}, but {hidden}"
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
    empty = "" if chosen else "; unset CUDA_VISIBLE_DEVICES, whose '' hides every GPU"
    if not kind.startswith("cpu") and (reason := backends.why_no_gpu()):
        failed = f"{wish}, and did not start" if is_wish else "the GPU did not start"
        return f"{failed}: {reason}{empty}"
    hidden = os.environ.get("JAX_PLATFORMS")
    hint = f" (JAX_PLATFORMS={hidden} hides others)" if hidden else ""
    seen = f"{wish}, but JAX sees {visible()}{hint}"
    return f"{seen}; for a GPU: {installing()}{empty}"


def installing() -> str:
    """What a GPU needs besides the CPU's packages: a driver, then JAX's plugin."""
    command = install("'jax[cuda13]'")
    plugin = f"{command} (or cuda12 for an older driver)"
    is_absent = backends.driver_error() == backends.ABSENT
    return f"an NVIDIA driver (here is none), then {plugin}" if is_absent else plugin


def visible() -> str:
    """The devices JAX sees, for a message."""
    import jax

    try:
        return "only " + ", ".join(map(describe, jax.devices()))
    except (RuntimeError, AssertionError):
        return "none at all"


def describe(device: Device) -> str:
    """A device in words: "cpu:0 (2 cores)" or "gpu:0 (NVIDIA H200)"."""
    is_cpu = device.platform == "cpu"
    what = f"{os.cpu_count()} cores" if is_cpu else device.device_kind
    return f"{device.platform}:{device.id} ({what})"


@contextlib.contextmanager
def computing(device: Device, dtype: str, mesh: Any = None) -> Iterator[None]:
    """Compute on device (None: JAX's default), in dtype, with this mesh in context."""
    import jax

    is_plain = mesh is None and jax.sharding.get_abstract_mesh().empty
    context = contextlib.nullcontext() if is_plain else jax.set_mesh(mesh)
    with jax.default_device(device), jax.enable_x64(dtype == "float64"), context:
        yield


@contextlib.contextmanager
def exactly(device: Device, dtype: str) -> Iterator[None]:
    """As `computing`, with products in full precision.

    By default a GPU computes float32 products in TF32, with ten bits of mantissa.
    """
    import jax

    with computing(device, dtype), jax.default_matmul_precision("highest"):
        yield


def prepare_process(kind: str, cpu: str = "--device cpu") -> None:
    """Configure a process of jaxnn's own, before its first JAX operation.

    Only commands call this: a program that imports jaxnn keeps its own settings.
    cpu: as in `choose`.
    """
    # otherwise JAX takes 75% of the GPU's memory at once
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    with backends.hushed():
        with startup.loading():
            import jax
        if kind.startswith("cpu"):
            jax.config.update("jax_platforms", "cpu")  # leaves a GPU untouched
        cache.shorten_warnings()
        cache.cache_compiled_programs()
        # where JAX may refuse; elsewhere a person's own code may still set it up
        chosen = ("JAX_PLATFORMS", "JAX_PLATFORM_NAME")
        is_doubtful = backends.plugins() or any(map(os.environ.get, chosen))
        if is_doubtful or kind.startswith("gpu"):
            choose(kind, cpu)


def current() -> Device:
    """The device on which JAX computes now."""
    import jax.numpy as jnp

    (device,) = jnp.zeros(()).devices()
    return device
