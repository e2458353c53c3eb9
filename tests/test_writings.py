"""What the check says of ways to write that the names alone do not explain.

Each file is right, or has the one mistake that is named; the truth is by central
differences of its own cost, where it has one.
"""

import shutil

import pytest

import jaxnn

# what people write hangs on no version of Python or JAX: one of them is enough
pytestmark = pytest.mark.slow

SIGMOID = """
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""


STEPS = """
def loss(w1, w2, X, y):
    return np.sum((y - sigmoid(sigmoid(X @ w1) @ w2)) ** 2) / (2 * len(X))

def deltas(w1, w2, X, y):
    h = sigmoid(X @ w1)
    out = sigmoid(h @ w2)
    d2 = (y - out) * out * (1 - out)
    d1 = d2 @ w2.T * h * (1 - h)
    return X.T @ d1 / len(X), h.T @ d2 / len(X)

def train(w1, w2, X, y, rate=0.1):
    for _ in range(9):
        a, b = deltas(w1, w2, X, y)
        w1 += rate * a
        w2 += rate * b
"""


@pytest.mark.parametrize(
    ("old", "new", "passed", "words"),
    [
        ("", "", True, "read as minus the gradient: a step to add"),
        (" / len(X), h.T @ d2 / len(X)", ", h.T @ d2", True, "minus 13 times"),
        ("return X.T @ d1", "return -X.T @ d1", False, "the wrong sign in dw1"),
        (" * h * (1 - h)", "", False, "sigma' is missing in dZ1"),
        ("+= rate * a", "-= rate * a", False, "the wrong sign"),
        ("w1 += rate * a", "w1 = w1 + a * rate", True, "a step to add"),
    ],
)
def test_a_step_that_the_file_adds_is_minus_the_gradient(said, old, new, passed, words):
    found, text = said(STEPS.replace(old, new), "loss,deltas")
    assert found is passed
    assert words in text


def test_a_step_that_another_function_adds(said):
    text = STEPS.replace("w1 += rate * a\n        w2 += rate * b", "move(w1, w2, a, b)")
    text += "\ndef move(v, w, p, q):\n    return v + 0.1 * p, w + 0.1 * q\n"
    found, text = said(text, "loss,deltas")
    assert found
    assert "a step to add" in text


def test_a_step_times_its_rate_may_be_one_to_add(said):
    text = STEPS[: STEPS.index("def train")].replace("X, y):", "X, y, eta):", 2)
    text = text.replace("X, y, eta):", "X, y):", 1)
    for term in ("X.T @ d1", "h.T @ d2"):
        text = text.replace(f"{term} / len(X)", f"eta * {term} / len(X)")
    found, text = said(text, "loss,deltas")
    assert found
    assert "a step to add" in text


@pytest.mark.parametrize("names", ["X, y, v, w", "v, w, X, y"])
def test_weights_with_names_that_say_no_layer(said, names):
    text = f"""
    def error({names}):
        return np.sum((np.tanh(w @ np.tanh(v @ X)) - y) ** 2) / 2

    def slopes({names}):
        h = np.tanh(v @ X)
        o = np.tanh(w @ h)
        d = (o - y) * (1 - o ** 2)
        return (w.T @ d * (1 - h ** 2)) @ X.T, d @ h.T
    """
    found, words = said(text, "error,slopes")
    assert found
    assert "8-5-10, tanh" in words
    found, words = said(text.replace(" * (1 - h ** 2)", ""), "error,slopes")
    assert not found
    assert "tanh' is missing in dZ1" in words


def test_one_matrix_that_is_multiplied_as_it_is_has_no_hidden_layer(said):
    text = """
    def cost(weights, x, y):
        p = sigmoid(x @ weights)
        return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / len(x)

    def slope(weights, x, y):
        return x.T @ (sigmoid(x @ weights) - y) / len(x)
    """
    found, words = said(text, "cost,slope")
    assert found
    assert "8-10, sigmoid" in words


MADE = """
class Net:
    def __init__(self, {arguments}):
        self.w1 = np.random.randn({h}, {n})
        self.w2 = np.random.randn({k}, {h})

    def error(self, x, y):
        return np.sum((self.w2 @ np.maximum(0, self.w1 @ x) - y) ** 2) / 2

    def slopes(self, x, y):
        h = np.maximum(0, self.w1 @ x)
        d = self.w2 @ h - y
        return self.w2.T @ d * (h > 0) @ x.T, d @ h.T
