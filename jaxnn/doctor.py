"""What training would run on, for a person or a bug report: python -m jaxnn.doctor"""

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

import jaxnn
from jaxnn import backends, cache, cli, data, devices, training
from jaxnn.digits import Digits
from jaxnn.flags import CommonFlags, flag, parse
from jaxnn.mistake import Mistake

NEEDED = "jax jaxlib lazy_loader matplotlib numpy optax pillow scipy tqdm".split()
USEFUL = "pandas scikit-learn torch".split()
PLUGIN = r"jax-(cuda|rocm)|nvidia-"
VARIABLE = re.compile(
    r"(JAX|XLA|CUDA|OMP|OPENBLAS|MKL|TF_CPP)_|PYTHONPATH|LD_LIBRARY_PATH"
    r"|NVIDIA_(VISIBLE|DRIVER)"
)
SECRET = re.compile("KEY|TOKEN|SECRET|PASS")
SMI = "nvidia-smi", "--format=csv,noheader"
CARD = "--query-gpu=name,driver_version,memory.used,memory.total"
INDENT, WIDTH = 11, 98
AS_WRITTEN: dict[str, Any] = {"break_on_hyphens": False}


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Say what training would run on, and train one step. Exit code 2 if it cannot."""

    json: bool = flag("print JSON", False)


def facts(flags: Flags) -> Iterator[tuple[str, Any]]:
    """Each fact as (name, value), of the machine first, then of a start of JAX."""
    found = sorted(
        (d.name.lower().replace("_", "-"), d.version) for d in distributions()
    )
    versions = dict(found)
    yield "jaxnn", f"{jaxnn.__version__} in {short(Path(jaxnn.__file__).parent)}"
    yield "python", f"{platform.python_version()}, {short(sys.executable)}"
    yield "system", platform.platform()
    names = [name.replace("_", "-") for name in NEEDED]
    more = [name for name in USEFUL if name in versions]
    yield "packages", {name: versions.get(name, "missing") for name in names + more}
    yield "plugins", {k: v for k, v in found if re.match(PLUGIN, k)}
    yield "driver", driver()
    memory = devices.host_memory() / 2**30
    yield "machine", {"cores": os.cpu_count(), "memory": f"{memory:.1f} GiB"}
    yield "cache", kept()
    named = {k: short(v) for k, v in sorted(os.environ.items()) if VARIABLE.match(k)}
    yield "variables", [f"{k}={v}" for k, v in named.items() if not SECRET.search(k)]
    if lost := [name for name in names if name not in versions]:
        yield "problem", f"not installed: {', '.join(lost)}; pip install {lost[0]}"
    else:
        yield from trial(flags)


def trial(flags: Flags) -> Iterator[tuple[str, Any]]:
    """Start JAX, and train one step; what stands in the way is the last fact."""
    kind, warned = flags.device, list[str]()

    def note(record: logging.LogRecord) -> bool:
        warned.append(record.getMessage())
        return False

    log, problem = logging.getLogger("jaxnn"), ""
    log.addFilter(note)
    try:
        devices.prepare_process(kind)
        import jax

        chosen = devices.choose(kind, "--device cpu")
        yield "devices", [devices.describe(device) for device in jax.devices()]
        yield "device", f"{kind} takes {devices.describe(chosen)}"
        x, y, *_ = data.load_digits()
        few, how = Digits(x[::50], y[::50]), {"seed": flags.seed, "dtype": flags.dtype}
        training.fit(few, hidden=1, steps=1, device=kind, progress=False, **how)
    except Exception as error:
        text = (str(error).splitlines() or [""])[0]
        unknown = f"{type(error).__name__}: {text}; install jaxnn again"
        problem = str(cli.as_mistake(error) or unknown)
    finally:
        log.removeFilter(note)
    yield "warnings", warned
    yield "problem", problem


def driver() -> list[str]:
    """The cards that nvidia-smi sees, or why it sees none; what the driver answers."""
    try:
        done = subprocess.run(
            [*SMI, CARD], capture_output=True, text=True, errors="replace", timeout=20
        )
        lines = (done.stdout or done.stderr).strip().splitlines()
    except (OSError, subprocess.TimeoutExpired) as error:
        is_there = not isinstance(error, FileNotFoundError)
        lines = [f"nvidia-smi {'does not answer' if is_there else 'is not installed'}"]
    failed = backends.driver_error() if sys.platform == "linux" else ""
    return [*lines, failed] if failed else lines


def kept() -> dict[str, Any] | str:
    """The cache folder, its files, their size."""
    try:
        folder = cache.folder()
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except (OSError, RuntimeError) as error:
        return str(error)
    size = f"{sum(sizes) / 1e6:.1f} MB"
    return {"folder": short(folder), "files": len(sizes), "size": size}


def short(path: Any) -> str:
    """A path, or paths, with the home folder as ~."""
    try:
        return str(path).replace(str(Path.home()), "~")
    except RuntimeError:
        return str(path)


def line(name: str, value: Any) -> str:
    """A fact as text, wrapped between its parts."""
    if isinstance(value, dict):  # no-break spaces hold a part together
        value = ", ".join(f"{k} {v}".replace(" ", "\xa0") for k, v in value.items())
    texts = value if isinstance(value, list) else [value]
    width = WIDTH - INDENT
    rows = [row for text in texts for row in textwrap.wrap(text, width, **AS_WRITTEN)]
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
    if flags.json:
        print(json.dumps(found, indent=2))
    if found["problem"]:
        raise Mistake(f"training cannot run: {found['problem']}")
    if not flags.json:
        print(f"{'result':<{INDENT}}training can run")
    return 0


if __name__ == "__main__":
    cli.run(main)
