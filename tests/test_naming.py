"""Mistakes that real users made: what they are called, and that the fix mends them.

Each is planted in the course's cost and gradient by replacing one expression of a
source; which expression was replaced is the truth.
"""

import re

import pytest

import jaxnn
from jaxnn.clinic.networks import units
from jaxnn.clinic.networks.network import Network
from jaxnn.clinic.telling import formulas

pytestmark = pytest.mark.slow

SOURCE = """import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def nnCostFunction(nn_params, n, h, k, X, y, lam):
    cut = h * (n + 1)
    T1 = nn_params[:cut].reshape(h, n + 1)
    T2 = nn_params[cut:].reshape(k, h + 1)
    m = X.shape[0]
    Y = np.eye(k)[y.ravel()]
    a1 = np.c_[np.ones(m), X]
    z2 = a1 @ T1.T
    a2 = np.c_[np.ones(m), sigmoid(z2)]
    a3 = sigmoid(a2 @ T2.T)
    J = -np.sum(Y * np.log(a3) + (1 - Y) * np.log(1 - a3)) / m
    J += lam / (2 * m) * (np.sum(T1[:, 1:] ** 2) + np.sum(T2[:, 1:] ** 2))
    d3 = a3 - Y
    d2 = (d3 @ T2[:, 1:]) * sigmoid(z2) * (1 - sigmoid(z2))
    g1 = d2.T @ a1 / m
    g2 = d3.T @ a2 / m
    g1[:, 1:] += lam / m * T1[:, 1:]
    g2[:, 1:] += lam / m * T2[:, 1:]
    return J, np.concatenate([g1.ravel(), g2.ravel()])
"""


@pytest.fixture
def check(tmp_path):
    """check(source, *(old, new), **how): what is said of the source so changed."""

    def report(*changes, source=SOURCE, name="nnCostFunction", **how):
        for old, new in changes:
            assert re.search(old, source), old
            source = re.sub(old, new, source)
        path = tmp_path / "work.py"
        path.write_text(source)
        return jaxnn.check_gradient(f"{path}:{name}", **how)

    return report


COST, GRADIENT = r"lam / \(2 \* m\)", "lam / m"


def in_place_of_lambda(text):
    """The changes that put something in the place of lambda, in cost and gradient."""
    both = (COST, GRADIENT)
    return [(old, old.replace("lam", text).replace("\\", "")) for old in both]


def test_lambda_squared_and_k_are_told_apart(check):
    for text, name in (
        ("lam ** 2", "the penalty has lambda^2 in place of lambda"),
        ("lam * k", "the penalty is k times the right one"),
        ("k", "k stands for lambda in the penalty of theta1 and theta2"),
    ):
        assert check(in_place_of_lambda(text)[1]).gradient == (name,)
    found = check(in_place_of_lambda("lam ** 2")[0])
    assert found.cost == ("the cost's penalty has lambda^2 in place of lambda",)


@pytest.mark.parametrize("lam", [1.0, 7.3, 10.0])
def test_lambda_squared_in_both_does_not_pass(check, lam):
    found = check(*in_place_of_lambda("lam ** 2"), lam=lam)
    assert not found.passed and check(lam=lam).passed


TANH = (
    (r"\), sigmoid\(z2\)\]", "), np.tanh(z2)]"),
    (
        r"sigmoid\(z2\) \* \(1 - sigmoid\(z2\)\)",
        "(1 - np.tanh(z2) ** 2)",
    ),
)


def fixes(found):
    """The fix lines."""
    return [line[12:] for line in found.lines if line.startswith("fix")]


def test_other_hidden_units_are_mended_in_the_forward_pass(check):
    assert check(*TANH).lines[0].endswith("weights")  # any network is right by itself
    found = check(*TANH, expect="course")
    assert found.cost == found.gradient == ("the hidden units are tanh",)
    assert "apply sigmoid to z2 in the forward pass, not tanh; then" in fixes(found)
    assert not any(fix.startswith("J") for fix in fixes(found))


