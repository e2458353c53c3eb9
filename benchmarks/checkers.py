"""What other gradient checkers say about a wrong gradient, beside what jaxnn says.

    python benchmarks/checkers.py

One row for each mistake, planted in the gradient of a cost that is right: plain NumPy,
from tests/planted.py, which shares no code with jaxnn. The others check it at the
weights of jaxnn's own small network (8-5-10, 13 examples), lambda 1, in float64;
jaxnn.check_gradient is given the function alone, as a person would give it. Each
checker keeps its own tolerances. Every cell is read from what it returned or raised.

PyTorch is not needed: without it, its column has dashes.
"""

import argparse
import importlib
import importlib.util
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
from scipy.optimize import check_grad

import rows
from checkout import jaxnn
from contest import tell
from jaxnn.clinic import layout, problems

# last, so that a test module hides nothing
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import planted  # noqa: E402  # pyright: ignore[reportMissingImports]

LAM = 1.0
ABSENT = "–"
RIGHT = "none"
MISTAKES: tuple[tuple[str, ...], ...] = (
    (),
    ("the bias column of theta2 is regularized",),
    ("the penalty is missing",),
    ("the penalty is not divided by m",),
    ("the penalty is twice as large",),
    ("1/m is missing",),
    ("sigma' is missing in delta2",),
    ("sigma' is taken of the activation a2",),
    ("an extra sigma' at the output",),
    ("labels shifted up by one",),
    ("the gradient is unrolled in the other order",),
    ("the gradient is negated",),
    (
        "sigma' is taken of the activation a2",
        "theta2 was updated before delta2 was computed",
    ),
)

Array = np.ndarray


def person(names: Sequence[str]) -> Callable[..., tuple[float, Array]]:
    """A person's cost and gradient, the named mistakes in the gradient."""

    def cost_and_gradient(
        nn_params: Array,
        input_layer_size: int,
        hidden_layer_size: int,
        num_labels: int,
        X: Array,
        y: Array,
        lambda_: float,
    ) -> tuple[float, Array]:
        sizes = input_layer_size, hidden_layer_size, num_labels
        args = *layout.read(nn_params, sizes), X, y, lambda_
        return planted.planted_cost(*args), planted.planted_gradient(*args, names)

    return cost_and_gradient


class Checked(NamedTuple):
    """A function and the weights at which the others check it."""

    function: Callable[..., tuple[float, Array]]  # as person() makes it
    theta: Array  # (h (1 + n) + k (1 + h),)
    args: tuple[Any, ...]  # that follow theta

    def cost(self, theta: Array) -> float:
        """The cost of these examples."""
        return self.function(theta, *self.args)[0]

    def gradient(self, theta: Array) -> Array:
        """What the function returns for its gradient."""
        return self.function(theta, *self.args)[1]


def checked(names: Sequence[str]) -> Checked:
    """The named mistakes on the first of jaxnn's small problems."""
    p = problems.problems()[0]
    theta = layout.unroll(p.theta1, p.theta2)
    return Checked(person(names), theta, (*p.layers, p.x, p.y, LAM))


def torch_says(c: Checked) -> str:
    """torch.autograd.gradcheck's verdict."""
    torch: Any = importlib.import_module("torch")
    # torch.autograd.gradcheck is the function, which hides its module
    module: Any = importlib.import_module("torch.autograd.gradcheck")

    class Cost(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, theta: Any) -> Any:
            ctx.save_for_backward(theta)
            return torch.tensor(c.cost(theta.numpy(force=True)), dtype=theta.dtype)

        @staticmethod
        def backward(ctx: Any, *scales: Any) -> Any:
            (theta,) = ctx.saved_tensors
            return scales[0] * torch.from_numpy(c.gradient(theta.numpy(force=True)))

    theta = torch.tensor(c.theta, requires_grad=True)
    try:
        module.gradcheck(Cost.apply, (theta,), raise_exception=True)
    except module.GradcheckError as error:
        return in_short(str(error))
    return "passes"


def in_short(message: str) -> str:
    """What GradcheckError's first line says, and how many numbers follow it."""
    first, *rest = message.strip().splitlines()
    reason, _, _ = first.partition(" for output ")  # there is but one
    numerical, _, analytical = "\n".join(rest).partition("analytical:")
    number = r"-?\d+\.\d*(?:e[-+]\d+)?|nan|inf"
    counts = [len(re.findall(number, part)) for part in (numerical, analytical)]
    return f"fails: {reason}, {counts[0]} + {counts[1]} numbers"


