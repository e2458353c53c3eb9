"""What the check says where settings, numbers and state are in containers of their own.

Each file is right, or has the one mistake that is named; the truth is by the formulas.
"""

import shutil

import pytest

# what people write hangs on no version of Python or JAX: one of them is enough
pytestmark = pytest.mark.slow

SETTINGS = """
ALL = {"hidden": 12, "weight_decay": 0.1, "name": "first try"}
def cost(W1, b1, W2, b2, X, Y, opts):
    A1 = sigmoid(W1 @ X + b1)
    A2 = sigmoid(W2 @ A1 + b2)
    m = X.shape[1]
    J = np.sum((A2 - Y) ** 2) / (2 * m)
    J += LAM / (2 * m) * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
    d2 = (A2 - Y) * A2 * (1 - A2) / m
    d1 = W2.T @ d2 * A1 * (1 - A1)
    db1, db2 = (d.sum(axis=1, keepdims=True) for d in (d1, d2))
    return J, d1 @ X.T + LAM / m * W1, db1, d2 @ A1.T + LAM / m * W2, db2
"""


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("opts['weight_decay']", "", ""),
        ("opts.weight_decay", "", ""),
        ("opts.get('weight_decay', 0)", "", ""),
        ("opts.weight_decay", "opts):", "opts=SimpleNamespace(weight_decay=0.1)):"),
        (
            "opts.weight_decay",
            "ALL = {",
            "opts = namedtuple('O', 'weight_decay')(1) or {",
        ),
        ("ALL['weight_decay']", ", opts):", "):"),
    ],
)
def test_lambda_is_found_among_settings(said, name, old, new):
    text = SETTINGS.replace(old, new, 1).replace("LAM", name)
    passed, words = said(text, "cost")
    assert passed
    assert "lambda is" in words and "penalty lambda/(2m)" in words
    wrong = text.replace(f"{name} / m * W2", f"2 * {name} / m * W2")
    passed, words = said(wrong, "cost")
    assert not passed
    assert "the penalty of W2 is twice as large" in words


def test_sizes_among_settings_cut_the_vector(said):
    passed, words = said(
        """
        def cost(theta, cfg, X, Y):
            h, n = cfg["hidden_size"], cfg["n_inputs"]
            W1 = theta[:h * n].reshape(h, n)
            W2 = theta[h * n:].reshape(cfg["n_classes"], h)
            a = np.tanh(X @ W1.T)
            d = a @ W2.T - Y
            d1 = d @ W2 * (1 - a ** 2)
            gradient = np.concatenate([(d1.T @ X).ravel(), (d.T @ a).ravel()])
            return np.sum(d ** 2) / 2, gradient
        """,
        "cost",
    )
    assert passed
    assert "8-5-10, tanh, then linear" in words


NETWORK = """
class Layers:
    def __init__(self, config):
        sizes = [config.input_size] + config.hidden + [config.output_size]
        self.weights = {}
        self.L = len(sizes) - 1
        for l in range(1, self.L + 1):
            self.weights[l] = np.random.randn(sizes[l], sizes[l - 1])
    def forward(self, X):
        self.a = {0: X}
        for l in range(1, self.L + 1):
            self.a[l] = np.tanh(self.weights[l] @ self.a[l - 1])
        return self.a[self.L]
    def cost(self, X, Y):
        return np.sum((self.forward(X) - Y) ** 2) / 2
    def gradient(self, Y):
        grads, d = {}, (self.a[self.L] - Y) * (1 - self.a[self.L] ** 2)
        for l in range(self.L, 0, -1):
            grads["W" + str(l)] = d @ self.a[l - 1].T
            d = self.weights[l].T @ d * (1 - self.a[l - 1] ** 2)
        return grads
"""


def test_an_object_is_made_of_settings_and_its_weights_are_numbered(said):
    passed, words = said(NETWORK, "Layers.cost,Layers.gradient")
    assert passed
    assert "8-5-10, tanh" in words and "no lambda" in words


