"""What several test modules share."""

import contextlib
import importlib
import os
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import jax
import numpy as np
import pytest

import jaxnn
from jaxnn import data, devices

ROOT = Path(__file__).parent.parent


def platforms() -> list[str]:
    """The CPU, and the GPU where there is one."""
    found = ["cpu"]
    try:
        jax.devices("gpu")
    except (RuntimeError, AssertionError):
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
    """For commands run as subprocesses: a cache that they share, workers' too."""
    base = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    cache = (base.parent if is_worker else base) / "cache"
    return {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def load(monkeypatch):
    """Import a module of the benchmarks folder, as its scripts do."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module


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
    """command("train", "--steps", 5): run python -m jaxnn.train in a fresh folder."""

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
