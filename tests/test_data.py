"""Digits from files of every format: loaded to one form, or refused in one line."""

import gzip
import os
import struct
import subprocess
import sys
import tracemalloc
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.io
import scipy.stats

import jaxnn
from jaxnn import limits
from jaxnn.data import Digits
from jaxnn.files import FileError

pytestmark = pytest.mark.usefixtures("quick_mat")

RANDOM = np.random.default_rng(0)
BYTES = RANDOM.integers(0, 256, (6, 20, 20)).astype(np.uint8)
BYTES[:, 0, 0] = 255  # as in a real picture: its float version has a 1
Y = np.array([3, 0, 9, 0, 1, 7])
TENS = np.where(Y == 0, 10, Y)  # the course's labels
# the form they must load to: floats up to 1, pixel (r, c) at 20 c + r
X = np.stack([picture.flatten(order="F") for picture in BYTES]) / 255
FLAT = BYTES.reshape(6, 400)  # row by row, as every format but .mat has it
MNIST_BYTES = RANDOM.integers(0, 256, (4, 28, 28)).astype(np.uint8)


def idx_bytes(array):
    """MNIST's own format: two zero bytes, 8 for uint8, the number of dimensions."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_mat(folder, x, y):
    scipy.io.savemat(folder / "digits.mat", {"X": x, "y": y})
    return folder / "digits.mat"


def write_npz(folder, x, y):
    np.savez(folder / "digits.npz", x=x, y=y)
    return folder / "digits.npz"


def write_npy(folder, x, y):
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    return folder / "x.npy"


def write_idx(folder, x, y):
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(x))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(y))
    return folder / "t10k-images-idx3-ubyte"


def write_gz(folder, x, y):
    (folder / "images.gz").write_bytes(gzip.compress(idx_bytes(x), mtime=0))
    (folder / "labels.gz").write_bytes(gzip.compress(idx_bytes(y), mtime=0))
    return folder / "images.gz"


WRITERS = {
    "mat": write_mat,
    "npz": write_npz,
    "npy": write_npy,
    "idx": write_idx,
    "idx.gz": write_gz,
}
LABELS = {"npy": "y.npy", "idx": "t10k-labels-idx1-ubyte", "idx.gz": "labels.gz"}
ANY_NUMBER = ("npz", "npy", "mat")  # formats that hold more than bytes


def refusal(path, **options):
    """The one line with which a file is refused; it names the file and says why."""
    with pytest.raises(FileError) as caught:
        jaxnn.load_digits(path, **options)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(f"{path.parent}{os.sep}")  # the file or its labels
    assert len(text.removeprefix(f"{path}: ").split()) >= 3
    return text


def check_loaded(digits, x=X, y=Y):
    np.testing.assert_allclose(digits.x, x, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(digits.y, y)
    assert digits.x.dtype == np.float64 and digits.y.dtype == np.int64


def resized_by_jax(pictures):
    """28x28 to 20x20 and column by column, with JAX's resize and a padded border."""
    with jax.enable_x64(True):
        padded = jnp.pad(jnp.asarray(pictures), ((0, 0), (7, 7), (7, 7)), mode="edge")
        small = jax.image.resize(padded, (len(pictures), 30, 30), "cubic")
        small = np.asarray(small)[:, 5:-5, 5:-5]
    return np.stack([picture.flatten(order="F") for picture in small])


# the embedded digits


def test_embedded_digits_are_the_course_set():
    x, y, name, classes, shape = jaxnn.load_digits()
    assert x.shape == (5000, 400) and x.dtype == np.float64
    np.testing.assert_array_equal(y, np.repeat(np.arange(10), 500))
    assert y.dtype.kind == "i"
    assert name == "embedded digits"
    assert classes == tuple(range(10)) and shape == (20, 20)


