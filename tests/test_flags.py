"""Flags as fields of a dataclass: types, defaults, what --help shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from jaxnn.flags import CommonFlags, TrainingFlags, flag, parse
from jaxnn.training import Settings


@dataclass(frozen=True, kw_only=True)
class Flags(CommonFlags):
    """Count things."""

    files: Sequence[str] = flag("where they are")
    name: str | None = flag("one (default: any)", None, nargs="?")
    most_of: int = flag("so many", 3)
    rate: float | None = flag("so fast", None)
    widths: Sequence[float] = flag("so wide", (0.5, 2.0))
    loud: bool = flag("shout", False)


def read(*words):
    return parse(Flags, words, "count", "a.txt --loud")


def test_what_is_not_typed_has_its_default():
    found = read("a.txt", "--quiet")
    assert list(found.files) == ["a.txt"] and found.quiet and not found.loud
    assert (found.most_of, found.rate, found.widths) == (3, None, (0.5, 2.0))
    assert (found.device, found.dtype, found.seed) == ("auto", "float32", 0)
    assert found.given == {"files", "quiet"}


def test_what_is_typed_has_its_type():
    found = read("a", "b", "--most-of", "4", "--rate", "1", "--widths", "3", "4")
    assert (found.files, found.most_of, found.widths) == (["a", "b"], 4, [3.0, 4.0])
    assert isinstance(found.rate, float) and isinstance(found.widths[0], float)


def test_help_shows_each_default_once(capsys):
    with pytest.raises(SystemExit) as ended:
        read("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0 and "Count things." in text
    for words in ("so many (default: 3)", "so wide (default: 0.5 2)", "so fast --"):
        assert words in text
    assert "count a.txt --loud" in text and text.count("(default: any)") == 1


@pytest.mark.parametrize("words", ["a --most-of x", "", "a --mostof 3", "a --most 3"])
def test_a_mistake_is_one_line(words, capsys):
    with pytest.raises(SystemExit) as ended:
        read(*words.split())
    text = capsys.readouterr().err
    assert ended.value.code == 2 and text.startswith("count: ")
    assert text.count("\n") == 1 and text.endswith("--help\n")


def test_settings_are_those_of_fit():
    assert TrainingFlags().settings() == Settings()
    assert TrainingFlags(method="cg").settings(lam=3.0) == Settings(lam=3, method="cg")
