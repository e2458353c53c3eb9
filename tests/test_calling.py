"""Every way in which people pass parameters and labels is found and read back."""

import os
import random
import shlex
import textwrap
from pathlib import Path

import numpy as np
import pytest

import jaxnn
from jaxnn.clinic.calling import Unusable, load, script, subject, ways
from jaxnn.clinic.networks.problems import Layer, Params, problems, single

CASES = Path(__file__).parent.parent.parent / "shared" / "cases" / "clinic"


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network(params: Params, x, Y):
    """Mean binary cross-entropy and its gradient; x (m, n), Y (k, m), W (out, in)."""
    a, m = [x.T], len(x)
    for W, b in params:
        a.append(sigmoid(W @ a[-1] + (0 if b is None else b[:, None])))
    cost = -np.sum(Y * np.log(a[-1]) + (1 - Y) * np.log(1 - a[-1])) / m
    delta, found = (a[-1] - Y) / m, []
    for (W, b), below in zip(params[::-1], a[-2::-1], strict=True):
        found.insert(
            0, Layer(delta @ below.T, None if b is None else delta.sum(axis=1))
        )
        delta = W.T @ delta * below * (1 - below)
    return cost, tuple(found)


def hot(y, k, first=0):
    return (np.arange(first, k + first)[:, None] == np.ravel(y)).astype(float)


def thetas(*matrices):
    return tuple(Layer(t[:, 1:], t[:, 0]) for t in matrices)


def joined(layers):
    return [np.c_[b, W] for W, b in layers]


def vector(nn_params, n, h, k, X, y):
    cut = h * (n + 1)
    t = nn_params[:cut].reshape(h, n + 1), nn_params[cut:].reshape(k, h + 1)
    cost, grads = network(thetas(*t), X, hot(y, k, 1))
    return cost, np.concatenate([g.ravel() for g in joined(grads)])


def vector_by_columns(nn_params, n, h, k, X, y):
    cut = h * (n + 1)
    t = (
        nn_params[:cut].reshape(h, n + 1, order="F"),
        nn_params[cut:].reshape(k, h + 1, order="F"),
    )
    cost, grads = network(thetas(*t), X, hot(y, k))
    return cost, np.concatenate([g.ravel(order="F") for g in joined(grads)])[:, None]


def vector_weights_then_biases(params, n, h, k, X, Y):
    W1, W2, b1, b2 = np.split(params, np.cumsum([n * h, h * k, h]))
    net = Layer(W1.reshape(h, n), b1), Layer(W2.reshape(k, h), b2)
    cost, (g1, g2) = network(net, X, Y.T)
    return cost, np.concatenate([g1.W.ravel(), g2.W.ravel(), g1.b, g2.b])


def vector_layer_by_layer(params, n, h, k, X, Y):
    W1, b1, W2, b2 = np.split(params, np.cumsum([n * h, h, h * k]))
    net = Layer(W1.reshape(h, n), b1), Layer(W2.reshape(k, h), b2)
    cost, (g1, g2) = network(net, X, Y.T)
    return cost, np.concatenate([g1.W.ravel(), g1.b, g2.W.ravel(), g2.b])


def theta2_first(params, n, h, k, X, y):
    cut = k * (h + 1)
    t = params[cut:].reshape(h, n + 1), params[:cut].reshape(k, h + 1)
    cost, grads = network(thetas(*t), X, hot(y, k))
    return cost, np.concatenate([g.ravel() for g in joined(grads)[::-1]])


def list_of_matrices(thetas_, X, y):
    first, second = thetas_[0], thetas_[1]
    cost, grads = network(thetas(first, second), X, hot(y, len(second)))
    return cost, joined(grads)


def by_layers_they_lead_to(Theta2, Theta3, X, y):
    cost, grads = network(thetas(Theta2, Theta3), X, hot(y, len(Theta3)))
    Theta2_grad, Theta3_grad = joined(grads)
    return Theta3_grad, cost, Theta2_grad


def two_lists(weights, biases, X, Y):
    net = [Layer(w, b[:, 0]) for w, b in zip(weights, biases, strict=True)]
    cost, grads = network(tuple(net), X.T, Y)
    nabla_b, nabla_w = [g.b[:, None] for g in grads], [g.W for g in grads]
    return cost, nabla_b, nabla_w


def unnumbered_first(W, b, W2, b2, X, y):
    net = Layer(W.T, b), Layer(W2.T, b2)
    cost, (g1, g2) = network(net, X, hot(y, len(b2)))
    return cost, g1.W.T, g1.b, g2.W.T, g2.b


def initials(wh, bh, wo, bo, x, y):
    net = Layer(wh.T, bh[0]), Layer(wo.T, bo[0])
    cost, (g1, g2) = network(net, x, y.T)
    return {"wo": g2.W.T, "bo": g2.b[None], "wh": g1.W.T, "bh": g1.b[None]}, cost


def no_biases(syn0, syn1, X, y):
    cost, (g1, g2) = network((Layer(syn0.T, None), Layer(syn1.T, None)), X, y.T)
    return cost, g1.W.T, g2.W.T


def logistic(w, b, X, Y):
    w = w.reshape(1, -1)
    cost, (g,) = network((Layer(w, np.ravel(b)),), X.T, Y.reshape(1, -1))
    assert X.shape[1] == Y.shape[1] and np.dot(w, X).shape == Y.shape
    return {"dw": g.W, "db": g.b}, cost


def three_hidden(W1, b1, W2, b2, W3, b3, W4, b4, X, Y):
    net = [Layer(W, b[:, 0]) for W, b in ((W1, b1), (W2, b2), (W3, b3), (W4, b4))]
    cost, grads = network(tuple(net), X.T, Y)
    return cost, *(g.W for g in grads), *(g.b[:, None] for g in grads)


def dictionary(parameters, X, Y):
    net, count = [], len(parameters) // 2
    for i in range(1, count + 1):
        net.append(Layer(parameters["W" + str(i)], parameters["b" + str(i)][:, 0]))
    cost, found = network(tuple(net), X.T, Y)
    grads = {}
    for i, (W, b) in enumerate(found, 1):
        grads["dA" + str(i)] = np.ones((3, X.shape[1]))
        grads["dW" + str(i)], grads[f"db{i}"] = W, b[:, None]
    return cost, {"cache": X}, grads


def dictionary_of_thetas(params, X, y):
    t = params["Theta1"], params["Theta2"]
    cost, (g1, g2) = network(thetas(*t), X, hot(y, len(t[1])))
    return cost, {"Theta2": np.c_[g2.b, g2.W], "Theta1": np.c_[g1.b, g1.W]}


class Attributes:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.b1 = np.zeros((n_in, n_hidden)), np.zeros((1, n_hidden))
        self.W2, self.b2 = np.zeros((n_hidden, n_out)), np.zeros((1, n_out))

    def loss(self, X, y):
        net = Layer(self.W1.T, self.b1[0]), Layer(self.W2.T, self.b2[0])
        cost, grads = network(net, X, hot(y, self.W2.shape[1]))
        self.dW1, self.dW2 = grads[0].W.T, grads[1].W.T
        return cost, self.dW1, grads[0].b, self.dW2, grads[1].b


class Params1:
    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        self.params = {"W1": std * np.random.randn(input_size, hidden_size)}
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = std * np.random.randn(hidden_size, output_size)
        self.params["b2"] = np.zeros(output_size)

    def loss(self, X, y=None, reg=0.0):
        p = self.params
        net = Layer(p["W1"].T, p["b1"]), Layer(p["W2"].T, p["b2"])
        cost, (g1, g2) = network(net, X, hot(y, len(p["b2"])))
        grads = {"W1": g1.W.T, "b1": g1.b, "W2": g2.W.T, "b2": g2.b}
        return cost, grads


class Lists:
    def __init__(self, sizes):
        self.weights, self.biases = [None], [None]
        for n, out in zip(sizes, sizes[1:]):  # noqa: B905
            self.weights.append(np.random.randn(out, n))
            self.biases.append(np.zeros((out, 1)))

    def gradients(self, X, Y):
        pairs = zip(self.weights[1:], self.biases[1:], strict=True)
        net = tuple(Layer(w, b[:, 0]) for w, b in pairs)
        cost, grads = network(net, X.T, Y)
        return cost, [None, *(g.W for g in grads)], [None, *(g.b for g in grads)]


