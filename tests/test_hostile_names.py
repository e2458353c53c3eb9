"""Names of files with control characters, or bytes that are no text: never raw."""

import os
import shutil
import unicodedata

import numpy as np
import pytest
from PIL import Image

import jaxnn
from jaxnn import cli
from jaxnn.mistake import Mistake, printable

NAMES = {
    "a terminal": "nl\nx\r\tESC\x1b[31mRED\x07",
    "right to left": "\u202egpj",
    "C1": "\x9b31m",
    "no text": os.fsdecode(b"\xff\xfe<b>"),
    "html": "<img src=x onerror=alert(1)>",
}


def is_raw(character):
    """Whether Unicode says that a character is not to be seen; an end of line is."""
    return unicodedata.category(character)[0] == "C" and character != "\n"


def clean(done):
    """What a command printed, if no line of it holds a raw character."""
    text = done.stdout + done.stderr
    assert not [c for c in text if is_raw(c)], text
    return text


@pytest.fixture(params=NAMES)
def name(request):
    return NAMES[request.param]


def test_one_function_escapes_what_is_not_seen():
    for code in (*range(0x500), 0x200E, 0x202E, 0x2028, 0xDCFF, 0xFEFF, 0x1F600):
        c = chr(code)
        hidden = unicodedata.category(c)[0] == "C" or c in "\u2028\xa0"
        assert printable(c) == (repr(c)[1:-1] if hidden else c)
    assert str(Mistake("a\x1bb")) == "a\\x1bb"


def test_messages_are_of_limited_length():
    text = str(Mistake("x" * 10**6 + "; do this"))
    assert len(text) <= 1000 and text.startswith("xxx") and text.endswith("; do this")


def test_a_data_file_of_any_name(command, tmp_path, few_digits, name):
    """Transposed, so that it is warned of too."""
    data, run = f"{name}.npz", f"{name}-run"
    np.savez(tmp_path / "plain.npz", x=few_digits.x, y=few_digits.y)
    try:
        os.rename(tmp_path / "plain.npz", tmp_path / data)
    except OSError:
        pytest.skip("no such name on this file system")
    how = ("--data", data, "--steps", 1, "--hidden", 2)
    done = command("train", *how, "--out", run)
    assert done.returncode == 0
    assert printable(data) in clean(done) and printable(run) in clean(done)
    for words in (("evaluate", run), ("evaluate", run, "--data", data),
                  ("report", run), ("train", "--resume", run),
                  ("sweep", *how, "--seeds", 1, "--lam", 1, "--out", f"{name}-sweep"),
                  ("read", data)):  # fmt: skip
        done = command(*words)
        assert clean(done)
        assert done.returncode == (2 if words[0] == "read" else 0), done.stderr
    page = (tmp_path / run / "report.html").read_bytes().decode()
    assert name not in page
    assert not [c for c in page if is_raw(c) and c != "\t"]
    shutil.rmtree(tmp_path / run)


def test_a_photo_of_any_name(command, tmp_path, name):
    try:
        Image.new("L", (300, 300), 200).save(tmp_path / f"{name}.png")
    except (OSError, ValueError):
        pytest.skip("no such name on this file system")
    for words in (("read", f"{name}.png"), ("read", f"{name}.png", "--json")):
        done = command(*words)
        assert done.returncode == 1 and done.stderr == ""
        assert clean(done).count("\n") == 1
    done = command("read", f"{name}-not.png")
    assert done.returncode == 2 and clean(done).count("\n") == 1


def test_flags_of_any_text(command, name):
    for flag in (f"--{name}", f"--method={name}", f"--steps={name}"):
        done = command("train", flag)
        assert done.returncode == 2 and clean(done).count("\n") == 1


def test_digits_of_any_name_show_it_escaped(few_digits, name):
    digits = jaxnn.Digits(few_digits.x, few_digits.y, name)
    assert not [c for c in repr(digits) if is_raw(c)]
    assert printable(name) in repr(digits)


def test_an_error_of_a_persons_function_is_escaped(command, tmp_path, name):
    path = tmp_path / "mine.py"
    path.write_text(
        f"def cost(theta1, theta2, X, y, lam):\n    raise ValueError({name!a})"
    )
    done = command("gradcheck", "mine.py:cost")
    assert done.returncode == 2 and "raised ValueError at line 2" in clean(done)


def test_the_traceback_of_a_bug_is_escaped(capsys, name):
    def main(_):
        raise RuntimeError(name)

    assert cli.exit_code(main, [], "train") == 3
    text = capsys.readouterr().err
    assert "this is a bug in jaxnn" in text and not [c for c in text if is_raw(c)]
