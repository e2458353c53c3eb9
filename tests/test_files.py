"""Files that are damaged, hostile or not what they say; files written whole."""

import io
import os
import struct
import sys
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from jaxnn import files, formats, limits
from jaxnn.files import FileError

ENDINGS = (".npz", ".npy", ".mat")
TABLE = np.random.default_rng(0).normal(size=(6, 7))
F8 = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }"
MIB = 1 << 20


def read(path):
    if path.suffix == ".mat":
        return files.read_mat(path, ("X",))["X"]
    return files.read_npy(path) if path.suffix == ".npy" else files.read_npz(path)["X"]


def write(path, array):
    if path.suffix == ".mat":
        scipy.io.savemat(path, {"X": array})
    elif path.suffix == ".npy":
        np.save(path, array, allow_pickle=True)
    else:
        np.savez(path, X=array, allow_pickle=True)
    return path


def refusal(path, reader=read):
    """The one line with which a file is refused; it names the file and says why."""
    with pytest.raises(FileError) as caught:
        reader(path)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(f"{path}: ")
    assert len(text.removeprefix(f"{path}: ").split()) >= 3
    return text


def npy_bytes(header, body=b""):
    """A version 1.0 .npy file with any header, as the format's document has it."""
    header = header.ljust(117) + "\n"
    length = struct.pack("<H", len(header))
    return b"\x93NUMPY\x01\x00" + length + header.encode("latin1") + body


def mat_bytes(name, shape, kind, body, array_class=6):
    """A version 5 .mat file of one matrix (class 6: double) stored as type `kind`."""

    def element(kind, body):
        padding = bytes(-len(body) % 8)
        return struct.pack("<II", kind, len(body)) + body + padding

    matrix = (
        element(6, struct.pack("<II", array_class, 0))
        + element(5, struct.pack("<ii", *shape))
        + element(1, name.encode())
        + element(kind, body)
    )
    header = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"
    return header + element(14, matrix)


def test_file_error_is_a_value_error():
    assert issubclass(FileError, ValueError)


@pytest.mark.parametrize("ending", ENDINGS)
def test_reads_what_numpy_and_scipy_wrote(tmp_path, ending):
    np.testing.assert_array_equal(read(write(tmp_path / f"a{ending}", TABLE)), TABLE)


def test_reads_the_hand_made_files_of_these_tests(tmp_path):
    """Otherwise a slip in npy_bytes or mat_bytes might cause the refusals below."""
    (tmp_path / "a.npy").write_bytes(npy_bytes(F8 % "(6, 7)", TABLE.tobytes()))
    body = TABLE.tobytes(order="F")
    (tmp_path / "a.mat").write_bytes(mat_bytes("X", (6, 7), 9, body))
    np.testing.assert_array_equal(read(tmp_path / "a.npy"), TABLE)
    np.testing.assert_array_equal(read(tmp_path / "a.mat"), TABLE)


@pytest.mark.parametrize("ending", [".npz", ".npy"])
def test_fortran_order_and_empty_arrays_are_read(tmp_path, ending):
    fortran = write(tmp_path / f"a{ending}", np.asfortranarray(TABLE))
    np.testing.assert_array_equal(read(fortran), TABLE)
    assert read(write(tmp_path / f"b{ending}", np.zeros((0, 4)))).shape == (0, 4)


def test_compressed_archives_are_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", X=TABLE)
    scipy.io.savemat(tmp_path / "a.mat", {"X": TABLE}, do_compression=True)
    np.testing.assert_array_equal(read(tmp_path / "a.npz"), TABLE)
    np.testing.assert_array_equal(read(tmp_path / "a.mat"), TABLE)


@pytest.mark.usefixtures("quick_mat")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "fault", ["missing", "empty", "cut in half", "last byte lost", "noise", "folder"]
)
def test_damaged_files_are_refused(tmp_path, ending, fault):
    path = tmp_path / f"a{ending}"
    whole = write(path, TABLE).read_bytes()
    path.unlink()
    if fault == "folder":
        path.mkdir()
    elif fault != "missing":
        contents = {
            "empty": b"",
            "cut in half": whole[: len(whole) // 2],
            "last byte lost": whole[:-1],
            "noise": np.random.default_rng(0).bytes(500),
        }
        path.write_bytes(contents[fault])
    refusal(path)


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(200, 1000000)", "(-6, -7)"])
@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_a_false_npy_header_takes_no_memory(tmp_path, ending, shape):
    path = tmp_path / f"a{ending}"
    contents = npy_bytes(F8 % shape, TABLE.tobytes())
    if ending == ".npz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("X.npy", contents)
    else:
        path.write_bytes(contents)
    tracemalloc.start()
    try:
        refusal(path)
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("ending", [".npz", ".npy"])
def test_a_true_file_over_the_limit_is_refused(tmp_path, monkeypatch, ending):
    path = write(tmp_path / f"a{ending}", TABLE)
    monkeypatch.setattr(limits, "machine", lambda: 4 * (TABLE.nbytes - 1))
    assert "reading it would take" in refusal(path)


@pytest.mark.usefixtures("quick_mat")
@pytest.mark.parametrize("side", [2**15, 2**31 - 1])
def test_a_false_mat_header_is_refused_by_its_size(tmp_path, side):
    path = tmp_path / "a.mat"
    path.write_bytes(mat_bytes("X", (side, side), 9, bytes(64)))
    assert "claims to need" in refusal(path)


@pytest.mark.parametrize("ending", [".npz", ".npy"])
def test_pickled_objects_are_refused_and_never_run(tmp_path, ending):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    path = write(tmp_path / f"a{ending}", np.array([Trap()], dtype=object))
    assert "pickle" in refusal(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|a8', 'fortran_order': False, 'shape': (6, 7), }",  # an old alias
        r"{'descr': '\d8', 'fortran_order': False, 'shape': (6, 7), }",  # an escape
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6L, 7L), }",  # Python 2
    ],
)
def test_odd_npy_headers_give_no_warning(tmp_path, header):
    path = tmp_path / "a.npy"
    path.write_bytes(npy_bytes(header, TABLE.tobytes()))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            read(path)
        except FileError:
            pass
    assert [str(warning.message) for warning in caught] == []


