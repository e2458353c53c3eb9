"""What a person may give to `Digits`: brought to one form, or refused in one line."""

import copy
import pickle

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import load_wine

import jaxnn
from jaxnn import digits, images
from jaxnn.digits import Digits

X = np.arange(12.0).reshape(4, 3)
WORDS = ["oak", "elm", "oak", "ash"]  # in order: ash, elm, oak
TEN = tuple(range(10))


def frame(**columns):
    """A DataFrame; the test is skipped where there is no pandas."""
    return pytest.importorskip("pandas").DataFrame(columns)


@pytest.mark.parametrize(
    "x", [X.tolist(), scipy.sparse.csr_array(X), jnp.asarray(X), X.astype("i4")]
)
def test_a_table_of_any_kind_is_the_same_x(x):
    found = Digits(x, [0, 1, 1, 0])
    np.testing.assert_array_equal(found.x, X)
    assert found.x.dtype.kind == "f" and found.y.dtype == np.int64
    assert found[2:] == ("", (0, 1), None)


def test_float32_stays_so():
    assert Digits(X.astype("f4"), [0, 1, 1, 0]).x.dtype == np.float32


def test_a_frame_and_a_series_are_arrays():
    table = frame(mass=[1.5, 2.5, 3.5], is_large=[False, True, True], kind=list("bab"))
    found = Digits(table[["mass", "is_large"]], table["kind"], "trees")
    np.testing.assert_array_equal(found.x, [[1.5, 0], [2.5, 1], [3.5, 1]])
    assert found.classes == ("a", "b") and found.y.tolist() == [1, 0, 1]
    kinds = table["kind"].astype("category")
    assert Digits(X[:3], kinds).classes == ("a", "b")


@pytest.mark.parametrize(
    ("y", "classes", "expected", "names"),
    [
        (WORDS, None, [2, 1, 2, 0], ("ash", "elm", "oak")),
        (WORDS, ["oak", "elm", "ash"], [0, 1, 0, 2], ("oak", "elm", "ash")),
        (list("3012"), None, [3, 0, 1, 2], (0, 1, 2, 3)),  # words for numbers
        ([2, 0, 0, 2], None, [2, 0, 0, 2], (0, 1, 2)),
        ([[2], [0], [0], [2]], None, [2, 0, 0, 2], (0, 1, 2)),
        ([2.0, 0, 0, 2], range(10), [2, 0, 0, 2], TEN),
        ([1, 0, 1, 1], ["no", "yes"], [1, 0, 1, 1], ("no", "yes")),  # places
        ([3, 1, 1, 2], range(1, 4), [2, 0, 0, 1], ("1", "2", "3")),  # labels
        ([-1, 1, 1, -1], (-1, 1), [0, 1, 1, 0], ("-1", "1")),
        ([True, False, True, True], None, [1, 0, 1, 1], ("False", "True")),
        (
            [True, False, True, True],
            np.array(["no", "yes"]),
            [1, 0, 1, 1],
            ("no", "yes"),
        ),
        (["01", "1", "9" * 30, "1"], None, [0, 1, 2, 1], ("01", "1", "9" * 30)),
        (["2", "1", "9" * 30, "1"], None, [1, 0, 2, 0], ("1", "2", "9" * 30)),
        ([0, 1, 2, 1], ["0", "1", "2"], [0, 1, 2, 1], ("0", "1", "2")),  # the same
    ],
)
def test_labels_become_places_among_the_classes(y, classes, expected, names):
    found = Digits(X, y, classes=classes)
    assert found.y.tolist() == expected and found.y.dtype == np.int64
    assert found.classes == names
    for again in (pickle.loads(pickle.dumps(found)), copy.copy(found)):
        assert type(again) is Digits
        assert again.y.tolist() == expected and again.classes == names


def test_numbers_among_words_for_numbers_are_given_as_words():
    train = Digits(X, [3, 1, 1, 2], classes=range(1, 4))
    with pytest.raises(jaxnn.Mistake, match="y holds numbers, and the classes are the"):
        Digits(*train)
    labels, indices = np.array([1, 2, 1, 3]), np.array([0, 1, 0, 2])
    for y in (labels.astype(str), np.array(train.classes)[indices]):
        assert Digits(X, y, classes=train.classes).y.tolist() == [0, 1, 0, 2]
    assert Digits(X[:0], [], classes=train.classes).classes == train.classes


def test_pictures_may_come_with_their_shape():
    assert Digits(np.ones((2, 3, 4)), [0, 1], shape=(3, 4)).shape == (3, 4)


def test_no_examples_have_no_pictures():
    none = Digits(np.zeros((0, 400)), [], classes=range(10))
    assert none.shape == (20, 20) and digits.some_pictures(none).shape == (0, 0)


def test_a_number_as_wine_has_it_is_a_place_among_names():
    wine = load_wine()
    found = Digits(wine.data, wine.target, "wine", classes=wine.target_names)
    assert found.classes == ("class_0", "class_1", "class_2")
    np.testing.assert_array_equal(found.y, wine.target)


def test_pictures_are_unrolled_column_by_column():
    pictures = np.arange(24.0).reshape(2, 3, 4)
    found = Digits(pictures, [0, 1])
    assert found.shape == (3, 4)
    np.testing.assert_array_equal(found.x[1], pictures[1].ravel(order="F"))
    np.testing.assert_array_equal(images.roll(found.x, found.shape), pictures)


