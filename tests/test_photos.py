"""Image files of every kind, intact and damaged."""

import io
import struct
import subprocess

import numpy as np
import photographs
import pytest
from PIL import Image, ImageOps

import jaxnn
from jaxnn.files import FileError
from jaxnn.reading import photos


def ramp(h=40, w=60):
    """Levels that rise to the right, with a white square in a corner."""
    levels = np.tile(np.linspace(0.1, 0.6, w), (h, 1))
    levels[:8, -8:] = 1
    return levels


def saved(path, image, **how):
    image.save(path, **how)
    return photos.of_file(path).gray


def near(gray, levels, tolerance=0.03):
    """Whether gray is levels, enlarged."""
    h, w = levels.shape
    rows, columns = (
        np.arange(n) * (m / n) + m / n / 2
        for n, m in zip(levels.shape, gray.shape, strict=True)
    )
    middle = gray[np.ix_(rows.astype(int), columns.astype(int))]
    return np.median(np.abs(middle - levels)) < tolerance


@pytest.mark.parametrize(
    ("ending", "mode"),
    [(".png", "L"), (".png", "RGB"), (".jpg", "RGB"), (".jpg", "CMYK"), (".bmp", "L"),
     (".gif", "L"), (".webp", "RGB"), (".tif", "L"), (".ppm", "RGB")],
)  # fmt: skip
def test_formats_and_modes(tmp_path, ending, mode):
    image = photographs.as_image(ramp()).convert(mode)
    gray = saved(tmp_path / f"picture{ending}", image)
    assert max(gray.shape) == photos.SHORTEST and near(gray, ramp())


def test_sixteen_bits(tmp_path):
    levels = np.uint16(65535 * ramp())
    assert near(saved(tmp_path / "deep.png", Image.fromarray(levels)), ramp())


def test_the_first_of_several_frames(tmp_path):
    frames = [photographs.as_image(levels) for levels in (ramp(), 1 - ramp())]
    gray = saved(tmp_path / "two.gif", frames[0], save_all=True,
                 append_images=frames[1:])  # fmt: skip
    assert near(gray, ramp())


@pytest.mark.parametrize("is_light", [False, True])
def test_transparent_paper(tmp_path, is_light):
    levels = np.full((40, 40), 0.9 if is_light else 0.1)
    cover = np.zeros((40, 40))
    cover[10:30, 18:22] = 1
    layers = [photographs.as_image(a) for a in (levels, levels, levels, cover)]
    gray = saved(tmp_path / "drawing.png", Image.merge("RGBA", layers))
    stroke, paper = np.median(gray[90:110, 95:105]), np.median(gray[:, :50])
    assert (stroke - paper > 0.7) if is_light else (paper - stroke > 0.7)


