"""Pictures: right ones, odd ones, claims of many pixels, and damage of every kind.

A picture that is right and whole must be opened. What is read in it is judged only for
its form: any picture may show a digit.
"""

import functools
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from jaxnn import digit_network, digit_reader, reading

from .data_files import mutated
from .judging import Verdict, judged, quiet

PHOTOS = ["JPEG", "PNG", "TIFF", "BMP", "GIF", "PPM", "WEBP"]
OTHERS = ["EPS", "PDF", "ICO", "PCX", "TGA", "SGI", "JPEG2000", "IM", "MSP", "DDS"]
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F"]
MODES += ["I;16"]
MAY_TAKE = 700 << 20  # bytes, of 50 million pixels in four bytes, and a copy
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n{} loop\n"


def run(random: np.random.Generator, folder: Path) -> tuple[str, Verdict]:
    """Make a picture and read it: how it was made, and what became of it."""
    warm_up()
    with quiet():
        path, text, is_right = made(random, folder)
    verdict = judged(lambda: read(path), f"{path}: ", MAY_TAKE)
    if is_right and verdict.result is None:
        verdict.faults.append(f"refused, and it is right: {verdict.message}")
    return text, verdict


@functools.cache
def warm_up() -> None:
    """Compile what reads up to 256 signs: a case's time is not that of the compiler."""
    reader = digit_network.own_reader()
    for count in (1, 17):
        digit_network.judged(reader, np.zeros((count, 20, 20)))


def read(path: Path) -> digit_reader.Read:
    """What is read in a picture, if it is of the form that is promised."""
    photo = reading.photos.of_file(path)
    assert np.isfinite(photo.gray).all() and max(photo.gray.shape) in range(200, 641)
    found = digit_reader.read_photo(photo, digit_network.own_reader())
    assert found.digit is None or found.digit in range(10)
    assert found.digit is not None or found.number or found.message
    h, w = photo.size
    for each in found.digits:
        assert 0 <= each.box.top < each.box.bottom <= h
        assert 0 <= each.box.left < each.box.right <= w
        assert each.probability is None or 0 <= each.probability <= 1.001
    return found


def made(random: np.random.Generator, folder: Path) -> tuple[Path, str, bool]:
    """A picture, how it was made, and whether it is right and whole."""
    if random.random() < 0.1:
        return claimed(random, folder)
    content, text = drawn(random)
    mode = str(random.choice(MODES))
    kind = str(random.choice(PHOTOS if random.random() < 0.85 else OTHERS))
    path = folder / f"photo.{random.choice(['jpg', 'png', 'tif', 'x'])}"
    try:
        save(random, in_mode(content, mode), path, kind)
    except Exception:  # a writer raises anything for a mode that it does not have
        mode, kind = "L", "PNG"
        save(random, in_mode(content, mode), path, kind)
    is_right = kind in PHOTOS and np.isfinite(content).all() and min(content.shape) >= 8
    if random.random() < 0.5:
        content = path.read_bytes()
        reach = int(random.choice([64, 500, len(content)]))
        content = mutated(random, content, reach)
        if random.random() < 0.3:
            content = content[: random.integers(len(content) + 1)]
        path.write_bytes(content)
        text, is_right = f"{text}, damaged", False
    return path, f"{kind} {mode} {content_size(path)}: {text}", bool(is_right)


def content_size(path: Path) -> str:
    """The length of a file."""
    return f"{path.stat().st_size} bytes"


