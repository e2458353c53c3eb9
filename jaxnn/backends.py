"""Start JAX's backends, and say in a line why the one for a GPU did not start.

It fails in one of two ways. Its plugin fails while JAX loads it: JAX logs a traceback
and goes on without it. Or its devices fail: JAX raises a RuntimeError, once.
"""

import contextlib
import ctypes
import functools
import logging
import os
import pkgutil
import re
import warnings
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from jaxnn import descriptors
from jaxnn.mistake import install

LOG = "jax._src.xla_bridge"  # if JAX renames it, its traceback shows as before
NOISE = rf"WARNING: All log messages before absl|{descriptors.LOGGED}"
HALVES = "cuda13", "cuda12"  # JAX looks for them in this order
PLACE = r"(\S+:\d+: operation |Unable to initialize backend '\w+': )?([A-Z_]+: )?"

# what JAX's words mean, and what to do next
ABSENT = "no libcuda.so.1"
LIBRARIES = "CUDA libraries are missing or do not load", "{install}"
OUTDATED = "a CUDA library is too old", "{install} -U"
MISFIT = (
    "the driver does not fit",
    "see nvidia-smi; update or restart the driver, or take jax[cuda12] for an old one",
)
NO_DRIVER = (
    "no NVIDIA driver is in reach",
    "nvidia-smi must list the GPU (a container needs --gpus all)",
)
NO_GPU = "the driver shows no GPU{hidden}", "see nvidia-smi and CUDA_VISIBLE_DEVICES"
TOO_OLD = "this GPU is too old for this JAX", "an older JAX may know it"
FULL = "its memory is full", "nvidia-smi names the processes that hold it"
UNUSABLE = "its memory is full, or it is too old for this JAX", "see nvidia-smi"
BROKEN = "the driver failed", "see nvidia-smi; restart the machine"
OTHER = "its plugin is installed, but JAX shows no GPU", "see nvidia-smi"
MEANINGS = {  # of signs in JAX's words; the first counts
    r"Unable to load|not found\.": LIBRARIES,
    r"Outdated|compatibility issue": OUTDATED,
    r"DRIVER_MISMATCH|COMPAT_NOT|INSUFFICIENT_DRIVER|PTX_VERSION": MISFIT,
    r"driver version is insufficient|unsupported toolchain": MISFIT,
    r"NO_DEVICE|No visible GPU|INVALID_DEVICE|no CUDA-capable": NO_GPU,
    r"compute capability|NO_BINARY_FOR_GPU|no kernel image|gpu.arch": TOO_OLD,
    r"(?i)out.of.memory|RESOURCE_EXHAUSTED|create cublas": FULL,
    r"no supported devices": UNUSABLE,
    r"error 303|libcuda|STUB_LIBRARY|SHARED_OBJECT": NO_DRIVER,
    r"cuInit|CUDA_ERROR": BROKEN,
}


def meaning_of(words: str) -> tuple[str, str]:
    """What JAX's words mean, and what to do next."""
    found = (it for sign, it in MEANINGS.items() if re.search(sign, words))
    return next(found, OTHER)


def reading(words: str, plugin: str = "cuda13", driver: str = "") -> str:
    """The line that says why the GPU did not start, and what to do next.

    words: JAX's. plugin: its kind. driver: the error of the driver itself, which counts
    more: JAX may take it for that of a library.
    """
    what, then = meaning_of(driver or words)
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = "" if chosen is None else f" of CUDA_VISIBLE_DEVICES={chosen!r}"
    said = [driver] if driver not in words else []
    if words:  # the first sentence, without its place in the source
        first = re.split(r"[.?;]? \(|[.?;](?:\s|$)|\n", words.strip())[0]
        said.append(f"JAX: {re.sub('^' + PLACE, '', first)}")
    brackets = f" ({'; '.join(said)})" if said else ""
    command = install(f"'jax[{plugin}]'")
    return what.format(hidden=hidden) + brackets + "; " + then.format(install=command)


def while_computing(error: Exception) -> str:
    """What a person can do about a GPU that fails while it computes, or ""."""
    if type(error).__name__ != "JaxRuntimeError":
        return ""
    import jax

    meaning = meaning_of(str(error))
    if meaning not in (FULL, TOO_OLD, MISFIT) or jax.default_backend() == "cpu":
        return ""
    less = "use fewer hidden units, seeds or digits, " if meaning is FULL else ""
    return f"{reading(str(error))}; {less}or choose --device cpu"