def test_an_npy_file_of_python_2_is_read(tmp_path):
    (tmp_path / "a.npy").write_bytes(npy_bytes(F8 % "(6L, 7L)", TABLE.tobytes()))
    np.testing.assert_array_equal(read(tmp_path / "a.npy"), TABLE)


@pytest.mark.usefixtures("quick_mat")
@pytest.mark.parametrize(
    "value",
    ["text", {"field": 1.0}, TABLE + 1j, scipy.sparse.csc_array(TABLE)],
    ids=["text", "struct", "complex", "sparse"],
)
def test_mat_variables_that_are_no_real_matrix_are_refused(tmp_path, value):
    assert "X" in refusal(write(tmp_path / "a.mat", value))


def test_mat_without_the_variable_says_what_it_holds(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"weights": TABLE, "bias": TABLE})
    text = refusal(tmp_path / "a.mat")
    assert "weights" in text and "bias" in text and "X" in text


def test_mat_v73_says_how_to_save_it_again(tmp_path):
    header = b"MATLAB 7.3 MAT-file".ljust(124) + struct.pack("<H", 0x0200) + b"IM"
    (tmp_path / "a.mat").write_bytes(header + b"\x89HDF\r\n\x1a\n" + bytes(400))
    assert "-v7" in refusal(tmp_path / "a.mat")


def test_mat_variable_names_cannot_break_the_line(tmp_path):
    (tmp_path / "a.mat").write_bytes(mat_bytes("a\nb", (1, 1), 9, bytes(8)))
    refusal(tmp_path / "a.mat")


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands for Python")
def test_a_crash_of_the_mat_reader_is_a_damaged_file(tmp_path, monkeypatch):
    crash = tmp_path / "python"
    crash.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crash.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crash))
    assert "damaged" in refusal(write(tmp_path / "a.mat", TABLE))


def test_a_mat_reader_that_hangs_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CHILD_SECONDS", 0.01)
    assert "0.01 s" in refusal(write(tmp_path / "a.mat", TABLE))


def test_write_npz_is_read_by_numpy(tmp_path):
    arrays = {"a": TABLE, "b": np.arange(3, dtype=np.int8)}
    files.write_npz(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz") as found:
        assert {name: found[name].tolist() for name in found.files} == {
            name: array.tolist() for name, array in arrays.items()
        }
    assert os.listdir(tmp_path) == ["a.npz"]


def test_write_npz_refuses_objects_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")
    with pytest.raises(ValueError):
        files.write_npz(path, {"a": np.array([None])})
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.npz"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("old", [b"old", None])
def test_a_write_that_stops_midway_changes_nothing(tmp_path, error, old):
    def half(stream: io.BufferedWriter):
        stream.write(b"new, but only half of")
        raise error("stopped")

    path = tmp_path / "a.bin"
    if old is not None:
        path.write_bytes(old)
    before = os.listdir(tmp_path)
    with pytest.raises(error, match="stopped"):
        files.write_whole(path, half)
    assert os.listdir(tmp_path) == before
    assert old is None or path.read_bytes() == old


def test_write_whole_replaces_the_old_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old and longer")
    files.write_whole(path, lambda stream: stream.write(b"new"))
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_bytes_too_many_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6.0))
    with open(tmp_path / "x.npy", "ab") as file:
        file.write(b"more")
    with pytest.raises(FileError, match="truncated or damaged"):
        files.read_npy(tmp_path / "x.npy")


def test_long_lists_of_names_are_cut():
    assert files.listed("abcdefgh") == "a, b, c, d, e, f, g, h"
    assert files.listed("abcdefghi") == "a, b, c, d, e, f, g, h, ..."
    assert files.listed([]) == "nothing"
    assert files.listed(["a" * 40, "b" * 41]) == "a" * 40 + ", " + "b" * 40 + "..."


def test_long_names_in_a_file_give_a_short_line(tmp_path):
    names = [letter * 250 for letter in "abcdefgh"]
    np.savez(tmp_path / "a.npz", **{name: TABLE for name in names})
    names = [letter * 60 for letter in "abcdefgh"]
    scipy.io.savemat(
        tmp_path / "a.mat", {name: TABLE for name in names}, long_field_names=True
    )
    for name in ("a.npz", "a.mat"):
        assert len(refusal(tmp_path / name, formats.load_parts)) < 600
