"""Weights and states in files: round trips, the course's order, refusals."""

import os
import warnings
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.io
from PIL import Image
from test_files import mat_bytes

import jaxnn
from jaxnn import files
from jaxnn.files import FileError
from jaxnn.training.run_folder import load_tree, save_tree
from jaxnn.weights import load_digit_reader

pytestmark = pytest.mark.usefixtures("quick_mat")

ENDINGS = (".npz", ".mat")
RANDOM = np.random.default_rng(0)
NET = (RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(10, 6)))  # 3-5-10


def write(path, *thetas):
    """Weights as other programs write them: NumPy's savez, SciPy's savemat."""
    stem = "Theta" if path.suffix == ".mat" else "theta"
    named = {f"{stem}{i}": theta for i, theta in enumerate(thetas, 1)}
    if path.suffix == ".mat":
        scipy.io.savemat(path, named)
    else:
        np.savez(path, **named)
    return path


def refusal(call, path, *more):
    """The one line with which a file is refused; it names the file and says why."""
    with pytest.raises(FileError) as caught:
        call(path, *more)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(f"{path}")
    assert len(text.removeprefix(f"{path}: ").split()) >= 3
    return text


def check_equal(found, expected):
    assert isinstance(found, tuple) and len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert isinstance(a, np.ndarray) and a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


# the course's own weights and the figures published with them


@pytest.fixture(scope="module")
def course_weights():
    """The path of ex4weights.mat, which is not ours to pass on."""
    named = Path(os.environ.get("JAXNN_EX4_WEIGHTS", ""))
    for path in (named, Path(__file__).parents[1] / "data/ex4weights.mat"):
        if path.is_file():
            return path
    pytest.skip("ex4weights.mat is not here; data/README.md says where it goes")


@pytest.fixture(scope="module")
def course_params(course_weights):
    return jaxnn.load_params(course_weights)


# Sources: the cost at lambda 0 and 1 and the accuracy, a published "ML Lab 4"; the
# cost at lambda 3, the course's hand-out (0.576051) and NumPy; the gradients, a
# published "neural_network2", which prints five digits
PUBLISHED_COSTS = {0: 0.2876291651613189, 1: 0.38376985909092365, 3: 0.5760512469501331}
FIRST_OF_THETA1 = 1e-5 * np.array([6.1871, 9.388, -19.259, -16.849, 34.868, 23.051])
LAST_OF_THETA2 = 1e-4 * np.array([-10.498, 3.3512, -6.4783, 8.5755, 9.3069, 5.0783])
MATLAB_ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]  # the digit of each row of Theta2


@pytest.mark.parametrize("lam", PUBLISHED_COSTS)
def test_published_costs_of_the_course_weights(course_params, digits, lam):
    cost, _ = jaxnn.backprop(course_params, digits.x, digits.y, float(lam))
    assert cost == pytest.approx(PUBLISHED_COSTS[lam], rel=1e-12, abs=0)


def test_published_accuracy_of_the_course_weights(course_params, digits):
    percent = 100 * float(jaxnn.accuracy(course_params, digits.x, digits.y))
    assert percent == pytest.approx(97.52, abs=1e-4)


def test_published_gradients_of_the_course_weights(course_params, digits):
    """Columns first, Theta2 in MATLAB's order of rows."""
    _, (gradient1, _) = jaxnn.backprop(course_params, digits.x, digits.y, 0.0)
    _, (_, gradient2) = jaxnn.backprop(course_params, digits.x, digits.y, 1.0)
    first = gradient1.flatten(order="F")[:6]
    last = gradient2[MATLAB_ROWS].flatten(order="F")[-6:]
    np.testing.assert_allclose(first, FIRST_OF_THETA1, rtol=5e-5)
    np.testing.assert_allclose(last, LAST_OF_THETA2, rtol=5e-5)


def test_course_weights_saved_again_are_the_same(
    course_weights, course_params, tmp_path
):
    jaxnn.save_params(tmp_path / "again.mat", course_params)
    ours, theirs = (
        scipy.io.loadmat(path) for path in (tmp_path / "again.mat", course_weights)
    )
    for name in ("Theta1", "Theta2"):
        np.testing.assert_array_equal(ours[name], theirs[name])


# weights