def jax_says(c: Checked) -> str:
    """jax.test_util.check_grads' verdict, in float64."""
    with jax.enable_x64(True):
        theta = jnp.asarray(c.theta)
        try:
            jax.test_util.check_grads(
                in_jax(c, theta), (theta,), order=1, modes=["rev"]
            )
        except AssertionError as error:
            return two_numbers(str(error))
    return "passes"


def in_jax(c: Checked, theta: jax.Array) -> Callable[[jax.Array], jax.Array]:
    """The cost as a JAX function whose gradient is the person's."""
    scalar, vector = jax.ShapeDtypeStruct((), theta.dtype), jax.typeof(theta)

    def called(function: Callable[[Array], Any], like: Any, at: jax.Array) -> jax.Array:
        def back(at: Any) -> Array:
            return np.asarray(function(np.asarray(at, np.float64)), like.dtype)

        return jax.pure_callback(back, like, at)

    @jax.custom_vjp
    def cost(at: jax.Array) -> jax.Array:
        return called(c.cost, scalar, at)

    def forward(at: jax.Array) -> tuple[jax.Array, jax.Array]:
        return cost(at), called(c.gradient, vector, at)

    def backward(slopes: jax.Array, scale: jax.Array) -> tuple[jax.Array]:
        return (scale * slopes,)

    cost.defvjp(forward, backward)
    return cost


def two_numbers(message: str) -> str:
    """What NumPy's AssertionError says: the number and the one expected."""
    number = r"-?\d[\d.]*(?:e[-+]\d+)?|-?inf|nan"
    found = re.findall(rf"(?:ACTUAL|DESIRED): (?:array\()?({number})\b", message)
    if len(found) != 2:  # another NumPy may word it in another way
        return f"fails: {' '.join(message.split())}"
    got, expected = map(float, found)
    return f"fails: {got:.4g} against {expected:.4g}"


def scipy_number(c: Checked) -> float:
    """What scipy.optimize.check_grad returns."""
    return float(check_grad(c.cost, c.gradient, c.theta))


def scipy_says(c: Checked) -> str:
    """It passes no verdict: the number alone."""
    return f"{scipy_number(c):.2g}"


def jaxnn_says(c: Checked) -> str:
    """jaxnn.check_gradient's verdict."""
    found = jaxnn.check_gradient(c.function)
    if found.passed:
        return "passes"
    named = [f"cost: {name}" for name in found.cost] + list(found.gradient)
    return "**" + (" + ".join(named) or "no known mistake") + "**"


CHECKERS: dict[str, Callable[[Checked], str]] = {
    "PyTorch gradcheck": torch_says,
    "JAX check_grads": jax_says,
    "SciPy check_grad": scipy_says,
    "jaxnn": jaxnn_says,
}
OPTIONAL = {"PyTorch gradcheck": "torch"}  # what has to be installed


def missing(checker: str) -> bool:
    """Whether the checker is not installed."""
    package = OPTIONAL.get(checker)
    return package is not None and importlib.util.find_spec(package) is None


def verdicts(
    checker: str, report: Callable[[str], None], cases: Sequence[Sequence[str]]
) -> tuple[list[str], float]:
    """What a checker says of each case, and the seconds that it took for all."""
    if missing(checker):
        return [ABSENT] * len(cases), 0.0
    if package := OPTIONAL.get(checker):
        importlib.import_module(package)  # before the clock starts
    said = []
    start = time.perf_counter()
    for i, names in enumerate(cases):
        said.append(CHECKERS[checker](checked(names)))
        report(f"{checker}: {i + 1} of {len(cases)}")
    return said, time.perf_counter() - start


def table(columns: dict[str, list[str]]) -> str:
    """Markdown, the keys for its head."""
    rows = [list(columns), ["---"] * len(columns), *zip(*columns.values(), strict=True)]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"
        for row in rows
    )


def main() -> None:
    """Ask all checkers about all mistakes, print the table."""
    text = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=__doc__, formatter_class=text).parse_args()
    jax.config.update("jax_platforms", "cpu")
    columns = {"mistake": [" + ".join(names) or RIGHT for names in MISTAKES]}
    took = []
    for checker in CHECKERS:
        columns[checker], seconds = verdicts(checker, tell, MISTAKES)
        if not missing(checker):
            took.append(f"{checker} {seconds:.1f}")
    print(table(columns), end="\n\n")
    for checker, package in OPTIONAL.items():
        if missing(checker):
            print(f"{checker} is skipped: {package} is not installed.\n")
    print(f"Seconds for all {len(MISTAKES)}: {'; '.join(took)}.\n")
    print(rows.headline(rows.machine()))


if __name__ == "__main__":
    main()