def step(W1, b1, W2, b2, X, Y, learning_rate):
    cost, (g1, g2) = network((Layer(W1, b1[:, 0]), Layer(W2, b2[:, 0])), X.T, Y)
    r = learning_rate
    return cost, r * g1.W, r * g1.b, r * g2.W, r * g2.b


def new_parameters(theta1, theta2, X, y, alpha):
    cost, grads = network(thetas(theta1, theta2), X, hot(y, len(theta2)))
    g1, g2 = joined(grads)
    return cost, theta1 - alpha * g1, theta2 - alpha * g2


def in_place(theta1, theta2, X, y, lr):
    cost, grads = network(thetas(theta1, theta2), X, hot(y, len(theta2)))
    g1, g2 = joined(grads)
    theta1 -= lr * g1
    theta2 -= lr * g2
    return cost


def learning_rate_is_lambda(theta1, theta2, X, y, learningRate):
    cost, grads = network(thetas(theta1, theta2), X, hot(y, len(theta2)))
    g1, g2 = joined(grads)
    return cost + learningRate * np.sum(theta1**2), g1 + 2 * learningRate * theta1, g2


def one_example(W1, b1, W2, b2, x, y):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    cost = -np.log(a2[y, 0]) - np.log(1 - np.delete(a2[:, 0], y)).sum()
    d2 = a2 - np.eye(len(a2))[:, [y]]
    d1 = W2.T @ d2 * a1 * (1 - a1)
    return float(cost), np.outer(d1, x), d1, np.outer(d2, a1), d2


FUNCTIONS = {  # what "understood" must say, and the mode
    vector: "a vector unrolled row by row; X without the column of ones; labels 1-10;",
    vector_by_columns: "unrolled column by column; X without the column of ones",
    vector_weights_then_biases: "the biases after all weights",
    vector_layer_by_layer: "a vector unrolled row by row",
    theta2_first: "theta2 first",
    list_of_matrices: "a list of matrices",
    by_layers_they_lead_to: "two matrices",
    two_lists: "a list of weights and a list of biases; examples as columns",
    unnumbered_first: "separate weights and biases; matrices of shape (in, out)",
    initials: "separate weights and biases; matrices of shape (in, out)",
    no_biases: "no biases",
    logistic: "labels 0 and 1 as a row",
    three_hidden: "separate weights and biases",
    dictionary: "a dictionary of matrices; examples as columns",
    dictionary_of_thetas: "a dictionary of matrices",
    Attributes.loss: "separate weights and biases; matrices of shape (in, out)",
    Params1.loss: "a dictionary of matrices; matrices of shape (in, out)",
    Lists.gradients: "a list of weights and a list of biases",
    step: "it returns the rate times the gradient",
    new_parameters: "it returns the new parameters",
    in_place: "it changes the parameters",
    learning_rate_is_lambda: "lambda is learningRate",
    one_example: "one example a call",
}


def first_right(functions, fixed=None):
    """The first way in which the cost is right, its problem and its answer."""
    s = subject(functions, {})
    known = None
    for way in ways(s, fixed or {}):
        p = (single if way.single else problems)(way.sizes, way.has_biases)[0]
        cost, right = network(p.params, p.x, p.targets)
        answer = way.ask(p, 0.0)
        if answer.cost is None or abs(answer.cost - cost) > 1e-6 * cost:
            continue
        known = known or (way, answer, p)
        if answer.gradient is not None and is_close(answer.gradient, right):
            return way, answer, p
    assert known is not None, "in no way is the cost right"
    return known


def is_close(found, right, bar=1e-7):
    pairs = [(a, b) for x, y in zip(found, right, strict=True) for a, b in zip(x, y)]  # noqa: B905
    return all(
        a is b is None
        or (a is not None and np.linalg.norm(a - b) <= bar * np.linalg.norm(b))
        for a, b in pairs
    )


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__qualname__)
def test_cost_and_gradient_are_read_exactly(function):
    way, answer, p = first_right((function,))
    right = network(p.params, p.x, p.targets)[1]
    assert answer.gradient is not None and is_close(answer.gradient, right, 1e-9)
    assert FUNCTIONS[function] in way.in_words()
    has_rate = function in (step, new_parameters, in_place)
    assert (answer.rate is not None) == has_rate and not answer.finding


@pytest.fixture
def write(tmp_path):
    def to(text):
        path = tmp_path / "net.py"
        path.write_text("import numpy as np\n" + textwrap.dedent(text))
        return path

    return to


PARTS = """
def forward(X, parameters):
    A = X
    caches = []
    for l in range(1, len(parameters) // 2 + 1):
        caches.append(A)
        A = 1 / (1 + np.exp(-(parameters[f"W{l}"] @ A + parameters[f"b{l}"])))
    return A, caches

def compute_cost(AL, Y):
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / Y.shape[1]

def backward(AL, Y, parameters, caches):
    grads, dZ = {}, (AL - Y) / Y.shape[1]
    for l in range(len(caches), 0, -1):
        A = caches[l - 1]
        grads[f"dW{l}"], grads[f"db{l}"] = dZ @ A.T, dZ.sum(axis=1, keepdims=True)
        dZ = parameters[f"W{l}"].T @ dZ * A * (1 - A)
    return grads
"""


@pytest.mark.parametrize(
    "names", ["", ":compute_cost,backward", ":forward,compute_cost,backward"]
)
def test_calls_in_parts_find_each_other(write, names):
    way, answer, p = first_right(load(f"{write(PARTS)}{names}"))
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1], 1e-9)
    why = {one.name: one.why for one in way.subject.inputs}
    assert why["AL"] == why["caches"] == "returned by forward"


def test_a_method_that_sets_attributes_runs_first(write):
    path = write("""
    class NeuralNetwork:
        def __init__(self, x, y):
            self.input, self.y = x, y
            self.weights1 = np.random.rand(x.shape[1], 4)
            self.weights2 = np.random.rand(4, 1)
            self.output = np.zeros(y.shape)
        def feedforward(self):
            self.layer1 = 1 / (1 + np.exp(-self.input @ self.weights1))
            self.output = 1 / (1 + np.exp(-self.layer1 @ self.weights2))
        def backprop(self):
            d = (self.y - self.output) / len(self.y)
            d1 = d @ self.weights2.T * self.layer1 * (1 - self.layer1)
            self.weights2 += self.layer1.T @ d
            self.weights1 += self.input.T @ d1
    """)
    way = next(ways(subject(load(f"{path}:NeuralNetwork.backprop"), {}), {}))
    assert (way.sizes, way.mode) == ((8, 4, 1), "in place")
    found = [w for w in ways(way.subject, {}) if w.form.y == "column"][0]
    p = problems(found.sizes, False)[0]
    answer = found.ask(p, 0.0)
    assert answer.rate is None and answer.gradient is not None
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1])


SCRIPT = """
data = np.load("none.npz")
X = np.insert(data["X"], 0, 1, axis=1)
Y = np.eye(10)[data["y"]]
theta1, theta2 = np.random.randn(25, 401), np.random.randn(10, 26)
alpha = 0.5
for i in range(100):
    a2 = np.c_[np.ones(len(X)), 1 / (1 + np.exp(-X @ theta1.T))]
    h = 1 / (1 + np.exp(-a2 @ theta2.T))
    J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / len(X)
    d = (h - Y) / len(X)
    grad2 = d.T @ a2
    grad1 = (d @ theta2 * a2 * (1 - a2))[:, 1:].T @ X
    theta1 -= alpha * grad1
    theta2 -= alpha * grad2
    print(J)
"""