"""


@pytest.mark.parametrize(
    ("arguments", "n", "h", "k", "sizes"),
    [
        ("layer_1_size, layer_2_size", "layer_1_size", "layer_2_size", "1", "8-5-1"),
        ("a, neurons, b, lr", "a", "neurons", "b", "8-5-10"),
        ("k_units, lower, upper=4", "lower", "upper", "k_units", "8-4-10"),
        ("n_x, n_h, n_y, seed=3", "n_x", "n_h", "n_y", "8-5-10"),
    ],
)
def test_a_number_is_the_size_that_it_gives_the_weights(
    said, arguments, n, h, k, sizes
):
    text = MADE.format(arguments=arguments, n=n, h=h, k=k)
    found, words = said(text, "Net.error,Net.slopes")
    assert found
    assert f"{sizes}, ReLU" in words
    found, words = said(text.replace(" * (h > 0)", ""), "Net.error,Net.slopes")
    assert "ReLU' is missing in dZ1" in words


BUILT = """
class Dense:
    def __init__(self, n, m):
        self.W, self.b = np.random.randn(n, m), np.zeros(m)

    def forward(self, x):
        self.x, self.a = x, sigmoid(x @ self.W + self.b)
        return self.a

    def backward(self, g):
        d = g * self.a * (1 - self.a)
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T

class Model:
    def __init__(self, parts=None):
        self.parts = parts or []

    def add(self, part):
        self.parts.append(part)

    def loss(self, x, y):
        for each in self.parts:
            x = each.forward(x)
        self.error = x - y
        return np.sum(self.error ** 2) / 2

    def backward(self, x, y):
        self.loss(x, y)
        g = self.error
        for each in self.parts[::-1]:
            g = each.backward(g)

def main():
"""


@pytest.mark.parametrize(
    "lines",
    [
        "net = Model([Dense(2, 3), Dense(3, 1)])",
        "net = Model()\n    net.add(Dense(2, 3))\n    net.add(Dense(3, 1))",
    ],
)
def test_an_object_is_built_by_the_lines_of_the_file(said, lines):
    text = BUILT + f"    {lines}\n"
    found, words = said(text, "Model.loss,Model.backward")
    assert found
    assert "2-3-1, sigmoid" in words
    text = text.replace("g * self.a * (1 - self.a)", "g * self.a")
    assert not said(text, "Model.loss,Model.backward")[0]


SHAPED = """
class Net:
    def __init__(self, inputs, hidden, outputs):
        first = np.random.randn(hidden, inputs + 1)
        {made}

    def forward(self, x):
        found = [x]
        for matrix in {listed}:
            ones = np.ones((len(x), 1))
            found += [sigmoid(np.hstack([ones, found[-1]]) @ matrix.T)]
        return found

    def cost(self, x, y):
        return np.sum((self.forward(x)[-1] - y) ** 2) / 2

    def gradient(self, x, y):
        x, h, o = self.forward(x)
        ones = np.ones((len(x), 1))
        d2 = (o - y) * o * (1 - o)
        d1 = d2 @ ({listed})[1][:, 1:] * h * (1 - h)
        return d1.T @ np.hstack([ones, x]), d2.T @ np.hstack([ones, h])
"""


@pytest.mark.parametrize(
    ("made", "listed"),
    [
        (
            "self.layers = [first, np.random.randn(outputs, hidden + 1)]",
            "self.layers",
        ),
        (
            "self.hidden = first; self.output = np.random.randn(outputs, hidden + 1)",
            "[self.hidden, self.output]",
        ),
    ],
)
def test_attributes_hold_weights_by_their_shapes(said, made, listed):
    text = SHAPED.format(made=made, listed=listed)
    found, words = said(text, "Net.cost,Net.gradient")
    assert found
    assert "8-5-10, sigmoid" in words
    text = text.replace(" * h * (1 - h)", "")
    found, words = said(text, "Net.cost,Net.gradient")
    assert "sigma' is missing in delta2" in words


def test_a_role_of_a_name_that_the_check_takes_itself(said):
    text = SHAPED.format(
        made="self.layers = [first, np.random.randn(outputs, hidden + 1)]",
        listed="self.layers",
    )
    assert said(text, "Net.cost,Net.gradient", convention={"layers": "weights"})[0]


ALONE = """
def gradients(X, Y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    p = {p}
    d = {d}
    dh = d @ W2.T * (1 - h ** 2)
    return X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)

