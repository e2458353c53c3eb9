"""The role of each argument of a person's function, found by its name.

The names come from public programs of this exercise. A known name decides the role; the
other arguments get the roles that are still missing, in the course's order.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jaxnn.mistake import Mistake

# in lower case, without underscores
WORDS = {
    "theta1": "theta1 t1 w1 weight1 weights1 thetamat1 th1 theta1mat wh whidden win",
    "theta2": "theta2 t2 w2 weight2 weights2 thetamat2 th2 theta2mat wo woutput wout",
    "bias1": "b1 bias1 bh bhidden",
    "bias2": "b2 bias2 bo boutput",
    "n": "n is il nin insize indim inputsize inputlayer inputlayersize inputs input "
    "numinput numinputs ninput ninputs inputunits numfeatures nfeatures numpixels",
    "h": "h hl nh",
    "k": "k ol numlabels nlabels numlabel numclasses nclasses numclass nclass outsize "
    "outdim outputsize outputlayer outputlayersize numoutput numoutputs noutput "
    "noutputs outputunits labelssize labelsize nout nooflabels",
    "layers": "layers layersizes layersize sizes arch architecture network structure "
    "units dims",
    "lam": "lam l lb lm ld lmd lbd lmb lda λ l2 decay weightdecay penalty",
    "rate": "learningrate alpha lr eta rate tau stepsize",
    "m": "m nsamples numsamples nexamples numexamples ntrainingsamples trainingsize",
    "x": "x xx xs xdata xtrain trainx xflat xbias xmat xnew data features feature "
    "images pixels examples samples a0 a1",
    "y": "y yy yyy ys yd ydata ytrain trainy yflat yvec ymat ymatrix yonehot ylabels "
    "onehot labels label classes class target targets t digits truth outputs output",
    "params": "theta thetas thetavec thetavector thetaflat thetasflat thetaunrolled "
    "thetaserialize w ws weights nnweights unrolled flat vec vector p t",
}
PARTS = {  # of longer names, such as lambda_in
    "h": "hid",
    "lam": "lambda lamda lmbda lambd lmda lbda lamb regul regpar regcoe",
    "params": "param",
}
# a second role, if another argument has the first one already
SECOND = {"labels": "k", "classes": "k", "outputs": "k", "output": "k", "t": "params"}
USUAL = ("n", "h", "k", "x", "y", "lam")  # the course's order, after the parameters
ORDERS = {  # by the number of arguments, if no name says anything
    4: ("params", "x", "y", "lam"),
    5: ("theta1", "theta2", "x", "y", "lam"),
    7: ("params", "n", "h", "k", "x", "y", "lam"),
}
SIZES = ("n", "h", "k", "layers")
PARAMETERS = {"params", "theta1", "theta2", "bias1", "bias2"}
ARRAYS = PARAMETERS | {"x", "y"}


class Argument(NamedTuple):
    """An input of a function and its role; "" if it keeps its default."""

    name: str
    role: str
    where: str = "argument"  # or "star" (one of *args), "global", "attribute"


class Signature(NamedTuple):
    """All inputs of a function."""

    arguments: tuple[Argument, ...]

    def takes(self, *roles: str) -> bool:
        """Whether an input has any of the roles."""
        return any(one.role in roles for one in self.arguments)

    def name_of(self, role: str) -> str:
        """The name of the first input with this role, or ""."""
        return next((one.name for one in self.arguments if one.role == role), "")

    def of(self, *where: str) -> tuple[Argument, ...]:
        """The inputs that come in these ways."""
        return tuple(one for one in self.arguments if one.where in where)


def plain(name: str) -> str:
    """The name in lower case, without underscores."""
    return name.replace("_", "").lower()


def role_of(name: str) -> str:
    """The role that a name has by itself, or ""."""
    word = plain(name)
    exact = (role for role, words in WORDS.items() if word in words.split())
    parts = (
        role for role, some in PARTS.items() if any(one in word for one in some.split())
    )
    return next(exact, "") or next(parts, "") or ("lam" if word[:3] == "reg" else "")


def signature(
    function: Callable[..., Any], named: dict[str, str], first: str = "params"
) -> Signature:
    """The roles of a function's arguments.

    named: the roles that the person gave, by argument. first: the role of the first
    argument if its name says nothing.
    """
    given = parameters_of(function)
    starred = [p.name for p in given if p.kind is p.VAR_POSITIONAL]
    usual = [p for p in given if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    usual = usual[1:] if usual and usual[0].name == "self" else usual
    names = [p.name for p in usual]
    stars = star_names(function, starred[0]) if starred else []
    defaults = {p.name: p.default for p in usual if p.default is not p.empty}
    roles = assign([*names, *stars], set(defaults), named, first)
    for name, default in defaults.items():
        if isinstance(default, list | tuple) and roles[name] in SIZES:
            roles[name] = "layers"  # n=[400, 25, 10]
        if np.isscalar(default) and roles[name] in ARRAYS and name not in named:
            roles[name] = ""  # p=1.0 is a setting, not an array
    arguments = [Argument(name, roles[name]) for name in names]
    return Signature((*arguments, *(Argument(n, roles[n], "star") for n in stars)))


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters in a function's definition."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:  # of C functions, of loops of wrappers
        name = getattr(function, "__name__", type(function).__name__)
        raise Mistake(
            f"Python does not know the arguments of {name}; "
            "call it in a function of your own (def ...), and check that one"
        ) from error


def assign(
    names: list[str], optional: set[str], named: dict[str, str], first: str
) -> dict[str, str]:
    """A role for every name; no role twice."""
    roles = {name: role for name, role in named.items() if name in names}
    needed = [name for name in names if name not in optional]
    if not named and len(needed) in ORDERS and not any(map(says_something, needed)):
        return dict.fromkeys(names, "") | dict(
            zip(needed, ORDERS[len(needed)], strict=True)
        )
    short = [name for name in names if set(plain(name)) in ({"x"}, {"y"})]
    for name in [*short, *names]:
        if name not in roles:
            role, taken = role_of(name), roles.values()
            again = SECOND.get(plain(name), "") if role in taken else role
            roles[name] = again if again not in taken else ""
    taken = set(roles.values())
    for name in names:
        if roles[name] == "rate" and "lam" not in taken and name not in named:
            roles[name] = "lam"  # many public programs call it so
        if plain(name) in ("input", "inputs") and "x" not in taken:
            roles[name] = "x"
    if "n" in roles.values() and not set(roles.values()) & {"h", "k"}:
        roles = {name: "layers" if r == "n" else r for name, r in roles.items()}
    if names and not roles[names[0]] and not taken & {first, "theta1"}:
        roles[names[0]] = first
    missing = [role for role in USUAL if role not in roles.values()]
    if "layers" in taken:
        missing = [role for role in missing if role not in SIZES]
    unknown = [name for name in names if not roles[name] and name not in optional]
    # the last of the missing roles: x, y, lambda are last in the course's order
    for name, role in zip(unknown, missing[-len(unknown) :], strict=False):
        roles[name] = role
    return roles


def says_something(name: str) -> bool:
    """Whether a name is more than a letter that could mean anything."""
    return len(name) > 1 or plain(name) in "xy"


def star_names(function: Callable[..., Any], star: str) -> list[str]:
    """The names in `a, b, c = args`; the course's names if the source is not known."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return ["input_layer_size", "hidden_layer_size", "num_labels", "X", "y", "lam"]
    picked: dict[int, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        if isinstance(value, ast.Name) and value.id == star:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
            return [ast.unparse(part) for part in parts]
        if isinstance(value, ast.Subscript) and ast.unparse(value.value) == star:
            place = value.slice.value if isinstance(value.slice, ast.Constant) else None
            if isinstance(place, int):
                picked[place] = ast.unparse(target)
    return [picked[i] for i in sorted(picked)]
