"""What training would run on, for you or for a bug report: python -m jaxnn.doctor"""

from __future__ import annotations

import json
import logging
import os
import platform
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from jaxnn import __version__, backends, cache, cli, data, devices, limits, training
from jaxnn.digits import Digits
from jaxnn.flags import CommonFlags, flag, parse
from jaxnn.mistake import Mistake, install

NEEDED = "jax jaxlib lazy-loader matplotlib numpy optax pillow scipy tqdm".split()
PLUGIN = r"jax-(cuda|rocm)|nvidia-"
VARIABLE = (
    r"(JAX|XLA|CUDA|OMP|OPENBLAS|MKL|TF_CPP)_(?!.*(KEY|TOKEN|SECRET|PASS))"
    r"|NVIDIA_(VISIBLE|DRIVER)|PYTHONPATH|LD_LIBRARY_PATH"
)
SMI = "nvidia-smi --format=csv,noheader --query-gpu=name,driver_version".split()
SMI[-1] += ",memory.used,memory.total"
INDENT, WIDTH = 11, 98


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Say what training would run on, and train one step. Exit code 2 if it cannot."""

    json: bool = flag("print JSON", False)


def facts(flags: Flags) -> Iterator[tuple[str, Any]]:
    """Each fact as (name, value): the machine first, then a start of JAX."""
    found = sorted(
        (d.name.lower().replace("_", "-"), d.version) for d in distributions()
    )
    versions = {name: "missing" for name in NEEDED} | dict(found)
    yield "jaxnn", f"{__version__} in {short(Path(__file__).parent)}"
    yield "python", f"{platform.python_version()}, {short(sys.executable)}"
    yield "system", platform.platform()
    yield "packages", {name: versions[name] for name in NEEDED}
    yield "plugins", {name: v for name, v in found if re.match(PLUGIN, name)}
    yield "driver", driver()
    memory = f"{limits.machine() / 2**30:.1f} GiB"
    yield "machine", {"cores": os.cpu_count(), "memory": memory}
    yield "cache", kept()
    names = sorted(name for name in os.environ if re.match(VARIABLE, name))
    yield "variables", [f"{name}={short(os.environ[name])}" for name in names]
    lost = [name for name in NEEDED if versions[name] == "missing"]
    if lost:
        yield "problem", f"{', '.join(lost)} missing; {install(' '.join(lost))}"
    else:
        yield from trial(flags)


def trial(flags: Flags) -> Iterator[tuple[str, Any]]:
    """Start JAX, and train one step; the last fact is what stands in the way."""
    warnings, problem, log = [], "", logging.getLogger("jaxnn")

    def is_logged(record: logging.LogRecord) -> bool:
        warnings.append(record.getMessage())
        return False

    log.addFilter(is_logged)
    try:
        devices.prepare_process(flags.device)
        import jax

        chosen = devices.choose(flags.device, "--device cpu")
        if hidden := backends.hidden():
            warnings.append(f"no GPU is looked for: {hidden}")
        yield "devices", [devices.describe(device) for device in jax.devices()]
        yield "device", f"{flags.device} takes {devices.describe(chosen)}"
        x, y, *_ = data.load_digits()
        few, how = Digits(x[::50], y[::50]), {"seed": flags.seed, "dtype": flags.dtype}
        training.fit(few, hidden=1, steps=1, device=flags.device, progress=False, **how)
    except Exception as error:
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        problem = str(cli.as_mistake(error) or f"{text}; install jaxnn again")
    finally:
        log.removeFilter(is_logged)
    yield "warnings", warnings
    yield "problem", problem


def driver() -> list[str]:
    """The cards that nvidia-smi sees, or why none; the error of the driver itself."""
    try:
        done = subprocess.run(SMI, capture_output=True, timeout=20)
        lines = (done.stdout or done.stderr).decode(errors="replace").splitlines()
    except (OSError, subprocess.TimeoutExpired) as error:
        is_missing = isinstance(error, FileNotFoundError)
        lines = [f"nvidia-smi {'is not installed' if is_missing else 'hangs or fails'}"]
    return [*lines, *filter(None, [backends.driver_error()])]


def kept() -> dict[str, Any] | str:
    """The cache folder, its files, their size."""
    try:
        folder = cache.folder()
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except (OSError, RuntimeError) as error:
        return str(error)
    size = f"{sum(sizes) / 1e6:.1f} MB"
    return {"folder": short(folder), "files": len(sizes), "size": size}


def short(text: object) -> str:
    """A text with the home folder as ~."""
    return str(text).replace(os.path.expanduser("~"), "~")


def line(name: str, value: Any) -> str:
    """A fact as text, wrapped between its parts."""
    if isinstance(value, dict):  # no-break spaces hold a part together
        value = ", ".join(f"{k} {v}".replace(" ", "\xa0") for k, v in value.items())
    texts = value if isinstance(value, list) else [value]
    wrap = textwrap.TextWrapper(WIDTH - INDENT, break_on_hyphens=False).wrap
    rows = [row for text in texts for row in wrap(text)]
    indented = f"\n{'':<{INDENT}}".join(rows or ["none"])
    return f"{name:<{INDENT}}{indented}".replace("\xa0", " ")


def main(argv: Sequence[str]) -> int:
    """Print the facts as they are found, or all as JSON."""
    flags = parse(Flags, argv, "doctor", "--json")
    found: dict[str, Any] = {}
    for name, value in facts(flags):
        found[name] = value
        if not (flags.quiet or flags.json or name == "problem"):
            print(line(name, value), flush=True)
    problem = found["problem"]
    result = f"training can{'not' if problem else ''} run"
    if flags.json:
        print(json.dumps({**found, "result": result}, indent=2))
    if problem:
        raise Mistake(f"{result}: {problem}")
    if not flags.json:
        print(line("result", result))
    return 0


if __name__ == "__main__":
    cli.run(main)
