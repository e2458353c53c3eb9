"""Start JAX's backends, and say in a line why the one for a GPU did not start.

A backend fails in one of two ways. Its plugin fails while JAX loads it: JAX logs a
traceback and goes on without it. Or its devices fail: JAX raises a RuntimeError, once.
"""

import contextlib
import ctypes
import functools
import logging
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

LOG = "jax._src.xla_bridge"  # if JAX renames it, its traceback shows as before
NOISE = (
    r"WARNING: All log messages before absl|[IWE]\d{4} \d\d:\d\d:\d\d"
    r"|=== Source Location Trace|external/\S+:\d+$|\s*$"
)
SIEVE = """
import re, sys
noise = re.compile(sys.argv[1].encode())
for line in sys.stdin.buffer:
    if not noise.match(line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""
UNKNOWN = "is not in the list of known backends"  # JAX_PLATFORMS is to blame
BEFORE = re.compile(  # what stands before JAX's reason
    r"^\S+:\d+: operation |^Unable to initialize backend '\w+': |^[A-Z_]+: "
)
SMI = "see nvidia-smi"


class Meaning(NamedTuple):
    """What JAX's words mean, and what to do next."""

    what: str
    then: str


LIBRARIES = Meaning("CUDA libraries are missing or do not load", "{install}")
OUTDATED = Meaning("a CUDA library is too old", "{install} -U")
MISFIT = Meaning(
    "the driver does not fit",
    f"{SMI}; update or restart the driver, or take jax[cuda12] for an older one",
)
NO_DRIVER = Meaning(
    "no NVIDIA driver is in reach",
    "nvidia-smi must list the GPU (a container needs --gpus all)",
)
NO_GPU = Meaning("the driver shows no GPU{hidden}", f"{SMI} and CUDA_VISIBLE_DEVICES")
TOO_OLD = Meaning("this GPU is too old for this JAX", "an older JAX may know it")
FULL = Meaning("its memory is full", "nvidia-smi names the processes that hold it")
UNUSABLE = Meaning("its memory is full, or it is too old for this JAX", SMI)
BROKEN = Meaning("the driver failed", f"{SMI}; restart the machine")
OTHER = Meaning("its plugin is installed, but JAX shows no GPU", SMI)
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


def meaning_of(words: str) -> Meaning:
    """The meaning of JAX's words."""
    found = (it for sign, it in MEANINGS.items() if re.search(sign, words))
    return next(found, OTHER)


def reading(words: str, plugin: str = "", driver: str = "") -> str:
    """The line that says why the GPU did not start, and what to do next.

    words: JAX's. plugin: its kind, as cuda12. driver: the error of the driver itself,
    which counts more: JAX may take it for that of a library.
    """
    what, then = meaning_of(driver or words)
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = "" if chosen is None else f" of CUDA_VISIBLE_DEVICES={chosen!r}"
    install = f"pip install 'jax[{plugin or 'cuda13'}]'"
    said = [driver] if driver and driver not in words else []
    said += [f"JAX: {shortened(words)}"] if words else []
    brackets = f" ({'; '.join(said)})" if said else ""
    return what.format(hidden=hidden) + brackets + "; " + then.format(install=install)


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


def shortened(words: str) -> str:
    """The first sentence of JAX's words, without the place in its source."""
    first = re.split(r"[.?;] |[.?;]?\n|[.?;]$", words.strip())[0]
    while first != (first := BEFORE.sub("", first)):
        pass
    return first


def plugins() -> list[str]:
    """The kinds of installed plugins, as cuda12; looks for files only."""
    spec = find_spec("jax_plugins")
    places = spec and spec.submodule_search_locations
    found = pkgutil.iter_modules(places) if places else ()
    return [one.name.removeprefix("xla_") for one in found]


def driver_error() -> str:
    """What NVIDIA's driver answers to being started, "" if it starts."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        code, name = driver.cuInit(0), ctypes.c_char_p()
        driver.cuGetErrorName(code, ctypes.byref(name))
    except (OSError, AttributeError):
        return "no libcuda.so.1"
    text = name.value.decode() if name.value else str(code)
    return f"cuInit(0) failed: {text}" if code else ""


def has_cuda_packages() -> bool:
    """Whether CUDA's libraries are installed as Python packages."""
    try:
        return find_spec("nvidia.cudnn") is not None
    except ModuleNotFoundError:
        return False


def why_no_gpu() -> str:
    """Why a GPU's plugin did not start, and what to do; "" without such a plugin."""
    import jax

    words, kinds = failure(), [k for k in plugins() if k.startswith(("cuda", "rocm"))]
    if not kinds or (jax.config.values["jax_platforms"] and not words):
        return ""
    is_nvidia = kinds[0].startswith("cuda") and sys.platform == "linux"
    # JAX looks for CUPTI after the other libraries, and it needs the driver
    has_libraries = has_cuda_packages() or "cuPTI" in words
    driver = driver_error() if is_nvidia and has_libraries else ""
    return reading(words, kinds[0], driver)


class Listening(logging.Filter):
    """Keeps JAX's records of a plugin that fails out of its log, and their words."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether JAX logs the record; after a failure its advice is a guess."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            causes = [str(error), str(error.__cause__ or "")]
            self.words.append("\n".join(filter(None, causes)) or repr(error))
        return not self.words


@functools.cache
def failure() -> str:
    """Start JAX's backends; JAX's words for the one that failed, "" if none did."""
    import jax

    heard, log = Listening(), logging.getLogger(LOG)
    log.addFilter(heard)
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:  # JAX raises either
        heard.words += [str(error)] if str(error) and UNKNOWN not in str(error) else []
    finally:
        log.removeFilter(heard)
    return "".join(heard.words[:1])


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Without the lines that JAX's C++ layer prints to standard error as it starts.

    They come before its logging obeys a setting, and only where a plugin is installed.
    Another process passes every other line on, so that none is lost in a crash.
    """
    if sys.stderr is None or not plugins():
        yield
        return
    words = [sys.executable, "-I", "-S", "-c", SIEVE, NOISE]
    sys.stderr.flush()
    real = os.dup(2)
    # in a session of its own, Ctrl-C does not reach it
    sieve = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)
    assert sieve.stdin is not None
    os.dup2(sieve.stdin.fileno(), 2)
    sieve.stdin.close()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(real, 2)
        os.close(real)
        with contextlib.suppress(subprocess.TimeoutExpired):  # if others hold the pipe
            sieve.wait(5)