def softmax(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)
"""


@pytest.mark.parametrize(
    ("p", "d", "words"),
    [
        ("sigmoid(h @ W2 + b2)", "5 * (p - Y)", "5 times the gradient"),
        ("softmax(h @ W2 + b2)", "(p - Y) / len(X)", "cross-entropy, averaged"),
    ],
)
def test_a_gradient_without_a_cost_may_have_any_scale(said, p, d, words):
    found, text = said(ALONE.format(p=p, d=d), "gradients")
    assert found
    assert words in text


@pytest.mark.parametrize(
    ("p", "d"),
    [  # the right deltas of: absolute error, Huber's loss, the class alone, ascent
        ("sigmoid(h @ W2 + b2)", "np.sign(p - Y) * p * (1 - p)"),
        ("h @ W2 + b2", "np.clip(p - Y, -0.5, 0.5)"),
        ("sigmoid(h @ W2 + b2)", "(p - 1) * Y"),
        ("sigmoid(h @ W2 + b2)", "Y - p"),
    ],
)
def test_a_gradient_that_may_be_that_of_another_cost_is_asked_about(said, p, d):
    with pytest.raises(jaxnn.Mistake, match="name the cost"):
        said(ALONE.format(p=p, d=d), "gradients")


@pytest.mark.parametrize(
    ("d", "words"),
    [
        ("(p - Y) * p * (1 - p)", "an extra softmax' at the output"),
        ("np.exp(p - p) * (e / e.sum(axis=0) - Y)", "a sum over the examples"),
        ("e / np.sum(e) - Y", "the sum over everything"),
    ],
)
def test_a_mistake_in_softmax_is_named_without_a_cost(said, d, words):
    p = "softmax(h @ W2 + b2); e = np.exp(h @ W2 + b2)"
    found, text = said(ALONE.format(p=p, d=d), "gradients")
    assert not found
    assert words in text


ONE = """
def step(x, y, w1, w2, b1, b2):
    h = np.tanh(w1 @ x + b1)
    p = sigmoid(w2 @ h + b2)
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    d = p - y
    dh = d * w2 * (1 - h ** 2)
    return loss, np.outer(dh, x), d * h, dh, d
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", "", "PASS"),
        (" * (1 - h ** 2)", "", "tanh' is missing in dZ1"),
        ("1 - h ** 2", "1 - h", "dZ1 uses 1 - A1"),
    ],
)
def test_weights_to_one_output_can_be_a_vector(said, old, new, words):
    found, text = said(ONE.replace(old, new), "step")
    assert found is (not old)
    assert words in text


def test_gradients_without_names_in_the_order_of_the_arguments(said):
    text = """
    def batch(X, y, w1, w2, b1, b2):
        h = np.tanh(X @ w1 + b1)
        p = sigmoid(h @ w2 + b2)
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        d = (p - y) / len(y)
        dh = np.outer(d, w2) * (1 - h ** 2)
        return loss, X.T @ dh, h.T @ d, dh.sum(0), d.sum()
    """
    assert said(text, "batch")[0]


LINES = """
x = np.array([1.0, 0.5])
y = 1.0
W1, b1 = np.ones((3, 2)), np.zeros(3)
W2 = np.ones(3)
for step in range(100):
    a = np.tanh(W1 @ x + b1)
    error = W2 @ a - y
    loss = 0.5 * error ** 2
    dW2 = error * a
    dz = error * W2 * (1 - a ** 2)
    dW1 = np.outer(dz, x)
    db1 = dz
    W1 -= 0.1 * dW1
    b1 -= 0.1 * db1
    W2 -= 0.1 * dW2
"""


def test_the_lines_of_one_example_are_suggested(said):
    words = "--values loss,dW2,dW1,db1 --of W1,b1,W2 --data x,y"
    with pytest.raises(jaxnn.Mistake, match=words):
        said(LINES, "")