def test_a_script_runs_on_our_values(write):
    path = write(SCRIPT)
    with pytest.raises(ValueError) as caught:
        load(str(path))
    options = "--values J,grad2,grad1 --of theta1,theta2 --data X,Y"
    assert str(caught.value).endswith(f"gradcheck {path} {options}")
    function = script(path, ["J", "grad1", "grad2"], ["theta1", "theta2"], ["X", "Y"])
    way, answer, p = first_right((function,))
    assert "with the column of ones; one-hot labels, rows" in way.in_words()
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1], 1e-9)


TALLIES = """
from lessons import table, marks  # there is no such file
hidden = 3
w_in = np.random.randn(table.shape[1], hidden)
w_out = np.random.randn(hidden)
speed, last_loss = 0.5, None
for turn in range(9):
    sum_in, sum_out = np.zeros(w_in.shape), np.zeros(w_out.shape)
    for row, mark in zip(table.values, marks):
        a = 1 / (1 + np.exp(-row.dot(w_in)))
        guess = 1 / (1 + np.exp(-a.dot(w_out)))
        part = (mark - guess) * guess * (1 - guess)
        sum_out += part * a
        sum_in += np.outer(row, part * w_out * a * (1 - a))
    w_in += speed * sum_in / len(marks)
    w_out += speed * sum_out / len(marks)
    loss = np.mean((marks - guess) ** 2)
    if last_loss and last_loss < loss:
        print("worse")
    last_loss = loss
"""
ROUNDS = """
def bend(z): return np.tanh(z)
def slope(z): return 1 - np.tanh(z) ** 2
inputs = np.array([[0.1, 0.2], [0.3, 0.4]])
y_wanted = np.array([[0.1], [0.9]])
weights_hidden, weights_output = np.random.randn(2, 3), np.random.randn(3, 1)
bias_hidden, bias_output = np.zeros(3), np.zeros(1)
for turn in range(1000):
    z = inputs @ weights_hidden + bias_hidden
    a = np.tanh(z)
    z_out = a @ weights_output + bias_output
    out = np.tanh(z_out)
    error = y_wanted - out
    back = error * slope(z_out)
    deep = back @ weights_output.T * slope(z)
    weights_output += 0.02 * a.T @ back
    weights_hidden += 0.02 * inputs.T @ deep
    bias_output += 0.02 * back.sum(axis=0)
    bias_hidden += 0.02 * deep.sum(axis=0)
    print("loss", np.mean(np.abs(error)))
print(out)
"""
BATCHES = """
X_train, X_test, y_train, y_test = divided(*loaded())
hot = np.eye(3)[y_train]
W1, b1 = np.random.randn(4, 6), np.zeros((1, 6))
W2, b2 = np.random.randn(6, 3), np.zeros((1, 3))
reg, rate, batch = 0.01, 0.1, 16
for epoch in range(20):
    order = np.random.permutation(len(X_train))
    X_train, hot = X_train[order], hot[order]
    for i in range(0, len(X_train), 16):
        x, y = X_train[i : i + 16], hot[i : i + 16]
        a = np.maximum(0, x @ W1 + b1)
        p = np.exp(a @ W2 + b2)
        p /= p.sum(axis=1, keepdims=True)
        data_loss = -np.sum(y * np.log(p)) / len(x)
        loss = data_loss + reg / 2 * (np.sum(W1**2) + np.sum(W2**2))
        d = (p - y) / len(x)
        dW2, db2 = a.T @ d + reg * W2, d.sum(axis=0, keepdims=True)
        d = d @ W2.T * (a > 0)
        dW1, db1 = x.T @ d + reg * W1, d.sum(axis=0, keepdims=True)
        W1 -= rate * dW1
        b1 -= rate * db1
        W2 -= rate * dW2
        b2 -= rate * db2
loss = np.mean(X_test @ W1)
"""
SINGLES = """
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 0])
W1, b1, W2, b2 = np.random.rand(2, 3), np.random.rand(3), np.random.rand(3), 0.1
L, E = 0.3, 1
def unit(z): return 1 / (1 + np.exp(-z))
while E > 0.01:
    E = 0
    for x, t in zip(X, Y):
        a = unit(x @ W1 + b1)
        o = unit(a @ W2 + b2)
        E += 0.5 * (t - o) ** 2
        d = (o - t) * o * (1 - o)
        deep = d * W2 * a * (1 - a)
        W2, b2 = W2 - L * d * a, b2 - L * d
        W1, b1 = W1 - L * np.outer(x, deep), b1 - L * deep
"""
LAYERS = """
X, y = np.zeros((4, 2)), np.zeros((4, 1))
for i in range(4):
    for j in range(2):
        X[i, j] = i - j
weights = [np.random.randn(2, 3), np.random.randn(3, 1)]
biases = [np.zeros((1, 3)), np.zeros((1, 1))]
for alpha in (0.1, 1):
    for epoch in range(100):
        a, dw, db = [X], [None] * 2, [None] * 2
        for w, b in zip(weights, biases):
            a.append(1 / (1 + np.exp(-(a[-1] @ w + b))))
        delta = (a[-1] - y) * a[-1] * (1 - a[-1])
        for i in (1, 0):
            dw[i], db[i] = a[i].T @ delta, delta.sum(axis=0, keepdims=True)
            delta = delta @ weights[i].T * a[i] * (1 - a[i])
        for i in range(2):
            weights[i] -= alpha * dw[i]
            biases[i] -= alpha * db[i]
"""
MOMENTS = """
N, D = 50, 4
X, labels = np.random.rand(N, D), np.ones((N, 1))
Wh, bh, Wo, bo = np.zeros((D, 8)), np.zeros(8), np.zeros((8, 1)), np.zeros(1)
vh, vo, step_size = np.zeros_like(Wh), np.zeros_like(Wo), 0.1
while True:
    a = np.tanh(X @ Wh + bh)
    out = 1 / (1 + np.exp(-(a @ Wo + bo)))
    loss = -np.mean(labels * np.log(out) + (1 - labels) * np.log(1 - out))
    if loss < 0.01:
        break
    d = out - labels
    dWo, dbo = step_size * a.T @ d / N, step_size * d.mean(axis=0)
    d = d @ Wo.T * (1 - a * a)
    dWh, dbh = step_size * X.T @ d / N, step_size * d.mean(axis=0)
    Wh, bh, Wo, bo = Wh - dWh, bh - dbh, Wo - dWo, bo - dbo
"""
MEANS = """
data = np.array([[1, 2, 0.3], [4, 5, 0.6]])
x, target = data[:, :2], data[:, 2:]
w_hidden, w_out = np.random.randn(2, 3), np.random.randn(3, 1)
eta = 0.5
for n in range(100):
    grad_hidden, grad_out = np.zeros((2, 3)), np.zeros((3, 1))
    mse = 0
    for i in range(2):
        a = 1 / (1 + np.exp(-x[i : i + 1] @ w_hidden))
        out = 1 / (1 + np.exp(-a @ w_out))
        mse += np.sum((out - target[i]) ** 2) / len(x)
        d = (out - target[i]) * out * (1 - out)
        grad_out += a.T @ d
        grad_hidden += x[i : i + 1].T @ (d @ w_out.T * a * (1 - a))
    w_hidden -= eta * grad_hidden / len(x)
    w_out -= eta * grad_out / len(x)
"""
TANH = "weights_hidden,weights_output,bias_hidden,bias_output"
SCRIPTS = [  # the text, the options of the line printed, a slip, what is said of it
    (
        TALLIES,
        "--values w_in,w_out --of w_in,w_out --data table,marks",
        ("part * w_out * a", "(mark - guess) * w_out * a"),
        "dZ1 is made of the error, without sigma'(Z2)",
    ),
    (
        ROUNDS,
        f"--values {TANH} --of {TANH} --data inputs,y_wanted --expect 'tanh, tanh'",
        ("slope(z_out)", "slope(out)"),
        "tanh' is taken of the activation A2",
    ),
    (
        BATCHES,
        "--values loss,dW2,db2,dW1,db1 --of W1,b1,W2,b2 --data X_train,hot",
        ("a.T @ d + reg", "a.T @ d + 2 * reg"),
        "fix dW2 = A1.T @ dZ2 / m + reg * W2",
    ),
    (
        SINGLES,
        "--values E,W1,b1,W2,b2 --of W1,b1,W2,b2 --data X,Y",
        ("* W2 * a * (1 - a)", "* W2 * (1 - a)"),
        "dZ1 uses 1 - A1 in place of sigma'(Z1)",
    ),
    (
        LAYERS,
        "--values dw,db --of weights,biases --data X,y",
        ("delta @ weights[i].T * a[i] * (1 - a[i])", "delta @ weights[i].T * a[i]"),
        "dZ1 uses sigma in place of sigma'",
    ),
    (
        MOMENTS,
        "--values loss,dWo,dbo,dWh,dbh --of Wh,bh,Wo,bo --data X,labels",
        ("(1 - a * a)", "(1 - a)"),
        "dZ1 uses 1 - A1 in place of tanh'(Z1)",
    ),
    (
        MEANS,
        "--values mse,w_hidden,w_out --of w_hidden,w_out --data x,target",
        ("d @ w_out.T * a * (1 - a)", "d @ w_out.T * a"),
        "dZ1 uses sigma in place of sigma'",
    ),
]


