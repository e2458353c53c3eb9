"""Data and weights files: right ones, odd ones, and damage of every kind.

A file that is right and whole must load, with as many examples as it has. Any other may
load to valid digits, or be refused in one line.
"""

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas
import scipy.io

import jaxnn
from jaxnn import limits, training

from .judging import Verdict, judged, quiet

FORMS = ["npz", "packed.npz", "npy", "mat", "packed.mat", "idx", "idx.gz"]
FORMS += ["csv", "parquet", "weights.npz", "weights.mat"]
SHARES = np.array([6, 4, 4, 2, 2, 3, 3, 3, 3, 2, 1]) / 33


class Case(NamedTuple):
    """A file, and what is known of it."""

    path: Path
    examples: int | None  # that a right and whole file has; None: it may be refused
    text: str  # how it was made


def run(random: np.random.Generator, folder: Path) -> tuple[str, Verdict]:
    """Make a file and read it: how it was made, and what became of it."""
    with quiet():
        case = made(random, folder)
    is_weights = case.path.name.startswith("weights")
    work = (lambda: weights(case.path)) if is_weights else (lambda: digits(case.path))
    verdict = judged(work, f"{folder}/", limits.most())
    if case.examples is not None and verdict.result is None:
        verdict.faults.append(f"refused, and it is right: {verdict.message}")
    if case.examples is not None and verdict.result not in (None, case.examples):
        verdict.faults.append(f"{verdict.result} of {case.examples} examples")
    return case.text, verdict


def weights(path: Path) -> int:
    """Read weights, and require that they form a network; how many layers it has."""
    params = jaxnn.load_params(path)
    for theta, following in zip(params, params[1:], strict=False):
        assert following.shape[1] == 1 + theta.shape[0]
    assert all(np.isfinite(theta).all() and theta.dtype.kind == "f" for theta in params)
    return len(params)


def digits(path: Path) -> int:
    """Read digits, and require that they are valid; how many there are.

    Whether anything can be learned from them, `fit` would say in one line, too.
    """
    found = jaxnn.load_digits(path)
    m, n = found.x.shape
    assert found.x.dtype.kind == "f" and np.isfinite(found.x).all() and m and n
    assert found.y.shape == (m,) and found.y.min() >= 0
    assert found.y.max() < len(found.classes) == len(set(found.classes))
    if found.shape == (20, 20) and found.classes == tuple(range(10)):
        low, high = found.x.min(), found.x.max()
        is_plain = low > -0.6 and 0.1 < high < 2  # a resize spreads one pixel
        assert is_plain or abs(found.x.mean()) < 0.5 > abs(found.x.std() - 1.05) - 0.5
    try:
        training.checked(found, None)
    except jaxnn.Mistake as mistake:
        assert str(mistake).startswith(f"{found.name}: ")
    return m


def made(random: np.random.Generator, folder: Path) -> Case:
    """A file of a random form; half of them right and whole."""
    form = str(random.choice(FORMS, p=SHARES))
    if form.startswith("weights"):
        held, examples, text = network(random), 2, "a network"
    else:
        held, examples, text = table(random, form)
        if random.random() < 0.4:
            held, text = spoiled(random, held)
            examples = None
    try:
        path = written(folder, form, held)
    except Exception:  # a writer raises anything for what its format cannot hold
        if examples is not None:
            raise
        path = folder / "x.npz"
        path.write_bytes(b"")
    if random.random() < 0.4:
        text += damage(random, path)
        examples = None
    return Case(path, examples, f"{form}: {text}")


def network(random: np.random.Generator) -> dict[str, Any]:
    """Weights of two layers."""
    n, h, k = random.integers(1, 30, 3)
    return {"theta1": random.normal(size=(h, 1 + n)), "theta2": np.ones((k, 1 + h))}