def test_a_photo_from_a_turned_phone(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right by 90 degrees to view
    image = photographs.as_image(ramp())
    gray = saved(tmp_path / "phone.jpg", image, exif=exif)
    assert near(gray, np.rot90(ramp(), -1))


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_turn_that_is_stored_as_text_is_none(tmp_path, ending):
    # one entry: tag 0x0112, of type 2 (text), two bytes long
    entry = struct.pack(">HHI4s", 0x0112, 2, 2, b"6")
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    path = tmp_path / f"text.{ending}"
    photographs.as_image(ramp()).save(path, exif=exif)
    with Image.open(path) as image:
        for photo in (photos.of_file(path), photos.of_levels(image)):
            assert photo.size == (40, 60) and near(photo.gray, ramp())


def test_a_large_picture_is_shrunk(tmp_path):
    image = photographs.as_image(ramp()).resize((3000, 2000))
    assert saved(tmp_path / "large.jpg", image).shape == (427, 640)


def test_damaged_files_are_one_line(tmp_path):
    whole = photographs.jpeg(photographs.as_image(ramp()).resize((600, 400)))
    stream = io.BytesIO()
    photographs.as_image(ramp()).save(stream, "PNG")
    cases = {
        "empty.png": b"",
        "text.jpg": b"this is not an image",
        "torn.jpg": whole[: len(whole) // 2],
        "torn.png": stream.getvalue()[:-40],
    }
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FileError) as raised:
            photos.of_file(path)
        message = str(raised.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message and ";" in message


def test_pictures_too_small_or_too_large_are_refused(tmp_path):
    path = tmp_path / "dot.png"
    Image.new("L", (1, 1)).save(path)
    with pytest.raises(FileError, match="1x1 pixels; give a picture of at least 8x8"):
        photos.of_file(path)
    huge = tmp_path / "huge.png"
    Image.new("1", (20_000, 20_000)).save(huge)  # 400 million pixels in a few kilobytes
    with pytest.raises(FileError, match="more than 50 million pixels"):
        photos.of_file(huge)
    Image.new("1", (7000, 7200)).save(huge)
    with pytest.raises(FileError, match="more than 50 million pixels; make it smaller"):
        photos.of_file(huge)
    Image.new("1", (7000, 7000)).save(huge)
    assert photos.of_file(huge).size == (7000, 7000)


@pytest.mark.parametrize("kind", ["EPS", "PDF", "ICO", "PCX", "TGA", "SGI", "JPEG2000"])
def test_formats_that_no_photo_has_are_not_opened(tmp_path, kind, monkeypatch):
    """Also in a file that is named like a photo; no program is started."""

    def start(*_, **__):
        raise AssertionError("started a program")

    monkeypatch.setattr(subprocess, "Popen", start)
    path = tmp_path / "photo.jpg"
    photographs.as_image(ramp()).convert("RGB").save(path, kind)
    with pytest.raises(FileError, match="not a photo in a format that is read; save"):
        photos.of_file(path)
    assert not {".eps", ".pdf", ".ico"} & photos.endings()
    assert {".jpg", ".jpeg", ".png", ".tif", ".webp", ".gif"} <= photos.endings()


MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "I;16", "F"]


@pytest.mark.parametrize("mode", MODES)
def test_a_large_picture_is_small_before_it_becomes_floats(tmp_path, mode, monkeypatch):
    sizes, in_gray = [], photos.in_gray
    monkeypatch.setattr(
        photos, "in_gray", lambda image: (sizes.append(image.size), in_gray(image))[1]
    )
    levels = np.tile(np.linspace(0.1, 0.9, 6000), (800, 1))
    scale, kind = {"I": (65535, "i4"), "I;16": (65535, "u2"), "F": (1, "f4")}.get(
        mode, (255, "u1")
    )
    image = Image.fromarray((scale * levels).astype(kind))
    path = tmp_path / "wide.tif"
    (image if image.mode == mode else image.convert(mode)).save(path)
    assert near(photos.of_file(path).gray, levels, 0.01)
    assert sizes == [(1500, 200)]


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("width", [300, 5200])
@pytest.mark.parametrize("ending", [".png", ".tif", ".jpg"])
def test_pictures_are_turned_as_pillow_turns_them(tmp_path, turn, width, ending):
    exif, path = Image.Exif(), tmp_path / f"turned{ending}"
    exif[0x0112] = turn
    levels = np.linspace(0, 0.8, 40 * 30).reshape(30, 40) ** 2
    image = photographs.as_image(levels).resize((width, width * 3 // 4))
    image.save(path, exif=exif)
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).resize((8, 8), Image.Resampling.BOX)
    found = photos.of_file(path)
    small = Image.fromarray(np.float32(found.gray)).resize((8, 8), Image.Resampling.BOX)
    np.testing.assert_allclose(np.asarray(small), np.asarray(upright) / 255, atol=0.02)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_libtiff_writes_nothing_past_python(tmp_path, compression, capfd):
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3))
    Image.fromarray(np.uint8(noise)).save(stream, "TIFF", compression=compression)
    random, path, refused = np.random.default_rng(1), tmp_path / "mutated.tif", 0
    for _ in range(60):
        content = bytearray(stream.getvalue())
        for place in random.integers(0, len(content), 4):
            content[place] = random.integers(256)
        path.write_bytes(content)
        try:
            photos.of_file(path)
        except FileError:
            refused += 1
    assert refused > 5 and capfd.readouterr().err == ""


@pytest.mark.parametrize("ending", ["JPEG", "PNG", "GIF", "TIFF", "BMP"])
def test_mutated_bytes_are_read_or_refused(tmp_path, ending):
    stream = io.BytesIO()
    photographs.as_image(ramp()).save(stream, ending)
    random, path = np.random.default_rng(0), tmp_path / "mutated"
    for _ in range(60):
        content = bytearray(stream.getvalue())
        for place in random.integers(0, len(content), 3):
            content[place] = random.integers(256)
        path.write_bytes(content[: random.integers(1, len(content) + 1)])
        try:
            gray = photos.of_file(path).gray
        except FileError:
            continue
        assert np.isfinite(gray).all()


@pytest.mark.parametrize(
    "levels",
    [
        ramp(),
        ramp() * 1.02,  # a resize overshoots
        (ramp() > 0.5) * 0.98 + 0.02 * ramp() - 0.01,  # and below 0
        255 * ramp(),
        np.uint8(255 * ramp()),
        np.uint16(65535 * ramp()),
        np.uint16(255 * ramp()),  # bytes in a wider type
        np.int64(255 * ramp()),
        ramp() > 0.5,
        np.stack([255 * ramp()] * 3, axis=2),
    ],
)
def test_arrays_of_every_scale_have_the_levels_of_their_picture(levels):
    plain = levels[..., 0] if levels.ndim == 3 else levels
    assert near(photos.of_levels(levels).gray, np.clip(plain / plain.max(), 0, 1), 0.02)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.where(ramp() > 0.5, np.nan, ramp()), "NaN or infinite gray levels; fill"),
        (np.where(ramp() > 0.5, np.inf, ramp()), "NaN or infinite gray levels; fill"),
        (65535 * ramp(), "from 6554 to 6.554e.04; scale them to 0-1 or 0-255"),
        (np.int32(65535 * ramp()), "scale them to 0-1 or 0-255"),
        (ramp() - ramp().mean(), "gray levels from -0.2"),
        (-ramp(), "gray levels from -1 to -0.1"),
        (np.ones((40, 60), complex), "give a path, a Pillow image, or an array"),
    ],
)
def test_arrays_that_are_no_gray_levels_are_one_line(levels, message):
    with pytest.raises(jaxnn.Mistake, match=message) as caught:
        photos.of_levels(levels)
    assert "\n" not in str(caught.value)


def test_a_pillow_image_with_nan_is_one_line():
    levels = np.float32(np.where(ramp() > 0.5, np.nan, ramp()))
    with pytest.raises(jaxnn.Mistake, match="NaN or infinite"):
        photos.of_levels(Image.fromarray(levels))
