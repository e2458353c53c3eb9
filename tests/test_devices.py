"""The requested device or an error; settings that only the commands change."""

import os
import subprocess
import sys

import jax
import pytest

import jaxnn
from jaxnn import backends, cli, devices, mistake, startup


def test_auto_is_what_jax_would_take():
    assert devices.choose("auto") == jax.devices()[0]
    assert devices.choose("cpu").platform == "cpu"


def test_unknown_kind_lists_the_known():
    with pytest.raises(jaxnn.DeviceError, match="choose from auto, cpu, gpu"):
        devices.choose("tpu")


def test_a_number_chooses_among_several():
    assert devices.choose("cpu:2") == jax.devices("cpu")[2]
    with pytest.raises(
        jaxnn.DeviceError, match=r"no cpu:9; choose from cpu:0 \(.*cpu:3"
    ):
        devices.choose("cpu:9")
    for kind in ("cpu:", "cpu:-1", "cpu:one", "auto:1", "gpu:1 "):
        with pytest.raises(jaxnn.DeviceError, match="unknown device"):
            devices.choose(kind)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("GPU", "gpu"),
        ("cuda", "gpu"),
        ("cuda:0", "gpu:0"),
        ("gpu1", "gpu:1"),
        ("CPU", "cpu"),
        ("Auto", "auto"),
        (jax.devices("cpu")[1], "cpu:1"),
    ],
)
def test_another_spelling_is_understood_and_refused(word, meant):
    with pytest.raises(
        jaxnn.DeviceError, match=rf"unknown .*; did you mean {meant}\?$"
    ):
        devices.choose(word)


@pytest.mark.parametrize("kind", [1, None, "tpu", "gpu:x"])
def test_what_is_no_name_is_refused_in_a_line(kind):
    with pytest.raises(jaxnn.DeviceError, match="choose from auto, cpu, gpu, gpu:N$"):
        devices.choose(kind)


@pytest.mark.parametrize(
    ("variable", "value", "plugins", "expected"),
    [
        ("JAX_PLATFORMS", "cpu", ["cuda12"], "JAX_PLATFORMS=cpu hides it; unset it"),
        ("JAX_PLATFORMS", "GPU", [], "JAX knows no JAX_PLATFORMS=GPU; write cuda"),
        ("JAX_PLATFORMS", "cpu", [], "JAX sees only cpu:0"),
        ("JAX_PLATFORM_NAME", "gpu", [], "JAX_PLATFORM_NAME=gpu asks for one"),
        ("CUDA_VISIBLE_DEVICES", "", [], "CUDA_VISIBLE_DEVICES, whose '' hides every"),
    ],
)
def test_a_variable_in_the_way_is_named(
    variable, value, plugins, expected, monkeypatch
):
    for name in ("JAX_PLATFORMS", "JAX_PLATFORM_NAME", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(backends, "plugins", lambda: plugins)
    said = devices.refusal("gpu")
    assert expected in said and ("pip install" in said) == ("sees" in said)


def test_without_a_driver_it_comes_before_the_plugin(monkeypatch):
    monkeypatch.setattr(backends, "plugins", lambda: [])
    monkeypatch.setattr(backends, "driver_error", lambda: backends.ABSENT)
    before, _, after = devices.refusal("gpu").partition("pip install")
    assert "an NVIDIA driver" in before and after.startswith(" 'jax[cuda13]'")


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (("0.10.2", "0.10.2", "0.10.2"), ""),
        (("0.10.2", "0.10.2.dev3", "0.10.2+cuda"), ""),
        (("0.10.2", "0.10.1", "0.10.1"), "plugin 0.10.1 does not fit jaxlib 0.10.2; "),
        (("0.10.2", "0.10.1", None), "plugin 0.10.1 does not fit jaxlib 0.10.2; "),
        (("0.10.2", "0.10.2", None), "half, jax-cuda12-pjrt, is missing; "),
        (("0.10.2", None, "0.10.2"), "half, jax-cuda12-plugin, is missing; "),
        (("0.10.2", None, None), ""),  # installed in another way
    ],
)
def test_packages_of_a_plugin_fit_or_are_named(versions, expected, monkeypatch):
    names = "jaxlib", "jax-cuda12-plugin", "jax-cuda12-pjrt"
    known = dict(zip(names, versions, strict=True))

    def version(name):
        if known[name] is None:
            raise backends.PackageNotFoundError(name)
        return known[name]

    monkeypatch.setattr(backends, "version", version)
    said = backends.misfit("cuda12")
    assert expected in said and bool(expected) == bool(said)
    assert not said or said.endswith("pip install -U 'jax[cuda12]'")


