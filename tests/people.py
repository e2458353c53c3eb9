"""The right cost and gradient as different people write and call them.

Each function is correct and uses nothing from jaxnn; CORRECT lists what a check must
understand of each. The conventions come from public programs of this exercise, the five
documents included.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_gradient(z):
    return np.multiply(sigmoid(z), 1 - sigmoid(z))


def ones_and(a):
    return np.hstack([np.ones((a.shape[0], 1)), a])


def both(theta1, theta2, x, hot, lam):
    """Cost and the two gradients; examples and hot (m, k) are rows."""
    m = x.shape[0]
    a1 = ones_and(x)
    z2 = a1 @ theta1.T
    a2 = ones_and(sigmoid(z2))
    h = sigmoid(a2 @ theta2.T)
    cost = -np.sum(hot * np.log(h) + (1 - hot) * np.log(1 - h)) / m
    squares = np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2)
    d3 = h - hot
    d2 = (d3 @ theta2[:, 1:]) * sigmoid_gradient(z2)
    grad1, grad2 = d2.T @ a1 / m, d3.T @ a2 / m
    grad1[:, 1:] += lam / m * theta1[:, 1:]
    grad2[:, 1:] += lam / m * theta2[:, 1:]
    return cost + lam / (2 * m) * squares, grad1, grad2


def nn_cost_function(
    nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, lambda_
):
    """Row by row, labels 1 to 10: the course's signature in Python."""
    cut = hidden_layer_size * (input_layer_size + 1)
    theta1 = nn_params[:cut].reshape(hidden_layer_size, input_layer_size + 1)
    theta2 = nn_params[cut:].reshape(num_labels, hidden_layer_size + 1)
    hot = np.eye(num_labels)[y.ravel() - 1]
    cost, grad1, grad2 = both(theta1, theta2, X, hot, lambda_)
    return cost, np.concatenate([grad1.ravel(), grad2.ravel()])


def column_major(nn_params, il, hl, nl, X, y, Lambda):
    """Column by column, as Octave unrolls; one example at a time."""
    cut = hl * (il + 1)
    theta1 = nn_params[:cut].reshape((hl, il + 1), order="F")
    theta2 = nn_params[cut:].reshape((nl, hl + 1), order="F")
    m, cost = len(X), 0.0
    grad1, grad2 = np.zeros(theta1.shape), np.zeros(theta2.shape)
    for i in range(m):
        a1 = np.append(1, X[i])
        a2 = np.append(1, sigmoid(theta1 @ a1))
        h = sigmoid(theta2 @ a2)
        target = np.zeros(nl)
        target[int(y[i]) - 1] = 1
        cost -= np.sum(target * np.log(h) + (1 - target) * np.log(1 - h)) / m
        d3 = h - target
        d2 = (theta2.T @ d3 * a2 * (1 - a2))[1:]
        grad1 += np.outer(d2, a1) / m
        grad2 += np.outer(d3, a2) / m
    for theta, grad in ((theta1, grad1), (theta2, grad2)):
        cost += Lambda / (2 * m) * np.sum(theta[:, 1:] ** 2)
        grad[:, 1:] += Lambda / m * theta[:, 1:]
    return cost, np.r_[grad1.ravel(order="F"), grad2.ravel(order="F")]


def two_matrices(Theta1, Theta2, X, y, lam=0.0):
    """Matrices in, matrices out; label 10 means 0, and its output is row 0."""
    hot = (y[:, None] % 10) == np.arange(10)
    return both(Theta1, Theta2, X, hot.astype(float), lam)


def list_of_matrices(thetas, X, y, reg):
    """A list in, a list out; labels 0 to 9."""
    hot = np.eye(len(thetas[1]))[y]
    cost, *grads = both(*thetas, X, hot, reg)
    return cost, grads


def cut_fixed(theta):
    return theta[: 25 * 401].reshape(25, 401), theta[25 * 401 :].reshape(10, 26)


def fixed_cost(theta, X, y_onehot, plambda=1):
    """Sizes written into the code, X with its ones, one-hot labels; only the cost."""
    return both(*cut_fixed(theta), X[:, 1:], y_onehot, plambda)[0]


def fixed_gradient(theta, X, y_onehot, plambda=1):
    """Its gradient."""
    _, *grads = both(*cut_fixed(theta), X[:, 1:], y_onehot, plambda)
    return np.concatenate([grad.ravel() for grad in grads])


