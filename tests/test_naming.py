"""Mistakes that real users made: what they are called, and that the fix mends them.

Each is planted in the course's cost and gradient by replacing one expression of a
source; which expression was replaced is the truth.
"""

import re

import pytest

import jaxnn

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