def test_a_network_that_is_an_argument_keeps_its_state(said):
    text = """
    def forward(net, X):
        net.a1 = np.tanh(net.W1 @ X)
        return net.W2 @ net.a1
    def loss(net, X, Y):
        return np.sum((forward(net, X) - Y) ** 2) / 2
    def step(net, X, Y, lr):
        d = forward(net, X) - Y
        d1 = net.W2.T @ d * (1 - net.a1 ** 2)
        net.W2 = net.W2 - lr * d @ net.a1.T
        net.W1 = net.W1 - lr * d1 @ X.T
    """
    passed, words = said(text, "loss,step")
    assert passed
    assert "it changes the parameters" in words
    late = text.replace("        d1 = net", "        d2 = net")
    late = late.replace(
        "    net.W1 = net.W1",
        "    d1 = net.W2.T @ d * (1 - net.a1 ** 2)\n        net.W1 = net.W1",
    )
    passed, words = said(late, "loss,step")
    assert not passed
    assert "W2 was updated before" in words


NUMBERS = """
def out(x1, x2, w1, w2, w3, w4, w5, w6, b1, b2, b3):
    h1 = 1 / (1 + math.exp(-(w1 * x1 + w2 * x2 + b1)))
    h2 = 1 / (1 + math.exp(-(w3 * x1 + w4 * x2 + b2)))
    return h1, h2, 1 / (1 + math.exp(-(w5 * h1 + w6 * h2 + b3)))
def loss(x1, x2, y, w1, w2, w3, w4, w5, w6, b1, b2, b3):
    return (y - out(x1, x2, w1, w2, w3, w4, w5, w6, b1, b2, b3)[-1]) ** 2
def slopes(x1, x2, y, w1, w2, w3, w4, w5, w6, b1, b2, b3):
    h1, h2, o = out(x1, x2, w1, w2, w3, w4, w5, w6, b1, b2, b3)
    d = 2 * (o - y) * o * (1 - o)
    e1, e2 = d * w5 * h1 * (1 - h1), d * w6 * h2 * (1 - h2)
    return e1 * x1, e1 * x2, e2 * x1, e2 * x2, d * h1, d * h2, e1, e2, d
"""


@pytest.mark.parametrize(
    ("old", "new", "passed", "words"),
    [
        ("", "", True, "W1 of w1 w2 w3 w4, W2 of w5 w6, b1 of b1 b2, b2 of b3"),
        ("* o * (1 - o)", "", False, "sigma' is missing in the output delta"),
        ("d * w6 * h2", "d * w5 * h2", False, "W1, row 1 only"),
    ],
)
def test_parameters_that_are_single_numbers(said, old, new, passed, words):
    found, text = said(NUMBERS.replace(old, new), "loss,slopes")
    assert found is passed
    assert "2-2-1, sigmoid" in text and words in text


def test_a_bias_that_two_units_share_is_said_to_be_unchecked(said):
    text = NUMBERS.replace(" + b2)))", " + b1)))").replace(" + b3)))", " + b2)))")
    text = text.replace(", b3", "").replace(", e1, e2, d\n", "\n")
    passed, words = said(text, "loss,slopes")
    assert passed
    assert "b1 and b2 keep their values; their gradient is not checked" in words


GLOBALS = """
W1, W2 = np.random.randn(4, 3), np.random.randn(2, 4)
state = {}
def forward(X):
    global A2
    state["A1"] = np.tanh(W1 @ X)
    A2 = sigmoid(W2 @ state["A1"])
def backward(X, Y):
    d = A2 - Y
    return W2.T @ d * (1 - state["A1"] ** 2) @ X.T, d @ state["A1"].T
"""


def test_a_backward_pass_reads_the_globals_that_the_forward_pass_makes(said):
    passed, words = said(GLOBALS, "backward")
    assert passed
    assert "3-4-2, tanh, then sigmoid" in words
    passed, words = said(GLOBALS.replace(" * (1 - state", " * (2 - state"), "backward")
    assert not passed