def test_loading_the_embedded_digits_starts_no_jax_backend():
    """With an unknown platform every JAX operation fails, and the digits still load."""
    code = (
        "import jaxnn, jax\n"
        "print(jaxnn.load_digits().x.shape)\n"
        "try:\n    jax.numpy.zeros(1)\n"
        "except RuntimeError:\n    print('no backend')\n"
    )
    environment = os.environ | {"JAX_PLATFORMS": "nonsense"}
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert child.stdout.splitlines() == ["(5000, 400)", "no backend"]


def test_embedded_digits_have_no_parts():
    with pytest.raises(FileError) as caught:
        jaxnn.load_digits(part="test")
    assert "embedded digits" in str(caught.value)
    assert "None" not in str(caught.value)


def test_unknown_part_lists_the_known_ones():
    with pytest.raises(ValueError, match="all, train, test"):
        jaxnn.load_digits(part="validation")


# one picture, many files


@pytest.mark.parametrize(
    ("form", "x", "y"),
    [
        ("mat", X, TENS[:, None]),  # the course's own
        ("mat", X.T, TENS[None, :]),
        ("mat", (255 * X).round(), Y),
        ("mat", BYTES, Y),
        ("npz", FLAT, Y),
        ("npz", FLAT.T, Y),
        ("npz", FLAT / 255, TENS),
        ("npz", BYTES, Y[:, None].astype(float)),
        ("npz", BYTES[..., None], Y),
        ("npz", FLAT.astype(">f4"), Y.astype(">i2")),
        ("npy", FLAT, Y),
        ("npy", np.asfortranarray(FLAT), Y),
        ("npy", BYTES / 255, TENS),
        ("idx", BYTES, Y),
        ("idx.gz", BYTES, Y),
    ],
)
def test_the_same_picture_loads_to_the_same_x_from_every_format(tmp_path, form, x, y):
    path = WRITERS[form](tmp_path, x, y)
    digits = jaxnn.load_digits(path)
    check_loaded(digits)
    assert digits.name == path.name


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("shape", [(4, 28, 28), (4, 28, 28, 1), (4, 784)])
def test_mnist_images_are_shrunk_as_the_course_did(tmp_path, shape, scale):
    pictures = MNIST_BYTES.reshape(shape) / (1 if scale == 255 else 255)
    digits = jaxnn.load_digits(write_npz(tmp_path, pictures, Y[:4]))
    check_loaded(digits, resized_by_jax(MNIST_BYTES / 255), Y[:4])


def test_mnists_own_files_are_shrunk(tmp_path):
    digits = jaxnn.load_digits(write_gz(tmp_path, MNIST_BYTES, Y[:4]))
    check_loaded(digits, resized_by_jax(MNIST_BYTES / 255), Y[:4])


def test_pixels_that_overshoot_1_are_not_taken_for_bytes(tmp_path):
    check_loaded(jaxnn.load_digits(write_npy(tmp_path, BYTES / 225, Y)), X * 255 / 225)


def test_z_scored_floats_are_left_alone(tmp_path):
    pictures = scipy.stats.zscore(BYTES, axis=(1, 2))
    x = scipy.stats.zscore(X, axis=1)
    check_loaded(jaxnn.load_digits(write_npz(tmp_path, pictures, Y)), x)


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),  # Keras
        ("X_train", "y_train", "X_test", "y_test"),
    ],
)
def test_parts_of_an_npz_file(tmp_path, names):
    path = tmp_path / "parts.npz"
    arrays = (BYTES[:4], Y[:4], BYTES[4:], Y[4:])
    np.savez(path, **dict(zip(names, arrays, strict=True)))
    check_loaded(jaxnn.load_digits(path, part="train"), X[:4], Y[:4])
    check_loaded(jaxnn.load_digits(path, part="test"), X[4:], Y[4:])
    check_loaded(jaxnn.load_digits(path))
    found = {part: jaxnn.load_digits(path, part=part).name for part in ("all", "test")}
    assert found == {"all": "parts.npz", "test": "parts.npz (test)"}


