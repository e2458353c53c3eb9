"""Tables in .csv and .parquet files, read with pandas: features and a label."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from jaxnn import files
from jaxnn.files import FileError
from jaxnn.mistake import install

READERS = ".csv", ".parquet"
LABELS = ("y", "label", "class", "target")
PER_BYTE = 16  # bytes of memory that one of a .csv file becomes: "0," is 8, and copied
PER_VALUE = 4 * 8  # the same of a number in a .parquet file
MOST_COLUMNS = 100_000  # each takes time
LONGEST_LABEL = 200  # characters: all labels take the memory of the longest


def read(path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    """A table's features x (m, n), its labels (m,), and the name of their column.

    The column is called y, label, class or target, in any case; otherwise it is the
    last. All others hold numbers. Raises FileError, also for columns x and y that may
    be coordinates.
    """
    frame = frame_of(path)
    names = [str(name) for name in frame.columns]
    if len(names) < 2 or not len(frame):
        raise FileError(f"{path}: needs rows of features and a label; see --help")
    if len(names) > MOST_COLUMNS:
        raise FileError(
            f"{path}: has {len(names)} columns; keep at most {MOST_COLUMNS}, or save "
            "them as .npz"
        )
    found = [i for i, name in enumerate(names) if name.lower() in LABELS]
    check_heading(path, names, bool(found))
    if len(found) > 1:
        raise FileError(
            f"{path}: columns {files.listed([names[i] for i in found])} may all be the "
            "labels; rename all but one"
        )
    which = found[0] if found else len(names) - 1
    if which < len(names) - 1 and {"x", "y"} <= {name.lower() for name in names}:
        raise FileError(
            f"{path}: columns x and y may be coordinates; rename column y, to label if "
            "it holds the labels"
        )
    rest = [i for i in range(len(names)) if i != which]
    x = np.stack([numbers(path, names[i], frame.iloc[:, i]) for i in rest], axis=1)
    return x, labels(path, names[which], frame.iloc[:, which]), names[which]


def frame_of(path: Path) -> Any:
    """The file as a DataFrame; FileError if it, or pandas, is not there."""
    with files.reading(path, f"a {path.suffix} file"):
        path.open("rb").close()  # a missing file is the first to mention
        try:
            pandas = import_module("pandas")  # jaxnn itself does not need it
            if path.suffix.lower() == ".csv":
                files.check_size(path, PER_BYTE * path.stat().st_size)
                return pandas.read_csv(path)
            return pandas.read_parquet(path, "pyarrow", read_dictionary=texts_of(path))
        except ImportError as error:
            missing = "pandas" if error.name == "pandas" else "pyarrow"
            raise FileError(
                f"{path}: is read with {missing}; {install(missing)}"
            ) from None


def texts_of(path: Path) -> list[str]:
    """The columns of a .parquet file that hold text; FileError if it is too large.

    Text that repeats is stored once, and is to be read so: else a few kilobytes become
    gigabytes.
    """
    held = import_module("pyarrow.parquet").read_metadata(path)
    groups = map(held.row_group, range(held.num_row_groups))
    columns = [one.column(i) for one in groups for i in range(one.num_columns)]
    values = sum(column.num_values for column in columns)
    sizes = sum(column.total_uncompressed_size for column in columns)
    files.check_size(path, PER_VALUE * values + 2 * sizes)
    texts = [c for c in columns if c.physical_type == "BYTE_ARRAY"]
    return sorted({column.path_in_schema for column in texts})


def check_heading(path: Path, names: list[str], has_label: bool) -> None:
    """Raise FileError for a heading of numbers, or a column that counts the rows.

    has_label: whether a column is called the label, which only a heading does.
    """
    features = names[:-1]
    is_counted = features == [str(i) for i in range(len(features))]
    if all(map(is_number, features)) and not (is_counted or has_label):
        raise FileError(
            f"{path}: its first line holds numbers; put a line with the names of the "
            "columns above it, or name the label's column y if that line is there"
        )
    if names[0].startswith(("Unnamed:", "__index")):
        raise FileError(
            f"{path}: column {names[0]} only numbers the rows; drop it, as by "
            "to_csv(..., index=False)"
        )


def is_number(name: str) -> bool:
    """Whether a column's name reads as a number; pandas writes 0.1 as 0.1.2 again."""
    return name.replace(".", "").replace("-", "").replace("e", "").isdecimal()


def numbers(path: Path, name: str, column: Any) -> np.ndarray:
    """A column of features as floats (m,); FileError for gaps and words."""
    gaps = int(column.isna().sum())
    if gaps:
        raise FileError(
            f"{path}: column {name} has {gaps} gaps; fill them in, or drop their rows"
        )
    if column.dtype.kind not in "biuf":
        raise FileError(
            f"{path}: column {name} holds {column.iloc[0]!r}, no number; drop it, or "
            "call it y if it is the label"
        )
    return column.to_numpy(np.float64)


def labels(path: Path, name: str, column: Any) -> np.ndarray:
    """The column of labels as numbers or words (m,); FileError for gaps."""
    gaps = int(column.isna().sum())
    if gaps:
        raise FileError(f"{path}: column {name} has {gaps} gaps; give each row a label")
    if column.dtype.kind in "biuf":
        return column.to_numpy()
    is_coded = column.dtype == "category"  # text that is stored once
    words = [
        as_word(label) for label in (column.cat.categories if is_coded else column)
    ]
    longest = max(map(len, words))
    if longest > LONGEST_LABEL:
        raise FileError(
            f"{path}: column {name} holds a label of {longest} characters; give names "
            f"of at most {LONGEST_LABEL}"
        )
    return np.array(words)[column.cat.codes] if is_coded else np.array(words)


def as_word(label: Any) -> str:
    """A label as text, also of bytes that are none."""
    is_bytes = isinstance(label, bytes)
    return label.decode(errors="backslashreplace") if is_bytes else str(label)