def backprop(params, input_size, hidden_size, num_labels, X, y, learning_rate):
    """np.matrix throughout; lambda is called learning_rate, labels are one-hot."""
    m = X.shape[0]
    X, y = np.matrix(X), np.matrix(y)
    cut = hidden_size * (input_size + 1)
    theta1 = np.matrix(np.reshape(params[:cut], (hidden_size, input_size + 1)))
    theta2 = np.matrix(np.reshape(params[cut:], (num_labels, hidden_size + 1)))
    a1 = np.insert(X, 0, values=np.ones(m), axis=1)
    z2 = a1 * theta1.T
    a2 = np.insert(sigmoid(z2), 0, values=np.ones(m), axis=1)
    h = sigmoid(a2 * theta2.T)
    first = np.multiply(-y, np.log(h))
    second = np.multiply(1 - y, np.log(1 - h))
    J = np.sum(first - second) / m
    for theta in (theta1, theta2):
        J += float(learning_rate) / (2 * m) * np.sum(np.power(theta[:, 1:], 2))
    d3 = h - y
    d2 = np.multiply((d3 * theta2)[:, 1:], sigmoid_gradient(z2))
    delta1, delta2 = d2.T * a1 / m, d3.T * a2 / m
    delta1[:, 1:] += theta1[:, 1:] * learning_rate / m
    delta2[:, 1:] += theta2[:, 1:] * learning_rate / m
    return J, np.concatenate((np.ravel(delta1), np.ravel(delta2)))


def starred_cost(theta, *args):
    """Everything through *args, in its own order."""
    n_in, n_hid, n_out, lmbda, X, y = args
    return nn_cost_function(theta, n_in, n_hid, n_out, X, y, lmbda)[0]


def starred_gradient(theta, *args):
    """Its gradient, as a column."""
    n_in, n_hid, n_out, lmbda, X, y = args
    return nn_cost_function(theta, n_in, n_hid, n_out, X, y, lmbda)[1][:, None]


input_layer_size = hidden_layer_size = num_labels = 0
X = y = lamda = m = None


def from_globals(nn_params):
    """Everything except the parameters is a global."""
    cut = hidden_layer_size * (input_layer_size + 1)
    theta1 = nn_params[:cut].reshape(hidden_layer_size, input_layer_size + 1)
    theta2 = nn_params[cut:].reshape(num_labels, hidden_layer_size + 1)
    cost, *grads = both(theta1, theta2, X, np.eye(num_labels)[y - 1], 0.0)
    for grad, theta in zip(grads, (theta1, theta2), strict=True):
        cost += lamda / (2 * m) * np.sum(theta[:, 1:] ** 2)
        grad[:, 1:] += lamda / m * theta[:, 1:]
    return cost, np.concatenate([grad.ravel() for grad in grads])


class Network:
    """A network whose data and lambda are given when it is made."""

    def __init__(self, layers, X, Y, reg_lambda=1.0):
        self.layers, self.data, self.hot = layers, X, Y
        self.reg_lambda = reg_lambda

    def cost_function(self, weights):
        """The parameters are its only argument."""
        n, h, k = self.layers
        cut = h * (n + 1)
        theta1, theta2 = weights[:cut].reshape(h, -1), weights[cut:].reshape(k, -1)
        cost, *grads = both(theta1, theta2, self.data, self.hot, self.reg_lambda)
        return cost, np.concatenate([grad.ravel() for grad in grads])


class Stateful:
    """A network that keeps its weights in attributes."""

    def __init__(self):
        self.theta1 = self.theta2 = None
        self.calls = []

    def loss(self, X, y, lam):
        """The parameters are attributes."""
        self.calls.append(lam)
        hot = np.eye(len(self.theta2))[y - 1]
        return both(self.theta1, self.theta2, X, hot, lam)


def weights_and_biases(W1, b1, W2, b2, X, Y, l2):
    """x @ W + b, weights (in, out) and biases apart."""
    theta1, theta2 = np.hstack([b1.T, W1.T]), np.hstack([b2.T, W2.T])
    cost, grad1, grad2 = both(theta1, theta2, X, Y, l2)
    return cost, {
        "W1": grad1[:, 1:].T,
        "b1": grad1[:, :1].T,
        "W2": grad2[:, 1:].T,
        "b2": grad2[:, :1].T,
    }