def table(random: np.random.Generator, form: str) -> tuple[dict[str, Any], int, str]:
    """Features or pictures x and labels y, right ones; how many, and how made."""
    m, k = int(random.integers(12, 60)), int(random.integers(2, 6))
    y = random.permutation(np.arange(m) % k)
    side = int(random.choice([20, 28]))
    kind = "idx" if form.startswith("idx") else str(random.choice(["table", "digits"]))
    if kind == "table" or form in ("csv", "parquet"):
        x = random.normal(size=(m, random.integers(1, 30))) * 10.0 ** random.integers(4)
        dtype = "f8"
    else:
        x, dtype = random.random((m, side, side)) ** 3, str(random.choice(["f4", "f8"]))
        x[:, 0, 0] = 1
        if kind == "idx" or random.random() < 0.5:
            x, dtype = 255 * x, str(random.choice(["u1", "i2", ">i4", "f4"]))
    if kind != "idx" and x.ndim == 3 and random.random() < 0.5:
        x = x.reshape(m, -1)
    return {"x": x.astype(dtype), "y": y}, m, f"{dtype}{list(x.shape)}, {k} classes"


def spoiled(random: np.random.Generator, held: dict) -> tuple[dict, str]:
    """The same with something odd in it."""
    x, y = held["x"], held["y"]
    numbers = [np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-300, 2.0**63, -1, 0.5]
    number = float(random.choice(numbers))
    ways: dict[str, Any] = {
        "a number": lambda: (put(random, x, number), y),
        "a label": lambda: (x, put(random, y, number)),
        "scaled": lambda: (x * number, y),
        "shifted": lambda: (x - 128, y),
        "constant": lambda: (np.full_like(x, 3), y),
        "one label": lambda: (x, 0 * y),
        "words": lambda: (x, np.array(["elm", "oak"])[y % 2]),
        "bytes": lambda: (x, np.array([b"elm", b"\xff\xfe"])[y % 2]),
        "long words": lambda: (x, np.array(["a", "b" * 10_000])[y % 2]),
        "objects": lambda: (x, y.astype(object)),
        "dates": lambda: (x.astype("M8[s]"), y),
        "text": lambda: (x.astype("U9"), y),
        "complex": lambda: (x * 1j, y),
        "bool": lambda: (x > 0.5, y),
        "float16": lambda: (x.astype("f2"), y),
        "long double": lambda: (x.astype(np.longdouble), y),
        "fields": lambda: (np.zeros(len(y), "f8,i4"), y),
        "empty": lambda: (x[:0], y[:0]),
        "no columns": lambda: (x.reshape(len(y), -1)[:, :0], y),
        "fewer labels": lambda: (x, y[:-1]),
        "transposed": lambda: (x.T, y[None]),
        "scalar": lambda: (np.array(3.0), y),
        "flat": lambda: (x.ravel(), y),
        "deep": lambda: (x.reshape(x.shape + (1,) * random.integers(1, 6)), y),
        "one-hot": lambda: (x, np.eye(9)[y]),
        "many labels": lambda: (x, np.arange(len(y)) * 7),
        "one example": lambda: (x[:1], y[:1]),
        "labels 1-10": lambda: (x, y + 10 - y.max()),
    }
    way = str(random.choice(list(ways)))
    x, y = ways[way]()
    names = random.choice(["xy", "Xy", "xX", "ab", "xyX", "yx"])
    if random.random() < 0.8 or isinstance(held, list):
        return {"x": x, "y": y}, f"{way} {number:g}"
    return {n: x if n in "xXa" else y for n in names}, f"{way} as {names}"


def put(random: np.random.Generator, array: np.ndarray, number: float) -> np.ndarray:
    """The array as floats, with this number somewhere."""
    array = array.astype(float)
    array.flat[random.integers(array.size)] = number
    return array