def test_parts_with_features_as_rows(tmp_path):
    path = tmp_path / "parts.npz"
    train, test = {"X_train": FLAT[:4].T}, {"X_test": FLAT[4:].T}
    np.savez(path, **train, **test, y_train=TENS[None, :4], y_test=TENS[None, 4:])
    check_loaded(jaxnn.load_digits(path))


@pytest.mark.parametrize("m", [400, 784])
@pytest.mark.parametrize("n", [4, 5])
def test_as_many_rows_as_digits_have_pixels_are_still_a_table(tmp_path, m, n):
    table, y = np.arange(float(m * n)).reshape(m, n), np.arange(m) % 3
    for x in (table, table.T):
        np.savez(tmp_path / "table.npz", x=x, y=y)
        found = jaxnn.load_digits(tmp_path / "table.npz")
        np.testing.assert_array_equal(found.x, table)
        assert found.shape is None and found.classes == (0, 1, 2)


def test_labels_beyond_every_integer_are_words(tmp_path):
    y = ["9" * 20, "1", "2"] * 2
    for x in (FLAT[:6], FLAT[:6, :7]):
        np.savez(tmp_path / "codes.npz", x=x, y=y)
        found = jaxnn.load_digits(tmp_path / "codes.npz")
        assert found.classes == ("1", "2", "9" * 20)
        assert found.y.tolist() == [2, 0, 1] * 2


def test_the_parts_of_a_file_have_one_scale(tmp_path):
    x = np.ones((4, 16, 16))
    x[:, :8] = 0
    path, y = tmp_path / "parts.npz", [0, 1, 0, 1]
    np.savez(path, x_train=40 * x, y_train=y, x_test=20 * x, y_test=y)
    parts = [jaxnn.load_digits(path, part) for part in ("train", "test")]
    assert [part.x.max() for part in parts] == [40 / 255, 20 / 255]


def test_keras_file_of_mnist_images(tmp_path):
    path = tmp_path / "mnist.npz"
    x, y = MNIST_BYTES, Y[:4].astype(np.uint8)
    np.savez(path, x_train=x[:3], y_train=y[:3], x_test=x[3:], y_test=y[3:])
    check_loaded(jaxnn.load_digits(path), resized_by_jax(x / 255), y)


def test_a_lone_train_part_is_the_whole_file(tmp_path):
    path = tmp_path / "train.npz"
    np.savez(path, x_train=FLAT, y_train=Y)
    check_loaded(jaxnn.load_digits(path))
    assert "'test'" in refusal(path, part="test")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
    ],
)
def test_labels_are_found_next_to_the_images(tmp_path, images, labels):
    for name, array in ((images, BYTES), (labels, Y)):
        contents = idx_bytes(array)
        packed = gzip.compress(contents) if name.endswith(".gz") else contents
        (tmp_path / name).write_bytes(packed)
    check_loaded(jaxnn.load_digits(tmp_path / images))


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("X.npy", "y.npy"),
        ("x_train.npy", "y_train.npy"),
        ("images.npy", "labels.npy"),
    ],
)
def test_npy_pairs_by_their_names(tmp_path, images, labels):
    np.save(tmp_path / images, FLAT)
    np.save(tmp_path / labels, Y)
    check_loaded(jaxnn.load_digits(tmp_path / images))


# refusals


def with_pixel(value):
    x = X.copy()
    x[2, 7] = value
    return x


def with_label(value):
    y = Y.astype(float)
    y[4] = value
    return y


