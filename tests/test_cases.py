"""What the check says of files as people write them; tests/cases/ has one a folder.

Each was found right or wrong by central differences of its own cost, in float64. A
mended file is the same with the mistake put right.
"""

import contextlib
import shutil
from pathlib import Path

import pytest

import jaxnn
from jaxnn import Mistake

CASES = Path(__file__).parent / "cases"
PASS, WRONG, REFUSED = 0, 1, 2  # the command's exit codes

# folder/file and functions: the exit code, and words that are said
CALLS = {
    "01_three_functions/planar.py:compute_cost,backward_propagation": (
        WRONG,
        "tanh, then one sigmoid; binary cross-entropy",
        "1/m is applied twice in dW1 and db1",
        "dZ1 = W2.T @ dZ2 * (1 - np.tanh(Z1) ** 2)",
    ),
    "01_three_functions/mended.py:compute_cost,backward_propagation": (PASS,),
    "02_relu_softmax/net.py:loss_and_gradients": (
        PASS,
        "ReLU, then softmax; cross-entropy",
        "penalty lambda/2 of",
    ),
    "03_squared_error/bp.py:backprop": (WRONG, "squared error", "sigma' is taken of"),
    "03_squared_error/mended.py:backprop": (PASS,),
    "04_steps/steps.py:cost_and_step": (PASS,),
    "04_steps/steps.py:update": (PASS,),
    "05_changes_its_argument/net.py:NerualNet.nnCost,NerualNet.nnCostDer": (
        WRONG,
        "changes its argument nnParams in place",
    ),
    "05_changes_its_argument/mended.py:NerualNet.nnCost,NerualNet.nnCostDer": (PASS,),
    "06_labels_in_two_forms/ex4.py:compute_cost,compute_gradient": (PASS,),
    "07_cost_of_many_numbers/net.py:costFunction": (
        WRONG,
        "the cost is not one number: it has shape (10,)",
    ),
    "07_cost_of_many_numbers/mended.py:costFunction": (PASS,),
    "08_scalar_db/model.py:model": (WRONG, "db2 and db1 are one number each", "axis="),
    "08_scalar_db/mended.py:model": (PASS,),
    "09_penalty_axis/layers.py:cost_and_gradient": (WRONG, "penalty", "[1:]"),
    "09_penalty_axis/mended.py:cost_and_gradient": (PASS,),
    "10_theta2_theta3/uebung.py:kosten,gradienten": (
        WRONG,
        "sigma' is taken of the activation a2",
        "Theta3[:, 1:].T @ delta3",
    ),
    "10_theta2_theta3/mended.py:kosten,gradienten": (PASS,),
    "11_class_with_lists/deep.py:DeepNet.cost,DeepNet.gradients": (WRONG, "shape"),
    "11_class_with_lists/mended.py:DeepNet.cost,DeepNet.gradients": (PASS,),
    "12_octave/nnCostFunction.m": (PASS, "column by column"),
    "13_octave_wrong_layer/nnCostFunction.m": (
        WRONG,
        "sigma' is taken of the wrong layer",
        "Theta2(:, 2:end)",
    ),
    "13_octave_wrong_layer/mended/nnCostFunction.m": (PASS,),
    "14_script/train.py": (REFUSED, "function"),
    "14_script/as_function.py:gradients": (PASS,),
    "15_starter/nnCostFunction.py:nnCostFunction": (WRONG, "nothing is computed yet"),
    "16_two_hidden_layers/net.py:Network.cost,Network.gradient": (PASS,),
    "16_two_hidden_layers/wrong.py:Network.cost,Network.gradient": (
        WRONG,
        "sigma' is missing in delta2",
    ),
    "17_bias_without_slope/mlp.py:forward_backward": (
        WRONG,
        "before the factor sigma'",
    ),
    "17_bias_without_slope/mended.py:forward_backward": (PASS,),
    "18_updates_itself/xor.py:train_one": (WRONG, "made of the error", "dZ1 = "),
    "18_updates_itself/mended.py:train_one": (PASS,),
    "19_ones_in_the_penalty/work.py:nnCostFunction": (
        WRONG,
        "the penalty has ones in place of the bias column",
    ),
    "19_ones_in_the_penalty/mended.py:nnCostFunction": (PASS,),
    "20_tanh_slope/l2.py:cost_and_grads": (WRONG, "the derivative of tanh"),
    "20_tanh_slope/mended.py:cost_and_grads": (PASS,),
    "21_one_hot_rows/rete.py:retropropagazione": (PASS,),
    "22_mean_for_sum/sums.py:loss_and_grads": (
        WRONG,
        "summed over the examples",
        "d_b1",
    ),
    "22_mean_for_sum/mended.py:loss_and_grads": (PASS,),
    "23_own_error/ex4.py:costfunc,gradient": (REFUSED, "IndexError", "36"),
    "23_own_error/mended.py:costfunc,gradient": (PASS,),
}


def said(target):
    """The exit code of the command, and the text."""
    try:
        report = jaxnn.check_gradient(target)
    except Mistake as error:
        return REFUSED, str(error)
    return int(not report.passed), "\n".join(report.lines)


@pytest.mark.parametrize("call", CALLS)
def test_a_case_is_judged_rightly(call, tmp_path):
    code, *words = CALLS[call]
    case, target = call.split("/", 1)
    if ".m" in target and not shutil.which("octave-cli"):
        pytest.skip("Octave is not installed")
    folder = shutil.copytree(CASES / case, tmp_path / case)
    with contextlib.chdir(folder):
        found, text = said(target)
    assert found == code, text
    assert all(word in text for word in words), text
    assert ("diagnosis" in text) == (code == WRONG)


def test_every_file_is_called():
    called = {call.partition(":")[0] for call in CALLS}
    starts = {str(path.relative_to(CASES)) for path in CASES.rglob("*.py")}
    assert starts - called == {"15_starter/sigmoid.py"}
