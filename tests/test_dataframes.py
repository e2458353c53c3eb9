"""Tables in .csv and .parquet files: features and labels, or one line that says why."""

import sys

import numpy as np
import pytest
from campaigns import judging

import jaxnn
from jaxnn import dataframes, limits

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


def test_labels_that_are_bytes_or_lists_become_words(save):
    labels = {"y": [b"elm", b"\xff", b"elm", b"oak"], "a": [1, 2, 3, 4]}
    found = jaxnn.load_digits(save("bytes.parquet", **labels))
    assert found.classes == ("\\xff", "elm", "oak")
    found = jaxnn.load_digits(save("lists.parquet", a=[1, 2], y=[[1, 2], [3]]))
    assert len(found.classes) == 2


def test_what_repeats_in_few_bytes_takes_no_memory(save, tmp_path):
    """A label as long as this one would be written in every row, 4 bytes a letter."""
    rows = 200_000
    for name in ("long.csv", "long.parquet"):
        y = np.array(["oak", "elm" * 100], object)[(np.arange(rows) == 7).astype(int)]
        path = save(name, a=np.arange(rows), y=y)
        with pytest.raises(jaxnn.FileError, match="a label of 300 characters; give na"):
            jaxnn.load_digits(path)
    pyarrow = pytest.importorskip("pyarrow")
    labels = pyarrow.DictionaryArray.from_arrays(np.zeros(rows, "i4"), ["x" * 9999])
    table = pyarrow.table({"a": np.zeros(rows), "y": labels})
    pytest.importorskip("pyarrow.parquet").write_table(table, path, store_schema=False)
    assert path.stat().st_size < 30_000  # 2 GB of letters
    before = judging.forget_peak()
    with pytest.raises(jaxnn.FileError, match="a label of 9999 characters"):
        jaxnn.load_digits(path)
    assert judging.peak() - before < 100 << 20


def test_tables_beyond_the_memory_are_refused_before_they_are_read(save, monkeypatch):
    paths = [save(f"a.{ending}", **COLUMNS) for ending in ("csv", "parquet")]
    monkeypatch.setattr(limits, "machine", lambda: 1000)
    for path in paths:
        with pytest.raises(jaxnn.FileError, match="of memory, and at most"):
            jaxnn.load_digits(path)


def test_very_many_columns_are_refused(tmp_path, monkeypatch):
    (tmp_path / "wide.csv").write_text("a,b,c,y\n1,2,3,0\n1,2,3,1\n")
    monkeypatch.setattr(dataframes, "MOST_COLUMNS", 3)
    with pytest.raises(jaxnn.FileError, match="has 4 columns; keep at most 3"):
        jaxnn.load_digits(tmp_path / "wide.csv")
