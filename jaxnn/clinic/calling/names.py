"""What a name says about an argument, attribute, global, key or returned value.

Weights and biases are read by pattern, W1, dW1, weights_hidden_output, wo; the other
roles by words, which come from public programs.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WORDS = {  # of the other roles, in lower case, without underscores
    "n": "n is il nx inodes inputs numingressi numentradas entradas input d",
    "h": "h hl nh hnodes",
    "k": "k ol ny onodes numclassi c",
    "layers": "layers layersizes layersize sizes arch architecture network structure "
    "units dims layerdims layersdims layerdim layout shape topology capas couches "
    "schichten nnstructure nnarchitecture",
    "lam": "lam l lb lm ld lmd lbd lmb lda λ l2 decay weightdecay penalty",
    "rate": "learningrate alpha lr eta rate tau stepsize step taux tasa lernrate "
    "tasso learnrate learning tauxapprentissage epsilonlr",
    "m": "m nsamples numsamples nexamples numexamples ntrainingsamples trainingsize "
    "batchsize minibatchsize",
    "count": "epochs epoch iterations iters numiterations numiters niter iter maxiter "
    "nepochs numepochs numiter numpasses passes nepoch epocas epoques nsteps steps",
    "x": "x xx xs xdata xtrain trainx xflat xbias xmat xnew xbatch data features "
    "feature images image pixels examples samples a0 a1 datos dati daten donnees "
    "eingabe eingaben entrada inputdata inputlist trainingdata xi trainset inp",
    "y": "y yy yyy ys yd ydata ytrain trainy yflat yvec ymat ymatrix yonehot ylabels "
    "ybatch ytrue onehot labels label classes class target targets t digits truth "
    "expected etiquetas etichette ziel ziele objetivo etiquettes targetlist yi desired "
    "groundtruth saida saidas salida salidas sortie sorties outputs output",
    "params": "params parameters par pars unrolled flat vec vector p model nnweights "
    "thetavec thetavector thetaflat thetasflat thetaunrolled thetaserialize",
}
COUNT = "(?:n|nb|no|nr|num|number|of|size|dim|count|units?|nodes?|neurons?|layer|len)"
IN = "(?:in|inp|inputs?|features?|pixels?|visible)"
OUT = "(?:out|outp|outputs?|class(?:es)?|labels?|targets?)"
PARTS = {  # of longer names, such as lambda_in
    "h": "^(?!.*(activ|func|drop|bias|init|act$)).*hid|"
    "nascost|ocult|escond|hdim$|^(n|num|size|dim)?h(l|layer|dim|size)?\\d",
    "n": f"^({COUNT}+{IN}{COUNT}*|{IN}{COUNT}+)$",
    "k": f"^({COUNT}+{OUT}{COUNT}*|{OUT}{COUNT}+)$",
    "lam": "lambda|lamda|lmbda|lambd|lmda|lbda|lamb|regul|regpar|regcoe|^reg",
    "params": "param",
    "rate": "aprendiz|learningrate",
    "count": "iterat|epoch|epoca",
    "y": "^(all)?y(train|batch|data|true|one|hot|enc)|onehot|"
    "^targets?(list|vec|arr|s$)|setoutputs|^(in|out|inputs?|data|train\\w*)y$|"
    "^(train\\w*)?labels?$",
    "x": "^x(train|batch|data|in|norm)|^train(ing)?(set|data|x|inputs)|"
    "^inputs?(list|data|vec|arr|s$)|setinputs|^(in|inputs?|data|train\\w*)x$",
    "layers": "layerdim|layersdim|layerlen|sizes$|arch|arqui|camadas|couches|schicht|"
    "neuron|"
    "topolog",
}
# what a forward pass returns, and what it keeps for the backward pass
OUTPUT = re.compile(
    "(al?|a\\d|yhat|yh|ypred\\w*|preds?|predictions?|predicted|outputs?|out|probs?|"
    "hyp|hypothesis|logits|saida|salida|sortie|activations?|acts|ativacoes|finaloutputs?|scores|o|p|h|yp|hx|hox|ao)$"
)
CACHE = re.compile("cache|memory|stor|state|activations|zs|tape|forward")
FORWARD = re.compile("forw|feed|predict|prop|fprop|fwd|avanti|adelante|hypoth|vorw")
BACKWARD = re.compile("back|grad|bprop|deriv|rueck|retro|update|train|prime")
COST = re.compile(
    "(cost|loss|err|objective|crossentropy|mse|kosten|costo|cout|verlust|perte)\\w*|"
    "\\w*(cost|loss|error|kosten|costo|entropy)|[jle]|jreg|j\\w?|jtheta|total\\w*|nll"
)
COSTS = re.compile("cost|loss|kosten|costo|custo|verlust|perte|objective|error")
SLOPE = "d[a-z]?d?|grad(?:ients?)?(?:of)?|nabla|delta|del|partial|derivative|derv?|g"
WEIGHT = (
    "theta(?:mat|s)?|(?:synaptic)?weights?|kernels?|coefs?|weightmatrix|wt|wts|ws?|"
    "syn(?:apses?)?|pesos?|pesi|poids|gewichte?|th|t"
)
BIAS = "bias(?:es)?|intercepts?|bs?|sesgos?|biais|bia"
LAST = "output|out|saida|salida|sortie|ausgabe|uscita"
LAYER = (
    "(?:layer|l|fc|dense|linear)?\\d+|"
    "(?:input|in|i|x|entrada|eingabe|entree|ingresso)?(?:2|to)?"
    f"(?:{LAST})?(?:hidden|hid|h|ocult[ao]s?|nascosto|versteckt|escondida)*(?:layer)?\\d*"
    f"(?:2|to)?(?:{LAST}|o|y)?(?:layer)?"
)
PATTERN = re.compile(
    f"(?P<slope>{SLOPE})?(?P<before>{LAYER})(?:(?P<W>{WEIGHT})|(?P<b>{BIAS}))"
    f"(?P<mark>{LAYER})(?:mat|matrix|vec)?"
    "(?P<after>(?:grad(?:ients?)?|deriv\\w*|slope|delta|update|adj\\w*|change|d|g)?)$"
)
TOTAL = re.compile(f"(?:{SLOPE})s?(?:\\d*)$")


class Name(NamedTuple):
    """What a name means by itself."""

    kind: str  # a role; "W" or "b" for weights or bias of a layer; "" if unknown
    mark: str = ""  # which layer: "1", "h", "hiddenoutput"
    is_gradient: bool = False


def plain(name: str) -> str:
    """The last part of a name, in lower case, without underscores."""
    return name.rpartition(".")[2].replace("_", "").lower()


def is_inputs(name: str) -> bool:
    """Whether a name means the examples, or else how many inputs there are."""
    return plain(name) in ("input", "inputs", "entrada", "entradas")


def is_forward(name: str) -> bool:
    """Whether a function's name is that of a forward pass."""
    word = plain(name)
    return bool(FORWARD.search(word)) and not BACKWARD.search(word)