@pytest.mark.parametrize("unit", ["sigmoid", "ReLU"])
def test_units_left_out_in_the_forward_pass_are_one_mistake(check, unit):
    source = TWO
    if unit == "ReLU":
        source = source.replace("A1 = sigmoid(Z1)", "A1 = np.maximum(Z1, 0)")
        source = source.replace("* A1 * (1 - A1)", "* (Z1 > 0)")
    change = "W2 @ A1", "W2 @ Z1"
    found = check(change, source=source, name="cost_and_grads")
    name = "the hidden units are linear"
    assert found.cost == found.gradient == (name,)
    assert f"apply {unit} to Z1 in the forward pass; then" in fixes(found)
    assert check(source=source, name="cost_and_grads").passed
    # of a linear network that has one of the two in its gradient, nothing is left out
    half = check(change, ("dZ2 @ A1", "dZ2 @ Z1"), source=source, name="cost_and_grads")
    assert half.cost == () and "dZ1 uses the derivative of" in half.gradient[0]


def test_a_wrong_number_of_layers_is_one_line(check):
    for layers in ([8, 5], [8, 5, 3, 4]):
        with pytest.raises(jaxnn.Mistake, match="give 3 numbers as layers") as error:
            check(layers=layers)
        assert "\n" not in str(error.value)


def test_an_empty_network_is_refused(command):
    done = command("gradcheck", "work.py:f", "--expect", "")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--expect is empty" in done.stderr and done.stderr.count("\n") == 1


TWO = """import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def cost_and_grads(W1, b1, W2, b2, X, Y):
    m = X.shape[1]
    Z1 = W1 @ X + b1
    A1 = sigmoid(Z1)
    A2 = sigmoid(W2 @ A1 + b2)
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    dZ2 = (A2 - Y) / m
    dW2 = dZ2 @ A1.T
    db2 = dZ2.sum(axis=1, keepdims=True)
    dZ1 = W2.T @ dZ2 * A1 * (1 - A1)
    dW1 = dZ1 @ X.T
    db1 = dZ1.sum(axis=1, keepdims=True)
    return J, dW1, db1, dW2, db2
"""


def followed(source, fixes):
    """The source with each fix in the place of the line that assigns the same name."""
    for fix in fixes:
        name, _, _ = fix.partition(" = ")
        source = re.sub(rf"(?m)^    {name} = .*$", f"    {fix}", source)
    return source


@pytest.mark.parametrize(
    "old, new",
    [
        (r"\(A2 - Y\) / m", "(A2 - Y) * A2 * (1 - A2) / m"),
        (r"dZ2 @ A1.T", "dZ2 @ A1.T / m"),
        (r"= dZ1 @ X.T", "= (W2.T @ dZ2) @ X.T"),
        (r"db1 = dZ1", "db1 = W2.T @ dZ2; db1 = db1"),
    ],
)
def test_fixes_fit_a_delta_that_is_divided_already(check, old, new):
    found = check((old, new), source=TWO, name="cost_and_grads")
    mended = followed(re.sub(old, new, TWO), fixes(found))
    assert not found.passed and check(source=mended, name="cost_and_grads").passed


def test_a_bias_made_of_another_layers_delta_is_named_whatever_its_shape(check):
    change = "db1 = dZ1", "db1 = dZ2"
    found = check(change, source=TWO, name="cost_and_grads")
    assert "diagnosis   gradient: db1 is made of dZ2 in place of dZ1" in found.lines
    assert fixes(found) == ["db1 = dZ1.sum(axis=1, keepdims=True)"]
    assert "one number" not in str(found)


@pytest.mark.parametrize("size", [2e-6, 5e-6])
def test_a_tiny_difference_has_no_place(check, size):
    more = (
        f"    g2 += {size} * np.linalg.norm(g2) * np.sin(m * g2 * 1e3) / 5\n    return"
    )
    found = check(("    return J", f"{more} J"))
    text = "gradient: the difference is too small for a known mistake"
    assert f"diagnosis   {text}" in found.lines
    assert not any(line.startswith("where") for line in found.lines)


def test_printed_lines_fit_the_terminal(check):
    found = check(("d3 = a3 - Y", "d3 = (a3 - Y) * a3 * (1 - a3)"))
    assert max(map(len, found.lines)) > 100
    assert max(map(len, str(found).splitlines())) <= 100
    assert str(found).split() == " ".join(found.lines).split()


def test_the_slope_of_leaky_units_is_written_so_that_octave_reads_it():
    style = formulas.Style(("Theta1", "Theta2"), language=formulas.OCTAVE)
    net = Network((8, 5, 10), (units.LEAKY, units.SIGMOID))
    found = formulas.delta(style, net, 1)
    assert "where" not in found and "(z2 > 0) + 0.01 .* (z2 <= 0)" in found
