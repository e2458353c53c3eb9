"""docs/clinic.md: its cases, and that a command says what the page says."""

import contextlib
from pathlib import Path

import pytest

import jaxnn
from jaxnn import Mistake

ROOT = Path(__file__).parent.parent
QUICK = (("03_squared_error", 0), ("05_changes_its_argument", 0), ("23_own_error", 0))


@pytest.fixture
def cases(load):
    return load("cases")


@pytest.fixture
def page():
    return (ROOT / "docs" / "clinic.md").read_text()


def consoles(page, call):
    """What the page shows of a command."""
    first = f"```console\n$ python -m jaxnn.gradcheck {call.words}\n"
    return [part.partition("\n```")[0] for part in page.split(first)[1:]]


def of_case(page, folder):
    """The section of a case."""
    return page.partition(f"\n## {folder}\n")[2].partition("\n## ")[0]


def test_every_case_is_on_the_page(cases, page):
    folders = {path.name for path in cases.CASES.iterdir() if path.is_dir()}
    assert set(cases.CALLS) == folders
    for folder, calls in cases.CALLS.items():
        part = of_case(page, folder)
        assert cases.code(folder, calls[0]) in part, folder
        for call in calls:
            assert f"\n\n{call.truth}\n\n" in part, call
            assert len(consoles(part, call)) == 1, call
            if call.truth == cases.MENDED:
                assert cases.change(folder, calls[0], call) in part, call


@pytest.mark.parametrize("folder, which", QUICK)
def test_the_command_says_what_the_page_says(cases, page, folder, which):
    call = cases.CALLS[folder][which]
    with contextlib.chdir(cases.CASES / folder):
        try:
            report = jaxnn.check_gradient(call.words)
            code, text = int(not report.passed), str(report)
        except Mistake as error:
            code, text = 2, f"gradcheck: {error}"
    text = text.replace(f"{cases.CASES / folder}/", "")
    [shown] = consoles(of_case(page, folder), call)
    assert shown.endswith(f"\n(exit code {code})")
    rounded = ("W", "theta", "Theta", "PASS")  # lines with differences in rounding
    lines = [line for line in text.splitlines() if not line.startswith(rounded)]
    assert [line for line in lines if line not in shown.splitlines()] == []


def test_the_page_names_no_folder_of_this_machine(page):
    assert "/tests/" not in page.replace("(../tests/cases)", "")
    assert str(Path.home()) not in page


def test_a_page_is_made_of_what_commands_print(cases, monkeypatch, capsys):
    calls = {"02_relu_softmax": cases.CALLS["02_relu_softmax"]}
    monkeypatch.setattr(cases, "CALLS", calls)
    monkeypatch.setattr(cases.shutil, "which", lambda _: "octave-cli")
    monkeypatch.setattr(cases, "said", lambda folder, call: f"said of {call.words}")
    assert cases.main([]) == 0
    out = capsys.readouterr().out
    assert "1 cases" in out and "```console\nsaid of net.py:loss" in out


def test_without_octave_no_page_is_made(cases, monkeypatch):
    monkeypatch.setattr(cases.shutil, "which", lambda _: None)
    with pytest.raises(Mistake, match="install it"):
        cases.main(["--save"])