@pytest.mark.parametrize("code, options, slip, finding", SCRIPTS)
def test_the_line_that_is_printed_for_a_script_judges_it(
    write, code, options, slip, finding
):
    """Steps in place, frames, batches, examples one by one; a rate is no mistake."""
    path = write(code)
    with pytest.raises(ValueError) as caught:
        load(str(path))
    assert str(caught.value).endswith(f"gradcheck {path} {options}")
    words = shlex.split(options)
    given = dict(zip(words[::2], words[1::2], strict=True))
    names = [given[f"--{each}"].split(",") for each in ("values", "of", "data")]
    expect = given.get("--expect", "")
    report = jaxnn.check_gradient(script(path, *names), expect=expect)
    assert report.passed, report
    path.write_text(path.read_text().replace(*slip))
    report = jaxnn.check_gradient(script(path, *names), expect=expect)
    assert finding in " ".join(str(report).split()), report


def test_a_script_takes_the_data_that_a_person_names(write):
    """Whatever the names say; a gradient that is added to the weights is minus one."""
    code = ROUNDS.replace("y_wanted", "lam").replace("inputs", "cost")
    names = ["weights_hidden", "weights_output", "bias_hidden", "bias_output"]
    function = script(write(code), names, names, ["cost", "lam"])
    roles = {one.name: one.role for one in subject((function,), {}).inputs}
    assert (roles["cost"], roles["lam"], roles["bias_output"]) == ("x", "y", "b2")
    path = write(TALLIES)
    sums = script(path, ["sum_in", "sum_out"], ["w_in", "w_out"], ["table", "marks"])
    assert jaxnn.check_gradient(sums).passed


def test_a_script_that_raises_an_error_shows_it(write):
    """Zeros from before the error are no result."""
    path = write(TALLIES.replace("table.values", "table.rows()"))
    names = [["sum_in", "sum_out"], ["w_in", "w_out"], ["table", "marks"]]
    with pytest.raises(Unusable, match="AttributeError at line .*'rows'"):
        jaxnn.check_gradient(script(path, *names))
    path.write_text(path.read_text().replace("table.rows()", "opened(table)"))
    with pytest.raises(Unusable, match="NameError at line .*'opened'"):
        jaxnn.check_gradient(script(path, *names))


def test_the_lines_of_a_function_that_makes_its_own_weights_run(write):
    """Its argument, its return and its printing give no value; the global is lambda."""
    code = """
    X, y = load_nothing()
    l2 = 0.01
    def build_model(units, passes=20000, print_loss=False):
        W1, b1 = np.random.randn(2, units), np.zeros((1, units))
        W2, b2 = np.random.randn(units, 2), np.zeros((1, 2))
        for i in range(passes):
            a = np.tanh(X @ W1 + b1)
            scores = np.exp(a @ W2 + b2)
            delta = scores / scores.sum(axis=1, keepdims=True)
            delta[range(len(X)), y] -= 1
            dW2, db2 = a.T @ delta + l2 * W2, delta.sum(axis=0)
            delta = delta @ W2.T * (1 - a**2)
            dW1, db1 = X.T @ delta + l2 * W1, delta.sum(axis=0)
            W1, W2, b1, b2 = W1 - dW1, W2 - dW2, b1 - db1, b2 - db2
        return W1, b1, W2, b2
    """
    with pytest.raises(ValueError) as caught:
        load(str(path := write(code)))
    options = "--values dW2,db2,dW1,db1 --of W1,b1,W2,b2 --data X,y"
    assert str(caught.value).endswith(f"{path}:build_model {options}")
    names = [["dW2", "db2", "dW1", "db1"], ["W1", "b1", "W2", "b2"], ["X", "y"]]
    report = jaxnn.check_gradient(script(f"{path}:build_model", *names))
    assert report.passed, report
    assert "penalty lambda/2 of the squared weights" in " ".join(str(report).split())
    path = write(code.replace("dW1, db1 = X.T @ delta", "dW1, db1 = X.T @ a"))
    report = jaxnn.check_gradient(script(f"{path}:build_model", *names))
    assert "fix         dW1 = X.T @ dZ1 + l2 * W1" in str(report), report


def test_a_refusal_shows_what_each_argument_was_taken_for():
    def odd(theta1, theta2, X, y, foo):
        raise ValueError(f"foo is {foo['a']}")

    with pytest.raises(Unusable) as caught:
        list(ways(subject((odd,), {}), {}))
    text = str(caught.value)
    assert "foo     lam" in text.replace("  argument", "").replace("       ", "     ")
    assert "by its place" in text and "--convention foo=ROLE" in text


RIGHT = {
    "01_three_functions/mended.py:compute_cost,backward_propagation",
    "02_relu_softmax/net.py:loss_and_gradients",
    "03_squared_error/mended.py:backprop",
    "04_steps/steps.py:cost_and_step",
    "04_steps/steps.py:update",
    "05_changes_its_argument/net.py:NerualNet.nnCost,NerualNet.nnCostDer",
    "06_labels_in_two_forms/ex4.py:compute_cost,compute_gradient",
    "07_cost_of_many_numbers/mended.py:costFunction",
    "08_scalar_db/mended.py:model",
    "09_penalty_axis/mended.py:cost_and_gradient",
    "10_theta2_theta3/mended.py:kosten,gradienten",
    "11_class_with_lists/mended.py:DeepNet.cost,DeepNet.gradients",
    "16_two_hidden_layers/net.py:Network.cost,Network.gradient",
    "17_bias_without_slope/mended.py:forward_backward",
    "19_ones_in_the_penalty/mended.py:nnCostFunction",
    "20_tanh_slope/mended.py:cost_and_grads",
    "21_one_hot_rows/rete.py:retropropagazione",
    "22_mean_for_sum/mended.py:loss_and_grads",
    "23_own_error/mended.py:costfunc,gradient",
}
FINDINGS = {
    "07_cost_of_many_numbers/net.py:costFunction": "the cost is not one number",
    "08_scalar_db/model.py:model": "a bias's gradient is one number",
    "11_class_with_lists/deep.py:DeepNet.cost,DeepNet.gradients": "another shape",
}
handed = pytest.mark.skipif(not CASES.is_dir(), reason="the handed cases are not here")


@handed
@pytest.mark.parametrize("target", sorted(RIGHT))
def test_handed_cases_have_the_gradient_of_their_cost(target):
    s = subject(load(str(CASES / target)), {})
    for way in ways(s, {}):
        p = problems(way.sizes, way.has_biases)[0]
        answer = way.ask(p, 0.0)
        if (
            answer.cost
            and answer.gradient is not None
            and differs(way, p, answer) < 1e-5
        ):
            return
    raise AssertionError("in no way is the gradient that of the cost")