@pytest.mark.parametrize("ending", [".npz", ".mat"])
@pytest.mark.parametrize(
    "params, reason",
    [
        ({"theta1": np.ones((2, 3))}, "params is dict of length 1; give a tuple"),
        (np.ones((2, 3)), "params is ndarray of length 2; give a tuple of matrices"),
        ((), "params is tuple of length 0"),
        ((np.ones(3),), r"theta1 is float64 of shape \(3,\); expected a matrix"),
        ((np.ones((2, 3)), np.ones((1, 2))), "theta2 has 2 columns; expected a bias"),
        ((np.full((2, 3), np.nan),), "theta1 holds NaN"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path, ending, params, reason):
    path = tmp_path / f"w{ending}"
    with pytest.raises(FileError, match=reason):
        jaxnn.save_params(path, params)
    assert not path.exists()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_come_back_as_they_were_saved(tmp_path, ending, dtype):
    params = tuple(theta.astype(dtype) for theta in NET)
    path = tmp_path / f"weights{ending}"
    with jax.enable_x64(True):
        jaxnn.save_params(path, tuple(jnp.asarray(theta) for theta in params))
    check_equal(jaxnn.load_params(path), params)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_weights_written_by_others_are_read(tmp_path, ending):
    digit_of_row = MATLAB_ROWS if ending == ".mat" else list(range(10))
    path = write(tmp_path / f"w{ending}", NET[0], NET[1][digit_of_row])
    check_equal(jaxnn.load_params(path), NET)


def test_saved_npz_opens_in_numpy_with_row_equal_to_digit(tmp_path):
    jaxnn.save_params(str(tmp_path / "w.npz"), NET)
    with np.load(tmp_path / "w.npz") as arrays:
        assert arrays.files == ["theta1", "theta2"]
        np.testing.assert_array_equal(arrays["theta2"], NET[1])


def test_saved_mat_opens_in_scipy_in_matlabs_order(tmp_path):
    """Row 0 is digit 1, ..., row 9 is digit 0; the hidden units stay as they are."""
    theta1 = np.arange(10.0)[:, None] * np.ones(4)  # ten units are not ten classes
    theta2 = np.arange(10.0)[:, None] * np.ones(11)
    jaxnn.save_params(tmp_path / "w.mat", (theta1, theta2))
    arrays = scipy.io.loadmat(tmp_path / "w.mat")
    assert {"Theta1", "Theta2"} <= arrays.keys()
    np.testing.assert_array_equal(arrays["Theta1"], theta1)
    assert arrays["Theta2"][:, 3].tolist() == MATLAB_ROWS


@pytest.mark.parametrize("classes", [9, 11])
def test_only_ten_classes_are_reordered(tmp_path, classes):
    theta = np.arange(classes * 3.0).reshape(classes, 3)
    jaxnn.save_params(tmp_path / "w.mat", (theta,))
    stored = scipy.io.loadmat(tmp_path / "w.mat")["Theta1"]
    np.testing.assert_array_equal(stored, theta)
    check_equal(jaxnn.load_params(tmp_path / "w.mat"), (theta,))


def test_a_run_folder_stands_for_its_params(tmp_path):
    write(tmp_path / "params.npz", *NET)
    check_equal(jaxnn.load_params(tmp_path), NET)


def test_whole_numbers_that_matlab_packed_are_weights(tmp_path):
    """MATLAB stores a double matrix of whole numbers as bytes (type 2, miUINT8)."""
    (tmp_path / "w.mat").write_bytes(mat_bytes("Theta1", (2, 3), 2, bytes(range(6))))
    (theta,) = jaxnn.load_params(tmp_path / "w.mat")
    assert theta.dtype == np.float64
    np.testing.assert_array_equal(theta, [[0, 2, 4], [1, 3, 5]])


def test_big_endian_weights_come_in_the_machines_own_order(tmp_path):
    """JAX refuses arrays in any other byte order."""
    path = write(tmp_path / "w.npz", NET[0].astype(">f8"))
    check_equal(jaxnn.load_params(path), (NET[0].astype("=f8"),))


def with_value(value):
    theta = NET[0].copy()
    theta[2, 1] = value
    return theta


BAD_WEIGHTS = {
    "not a chain": ((NET[0], np.ones((10, 5))), "theta2 has 5 columns"),
    "three not a chain": ((*NET, np.ones((2, 10))), "theta3 has 10 columns"),
    "NaN": ((with_value(np.nan), NET[1]), "NaN"),
    "infinite": ((with_value(np.inf), NET[1]), "infinite"),
    "three dimensions": ((np.ones((2, 3, 4)),), "shape (2, 3, 4)"),
    "no rows": ((np.ones((0, 4)),), "shape (0, 4)"),
    "nothing": ((), "theta1"),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("fault", BAD_WEIGHTS)
def test_bad_weights_are_refused(tmp_path, ending, fault):
    thetas, reason = BAD_WEIGHTS[fault]
    text = refusal(jaxnn.load_params, write(tmp_path / f"w{ending}", *thetas))
    assert reason in text.replace("Theta", "theta")


@pytest.mark.parametrize(
    ("theta", "reason"),
    [
        (np.ones(4), "shape (4,)"),
        (np.float64(1), "shape ()"),
        (np.ones((3, 4), complex), "complex128"),
        (np.full((3, 4), "1"), "<U1"),
    ],
)
def test_bad_weights_that_mat_cannot_hold_are_refused(tmp_path, theta, reason):
    assert reason in refusal(jaxnn.load_params, write(tmp_path / "w.npz", theta))


def test_weights_with_a_layer_missing_are_refused(tmp_path):
    np.savez(tmp_path / "w.npz", theta1=NET[0], theta3=np.ones((10, 4)))
    refusal(jaxnn.load_params, tmp_path / "w.npz")


@pytest.mark.parametrize("fault", ["missing", "empty", "cut", "noise"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_damaged_weights_are_refused(tmp_path, ending, fault):
    path = write(tmp_path / f"w{ending}", *NET)
    whole = path.read_bytes()
    if fault == "missing":
        path.unlink()
    else:
        noise = np.random.default_rng(1).bytes(700)
        contents = {"empty": b"", "cut": whole[: len(whole) // 2], "noise": noise}
        path.write_bytes(contents[fault])
    refusal(jaxnn.load_params, path)


def test_a_folder_without_weights_is_refused(tmp_path):
    assert "params.npz" in refusal(jaxnn.load_params, tmp_path)


@pytest.mark.parametrize("name", ["w.npy", "w.txt", "w"])
def test_unknown_endings_are_refused(tmp_path, name):
    (tmp_path / name).write_text("1 2 3")
    for call in (jaxnn.load_params, lambda path: jaxnn.save_params(path, NET)):
        text = refusal(call, tmp_path / name)
        assert ".npz" in text and ".mat" in text
    assert (tmp_path / name).read_text() == "1 2 3"


@pytest.mark.parametrize("ending", ENDINGS)
def test_saving_where_it_cannot_be_is_refused(tmp_path, ending):
    (tmp_path / "file").touch()
    (tmp_path / f"folder{ending}").mkdir()
    for name in (f"missing/w{ending}", f"file/w{ending}", f"folder{ending}"):
        refusal(jaxnn.save_params, tmp_path / name, NET)
    assert sorted(os.listdir(tmp_path)) == ["file", f"folder{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_save_that_stops_midway_keeps_the_old_weights(tmp_path, ending, monkeypatch):
    path = write(tmp_path / f"w{ending}", *NET)
    old = path.read_bytes()

    def stop(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises((OSError, FileError), match="disk full"):
        jaxnn.save_params(path, tuple(2 * theta for theta in NET))
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_mutated_weights_load_or_are_refused(tmp_path, ending):
    random = np.random.default_rng(3)
    path = write(tmp_path / f"w{ending}", np.ones((3, 3)), np.ones((2, 4)))
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(40):
            damaged = whole.copy()
            places = random.integers(0, len(whole), random.integers(1, 5))
            damaged[places] = random.integers(0, 256, len(places))
            path.write_bytes(damaged.tobytes())
            try:
                jaxnn.load_params(path)
            except FileError as error:
                assert len(str(error).splitlines()) == 1
    assert [str(warning.message) for warning in caught] == []


# states


class State(NamedTuple):
    params: tuple
    count: object
    flags: dict


STATE = State(
    params=(np.ones((2, 3), np.float32), RANDOM.normal(size=(4, 3))),
    count=np.int32(7),
    flags={"key": np.array([1, 2**32 - 1], np.uint32), "done": np.array(True)},
)
ZEROS = jax.tree.map(np.zeros_like, STATE)


def test_a_state_comes_back_in_its_structure(tmp_path):
    save_tree(tmp_path / "state.npz", STATE)
    found = load_tree(tmp_path / "state.npz", ZEROS)
    assert isinstance(found, State)
    assert jax.tree.structure(found) == jax.tree.structure(STATE)
    check_equal(tuple(jax.tree.leaves(found)), jax.tree.leaves(STATE))
    assert os.listdir(tmp_path) == ["state.npz"]


def test_a_state_of_jax_arrays_comes_back_as_numpy(tmp_path):
    state = {"a": jnp.arange(3), "b": jnp.float32(0.5)}
    save_tree(tmp_path / "state.npz", state)
    found = load_tree(tmp_path / "state.npz", state)
    expected = (np.array([0, 1, 2], np.int32), np.array(0.5, np.float32))
    check_equal((found["a"], found["b"]), expected)


def test_a_history_may_have_another_length(tmp_path):
    save_tree(tmp_path / "state.npz", {"costs": np.array([3.0, 2.0, 1.0])})
    found = load_tree(tmp_path / "state.npz", {"costs": np.zeros(8)})
    assert found["costs"].tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    "like",
    [
        ZEROS.params,
        (ZEROS, np.zeros(3)),
        ZEROS._replace(count=np.int64(0)),
        ZEROS._replace(count=np.zeros(1, np.int32)),
        ZEROS._replace(params=ZEROS.params[::-1]),
    ],
    ids=["leaves too many", "a leaf too few", "dtype", "dimensions", "order"],
)
def test_a_state_of_another_structure_is_refused(tmp_path, like):
    save_tree(tmp_path / "state.npz", STATE)
    text = refusal(load_tree, tmp_path / "state.npz", like)
    assert "start a new run" in text


def test_weights_are_no_state(tmp_path):
    files.write_npz(tmp_path / "w.npz", {"theta1": NET[0], "theta2": NET[1]})
    refusal(load_tree, tmp_path / "w.npz", NET)


LARGE = {"beyond float32": 1e150, "their products are": 3e38}


@pytest.mark.parametrize("size", LARGE)
def test_weights_beyond_float32_are_refused(command, tmp_path, digits, size):
    params = jaxnn.init_params(0, dtype="float64")
    params = params[0] / abs(params[0]).max() * LARGE[size], params[1]
    jaxnn.save_params(tmp_path / "large.npz", params)
    Image.new("L", (300, 300), 200).save(tmp_path / "blank.png")
    commands = [("evaluate", "large.npz"), ("report", "large.npz")]
    if size == "beyond float32":
        commands.append(("read", "blank.png", "--run", "large.npz"))
    for words in commands:
        done = command(*words)
        assert done.returncode == 2 and done.stdout == "", words
        assert done.stderr.count("\n") == 1 and "float64" in done.stderr
    done = command("evaluate", "large.npz", "--dtype", "float64")
    assert done.returncode == 0 and done.stderr == ""
    cost = float(jaxnn.backprop(params, digits.x, digits.y, 0.0)[0])  # NumPy's float64
    assert f"cost     {cost:.5f} without" in done.stdout


def test_features_beyond_float32_are_refused(tmp_path, command):
    x = np.random.default_rng(0).normal(size=(20, 3)) * 1e300
    np.savez(tmp_path / "large.npz", x=x, y=np.arange(20) % 2)
    jaxnn.save_params(tmp_path / "weights.npz", jaxnn.init_params(0, (3, 4, 2)))
    done = command("evaluate", "weights.npz", "--data", "large.npz")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "too large for float32" in done.stderr
    done = command("train", "--data", "large.npz", "--quiet")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "are beyond float32; scale them: x = (x - " in done.stderr


@pytest.mark.parametrize("layers", [(400, 3), (400, 25, 11), (300, 10), (784, 25, 10)])
def test_only_a_network_from_400_pixels_to_ten_digits_reads_digits(tmp_path, layers):
    jaxnn.save_params(tmp_path / "a.npz", jaxnn.init_params(0, layers))
    words = f"reads {layers[0]} pixels into {layers[-1]} classes, not 400 into 10; "
    with pytest.raises(FileError, match=words):
        load_digit_reader(tmp_path / "a.npz")
    jaxnn.save_params(tmp_path / "b.npz", jaxnn.init_params(0, (400, 10)))
    assert load_digit_reader(tmp_path / "b.npz")[0].shape == (10, 401)
