"""The methods by name."""

from jaxnn.mistake import Mistake
from jaxnn.optimizers.bfgs import bfgs
from jaxnn.optimizers.cg import cg
from jaxnn.optimizers.first_order import adam, gd, momentum
from jaxnn.optimizers.lbfgs import lbfgs
from jaxnn.optimizers.loop import Minibatches
from jaxnn.optimizers.method import Method, WholeRun, is_traced
from jaxnn.optimizers.newton_cg import newton_cg
from jaxnn.optimizers.traits import check_method
from jaxnn.optimizers.with_scipy import scipy_cg, scipy_l_bfgs_b, scipy_tnc

METHODS: dict[str, Method | WholeRun] = {
    "adam": adam,
    "bfgs": bfgs,
    "cg": cg,
    "gd": gd,
    "lbfgs": lbfgs,
    "momentum": momentum,
    "newton-cg": newton_cg,
    "scipy-cg": scipy_cg,
    "scipy-l-bfgs-b": scipy_l_bfgs_b,
    "scipy-tnc": scipy_tnc,
}


def chosen_method(
    name: str, learning_rate: float | None, batches: Minibatches | None
) -> Method | WholeRun:
    """The method of that name; Mistake if it or one of its settings is unusable.

    A traced learning rate has no value to look at: any positive one stands for it.
    """
    rate = 1.0 if is_traced(learning_rate) else learning_rate
    check_method(name, rate, batches is not None)
    if batches is not None and not 1 <= batches.size <= batches.examples:
        raise Mistake(
            f"batch size {batches.size} is not in 1..{batches.examples}, "
            "the number of examples"
        )
    return METHODS[name]
