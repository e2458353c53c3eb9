"""The user's cache folder; compiled programs that stay from process to process."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from jaxnn import cache

COMPILE = "jax.jit(lambda x: x + 1)(1.0).block_until_ready()\n"
TWO = "print(jax.jit(lambda x: x + 1)(1.0), jax.jit(lambda x: x * 3)(2.0))\n"


@pytest.fixture
def environment(environment, tmp_path):
    """An empty cache folder, and nothing that the tests chose for JAX."""
    kept = {k: v for k, v in environment.items() if not k.startswith("JAX_")}
    kept.pop("PYTHONWARNINGS", None)
    return kept | {"XDG_CACHE_HOME": str(tmp_path)}


def in_python(program, environment):
    words = [sys.executable, "-c", "import jax, jaxnn\n" + program]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def programs(folder: Path) -> list[Path]:
    return sorted((folder / "jaxnn" / "programs").glob("jit_*-cache"))


def test_the_folder_follows_the_systems_convention(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "jaxnn"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert str(cache.folder()) == "/home/someone/.cache/jaxnn"


def test_one_call_keeps_programs_even_after_the_first_one(environment, tmp_path):
    program = f"{COMPILE}print(jaxnn.cache_compiled_programs())\n"
    done = in_python(program + COMPILE, environment)
    assert done.stdout.strip() == str(tmp_path / "jaxnn" / "programs")
    assert len(programs(tmp_path)) == 1


def test_a_persons_own_cache_stays(environment, tmp_path):
    mine = environment | {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "mine")}
    program = "print(jaxnn.cache_compiled_programs())\n"
    program += "print(jax.config.jax_persistent_cache_min_compile_time_secs)"
    done = in_python(program, mine)
    assert done.stdout.split() == [str(tmp_path / "mine"), "1.0"]
    assert not (tmp_path / "jaxnn").exists()


def test_no_place_for_a_cache_is_one_line(environment):
    nowhere = environment | {"XDG_CACHE_HOME": "/proc/nowhere"}
    done = in_python("print(jaxnn.cache_compiled_programs())\n" + COMPILE, nowhere)
    assert done.stdout == "None\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith("no cache of compiled programs (")


def test_an_empty_choice_keeps_nothing(environment, tmp_path):
    none = environment | {"JAX_COMPILATION_CACHE_DIR": ""}
    done = in_python("print(jaxnn.cache_compiled_programs())\n" + COMPILE, none)
    assert (done.stdout, done.stderr) == ("None\n", "")
    assert not (tmp_path / "jaxnn").exists()


def test_trouble_without_a_home_is_no_crash(monkeypatch, caplog):
    def homeless():
        raise RuntimeError("no home")

    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(cache, "folder", homeless)
    cache.shorten_warnings()
    cache.warn_once.cache_clear()
    text = "Error reading persistent compilation cache entry for 'jit_a': EOFError: cut"
    warnings.showwarning(UserWarning(text), UserWarning, "file", 1)
    (record,) = caplog.records
    assert record.message == (
        "a compiled program is unreadable (EOFError); JAX compiles it again"
    )


def halved(one, other):
    one.write_bytes(one.read_bytes()[:99])


def swapped(one, other):
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def emptied(one, other):
    one.write_bytes(b"")


@pytest.mark.parametrize("damage", [halved, swapped, emptied])
def test_a_damaged_program_is_one_line_and_replaced(environment, tmp_path, damage):
    program = "from jaxnn import devices; devices.prepare_process('cpu')\n" + TWO
    assert in_python(program, environment).stderr == ""
    kept = {path: path.read_bytes() for path in programs(tmp_path)}
    damage(*kept)
    again = in_python(program, environment)
    lines = again.stderr.splitlines()
    assert [line.rpartition("; ")[2] for line in lines] == ["JAX compiles it again"]
    assert again.stdout == "2.0 6.0\n"
    last = in_python(program, environment)
    assert (last.stderr, last.stdout) == ("", again.stdout)
    assert [*map(len, kept.values())] == [p.stat().st_size for p in kept]


def test_programs_that_cannot_be_written_are_one_line(monkeypatch, caplog):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    cache.shorten_warnings()
    cache.warn_once.cache_clear()
    start = "Error writing persistent compilation cache entry for"
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        shown = warnings.showwarning  # catch_warnings puts its own back
        for name in ("jit_a", "jit_b"):
            text = f"{start} '{name}': OSError: [Errno 28] No space left on device"
            shown(UserWarning(text), UserWarning, "file", 1)
    (record,) = caplog.records
    assert record.message.startswith("compiled programs are not kept (OSError: [Errno")
