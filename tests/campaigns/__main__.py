"""Run a campaign: python -m tests.campaigns --kind data --cases 10000 [--seed 0]"""

import argparse
import importlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # where modules of the tests are

from campaigns import running

KINDS = {  # and what a case is
    "data": "an odd or damaged file of examples",
    "images": "an odd or damaged picture",
    "runs": "a run folder with one damaged file",
    "kills": "an operation on files at which the process ends",
    "signals": "a moment, in each of several commands",
    "functions": "a hostile function for gradcheck",
}


def main() -> int:
    """Print what went wrong; 1 if something did."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns")
    about = "; ".join(f"{kind}: {what}" for kind, what in KINDS.items())
    parser.add_argument("--kind", choices=KINDS, required=True, help=about)
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="of data and images")
    parser.add_argument("--keep", type=Path, help="a folder for files that fail")
    asked, began = parser.parse_args(), time.monotonic()
    if asked.kind in running.KINDS:
        cases = range(asked.first, asked.first + asked.cases)
        if asked.keep is not None:
            asked.keep.mkdir(parents=True, exist_ok=True)
        with running.quick_mat():
            return int(running.report(asked.kind, cases, asked.seed, asked.keep) > 0)
    kind = importlib.import_module(f"campaigns.{asked.kind}")
    wrong = kind.campaign(asked.cases, asked.seed)
    print(*wrong, sep="\n")
    print(f"{asked.kind}: {len(wrong)} wrong, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
