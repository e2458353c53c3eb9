"""Exercise 4's cost and gradient in plain NumPy, into which mistakes can be planted.

An independent source of truth: it shares no code with jaxnn. One hidden layer,
sigmoids, regularized cross-entropy; theta1 (h, 1+n) and theta2 (k, 1+h), column 0 the
bias; examples are ROWS, as students write it. A mistake is planted by its name. Each
sits in one place of the code; each place takes at most one mistake.
"""

from collections.abc import Collection

import numpy as np

Array = np.ndarray

# the numbers that some mistakes contain
NUMBERS = {"step": 0.3, "eps": 1e-3, "count": 3, "number": 5000}

_SHARED = {
    "labels": (
        "labels shifted up by one",
        "labels shifted down by one",
        "the first class is lost",
        "the last class is lost",
        "labels shifted up by one, the last class lost",
        "labels shifted down by one, the first class lost",
    ),
    "examples": (
        "the last example is left out",
        "the first example is left out",
        "only the last example counts",
        "only the first example counts",
        "the last examples are left out",
    ),
    "forward": (
        "the hidden units are tanh",
        "the hidden units are ReLU",
        "the hidden units are linear",
    ),
    "columns": (
        "the bias column of theta1 is regularised",
        "the bias column of theta2 is regularised",
        "the bias columns of theta1 and theta2 are regularised",
        "row 0 is left out of the penalty in place of column 0",
        "the last column is left out of the penalty in place of column 0",
        "column 1 is left out of the penalty in place of column 0",
        "theta1 is not regularised",
        "theta2 is not regularised",
        "only the bias columns are regularised",
    ),
}

_GRADIENT = _SHARED | {
    "columns": (
        *_SHARED["columns"],
        "ones stand for the bias column in the penalty",
    ),
    "delta3": (
        "an extra sigma' at the output",
        "an extra sigma' of the activation at the output",
        "the output delta takes z3 in place of a3",
        "the output delta is softmax's",
    ),
    "delta3's sign": ("the output delta has the wrong sign",),
    "time": ("theta2 was updated before delta2 was computed",),
    "column": ("the last column of theta2 is dropped for delta2 in place of the bias",),
    "delta2": (
        "sigma' is missing in delta2",
        "sigma' is taken of the activation a2",
        "sigma stands in place of sigma' in delta2",
        "sigma' is taken of the wrong layer",
        "an extra sigma'(z3) on the way back to delta2",
        "delta2 has tanh's derivative",
        "delta2 has z2 (1 - z2) for sigma'",
    ),
    "activation": ("theta2's gradient takes z2 in place of a2",),
    "sum": (
        "only the last example counts in theta1",
        "only the last example counts in theta2",
    ),
    "bias": (
        "the gradient of the biases is missing",
        "the sum over the wrong axis in the gradient of the biases",
        "1/m is missing in the gradient of the biases",
        "1/m is missing in the gradient of theta1's biases",
        "1/m is missing in the gradient of theta2's biases",
        "1/m twice in the gradient of the biases",
    ),
    "average": (
        "1/m is missing",
        "1/m twice",
        "1/m is missing in theta1",
        "1/m is missing in theta2",
        "1/m twice in theta1",
        "1/m twice in theta2",
        "1/(2m) in place of 1/m",
        "the mean over classes as well as examples",
        "a fixed number stands for m",
    ),
    "penalty": (
        "the penalty is missing",
        "the penalty is not divided by m",
        "the penalty is twice as large",
        "the penalty is half as large",
        "the penalty is 2 lambda theta",
        "the penalty is divided by m twice",
        "the cost's penalty was not differentiated: lambda/(2m) theta^2",
        "a fixed number stands for m in the penalty",
    ),
    "penalty's sign": ("the penalty has the wrong sign",),
    "whole": (
        "the gradient is negated",
        "nothing is divided by m",
        "everything is divided by m twice",
    ),
    "order": (
        "the gradient is unrolled in the other order",
        "theta1's gradient is unrolled in the other order",
        "theta2's gradient is unrolled in the other order",
    ),
    "layers": ("the layers are swapped in the unrolled gradient",),
}

