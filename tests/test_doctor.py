"""python -m jaxnn.doctor: what it says of this machine, and when it cannot train."""

import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version

import jax
import pytest

import jaxnn
from jaxnn import backends, doctor

NAMES = "jaxnn python system packages plugins driver machine cache variables".split()
STARTED = "devices device warnings result".split()


def test_the_facts_are_those_of_this_machine(command):
    done = command("doctor", "--device", "cpu")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [text.split()[0] for text in lines if text[0] != " "] == NAMES + STARTED
    assert max(map(len, lines)) < 100
    text = re.sub(r"\s+", " ", done.stdout)
    assert f"jaxnn {jaxnn.__version__} in " in text
    for name in ("jax", "jaxlib", "numpy", "scipy", "optax", "matplotlib"):
        assert f" {name} {version(name)}" in text
    assert f"python {platform.python_version()}, " in text
    assert "device cpu takes cpu:0 (" in text and "result training can run" in text


def test_json_has_the_same_facts(command):
    done = command("doctor", "--device", "cpu", "--json")
    found = json.loads(done.stdout)
    assert list(found) == [*NAMES, *STARTED[:-1], "problem", "result"]
    assert found["result"] == "training can run"
    assert found["packages"]["jax"] == jax.__version__ and found["problem"] == ""
    assert found["machine"]["cores"] == os.cpu_count()
    assert len(found["devices"]) == len(jax.devices())


def test_quiet_prints_the_result_alone(command):
    done = command("doctor", "--device", "cpu", "--quiet")
    assert done.stdout.split() == ["result", "training", "can", "run"]


def facts(monkeypatch, tmp_path, *words):
    """The facts as JSON would have them, for the home folder tmp_path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    flags = doctor.parse(doctor.Flags, words, "doctor", "")
    monkeypatch.setattr(doctor, "trial", lambda _: [("problem", "")])
    return dict(doctor.facts(flags))


def test_variables_show_no_home_and_no_secret(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(
        os,
        "environ",
        {
            "JAX_COMPILATION_CACHE_DIR": f"{tmp_path}/mine",
            "OMP_NUM_THREADS": "3",
            "JAX_SECRET_TOKEN": "no",
            "NVIDIA_API_KEY": "no",
            "CUDA_VISIBLE_DEVICES": "",
            "USER": "no",
            "HOME": str(tmp_path),
        },
    )
    assert facts(monkeypatch, tmp_path)["variables"] == [
        "CUDA_VISIBLE_DEVICES=",
        "JAX_COMPILATION_CACHE_DIR=~/mine",
        "OMP_NUM_THREADS=3",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is Linux's")
def test_the_cache_is_counted(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    folder = tmp_path / ".cache" / "jaxnn" / "programs"
    folder.mkdir(parents=True)
    for name in ("one", "two"):
        (folder / name).write_bytes(bytes(250_000))
    found = facts(monkeypatch, tmp_path)["cache"]
    assert found == {"folder": "~/.cache/jaxnn", "files": 2, "size": "0.5 MB"}


def test_a_variable_that_hides_the_gpu_is_named(command, environment, monkeypatch):
    monkeypatch.setattr(backends, "plugins", lambda: ["cuda12"])
    monkeypatch.setattr(backends, "why_no_gpu", lambda: "")
    environment["JAX_PLATFORMS"] = "cpu"
    said = " ".join(command("doctor", "--device", "cpu").stdout.split())
    assert "no GPU is looked for: JAX_PLATFORMS=cpu hides it; unset it" in said


def test_a_missing_package_is_named(monkeypatch, tmp_path, capsys):
    usual = [d for d in doctor.distributions() if d.name not in ("optax", "tqdm")]
    monkeypatch.setattr(doctor, "distributions", lambda: usual)
    with pytest.raises(
        jaxnn.Mistake, match="optax, tqdm missing; .*pip install optax tq"
    ):
        doctor.main(["--device", "cpu"])
    assert "optax missing" in re.sub(r"\s+", " ", capsys.readouterr().out)


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_nvidia_smi_speaks_for_itself(monkeypatch, tmp_path):
    program = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.driver()[0] == "nvidia-smi is not installed"
    for text, stream in (
        ("NVIDIA H200, 570.1, 9 MiB, 143771 MiB", 1),
        ("No devices", 2),
    ):
        program.write_text(f"#!/bin/sh\necho '{text}' >&{stream}\n")
        program.chmod(0o755)
        assert doctor.driver()[0] == text


@pytest.fixture
def doctored(environment, tmp_path):
    """doctored(NAME="value"): jaxnn doctor in a process with these variables."""

    def run(**more):
        known = {k: v for k, v in environment.items() if k != "PYTHONUNBUFFERED"}
        paths = os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]])
        return subprocess.run(
            [sys.executable, "-m", "jaxnn", "doctor", "--device", "cpu"],
            env={**known, "PYTHONPATH": paths, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


def test_a_broken_package_is_a_line(doctored, tmp_path):
    (tmp_path / "jax.py").write_text("raise ImportError('libfoo.so is not there')")
    done = doctored()
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and done.stdout.startswith("jaxnn      ")
    assert line.startswith("doctor: training cannot run: ImportError: libfoo.so is not")


def test_facts_are_out_before_jax_may_end_the_process(doctored):
    done = doctored(XLA_FLAGS="--xla_nonsense=1")  # XLA ends the process itself
    assert done.returncode != 0 and "--xla_nonsense=1" in done.stderr
    assert "XLA_FLAGS=--xla_nonsense=1" in done.stdout


def test_no_gpu_is_a_problem_only_if_asked_for(command):
    done = command("doctor", "--device", "gpu", "--quiet")
    if done.returncode == 0:
        assert jax.default_backend() == "gpu"
        return
    assert done.returncode == 2
    assert done.stderr.startswith("doctor: training cannot run: a GPU was asked for")
    assert done.stderr.endswith("; for the CPU: --device cpu\n")
