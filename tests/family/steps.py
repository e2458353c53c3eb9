"""Mistakes in each step of one layer's derivation: {phrase: (block, its new text)}.

Operands stand in each other's places, factors are dropped, added or taken elsewhere,
constants, signs, examples and axes are wrong. Some do not run, or change nothing.
"""

from .layers import COST_PENALTY, PENALTY, SLOPE, SLOPE_AT_Z, Layer, operand, product
from .members import UNITS
from .writing import add_bias_penalty, add_penalty

Slips = dict[str, tuple[str, str]]

SCALES = {
    "not divided": "",
    "divided by m": " / m",
    "divided by m twice": " / m ** 2",
    "divided by m and k": " / (m * k)",
}


def _assigned(name: str, texts: dict[str, str]) -> Slips:
    """The slips in the block of one variable, from what they assign to it."""
    return {phrase: (name, f"{name} = {text}") for phrase, text in texts.items()}


def _some(w: Layer, array: str, index: str) -> str:
    """Some examples of an array."""
    return f"{array}[{index}]" if w.rows else f"{array}[:, {index}]"


def _own_unit(w: Layer) -> str:
    """The unit whose slope a person would take: sigmoid's for softmax."""
    return "sigmoid" if w.unit == "softmax" else w.unit


def _before_slope(w: Layer) -> str:
    """The delta without its slope."""
    return product(*w.error()[:2]) if w.last else w.after.back()


def _slopes(w: Layer) -> dict[str, str]:
    """What can stand in the slope's place."""
    own, axis = _own_unit(w), 0 if w.rows else 1
    right = w.slope(own)
    mean = f"{operand(right)}.mean(axis={axis}, keepdims=True)"
    return {
        "slope missing": "",
        **{f"slope of {unit}": w.slope(unit) for unit in UNITS[:-1]},
        "slope twice": product(right, right),
        f"slope taken of {w.H}": SLOPE_AT_Z[own].format(z=w.H),
        f"slope written with {w.Z}": SLOPE[own].format(z=w.Z, a=w.Z),
        "activation in place of the slope": w.H,
        "slope averaged over the examples": mean if right else "",
    }


def _output_delta(w: Layer) -> Slips:
    """Slips in the last layer's delta."""
    if not w.last:
        return {}
    (two, error, slope), a = w.error(), w.A
    shifted = f"({a} - np.roll(Y, 1, axis={1 if w.rows else 0}))"
    texts = {phrase: product(two, error, s) for phrase, s in _slopes(w).items()}
    texts |= {
        "sign": product(two, f"(Y - {a})", slope),
        f"{w.Z} in place of {a}": product(two, f"({w.Z} - Y)", slope),
        "labels missing": product(two, a, slope),
        "labels shifted": product(two, shifted, slope),
        "error squared": product(two, f"{error} ** 2", slope),
        "factor 2": product("2", error, slope),
        "factor 2 missing": product(error, slope),
        "divided by m": f"{operand(w.delta())} / m",
        "divided by k": f"{operand(w.delta())} / k",
    }
    if w.member.loss == "binary cross-entropy":
        texts[f"derivative by {a}"] = f"{error} / ({a} * (1 - {a}))"
    return _assigned(w.D, texts)


def _delta(w: Layer) -> Slips:
    """Slips in a hidden layer's delta."""
    if w.last:
        return {}
    up, slope = w.after, w.slope()
    texts = {phrase: product(up.back(), s) for phrase, s in _slopes(w).items()}
    for delta in [up.H, up.Z, _before_slope(up), *(["Y"] if up.last else [])]:
        texts[f"{delta} in place of {up.D}"] = product(up.back(delta), slope)
    handed = up.back(product(up.D, up.slope(_own_unit(up))))
    texts |= {
        f"{up.G} in place of {up.W}": product(up.back("", up.cut(up.G)), slope),
        f"slope of {up.Z} in place of its own": handed,
        f"slope of {up.Z} as well": product(handed, slope),
        "divided by m": f"{w.delta()} / m",
        "sign": f"-{w.delta()}",
    }
    if w.theta:
        last = up.back("", up.cut(up.W, ":-1"))
        texts["the last weights left out for the biases"] = product(last, slope)
    return _assigned(w.D, texts)


def _update(w: Layer) -> Slips:
    """The matrix above was changed before this layer's delta was computed."""
    if w.last:
        return {}
    up, right = w.after, f"{w.D} = {w.delta()}"
    return {
        f"{up.W} updated before": (w.D, f"{up.W} = {up.W} - 0.3 * {up.G}\n{right}"),
        f"{up.W} updated before, rate 1": (w.D, f"{up.W} = {up.W} - {up.G}\n{right}"),
    }


