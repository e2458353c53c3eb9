"""How much memory a file may take, and that what is computed is what is taken."""

import gzip
import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from campaigns import judging

import jaxnn
from jaxnn import files, formats, limits, mat_child

RANDOM = np.random.default_rng(0)
SHAPES = {
    "bytes 28x28": RANDOM.integers(0, 256, (3000, 28, 28)).astype(np.uint8),
    "floats 28x28": RANDOM.random((3000, 28, 28)),
    "floats 20x20": RANDOM.random((3000, 400)),
    "other pictures": RANDOM.random((3000, 30, 30)).astype(np.float32),
    "table": RANDOM.normal(size=(60_000, 20)),
    "integers": RANDOM.integers(0, 9, (60_000, 20)).astype(np.int8),
    "columns": RANDOM.normal(size=(20, 60_000)),
    "one feature": RANDOM.normal(size=(400_000, 1)),
}


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("words", [False, True])
def test_no_more_is_taken_than_computed(tmp_path, kind, words):
    x = SHAPES[kind]
    y = np.arange(max(x.shape) if x.ndim == 2 and len(x) == 20 else len(x)) % 5
    y = np.array(["elm", "oak", "ash", "fir", "yew"])[y] if words else y.astype(np.int8)
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    computed = sum(limits.need(one.shape, one.itemsize) for one in (x, y))
    tracemalloc.start()
    try:
        jaxnn.load_digits(tmp_path / "mine.npz")
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken < computed + (4 << 20)
    assert computed < 12 * taken  # and it does not refuse what fits


def zipped(shape, kind, count=1, fill=0):
    """An .npz that holds zeros, packed."""
    header = io.BytesIO()
    fields = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, fields)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for i in range(count):
            file.writestr(f"{'xyz'[i]}.npy" if i < 3 else f"{i}.npy", header.getvalue())
        for i in range(fill):
            with file.open(f"{'xyz'[i]}.npy", "w", force_zip64=True) as stream:
                stream.write(header.getvalue())
                for _ in range(np.prod(shape) >> 20):
                    stream.write(bytes(1 << 20))
    return archive.getvalue()


def lying():
    """Packed zeros, and a table of contents that says they are hardly packed."""
    content = bytearray(zipped((1024, 1024, 256), "|u1", count=0, fill=1))
    at = content.rindex(b"PK\x01\x02") + 20
    content[at : at + 4] = struct.pack("<I", 1 << 28)
    return bytes(content)


HUGE = struct.pack(">BBBBIII", 0, 0, 8, 3, 400_000, 28, 28)
BOMBS = {
    "claims.npz": lambda: zipped((10**9, 784), "<f8"),
    "words.npz": lambda: zipped((10**6,), "<U1000000"),
    "nothing.npz": lambda: zipped((10**12,), "|V0"),
    "entries.npz": lambda: zipped((1,), "|u1", count=1500),
    "zeros.npz": lambda: zipped((1024, 1024, 256), "|u1", count=0, fill=1),
    "lying.npz": lying,
    "zeros.idx.gz": lambda: gzip.compress(HUGE + bytes(400_000 * 784), 1),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_takes_little_memory(tmp_path, name):
    (tmp_path / name).write_bytes(BOMBS[name]())
    (tmp_path / "labels").write_bytes(b"")
    assert (tmp_path / name).stat().st_size < 3_000_000
    before = judging.forget_peak()
    with pytest.raises(jaxnn.FileError) as refused:
        jaxnn.load_digits(tmp_path / name)
    assert judging.peak() - before < 100 << 20
    assert len(str(refused.value).removeprefix(f"{tmp_path}/{name}: ")) < 250


def test_packed_zeros_in_a_mat_file_are_refused_before_they_are_unpacked(tmp_path):
    zeros = {"X": np.zeros((4000, 4000)), "y": np.zeros(4000)}
    scipy.io.savemat(tmp_path / "a.mat", zeros, do_compression=True)
    with pytest.raises(jaxnn.FileError, match="unpacks as no real data do; if yours"):
        jaxnn.load_digits(tmp_path / "a.mat")
    cell = np.empty(1, object)
    cell[0] = np.zeros((3000, 3000))
    held = {"X": cell, "y": np.zeros(3)}
    scipy.io.savemat(tmp_path / "b.mat", held, do_compression=True)
    with pytest.raises(jaxnn.FileError, match="X is not a full array of real numbers"):
        jaxnn.load_digits(tmp_path / "b.mat")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="only on Linux")
def test_the_mat_reader_is_held_to_its_memory(tmp_path, monkeypatch):
    """If SciPy took more than the shapes say, which this child holds for nothing."""
    ones = np.ones((3000, 4000), np.int16)
    scipy.io.savemat(tmp_path / "a.mat", {"X": ones, "y": np.ones(9)})
    child = Path(mat_child.__file__).read_text()
    for old, new in (("size = size_of(", "size = 0 * size_of("), ("200 << 20", "9999")):
        assert old in child
        child = child.replace(old, new)
    (tmp_path / "child.py").write_text(child)
    monkeypatch.setattr(mat_child, "__file__", str(tmp_path / "child.py"))
    with pytest.raises(jaxnn.FileError, match="unpacks as no real data do; if yours"):
        jaxnn.load_digits(tmp_path / "a.mat")


def test_the_refusal_names_the_limit(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", x=np.ones((1000, 400)), y=np.arange(1000) % 2)
    monkeypatch.setattr(limits, "machine", lambda: 32 << 20)
    words = "would take 0.00[0-9]* GiB of memory, and at most 0.00781 GiB may be taken,"
    with pytest.raises(files.FileError, match=words + " 1/4 of this machine's; give"):
        formats.load_parts(tmp_path / "a.npz")


def test_the_arrays_of_a_file_are_counted_together(tmp_path, monkeypatch):
    # each takes 80 x 1000 x (8 + 2 x 8) bytes, 1.92 MB
    numbers = np.ones((80, 1000))
    np.savez(tmp_path / "a.npz", a=numbers, b=numbers, c=numbers)
    monkeypatch.setattr(limits, "machine", lambda: 4 * 6_000_000)
    assert len(files.read_npz(tmp_path / "a.npz")) == 3
    monkeypatch.setattr(limits, "machine", lambda: 4 * 5_000_000)
    with pytest.raises(jaxnn.FileError, match="reading it would take"):
        files.read_npz(tmp_path / "a.npz")


def test_a_container_has_the_memory_that_it_may_take(tmp_path, monkeypatch):
    assert limits.machine() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for text, expected in (("1048576\n", 1 << 20), ("max\n", None), ("", None)):
        (tmp_path / "memory.max").write_text(text)
        monkeypatch.setattr(limits, "GROUPS", (str(tmp_path / "memory.max"), "none"))
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        assert limits.machine() == (expected or whole)