def plugins() -> list[str]:
    """The kinds of installed plugins, as cuda12; looks for files only.

    A plugin has two packages; either may be there without the other.
    """
    spec = find_spec("jax_plugins")
    places = spec and spec.submodule_search_locations
    found = pkgutil.iter_modules(places) if places else ()
    kinds = [one.name.removeprefix("xla_") for one in found]
    halves = [kind for kind in HALVES if find_spec(f"jax_{kind}_plugin")]
    return list(dict.fromkeys(kinds + halves))


def numbers(package: str) -> str:
    """The version of a package without its suffixes; "" if it is not installed."""
    try:
        found = re.match(r"\d+(\.\d+)*", version(package))
    except PackageNotFoundError:
        return ""
    return found[0] if found else ""


def misfit(kind: str) -> str:
    """Why the packages of a plugin do not fit jaxlib, and what to do; or ""."""
    jaxlib, plugin, pjrt = map(
        numbers, ("jaxlib", f"jax-{kind}-plugin", f"jax-{kind}-pjrt")
    )
    command = install(f"-U 'jax[{kind}]'")
    if kind.startswith("cuda") and plugin and plugin != jaxlib:  # as JAX has it
        return f"plugin {plugin} does not fit jaxlib {jaxlib}; {command}"
    if bool(plugin) != bool(pjrt):
        lost = "pjrt" if plugin else "plugin"
        return f"the plugin's other half, jax-{kind}-{lost}, is missing; {command}"
    return ""


def hidden() -> str:
    """The variable that keeps JAX from looking for a GPU, and what to do; or ""."""
    platforms = os.environ.get("JAX_PLATFORMS", "")
    name = os.environ.get("JAX_PLATFORM_NAME", "")
    if found := re.search("(?i)gpu|cuda|rocm", platforms):
        is_known = found[0] == found[0].lower()
        write = "rocm" if found[0].lower() == "rocm" else "cuda"
        return (
            "" if is_known else f"JAX knows no JAX_PLATFORMS={platforms}; write {write}"
        )
    if platforms and plugins():
        return f"JAX_PLATFORMS={platforms} hides it; unset it"
    if name.lower() in ("gpu", "cuda", "rocm") and not plugins():
        return f"JAX_PLATFORM_NAME={name} asks for one that JAX does not see; unset it"
    return ""


def driver_error() -> str:
    """What NVIDIA's driver answers to being started, "" if it starts."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        code, name = driver.cuInit(0), ctypes.c_char_p()
        driver.cuGetErrorName(code, ctypes.byref(name))
    except (OSError, AttributeError):
        return ABSENT
    text = name.value.decode() if name.value else str(code)
    return f"cuInit(0) failed: {text}" if code else ""


def why_no_gpu() -> str:
    """Why a GPU's plugin did not start, and what to do; "" without such a plugin."""
    import jax

    words, kinds = failure(), [k for k in plugins() if k.startswith(("cuda", "rocm"))]
    if not kinds or (jax.config.values["jax_platforms"] and not words):
        return ""
    driver = driver_error() if kinds[0].startswith("cuda") else ""
    if not (line := misfit(kinds[0])):
        # JAX looks for CUPTI after the other libraries, and CUPTI needs the driver
        if not re.search("Unable to load (?!cuPTI)|Outdated", words):
            return reading(words, kinds[0], driver)
        line = reading(words, kinds[0])
    # without a driver the line alone would only lead to the next one
    return (
        f"{reading('', kinds[0], driver)}; also: {line}" if driver == ABSENT else line
    )


@functools.cache
def failure() -> str:
    """Start JAX's backends; JAX's words for the one that failed, "" if none did."""
    import jax

    heard: list[str] = []

    def is_logged(record: logging.LogRecord) -> bool:
        if record.exc_info and (error := record.exc_info[1]):
            heard.append(f"{error or repr(error)}\n{error.__cause__ or ''}".strip())
        return not heard  # after a failure JAX's advice is a guess

    log = logging.getLogger(LOG)
    log.addFilter(is_logged)
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:  # JAX raises either
        if "list of known backends" not in str(error):  # JAX_PLATFORMS is to blame
            heard.append(str(error))
    finally:
        log.removeFilter(is_logged)
    return "".join(heard[:1])


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Without the lines that JAX's C++ layer prints to standard error as it starts.

    They come before its logging obeys a setting, and only where a plugin is installed.
    """
    warnings.filterwarnings("ignore", r"JAX plugin \S+ version")  # `misfit` says it
    end = descriptors.sieve(NOISE) if plugins() else lambda: None
    try:
        yield
    finally:
        end()
