"""Run a campaign: python -m tests.campaigns --kind runs --cases 1000 [--seed 0]"""

import argparse
import importlib
import sys
import time

KINDS = {  # and what a case is
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
    asked, began = parser.parse_args(), time.monotonic()
    kind = importlib.import_module(f"{__package__}.{asked.kind}")
    wrong = kind.campaign(asked.cases, asked.seed)
    print(*wrong, sep="\n")
    print(f"{asked.kind}: {len(wrong)} wrong, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
