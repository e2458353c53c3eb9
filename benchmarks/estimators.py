"""Compare jaxnn's estimator with scikit-learn's MLPClassifier and with skorch.

    python benchmarks/estimators.py [--save]

Each round fits on another four fifths of a data set, from another seed. Ten more fits,
not timed, are judged on the rest. "The same network": 25 sigmoid units, lambda 1, at
most 200 iterations of L-BFGS; MLPClassifier's cost has one softmax, jaxnn's ten
sigmoids. "As it comes": 25 ReLU units, Adam, all else untouched. skorch: 25 units in
PyTorch, 30 epochs of Adam. Then a grid search of 200 networks by GridSearchCV and by
jaxnn's GridSearch, whose scores must be equal; and scripts from typing to their end.
"""

import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from harness import jaxnn, script
from harness.rounds import ONE_THREAD, BenchmarkError, Contender, Prepared
from jaxnn import cli

STARTS = 10  # seeds and splits by which accuracy is judged
DATA = "5000 digits", "8x8 digits", "wine", "breast cancer"
GRID = {"lam": [0.1, 0.3, 1.0, 3.0, 10.0], "random_state": list(range(8))}
QUICK_GRID = {"lam": [0.3, 1.0], "random_state": [0]}
FITS = {
    "jaxnn": "jaxnn.NeuralNetClassifier(random_state=0)",
    "jaxnn, programs kept": "jaxnn.NeuralNetClassifier(random_state=0)",
    "MLPClassifier, the same network": "MLPClassifier(25, activation='logistic', "
    "solver='lbfgs', alpha=1, random_state=0)",
    "MLPClassifier as it comes": "MLPClassifier(25, random_state=0)",
}
SCRIPT = """
import jaxnn, warnings
{more}
warnings.simplefilter("ignore")
digits = jaxnn.load_digits()
x, y = digits.x.astype("float32"), digits.y
print({fit}.fit(x, y).loss_)
"""
KEEP = "jaxnn.cache_compiled_programs()"
SKLEARN = "from sklearn.neural_network import MLPClassifier"


def examples(name: str) -> tuple[np.ndarray, np.ndarray]:
    """x (m, n) float32 and labels y (m,): pixels in 0-1, or standardized columns."""
    from sklearn import datasets

    if name == "5000 digits":
        digits = jaxnn.load_digits()
        return digits.x.astype("float32"), digits.y
    load = {"wine": datasets.load_wine, "breast cancer": datasets.load_breast_cancer}
    held: Any = load.get(name, datasets.load_digits)()
    x = held.data / 16
    if name in load:  # labels are words
        x = (held.data - held.data.mean(axis=0)) / held.data.std(axis=0)
        return x.astype("float32"), held.target_names[held.target]
    return x.astype("float32"), held.target


def ours(seed: int) -> Any:
    """jaxnn's network."""
    return jaxnn.NeuralNetClassifier(random_state=seed)


def same(seed: int) -> Any:
    """scikit-learn's with the same units, penalty and kind of method."""
    from sklearn.neural_network import MLPClassifier

    how: dict[str, Any] = {"activation": "logistic", "solver": "lbfgs", "alpha": 1}
    return MLPClassifier(25, random_state=seed, **how)


def plain(seed: int) -> Any:
    """scikit-learn's, only as wide."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(25, random_state=seed)


def in_skorch(seed: int, k: int = 3) -> Any:
    """A network of PyTorch's for k classes, trained by Adam for 30 epochs."""
    torch: Any = import_module("torch")
    skorch: Any = import_module("skorch")
    torch.manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.LazyLinear(25), torch.nn.Sigmoid(), torch.nn.LazyLinear(k)
    )
    how = {"optimizer": torch.optim.Adam, "lr": 0.01, "max_epochs": 30}
    loss = torch.nn.CrossEntropyLoss
    return skorch.NeuralNetClassifier(
        net, criterion=loss, train_split=None, verbose=0, **how
    )


