"""Correct functions pass, however they are written and called."""

import functools
import itertools

import jax
import numpy as np
import people
import pytest

import jaxnn
from jaxnn.clinic import CHOICES
from jaxnn.clinic.calling import subject, ways
from jaxnn.clinic.calling.forms import Form
from jaxnn.clinic.calling.names import Name, read_name

# what people write hangs on no version of Python or JAX: one of them is enough
pytestmark = pytest.mark.slow

NAMES = {
    "lam": "lam lambda_ Lambda lamda lmbda lb plambda param_lambda lambda_in "
    "lambda_val NNlambda reg regularization λ l xlambda reg_lambda lambdaValue lmd",
    "rate": "learning_rate alpha lr eta",
    "params": "nn_params params nnParams initial_nn_params theta_unrolled",
    "n": "input_layer_size input_size n_input il inputLayerSize num_inputs "
    "input_n nb_inputs feature_count no_of_in_nodes",
    "h": "hidden_layer_size hidden_size n_hidden hl num_hidden_units",
    "k": "num_labels n_labels K num_classes output_size nLabels "
    "outputs_n label_count output_neurons",
    "x": "X x data features X_train images",
    "y": "y Y yy labels y_onehot targets classes y_train",
    "layers": "layers layer_sizes sizes",
}
NUMBERED = {
    Name("W", "1"): "theta1 Theta1 Theta_1 W1 w1 t1 weights1",
    Name("W", "2"): "theta2 Theta2 Theta_2 W2 w2 t2 weights2",
    Name("b", "1"): "b1 bias1 bias_1 B1",
    Name("W", "1", True): "dW1 grad_W1 theta1_grad dtheta1",
}


def title(functions):
    every = functions if isinstance(functions, tuple) else (functions,)
    return ",".join(one.__qualname__ for one in every)


@pytest.mark.parametrize("functions", people.CORRECT, ids=title)
def test_correct_functions_pass_in_their_convention(functions):
    report = jaxnn.check_gradient(functions)
    assert report.passed and "PASS" in str(report), report
    assert not report.cost and not report.gradient
    assert people.CORRECT[functions] in report.lines[1]
    is_single = functions is people.single
    assert ("float32" in str(report).replace("float64", "")) == is_single


@pytest.mark.parametrize("lam", [0, 1, 3])
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize(
    "function",
    [people.nn_cost_function, people.column_major, people.two_matrices,
     people.list_of_matrices, people.backprop, people.columns],
    ids=title,
)  # fmt: skip
def test_correct_functions_pass_in_both_precisions(function, kind, lam):
    @functools.wraps(function)
    def rounded(*args):
        found = []
        for one in function(*args):
            parts = one if isinstance(one, list) else [one]
            found += [np.asarray(part, kind) for part in parts]
        return found

    report = jaxnn.check_gradient(rounded, lam=lam)
    assert report.passed, report
    message = f"lambda 0 and {lam}" if lam else "lambda 0;"
    assert message in str(report)


@pytest.mark.slow
def test_a_jax_function_passes_in_float64():
    def loss(params, X, y, lam):
        theta1, theta2 = params
        return jaxnn.cost((theta1, theta2), X, y, lam)

    report = jaxnn.check_gradient(jax.value_and_grad(loss))
    assert report.passed and "labels 0-9" in report.lines[1], report
    assert "float32" not in str(report)


def test_another_size_can_be_given():
    def cost(nn_params, X, y, lam):
        return people.nn_cost_function(nn_params, 49, 7, 3, X, y, lam)

    report = jaxnn.check_gradient(cost, layers=(49, 7, 3))
    assert report.passed and "49-7-3" in str(report)
    with pytest.raises(ValueError, match="raised ValueError"):
        jaxnn.check_gradient(cost)


def test_names_have_their_roles():
    for role, names in NAMES.items():
        for name in names.split():
            assert read_name(name) == Name(role), name
    for meaning, names in NUMBERED.items():
        for name in names.split():
            assert read_name(name) == meaning, name


@pytest.mark.parametrize("name", "theta thetas theta_vec w weights W".split())
def test_weights_without_a_number_are_all_parameters(name):
    code = f"def function({name}, n, h, k, X, y, lam): {name}[: h * (n + 1)]"
    exec(code, found := {})
    assert subject((found["function"],), {}).name_of("params") == name