def differs(way, p, answer, h=1e-5):
    """How far the gradient is from central differences, for a few weights."""
    errors, scale = [], 0.0
    for i in range(len(p.params)):
        for place in ((0, 0), (1, 2)) if p.sizes[i + 1] > 1 else ((0, 0), (0, 2)):
            costs = []
            for sign in (1, -1):
                W = p.params[i].W.copy()
                W[place] += sign * h
                moved = [*p.params]
                moved[i] = moved[i]._replace(W=W)
                cost = way.ask(p._replace(params=tuple(moved)), 0.0).cost
                costs.append(np.nan if cost is None else cost)
            numeric = (costs[0] - costs[1]) / (2 * h)
            errors.append(abs(numeric - answer.gradient[i].W[place]))
            scale = max(scale, abs(numeric))
    return max(errors) / scale if scale else np.inf


@handed
@pytest.mark.parametrize("target", FINDINGS)
def test_findings_are_no_refusals(target):
    s = subject(load(str(CASES / target)), {})
    for way in ways(s, {}):
        answer = way.ask(problems(way.sizes, way.has_biases)[0], 0.0)
        if FINDINGS[target] in answer.finding:
            return
    raise AssertionError("not found")


@handed
def test_a_persons_own_error_is_shown_with_its_line():
    functions = load(str(CASES / "23_own_error" / "ex4.py:costfunc,gradient"))
    with pytest.raises(Unusable, match="raised IndexError at line 36"):
        list(ways(subject(functions, {}), {}))


LAYERS = """
    import numpy as np
    class Net:
        def __init__(self, n, h, k):
            self.W1 = np.random.randn(n, h)
            self.W2 = np.random.randn(h, k)
            self.cost = 0.0
        def run(self, X, Y):
            a1 = 1 / (1 + np.exp(-X @ self.W1))
            a2 = 1 / (1 + np.exp(-a1 @ self.W2))
            d = (a2 - Y) / len(X)
            grads = X.T @ (d @ self.W2.T * a1 * (1 - a1)), a1.T @ d
            return -np.sum(Y * np.log(a2) + (1 - Y) * np.log(1 - a2)) / len(X), grads
        def apart(self, X, Y):
            J, (self.dW1, self.dW2) = self.run(X, Y)
            return J
        def together(self, X, Y):
            self.cost, (dW1, dW2) = self.run(X, Y)
            self.grads = {"W1": dW1, "W2": dW2}
        def filled(self, X, Y):
            self.dJdW = []
            J, grads = self.run(X, Y)
            self.dJdW += grads
            return J
    def outside(W1, W2, X, Y):
        global J, dW1, dW2
        net = Net(1, 1, 1)
        net.W1, net.W2 = W1, W2
        J, (dW1, dW2) = net.run(X, Y)
"""


@pytest.mark.parametrize("name", ["Net.apart", "Net.together", "Net.filled", "outside"])
def test_what_a_call_sets_is_read_where_nothing_is_returned(write, name):
    functions = load(f"{write(LAYERS)}:{name}")
    _, answer, p = first_right(functions)
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1])
    assert "J" not in functions[0].__globals__


INDEXED = """
    import numpy as np
    def cost(W1, b1, W2, b2, X, Y):
        a1 = 1 / (1 + np.exp(-X @ W1 - b1))
        a2 = 1 / (1 + np.exp(-a1 @ W2 - b2))
        d = (a2 - Y) / len(X)
        d1 = d @ W2.T * a1 * (1 - a1)
        J = -np.sum(Y * np.log(a2) + (1 - Y) * np.log(1 - a2)) / len(X)
        return J, [X.T @ d1, d1.sum(axis=0), a1.T @ d, d.sum(axis=0)]
    def by_loop(parameters, X, Y):
        W1, b1, W2, b2 = (parameters[name] for name in ("W1", "b1", "W2", "b2"))
        return cost(W1, b1, W2, b2, X, Y)
    KEYS = ["W1", "b1", "W2", "b2"]
    def by_global(parameters, X, Y):
        return cost(*[parameters[key] for key in KEYS], X, Y)
    def by_method(p, X, Y):
        return cost(p.get("W1"), p.get("b1"), p.get("W2"), p.get("b2"), X, Y)
"""


@pytest.mark.parametrize("name", ["by_loop", "by_global", "by_method"])
def test_the_keys_of_a_dictionary_are_found(write, name):
    _, answer, p = first_right(load(f"{write(INDEXED)}:{name}"))
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1])


@pytest.mark.parametrize("names", ["h1, h2, h3", "n_h1, n_h2, n_h3", "h_1, h_2, h_3"])
def test_the_sizes_of_hidden_layers_are_known_by_their_names(write, names):
    path = write(f"def cost(params, n, {names}, k, X, y, lam):\n    pass")
    roles = [one.role for one in subject(load(f"{path}:cost"), {}).inputs]
    assert roles == ["params", "n", "h1", "h2", "h3", "k", "x", "y", "lam"]


def test_a_script_names_no_counter_as_its_data(write):
    counted = SCRIPT.replace("for i in", "y = data['y']\nfor t in")
    with pytest.raises(ValueError, match="--data X,Y$"):
        load(str(write(counted)))


def test_layer_objects_hold_the_parameters(write):
    path = write("""
    import numpy as np
    class Dense:
        def __init__(self, n, h):
            self.W, self.b = np.random.randn(n, h), np.zeros((1, h))
        def forward(self, X):
            self.x = X
            return 1 / (1 + np.exp(-X @ self.W - self.b))
        def backward(self, d):
            self.dW, self.db = self.x.T @ d, d.sum(axis=0, keepdims=True)
            return d @ self.W.T
    class Net:
        def __init__(self, sizes):
            self.layers = [Dense(a, b) for a, b in zip(sizes, sizes[1:])]
        def cost(self, X, Y):
            a = X
            for layer in self.layers:
                a = layer.forward(a)
            d = (a - Y) / len(X)
            for layer in self.layers[::-1]:
                d = layer.backward(d) * layer.x * (1 - layer.x)
            return -np.sum(Y * np.log(a) + (1 - Y) * np.log(1 - a)) / len(X)
    """)
    way, answer, p = first_right(load(f"{path}:Net.cost"))
    assert "pairs of W and b" in way.in_words()
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1])


PIECES = """
    import helper
    def compute_cost(A2, Y):
        return helper.cross_entropy(A2, Y)
    def backward_propagation(X, Y, cache):
        W1, b1, A1, W2, b2, A2 = cache
        d = (A2 - Y) / X.shape[1]
        d1 = W2.T @ d * A1 * (1 - A1)
        sums = [each.sum(axis=1, keepdims=True) for each in (d1, d)]
        return {"dW1": d1 @ X.T, "db1": sums[0], "dW2": d @ A1.T, "db2": sums[1]}
"""
HELPER = """
    import numpy as np
    def cross_entropy(A2, Y):
        return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / Y.shape[1]
    def forward_propagation(X, parameters):
        W1, b1, W2, b2 = (parameters[key] for key in ("W1", "b1", "W2", "b2"))
        A1 = 1 / (1 + np.exp(-W1 @ X - b1))
        A2 = 1 / (1 + np.exp(-W2 @ A1 - b2))
        return A2, (W1, b1, A1, W2, b2, A2)
"""


@pytest.mark.parametrize("start", ["import helper", "from . import helper"])
def test_the_forward_pass_may_be_in_a_file_beside_it(tmp_path, start):
    code = textwrap.dedent(PIECES).replace("import helper", start)
    (tmp_path / "mine.py").write_text(code)
    (tmp_path / "helper.py").write_text(textwrap.dedent(HELPER))
    names = "compute_cost,backward_propagation"
    _, answer, p = first_right(load(f"{tmp_path}/mine.py:{names}"))
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1], 1e-9)


def test_an_error_that_no_way_changes_ends_the_search(write):
    path = write("""
    def cost(params, X, y, lam):
        return len(lam) + params[0]
    """)
    with pytest.raises(Unusable, match="no len") as caught:
        list(ways(subject(load(f"{path}:cost"), {}), {}))
    tried = str(caught.value).split(" ways to call it")[0].split("(")[-1]
    assert int(tried) < 3000


