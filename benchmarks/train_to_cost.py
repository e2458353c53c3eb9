"""Time training from the same starts to the same cost, by several programs.

    python benchmarks/train_to_cost.py [--device cpu gpu] [--target 0.339] [--save]

The 5000 embedded digits and, one per round, the initial weights of seeds 0 to 4. Each
contender stops where it first reaches the target: those that call Python for every
evaluation at that evaluation, jaxnn's compiled loops after as many steps as an untimed
run needed. The cost in the table is that of the weights reached, by NumPy in float64,
for the worst start. L-BFGS keeps as many curvature pairs as jaxnn's, except in
scikit-learn, which fixes SciPy's 10. jaxnn trains in centered coordinates, as
`jaxnn.fit` does, and in plain ones; the time includes moving there and back.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from harness import jaxnn, script, trainers
from harness.race import LOOSE, MOST, Race, reaches
from harness.rounds import ONE_THREAD, Contender, Prepared
from jaxnn import cli

TARGETS = {0.339: 1.0, 0.320: 1.0, 0.557: 3.0}  # cost -> lambda
QUICK = {2.0: 1.0}
STARTS = 5


def both_ways(name: str, setup: Callable[..., Prepared], *args: Any) -> list[Contender]:
    """With all BLAS threads and with one."""
    free = Contender(name, setup, args)
    one = free._replace(name=f"{name}, 1 BLAS thread", environment=ONE_THREAD)
    return [free, one]


def contenders(kinds: Sequence[str], race: Race) -> list[Contender]:
    """All of them. The first is jaxnn's L-BFGS in plain coordinates, as others use."""
    competing = []
    for kind in kinds:
        mark = f", {kind}" if kinds[1:] else ""
        for method in ("lbfgs", "cg", "newton-cg"):
            for is_centered in (False, True):
                name = f"jaxnn {method}{'' if is_centered else ', plain coordinates'}"
                args = method, is_centered, race, kind
                competing.append(Contender(name + mark, trainers.in_jaxnn, args))
        args = "adam", False, race, kind
        competing.append(Contender(f"jaxnn adam{mark}", trainers.in_jaxnn, args))
        name = f"SciPy L-BFGS-B, jitted gradient{mark}"
        competing += both_ways(name, trainers.scipy_jitted, race, kind)
        for is_centered in (False, True):
            name = f"PyTorch LBFGS{', centered' * is_centered}{mark}"
            pair = both_ways(name, trainers.in_torch, is_centered, race, kind)
            competing += pair[:1] if kind == "gpu" else pair
    setup = partial(trainers.scipy_numpy, "L-BFGS-B", trainers.UNENDING)
    competing += both_ways("SciPy L-BFGS-B, NumPy", setup, race, "float32")
    # TNC differences gradients over steps too short for float32: that never arrives
    setup = partial(trainers.scipy_numpy, "TNC", {"maxfun": MOST})
    competing += both_ways("SciPy TNC, NumPy float64", setup, race, "float64")
    for dtype in ("float32", "float64"):
        name = f"scikit-learn {dtype}"
        competing += both_ways(name, trainers.in_sklearn, race, dtype)
    return competing


def main(argv: Sequence[str]) -> int:
    """Time, show, save, target after target."""
    quick, known = "cost 2.0 from one start, 1 round", list(TARGETS)
    parser = script.flags("train_to_cost", __doc__, quick)
    parser.add_argument("--target", nargs="+", type=float, choices=known, default=known)
    args = script.read(parser, argv, 1, STARTS)
    targets = QUICK if args.quick else {t: TARGETS[t] for t in args.target}
    digits = jaxnn.load_digits()
    starts = [jaxnn.init_params(seed) for seed in range(min(args.rounds, STARTS))]
    about = {"precision": "float32", "m": len(digits.y), "layers": [400, 25, 10]}
    for target, lam in targets.items():
        race = Race(target, lam, starts, digits.x.astype(np.float32), digits.y)
        competing = contenders(args.device, race)
        about |= {"target": target, "lam": lam}
        script.hold(args, competing, reaches(target, LOOSE), **about)
    return 0


if __name__ == "__main__":
    cli.run(main)
