"""Two processes with two devices each train one network."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

import jaxnn
from jaxnn import descriptors, processes

# what JAX 0.10 and 0.12 print before they end a process
FATAL = """\
=== Source Location Trace: === 
external/xla+/xla/pjrt/distributed/coordination/coordination_service.cc:232
E1130 07:14:18.460916   31431 coordination_service.cc:1549] [14] Use error polling to \
propagate the following error to all tasks: UNAVAILABLE: The following tasks are \
unhealthy (stopped sending heartbeats):
1
The tasks have crashed. Check the task logs for an earlier error.
F1130 07:14:18.461530   31442 client.h:80] Terminating process because the JAX \
distributed service detected fatal errors. absl::Status: UNAVAILABLE: (heartbeats):
1
RPC: /xla.coordination.CoordinationService/PollForError
*** Check failure stack trace: ***
    @     0x7f28acc40634  absl::lts_20260107::log_internal::LogMessage::SendToLog()
"""
# the command, in a process that counts others as dead after 5 s
TRAIN = (
    "import sys; from jaxnn import processes; processes.SILENCE = 5\n"
    "import runpy; sys.argv[0] = 'train.py'\n"
    "runpy.run_module('jaxnn.train', run_name='__main__', alter_sys=True)"
)


def free_port():
    with socket.create_server(("localhost", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def two(environment, tmp_path):
    """two(of_each, words): start two processes; of_each(i): more variables, words."""
    started = []

    def start(of_each, *words):
        for i in (0, 1):
            variables, own = of_each(i)
            environ = {**environment, "JAX_NUM_CPU_DEVICES": "2", **variables}
            line = [sys.executable, "-c", TRAIN, "--device", "cpu", *words, *own]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            started.append(subprocess.Popen(line, cwd=tmp_path, env=environ, **pipes))
        return started

    yield start
    for process in started:
        process.kill()
        process.communicate()


def by_flags():
    port = free_port()

    def of_each(i):
        words = "--coordinator", f"localhost:{port}", "--processes", "2"
        return {}, [*words, "--process-id", str(i)]

    return of_each


def by_slurm():
    job = free_port() % 2**12 + 2**12  # JAX makes the port from the number of the job
    named = {"SLURM_JOB_ID": job, "SLURM_STEP_NODELIST": "localhost"}
    named |= {"SLURM_NTASKS": 2, "SLURM_STEP_NUM_TASKS": 2}

    def of_each(i):
        own = {**named, "SLURM_PROCID": i, "SLURM_LOCALID": 0}
        return {name: str(value) for name, value in own.items()}, []

    return of_each


def by_open_mpi():
    job = (free_port() % 2**12 + 2**12) * 2**12
    named = {"OMPI_MCA_orte_hnp_uri": f"{job}.0;tcp://127.0.0.1:1"}
    named |= {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "0"}

    def of_each(i):
        return {**named, "OMPI_COMM_WORLD_RANK": str(i)}, []

    return of_each


def ends(started, seconds=100):
    """(code, stdout, stderr) of each process."""
    texts = [process.communicate(timeout=seconds) for process in started]
    codes = [process.returncode for process in started]
    return [(code, *text) for code, text in zip(codes, texts, strict=True)]


def wait_for(path, seconds=100):
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("launched", [by_flags, by_slurm])
def test_two_processes_reach_what_one_reaches(two, launched, tmp_path, digits):
    words = "--steps", "20", "--dtype", "float64", "--out", "run"
    first, second = ends(two(launched(), *words))
    assert second == (0, "", "")
    assert (first[0], first[2]) == (0, "")
    assert "and 3 more of 2 processes" in first[1] and "Gloo" not in first[1]
    train, test = jaxnn.split(digits)
    one = jaxnn.fit(train, test, steps=20, dtype="float64", device="cpu")
    run = jaxnn.load_run(tmp_path / "run")
    for a, b in zip(run.params, one.params, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["devices"], config["processes"]) == (4, 2)


def test_each_process_reads_its_share_of_a_set_on_disk(two, tmp_path, originals):
    data = tmp_path / "set"
    data.mkdir()
    chosen = np.random.default_rng(0).permutation(5000)[:501]
    np.save(data / "x.npy", np.rint(255 * originals[chosen]).astype(np.uint8))
    np.save(data / "y.npy", jaxnn.load_digits().y[chosen].astype(np.uint8))
    words = "--data", str(data), "--stream", "--dtype", "float64", "--steps", "10"
    first, second = ends(two(by_flags(), *words, "--out", "run"))
    assert (first[0], first[2], second) == (0, "", (0, "", ""))
    train, test = jaxnn.split(jaxnn.load_digits(data, stream=True))
    one = jaxnn.fit(train, test, steps=10, dtype="float64", device="cpu")
    run = jaxnn.load_run(tmp_path / "run")
    for a, b in zip(run.params, one.params, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


@pytest.mark.parametrize("killed", [0, 1])
def test_a_process_that_dies_ends_the_run_which_resumes(two, killed, tmp_path):
    how = "--method", "gd", "--lam", "3", "--steps", "2000000", "--out", "run"
    started = two(by_flags(), *how)
    wait_for(tmp_path / "run" / "history.csv")
    started[killed].send_signal(signal.SIGKILL)
    code, _, error = ends(started, 60)[1 - killed]
    assert code != 0
    (line,) = filter(None, error.splitlines())
    words = "process 1: " * (killed == 0) + processes.LOST
    assert line.startswith(f"train: {words}; ")
    assert line.endswith("with --resume run if that is there")
    reached = len(jaxnn.load_run(tmp_path / "run").history.cost)
    train, test = jaxnn.split(jaxnn.load_digits())
    how = {"method": "gd", "lam": 3.0, "steps": reached + 10, "resume": True}
    run = jaxnn.fit(train, test, **how, out=tmp_path / "run", pictures=False)
    assert run.began_at <= reached and run.steps == reached + 10


@pytest.mark.parametrize(
    ("what", "variables", "words"),
    [
        ("settings", {}, ["--lam", "2"]),
        ("digits", {}, ["--test-fraction", "0.3"]),
        ("versions", {"XLA_FLAGS": "--xla_cpu_enable_fast_min_max=true"}, []),
    ],
)
def test_processes_with_others_are_refused(two, what, variables, words):
    of_each = by_open_mpi()

    def other(i):
        named, own = of_each(i)
        return (named | variables, [*own, *words]) if i else (named, own)

    for i, (code, out, error) in enumerate(ends(two(other, "--out", "run"))):
        own = "process 1: " if i else ""
        assert (code, error) == (
            2,
            f"train: {own}process 1 has other {what} than process 0; start all with "
            "the same\n",
        )
        assert "step" not in out


def test_the_last_words_of_jax_become_one_line():
    endings = {processes.ENDED: "train: it ended", processes.UNCOMPLETE: "late"}
    words = [descriptors.SIEVE, processes.NOISE, json.dumps(endings)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", *words],
        input="train: before\n" + FATAL,
        capture_output=True,
        text=True,
    )
    assert done.stderr == "train: before\ntrain: it ended\n"


def test_a_coordinator_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(processes, "ANSWER", 0.1)
    team = processes.Team(2, 1, f"localhost:{free_port()}")
    with pytest.raises(jaxnn.Mistake, match="^process 1: no coordinator at localhost:"):
        with processes.joined(team, "train", "start again"):
            raise AssertionError("not refused")


def test_a_port_in_use():
    with socket.create_server(("", 0)) as server:
        team = processes.Team(2, 0, f"localhost:{server.getsockname()[1]}")
        with pytest.raises(jaxnn.Mistake, match="cannot be had .*; give --coordinator"):
            with processes.joined(team, "train", "start again"):
                raise AssertionError("not refused")


def test_variables_that_say_nothing_mean_one_process(monkeypatch):
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "")
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    monkeypatch.delenv("OMPI_COMM_WORLD_RANK", raising=False)
    assert processes.team() == processes.Team()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("localhost:1", 2, None), "go together; give all three"),
        ((None, 2, 0), "go together; give all three"),
        (("localhost", 2, 0), "give HOST:PORT of process 0"),
        (("localhost:99999", 2, 0), "give HOST:PORT of process 0"),
        (("localhost:1", 2, 2), "the processes are numbered from 0 to 1"),
    ],
)
def test_a_team_that_cannot_be(given, words):
    with pytest.raises(jaxnn.Mistake, match=words):
        processes.team(*given)


def test_one_process_alone(monkeypatch):
    for name in {*processes.LAUNCHERS, *processes.LAUNCHERS.values()} & {*os.environ}:
        monkeypatch.delenv(name)
    assert processes.team() == processes.Team(1, 0, "")
    assert processes.team("localhost:1", 1, 0).processes == 1
    processes.agree({"settings": 1})
    with processes.joined(processes.Team(), "train", ""), processes.quiet():
        assert processes.is_alone()


def test_facts_have_digests_of_their_own():
    one, other = processes.digest({"lam": 1.0}), processes.digest({"lam": 2.0})
    assert one.shape == (2,) and (one != other).any()
    assert (one == processes.digest({"lam": 1.0})).all()