_COST = _SHARED | {
    "terms": (
        "log(a + eps) in place of log(a)",
        "the logarithm is left out of the first term",
        "the logarithm is left out of the second term",
        "only the first term, Y log(a3)",
        "only the second term, (1 - Y) log(1 - a3)",
        "the second term has the wrong sign",
        "a matrix product where an element-wise one is meant",
        "half the squared error in place of cross-entropy",
        "the squared error in place of cross-entropy",
        "softmax's cross-entropy",
        "the logarithm to base 10",
        "the logarithm to base 2",
    ),
    "mean": (
        "the cost is not averaged",
        "the cost is averaged twice",
        "the cost is divided by 2m",
        "the cost is averaged over the classes as well",
        "a fixed number stands for m in the cost",
    ),
    "squares": (
        "the penalty is missing in the cost",
        "the cost's penalty is twice as large",
        "the cost's penalty is multiplied by m",
        "the cost's penalty is not divided by m",
        "the cost's penalty is lambda times the squares",
        "the cost's penalty is divided by m twice",
        "the cost's penalty is of the weights, not of their squares",
        "the cost's penalty squares the sum of the weights",
        "the cost's penalty is of norms, not of their squares",
        "a fixed number stands for m in the cost's penalty",
    ),
    "total": (
        "the cost is without its minus",
        "the penalty is subtracted from the cost",
        "the cost is negated",
    ),
}

_GRADIENT_PLACE = {name: place for place, names in _GRADIENT.items() for name in names}
_COST_PLACE = {name: place for place, names in _COST.items() for name in names}
_PLACE = _GRADIENT_PLACE | _COST_PLACE

GRADIENT_NAMES: tuple[str, ...] = tuple(_GRADIENT_PLACE)
COST_NAMES: tuple[str, ...] = tuple(_COST_PLACE)


def clash(a: str, b: str) -> bool:
    """True when both sit in the same place, so that they cannot both be made."""
    return _PLACE[a] == _PLACE[b]


