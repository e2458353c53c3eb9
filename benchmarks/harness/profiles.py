"""What GPUs did, from the profile that JAX records while a function runs."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
from jax.profiler import ProfileData


class Ran(NamedTuple):
    """What ran on all GPUs."""

    kernels: int = 0  # and copies within a device, as hlo.Tally's launches
    reads: int = 0  # copies to the host


def watched(run: Callable[[], Any]) -> tuple[Any, Ran]:
    """The result of one run, and what it had GPUs do."""
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            result = jax.block_until_ready(run())
        (file,) = Path(folder).rglob("*.xplane.pb")
        return result, ran(ProfileData.from_file(str(file)))


def ran(profile: Any) -> Ran:
    """Count the events on the streams of GPUs in a ProfileData.

    Its other lines show the same work again.
    """
    names = [
        event.name.lower().replace(" ", "")
        for plane in profile.planes
        if plane.name.startswith("/device:GPU")
        for line in plane.lines
        if line.name.startswith("Stream")
        for event in line.events
    ]
    reads, writes = (sum(f"memcpy{way}" in n for n in names) for way in ("d2h", "h2d"))
    return Ran(len(names) - reads - writes, reads)