BATCH = """
def loss(X, Y, W1, b1, W2, b2):
    p = sigmoid(np.tanh(X @ W1 + b1) @ W2 + b2)
    return -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / len(X)

def grads(X, Y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    dz2 = (sigmoid(h @ W2 + b2) - Y) / len(X)
    dh = dz2 @ W2.T
    dz1 = dh * (1 - h ** 2)
    return X.T @ dz1, dz1.sum(0), h.T @ dz2, dz2.sum(0)
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("return X.T @ dz1", "return dz1", "dZ1 came back in place of dW1"),
        ("h.T @ dz2", "dh", "the gradient of A1 came back in place of dW2"),
    ],
)
def test_what_came_back_in_place_of_a_gradient_is_named(said, old, new, words):
    assert said(BATCH, "loss,grads")[0]
    found, text = said(BATCH.replace(old, new), "loss,grads")
    assert not found
    assert words in text


def test_the_label_of_the_last_example_for_all(said):
    text = BATCH.replace("W2 + b2)\n    return", "W2 + b2); Y = Y[-1]\n    return", 1)
    assert text != BATCH
    found, words = said(text, "loss,grads")
    assert not found
    assert "cost: the last example's label stands for every label" in words


SKIPS = """
def cost(X, Y, W1, W2, W3):
    h = np.tanh(X @ W1)
    return np.sum(((h + np.tanh(h @ W2)) @ W3 - Y) ** 2) / 2

def grads(X, Y, W1, W2, W3):
    h = np.tanh(X @ W1)
    t = np.tanh(h @ W2)
    d = (h + t) @ W3 - Y
    back = d @ W3.T
    inner = back * (1 - t ** 2)
    first = (back + inner @ W2.T) * (1 - h ** 2)
    return X.T @ first, h.T @ inner, (h + t).T @ d
