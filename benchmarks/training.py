"""Time training from the same starts to the same cost, beside other ways to train.

    python benchmarks/training.py [--device cpu gpu] [--target 0.339] [--save]

The 5000 embedded digits and, a round each, the initial weights of seeds 0 to 4. Each
contender stops where it first reaches the target: those that call Python for every
evaluation at that evaluation, jaxnn's compiled loops and scikit-learn after as many
steps as an untimed run needed. The cost of the weights reached, computed anew by
NumPy in float64, is in the table (the worst start's). L-BFGS keeps as many curvature
pairs as jaxnn's but in scikit-learn, which fixes SciPy's 10. "Centred" is the same cost
in other coordinates (jaxnn/training/centering.py); its times include both changes.
What computes in libraries with BLAS threads runs both with all of them and with one.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import workers
from checkout import jaxnn
from contest import contest, only
from flags import finish, flags, read
from jaxnn.optimizers import MEMORY
from race import LOOSE, MISSED, MOST, Race, reaches
from rows import as_rows, headline
from sklearn_mlp import in_sklearn
from tables import show
from timing import Contender, Prepared
from trainers import UNENDING, in_jaxnn, in_torch, scipy_jitted, scipy_numpy

TARGETS = {0.339: 1.0, 0.320: 1.0, 0.557: 3.0}  # cost -> lambda
QUICK = {2.0: 1.0}
STARTS = 5
CENTERED = " centred"
TRAINED = [  # jaxnn's methods, and whether in centred coordinates
    ("lbfgs", False),
    ("lbfgs", True),
    ("cg", False),
    ("cg", True),
    ("newton-cg", False),
    ("newton-cg", True),
    ("adam", False),
]
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}


def both_ways(
    name: str, setup: Callable[..., Prepared], *args: Any, needs: str | None = None
) -> list[Contender]:
    """With all BLAS threads and with one."""
    free = Contender(name, setup, args, needs)
    one = free._replace(name=f"{name}, 1 BLAS thread", environment=ONE_THREAD)
    return [free, one]


def contenders(kinds: Sequence[str], race: Race) -> list[Contender]:
    """All of them; jaxnn's L-BFGS on the first device leads."""
    competing = []
    for kind in kinds:
        mark = f", {kind}" if kinds[1:] else ""
        for method, is_centered in TRAINED:
            name = f"jaxnn {method}{CENTERED * is_centered}{mark}"
            args = method, is_centered, race, kind
            competing.append(Contender(name, in_jaxnn, args))
        name = f"SciPy L-BFGS-B, jitted gradient{mark}"
        competing += both_ways(name, scipy_jitted, race, kind)
        for is_centered in (False, True):
            name = f"PyTorch LBFGS{CENTERED * is_centered}{mark}"
            torch = both_ways(name, in_torch, is_centered, race, kind, needs="torch")
            competing += torch[: 1 if kind == "gpu" else 2]
    setup = partial(scipy_numpy, "L-BFGS-B", {**UNENDING, "maxcor": MEMORY})
    competing += both_ways("SciPy L-BFGS-B, NumPy", setup, race, "float32")
    # TNC differences gradients over steps too short for float32: that never arrives
    setup = partial(scipy_numpy, "TNC", {"maxfun": MOST})
    competing += both_ways("SciPy TNC, NumPy float64", setup, race, "float64")
    for dtype in ("float32", "float64"):
        name = f"scikit-learn {dtype}"
        competing += both_ways(name, in_sklearn, race, dtype, needs="sklearn")
    return competing


def hold(
    race: Race, competing: Sequence[Contender], rounds: int, **about: Any
) -> list[dict[str, Any]]:
    """Run a race and print its rows, also of those that missed the target."""
    timings, skipped = contest(competing, rounds, reaches(race.target, LOOSE))
    about |= {"precision": "float32", "target": race.target, "lam": race.lam}
    rows = as_rows(timings, **about)
    for contender in competing:
        why = skipped.get(contender.name, "")
        if MISSED in why:
            row = {"name": contender.name, "reached": 0, "why": why}
            rows.append({**about, **row, "environment": contender.environment})
    print(f"cost {race.target} at lambda {race.lam:g}")
    show(rows)
    return rows


def read_flags() -> argparse.Namespace:
    """The command line, with targets and rounds settled."""
    quick = "cost 2.0 from one start, 1 round"
    parser = flags((__doc__ or "").splitlines()[0], quick)
    known = list(TARGETS)
    parser.add_argument("--target", nargs="+", type=float, choices=known, default=known)
    args = read(parser, 1, STARTS)
    args.targets = QUICK if args.quick else {t: TARGETS[t] for t in args.target}
    return args


def main() -> None:
    """Measure, print a table for each target, write the rows."""
    args = read_flags()
    here = workers.here(args.device)
    print(f"{headline(here)}; float32 but where it says otherwise")
    digits, rows = jaxnn.load_digits(), []
    starts = [jaxnn.init_params(seed) for seed in range(min(args.rounds, STARTS))]
    about = {"what": "training", "on": " ".join(args.device), **here}
    about |= {"m": len(digits.y), "layers": [400, 25, 10]}
    for target, lam in args.targets.items():
        race = Race(target, lam, starts, digits.x.astype(np.float32), digits.y)
        competing = only(args.only, contenders(args.device, race))
        rows += hold(race, competing, args.rounds, **about)
        finish(rows, args)  # after each target, which takes minutes


if __name__ == "__main__":
    main()