def test_a_learning_rate_is_lambda_only_where_the_values_say_so():
    def first(theta, X, y, learning_rate):
        pass

    def second(theta, X, y, lam, learning_rate):
        pass

    assert subject((first,), {}).name_of("rate") == "learning_rate"
    assert jaxnn.check_gradient(people.backprop).passed  # where it is lambda
    assert subject((second,), {}).name_of("lam") == "lam"
    assert subject((second,), {}).name_of("rate") == "learning_rate"


def test_arguments_without_a_known_name_are_the_missing_ones():
    def function(q, a, b, c, alfa, beta, gamma):
        pass

    roles = [one.role for one in subject((function,), {}).inputs]
    assert roles == ["params", "n", "h1", "k", "x", "y", "lam"]


def test_a_role_can_be_given():
    def function(nn_params, n, h, k, X, y, foo=0.0):
        cost, gradient = people.nn_cost_function(nn_params, n, h, k, X, y, foo)
        return cost + foo**2, gradient  # a penalty never grows with lambda^2

    report = jaxnn.check_gradient(function)
    assert report.passed and "no lambda" in report.lines[1]
    assert "if it is foo, add --convention NAME=lam" in str(report)

    report = jaxnn.check_gradient(function, foo="lam")
    assert not report.passed and "lambda is foo" in str(report)
    for wrong in ({"fooo": "lam"}, {"foo": "lam", "n": "lam"}):
        with pytest.raises(ValueError, match="no argument fooo|have the same role"):
            jaxnn.check_gradient(function, **wrong)


def test_a_lambda_without_a_name_is_found_by_its_penalty():
    def wrong(nn_params, n, h, k, X, y, foo=0.0):  # only a gradient, penalty wrong
        found = people.nn_cost_function(nn_params, n, h, k, X, y, foo)[1]
        return found + foo * nn_params

    assert not jaxnn.check_gradient(wrong).passed


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_can_be_given(name):
    for value in CHOICES[name]:
        try:
            report = jaxnn.check_gradient(people.nn_cost_function, **{name: value})
        except ValueError as error:
            assert "\n" not in str(error) or "called with" in str(error)
        else:
            says_nothing = name in ("matrices", "biases", "numbered")  # for a vector
            # one example a call, and pandas, are right too
            is_one = value in ("scalar", "frame")
            assert report.passed == (says_nothing or is_one or value in Form()), report


def test_a_convention_can_be_given():
    report = jaxnn.check_gradient(people.nn_cost_function, order="F", labels="0-9")
    assert not report.passed and "column by column" in report.lines[1]
    with pytest.raises(ValueError, match="'G'; choose from 'C', 'F'"):
        jaxnn.check_gradient(people.nn_cost_function, order="G")
    with pytest.raises(ValueError, match="not a convention"):
        jaxnn.check_gradient(people.nn_cost_function, something="else")


def test_a_persons_globals_are_theirs_again():
    names = ("X", "y", "m", "lamda", "num_labels", "input_layer_size")
    before = {name: getattr(people, name) for name in names}
    assert jaxnn.check_gradient(people.from_globals).passed
    assert {name: getattr(people, name) for name in names} == before


def test_a_global_count_of_missing_data_is_set(tmp_path):
    path = tmp_path / "mywork.py"
    path.write_text(
        "import numpy as np\nfrom scipy.io import loadmat\n"
        "data = loadmat('ex4data1.mat')\nm = data['X'].shape[0]\n"
        "def cost(theta1, theta2, X, y, lam):\n"
        "    a2 = 1 / (1 + np.exp(-np.c_[np.ones(m), X] @ theta1.T))\n"
        "    h = 1 / (1 + np.exp(-np.c_[np.ones(m), a2] @ theta2.T))\n"
        "    Y = np.eye(10)[y - 1]\n"
        "    d3, one = h - Y, np.ones(m)\n"
        "    d2 = d3 @ theta2[:, 1:] * a2 * (1 - a2)\n"
        "    J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / m\n"
        "    return J, d2.T @ np.c_[one, X] / m, d3.T @ np.c_[one, a2] / m\n"
    )
    assert jaxnn.check_gradient(f"{path}:cost", lam=0).passed


def test_bound_methods_are_called_on_a_copy():
    network = people.Stateful()
    assert jaxnn.check_gradient(network.loss).passed
    assert network.theta1 is None and network.calls == []


def test_usual_conventions_come_first():
    s = subject((people.nn_cost_function,), {})
    assert next(ways(s, {})).forms == (Form(),)
    fixed = list(itertools.islice(ways(s, {"labels": "0-9", "order": "F"}), 9))
    assert {(one.form.labels, one.form.order) for one in fixed} == {("0-9", "F")}
