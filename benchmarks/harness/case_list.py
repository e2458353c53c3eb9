"""The cases of code as people write it: how each is called, and what is true of it."""

from typing import NamedTuple


class Call(NamedTuple):
    """A command in a case's folder, and what is true of what it checks."""

    words: str  # after python -m jaxnn.gradcheck
    truth: str

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.words.split()[0].partition(":")[0]

    @property
    def names(self) -> list[str]:
        """The functions named, if any."""
        named = self.words.split()[0].partition(":")[2]
        return named.split(",") if named else []


MENDED = "The same with the mistake put right:"
CALLS: dict[str, tuple[Call, ...]] = {  # of each folder
    "01_three_functions": (
        Call(
            "planar.py:compute_cost,backward_propagation",
            "The gradient of layer 2 is right. dZ1 is divided by m, and dW1 and db1, "
            "which are made of it, once more.",
        ),
        Call("mended.py:compute_cost,backward_propagation", MENDED),
    ),
    "02_relu_softmax": (
        Call("net.py:loss_and_gradients", "All right, with a penalty of reg/2."),
    ),
    "03_squared_error": (
        Call(
            "bp.py:backprop",
            "sigmoid_prime takes z, and both layers give it the activation.",
        ),
        Call("mended.py:backprop", MENDED),
    ),
    "04_steps": (
        Call(
            "steps.py:cost_and_step",
            "All right: what it returns is the gradient times the learning rate.",
        ),
        Call("steps.py:update", "All right: what it returns are the new weights."),
    ),
    "05_changes_its_argument": (
        Call(
            "net.py:NerualNet.nnCost,NerualNet.nnCostDer",
            "Both are right for the vector that they get, but nnCost sets the caller's "
            "biases to 0: the matrices are views of the vector.",
        ),
        Call("mended.py:NerualNet.nnCost,NerualNet.nnCostDer", MENDED),
    ),
    "06_labels_in_two_forms": (
        Call(
            "ex4.py:compute_cost,compute_gradient",
            "All right: the cost takes labels 1-10, the gradient one-hot rows.",
        ),
    ),
    "07_cost_of_many_numbers": (
        Call(
            "net.py:costFunction",
            "The gradient is right. The cost is made of y in place of target, and "
            "Python's sum adds up the examples only.",
        ),
        Call("mended.py:costFunction", MENDED),
    ),
    "08_scalar_db": (
        Call(
            "model.py:model",
            "db1 and db2 are summed over the units too; the weights are right.",
        ),
        Call("mended.py:model", MENDED),
    ),
    "09_penalty_axis": (
        Call(
            "layers.py:cost_and_gradient",
            "The biases are in row 0, and column 0 is left out of the penalty, in the "
            "cost and in its gradient.",
        ),
        Call("mended.py:cost_and_gradient", MENDED),
    ),
    "10_theta2_theta3": (
        Call("uebung.py:kosten,gradienten", "sigmoid_gradient takes z2, and gets a2."),
        Call("mended.py:kosten,gradienten", MENDED),
    ),
    "11_class_with_lists": (
        Call(
            "deep.py:DeepNet.cost,DeepNet.gradients",
            "Two mistakes: dw is made of the activations that leave the layer, not of "
            "those that enter it; and m is the number of the layer's inputs.",
        ),
        Call("mended.py:DeepNet.cost,DeepNet.gradients", MENDED),
    ),
    "12_octave": (Call("nnCostFunction.m", "All right."),),
    "13_octave_wrong_layer": (
        Call(
            "nnCostFunction.m",
            "The hidden delta has the slope at z3, before the product with Theta2; it "
            "needs the one at z2, after it.",
        ),
        Call("mended/nnCostFunction.m", MENDED),
    ),
    "14_script": (
        Call("train.py", "A script without functions; what it computes is right."),
        Call(
            "train.py --values grad1,grad2 --of theta1,theta2 --data X,Y",
            "Its lines, run on test values: the gradient of the sum, right.",
        ),
        Call("as_function.py:gradients", "The same as a function: right."),
    ),
    "15_starter": (
        Call("nnCostFunction.py:nnCostFunction", "The exercise before it is solved."),
    ),
    "16_two_hidden_layers": (
        Call("net.py:Network.cost,Network.gradient", "All right."),
        Call(
            "wrong.py:Network.cost,Network.gradient",
            "The slope is missing in d2; the other two matrices are right.",
        ),
    ),
    "17_bias_without_slope": (
        Call(
            "mlp.py:forward_backward",
            "The hidden biases' gradient is the sum of grad_h; it needs grad_in. All "
            "else is right.",
        ),
        Call("mended.py:forward_backward", MENDED),
    ),
    "18_updates_itself": (
        Call(
            "xor.py:train_one",
            "The step of w_1 is right. delta_hidden is made of the error, without the "
            "slope at the output.",
        ),
        Call("mended.py:train_one", MENDED),
    ),
    "19_ones_in_the_penalty": (
        Call(
            "work.py:nnCostFunction",
            "In the gradient's penalty, ones stand where the biases are left out.",
        ),
        Call("mended.py:nnCostFunction", MENDED),
    ),
    "20_tanh_slope": (
        Call("l2.py:cost_and_grads", "The units are sigmoids; dZ1 has tanh's slope."),
        Call("mended.py:cost_and_grads", MENDED),
    ),
    "21_one_hot_rows": (
        Call(
            "rete.py:retropropagazione",
            "Right: 1e-9 in one logarithm changes the cost by too little to matter.",
        ),
    ),
    "22_mean_for_sum": (
        Call(
            "sums.py:loss_and_grads",
            "The cost is a sum over the examples, and so are the weights' gradients. "
            "The biases' are means.",
        ),
        Call("mended.py:loss_and_grads", MENDED),
    ),
    "23_own_error": (
        Call(
            "ex4.py:costfunc,gradient",
            "The last line asks for the third size of a matrix.",
        ),
        Call("mended.py:costfunc,gradient", MENDED),
    ),
}