def planted_gradient(
    theta1: Array,
    theta2: Array,
    x: Array,
    y: Array,
    lam: float,
    names: Collection[str] = (),
    order: str = "C",
    theta2_first: bool = False,
) -> Array:
    """The unrolled gradient with the named mistakes. y: (m,) class indices 0..k-1."""
    made = _by_place(names, _GRADIENT_PLACE)
    theta1, theta2, x, lam = _float64(theta1, theta2, x, lam)
    k = theta2.shape[0]
    m = len(x)  # the examples given, also when some are left out of the sums

    target = _targets(y, k, made.get("labels"))
    rows = _rows(len(x), made.get("examples"))
    x, target = x[rows], target[rows]
    a1, z2, a2, z3, a3, slope2 = _forward(theta1, theta2, x, made.get("forward"))
    mask1, mask2 = _penalised(theta1, theta2, made.get("columns"))

    def finish(delta: Array, a: Array, theta: Array, mask: Array, layer: int) -> Array:
        if made.get("sum") == f"only the last example counts in theta{layer}":
            delta, a = delta[-1:], a[-1:]
        gradient = delta.T @ a  # the sum over the examples; column 0 of a is 1
        match made.get("bias"):
            case "the gradient of the biases is missing":
                gradient[:, 0] = 0
            case "the sum over the wrong axis in the gradient of the biases":
                gradient[:, 0] = np.sum(delta)
            case "1/m is missing in the gradient of the biases":
                gradient[:, 0] *= m
            case "1/m is missing in the gradient of theta1's biases":
                gradient[:, 0] *= m if layer == 1 else 1
            case "1/m is missing in the gradient of theta2's biases":
                gradient[:, 0] *= m if layer == 2 else 1
            case "1/m twice in the gradient of the biases":
                gradient[:, 0] /= m
        gradient /= _divisor(made.get("average"), layer, m, k)
        if made.get("columns") == "ones stand for the bias column in the penalty":
            theta = np.hstack([np.ones((len(theta), 1)), theta[:, 1:]])
        penalty = mask * _penalty_gradient(made.get("penalty"), theta, lam, m)
        if "penalty's sign" in made:
            gradient -= penalty
        else:
            gradient += penalty
        match made.get("whole"):
            case "the gradient is negated":
                gradient = -gradient
            case "nothing is divided by m":
                gradient = gradient * m
            case "everything is divided by m twice":
                gradient = gradient / m
        return gradient

    match made.get("delta3"):
        case "an extra sigma' at the output":
            delta3 = (a3 - target) * a3 * (1 - a3)
        case "an extra sigma' of the activation at the output":
            delta3 = (a3 - target) * _sigmoid_gradient(a3)
        case "the output delta takes z3 in place of a3":
            delta3 = z3 - target
        case "the output delta is softmax's":
            delta3 = np.exp(_log_softmax(z3)) - target
        case _:
            delta3 = a3 - target

    if "delta3's sign" in made:  # target minus output
        delta3 = -delta3
    entering = a2
    if made.get("activation") == "theta2's gradient takes z2 in place of a2":
        entering = _with_ones(z2)
    gradient2 = finish(delta3, entering, theta2, mask2, 2)

    if made.get("time") == "theta2 was updated before delta2 was computed":
        theta2 = theta2 - NUMBERS["step"] * gradient2

    def back(delta: Array) -> Array:
        if "column" in made:  # the last one is dropped in place of the bias
            return (delta @ theta2)[:, :-1]
        return (delta @ theta2)[:, 1:]

    hidden = a2[:, 1:]
    match made.get("delta2"):
        case "sigma' is missing in delta2":
            delta2 = back(delta3)
        case "sigma' is taken of the activation a2":
            delta2 = back(delta3) * _sigmoid_gradient(hidden)
        case "sigma stands in place of sigma' in delta2":
            delta2 = back(delta3) * _sigmoid(z2)
        case "sigma' is taken of the wrong layer":
            # (m, k) fits only in front of theta2
            delta2 = back(delta3 * _sigmoid_gradient(z3))
        case "an extra sigma'(z3) on the way back to delta2":
            delta2 = back(delta3 * _sigmoid_gradient(z3)) * slope2
        case "delta2 has tanh's derivative":
            delta2 = back(delta3) * (1 - hidden**2)
        case "delta2 has z2 (1 - z2) for sigma'":
            delta2 = back(delta3) * z2 * (1 - z2)
        case _:
            delta2 = back(delta3) * slope2
    gradient1 = finish(delta2, a1, theta1, mask1, 1)

    other = {"C": "F", "F": "C"}[order]
    order1 = order2 = order
    match made.get("order"):
        case "the gradient is unrolled in the other order":
            order1 = order2 = other
        case "theta1's gradient is unrolled in the other order":
            order1 = other
        case "theta2's gradient is unrolled in the other order":
            order2 = other
    parts = [gradient1.ravel(order=order1), gradient2.ravel(order=order2)]
    swapped = "layers" in made
    return np.concatenate(parts[::-1] if theta2_first != swapped else parts)


def planted_cost(
    theta1: Array,
    theta2: Array,
    x: Array,
    y: Array,
    lam: float,
    names: Collection[str] = (),
) -> float:
    """The cost with the named mistakes. y: (m,) class indices 0..k-1."""
    made = _by_place(names, _COST_PLACE)
    theta1, theta2, x, lam = _float64(theta1, theta2, x, lam)
    k = theta2.shape[0]
    m = len(x)

    target = _targets(y, k, made.get("labels"))
    rows = _rows(m, made.get("examples"))
    x, target = x[rows], target[rows]
    *_, z3, a3, _ = _forward(theta1, theta2, x, made.get("forward"))

    data = _data_sum(made.get("terms"), target, z3, a3)
    match made.get("mean"):
        case "the cost is not averaged":
            pass
        case "the cost is averaged twice":
            data = data / m / m
        case "the cost is divided by 2m":
            data = data / (2 * m)
        case "the cost is averaged over the classes as well":
            data = data / (m * k)
        case "a fixed number stands for m in the cost":
            data = data / NUMBERS["number"]
        case _:
            data = data / m

    mask1, mask2 = _penalised(theta1, theta2, made.get("columns"))
    penalty = _penalty(made.get("squares"), theta1 * mask1, theta2 * mask2, lam, m)

    match made.get("total"):
        case "the cost is without its minus":
            cost = -data + penalty
        case "the penalty is subtracted from the cost":
            cost = data - penalty
        case "the cost is negated":
            cost = -(data + penalty)
        case _:
            cost = data + penalty
    return float(cost)