def test_pip_is_that_of_the_running_python(monkeypatch):
    for found in (None, "/elsewhere/pip"):
        monkeypatch.setattr(mistake.shutil, "which", lambda _, found=found: found)
        assert mistake.install("x") == f"{sys.executable} -m pip install x"
    monkeypatch.setattr(mistake.shutil, "which", lambda _: OUR_PIP)
    assert mistake.install("x") == "pip install x"


def test_a_missing_package_is_a_line_for_a_command(monkeypatch, capsys):
    lost = ModuleNotFoundError("No module named 'lazy_loader'", name="lazy_loader")
    line = f"jaxnn: lazy_loader is not installed for {sys.executable}; pip install ."
    monkeypatch.setattr(sys, "argv", ["mine.py"])
    assert str(startup.lacking(lost)).startswith(line)
    assert isinstance(startup.lacking(lost), ModuleNotFoundError)
    monkeypatch.setattr(sys, "argv", ["-m"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "jaxnn.train"])
    with pytest.raises(SystemExit, match="2"):
        startup.lacking(lost)
    assert capsys.readouterr().err.startswith(line)


def test_no_gpu_is_an_error_never_a_cpu():
    try:
        found = devices.choose("gpu")
    except jaxnn.DeviceError as error:
        without = "JAX sees only cpu:0", "jax[cuda13]"
        signs = ("did not start: ",) if backends.plugins() else without
        assert all(sign in str(error) for sign in signs)
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
    chosen = os.path.join(environment["XDG_CACHE_HOME"], "jaxnn", "programs")
    assert settings_of_a_command(environment, tmp_path) == ["false", chosen]
    mine = {
        **environment,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "true",
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path),
    }
    assert settings_of_a_command(mine, tmp_path) == ["true", str(tmp_path)]


