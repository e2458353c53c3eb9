"""Examples on disk: what they are, and that methods train on them as in memory."""

import gzip
import shutil
import subprocess
import sys
from collections import namedtuple

import jax
import numpy as np
import pytest

import jaxnn
from jaxnn import data, formats, mapped, rows
from jaxnn.mistake import Mistake
from jaxnn.training import centering, resized, scores, shuffling, streams, task

M, BLOCK = 503, 100


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Blocks, chunks, windows and groups so small that 503 examples fill several."""
    monkeypatch.setattr(rows, "BLOCK", BLOCK)
    monkeypatch.setattr(streams, "BLOCK", BLOCK)
    monkeypatch.setattr(shuffling, "CHUNK", 10 * 784)
    monkeypatch.setattr(shuffling, "WINDOW", 7)
    monkeypatch.setattr(streams, "GROUP", 50)


def written(folder, x, y):
    folder.mkdir()
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    return folder


@pytest.fixture
def big(tmp_path):
    """A folder of 503 digits, 28x28 bytes."""
    x, y = formats.embedded()
    return written(tmp_path / "big", x[::9][:M], y[::9][:M])


@pytest.fixture
def both(big):
    """The same digits on disk and in memory."""
    return tuple(jaxnn.load_digits(big, stream=way) for way in (True, False))


def idx(folder):
    x, y = formats.embedded()
    path = folder / "train-images-idx3-ubyte"
    head = np.array([0x803, 300, 28, 28], ">u4").tobytes()
    path.write_bytes(head + x[:300].tobytes())
    head = np.array([0x801, 300], ">u4").tobytes()
    (folder / "train-labels-idx1-ubyte").write_bytes(head + y[:300].tobytes())
    return path


def of_kind(kind, folder):
    """A file of examples in each form that can stay on disk."""
    random = np.random.default_rng(0)
    y = random.integers(0, 10, 120)
    y[:10] = np.arange(10)
    bytes_ = random.integers(0, 256, (120, 28, 28)).astype(np.uint8)
    kinds = {
        "digits 20x20": (bytes_[:, :20, :20], y),
        "digits in rows": (bytes_.reshape(120, 784), y),
        "floats": ((bytes_ / 255).astype(np.float32), y % 10 + 1),
        "other pictures": (bytes_[:, :8, :5], y % 3),
        "a table": (random.normal(size=(120, 6)), np.array(["no", "yes"])[y % 2]),
        "bytes in a table": (bytes_[:, 0, :7], y % 4),
    }
    return idx(folder) if kind == "IDX" else written(folder / "x", *kinds[kind])


@pytest.mark.parametrize(
    "kind",
    ["digits 20x20", "digits in rows", "floats", "other pictures", "a table", "IDX"]
    + ["bytes in a table"],
)
def test_the_features_are_those_in_memory(kind, tmp_path):
    path = of_kind(kind, tmp_path)
    disk, memory = (jaxnn.load_digits(path, stream=way) for way in (True, False))
    assert isinstance(disk.x, rows.Rows) and isinstance(memory.x, np.ndarray)
    assert disk[2:] == memory[2:] and disk.x.shape == memory.x.shape
    np.testing.assert_array_equal(disk.y, memory.y)
    np.testing.assert_allclose(np.asarray(disk.x), memory.x, rtol=0, atol=1e-14)
    np.testing.assert_allclose(disk.x.mean(), memory.x.mean(axis=0), atol=1e-13)
    layers = disk.x.shape[1], 3, len(disk.classes)
    params = jaxnn.init_params(0, layers, dtype="float64")
    stream = streams.Stream(disk, "float64")
    with jax.enable_x64(True):
        cost = centering.cost(params, stream, None, 1.0)
        np.testing.assert_allclose(cost, jaxnn.cost(params, *memory[:2], 1.0))


def test_parts_of_rows_are_those_of_an_array(both):
    disk, memory = both
    some = np.random.default_rng(1).random(M) < 0.6
    part, same = (data.take(digits, some) for digits in both)
    part, same = data.take(part, np.arange(9, 200)), data.take(same, np.arange(9, 200))
    odd = part.y % 2 == 1
    for which in (slice(None), slice(3, 150, 4), 17, -1, np.array([5, 2, 2]), odd):
        np.testing.assert_allclose(part.x[which], same.x[which], atol=1e-14)
    x, y = rows.between(part, 20, 90)
    assert x.dtype == np.uint8 and x.shape == (70, 28, 28)
    np.testing.assert_array_equal(y, same.y[20:90])
    np.testing.assert_allclose(images_of(x), same.x[20:90], atol=1e-14)
    empty = data.take(disk, np.zeros(M, bool))
    assert len(empty.x) == 0 and np.asarray(empty.x).shape == (0, 400)
    assert "on disk as uint8" in str(disk)


def images_of(x):
    return jaxnn.images.unroll(jaxnn.images.shrink(x / 255))


def test_a_large_file_stays_on_disk(big, monkeypatch):
    assert isinstance(jaxnn.load_digits(big).x, np.ndarray)
    monkeypatch.setattr(mapped, "LIMIT", M * 400 * 8 - 1)
    assert isinstance(jaxnn.load_digits(big).x, rows.Rows)
    assert isinstance(jaxnn.load_digits(big / "x.npy").x, rows.Rows)
    assert isinstance(jaxnn.load_digits().x, np.ndarray)


def test_pieces_are_held_out_of_every_class():
    y = np.repeat(np.arange(10), 2000)  # a file sorted by class
    is_test = rows.held_out(len(y), 0.2, 3)
    np.testing.assert_array_equal(np.bincount(y[is_test]), np.full(10, 400))
    assert (np.diff(is_test.astype(int)) != 0).sum() <= 2 * rows.PIECES
    assert (rows.held_out(len(y), 0.2, 4) != is_test).any()
    assert not rows.held_out(50, 0, 0).any()


def test_cost_and_gradient_are_the_hand_derived_ones(both):
    disk, memory = both
    params = jaxnn.init_params(0, dtype="float64")
    expected = jaxnn.backprop(params, memory.x, memory.y, 2.0)
    with jax.enable_x64(True):
        stream = streams.Stream(disk, "float64")
        slope = jax.value_and_grad(centering.cost)
        found = slope(params, stream, None, 2.0)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        a = np.asarray(a)
        assert np.linalg.norm(a - b) <= 1e-12 * np.linalg.norm(b)


METHODS = "lbfgs", "cg", "newton-cg", "gd", "scipy-l-bfgs-b"


@pytest.mark.parametrize("method", METHODS)
def test_full_batch_methods_go_the_way_of_memory(method, both):
    runs = []
    train = data.held_out(M, 0.2, 0)
    for digits in both:
        parts = data.take(digits, ~train), data.take(digits, train)
        how = {"method": method, "dtype": "float64", "hidden": (), "steps": 5}
        runs.append(jaxnn.fit(*parts, **how))
    one, two = runs
    assert one.steps == two.steps
    for a, b in zip(one.params, two.params, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    for name in ("cost", "train_accuracy", "test_accuracy"):
        a, b = (getattr(run.history, name) for run in runs)
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_an_epoch_has_every_example_once(both):
    disk, memory = both
    batches = shuffling.Batches(disk, 20)
    epoch = [batches.batch(3, step) for step in range(M // 20)]
    seen = np.concatenate([x for x, _ in epoch]).reshape(-1, 784)
    assert len(np.unique(seen, axis=0)) == len(seen) == M // 20 * 20
    x, y = epoch[4]
    labels = {
        row.tobytes(): label for row, label in zip(*formats.embedded(), strict=True)
    }
    assert [labels[row.tobytes()] for row in x] == y.tolist()
    for step in (24, 3, 30):  # whatever was read before
        fresh = shuffling.Batches(disk, 20).batch(3, step)
        np.testing.assert_array_equal(batches.batch(3, step)[0], fresh[0])
    other = [batches.batch(3, 25 + step)[0] for step in range(M // 20)]
    assert not np.array_equal(np.concatenate(other).reshape(-1, 784), seen)
    assert not np.array_equal(batches.batch(4, 0)[0], epoch[0][0])


def test_windows_mix_a_sorted_file(tmp_path):
    y = np.repeat(np.arange(10), 1000)
    x = np.zeros((len(y), 784), np.uint8)
    x[:, :256] = 255
    digits = jaxnn.load_digits(written(tmp_path / "sorted", x, y), stream=True)
    batches = shuffling.Batches(digits, 50)
    classes = [len(np.unique(batches.batch(0, step)[1])) for step in range(200)]
    assert np.median(classes) >= 4  # seven chunks of one class each; 1 if unmixed


def test_mini_batches_are_numpys_descent_on_the_same_batches(both):
    disk, _ = both
    how = {"method": "gd", "learning_rate": 0.5, "batch_size": 30, "lam": 2.0}
    run = jaxnn.fit(disk, **how, steps=40, seed=5, dtype="float64")
    params, batches = jaxnn.init_params(5, dtype="float64"), shuffling.Batches(disk, 30)
    costs = []
    for step in range(41):
        x, y = batches.batch(5, step)
        cost, slope = jaxnn.backprop(params, images_of(x), y, 2.0 * 30 / M)
        costs.append(float(cost))
        if step < 40:
            params = tuple(p - 0.5 * g for p, g in zip(params, slope, strict=True))
    np.testing.assert_allclose(run.history.cost, costs[1:], rtol=1e-9)
    for a, b in zip(run.params, params, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


@pytest.mark.parametrize(
    "how",
    [
        {"method": "adam", "batch_size": 7},  # stops inside a group and a window
        {"method": "momentum", "batch_size": 120, "dtype": "float64"},
        {"method": "lbfgs"},
    ],
    ids=str,
)
def test_a_resumed_run_has_the_same_bits(how, big, tmp_path):
    train, test = jaxnn.split(jaxnn.load_digits(big, stream=True))
    whole = jaxnn.fit(train, test, steps=23, **how)
    for steps in (11, 23):
        train, test = jaxnn.split(jaxnn.load_digits(big, stream=True))
        more = {"out": tmp_path / "run", "resume": steps > 11, "pictures": False}
        run = jaxnn.fit(train, test, steps=steps, **how, **more)
    for a, b in zip(run.params, whole.params, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(run.history.cost, whole.history.cost, rtol=1e-8)


def test_a_run_is_not_resumed_with_other_digits(big, tmp_path):
    digits = jaxnn.load_digits(big, stream=True)
    jaxnn.fit(digits, steps=2, out=tmp_path / "run", pictures=False)
    x, y = np.load(big / "x.npy"), np.load(big / "y.npy")
    digits = jaxnn.load_digits(
        written(tmp_path / "more", x[::-1], y[::-1]), stream=True
    )
    with pytest.raises(Mistake, match="was trained on other digits"):
        jaxnn.fit(digits, steps=3, out=tmp_path / "run", resume=True)


def test_pictures_are_resized_once_beside_the_data(both, big, monkeypatch):
    disk, memory = both
    run, same = (jaxnn.fit(digits, steps=5) for digits in (disk, memory))
    np.testing.assert_allclose(run.history.cost, same.history.cost, rtol=1e-5)
    beside = big / "x.20x20.npy"
    np.testing.assert_array_equal(np.load(beside), memory.x.astype(np.float32))
    before = beside.stat().st_ino
    assert rows.rows_of(resized.resized(disk)).file.dtype == np.float32
    assert beside.stat().st_ino == before  # made once
    np.save(big / "x.npy", np.load(big / "x.npy")[::-1])
    digits = resized.resized(jaxnn.load_digits(big, stream=True))
    np.testing.assert_array_equal(digits.x[:], memory.x[::-1].astype(np.float32))
    beside.unlink()
    usage = namedtuple("usage", "total used free")(10**9, 0, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert resized.resized(disk) is disk and not beside.exists()  # too little room


def test_a_part_of_the_pictures_is_read_where_they_lie(both):
    disk, _ = both
    parts = jaxnn.split(disk)
    assert all(len(part.x.ranges) > 1 for part in parts)
    same = [jaxnn.Digits(np.asarray(part.x), part.y) for part in parts]
    run, expected = (jaxnn.fit(*some, steps=5) for some in (parts, same))
    np.testing.assert_allclose(run.history.cost, expected.history.cost, rtol=1e-5)
    last = [one.history.test_accuracy[-1] for one in (run, expected)]
    assert last[0] == last[1]
    train = resized.resized(parts[0])
    found = task.stream_of(train, "float32", jax.devices("cpu")[0], None)
    assert found.x.unsafe_buffer_pointer() == train.x.file.ctypes.data


def test_others_read_them_too(both, tmp_path):
    disk, memory = both
    run = jaxnn.fit(disk, steps=20)
    assert run.score(disk) == run.score(memory)
    found, same = (scores.evaluate(run.params, d, 3.0) for d in both)
    np.testing.assert_allclose(found.outputs, same.outputs, atol=1e-5)
    np.testing.assert_array_equal(found.read, same.read)
    assert found.cost == pytest.approx(same.cost, rel=1e-5)


def test_the_commands_read_a_folder(big, process, tmp_path):
    shutil.copytree(big, tmp_path / "copy", dirs_exist_ok=True)
    flags = "--steps", 20, "--out", "mine", "--method", "adam", "--batch-size", 50
    done = process("train", "--data", "copy", "--stream", *flags)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert not (tmp_path / "mine" / "trained_on.npz").exists()
    accuracy = done.stdout.split("held out ")[-1].split("%")[0]
    done = process("evaluate", "mine")
    assert done.stdout.startswith(f"{accuracy}% of "), done.stdout
    done = process("train", "--resume", "mine", "--steps", 25)
    assert done.returncode == 0 and "after 25 steps" in done.stdout
    done = process("evaluate", "mine", "--data", "copy")
    assert f"{M} digits read right" in done.stdout
    assert "with or without training digits" in done.stdout


def broken(kind, big):
    """The path of digits that cannot be streamed, and what is said."""
    x, y = np.load(big / "x.npy"), np.load(big / "y.npy")
    whole = (big / "x.npy").read_bytes()
    if kind == "no x":
        (big / "x.npy").unlink()
        return big, "big: is a folder; name a file with digits, or a folder that holds"
    if kind == "no y":
        (big / "y.npy").unlink()
        return big, "x.npy: no file of labels next to it"
    if kind == "truncated":
        (big / "x.npy").write_bytes(whole[:-5])
        return big, "x.npy: truncated or damaged; get a fresh copy"
    if kind == "no array":
        (big / "x.npy").write_bytes(b"no array at all")
        return big, "x.npy: damaged, or not an .npy file"
    if kind == "another shape":
        np.save(big / "y.npy", y[:-3])
        return big, "x.npy: 503 images but 500 labels"
    if kind == "columns":
        np.save(big / "x.npy", np.asfortranarray(x))
        return big, "x.npy: is in Fortran's order, and streaming reads rows"
    if kind == "labels":
        np.save(big / "y.npy", y + 5)
        return big, "y.npy: holds the label"
    if kind == "NaN":
        np.save(big / "x.npy", np.where(x == x[-1, 14, 14], np.nan, x / 255))
        return big, "x.npy: holds NaN or infinite values; repair or drop them"
    if kind == "zipped":
        path = big / "images.gz"
        path.write_bytes(gzip.compress(whole))
        return path, "images.gz: cannot stay on disk; give .npy or IDX, and unzip it"
    assert kind == "embedded"
    return None, "the embedded digits are in memory; stream a file"


@pytest.mark.parametrize(
    "kind",
    ["no x", "no y", "truncated", "no array", "another shape", "columns", "labels"]
    + ["NaN", "zipped", "embedded"],
)
def test_a_file_that_cannot_be_streamed_is_one_line(kind, big):
    path, message = broken(kind, big)
    with pytest.raises(Mistake) as caught:
        jaxnn.load_digits(path, stream=True)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_nothing_on_disk_is_standardized(both):
    with pytest.raises(Mistake, match="on disk, where nothing is standardized"):
        jaxnn.standardize(both[0])


FLAT = """
import re, resource, threading, time
import jaxnn
from jaxnn.training import shuffling
shuffling.CHUNK = 2**16
digits = jaxnn.load_digits("flat", stream=True)
def anonymous():
    text = open("/proc/self/status").read()
    return int(re.search(r"RssAnon:\\s+(\\d+)", text)[1]) * 1024