def _by_place(names: Collection[str], places: dict[str, str]) -> dict[str, str]:
    """place: name. KeyError for an unknown name, ValueError for two of one place."""
    made: dict[str, str] = {}
    for name in names:
        place = places[name]
        if made.setdefault(place, name) != name:
            raise ValueError(f"both at {place!r}: {made[place]!r} and {name!r}")
    return made


def _float64(*values: Array | float) -> tuple[Array, ...]:
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _sigmoid_gradient(z: Array) -> Array:
    return _sigmoid(z) * (1 - _sigmoid(z))


def _log_softmax(z: Array) -> Array:
    z = z - np.max(z, axis=1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))


def _with_ones(a: Array) -> Array:
    return np.hstack([np.ones((len(a), 1)), a])


def _forward(
    theta1: Array, theta2: Array, x: Array, mistake: str | None
) -> tuple[Array, ...]:
    """a1 (m, n+1), z2 (m, h), a2 (m, h+1), z3 (m, k), a3 (m, k), slope of a2 (m, h)."""
    a1 = _with_ones(x)
    z2 = a1 @ theta1.T
    match mistake:
        case "the hidden units are tanh":
            hidden, slope = np.tanh(z2), 1 / np.cosh(z2) ** 2
        case "the hidden units are ReLU":
            hidden, slope = np.where(z2 > 0, z2, 0), np.where(z2 > 0, 1.0, 0.0)
        case "the hidden units are linear":
            hidden, slope = z2, np.ones(z2.shape)
        case _:
            hidden, slope = _sigmoid(z2), _sigmoid(z2) * (1 - _sigmoid(z2))
    a2 = _with_ones(hidden)
    z3 = a2 @ theta2.T
    return a1, z2, a2, z3, _sigmoid(z3), slope


def _targets(y: Array, k: int, mistake: str | None) -> Array:
    """Y (m, k), a row of zeros where the example's class is lost."""
    y = np.asarray(y).astype(np.int64)  # y - 1 of an unsigned 0 would be 255
    column, lost = y, None
    match mistake:
        case "labels shifted up by one":
            column = (y + 1) % k
        case "labels shifted down by one":
            column = (y - 1) % k
        case "the first class is lost":
            lost = 0
        case "the last class is lost":
            lost = k - 1
        case "labels shifted up by one, the last class lost":
            column, lost = (y + 1) % k, k - 1
        case "labels shifted down by one, the first class lost":
            column, lost = (y - 1) % k, 0
    target = np.zeros((len(y), k))
    target[np.arange(len(y)), column] = 1
    if lost is not None:
        target[y == lost] = 0
    return target


def _rows(m: int, mistake: str | None) -> slice:
    """The examples that enter the sums."""
    match mistake:
        case "the last example is left out":
            return slice(0, m - 1)
        case "the first example is left out":
            return slice(1, m)
        case "only the last example counts":
            return slice(m - 1, m)
        case "only the first example counts":
            return slice(0, 1)
        case "the last examples are left out":
            return slice(0, max(m - NUMBERS["count"], 0))
    return slice(0, m)


def _penalised(theta1: Array, theta2: Array, mistake: str | None) -> list[Array]:
    """For each theta, 1 where an element is penalized, else 0."""
    mask1, mask2 = masks = [np.zeros_like(theta1), np.zeros_like(theta2)]
    for mask in masks:
        match mistake:
            case "row 0 is left out of the penalty in place of column 0":
                mask[1:, :] = 1
            case "the last column is left out of the penalty in place of column 0":
                mask[:, :-1] = 1
            case "column 1 is left out of the penalty in place of column 0":
                mask[:, 0] = 1
                mask[:, 2:] = 1
            case "only the bias columns are regularised":
                mask[:, 0] = 1
            case (
                "the bias columns of theta1 and theta2 are regularised"
                | "ones stand for the bias column in the penalty"
            ):
                mask[:, :] = 1
            case _:
                mask[:, 1:] = 1
    match mistake:
        case "the bias column of theta1 is regularised":
            mask1[:, 0] = 1
        case "the bias column of theta2 is regularised":
            mask2[:, 0] = 1
        case "theta1 is not regularised":
            mask1[:] = 0
        case "theta2 is not regularised":
            mask2[:] = 0
    return masks


