"""Build reader.npz, the network that reads photos, from MNIST and generated forms.

    python data/build_reader.py

It trains on MNIST's digits as other hands would write them, on forms that MNIST hardly
has, and on what is no digit (jaxnn/reading/made.py); no photo takes part. Of the
embedded 5000 it sees only the 4000 that `jaxnn.split` trains on by default, so the
others can judge it. It takes one to three minutes on two cores.

reader.npz holds the weights (float16), the temperature that turns scores into
probabilities, and the doubt: the probability below which no digit is read. It is the
same to the byte every time, on one machine with one version of JAX. data/README.md
records its SHA-256, and the tests check it. docs/reader.png shows how far the
probabilities can be trusted.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import exact_npz
import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize_scalar
from scipy.special import softmax

import jaxnn
from jaxnn import formats, images, model, optimizers
from jaxnn.digit_network import NONE, scores
from jaxnn.reading import made
from jaxnn.training import centering

TARGET = Path(__file__).with_name("reader.npz")
DIAGRAM = Path(__file__).parent.parent / "docs/reader.png"
HIDDEN = (300, 80)
EXAMPLES, CHECKED = 200_000, 20_000  # to train on; to calibrate by, and to judge by
KEPT_BACK = 0.1  # of the training digits: to calibrate by
NO_DIGITS = 0.17  # of the pictures
PLAN = ((0.02, 3), (0.007, 2), (0.002, 2), (0.0005, 1))  # Adam: rate, epochs
BATCH, LAM = 200, 1.0
DOUBT = 0.4  # a digit is read if it is likelier than any other answer, and this
BINS = 10  # of the diagram


def main() -> None:
    """Train and calibrate, write reader.npz and the diagram, print the checksum."""
    began = time.perf_counter()
    train, kept_back, held_out = parts()
    x, y = examples(EXAMPLES, 0, train)
    print(f"{len(y)} pictures made in {time.perf_counter() - began:.0f} s", flush=True)
    params = trained(x, y)
    x, y = examples(CHECKED, 1, kept_back)
    temperature = temperature_of(scores(params, x), y)
    x, y = examples(CHECKED, 2, held_out)
    chances = softmax(scores(params, x) / temperature, axis=1)
    is_digit = y < NONE
    likeliest = np.where(chances.max(axis=1) < DOUBT, NONE, chances.argmax(axis=1))
    right, refused = (
        (likeliest == y)[is_digit].mean(),
        (likeliest == NONE)[~is_digit].mean(),
    )
    print(f"of held-out digits {right:.1%} read right; of others {refused:.1%} refused")
    print(f"temperature {temperature:.3f}; error {calibration_error(chances, y):.2%}")
    write(params, temperature)
    diagram(chances, y).savefig(DIAGRAM, dpi=110)
    print(f"{time.perf_counter() - began:.0f} s")


def parts() -> list[made.Made]:
    """MNIST's bytes and digits to train on, to calibrate by and to judge by."""
    x, y = formats.embedded()
    digits = jaxnn.Digits(x.reshape(len(x), -1), y)
    train, held_out = jaxnn.split(digits)
    train, kept_back = jaxnn.split(train, KEPT_BACK)
    return [
        (part.x.astype(np.uint8).reshape(-1, *x.shape[1:]), part.y)
        for part in (train, kept_back, held_out)
    ]


def examples(count: int, seed: int, originals: made.Made) -> made.Made:
    """What the network sees of made pictures: x (count, 400) float32, labels."""
    found = [
        (images.unroll(images.shrink(pictures / 255)).astype(np.float32), labels)
        for pictures, labels in made.blocks(count, seed, originals, NO_DIGITS)
    ]
    x, y = zip(*found, strict=True)
    return np.concatenate(x), np.concatenate(y).astype(np.int32)


def trained(
    x: np.ndarray,
    y: np.ndarray,
    hidden: Sequence[int] = HIDDEN,
    plan: Sequence[tuple[float, int]] = PLAN,
) -> model.Params:
    """A network for x (m, 400), y (m,), its weights rounded to float16.

    It trains in centered coordinates, which first-order methods need for pixels.
    """
    params = jaxnn.init_params(0, (x.shape[1], *hidden, NONE + 1))
    centers = centering.centers_of(params, x)
    params = centering.centered(params, centers)
    args = jnp.asarray(x), jnp.asarray(y), LAM, centers
    batches = optimizers.Minibatches(BATCH, len(y), batch_of)
    for rate, epochs in plan:
        epoch = len(y) // BATCH
        how = {"learning_rate": rate, "batches": batches, "chunk": epoch}
        steps = epochs * epoch
        found = jaxnn.minimize(centering.cost, params, args, "adam", steps, **how)
        params = found.params
        cost = found.history[-epoch:].mean()
        print(f"rate {rate:g}, {epochs} epochs: cost {cost:.4f}", flush=True)
    params = jax.device_get(centering.uncentered(params, centers))
    return tuple(theta.astype(np.float16).astype(np.float32) for theta in params)


def batch_of(args: tuple, indices: jax.Array) -> tuple:
    """A mini-batch of the arguments, with its part of the penalty."""
    x, y, lam, centers = args
    return x[indices], y[indices], lam * indices.size / y.size, centers


def temperature_of(scores: np.ndarray, y: np.ndarray) -> float:
    """The temperature whose probabilities make the labels y (m,) likeliest.

    Source: C. Guo and others, On calibration of modern neural networks, ICML 2017.
    """

    def surprise(heat: float) -> float:
        chances = softmax(scores / np.exp(heat), axis=1)[np.arange(len(y)), y]
        return -np.log(np.maximum(chances, 1e-12)).mean()

    found: Any = minimize_scalar(surprise, bounds=(-3, 3), method="bounded")
    return round(float(np.exp(found.x)), 4)  # what is beyond differs by machine


def reliability(chances: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows of share, mean probability and accuracy, one for each bin of pictures.

    chances: (m, 11); the bins are of the largest. Empty ones are left out.
    """
    largest, is_right = chances.max(axis=1), chances.argmax(axis=1) == y
    which = np.minimum((largest * BINS).astype(int), BINS - 1)
    masks = [which == i for i in np.unique(which)]
    return np.array([(m.mean(), largest[m].mean(), is_right[m].mean()) for m in masks])


def calibration_error(chances: np.ndarray, y: np.ndarray) -> float:
    """How far accuracy is from the mean probability, on average over pictures."""
    share, said, true = reliability(chances, y).T
    return float((share * abs(said - true)).sum())


def diagram(chances: np.ndarray, y: np.ndarray) -> Figure:
    """The reliability diagram: how often pictures are read right, by probability."""
    share, said, true = reliability(chances, y).T
    figure = Figure((4.6, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot(said, true, "o-", color="tab:blue", markersize=4)
    for s, x, z in zip(share, said, true, strict=True):
        axes.annotate(f"{s:.1%}", (x, z), (4, -10), textcoords="offset points", size=7)
    axes.set(xlabel="probability", ylabel="read right", xlim=(0, 1.1), ylim=(0, 1.02))
    axes.set_title("Held-out generated pictures; labels: their share", size=9)
    return figure


def write(params: model.Params, temperature: float) -> None:
    """Write reader.npz and print its checksum."""
    arrays = {f"theta{i}": np.float16(theta) for i, theta in enumerate(params, 1)}
    arrays |= {"temperature": np.float64(temperature), "doubt": np.float64(DOUBT)}
    exact_npz.write(TARGET, arrays)


if __name__ == "__main__":
    main()
