"""A run as one HTML page on which digits can be drawn: python -m jaxnn.report RUN"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jaxnn import cli, devices, pages
from jaxnn.flags import DATA, CommonFlags, flag, parse
from jaxnn.mistake import printable
from jaxnn.weights import load_params

EXAMPLE = "runs/mine --out mine.html"


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Write one HTML page about a run: settings, curves, hidden units, mistakes, and a
    canvas to draw a digit on if it reads 20x20 digits. The page works offline.
    """

    weights: str = flag("run folder, .npz or .mat", metavar="RUN|FILE")
    data: str | None = flag(
        f"digits to evaluate on (default: those held out): {DATA}", None
    )
    out: str | None = flag("the page (default: RUN/report.html, or FILE.html)", None)


def main(argv: Sequence[str]) -> int:
    """Write the page, and print where it is."""
    flags = parse(Flags, argv, "report", EXAMPLE)
    load_params(flags.weights)  # or a refusal, before JAX is loaded
    devices.prepare_process(flags.device)
    how = flags.data, flags.dtype, flags.device, "--data"
    out = pages.write(Path(flags.weights), flags.out, *how)
    if not flags.quiet:
        chosen = devices.choose(flags.device)
        print(f"device   {devices.describe(chosen)}, {flags.dtype}")
    where, size = printable(str(out)), out.stat().st_size / 1e6
    print(f"result   {where}, {size:.1f} MB; open it in a browser")
    return 0


if __name__ == "__main__":
    cli.run(main)