def _divisor(mistake: str | None, layer: int, m: int, k: int) -> int:
    """What the sum over the examples in theta_layer's gradient is divided by."""
    match mistake, layer:
        case "1/m is missing", _:
            return 1
        case "1/m twice", _:
            return m * m
        case ("1/m is missing in theta1", 1) | ("1/m is missing in theta2", 2):
            return 1
        case ("1/m twice in theta1", 1) | ("1/m twice in theta2", 2):
            return m * m
        case "1/(2m) in place of 1/m", _:
            return 2 * m
        case "the mean over classes as well as examples", _:
            return m * k
        case "a fixed number stands for m", _:
            return NUMBERS["number"]
    return m


def _penalty_gradient(mistake: str | None, theta: Array, lam: Array, m: int) -> Array:
    """The penalty's part of the gradient, before the columns are chosen."""
    match mistake:
        case "the penalty is missing":
            return 0 * theta
        case "the penalty is not divided by m":
            return lam * theta
        case "the penalty is twice as large":
            return 2 * lam / m * theta
        case "the penalty is half as large":
            return lam / (2 * m) * theta
        case "the penalty is 2 lambda theta":
            return 2 * lam * theta
        case "the penalty is divided by m twice":
            return lam / m / m * theta
        case "the cost's penalty was not differentiated: lambda/(2m) theta^2":
            return lam / (2 * m) * theta**2
        case "a fixed number stands for m in the penalty":
            return lam / NUMBERS["number"] * theta
    return lam / m * theta


def _data_sum(mistake: str | None, target: Array, z3: Array, a3: Array) -> float:
    """The cost's sum over examples and classes, before the mean."""
    # log(a3) and log(1 - a3), written so that a saturated a3 does not give log(0)
    log_a, log_1a = -np.logaddexp(0, -z3), -np.logaddexp(0, z3)
    first, second = target * log_a, (1 - target) * log_1a
    match mistake:
        case "log(a + eps) in place of log(a)":
            first = target * np.log(a3 + NUMBERS["eps"])
            second = (1 - target) * np.log(1 - a3 + NUMBERS["eps"])
        case "the logarithm is left out of the first term":
            first = target * a3
        case "the logarithm is left out of the second term":
            second = (1 - target) * (1 - a3)
        case "only the first term, Y log(a3)":
            return -np.sum(first)
        case "only the second term, (1 - Y) log(1 - a3)":
            return -np.sum(second)
        case "the second term has the wrong sign":
            return -np.sum(first) + np.sum(second)
        case "a matrix product where an element-wise one is meant":
            return -np.sum(target.T @ log_a + (1 - target).T @ log_1a)
        case "half the squared error in place of cross-entropy":
            return np.sum((a3 - target) ** 2) / 2
        case "the squared error in place of cross-entropy":
            return np.sum((a3 - target) ** 2)
        case "softmax's cross-entropy":
            return -np.sum(target * _log_softmax(z3))
        case "the logarithm to base 10":
            return -np.sum(first + second) / np.log(10)
        case "the logarithm to base 2":
            return -np.sum(first + second) / np.log(2)
    return -np.sum(first + second)


def _penalty(
    mistake: str | None, part1: Array, part2: Array, lam: Array, m: int
) -> float:
    """The cost's penalty; part1 and part2 are 0 where nothing is penalized."""
    squares = np.sum(part1**2) + np.sum(part2**2)
    match mistake:
        case "the penalty is missing in the cost":
            return 0.0
        case "the cost's penalty is twice as large":
            return lam / m * squares
        case "the cost's penalty is multiplied by m":
            return lam / 2 * m * squares
        case "the cost's penalty is not divided by m":
            return lam / 2 * squares
        case "the cost's penalty is lambda times the squares":
            return lam * squares
        case "the cost's penalty is divided by m twice":
            return lam / (2 * m) / m * squares
        case "the cost's penalty is of the weights, not of their squares":
            return lam / (2 * m) * (np.sum(part1) + np.sum(part2))
        case "the cost's penalty squares the sum of the weights":
            return lam / (2 * m) * (np.sum(part1) ** 2 + np.sum(part2) ** 2)
        case "the cost's penalty is of norms, not of their squares":
            return lam / (2 * m) * (np.linalg.norm(part1) + np.linalg.norm(part2))
        case "a fixed number stands for m in the cost's penalty":
            return lam / (2 * NUMBERS["number"]) * squares
    return lam / (2 * m) * squares