FAULTS = {
    "one long row": (X.reshape(1, -1), Y, "2400"),
    "five dimensions": (BYTES.reshape(6, 2, 10, 2, 10), Y, "(6, 2, 10, 2, 10)"),
    "text for pixels": (X.astype("U4"), Y, "numbers"),
    "nameless labels": (X, Y * (1 + 0j), "numbers"),
    "complex pixels": (X + 1j, Y, "numbers"),
    "NaN pixel": (with_pixel(np.nan), Y, "NaN"),
    "infinite pixel": (with_pixel(-np.inf), Y, "infinite"),
    "NaN label": (X, with_label(np.nan), "NaN"),
    "label -1": (X, with_label(-1), "-1"),
    "label 11": (X, with_label(11), "11"),
    "label 2.5": (X, with_label(2.5), "2.5"),
    "labels 0 and 10": (X, with_label(10), "0 and 10"),
    "a label too few": (X, Y[:-1], "6 images but 5 labels"),
    "no labels": (X, Y[:0], "empty"),
    "no images": (X[:0], Y, ""),
}
IDX_FAULTS = {
    "label 11": (BYTES, with_label(11), "11"),
    "labels 0 and 10": (BYTES, with_label(10), "0 and 10"),
    "a label too few": (BYTES, Y[:-1], "6 images but 5 labels"),
    "no digits": (BYTES[:0], Y[:0], "empty"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("form", ANY_NUMBER)
def test_contents_that_are_no_digits_are_refused(tmp_path, form, fault):
    x, y, reason = FAULTS[fault]
    assert reason in refusal(WRITERS[form](tmp_path, x, y))


@pytest.mark.parametrize("fault", IDX_FAULTS)
@pytest.mark.parametrize("form", ["idx", "idx.gz"])
def test_idx_contents_that_are_no_digits_are_refused(tmp_path, form, fault):
    x, y, reason = IDX_FAULTS[fault]
    assert reason in refusal(WRITERS[form](tmp_path, x, y))


def test_pixels_near_the_largest_float_give_no_overflow(tmp_path):
    """The resize's weights are negative too: their sums could pass the largest."""
    x = np.where(MNIST_BYTES < 128, -1.7e308, 1.7e308)
    loads_or_refuses(jaxnn.load_digits, write_npz(tmp_path, x, Y[:4]))


@pytest.mark.parametrize("form", LABELS)
def test_a_fault_of_the_labels_names_the_labels_file(tmp_path, form):
    text = refusal(WRITERS[form](tmp_path, BYTES, np.full(6, 11)))
    assert text.startswith(f"{tmp_path / LABELS[form]}: ")


@pytest.mark.parametrize("form", ["idx", "idx.gz"])
@pytest.mark.parametrize(
    "fault", ["missing", "empty", "1 byte", "3 bytes", "15 bytes", "cut", "noise"]
)
def test_damaged_idx_files_are_refused(tmp_path, form, fault):
    path = WRITERS[form](tmp_path, BYTES, Y)
    whole = path.read_bytes()
    if fault == "missing":
        path.unlink()
    else:
        lengths = {"empty": 0, "1 byte": 1, "3 bytes": 3, "15 bytes": 15, "cut": -1}
        noise = np.random.default_rng(1).bytes(900)
        path.write_bytes(noise if fault == "noise" else whole[: lengths[fault]])
    refusal(path)


def test_bytes_after_the_end_of_an_idx_file_are_refused(tmp_path):
    path = write_idx(tmp_path, BYTES, Y)
    path.write_bytes(path.read_bytes() + b"x")
    refusal(path)


def test_a_path_may_be_a_string(tmp_path):
    check_loaded(jaxnn.load_digits(str(write_npz(tmp_path, FLAT, Y))))


@pytest.mark.parametrize("ending", [".mat", ".npz", ".npy", ".gz", ""])
def test_a_folder_is_refused(tmp_path, ending):
    (tmp_path / f"digits{ending}").mkdir()
    refusal(tmp_path / f"digits{ending}")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("count", [3_000_000, 4_000_000_000])
def test_an_idx_header_that_claims_too_much_takes_no_memory(tmp_path, count, pack):
    """2.2 GiB would be read if the file had them; 2.9 TiB would not."""
    header = struct.pack(">BBBBIII", 0, 0, 8, 3, count, 28, 28)
    (tmp_path / "images").write_bytes(pack(header + bytes(784)))
    tracemalloc.start()
    try:
        refusal(tmp_path / "images")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["idx", "idx.gz"])
def test_a_true_idx_file_over_the_limit_is_refused(tmp_path, monkeypatch, form):
    monkeypatch.setattr(limits, "machine", lambda: 4 * (BYTES.nbytes - 1))
    assert "at most" in refusal(WRITERS[form](tmp_path, BYTES, Y))


@pytest.mark.parametrize("kind", [9, 13, 14])
def test_idx_numbers_that_are_not_bytes_are_refused(tmp_path, kind):
    path = write_idx(tmp_path, BYTES, Y)
    whole = bytearray(path.read_bytes())
    whole[2] = kind  # int8, float32, float64
    path.write_bytes(whole)
    refusal(path)


@pytest.mark.parametrize("form", LABELS)
def test_labels_given_instead_of_images_are_refused(tmp_path, form):
    WRITERS[form](tmp_path, BYTES, Y)
    assert "labels" in refusal(tmp_path / LABELS[form])


@pytest.mark.parametrize("form", LABELS)
def test_images_without_labels_are_refused(tmp_path, form):
    path = WRITERS[form](tmp_path, BYTES, Y)
    (tmp_path / LABELS[form]).unlink()
    assert "no file of labels" in refusal(path)


@pytest.mark.parametrize("name", ["digits.txt", "digits.png", "digits"])
def test_unknown_files_are_refused_with_the_known_formats(tmp_path, name):
    (tmp_path / name).write_text("1,2,3\n4,5,6\n")
    text = refusal(tmp_path / name)
    assert all(known in text for known in (".mat", ".npz", ".npy", "IDX"))


@pytest.mark.parametrize("held", [{"a": X, "b": Y}, {"x": X}, {"a\nb": X}, {}])
def test_npz_without_digits_says_what_it_expects(tmp_path, held):
    np.savez(tmp_path / "digits.npz", **held)
    text = refusal(tmp_path / "digits.npz")
    assert "x and y" in text
    assert all(name in text for name in held if name.isalpha())


@pytest.mark.parametrize("held", [{"X": X}, {"y": Y}])
def test_mat_without_both_variables_is_refused(tmp_path, held):
    scipy.io.savemat(tmp_path / "digits.mat", held)
    assert "X and y" in refusal(tmp_path / "digits.mat")


@pytest.mark.parametrize("names", ["xXy", "Xxy", "xyY"])
def test_names_that_differ_in_case_alone_are_refused(tmp_path, names):
    held = {"x": X, "y": Y}
    arrays = {name: held[name.lower()] for name in names}
    np.savez(tmp_path / "digits.npz", **arrays)
    text = refusal(tmp_path / "digits.npz")
    assert "differ only in case; keep one of each" in text
    assert all(name in text for name in names)


def loads_or_refuses(load, path):
    """A damaged file either loads or raises FileError, without any warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            load(path)
        except FileError as error:
            assert len(str(error).splitlines()) == 1
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.parametrize(
    ("form", "times"),
    [
        ("npz", 40),
        ("npy", 40),
        ("idx", 40),
        ("idx.gz", 40),
        ("mat", 40),
    ],
)
@pytest.mark.parametrize("where", ["anywhere", "at the start"])
def test_mutated_bytes_load_or_are_refused(tmp_path, form, times, where):
    random = np.random.default_rng([times, len(form)])
    x, y = (BYTES, Y) if form.startswith("idx") else (FLAT[:2] / 255, Y[:2])
    path = WRITERS[form](tmp_path, x, y)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(times):
        damaged = whole.copy()
        reach = len(whole) if where == "anywhere" else min(len(whole), 256)
        places = random.integers(0, reach, random.integers(1, 5))
        damaged[places] = random.integers(0, 256, len(places))
        path.write_bytes(damaged.tobytes())
        loads_or_refuses(jaxnn.load_digits, path)


# split and standardize

# class c has 10 (c + 1) digits, shuffled; pixel 0 numbers them
UNEVEN_Y = np.random.default_rng(2).permutation(
    np.repeat(np.arange(10), np.arange(10, 101, 10))
)
UNEVEN = Digits(np.arange(550.0)[:, None] * np.ones(400), UNEVEN_Y, "uneven")


def numbers(digits):
    return digits.x[:, 0].astype(int).tolist()


@pytest.mark.parametrize(("fraction", "of_ten"), [(0.2, 2), (0.5, 5), (0.9, 9)])
def test_split_takes_the_same_proportion_of_each_class(fraction, of_ten):
    train, test = jaxnn.split(UNEVEN, fraction)
    expected = of_ten * np.arange(1, 11)
    assert np.bincount(test.y).tolist() == expected.tolist()
    assert np.bincount(train.y).tolist() == (10 * np.arange(1, 11) - expected).tolist()


def test_split_parts_are_disjoint_complete_and_in_order():
    train, test = jaxnn.split(UNEVEN, 0.3, seed=4)
    assert sorted(numbers(train) + numbers(test)) == list(range(550))
    for part in (train, test):
        assert numbers(part) == sorted(numbers(part))
        np.testing.assert_array_equal(part.y, UNEVEN_Y[numbers(part)])


def test_split_by_default_tests_on_a_fifth(digits):
    train, test = jaxnn.split(digits)
    assert np.bincount(train.y).tolist() == [400] * 10
    assert np.bincount(test.y).tolist() == [100] * 10
    assert (train.name, test.name) == (
        "embedded digits (train)",
        "embedded digits (held out)",
    )


def test_split_depends_on_the_seed_alone():
    first, again, other = (numbers(jaxnn.split(UNEVEN, seed=s)[1]) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_split_fraction_0_leaves_no_test_part():
    train, test = jaxnn.split(UNEVEN, 0)
    assert numbers(train) == list(range(550))
    assert test.x.shape == (0, 400) and test.y.shape == (0,)


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan")])
def test_split_refuses_a_fraction_outside_0_to_1(fraction):
    with pytest.raises(ValueError, match="test fraction .*0.2"):
        jaxnn.split(UNEVEN, fraction)


def test_standardize_is_scipys_zscore_of_each_image(digits):
    some = digits._replace(x=digits.x[::100], y=digits.y[::100])
    x, y = jaxnn.standardize(some)[:2]
    np.testing.assert_allclose(x, scipy.stats.zscore(some.x, axis=1), atol=1e-12)
    np.testing.assert_allclose(x.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(x.std(axis=1), 1, atol=1e-14)
    np.testing.assert_array_equal(y, some.y)


@pytest.mark.parametrize("side", [20, 28])
def test_standardize_makes_a_blank_image_of_any_gray_0(tmp_path, side):
    """28x28 ones are shrunk first, and rounding must not be taken for a picture."""
    grays = np.arange(256) / 255
    x = np.ones((256, side, side)) * grays[:, None, None]
    blank = jaxnn.load_digits(write_npz(tmp_path, x, np.zeros(256, int)))
    np.testing.assert_allclose(jaxnn.standardize(blank).x, 0, atol=1e-12)


def test_a_table_is_not_standardized_row_by_row():
    table = Digits([[1.0, 900.0], [2.0, 100.0]], [0, 1], "wine")
    with pytest.raises(
        jaxnn.Mistake, match="wine: a row of a table is no image; scale its"
    ):
        jaxnn.standardize(table)


def test_standardize_keeps_a_faint_picture():
    """Two pixels of 400 differ by 1e-6: z-scores worked by hand, +-sqrt(200)."""
    x = np.full((1, 400), 0.5)
    x[0, :2] += [1e-6, -1e-6]
    z = jaxnn.standardize(Digits(x, np.array([1]), "faint")).x
    np.testing.assert_allclose(z[0, :2], [200**0.5, -(200**0.5)], rtol=1e-6)
    np.testing.assert_allclose(z[0, 2:], 0, atol=1e-6)