BUG = " This probably means that JAX was unable to load the CUDA libraries."
CHECK = "jaxlib/cuda/versions_helpers.cc:135: operation cuInit(0) failed: "
START = "Unable to initialize backend 'cuda': "
ADVICE = (
    " (you may need to uninstall the failing plugin package, or set JAX_PLATFORMS=cpu"
)
NO_LIBRARY = "CUDA libraries are missing or do not load (JAX: Unable to load"
# What plugins of JAX said, and how the line about it begins and ends. Up to the blank
# line: jax-cuda12-plugin 0.10.2 and 0.12.0 and jax-cuda13-plugin 0.12.0, without CUDA's
# libraries, without a driver, or with a library in place of the driver that answers
# with an error. Below: what XLA's source says.
SAID = [
    ("Unable to load CUDA. Is it installed?", "", f"{NO_LIBRARY} CUDA); pip install"),
    (
        "Unable to load cuDNN. Is it installed?\ncuDNN not found.",
        "",
        f"{NO_LIBRARY} cuDNN); pip install 'jax[cuda12]'",
    ),
    (
        CHECK + "Unknown CUDA error 303; cuGetErrorName failed." + BUG,
        "",
        "no NVIDIA driver is in reach (JAX: cuInit(0) failed: Unknown CUDA error 303); "
        "nvidia-smi must list the GPU (a container needs --gpus all)",
    ),
    (
        "Unable to load cuPTI. Is it installed?\njaxlib/cuda/versions_helpers.cc:52: "
        "operation cuptiGetVersion(&version) failed: Unknown CUPTI error 999.",
        "no libcuda.so.1",
        "no NVIDIA driver is in reach (no libcuda.so.1; JAX: Unable to load cuPTI); ",
    ),
    (
        "Unable to load cuPTI. Is it installed?",
        "cuInit(0) failed: CUDA_ERROR_NO_DEVICE",
        "the driver shows no GPU of CUDA_VISIBLE_DEVICES='7' (cuInit(0) failed: "
        "CUDA_ERROR_NO_DEVICE; JAX: Unable to load cuPTI); see nvidia-smi",
    ),
    (
        CHECK + "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
        "cuInit(0) failed: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
        "the driver does not fit (JAX: cuInit(0) failed: "
        "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH); see nvidia-smi; update or restart",
    ),
    (
        CHECK + "CUDA_ERROR_UNKNOWN",
        "",
        "the driver failed (JAX: cuInit(0) failed: CUDA_ERROR_UNKNOWN); see nvidia-smi",
    ),
    (
        f"{START}FAILED_PRECONDITION: No visible GPU devices.{ADVICE}",
        "",
        "the driver shows no GPU of CUDA_VISIBLE_DEVICES='7' (JAX: No visible GPU dev",
    ),
    ("", "", "its plugin is installed, but JAX shows no GPU; see nvidia-smi"),
    #
    (
        "Outdated cuDNN installation found.\nVersion JAX was built against: 90800",
        "",
        "a CUDA library is too old (JAX: Outdated cuDNN installation found); pip inst"
        "all 'jax[cuda12]' -U",
    ),
    (
        f"{START}INTERNAL: no supported devices found for platform CUDA{ADVICE}",
        "",
        "its memory is full, or it is too old for this JAX (JAX: no supported devices",
    ),
    ("", "cuInit(0) failed: 12345", "the driver failed (cuInit(0) failed: 12345); see"),
    (
        "{0} is not a function",
        "",
        "its plugin is installed, but JAX shows no GPU (JAX: {",
    ),
]


OUR_PIP = os.path.join(os.path.dirname(sys.executable), "pip")


