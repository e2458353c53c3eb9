"""The requested device or an error; settings that only the commands change."""

import os
import subprocess
import sys

import jax
import pytest

import jaxnn
from jaxnn import devices


def test_auto_is_what_jax_would_take():
    assert devices.choose("auto") == jax.devices()[0]
    assert devices.choose("cpu").platform == "cpu"


def test_unknown_kind_lists_the_known():
    with pytest.raises(jaxnn.DeviceError, match="choose from auto, cpu, gpu"):
        devices.choose("tpu")


def test_no_gpu_is_an_error_never_a_cpu():
    try:
        found = devices.choose("gpu")
    except jaxnn.DeviceError as error:
        assert "JAX sees only cpu:0" in str(error) and "jax[cuda13]" in str(error)
    else:
        assert found.platform == "gpu"


@pytest.fixture
def environment(environment):
    """Without the folder that keeps compiled programs for the tests."""
    return {k: v for k, v in environment.items() if not k.startswith("JAX_")}


def settings_of_a_command(environment, tmp_path):
    """What prepare_process sets in a fresh process: PREALLOCATE, the cache folder."""
    program = (
        "import os, jax; from jaxnn import devices; devices.prepare_process('cpu');"
        "print(os.environ['XLA_PYTHON_CLIENT_PREALLOCATE']);"
        "print(jax.config.jax_compilation_cache_dir)"
    )
    words = [sys.executable, "-c", program]
    done = subprocess.run(
        words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_commands_leave_a_persons_settings_alone(environment, tmp_path):
    chosen = os.path.join(environment["XDG_CACHE_HOME"], "jaxnn", "xla")
    assert settings_of_a_command(environment, tmp_path) == ["false", chosen]
    mine = {
        **environment,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "true",
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path),
    }
    assert settings_of_a_command(mine, tmp_path) == ["true", str(tmp_path)]