seen, most = [], 0
few = digits._replace(x=digits.x.only(digits.x.ranges[:, :1] + [0, 10_000]))
few = few._replace(y=digits.y[:10_000])
def train(digits, steps):
    how = {"hidden": (5,), "progress": lambda now: seen.append(anonymous())}
    jaxnn.fit(digits, method="adam", batch_size=5000, steps=steps, **how)
    jaxnn.fit(digits, method="gd", dtype="float64", steps=1, **how)
train(few, 2)
before = anonymous()
train(digits, len(digits.y) // 5000)
print(max(seen) - before, digits.x.file.nbytes)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat(tmp_path, environment):
    m, folder = 1_000_000, tmp_path / "flat"
    one = np.full((1, 28, 28), 255, np.uint8)
    written(folder, one, np.arange(m) % 10)
    with open(folder / "x.npy", "wb") as stream:  # zeros take no room on the disk
        header = {"descr": "|u1", "fortran_order": False, "shape": (m, 28, 28)}
        np.lib.format.write_array_header_1_0(stream, header)
        end = stream.tell() + m * 784
        stream.write(one.tobytes())
        stream.truncate(end)
    how = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", FLAT], **how)
    assert done.returncode == 0, done.stderr
    grown, size = map(int, done.stdout.split())
    assert size == m * 784 and grown < size / 5