def test_the_error_of_the_cost_comes_before_that_of_the_gradient(write):
    path = write("""
    def cost(theta1, theta2, X, y, lam):
        return float("J")
    def gradient(theta1, theta2, X, y, lam):
        return X + theta1 + theta2
    """)
    with pytest.raises(Unusable, match="line 4: could not convert"):
        list(ways(subject(load(f"{path}:cost,gradient"), {}), {}))


SHRINK = """
    shrink = 0.7
    def loss(W1, W2, X, Y):
        a1 = 1 / (1 + np.exp(-X @ W1))
        a2 = 1 / (1 + np.exp(-a1 @ W2))
        d, m = (a2 - Y) / len(X), len(X)
        J = -np.sum(Y * np.log(a2) + (1 - Y) * np.log(1 - a2)) / m
        J += shrink / (2 * m) * (np.sum(W1**2) + np.sum(W2**2))
        g1, g2 = X.T @ (d @ W2.T * a1 * (1 - a1)), a1.T @ d
        return J, g1 + shrink / m * W1, g2 + shrink / m * W2
"""


@pytest.mark.parametrize("hint", [{}, {"shrink": "lam"}])
def test_a_global_can_be_lambda(write, hint):
    report = jaxnn.check_gradient(f"{write(SHRINK)}:loss", **hint)
    assert report.passed and "lambda is shrink" in report.lines[1]


@pytest.mark.parametrize(
    ("hint", "guess"),
    [({"shrnk": "lam"}, "shrink"), ({"lables": "0-9"}, "labels")],
)
def test_a_misspelled_hint_is_told_what_it_may_mean(write, hint, guess):
    with pytest.raises(ValueError, match=f"did you mean {guess}"):
        jaxnn.check_gradient(f"{write(SHRINK)}:loss", **hint)


PARTED = """
    class Net:
        def __init__(self, inputs, hidden, outputs, learning_rate=0.1):
            self.p = {}
            self.p["W1"] = np.random.randn(inputs, hidden)
            self.p["W2"] = np.random.randn(hidden, outputs)
            self.learning_rate = learning_rate
        def loss(self, X, Y=None):
            a1 = 1 / (1 + np.exp(-X @ self.p["W1"]))
            a2 = 1 / (1 + np.exp(-a1 @ self.p["W2"]))
            if Y is None:
                return a2
            d, m = (a2 - Y) / len(X), len(X)
            J = -np.sum(Y * np.log(a2) + (1 - Y) * np.log(1 - a2)) / m
            d1 = d @ self.p["W2"].T * a1 * (1 - a1)
            return J, {"W1": X.T @ d1, "W2": a1.T @ d}
        def train(self, X, Y, rounds):
            for _ in range(rounds):
                _, grads = self.loss(X, Y)
                for key in grads:
                    self.p[key] -= self.learning_rate * grads[key]
    """


def test_one_method_that_fits_needs_no_name(write):
    path = write(PARTED)
    way, answer, p = first_right(load(str(path)))
    assert way.subject.title == "loss"
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1])


def test_several_that_fit_are_listed_as_commands(write):
    path = write(PARTED + "class Other(Net):\n        loss = None\n" + PARTED)
    text = path.read_text().replace("class Net:", "class Third:", 1)
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        load(str(path))
    run = f"python -m jaxnn.gradcheck {path}:"
    assert f"{run}Third.loss  or  {run}Net.loss" in str(caught.value)


HELD = """
    class Model:
        def __init__(self, n_x, n_h, n_y, lr=0.1):
            self.W1, self.b1 = np.random.randn(n_h, n_x), np.zeros((n_h, 1))
            self.W2, self.b2 = np.random.randn(n_y, n_h), np.zeros((n_y, 1))
            self.lr = lr
        def take(self, X, Y):
            self.X, self.Y = X, Y
        def forward(self):
            self.A1 = 1 / (1 + np.exp(-self.W1 @ self.X - self.b1))
            self.A2 = 1 / (1 + np.exp(-self.W2 @ self.A1 - self.b2))
        def cost(self):
            logs = self.Y * np.log(self.A2) + (1 - self.Y) * np.log(1 - self.A2)
            return -logs.sum() / self.X.shape[1]
        def backward(self):
            d2 = (self.A2 - self.Y) / self.X.shape[1]
            d1 = self.W2.T @ d2 * self.A1 * (1 - self.A1)
            self.dW2, self.db2 = d2 @ self.A1.T, d2.sum(axis=1, keepdims=True)
            self.dW1, self.db1 = d1 @ self.X.T, d1.sum(axis=1, keepdims=True)
    """
SPECS = """
    net_architecture = [
        {"input_dim": 2, "output_dim": 4, "activation": "sigmoid"},
        {"input_dim": 4, "output_dim": 1, "activation": "sigmoid"},
    ]
    def full_forward(X, params, net_architecture):
        memory, A = {}, X
        for i, layer in enumerate(net_architecture, 1):
            assert params[f"W{i}"].shape == (layer["output_dim"], layer["input_dim"])
            memory[f"A{i - 1}"] = A
            A = 1 / (1 + np.exp(-params["W" + str(i)] @ A - params["b" + str(i)]))
        return A, memory
    def cost(Y_hat, Y):
        return -np.sum(Y * np.log(Y_hat) + (1 - Y) * np.log(1 - Y_hat)) / Y.shape[1]
    def full_backward(Y_hat, Y, memory, params, net_architecture):
        grads, d = {}, (Y_hat - Y) / Y.shape[1]
        for i in range(len(net_architecture), 0, -1):
            A = memory[f"A{i - 1}"]
            grads[f"dW{i}"], grads[f"db{i}"] = d @ A.T, d.sum(axis=1, keepdims=True)
            d = params["W" + str(i)].T @ d * A * (1 - A)
        return grads
    """
STACK = """
    class Linear:
        def __init__(self, n_in, n_out):
            self.weight, self.bias = np.random.randn(n_in, n_out), np.zeros(n_out)
        def forward(self, x):
            self.x = x
            return x @ self.weight + self.bias
        def backward(self, d):
            self.grad_weight, self.grad_bias = self.x.T @ d, d.sum(0)
            return d @ self.weight.T
    class Sigmoid:
        def forward(self, z):
            self.a = 1 / (1 + np.exp(-z))
            return self.a
        def backward(self, d):
            return d * self.a * (1 - self.a)
    class Net:
        def __init__(self, n_in, n_hidden, n_out):
            first, last = Linear(n_in, n_hidden), Linear(n_hidden, n_out)
            self.layers = [first, Sigmoid(), last, Sigmoid()]
        def forward(self, X):
            for layer in self.layers:
                X = layer.forward(X)
            return X
        def loss(self, X, Y):
            out = self.forward(X)
            return -np.sum(Y * np.log(out) + (1 - Y) * np.log(1 - out)) / len(X)
        def backward(self, X, Y):
            out = self.forward(X)
            d = (out - Y) / len(X) / (out * (1 - out))
            for layer in reversed(self.layers):
                d = layer.backward(d)
    """


@pytest.mark.parametrize("code", [HELD, SPECS, STACK], ids=["held", "specs", "stack"])
def test_data_specifications_and_layers_are_found_in_objects(write, code):
    _, answer, p = first_right(load(str(write(code))))
    assert is_close(answer.gradient, network(p.params, p.x, p.targets)[1])


def test_a_constructor_may_take_inputs_and_targets(write):
    path = write("""
    class Brain:
        def __init__(self, inputs, targets):
            self.input, self.y = inputs, targets
            self.weights1 = np.random.rand(self.input.shape[1], 4)
            self.weights2 = np.random.rand(4, 1)
        def forward(self):
            self.hidden = 1 / (1 + np.exp(-self.input @ self.weights1))
            self.output = 1 / (1 + np.exp(-self.hidden @ self.weights2))
        def backprop(self):
            d2 = 2 * (self.y - self.output) * self.output * (1 - self.output)
            d1 = d2 @ self.weights2.T * self.hidden * (1 - self.hidden)
            self.weights2 += self.hidden.T @ d2
            self.weights1 += self.input.T @ d1
    """)
    assert jaxnn.check_gradient(str(path)).passed