def _weights(w: Layer) -> Slips:
    """Slips in the operands of a matrix's gradient."""
    low, axis = w.before, 0 if w.rows else 1
    sums = [f"np.sum({x}, axis={axis}, keepdims=True)" for x in (w.D, low.A)]
    texts = {
        f"{w.A} in place of {w.D}": w.outer(w.H),
        f"{w.D} before its slope": w.outer(_before_slope(w)),
        "last example": w.outer(_some(w, w.D, "-1:"), _some(w, low.A, "-1:")),
        "first example left out": w.outer(_some(w, w.D, "1:"), _some(w, low.A, "1:")),
        "all pairs of examples": w.outer(*sums),
    }
    if low.number:
        texts[f"{low.Z} in place of {low.A}"] = w.outer(a=w.ones(low.Z))
        texts[f"slope in place of {low.A}"] = w.outer(a=w.ones(low.slope() or low.Z))
    return _assigned(w.G, {phrase: text + w.scale for phrase, text in texts.items()})


def _scale(w: Layer) -> Slips:
    """Slips in the constant of a matrix's gradient."""
    texts = {phrase: w.outer() + scale for phrase, scale in SCALES.items()}
    inputs = f"X.shape[{1 if w.rows else 0}]"
    texts["divided by the number of inputs"] = f"{w.outer()} / {inputs}"
    return _assigned(w.G, texts | {"sign": f"-{w.outer()}{w.scale}"})


def _biases(w: Layer) -> Slips:
    """Slips in the biases' gradient."""
    if w.member.biases == "none":
        return {}
    one_number = not w.theta and not w.member.packing.startswith("vector")
    each = "" if one_number else f" * np.ones_like({w.B})"
    texts = {phrase: w.bias_sum() + scale for phrase, scale in SCALES.items()}
    texts |= {
        "zero": f"np.zeros_like({w.B})",
        "summed over the units as well": f"np.sum({w.D}){w.scale}{each}",
        f"{w.A} in place of {w.D}": w.bias_sum(w.H) + w.scale,
        f"{w.D} before its slope": w.bias_sum(_before_slope(w)) + w.scale,
        "last example": w.bias_sum(_some(w, w.D, "-1:"), "1") + w.scale,
        "sign": f"-{w.bias_sum()}{w.scale}",
    }
    if not w.theta:
        return _assigned(w.db, texts)
    rest = f"{w.outer(a=w.before.H)}{w.scale}"
    joined = {f"biases, {p}": w.joined(text, rest) for p, text in texts.items()}
    return _assigned(w.G, joined)


def _penalty(w: Layer) -> Slips:
    """Slips in the penalty's gradient."""
    if not w.member.penalty:
        return {}
    both, c, part = w.member.penalize_biases, PENALTY[w.member.penalty], w.penalized
    added = {
        "penalty twice": f"2 * {c} * {part}",
        "half the penalty": f"{c} / 2 * {part}",
        "lam missing": f"{c.replace('lam', '1')} * {part}",
        "not differentiated": f"{COST_PENALTY[w.member.penalty]} * {part} ** 2",
        "gradient in place of the weights": f"{c} * {w.G if both else w.cut(w.G)}",
        "sum of the weights": f"{c} * np.sum({part})",
    }
    cuts = {"first column left out": "[:, 1:]", "first row left out": "[1:]"}
    texts = {"penalty missing": "", "penalty's sign": add_penalty(w, sign="-")}
    texts |= {phrase: add_penalty(w, text) for phrase, text in added.items()}
    if w.theta:
        cuts |= {"last column left out": "[:, :-1]", "last row left out": "[:-1]"}
        cuts |= {"only the biases": w.cut("", ":1"), "biases as well": ""}
        ones = w.joined(f"np.ones_like({w.B})", w.V)
        texts["ones for the biases"] = f"{w.G} = {w.G} + {c} * {ones}"
    texts |= {p: f"{w.G}{cut} += {c} * {w.W}{cut}" for p, cut in cuts.items()}
    slips = {phrase: (f"{w.G} penalty", text) for phrase, text in texts.items()}
    if w.member.biases == "apart":
        phrase = "biases left out" if both else "biases as well"
        slips[phrase] = (f"{w.db} penalty", "" if both else add_bias_penalty(w))
    return slips


STEPS = {
    "output delta": _output_delta,
    "delta": _delta,
    "update": _update,
    "weights": _weights,
    "biases": _biases,
    "scale": _scale,
    "penalty": _penalty,
}
