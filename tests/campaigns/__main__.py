"""python -m tests.campaigns --cases N --kind KIND, from the top of a checkout."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # where modules of the tests are

from campaigns import running


def main() -> int:
    """Run a campaign; 1 if a case fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns")
    parser.add_argument("--kind", choices=running.KINDS, required=True)
    parser.add_argument("--cases", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for files that fail")
    flags = parser.parse_args()
    cases = range(flags.first, flags.first + flags.cases)
    if flags.keep is not None:
        flags.keep.mkdir(parents=True, exist_ok=True)
    with running.quick_mat():
        return int(running.report(flags.kind, cases, flags.seed, flags.keep) > 0)


if __name__ == "__main__":
    sys.exit(main())