def test_one_example_a_call_with_a_rate_of_the_object(write):
    path = write("""
    class Digits:
        def __init__(self, inputnodes, hiddennodes, outputnodes, learningrate):
            self.wih = np.random.normal(0, 1, (hiddennodes, inputnodes))
            self.who = np.random.normal(0, 1, (outputnodes, hiddennodes))
            self.lr = learningrate
        def train(self, inputs_list, targets_list):
            x = np.array(inputs_list, ndmin=2).T
            a1 = 1 / (1 + np.exp(-self.wih @ x))
            a2 = 1 / (1 + np.exp(-self.who @ a1))
            d2 = (np.array(targets_list, ndmin=2).T - a2) * a2 * (1 - a2)
            d1 = self.who.T @ d2 * a1 * (1 - a1)
            self.who += self.lr * d2 @ a1.T
            self.wih += self.lr * d1 @ x.T
    """)
    assert jaxnn.check_gradient(str(path)).passed


PAIRED = """
class Net:
    def __init__(self, sizes):
        self.weights = [np.random.randn(j, i) for i, j in zip(sizes, sizes[1:])]
        self.biases = [np.random.randn(j, 1) for j in sizes[1:]]
    def output(self, a):
        for w, b in zip(self.weights, self.biases):
            a = 1 / (1 + np.exp(-w @ a - b))
        return a
    def cost(self, data, lmbda):
        errors = sum(np.sum((self.output(x) - y) ** 2) for x, y in data)
        squares = sum(np.sum(w**2) for w in self.weights)
        return 0.5 * (errors + lmbda * squares) / len(data)
    def update(self, batch, eta, lmbda, n):
        steps = [self.backprop(x, y) for x, y in batch]
        m = len(batch)
        for l in range(len(self.weights)):
            self.weights[l] *= 1 - eta * lmbda / n
            self.weights[l] = self.weights[l] - eta / m * sum(s[0][l] for s in steps)
            self.biases[l] = self.biases[l] - eta / m * sum(s[1][l] for s in steps)
    def backprop(self, x, y):
        acts = [x]
        for w, b in zip(self.weights, self.biases):
            acts.append(1 / (1 + np.exp(-w @ acts[-1] - b)))
        nabla_w, nabla_b = [], []
        d = (acts[-1] - y) * acts[-1] * (1 - acts[-1])
        for l in reversed(range(len(self.weights))):
            nabla_w.insert(0, d @ acts[l].T)
            nabla_b.insert(0, d)
            d = self.weights[l].T @ d * acts[l] * (1 - acts[l])
        return nabla_w, nabla_b
"""


def test_a_list_of_pairs_holds_the_examples(write):
    """The penalty is added in the update, not in the gradient that it calls."""
    path = write(PAIRED)
    report = str(jaxnn.check_gradient(str(path)))
    assert "PASS" in report and "pairs of x and y" in report, report
    assert "penalty lambda/(2m) of the squared weights" in " ".join(report.split())
    assert jaxnn.check_gradient(f"{path}:Net.backprop").passed
    wrong = PAIRED.replace("@ d * acts[l] * (1 - acts[l])", "@ d")
    report = jaxnn.check_gradient(str(write(wrong)))
    assert report.gradient == ("sigma' is missing in dZ1",), report


def test_plain_lists_come_first_where_no_arrays_are_used(tmp_path):
    """An array plus [1] is each number plus 1; a list plus [1] is one number longer."""
    path = tmp_path / "neurons.py"
    path.write_text(
        textwrap.dedent("""
    import math
    def outputs(layer, below):
        sums = [sum(w * a for w, a in zip(unit, below + [1])) for unit in layer]
        return [1 / (1 + math.exp(-z)) for z in sums]
    def learn(network, inputs, targets):
        acts = [inputs]
        for layer in network:
            acts.append(outputs(layer, acts[-1]))
        deltas = [a * (1 - a) * (a - t) for a, t in zip(acts[2], targets)]
        for d, unit in zip(deltas, network[1]):
            for j, a in enumerate(acts[1] + [1]):
                unit[j] -= d * a
        for i, unit in enumerate(network[0]):
            back = sum(d * up[i] for d, up in zip(deltas, network[1]))
            for j, a in enumerate(acts[0] + [1]):
                unit[j] -= acts[1][i] * (1 - acts[1][i]) * back * a
    """)
    )
    report = jaxnn.check_gradient(f"{path}:learn")
    assert "theta2 was updated before delta2 was computed" in str(report)
    assert "plain lists" in str(report) and "theta2      weights ok" in str(report)


def test_a_rate_is_one_where_the_step_bends_with_it(write):
    """W2 is updated before it is used, so the step of W1 has the rate squared."""
    path = write("""
    def step(X, y, W1, W2, alpha):
        h = 1 / (1 + np.exp(-X @ W1))
        o = 1 / (1 + np.exp(-h @ W2))
        d = (o - y) * o * (1 - o)
        W2 = W2 - alpha * h.T @ d
        W1 = W1 - alpha * X.T @ ((d @ W2.T) * h * (1 - h))
        return W1, W2
    """)
    report = str(jaxnn.check_gradient(f"{path}:step"))
    assert "W2 was updated before dZ1 was computed" in report, report


def test_the_cost_with_the_penalty_counts(write):
    path = write("""
    def nn(Theta1, Theta2, X, Y, lam):
        m = len(X)
        a1 = np.c_[np.ones(m), X]
        a2 = np.c_[np.ones(m), 1 / (1 + np.exp(-a1 @ Theta1.T))]
        h = 1 / (1 + np.exp(-a2 @ Theta2.T))
        J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / m
        R = lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))
        d2 = ((h - Y) @ Theta2 * a2 * (1 - a2))[:, 1:]
        g1, g2 = d2.T @ a1 / m, (h - Y).T @ a2 / m
        g1[:, 1:] += lam / m * Theta1[:, 1:]
        g2[:, 1:] += lam / m * Theta2[:, 1:]
        return J, J + R, g1, g2
    """)
    report = jaxnn.check_gradient(str(path))
    assert report.passed and "number 2 was used" in str(report), report


IN_PARTS = """
def forward(X, W1, b1, W2, b2):
    Z = 1 / (1 + np.exp(-X @ W1 - b1))
    Y = 1 / (1 + np.exp(-Z @ W2 - b2))
    return {"Z": Z, "Y": Y}
def cost(T, Y):
    return -np.sum(T * np.log(Y) + (1 - T) * np.log(1 - Y))
def derivative_w2(Z, T, Y):
    return Z.T @ (Y - T)
def derivative_b2(T, Y):
    return (Y - T).sum(axis=0)
def derivative_w1(X, Z, T, Y, W2):
    return X.T @ ((Y - T) @ W2.T * Z * (1 - Z))
def derivative_b1(T, Y, W2, Z):
    return ((Y - T) @ W2.T * Z * (1 - Z)).sum(axis=0)
"""


def test_a_function_may_give_the_gradient_of_one_parameter(write):
    """W2 is the second layer even without W1; Y is made, so T has the labels."""
    path = write(IN_PARTS)
    report = jaxnn.check_gradient(str(path))
    assert report.passed and "5 functions" in str(report), report
    wrong = IN_PARTS.replace("X.T @ ((Y - T) @ W2.T * Z * (1 - Z))", "X.T @ Z")
    report = jaxnn.check_gradient(str(write(wrong)))
    assert not report.passed and "W1          weights WRONG" in str(report), report


