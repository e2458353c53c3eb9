"""What several test modules share."""

import contextlib
import importlib
import io
import os
import runpy
import shutil
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

# before NumPy is loaded: with a thread per core in each worker they wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# JAX's CUDA plugin, which compiles without a GPU, else demands all CUDA libraries
os.environ.setdefault("JAX_SKIP_CUDA_CONSTRAINTS_CHECK", "1")

# ruff: isort: split
import jax
import mat_forks
import numpy as np
import pytest

import jaxnn
from jaxnn import cache, cli, data, devices, files, startup
from jaxnn.clinic import apart, inmate
from jaxnn.showing import painter

ROOT = Path(__file__).parent.parent

# Compiled programs stay here from run to run: compiling is most of what tests take.
COMPILED = cache.folder() / "tests" / f"jax-{jax.__version__}"
with contextlib.suppress(OSError):
    COMPILED.mkdir(parents=True, exist_ok=True)
# Tests of meshes need several devices, whose number JAX fixes when it first computes.
# So all tests have as many: a worker may run any test before those of meshes.
jax.config.update("jax_num_cpu_devices", 4)
KEPT = {
    "jax_compilation_cache_dir": str(COMPILED),
    "jax_persistent_cache_min_compile_time_secs": 0,
}
for setting in KEPT if COMPILED.is_dir() else ():  # else each run compiles again
    jax.config.update(setting, KEPT[setting])


def pytest_addoption(parser):
    parser.addoption(
        "--all-pairs",
        action="store_true",
        help="plant every pair of mistakes, not a sample (CI does where it matters)",
    )


@pytest.fixture(scope="session")
def all_pairs(request):
    """Whether every pair of mistakes is planted."""
    return request.config.getoption("--all-pairs")


def platforms() -> list[str]:
    """The CPU, and the GPU where there is one."""
    found = ["cpu"]
    try:
        devices.choose("gpu")
    except jaxnn.DeviceError:
        return found
    return [*found, "gpu"]


@pytest.fixture(params=platforms())
def device(request):
    """Each kind of device; what the test computes runs there, in full precision."""
    chosen = jax.devices(request.param)[0]
    # float32 products on a GPU would be TF32: ten bits of mantissa
    with jax.default_device(chosen), jax.default_matmul_precision("highest"):
        yield chosen


@pytest.fixture(scope="session")
def digits():
    """The 5000 embedded digits."""
    return jaxnn.load_digits()


@pytest.fixture(scope="session")
def originals():
    """MNIST's pictures (5000, 28, 28) of the embedded digits, ink up to 1."""
    with np.load(data.embedded_file()) as arrays:
        return arrays["x"] / 255


@pytest.fixture(scope="session")
def few_digits(digits):
    """20 of each class: enough to train on, fast."""
    few = np.concatenate([np.flatnonzero(digits.y == k)[:20] for k in range(10)])
    return jaxnn.Digits(digits.x[few], digits.y[few], "few digits")


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """The variables of every command: a cache folder that all of them share."""
    base = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    cache = (base.parent if is_worker else base) / "cache"
    made = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}
    if COMPILED.is_dir():  # a damaged one only costs time
        made |= {setting.upper(): str(value) for setting, value in KEPT.items()}
        made["PYTHONWARNINGS"] = "ignore:Error reading,ignore:Error writing"
    return made


