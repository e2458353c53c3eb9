"""What other gradient checkers say about a wrong gradient, and what jaxnn says.

    python benchmarks/checkers.py

One row per mistake, planted in the gradient of a cost that is right: plain NumPy, from
tests/planted.py, which shares no code with jaxnn. The others check it at the weights of
jaxnn's own small network (8-5-10, 13 examples), lambda 1, in float64;
jaxnn.check_gradient gets the function alone, as a person would pass it. Each checker
keeps its own tolerances. Every cell is read from what it returned or raised.
"""

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
from scipy.optimize import check_grad

from harness import jaxnn
from harness.rounds import progress
from harness.script import Parser, machine
from harness.tables import ABSENT, heading, software
from jaxnn import cli
from jaxnn.clinic import layout, problems

# last, so that a test module hides nothing
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import planted  # noqa: E402  # pyright: ignore[reportMissingImports]

MISTAKES = [
    [],
    ["the bias column of theta2 is regularized"],
    ["the penalty is missing"],
    ["the penalty is not divided by m"],
    ["the penalty is twice as large"],
    ["1/m is missing"],
    ["sigma' is missing in delta2"],
    ["sigma' is taken of the activation a2"],
    ["an extra sigma' at the output"],
    ["labels shifted up by one"],
    ["the gradient is unrolled in the other order"],
    ["the gradient is negated"],
]
MISTAKES += [[MISTAKES[7][0], "theta2 was updated before delta2 was computed"]]


Checked = tuple[Callable, Callable, Callable, np.ndarray]


def checked(names: Sequence[str]) -> Checked:
    """A function as a person writes it, the named mistakes in its gradient.

    Also, on the first of jaxnn's small problems, its cost and its gradient as functions
    of theta alone, and theta (h (1 + n) + k (1 + h),).
    """

    def function(nn_params, input_size, hidden_size, num_labels, X, y, lam):
        thetas = layout.read(nn_params, (input_size, hidden_size, num_labels))
        args = *thetas, X, y, lam
        return planted.planted_cost(*args), planted.planted_gradient(*args, names)

    p = problems.problems()[0]
    args, theta = (*p.layers, p.x, p.y, 1.0), layout.unroll(p.theta1, p.theta2)
    cost, gradient = (lambda at, i=i: function(at, *args)[i] for i in range(2))
    return function, cost, gradient, theta


def torch_says(c: Checked) -> str:
    """torch.autograd.gradcheck's verdict; if it fails, how many numbers it prints."""
    _, cost, gradient, start = c
    torch: Any = import_module("torch")
    # torch.autograd.gradcheck is the function, which hides its module
    module: Any = import_module("torch.autograd.gradcheck")

    class Cost(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, theta: Any) -> Any:
            ctx.save_for_backward(theta)
            return torch.tensor(cost(theta.numpy(force=True)), dtype=theta.dtype)

        @staticmethod
        def backward(ctx: Any, *scales: Any) -> Any:
            (theta,) = ctx.saved_tensors
            return scales[0] * torch.from_numpy(gradient(theta.numpy(force=True)))

    theta = torch.tensor(start, requires_grad=True)
    try:
        module.gradcheck(Cost.apply, (theta,), raise_exception=True)
    except module.GradcheckError as error:
        first, *rest = str(error).strip().splitlines()
        parts = "\n".join(rest).partition("analytical:")[::2]  # numerical, analytical
        number = r"-?\d+\.\d*(?:e[-+]\d+)?|nan|inf"
        counts = " + ".join(str(len(re.findall(number, part))) for part in parts)
        return f"fails: {first.partition(' for output ')[0]}, {counts} numbers"
    return "passes"


def jax_says(c: Checked) -> str:
    """jax.test_util.check_grads' verdict in float64; if it fails, the two numbers."""
    _, cost, gradient, theta = c
    in_jax = jax.custom_vjp(lambda at: jnp.asarray(cost(np.asarray(at))))
    in_jax.defvjp(
        lambda at: (in_jax(at), jnp.asarray(gradient(np.asarray(at)))),
        lambda slopes, scale: (scale * slopes,),
    )
    with jax.enable_x64(True):
        try:
            jax.test_util.check_grads(in_jax, (jnp.asarray(theta),), 1, ["rev"])
            return "passes"
        except AssertionError as error:  # NumPy's
            message = str(error)
    number = r"-?\d[\d.]*(?:e[-+]\d+)?|-?inf|nan"
    found = re.findall(rf"(?:ACTUAL|DESIRED): (?:array\()?({number})\b", message)
    if len(found) != 2:  # another NumPy may word it differently
        return f"fails: {' '.join(message.split())}"
    return "fails: {:.4g} against {:.4g}".format(*map(float, found))


def scipy_says(c: Checked) -> str:
    """What scipy.optimize.check_grad returns: a number, no verdict."""
    return f"{check_grad(*c[1:]):.2g}"


def jaxnn_says(c: Checked) -> str:
    """jaxnn.check_gradient's verdict."""
    found = jaxnn.check_gradient(c[0])
    if found.passed:
        return "passes"
    named = [f"cost: {name}" for name in found.cost] + list(found.gradient)
    return f"**{' + '.join(named) or 'no known mistake'}**"


CHECKERS = {"PyTorch gradcheck": torch_says, "JAX check_grads": jax_says}
CHECKERS |= {"SciPy check_grad": scipy_says, "jaxnn": jaxnn_says}


def verdict(says: Callable[[Checked], str], names: Sequence[str]) -> str:
    """What a checker says of the named mistakes; a dash if it is not installed."""
    with suppress(ModuleNotFoundError):
        return says(checked(names)).replace("|", r"\|")
    return ABSENT


def main(argv: Sequence[str]) -> int:
    """Ask all checkers about all mistakes; print a table in Markdown."""
    Parser(description=__doc__).parse_args(argv)
    jax.config.update("jax_platforms", "cpu")
    rows = [["mistake", *CHECKERS], ["---"] * (1 + len(CHECKERS))]
    for names in MISTAKES:
        said = [verdict(says, names) for says in CHECKERS.values()]
        rows.append([" + ".join(names) or "none", *said])
        progress(f"{len(rows) - 2} of {len(MISTAKES)}")
    print(*(f"| {' | '.join(row)} |" for row in rows), "", sep="\n")
    print(f"{heading([machine()])}; {software([machine()])}")
    return 0


if __name__ == "__main__":
    cli.run(main)