@pytest.mark.parametrize("fixed", [False, True])
def test_sizes_are_found_in_the_code(write, fixed):
    """Three matrices with one hidden size; or only the sizes of the course's check."""
    size = "(1, 4)" if fixed else "(1, n + 1)"
    path = write(f"""
    def nnCost(params, n, h, k, X, y, lam):
        g = lambda z: 1 / (1 + np.exp(-z))
        Theta1 = params[:h * (n + 1)].reshape(h, n + 1)
        rest = params[h * (n + 1):]
        Theta2 = {"None" if fixed else "rest[:h * (h + 1)].reshape(h, h + 1)"}
        Theta3 = rest[{"0" if fixed else "h * (h + 1)"}:].reshape(k, h + 1)
        m, Y = len(X), np.eye(k)[y.ravel() - 1]
        J, G1, G2, G3 = 0, 0, 0, 0
        for i in range(m):
            a1 = np.append(1, X[i]).reshape{size}
            a2 = np.c_[1, g(a1 @ Theta1.T)]
            a3 = {"a2" if fixed else "np.c_[1, g(a2 @ Theta2.T)]"}
            a4 = g(a3 @ Theta3.T)
            J -= np.sum(Y[i] * np.log(a4) + (1 - Y[i]) * np.log(1 - a4)) / m
            d4 = (a4 - Y[i]) / m
            d3 = (d4 @ Theta3 * a3 * (1 - a3))[:, 1:]
            d2 = {"d3" if fixed else "(d3 @ Theta2 * a2 * (1 - a2))[:, 1:]"}
            G1, G2, G3 = G1 + d2.T @ a1, G2 + d3.T @ a2, G3 + d4.T @ a3
        parts = {"G1, G3" if fixed else "G1, G2, G3"}
        return J, np.concatenate([G.ravel() for G in parts])
    """)
    report = jaxnn.check_gradient(str(path))
    assert report.passed and ("3-5-3" if fixed else "8-5-5-10") in str(report), report


def test_a_cost_of_one_output_is_tried_too(write):
    """With ten outputs the cost is a vector."""
    path = write("""
    def cost(params, n, h, k, X, y, lam):
        Theta1 = params[:h * (n + 1)].reshape(h, n + 1)
        Theta2 = params[h * (n + 1):].reshape(k, h + 1)
        J, G1, G2 = 0, 0, 0
        for x, t in zip(X, y):
            a1 = np.append(1, x)
            a2 = np.append(1, 1 / (1 + np.exp(-Theta1 @ a1)))
            a3 = 1 / (1 + np.exp(-Theta2 @ a2))
            J = J - (t * np.log(a3) + (1 - t) * np.log(1 - a3))
            d2 = (Theta2.T @ (a3 - t) * a2 * (1 - a2))[1:]
            G1, G2 = G1 + np.outer(d2, a1), G2 + np.outer(a3 - t, a2)
        return J / len(X), np.append(G1.ravel(), G2.ravel()) / len(X)
    """)
    report = jaxnn.check_gradient(str(path))
    assert report.passed and "8-5-1" in str(report), report


@pytest.mark.parametrize("factor", ["", "2 * "])
def test_a_number_beside_a_rate_is_judged(write, factor):
    path = write(f"""
    X, y = load_nothing()
    W1, W2, lr = np.random.randn(3, 4), np.random.randn(4, 1), 0.1
    for i in range(100):
        A1 = 1 / (1 + np.exp(-X @ W1))
        d2 = 1 / (1 + np.exp(-A1 @ W2)) - y
        d1 = d2 @ W2.T * A1 * (1 - A1)
        W2 = W2 - lr * {factor}A1.T @ d2 / len(X)
        W1 = W1 - lr * X.T @ d1 / len(X)
    """)
    report = jaxnn.check_gradient(script(path, ["W1", "W2"], ["W1", "W2"], ["X", "y"]))
    assert report.passed == (not factor), report


APART = {
    "rel.py": "import numpy as np\ndef relu(Z):\n    print 'from Python 2'\n"
    "    return np.maximum(Z, 0)\n",
    "forward.py": "import numpy as np\nfrom rel import relu\n"
    "def forward(W1, b1, W2, b2, X):\n    Z1 = W1 @ X + b1\n    A1 = relu(Z1)\n"
    "    e = np.exp(W2 @ A1 + b2)\n    A2 = e / e.sum(axis=0)\n    return Z1, A1, A2\n",
    "backward.py": "def backward(Z1, A1, A2, W2, X, Y):\n    d2 = A2 - Y\n"
    "    d1 = W2.T @ d2 * (Z1 > 0)\n    return (d1 @ X.T, d1.sum(axis=1),\n"
    "            d2 @ A1.T, d2.sum(axis=1))\n",
    "model.py": "from forward import forward\nfrom backward import backward\n",
}


def test_each_function_may_have_a_file_of_its_own(tmp_path):
    """What one returns is found by name; one of the files is Python 2."""
    for name, text in APART.items():
        (tmp_path / name).write_text(text)
    report = jaxnn.check_gradient(f"{tmp_path}/model.py:forward,backward")
    assert report.passed and "ReLU, then softmax" in " ".join(str(report).split())


def test_an_object_is_made_with_its_flags_left_alone(write):
    """weights=False is no matrix; the first method sets the elements of a list."""
    path = write("""
    class Net:
        def __init__(self, layers, weights=False):
            self.activations = [0] * len(layers)
            self.w = [np.random.randn(j, i) for i, j in zip(layers, layers[1:])]
        def feed_forward(self, inputs):
            self.activations[0] = a = np.array(inputs)
            for i, w in enumerate(self.w):
                self.activations[i + 1] = a = 1 / (1 + np.exp(-w @ a))
        def back_propagate(self, targets, rate):
            d = self.activations[-1] - targets
            for i in reversed(range(len(self.w))):
                a = self.activations[i + 1]
                d = d * a * (1 - a)
                step, d = d @ self.activations[i].T, self.w[i].T @ d
                self.w[i] = self.w[i] - rate * step
    """)
    assert jaxnn.check_gradient(f"{path}:Net.back_propagate").passed


def test_two_lists_in_one_argument_leave_the_depth_open(write):
    code = """
    def loss(params, X, Y):
        weights, biases = params
        a = [X]
        for W, b in zip(weights[:-1], biases[:-1]):
            a.append(np.tanh(a[-1] @ W + b))
        e = np.exp(a[-1] @ weights[-1] + biases[-1])
        p = e / e.sum(axis=1, keepdims=True)
        d, dW, db = (p - Y) / len(X), [], []
        for W, below in zip(weights[::-1], a[::-1]):
            dW.insert(0, below.T @ d)
            db.insert(0, d.sum(axis=0))
            d = d @ W.T * (1 - below**2)
        return -np.sum(Y * np.log(p)) / len(X), dW, db
    """
    report = jaxnn.check_gradient(str(write(code)))
    assert report.passed and "8-5-10, tanh, then softmax" in str(report), report
    report = jaxnn.check_gradient(str(write(code.replace(" * (1 - below**2)", ""))))
    assert report.gradient == ("tanh' is missing in dZ1",), report


def test_globals_that_a_forward_pass_sets_are_restored(write):
    path = write("""
    seen = 0
    def forward(X, parameters):
        global seen
        seen = seen + len(X)
        W1, W2 = parameters["W1"], parameters["W2"]
        A1 = 1 / (1 + np.exp(-W1 @ X))
        A2 = 1 / (1 + np.exp(-W2 @ A1))
        return A2, A1
    def backward(A2, Y, X, parameters, A1):
        d = (A2 - Y) / Y.shape[1]
        d1 = parameters["W2"].T @ d * A1 * (1 - A1)
        return {"dW1": d1 @ X.T, "dW2": d @ A1.T}
    """)
    functions = load(f"{path}:backward")
    assert jaxnn.check_gradient(functions).passed
    functions[0].__globals__["__jaxnn_supply__"]("forward")
    assert functions[0].__globals__["forward"].__globals__["seen"] == 0


def test_a_script_leaves_the_process_as_it_was(write, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    path = write("import random\nrandom.seed(1)\nnp.random.seed(1)\n" + SCRIPT)
    before = random.getstate(), str(np.random.get_state())
    script(path, ["J", "grad1", "grad2"], ["theta1", "theta2"], ["X", "Y"])
    assert (random.getstate(), str(np.random.get_state())) == before
    assert "MPLBACKEND" not in os.environ
    path.write_text("x = (1,\n")
    with pytest.raises(ValueError, match="net.py: line 1: .* fix that line"):
        script(path, ["J"], ["W1"], ["X"])
    with pytest.raises(ValueError, match="none.py: no such file"):
        script(path.with_name("none.py"), ["J"], ["W1"], ["X"])