def columns(theta1, theta2, X, Y, lb):
    """Examples as columns, as in the course's formulas."""
    assert X.shape[1] == Y.shape[1]
    return both(theta1, theta2, X.T, Y.T, lb)


def layered(thetas, X, y, layers, λ):
    """The sizes as a list, lambda as the letter."""
    n, h, k = layers
    return nn_cost_function(thetas, n, h, k, X, y, λ)


def swapped(params, n, h, k, X, y, lambd):
    """Theta2 comes first in the vector."""
    cut = k * (h + 1)
    theta2, theta1 = params[:cut].reshape(k, h + 1), params[cut:].reshape(h, n + 1)
    cost, grad1, grad2 = both(theta1, theta2, X, np.eye(k)[y - 1], lambd)
    return cost, np.concatenate([grad2.ravel(), grad1.ravel()])


def bias_last(Theta1, Theta2, X, y, lam):
    """Ones are the last column of every layer."""
    turned = [np.roll(theta, 1, axis=1) for theta in (Theta1, Theta2)]
    cost, *grads = both(*turned, X, np.eye(len(Theta2))[y - 1], lam)
    return cost, *(np.roll(grad, -1, axis=1) for grad in grads)


def single(nn_params, n_input, n_hidden, n_labels, X, y, lmbda):
    """All in float32."""
    cost, grad = nn_cost_function(
        np.float32(nn_params), n_input, n_hidden, n_labels, np.float32(X), y,
        np.float32(lmbda),
    )  # fmt: skip
    return np.float32(cost), np.float32(grad)


def letters(p, q, r, s, t, u, w):
    """Names that say nothing, in the course's order."""
    return nn_cost_function(p, q, r, s, t, u, w)


def in_lists(Theta1, Theta2, X, y, lam):
    """Returns plain Python lists."""
    cost, *grads = both(Theta1, Theta2, X, np.eye(len(Theta2))[y - 1], lam)
    return float(cost), [grad.tolist() for grad in grads]


def only_gradient(nn_params, n_input, n_hidden, n_labels, X, y, lmbda):
    """Only the gradient."""
    return nn_cost_function(nn_params, n_input, n_hidden, n_labels, X, y, lmbda)[1]


def unnamed_lambda(theta, n, h, k, X, y, C=1.0):
    """Lambda has a default and a name that says nothing."""
    return nn_cost_function(theta, n, h, k, X, y, C)


def without_lambda(theta, n, h, k, X, y):
    """No penalty at all."""
    return nn_cost_function(theta, n, h, k, X, y, 0.0)


def several(nn_params, n, h, k, X, y, reg):
    """Cost and gradients without penalty first, then with it."""
    cost, grad = nn_cost_function(nn_params, n, h, k, X, y, 0.0)
    penalized, penalized_grad = nn_cost_function(nn_params, n, h, k, X, y, reg)
    return cost, grad, penalized, penalized_grad


CORRECT = {  # functions: what "understood" must say
    nn_cost_function: "unrolled row by row; X without the column of ones; labels 1-10;"
    " lambda is lambda_",
    column_major: "unrolled column by column",
    two_matrices: "X without the column of ones; labels 1-10, 10 in row 0",
    list_of_matrices: "a list of matrices; X without the column of ones; labels 0-9",
    (fixed_cost, fixed_gradient): "two functions; a vector unrolled row by row; X with "
    "the column of ones; one-hot labels, rows; lambda is plambda",
    backprop: "one-hot labels, rows; lambda is learning_rate",
    (starred_cost, starred_gradient): "lambda is lmbda",
    from_globals: "lambda is lamda",
    Network.cost_function: "one-hot labels, rows; lambda is reg_lambda",
    Stateful.loss: "two matrices",
    weights_and_biases: "separate weights and biases; matrices of shape (in, out)",
    columns: "examples as columns; one-hot labels, columns; lambda is lb",
    layered: "lambda is λ",
    swapped: "row by row; theta2 first",
    bias_last: "the bias in the last column",
    single: "lambda is lmbda",
    letters: "lambda is w",
    in_lists: "two matrices",
    only_gradient: "lambda is lmbda",
    unnamed_lambda: "lambda is C",
    without_lambda: "no lambda",
    several: "lambda is reg",
}