"""


def test_skips_are_judged_by_the_differences_of_their_own_cost(said):
    assert said(SKIPS, "cost,grads")[0]
    found, words = said(SKIPS.replace("(back + inner", "(inner"), "cost,grads")
    assert not found
    assert "it is not that of your cost, by central differences" in words
    assert "W2 weights ok" in words
    with pytest.raises(jaxnn.Mistake, match="name the cost"):
        said(SKIPS, "grads")


OCTAVE = """
function [J, net] = work(net, X, y)
  m = size(X, 2);
  A = tanh({W1} * X + {b1});
  P = 1 ./ (1 + exp(-({W2} * A + {b2})));
  J = sum(sum((P - y) .^ 2)) / (2 * m);
  d2 = (P - y) .* P .* (1 - P) / m;
  d1 = ({W2}' * d2) .* (1 - A .^ 2);
  {dW2} = d2 * A';
  {db2} = sum(d2, 2);
  {dW1} = d1 * X';
  {db1} = sum(d1, 2);
end
"""


@pytest.mark.skipif(not shutil.which("octave-cli"), reason="Octave is not installed")
@pytest.mark.parametrize("field", ["{}{}", "{}{{{}}}", "layers{{{1}}}.{0}"])
def test_parameters_in_a_struct(tmp_path, field):
    names = [f"{kind}{i}" for kind in ("W", "b", "dW", "db") for i in (1, 2)]
    made = {n: "net." + field.format(n[:-1], n[-1]) for n in names}
    path = tmp_path / "work.m"
    path.write_text(OCTAVE.format(**made))
    assert jaxnn.check_gradient(str(path)).passed
    path.write_text(OCTAVE.format(**made).replace(" .* (1 - A .^ 2)", ""))
    assert "tanh' is missing in dZ1" in str(jaxnn.check_gradient(str(path)))


COLUMNS = """
function grad = slopes(V, W, X, y, lambda)
  m = size(X, 1);
  P = [ones(m, 1) X];
  Q = 1 ./ (1 + exp(-P * V'));
  Q = [ones(m, 1) Q];
  d = 1 ./ (1 + exp(-Q * W')) - y;
  e = (d * W(:, 2:end)) .* Q(:, 2:end) .* (1 - Q(:, 2:end));
  gV = (e' * P + lambda * [zeros(size(V, 1), 1) V(:, 2:end)]) / m;
  gW = (d' * Q + lambda * [zeros(size(W, 1), 1) W(:, 2:end)]) / m;
  grad = [gV(:); gW(:)];
end
"""


@pytest.mark.skipif(not shutil.which("octave-cli"), reason="Octave is not installed")
@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, True),
        ({"gV(:)": "gV'(:)", "gW(:)": "gW'(:)"}, True),
        ({" .* Q(:, 2:end) .* (1 - Q(:, 2:end))": ""}, False),
    ],
)
def test_a_vector_that_comes_back_is_read_in_either_order(tmp_path, changes, passed):
    text = COLUMNS
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "slopes.m"
    path.write_text(text)
    found = jaxnn.check_gradient(str(path), convention={"V": "W1", "W": "W2"})
    assert found.passed is passed
    assert passed or "sigma' is missing in delta2" in str(found)


@pytest.mark.skipif(not shutil.which("octave-cli"), reason="Octave is not installed")
def test_a_call_that_cannot_be_made_is_not_the_function_s_own_error(tmp_path):
    path = tmp_path / "slopes.m"
    head = "function g = slopes(V, W, X, y, lambda, layers, odd, eta)"
    path.write_text("\n".join([head, "g = eta * [V(:); W(:)];", "end"]))
    with pytest.raises(jaxnn.Mistake, match="cannot be called: no value") as raised:
        jaxnn.check_gradient(str(path), convention={"V": "W1", "W": "W2"})
    assert "__call__" not in str(raised.value)


PASSED_ON = """
def forward(W1, b1, W2, b2, X):
    s = X @ W1 + b1
    t = np.tanh(s)
    u = t @ W2 + b2
    v = sigmoid(u)
    return {returned}

def loss(y, {output}):
    return -np.mean(y * np.log({output}) + (1 - y) * np.log(1 - {output}))

def backward(W1, b1, W2, b2, X, y):
    t = np.tanh(X @ W1 + b1)
    d = (sigmoid(t @ W2 + b2) - y) / len(X)
    e = d @ W2.T * (1 - t * t)
    return X.T @ e, e.sum(0), t.T @ d, d.sum(0)
"""


@pytest.mark.parametrize("output", ["y_pred", "guess"])
@pytest.mark.parametrize("returned", ["z1, a1, z2, a2", "t, v", "probs, t", "v, cache"])
def test_the_argument_of_a_cost_is_the_output(said, returned, output):
    text = PASSED_ON.format(returned=returned, output=output)
    for name, value in (("z1", "s"), ("a1", "t"), ("z2", "u"), ("a2", "v")):
        text = text.replace(
            f"    return {returned}", f"    {name} = {value}\n    return {returned}"
        )
    text = text.replace("    return probs", "    probs = v\n    return probs")
    text = text.replace("    return v, c", "    cache = t\n    return v, c")
    assert said(text, "loss,backward")[0]
    found, words = said(text.replace(" * (1 - t * t)", ""), "loss,backward")
    assert not found
    assert "tanh' is missing in dZ1" in words


def test_a_cost_of_another_value_than_the_output_is_no_verdict(said):
    text = PASSED_ON.format(returned="v, s", output="y_pred")
    with pytest.raises(jaxnn.Mistake, match="perhaps because y_pred is not what"):
        said(text, "loss,backward")


KEPT = """
class Net:
    def __init__(self, n, h, k):
        self.W1, self.W2 = np.random.randn(h, n), np.random.randn(k, h)
        self.b1, self.b2 = np.zeros((h, 1)), np.zeros((k, 1))

    def forward(self, x):
        self.p = np.tanh(self.W1 @ x + self.b1)
        self.q = np.tanh(self.W2 @ self.p + self.b2)
        return self.q

    def backward(self, x, y):
        d = (self.q - y) * (1 - np.tanh(self.q) ** 2)
        e = self.W2.T @ d * (1 - np.tanh(self.p) ** 2)
        return e @ x.T, e.sum(1), d @ self.p.T, d.sum(1)
"""


def test_the_output_of_the_forward_pass_decides_the_unit(said):
    right = KEPT.replace("np.tanh(self.q) **", "self.q **")
    right = right.replace("np.tanh(self.p) **", "self.p **")
    assert said(right, "Net.forward,Net.backward")[0]
    found, words = said(KEPT, "Net.forward,Net.backward")
    assert not found
    assert "tanh' is taken of the activations" in words
    assert "one sigmoid" not in words


LOOP = """
def backward(X, Y, e, W, b, rate):
    return W + rate * e * X.T, b + rate * e, e * W

X, Y = np.random.rand(6, 2), np.random.rand(6, 3)
W1, W2 = np.random.rand(2, 4), np.random.rand(4, 3)
for i in range(9):
    A = sigmoid(X @ W1)
    P = sigmoid(A @ W2)
    loss = np.sum((P - Y) ** 2) / 2
    d2 = (P - Y) * P * (1 - P)
    d1 = d2 @ W2.T * A * (1 - A)
    W2 -= 0.1 * A.T @ d2
    W1 -= 0.1 * X.T @ d1
"""


def test_a_helper_that_nothing_calls_is_not_taken_for_the_script(tmp_path):
    path = tmp_path / "work.py"
    path.write_text(SIGMOID + LOOP)
    with pytest.raises(jaxnn.Mistake, match="nothing calls backward.*--values loss"):
        jaxnn.check_gradient(str(path))
