"""Tables in .csv and .parquet files: features and labels, or one line that says why."""

import sys

import numpy as np
import pytest

import jaxnn

pandas = pytest.importorskip("pandas")

COLUMNS = {
    "mass": [1.5, 2.5, 3.5, 4.5],
    "height": [1, 2, 3, 4],
    "kind": ["oak", "elm", "oak", "ash"],
}


@pytest.fixture
def save(tmp_path):
    """save(**columns): a .csv file with these columns."""

    def write(name="trees.csv", **columns):
        table = pandas.DataFrame(columns)
        if name.endswith(".parquet"):
            pytest.importorskip("pyarrow")
            table.to_parquet(tmp_path / name)
        else:
            table.to_csv(tmp_path / name, index=False)
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", ["trees.csv", "trees.parquet", "TREES.CSV"])
def test_the_last_column_is_the_label(save, name):
    found = jaxnn.load_digits(save(name, **COLUMNS))
    np.testing.assert_array_equal(found.x, [[1.5, 1], [2.5, 2], [3.5, 3], [4.5, 4]])
    assert found.y.tolist() == [2, 1, 2, 0]
    assert found[2:] == (name, ("ash", "elm", "oak"), None)


@pytest.mark.parametrize("name", ["y", "label", "Class", "TARGET"])
def test_a_column_may_be_called_the_label(save, name):
    found = jaxnn.load_digits(save(**{name: [3, 1, 3, 1]}, a=[1, 2, 3, 4], b=[0] * 4))
    np.testing.assert_array_equal(found.x, [[1, 0], [2, 0], [3, 0], [4, 0]])
    assert found.y.tolist() == [1, 0, 1, 0] and found.classes == ("1", "3")


@pytest.mark.parametrize(
    "names",
    [("0", "1", "kind"), ("0", "1", "2"), ("400", "405.5", "y"), ("x", "z", "y")],
)
def test_a_heading_may_hold_numbers_and_x_may_stand_before_y(save, names):
    columns = [[1, 2, 3, 4], [0] * 4, [3, 1, 3, 1]]
    found = jaxnn.load_digits(save(**dict(zip(names, columns, strict=True))))
    np.testing.assert_array_equal(found.x, [[1, 0], [2, 0], [3, 0], [4, 0]])
    assert found.y.tolist() == [1, 0, 1, 0]


def test_columns_of_pixels_are_digits(tmp_path, digits, originals):
    which = slice(None, None, 250)  # two of each digit
    table = pandas.DataFrame(np.round(255 * originals[which]).reshape(20, 784))
    table.insert(0, "label", digits.y[which])  # as MNIST is often passed on
    table.to_csv(tmp_path / "mnist.csv", index=False)
    found = jaxnn.load_digits(tmp_path / "mnist.csv")
    np.testing.assert_allclose(found.x, digits.x[which], atol=1e-12)
    assert found.shape == (20, 20) and found.classes == tuple(range(10))


def test_400_columns_of_a_table_are_no_images(tmp_path):
    table = pandas.DataFrame(np.arange(1600.0).reshape(4, 400)).assign(y=[0, 1, 1, 0])
    table.to_csv(tmp_path / "genes.csv", index=False)
    found = jaxnn.load_digits(tmp_path / "genes.csv")
    assert found.shape is None and found.classes == (0, 1)
    np.testing.assert_array_equal(found.x.ravel(), np.arange(1600))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"mass": [1.0, None], "y": [0, 1]}, "column mass has 1 gaps; fill them in"),
        ({"mass": [1.0, 2.0], "y": ["a", None]}, "column y has 1 gaps; give each row"),
        ({"color": ["red", "blue"], "y": [0, 1]}, "column color holds 'red', no numb"),
        ({"y": [0, 1]}, "needs rows of features and a label"),
        ({"a": [], "y": []}, "needs rows of features and a label"),
        ({"class": [0, 1], "target": [0, 1], "a": [1, 2]}, "may all be the labels"),
        ({"5.1": [4.9, 4.7], "3.5": [3.0, 3.2], "0": [0, 0]}, "first line holds numb"),
        ({"5.1": [4.9, 4.7], "3.5": [3.0, 3.2], "setosa": list("ab")}, "holds numb"),
        ({"x": [1, 2], "y": [0, 1], "kind": ["a", "b"]}, "x and y may be coordinates"),
        ({"Unnamed: 0": [0, 1], "a": [1, 2], "y": [0, 1]}, "only numbers the rows"),
        ({"a": [1.0, 2.0], "price": [1.5, 2.5]}, "price: y holds 1.5; a label is a"),
        ({"a": range(300), "price": range(300)}, "holds 300 different labels in 300"),
    ],
)
def test_a_table_that_would_be_misread_is_one_line(save, columns, message):
    path = save(**columns)
    with pytest.raises(jaxnn.FileError, match=message) as caught:
        jaxnn.load_digits(path)
    text = str(caught.value)
    assert text.startswith(str(path)) and "\n" not in text


def test_damaged_and_missing_files_are_one_line(tmp_path):
    with pytest.raises(jaxnn.FileError, match="no such file"):
        jaxnn.load_digits(tmp_path / "nowhere.csv")
    for content in (b"", b'a,b\n"', b"\xff\xfe\x00"):
        (tmp_path / "bad.csv").write_bytes(content)
        with pytest.raises(jaxnn.FileError, match="bad.csv: ") as caught:
            jaxnn.load_digits(tmp_path / "bad.csv")
        assert "\n" not in str(caught.value)


def test_without_pandas_one_line_says_how_to_get_it(save, monkeypatch):
    path = save(**COLUMNS)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(jaxnn.FileError, match="trees.csv: .*; .*pip install pandas$"):
        jaxnn.load_digits(path)