@pytest.fixture
def load(monkeypatch):
    """Import a module of the benchmarks folder, as its scripts do."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module


@contextlib.contextmanager
def process_kept():
    """Put back what a command sets for its whole process."""
    settings, path = dict(jax.config.values), sys.path[:]
    handlers = {number: signal.getsignal(number) for number in startup.USUAL}
    try:
        yield
    finally:
        for name, now in jax.config.values.items():
            if now is not settings[name]:
                jax.config.update(name, settings[name])
        sys.path[:] = path
        for number, handler in handlers.items():
            signal.signal(number, handler)


def checked_here(asked, patience, show) -> apart.Found:
    """apart.check without the other process."""
    found = inmate.answer(asked, lambda **_: None)
    if "mistake" in found:
        raise apart.Refused(found["mistake"])
    assert "bug" not in found, found["bug"]
    return apart.Found(found["passed"], tuple(found["lines"]))


def run_here(folder, environment, name, *flags) -> subprocess.CompletedProcess:
    """python -m jaxnn.NAME in this process, which saves a second of starting."""
    words = [f"{name}.py", *map(str, flags)]
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        process_kept(),
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", words),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
        mock.patch.object(cli, "leave", sys.exit),
        mock.patch.object(apart, "check", checked_here),
        mock.patch.object(painter, "cores", lambda: 1),
        pytest.raises(SystemExit) as ended,
    ):
        runpy.run_module(f"jaxnn.{name}", run_name="__main__", alter_sys=True)
    code = ended.value.code or 0
    return subprocess.CompletedProcess(
        words, code, stdout.getvalue(), stderr.getvalue()
    )


@pytest.fixture
def in_process(load, monkeypatch):
    """Let the benchmarks' workers compute here, on the CPU, without rests."""
    rounds, cpu = load("harness.rounds"), jax.devices("cpu")[0]
    threads = pytest.importorskip("threadpoolctl")  # scikit-learn brings it

    class Here(contextlib.nullcontext):
        def __init__(self):
            super().__init__(self)
            self.prepared = []

        def submit(self, function, arg):
            rounds._prepared[:], future = self.prepared, Future()
            try:
                future.set_result(function(arg))
            except Exception as error:
                future.set_exception(error)
            self.prepared = list(rounds._prepared)
            return future

        def shutdown(self):
            pass

    monkeypatch.setattr(rounds, "worker", Here)
    monkeypatch.setattr(rounds.time, "sleep", lambda _: None)
    monkeypatch.setattr(load("harness.on_device"), "start_jax", lambda *_: cpu)
    monkeypatch.setattr(devices, "prepare_process", lambda _: None)
    # all BLAS threads would wait for each other where other tests run, too
    with jax.default_device(cpu), threads.threadpool_limits(1):
        yield


@pytest.fixture
def command(environment, tmp_path):
    """command("train", "--steps", 5): python -m jaxnn.train, in a fresh folder.

    It runs in this process; `process` starts one.
    """
    return lambda *words: run_here(tmp_path, environment, *words)


@pytest.fixture
def process(environment, tmp_path):
    """process("train", "--steps", 5): as `command`, in a process of its own."""

    def run(name, *flags):
        words = [sys.executable, "-m", f"jaxnn.{name}", *map(str, flags)]
        return subprocess.run(
            words,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def trained(environment, tmp_path_factory):
    """A run folder of 20 steps; a test that changes it takes a_run."""
    folder = tmp_path_factory.mktemp("trained")
    done = run_here(folder, environment, "train", "--steps", 20, "--out", "run")
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture
def a_run(trained, tmp_path):
    """A copy of the run folder of 20 steps, as "run" where commands run."""
    return shutil.copytree(trained, tmp_path / "run")


@pytest.fixture(scope="session")
def mat_reader(tmp_path_factory):
    """The process that reads .mat files in forks of itself."""
    with mat_forks.reader(tmp_path_factory.mktemp("mat")) as run:
        yield run


@pytest.fixture
def quick_mat(mat_reader, monkeypatch):
    """Each .mat file is read in a fork, not in a Python that starts for it."""
    forking = SimpleNamespace(**{**vars(subprocess), "run": mat_reader})
    monkeypatch.setattr(files, "subprocess", forking)


START = """
import math
import numpy as np
from collections import namedtuple
from types import SimpleNamespace
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""


@pytest.fixture
def said(tmp_path):
    """The verdict on the functions in a text, and all words of it in one line."""

    def check(text, functions, name="work.py", **settings):
        path = tmp_path / name
        path.write_text(START * name.endswith(".py") + textwrap.dedent(text))
        found = jaxnn.check_gradient(f"{path}:{functions}", **settings)
        return found.passed, " ".join(str(found).split())

    return check