def drawn(random: np.random.Generator) -> tuple[np.ndarray, str]:
    """Levels (h, w), 0 black to 1 white, and what they are."""
    h, w = (int(10 ** random.uniform(0.3, 3.1)) for _ in range(2))
    rows, columns = np.mgrid[:h, :w]
    period = int(random.integers(2, 60))
    dots = random.random((h, w)) < 10 ** random.uniform(-4, -0.5)
    ways = {
        "noise": lambda: random.random((h, w)),
        "blank": lambda: np.full((h, w), random.random()),
        "dots": lambda: 1.0 - dots,
        "blots": lambda: 1.0 - blurred(dots),
        "lines": lambda: 1.0 * (rows % period > period // 3),
        "a grid": lambda: 1.0 * ((rows % period > 1) & (columns % period > 1)),
        "checks": lambda: 1.0 * ((rows // period + columns // period) % 2),
        "rings": lambda: 0.5 + 0.5 * np.cos(np.hypot(rows, columns) * 3 / period),
        "a slope": lambda: (rows + columns) / (h + w),
        "digits": lambda: page(random, h, w),
        "NaN": lambda: np.where(dots, np.nan, 0.5),
        "infinite": lambda: np.where(dots, np.inf, 0.5),
    }
    way = str(random.choice(list(ways)))
    return ways[way](), f"{way} {h}x{w}"


def blurred(dots: np.ndarray) -> np.ndarray:
    """Dots as blots of five pixels."""
    wide = np.pad(dots, 2)
    h, w = dots.shape
    shifts = [wide[i : i + h, j : j + w] for i in range(5) for j in range(5)]
    return np.any(shifts, axis=0)


def page(random: np.random.Generator, h: int, w: int) -> np.ndarray:
    """Strokes as of digits, all over a page."""
    levels = np.ones((h, w))
    for _ in range(int(random.integers(1, 200))):
        top, left = random.integers(h), random.integers(w)
        long = int(random.integers(2, 60))
        tall, wide = (long, 1 + long // 8) if random.random() < 0.5 else (3, long)
        levels[top : top + tall, left : left + wide] = 0
    return levels


def in_mode(levels: np.ndarray, mode: str) -> Image.Image:
    """Levels as an image of this mode."""
    if mode == "F":
        return Image.fromarray(levels.astype(np.float32))
    levels = np.nan_to_num(levels, posinf=1)
    if mode in ("I", "I;16"):
        kind = np.int32 if mode == "I" else np.uint16
        return Image.fromarray((65535 * levels).astype(kind))
    gray = Image.fromarray(np.uint8(255 * levels))
    if mode == "LAB":
        return Image.merge("LAB", [gray] * 3)
    return gray.convert("P").convert("PA") if mode == "PA" else gray.convert(mode)


def save(
    random: np.random.Generator, image: Image.Image, path: Path, kind: str
) -> None:
    """Write an image in a format, with options and entries of its own."""
    how: dict = {}
    if kind == "TIFF":
        ways = [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]
        how["compression"] = ways[random.integers(len(ways))]
    if kind == "JPEG":
        how = {"progressive": bool(random.integers(2))}
    if kind in ("JPEG", "PNG", "WEBP", "TIFF") and random.random() < 0.5:
        exif = Image.Exif()
        turns = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 65535]
        exif[0x0112] = turns[random.integers(len(turns))]
        how["exif"] = exif
    image.save(path, kind, **how)


def claimed(random: np.random.Generator, folder: Path) -> tuple[Path, str, bool]:
    """A small file that claims many pixels; some have them."""
    w, h = (int(10 ** random.uniform(3, 5)) for _ in range(2))
    path = folder / "photo.png"
    ways = ["PNG", "BMP", "GIF", "TIFF", "PPM", "JPEG", "truly", "PostScript"]
    way = str(random.choice(ways))
    if way == "truly":
        w, h = (int(random.integers(2000, 9000)) for _ in range(2))
        mode, kind = (
            random.choice(["1", "L", "RGB", "CMYK"]),
            random.choice(["JPEG", "TIFF"]),
        )
        Image.new(str(mode), (w, h), 1).save(path, str(kind), optimize=False)
    elif way == "PNG":
        path.write_bytes(png(w, h, int(random.choice([0, 2, 3, 4, 6]))))
    elif way == "PPM":
        path.write_bytes(
            b"%s %d %d 255\n" % (random.choice([b"P5", b"P6", b"P3"]), w, h)
        )
    elif way == "PostScript":
        path.write_bytes(POSTSCRIPT)
    else:
        stream = io.BytesIO()
        Image.new("L", (300, 299), 200).save(stream, way)
        content = stream.getvalue()
        for old, new in ((300, w), (299, h)):
            for form in (">H", "<H"):
                small = struct.pack(form, min(new, 65535))
                content = content.replace(struct.pack(form, old), small)
        path.write_bytes(content)
    return path, f"claims {way} {w}x{h}", False


def png(w: int, h: int, color: int) -> bytes:
    """A PNG with this header and 3 MB of zeros packed."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", w, h, 8, color, 0, 0, 0)
    body = zlib.compress(bytes(3 << 20), 9)
    palette = chunk(b"PLTE", bytes(768)) if color == 3 else b""
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette
    return start + chunk(b"IDAT", body) + chunk(b"IEND", b"")