def test_the_ten_digits_have_the_shape_of_their_pixels():
    zeros = np.zeros((10, 784))
    assert Digits(zeros, TEN).shape == (28, 28)
    assert Digits(zeros[:, :400], TEN).shape == (20, 20)
    assert Digits(zeros[:, :64], TEN).shape is None
    assert Digits(zeros[:9, :400], TEN[:9]).shape is None  # not the ten digits


@pytest.mark.parametrize(
    ("x", "y", "how", "message"),
    [
        ([[1, 2], [3]], [0, 1], {}, "x has rows of unequal length"),
        (X[:, 0], [0, 1, 1, 0], {}, r"shape \(4,\).*x\[:, None\]"),
        (None, [0], {}, r"x has shape \(\)"),
        (X + 1j, WORDS, {}, "x holds complex128 values; give numbers"),
        (X.astype(str), WORDS, {}, "x holds <U32 values; give numbers"),
        (np.where(X == 7, np.nan, X), WORDS, {}, "nan in row 2, column 1; fill"),
        (np.where(X == 7, np.inf, X), WORDS, {}, "inf in row 2, column 1; fill"),
        ([[1, "red"]], [0], {}, "give numbers"),
        (np.array([[1, None]]), [0], {}, "holds None in row 0, column 1"),
        (X, [0, 1, 1], {}, "4 examples but 3 labels"),
        (X, [0, np.nan, 1, 1], {}, "y holds nan; a label is a whole number or a word"),
        (X, [0, 2.5, 1, 1], {}, "y holds 2.5; a label is a whole number"),
        (X, [0, 1e300, 1, 1], {}, r"y holds 1e\+300; a label is a whole number"),
        (X, ["a", None, "b", "c"], {}, "y holds None in row 1"),
        (X, ["a", 1.0, "b", "c"], {}, "y holds 1.0 in row 1"),
        (X, ("a", np.nan, "b", "c"), {}, "y holds nan in row 1"),
        (X, np.eye(4), {}, r"y has shape \(4, 4\).*argmax"),
        (X, [[0], [1, 2], [3], [4]], {}, "y is uneven"),
        (X, [1, 2, 3, 1], {}, r"no 0; count from 0 \(y - 1\), or .*range\(1, 4\)"),
        (X, [-1, 1, 1, -1], {}, r"labels -1 to 1; name the classes"),
        (X, [0, 5000, 1, 1], {}, r"labels 0 to 5000; name the classes"),
        (X, WORDS, {"classes": ["oak", "elm"]}, "label ash is none of the classes"),
        (X, WORDS, {"classes": ["oak", "oak"]}, "give each name once"),
        (X, [0, 1, 2, 2], {"classes": ["a", "b"]}, "0 to 2; numbers are places"),
        (X, WORDS, {"shape": (2, 2)}, r"shape \(2, 2\): .* of 3 pixels"),
        (X, WORDS, {"shape": 3}, "shape 3: give the rows and columns"),
        (np.ones((4, 2, 8)), WORDS, {"shape": (8, 2)}, r"in x are of shape \(2, 8\)"),
        (np.ones((4, 2, 8)), WORDS, {"shape": 16}, r"in x are of shape \(2, 8\)"),
        (X, [1, 2, 1, 3], {"classes": list("123")}, r"words 1, 2, 3; .*astype\(str\)"),
        (X, [0, 1, 1, 0], {"classes": ["-1", "0"]}, "the classes are the words -1, 0"),
    ],
)
def test_what_has_no_clear_meaning_is_one_line(x, y, how, message):
    with pytest.raises(jaxnn.Mistake, match=message) as caught:
        Digits(x, y, **how)
    assert "\n" not in str(caught.value)


def test_the_courses_labels_are_named():
    y = np.arange(1, 11)
    with pytest.raises(jaxnn.Mistake, match="y % 10 for the course's digits"):
        Digits(np.zeros((10, 400)), y)
    found = Digits(np.zeros((10, 400)), y % 10)
    assert found.classes == TEN and found.shape == (20, 20)


def test_a_wrong_value_in_a_frame_is_named_by_its_column():
    table = frame(mass=[1.0, np.nan], color=["red", "blue"])
    with pytest.raises(jaxnn.Mistake, match="nan in row 1, column mass"):
        Digits(table[["mass"]], [0, 1])
    with pytest.raises(jaxnn.Mistake, match="'red' in row 0, column color"):
        Digits(table.fillna(0.0), [0, 1])


def test_labels_are_found_by_name_among_other_classes():
    some = Digits(X, ["elm", "oak", "elm", "elm"], "some")
    found = digits.with_classes(some, ("oak", "ash", "elm"))
    assert found.y.tolist() == [2, 0, 2, 2] and found.classes == ("oak", "ash", "elm")
    with pytest.raises(jaxnn.Mistake, match="some: label elm is none of the classes"):
        digits.with_classes(some, ("oak", "ash"))


def test_other_things_are_not_split():
    for function in (jaxnn.split, jaxnn.standardize):
        with pytest.raises(jaxnn.Mistake, match=r"jaxnn.Digits\(x, y, name\), not tup"):
            function((X, WORDS))
