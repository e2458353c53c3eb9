"""The words of every edit: its place, its key, its name and the reason.

The places and keys are those of edits/; the empty key stands for any array of the
network. The names in braces are the person's: words.py fills them in.
"""

from jaxnn.clinic.telling.word_table import table

TEXTS = table(
    """
[labels]
up: labels shifted up by one
  labels 1 to k were used as indices 0 to k - 1 without subtracting 1
down: labels shifted down by one
  1 was subtracted from labels that already start at 0
first lost: the first class is lost
  the first class has no 1 in Y, as when label 10 is not mapped to 0
last lost: the last class is lost
  the loop over the classes ends one too early
up, last lost: labels shifted up by one, the last class lost
  labels 1 to k were compared with 0 to k - 1, so the last one matches nothing
down, first lost: labels shifted down by one, the first class lost
  labels from 0 were compared with numbers from 1, so label 0 matches nothing
of the last: the last example's label stands for every label
  Y was set again for each example in a loop, and used after it
of the first: the first example's label stands for every label
  Y was taken of example 0 alone
inverted: 1 - Y stands for Y
  the two labels are exchanged
[examples]
all but the last: the last example is left out
  <edge>
all but the first: the first example is left out
  the loop starts at 1, as in Octave, and skips example 0
the last: only the last example counts
  <loop>
the first: only the first example counts
  the loop over the examples returns or breaks in its first round
last: the last examples are left out
  m is not a multiple of the batch size, and the shorter batch is dropped
[forward]
: the hidden units are {key}
  the network has {f} units in its hidden layers
linear: the hidden units are linear
  {f} is left out in the forward pass: the next layer is made of z, not of {f}(z)
softmax of examples: softmax is divided by a sum over the examples
  <softmax>
softmax of all: softmax is divided by the sum over everything
  <softmax>
[order]
all: the gradient is unrolled in the other order
  <order>
one: {W}'s gradient is unrolled in the other order
  <order>
[layers]
swapped: the layers are swapped in the unrolled gradient
  the parameters begin with one layer, but the gradient begins with another
[error]
z: the output delta uses {z} in place of {a}
  the {out} at the output was left out
a: Y is missing in the output delta
  delta is output minus target
y: {a} is missing in the output delta
  delta is output minus target
unit: the output delta uses {key}
  the outputs of this network are {out} units
squared: the output delta squares the error
  the derivative of a square is linear in the error
the class alone: the output delta is kept for the right class only
  every output has a delta, those of the other classes too
all but the class: the output delta is missing for the right class
  every output has a delta, that of the right class too
by a: the output delta is the derivative by {a}, not by {z}
  the factor {out}'({z}) is missing after the derivative of the loss
by a, sign: the second term of the loss has the wrong sign in the output delta
  the derivative of log(1 - a) is -1 / (1 - a)
[slope at the output]
extra: an extra {out}' at the output
  this delta is for the squared error; <cancels>
extra at a: an extra {out}'({a}) at the output
  <cancels>, and {a} is an activation already
extra twice: an extra {out}' at the output, twice
  <cancels>
extra mean: an extra mean of {out}' at the output
  <cancels>
slope twice: {prime} is applied twice in the output delta
  with {loss} the output delta has the factor {prime}({z}) once
slope mean: {prime}({z}) is averaged over the examples in the output delta
  each example has its own slope
missing: {prime} is missing in the output delta
  with {loss} the output delta has the factor {prime}({z})
[slope]
missing: {prime} is missing in {delta}
  <chain>
at a: {prime} is taken of {acts}
  {a} is {f}({z}) already, and {prime}({a}) applies {f} once more
zero: {prime} is 0 everywhere in {delta}
  the function for {prime} may still return zeros
f: {delta} uses {short} in place of {prime}
  the units' function was called where its derivative is needed
by z: {delta} uses {byz} in place of {prime}({z})
  this form of the derivative takes the activation {a}, not {z}
unit: {delta} uses the derivative of {key}
  the units of this layer are {f}
unit at a: {delta} uses the derivative of {key}, taken of the activation {a}
  the units of this layer are {f}, and {a} is an activation already
unit at z: {delta} uses the derivative of {key}
  the units of this layer are {f}
unit by z: {delta} uses the derivative of {key}, taken of {z}
  the units of this layer are {f}
twice: {prime} is applied twice in {delta}
  <chain> once
1 - a: {delta} uses 1 - {a} in place of {prime}({z})
  <chain>
mask of back: {delta} takes {prime} of the gradient in place of {z}
  the mask is 1 where {z} > 0, whatever the sign of what comes back
mean: {prime}({z}) is averaged over the examples in {delta}
  each example has its own slope
: {delta} uses {key} in place of {prime}({z})
  <chain>
[handed]
before the slope: {delta} {is} made of the error, without {prime_above}({z_above})
  {delta_above} with its slope is handed back, not the error before it
extra: an extra {prime_above}({z_above}) in {delta}
  {delta_above} is the derivative by {z_above} already
extra at a: an extra {prime_above}({a_above}) in {delta}
  {delta_above} is the derivative by {z_above} already
wrong layer: {prime} is taken of the wrong layer
  {delta} uses {prime_above}({z_above}) of the layer above; it needs {prime}({z})
: {delta} {is} made of {key} in place of {delta_above}
  what comes back is the delta of the next layer
[carrier]
gradient: {delta} uses {dW_above} in place of {W_above}
  the deltas come back through the weights
ones: {W_above} {is} missing in {delta}
  the deltas come back through the weights
shifted: {delta} drops the last column of {W_above} in place of the bias column
  the biases come first, so drop the first column, not the last
transposed: {W_above} {is} transposed the wrong way in {delta}
  the deltas come back through the transposed weights
updated: {W_above} {was} updated before {delta} {was} computed
  the step of {W_above} comes before the line that computes {delta}
: {delta} uses {key} in place of {W_above}
  the deltas come back through the next layer's weights
[entering]
f(a): {W}'s gradient uses {f_before}({a_before}) in place of {a_before}
  {a_before} is an activation already
all pairs: {W}'s gradient multiplies the two sums over the examples
  each example's delta belongs to its own activations
unit: {W}'s gradient uses {key} of {z_before} in place of {a_before}
  {W} is multiplied by {a_before}, so its gradient has {a_before} too
: {W}'s gradient uses {key} in place of {a_before}
  {W} is multiplied by {a_before}, so its gradient has {a_before} too
[summed]
before the slope: {what} {is} made of {delta} before the factor {prime}({z})
  {what} is made of {delta} with its slope
zero: {what} {is} 0
  it is not computed yet, or overwritten with zeros
extra: an extra {prime}({z}) in {what}
  {delta} has its slope already
only: {only} in {part}
  <loop>
: {what} {is} made of {key} in place of {delta}
  {what} is made of this layer's delta
[bias]
zero: the gradient of {biases} is missing
  it stayed zero, or was overwritten with zeros
both axes: the gradient of {biases} is summed over both axes
  np.sum without axis adds up the units as well as the examples
[penalty]
missing: {W} {is} not regularized
  the penalty has no term for {W}
biases: {column} regularized
  the biases are not weights, and the penalty is for weights
weights: {column} not regularized
  the cost's penalty has the biases too
only biases: only the {columns} are regularized
  the mask keeps the biases and removes the weights; it should do the reverse
ones: the penalty has ones in place of the bias column
  np.ones was joined to the weights, where np.zeros is needed
squares: the penalty is not differentiated: {lam_half} {W0}^2
  the derivative of {W0}^2 / 2 is {W0}
all squares: the penalty is not differentiated: {lam_half} {W0}^2
  the derivative of {W0}^2 / 2 is {W0}
signs: the penalty is that of the absolute values
  the derivative of {W0}^2 / 2 is {W0}, not its sign
sum: {W}'s penalty is the sum of the weights
  each weight has its own penalty: no sum is left after the derivative
sum of all: {W}'s penalty is the sum of the weights
  each weight has its own penalty: no sum is left after the derivative
gradient: {W}'s penalty has {dW} in place of {W}
  the penalty's gradient is made of the weights
whole gradient: {W}'s penalty has {dW} in place of {W}
  the penalty's gradient is made of the weights
last row: the last {row} is left out of the penalty in place of {col} 0
  the biases are in {col} 0
row 0: {row} 0 is left out of the penalty in place of {col} 0
  the biases are in {col} 0; here {row} 0 was taken for them
row 0 of the weights: one unit's weights are left out of the penalty
  the biases are apart, so nothing is left out of the weights
column 0 of the weights: the first input's weights are left out of the penalty
  the biases are apart, so nothing is left out of the weights
last column: the last {col} is left out of the penalty in place of {col} 0
  the biases are in {col} 0
column 1: {col} 1 is left out of the penalty in place of {col} 0
  the biases are in {col} 0; Python counts from 0
: {W}'s penalty has {key} in place of {W}
  each matrix has its own weights in its penalty
[lambda]
no factor: {lam_half} is missing before the squares of {W}
  the factor must multiply the squares of every layer; check its parentheses
k: k stands for lambda in the penalty of {W}
  the penalty is there whatever lambda is
: lambda is missing in the penalty of {W}
  the penalty of {W} is there, but not multiplied by lambda
""",
    chain="the chain rule through {f} units gives the factor {prime}({z})",
    cancels="with {loss} {out}' cancels at the output",
    loop="the loop assigns with =, so each example overwrites the one before",
    softmax="the outputs of one example, not of several, add up to 1",
    edge="the loop over the examples ends or starts too early",
    order="theta was read in one order and its gradient unrolled in another; or the "
    "gradient was transposed, which gives the same vector",
)