def fitting(make: Callable[[int], Any], name: str) -> Prepared:
    """Fits of one estimator; what it reads right of what it has not seen."""
    from sklearn.model_selection import train_test_split

    warnings.simplefilter("ignore")
    x, labels = examples(name)
    classes, y = np.unique(labels, return_inverse=True)
    if make is in_skorch:  # PyTorch wants numbers, and their number
        make = partial(in_skorch, k=len(classes))
    else:
        y = classes[y]
    how = {"test_size": 0.2, "stratify": y}
    splits = [
        train_test_split(x, y, **how, random_state=seed) for seed in range(STARTS)
    ]

    def fit(i: int) -> Any:
        train_x, _, train_y, _ = splits[i % STARTS]
        return make(i).fit(train_x, train_y)

    def run(i: int) -> float:
        fit(i)
        return 0.0  # costs differ by their definition

    make(0)  # imports what it needs
    first, again = taken(run), taken(run)
    right = [fit(i).score(split[1], split[3]) for i, split in enumerate(splits)]
    facts = {"accuracy": float(np.mean(right)), "deviation": float(np.std(right))}
    return Prepared(run, 1, "float32", max(0.0, first - again), facts=facts)


def taken(run: Callable[[int], float]) -> float:
    """The seconds that the first round takes."""
    began = time.perf_counter()
    run(0)
    return time.perf_counter() - began


def searching(kind: str, name: str, grid: dict[str, list]) -> Prepared:
    """A search over a grid of networks, five folds of each; its "cost": all scores."""
    from sklearn.model_selection import GridSearchCV

    warnings.simplefilter("ignore")
    x, y = examples(name)
    make: Any = {"GridSearchCV": GridSearchCV, "GridSearch": jaxnn.GridSearch}[kind]

    def run(_: int) -> float:
        network = jaxnn.NeuralNetClassifier()
        found = make(network, grid, cv=5, refit=False).fit(x, y).cv_results_
        scores = np.array([found[f"split{i}_test_score"] for i in range(5)])
        return float(scores.ravel() @ np.sqrt(np.arange(1, scores.size + 1)))

    jaxnn.NeuralNetClassifier()  # imports what it needs
    return Prepared(run, 1, "float32")


def equal_scores(costs: dict[str, float]) -> None:
    """The score of every network on every fold is the same."""
    if len(set(costs.values())) > 1:
        raise BenchmarkError(f"the searches find other scores: {costs}")


def scripted(name: str) -> Prepared:
    """A script in a process of its own."""
    more = SKLEARN if "MLP" in name else KEEP if "kept" in name else ""
    words = [sys.executable, "-c", SCRIPT.format(more=more, fit=FITS[name])]

    def run(_: int) -> float:
        done = subprocess.run(words, capture_output=True, text=True, cwd=script.ROOT)
        if done.returncode:
            raise BenchmarkError(done.stderr.strip().rpartition("\n")[2])
        return float(done.stdout)

    return Prepared(run, 1, "float32")


def twice(name: str, setup: Callable[..., Prepared], *args: Any) -> list[Contender]:
    """A contender with all BLAS threads, and with one."""
    one = Contender(f"{name}, 1 BLAS thread", setup, args, ONE_THREAD)
    return [Contender(name, setup, args), one]


def contenders(name: str) -> list[Contender]:
    """Those that fit one network."""
    makers = {
        "jaxnn": ours,
        "MLPClassifier, the same network": same,
        "MLPClassifier as it comes": plain,
        "skorch": in_skorch,
    }
    return [c for who, m in makers.items() for c in twice(who, fitting, m, name)]


def main(argv: Sequence[str]) -> int:
    """Time, show, save: data set by data set, then searches and scripts."""
    parser = script.flags("estimators", __doc__, "wine, 2 networks, 1 round")
    parser.add_argument("--data", nargs="+", choices=DATA, default=DATA)
    args = script.read(parser, argv, 1, 5)
    about, anything = {"precision": "float32"}, lambda costs: None
    sizes = {name: len(examples(name)[1]) for name in args.data}
    if args.quick:
        sizes = {"wine": len(examples("wine")[1])}
    for name, m in sizes.items():
        script.hold(args, contenders(name), anything, data=name, m=m, **about)
    if not args.quick:
        args.what = "estimator_scripts"
        competing = [c for name in FITS for c in twice(name, scripted, name)]
        script.hold(args, competing, anything, m=5000, **about)
    args.what, grid = "grid_search", QUICK_GRID if args.quick else GRID
    for name, m in reversed(sizes.items()):
        pair = [
            Contender(kind, searching, (kind, name, grid))
            for kind in ("GridSearchCV", "GridSearch")
        ]
        args.rounds = min(args.rounds, 1 if m > 2000 else 3)  # minutes each
        script.hold(args, pair, equal_scores, data=name, m=m, **about)
    return 0


if __name__ == "__main__":
    cli.run(main)