def written(folder: Path, form: str, held: dict[str, Any]) -> Path:
    """Write arrays in a form; the file to name."""
    first, *rest = held.values()
    second = rest[0] if rest else np.arange(3)
    path = folder / f"{'weights' if form.startswith('weights') else 'x'}.{form}"
    if form.endswith("npz"):
        save = np.savez_compressed if "packed" in form else np.savez
        save(path, **held)
    elif form == "npy":
        np.save(path, first)
        np.save(folder / "y.npy", second)
    elif form.endswith("mat"):
        named = {n.replace("x", "X").replace("theta", "Theta"): held[n] for n in held}
        scipy.io.savemat(path, named, do_compression="packed" in form)
    elif form.startswith("idx"):
        for name, array in (("images", first), ("labels", second)):
            kind = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            data = kind + np.clip(array, 0, 255).astype(np.uint8).tobytes()
            path = folder / f"{name}.{form}"
            path.write_bytes(gzip.compress(data) if form.endswith("gz") else data)
        path = folder / f"images.{form}"
    else:
        frame = pandas.DataFrame(np.reshape(first, (len(first), -1)))
        frame.columns = [f"c{i}" for i in frame.columns]
        frame["y"] = second
        getattr(frame, f"to_{form}")(path, index=False)
    return path


def damage(random: np.random.Generator, path: Path) -> str:
    """Damage a file; how."""
    whole = path.read_bytes()
    ways = {
        "bytes": lambda: mutated(random, whole, len(whole)),
        "its start": lambda: mutated(random, whole, 300),
        "its end": lambda: mutated(random, whole[::-1], 300)[::-1],
        "cut": lambda: whole[: random.integers(len(whole) + 1)],
        "longer": lambda: whole + random.bytes(int(random.integers(1, 99))),
        "twice": lambda: whole * 2,
        "a hole": lambda: whole[: len(whole) // 3] + whole[len(whole) // 2 :],
        "noise": lambda: random.bytes(int(random.integers(3000))),
        "digits": lambda: digits_changed(random, whole),
        "a large claim": lambda: claim(random, path),
    }
    way = str(random.choice(list(ways)))
    path.write_bytes(ways[way]())
    return f", damaged: {way}"


def mutated(random: np.random.Generator, whole: bytes, reach: int) -> bytes:
    """Up to eight of the first bytes changed."""
    content = bytearray(whole)
    for place in random.integers(0, max(1, min(reach, len(whole))), random.integers(9)):
        content[place : place + 1] = random.bytes(1)
    return bytes(content)


def digits_changed(random: np.random.Generator, whole: bytes) -> bytes:
    """Numbers written as text, as in the header of .npy, with other digits."""
    content = bytearray(whole)
    places = [i for i, byte in enumerate(whole[:5000]) if 48 <= byte < 58]
    for place in places and random.choice(places, 3):
        content[place] = random.integers(48, 58)
    return bytes(content)


def claim(random: np.random.Generator, path: Path) -> bytes:
    """A file that claims to hold very much, and may hold zeros as many."""
    m, n = int(10 ** random.uniform(2, 12)), int(random.choice([1, 20, 400, 784]))
    kind = str(random.choice(["|u1", "<f8", "<U1", "<U999999", "|V0"]))
    zeros = bytes(min(m * n, int(random.choice([0, 100, 3 << 20, 150 << 20]))))
    if ".idx" in path.name:
        data = struct.pack(">BBBBIII", 0, 0, 8, 3, m % 2**32, 28, 28) + zeros
        return gzip.compress(data, 1) if path.suffix == ".gz" else data[:10_000]
    header = io.BytesIO()
    fields = {"descr": kind, "fortran_order": False, "shape": (m, n)}
    np.lib.format.write_array_header_1_0(header, fields)
    if path.suffix == ".npy":
        return header.getvalue() + zeros[:10_000]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for i in range(int(random.choice([1, 2, 2000]))):
            name = f"{'xyz'[i]}.npy" if i < 3 else f"{i}.npy"
            file.writestr(name, header.getvalue() + (zeros if i < 2 else b""))
    return archive.getvalue()