def test_a_matrix_that_is_no_parameter_is_said_to_be_unchecked(said):
    passed, words = said(
        """
        class Net:
            def __init__(self, n, h, k):
                self.W1, self.W2 = np.random.randn(n, h), np.random.randn(h, k)
                self.skip = np.random.randn(n, k)
            def forward(self, X):
                self.h = np.tanh(X @ self.W1)
                return self.h @ self.W2 + X @ self.skip
            def cost(self, X, Y):
                return np.sum((self.forward(X) - Y) ** 2) / 2
            def gradient(self, X, Y):
                d = self.forward(X) - Y
                return X.T @ (d @ self.W2.T * (1 - self.h ** 2)), self.h.T @ d
        """,
        "Net.cost,Net.gradient",
    )
    assert passed
    assert "skip keeps its value; its gradient is not checked" in words


@pytest.mark.skipif(not shutil.which("octave-cli"), reason="Octave is not installed")
def test_octave_settings_and_a_forward_pass_beside(said, tmp_path):
    (tmp_path / "forward.m").write_text(
        """function [A1, A2] = forward (X, W1, W2)
        A1 = tanh (W1 * X);
        A2 = W2 * A1;
        end"""
    )
    passed, words = said(
        """
        function g = slopes (X, Y, A1, A2, W1, W2, lambda, opts)
          d = A2 - Y;
          g = {((W2' * d) .* (1 - A1 .^ 2)) * X', d * A1'};
        end
        """,
        "slopes",
        "slopes.m",
    )
    assert passed
    assert "8-5-10, tanh, then linear" in words
    passed, words = said(
        """
        function [J, gW, gb] = price (W, b, X, Y, opts)
          d = W * X + b - Y;
          J = sum (sum (d .^ 2)) / 2 + opts.lambda / 2 * sum (sum (W .^ 2));
          gW = d * X' + opts.lambda * W;
          gb = sum (d, 2);
        end
        """,
        "price",
        "price.m",
    )
    assert passed
    assert "lambda is opts.lambda" in words


ALPHA = """
def load(data):
    X, y = data[:, :-1], data[:, -1]
    return X, y
class Net:
    def __init__(self, n, h, k):
        self.w1, self.hbias = np.random.randn(n, h), np.zeros(h)
        self.w2, self.obias = np.random.randn(h, k), np.zeros(k)
    def forward(self, X):
        self.h = np.tanh(X @ self.w1 + self.hbias)
        self.p = self.h @ self.w2 + self.obias
        return self.p
    def loss(self, y, alpha):
        squares = np.sum(self.w1 ** 2) + np.sum(self.w2 ** 2)
        return (np.sum((self.p - y) ** 2) + alpha * squares) / 2
    def backward(self, X, y, output, alpha, lr):
        d = output - y
        d1 = d @ self.w2.T * (1 - self.h ** 2)
        self.w1 -= lr * (X.T @ d1 + alpha * self.w1)
        self.w2 -= lr * (self.h.T @ d + alpha * self.w2)
        self.hbias -= lr * d1.sum(axis=0)
        self.obias -= lr * d.sum(axis=0)
"""


def test_alpha_beside_a_rate_is_lambda(said):
    passed, words = said(ALPHA, "Net.loss,Net.backward")
    assert passed
    assert "lambda is alpha" in words
    text = ALPHA.replace("self.h.T @ d + alpha * self.w2", "self.h.T @ d")
    text = text.replace("X.T @ d1 + alpha * self.w1", "X.T @ d1")
    passed, words = said(
        text.replace("output, alpha, lr", "output, lr"), "Net.loss,Net.backward"
    )
    assert not passed
    assert "the penalty is missing" in words


def test_biases_that_are_never_added_leave_a_gradient_open(said):
    text = """
    def step(W, b, X, Y, rate):
        p = np.tanh(X @ W)
        return W - rate * X.T @ ((p - Y) * (1 - p * p)), b
    """
    with pytest.raises(ValueError, match="its biases change nothing"):
        said(text, "step")
