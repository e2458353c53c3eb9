"""python -m jaxnn.read, as a person runs it."""

import json

import numpy as np
import photographs
import pytest
from PIL import Image

import jaxnn
from jaxnn import data, files, read

# embedded digits 5, 7, 0, in the order of their names; plain ones, for of others the
# network's largest output can be too small to be an answer
WHICH = (2650, 3700, 40)


@pytest.fixture
def photos(tmp_path):
    """Photos of three digits in a folder, and one that is no image."""
    folder = tmp_path / "photos"
    folder.mkdir()
    with np.load(data.embedded_file()) as arrays:
        pictures = arrays["x"] / 255
    for which in WHICH:
        path = folder / f"{which}.jpg"
        path.write_bytes(photographs.photo(pictures[which], seed=which))
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="module")
def params(digits):
    """A network that reads the photographed digits."""
    return jaxnn.fit(digits, steps=50, device="cpu").params


@pytest.fixture
def weights(params, tmp_path):
    """The name of a file with these weights."""
    jaxnn.save_params(tmp_path / "weights.npz", params)
    return "weights.npz"


def test_photos_are_read(command, photos, weights, tmp_path):
    done = command("read", "photos", "--run", weights, "--show", "seen")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for line, which, digit in zip(lines, WHICH, (5, 7, 0), strict=True):
        assert line.startswith(f"photos/{which}.jpg: {digit}  (")
    for which in WHICH:
        with Image.open(tmp_path / "seen" / f"{which}.jpg.png") as seen:
            assert seen.height == 400
    names = ("photos/40.jpg", "photos/../photos/40.jpg")  # one name twice
    assert command("read", *names, "--run", weights, "--show", "two").returncode == 0
    found = sorted(path.name for path in (tmp_path / "two").iterdir())
    assert found == ["40.jpg.2.png", "40.jpg.png"]
    done = command("read", *names, "--run", weights, "--show", weights)
    assert done.returncode == 2 and "is a file; name a folder" in done.stderr


def test_json_and_bad_files_among_good_ones(command, photos, weights, tmp_path):
    (tmp_path / "torn.jpg").write_bytes((photos / "40.jpg").read_bytes()[:500])
    Image.new("L", (300, 300), 200).save(tmp_path / "blank.png")
    (tmp_path / "empty").mkdir()
    names = ("torn.jpg", "blank.png", "photos/2650.jpg", "empty", "none.png")
    done = command("read", *names, "--run", weights, "--json")
    assert done.returncode == 2 and done.stderr == ""
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["file"] for row in rows] == list(names)
    assert [row["digit"] for row in rows] == [None, None, 5, None, None]
    assert rows[2]["probability"] > 0.5 and rows[2]["runner_up"] in range(10)
    assert rows[2]["message"] is None
    assert "damaged" in rows[0]["message"]
    assert rows[1]["message"].startswith("no digit found; ")
    assert rows[3]["message"].endswith("a folder without images; give files")
    assert "no such file" in rows[4]["message"]

    done = command("read", *names, "--run", weights)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 2 and len(done.stderr.splitlines()) == 3

    done = command("read", "blank.png", "photos/2650.jpg", "--run", weights)
    assert done.returncode == 1 and done.stderr == ""
    assert len(done.stdout.splitlines()) == 2


def test_without_a_run_jaxnns_own_network_reads(command, photos):
    done = command("read", "photos")
    assert done.returncode == 0, done.stderr
    read = [line.split(": ")[1][0] for line in done.stdout.splitlines()]
    assert read == ["5", "7", "0"]


def test_a_run_among_the_photos_is_no_photo(command, photos, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "params.npz").touch()
    done = command("read", "mine", "photos/40.jpg")
    assert done.returncode == 2
    assert done.stderr == "read: mine: a run, no picture; say --run mine\n"
    assert done.stdout.startswith("photos/40.jpg: 0  (")


def test_a_home_folder_is_found(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(list(read.files_of(["~/photos"]))) == 3
    assert files.make_folder("--show", "~/seen") == tmp_path / "seen"


def test_weights_of_another_shape_are_one_line(command, photos, tmp_path):
    jaxnn.save_params(tmp_path / "tiny.npz", jaxnn.init_params(0, (3, 5, 3)))
    done = command("read", "photos", "--run", "tiny.npz")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "tiny.npz: reads 3 pixels into 3 classes" in done.stderr


def test_a_picture_with_nan_is_refused(command, weights, tmp_path):
    gray = np.full((30, 30), np.nan, np.float32)
    Image.fromarray(gray).save(tmp_path / "nan.tiff")
    done = command("read", "nan.tiff", "--run", weights)
    assert done.returncode == 2
    assert (
        done.stderr
        == "read: nan.tiff: holds NaN or infinite gray levels; save it as PNG\n"
    )


def test_one_bad_picture_ends_no_other(command, photos, tmp_path):
    """Each bad file has its line, and the others are read."""
    gray = np.full((200, 200), 0.5, np.float32)
    gray[100, 100] = np.nan  # a single one
    Image.fromarray(gray).save(tmp_path / "nan.tif")
    (tmp_path / "photo.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n{}loop\n")
    good = "photos/2650.jpg"
    done = command("read", good, "nan.tif", good, "photo.jpg", good)
    assert done.returncode == 2
    assert [line[:18] for line in done.stdout.splitlines()] == [f"{good}: 5"] * 3
    first, second = done.stderr.splitlines()
    assert first == "read: nan.tif: holds NaN or infinite gray levels; save it as PNG"
    assert second.startswith("read: photo.jpg: not a photo in a format that is read")


@pytest.fixture
def page(tmp_path, originals):
    """The name of a photo with the rows 257 and 70, and of one with 4."""
    rows = originals[[1300, 2650, 3700]], originals[[3700, 40]]
    for name, some in (("page.png", rows), ("one.png", [originals[[2100]]])):
        gray = photographs.taken(photographs.page_of(some, 100))
        photographs.as_image(gray).save(tmp_path / name)
    return "page.png", "one.png"


def test_a_page_is_a_line_for_each_row(command, page):
    done = command("read", *page)
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    assert first == "page.png: 257"
    assert second.startswith("page.png: 70  (each at least ") and second.endswith("%)")
    assert third.startswith("one.png: 4  (") and "or else" in third
    done = command("read", "one.png", "--digits", "--show", "seen")
    assert done.stdout.startswith("one.png: 4  (each at least ")


def test_a_page_in_json(command, page):
    done = command("read", *page, "--json")
    assert done.returncode == 0, done.stderr
    whole, one = map(json.loads, done.stdout.splitlines())
    keys = ["file", "digit", "number", "digits", "probability", "runner_up", "message"]
    assert list(whole) == list(one) == keys
    assert whole["digit"] is None and whole["number"] == "257\n70"
    assert [each["digit"] for each in whole["digits"]] == [2, 5, 7, 7, 0]
    for each in whole["digits"]:
        assert list(each) == ["digit", "probability", "runner_up", "box"]
        top, left, bottom, right = each["box"]
        assert 0 <= top < bottom <= 360 and 0 <= left < right <= 560
    assert one["digit"] == 4 and one["number"] == "4" and len(one["digits"]) == 1
