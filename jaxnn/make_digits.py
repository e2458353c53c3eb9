"""New digits, drawn from the embedded ones: python -m jaxnn.make_digits"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxnn import cli, reading
from jaxnn.flags import CommonFlags, flag, parse

EXAMPLE = "--examples 100000 --out big"


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Draw new digits: the embedded ones as other hands write them, and others from
    scratch. OUT then holds x.npy (28x28 bytes each, 784 MB per million) and y.npy, and
    train --data OUT reads them. The same seed gives the same digits; a larger set
    begins with the smaller one.
    """

    examples: int = flag("how many", None, required=True, metavar="N")
    out: str = flag("the folder to make", None, required=True, metavar="DIR")


def main(argv: Sequence[str]) -> int:
    """Draw digits, show how far it is, and say where they are."""
    flags = parse(Flags, argv, "make_digits", EXAMPLE)
    show = cli.progress_of_parts(flags.quiet)

    def note(done: int, whole: int) -> None:
        show("digits", done, whole)

    try:
        reading.sets.write(flags.out, flags.examples, flags.seed, show=note)
    except KeyboardInterrupt as stop:
        raise type(stop)("stopped; nothing saved") from None
    finally:
        cli.release_ctrl_c()
    print(f"result   {flags.examples} digits in {flags.out}")
    return 0


if __name__ == "__main__":
    cli.run(main)