@pytest.mark.parametrize(("words", "driver", "expected"), SAID)
def test_words_of_jax_become_a_line(words, driver, expected, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    monkeypatch.setattr(mistake.shutil, "which", lambda _: OUR_PIP)
    line = backends.reading(words, "cuda12", driver)
    assert line.startswith(expected) and "\n" not in line


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes.",
            "fewer",
        ),
        ("INTERNAL: CUDA_ERROR_OUT_OF_MEMORY: out of memory", "nvidia-smi names the"),
        ("INTERNAL: failed to create cublas handle: not ready", "its memory is full"),
        ("CUDA_ERROR_NO_BINARY_FOR_GPU: no kernel image is available", "too old for"),
        (
            "CUDA_ERROR_UNSUPPORTED_PTX_VERSION: the provided PTX was compiled with an "
            "unsupported toolchain.",
            "the driver does not fit",
        ),
    ],
)
def test_a_gpu_that_fails_while_it_computes_is_no_bug(words, expected, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    mistake = str(cli.as_mistake(jax.errors.JaxRuntimeError(words)))
    assert mistake.startswith("the GPU failed: ") and expected in mistake
    assert mistake.endswith("or choose --device cpu")


def test_other_errors_stay_as_they_are(monkeypatch):
    full = jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    assert str(cli.as_mistake(full)).startswith("not enough memory; use fewer")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for words in ("INTERNAL: CUDA_ERROR_ILLEGAL_ADDRESS", "INVALID_ARGUMENT: shapes"):
        assert cli.as_mistake(jax.errors.JaxRuntimeError(words)) is None
    assert cli.as_mistake(RuntimeError("CUDA_ERROR_OUT_OF_MEMORY")) is None


COMMAND = """
import sys
from jaxnn import cli, devices

def main(argv):
    devices.prepare_process(*argv)
    devices.choose(*argv)
    print(devices.describe(devices.choose(*argv)))
    return 0

sys.argv[0] = "train"
cli.run(main)
"""
IN_PYTHON = """
import sys
import jaxnn
try:
    run = jaxnn.fit(jaxnn.load_digits(), steps=1, device=sys.argv[1], progress=None)
    print(run.device)
except jaxnn.DeviceError as error:
    print(error)
"""
PLUGIN = """
import os
from jax._src import xla_bridge

def fail():
    raise RuntimeError("FAILED_PRECONDITION: No visible GPU devices.")

def initialize():
    os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called\\n")
    os.write(2, b"E0000 00:00:1795963245.192013 6863 cudart_stub.cc:31] No drivers\\n")
    {}
"""
FAILURES = {
    "loading": 'raise RuntimeError("Unable to load CUDA. Is it installed?")',
    "starting": "xla_bridge.register_backend_factory('mine', fail, fail_quietly=False)",
    "printing": r'os.write(2, b"CHECK failed: 1 == 2\n"); raise RuntimeError("x")',
    "crashing": r'os.write(2, b"F1129 15:02:35.4 1 Unknown flag\n"); os.abort()',
}
TOLD = {  # the rest is the answer of this machine's driver, if there is one
    "loading": "CUDA libraries are missing or do not load (JAX: Unable to load CUDA); ",
    "starting": "JAX: No visible GPU devices); ",
}
real = backends.plugins()


@pytest.fixture
def started(environment, tmp_path):
    """started(failure, program, kind): the process, with a plugin that fails so."""

    def start(failure, program, kind):
        if failure:
            place = tmp_path / "jax_plugins" / "xla_cuda12"
            place.mkdir(parents=True)
            (place / "__init__.py").write_text(PLUGIN.format(FAILURES[failure]))
        paths = os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]])
        mine = {k: v for k, v in environment.items() if k != "CUDA_VISIBLE_DEVICES"}
        words = [sys.executable, "-c", program, kind]
        return subprocess.run(
            words,
            env={**mine, "PYTHONPATH": paths},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return start


@pytest.mark.skipif(bool(real), reason="a plugin for a GPU is installed")
@pytest.mark.parametrize("failure", TOLD)
class TestAFailedPlugin:
    def test_auto_says_why_it_is_on_the_cpu(self, started, failure):
        done = started(failure, COMMAND, "auto")
        (line,) = done.stderr.splitlines()
        assert done.returncode == 0 and done.stdout.startswith("cpu:0")
        assert line.startswith("on the CPU, because the GPU did not start: ")
        assert TOLD[failure] in line

    def test_a_gpu_is_refused_in_one_line(self, started, failure):
        done = started(failure, COMMAND, "gpu:1")
        (line,) = done.stderr.splitlines()
        assert done.returncode == 2 and not done.stdout
        assert line.startswith("train: a GPU was asked for, and did not start: ")
        assert TOLD[failure] in line and line.endswith("; for the CPU: --device cpu")

    def test_the_cpu_needs_no_word(self, started, failure):
        done = started(failure, COMMAND, "cpu")
        assert (done.returncode, done.stderr) == (0, "")

    def test_python_gets_the_same(self, started, failure):
        done = started(failure, IN_PYTHON, "gpu")
        assert TOLD[failure] in done.stdout and 'device="cpu"' in done.stdout
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(bool(real), reason="a plugin for a GPU is installed")
class TestWhatAPluginPrints:
    def test_later_lines_are_kept(self, started):
        line, warning = started("printing", COMMAND, "auto").stderr.splitlines()
        assert line == "CHECK failed: 1 == 2" and "JAX: x); " in warning

    def test_a_crash_is_not_silent(self, started):
        done = started("crashing", COMMAND, "auto")
        assert (
            done.returncode < 0 and done.stderr == "F1129 15:02:35.4 1 Unknown flag\n"
        )

    def test_without_a_plugin_auto_is_silent(self, started):
        done = started(None, COMMAND, "auto")
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(not real, reason="no plugin for a GPU is installed")
@pytest.mark.parametrize("kind", ["auto", "gpu"])
def test_a_real_plugin_starts_or_says_why_not(started, kind):
    done = started(None, COMMAND, kind)
    if "gpu" in done.stdout:
        assert done.returncode == 0
        return
    assert done.returncode == (2 if kind == "gpu" else 0)
    (line,) = done.stderr.splitlines()
    assert "did not start: " in line and "plugin is installed" not in line
