"""What other gradient checkers say about a wrong gradient, and what jaxnn says.

    python benchmarks/checkers.py

One row per mistake, planted in the gradient of a cost that is right: plain NumPy, the
course's network from tests/planted.py, the others from harness/neighbours.py. jaxnn's
check_gradient gets the function alone, as a person would pass it. The others get the
weights of jaxnn's first problem too (13 examples), and lambda 1, in float64. Each
checker keeps its own tolerances. Every cell is read from what it returned or raised.
"""

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from harness.quiet import jax

# isort: split
import jax.numpy as jnp
import jax.test_util
import numpy as np
from scipy.optimize import check_grad

from harness import jaxnn
from harness.neighbours import NEIGHBOURS, Neighbour, values
from harness.rounds import progress
from harness.script import Parser, machine
from harness.tables import ABSENT, heading, software
from jaxnn import cli
from jaxnn.clinic.networks import problems

# last, so that a test module hides nothing
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import planted  # noqa: E402  # pyright: ignore[reportMissingImports]

MISTAKES = [
    [],
    ["the bias column of theta2 is regularized"],
    ["the penalty is missing"],
    ["1/m is missing"],
    ["sigma' is taken of the activation a2"],
    ["labels shifted up by one"],
    ["the gradient is unrolled in the other order"],
    ["the gradient is negated"],
]
MISTAKES += [[MISTAKES[4][0], "theta2 was updated before delta2 was computed"]]
STEP = 1e-5  # of the numerical gradient that CS231n's readers compute


class Checked(NamedTuple):
    """A function as a person writes it, and, on one problem, what it computes."""

    function: Callable
    cost: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray]
    start: np.ndarray  # the parameters as one vector, which both take


def checked(names: Sequence[str]) -> Checked:
    """The course's network, the named mistakes in its gradient."""

    def function(nn_params, input_size, hidden_size, num_labels, X, y, lam):
        cut = hidden_size * (1 + input_size)
        theta1 = nn_params[:cut].reshape(hidden_size, 1 + input_size)
        theta2 = nn_params[cut:].reshape(num_labels, 1 + hidden_size)
        args = theta1, theta2, X, y, lam
        return planted.planted_cost(*args), planted.planted_gradient(*args, names)

    p = problems.problems()[0]
    n, h, k = p.sizes
    start = joined([np.c_[b, W] for W, b in p.params])
    cost, gradient = (
        lambda at, i=i: function(at, n, h, k, p.x, p.y, 1.0)[i] for i in range(2)
    )
    return Checked(function, cost, gradient, start)


def checked_neighbour(one: Neighbour, names: Sequence[str]) -> Checked:
    """Another network, the named mistakes in its gradient."""
    function, p = one.make(names), problems.problems(one.units)[0]
    arrays = one.arrays(p.params)
    ends = np.cumsum([a.size for a in arrays])[:-1]

    def computed(at: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """(cost, gradients) at a vector of all parameters."""
        parts = zip(np.split(at, ends), arrays, strict=True)
        return values(one, function, [part.reshape(a.shape) for part, a in parts], p)

    return Checked(
        function,
        lambda at: computed(at)[0],
        lambda at: joined(computed(at)[1]),
        joined(arrays),
    )


def joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The arrays as one vector."""
    return np.concatenate([np.ravel(a) for a in arrays])


def cases() -> list[tuple[str, Sequence[str], Callable[[], Checked]]]:
    """The rows: the network, its mistakes, and what is checked."""
    rows: list = [("the course's", m, partial(checked, m)) for m in MISTAKES]
    for one in NEIGHBOURS:
        for names in ((), one.mistakes[:1], one.mistakes):
            rows.append((one.name, names, partial(checked_neighbour, one, names)))
    return rows


def torch_says(c: Checked) -> str:
    """torch.autograd.gradcheck's verdict; if it fails, how many numbers it prints."""
    torch: Any = import_module("torch")
    # torch.autograd.gradcheck is the function, which hides its module
    module: Any = import_module("torch.autograd.gradcheck")

    class Cost(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, theta: Any) -> Any:
            ctx.save_for_backward(theta)
            return torch.tensor(c.cost(theta.numpy(force=True)), dtype=theta.dtype)

        @staticmethod
        def backward(ctx: Any, *scales: Any) -> Any:
            (theta,) = ctx.saved_tensors
            return scales[0] * torch.from_numpy(c.gradient(theta.numpy(force=True)))

    theta = torch.tensor(c.start, requires_grad=True)
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
    in_jax = jax.custom_vjp(lambda at: jnp.asarray(c.cost(np.asarray(at))))
    in_jax.defvjp(
        lambda at: (in_jax(at), jnp.asarray(c.gradient(np.asarray(at)))),
        lambda slopes, scale: (scale * slopes,),
    )
    with jax.enable_x64(True):
        try:
            jax.test_util.check_grads(in_jax, (jnp.asarray(c.start),), 1, ["rev"])
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
    return f"{check_grad(c.cost, c.gradient, c.start):.2g}"


def cs231n_says(c: Checked) -> str:
    """The worst element's relative error, no verdict, and its two numbers.

    As CS231n's notes tell its readers: |a - b| / max(|a|, |b|), the numerical gradient
    by central differences along each coordinate.
    """
    steps = STEP * np.eye(len(c.start))
    numeric = [c.cost(c.start + step) - c.cost(c.start - step) for step in steps]
    a, b = np.array(numeric) / (2 * STEP), c.gradient(c.start)
    largest = np.maximum(np.abs(a), np.abs(b))
    errors = np.abs(a - b) / np.where(largest, largest, 1)
    worst = errors.argmax()
    return f"{errors[worst]:.2g}: {a[worst]:.4g}, {b[worst]:.4g}"


def jaxnn_says(c: Checked) -> str:
    """jaxnn.check_gradient's verdict."""
    found = jaxnn.check_gradient(c.function)
    if found.passed:
        return "passes"
    named = [f"cost: {name}" for name in found.cost] + list(found.gradient)
    return f"**{' + '.join(named) or 'no known mistake'}**"


CHECKERS = {"PyTorch gradcheck": torch_says, "JAX check_grads": jax_says}
CHECKERS |= {"SciPy check_grad": scipy_says, "CS231n's check": cs231n_says}
CHECKERS |= {"jaxnn": jaxnn_says}


def verdict(says: Callable[[Checked], str], c: Checked) -> str:
    """What a checker says of a function; a dash if it is not installed."""
    with suppress(ModuleNotFoundError):
        return says(c).replace("|", r"\|")
    return ABSENT


def main(argv: Sequence[str]) -> int:
    """Ask all checkers about all mistakes; print a table in Markdown."""
    Parser(description=__doc__).parse_args(argv)
    jax.config.update("jax_platforms", "cpu")
    rows = [["network", "mistake", *CHECKERS], ["---"] * (2 + len(CHECKERS))]
    every = cases()
    for network, names, make in every:
        said = [verdict(says, make()) for says in CHECKERS.values()]
        rows.append([network, " + ".join(names) or "none", *said])
        progress(f"{len(rows) - 2} of {len(every)}")
    print(*(f"| {' | '.join(row)} |" for row in rows), "", sep="\n")
    print(f"{heading([machine()])}; {software([machine()])}")
    return 0


if __name__ == "__main__":
    cli.run(main)