def read_name(name: str) -> Name:
    """The meaning of a name."""
    word = plain(name)
    if word in ("t", "th", "d", "g", "delta", "grad", "grads"):
        return Name("grads", "", True) if word[:2] == "gr" else Name(role_word(word))
    if found := PATTERN.match(word):
        before, mark = found["before"], found["mark"]
        is_letter = found["W"] in ("t", "th") or (before and len(word) < 5)
        clear = mark[-1:].isdigit() if is_letter else True
        if clear and not (before and mark):
            slope = bool(found["slope"] or found["after"])
            return Name("W" if found["W"] else "b", before or mark, slope)
    if role := role_word(word):
        return Name(role)
    return Name("grads", "", True) if TOTAL.match(word) else Name("")


def role_word(word: str) -> str:
    """The role that a plain word has by itself, or ""."""
    exact = (role for role, words in WORDS.items() if word in words.split())
    parts = (role for role, some in PARTS.items() if re.search(some, word))
    return next(exact, "") or next(parts, "")


def rank(mark: str) -> int:
    """The order of a layer's mark among others: W, W1, W2; wh, wo; w_ih, w_ho."""
    number = re.search("\\d+$", mark)
    is_output = re.search(f"({LAST})|(o|y)(layer)?$", mark)
    return 999 if is_output else int(number[0]) if number else -1 if not mark else 0


def layers_of(
    names: Sequence[str], kind: str, beside: Iterable[str] = ()
) -> dict[str, int]:
    """The layer, from 0, of each name of weights ("W") or biases ("b"), by order.

    beside: names of other functions, where W2 without W1 is the second all the same.
    """

    def place(name: str) -> int:
        return rank(read_name(name).mark)

    found = [name for name in names if read_name(name).kind == kind]
    stems = {name.rstrip("0123456789") for name in found}
    is_late = min(map(place, found), default=0) > 1
    also = [n for n in beside if n[-1:].isdigit() and n.rstrip("0123456789") in stems]
    ordered = sorted(
        dict.fromkeys([*found, *(sorted(also) if is_late else ())]), key=place
    )
    places = {name: layer for layer, name in enumerate(ordered)}
    return {name: places[name] for name in found}


def is_slope(name: str) -> bool:
    """Whether a function's name is the gradient of one layer's weights or biases."""
    one = read_name(name)
    return one.kind in ("W", "b") and one.is_gradient


def says_something(names: Iterable[str]) -> bool:
    """Whether a name is more than a letter that could mean anything."""
    return any(len(name) > 1 or plain(name) in "xy" for name in names)
