"""Several processes, perhaps on several machines, that train one network together.

`jax.distributed` joins them. Process 0 coordinates: it prints, and writes the run
folder. Each process starts with the same command, but for its number.
"""

import contextlib
import ctypes
import hashlib
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxnn import descriptors
from jaxnn.mistake import Mistake

ANSWER, OTHERS = 30, 300  # seconds until the coordinator answers, and all have come
SILENCE = 20  # seconds without a sign of life, after which a process counts as dead
# what each launcher calls the number of processes, and that of this one
LAUNCHERS = {
    "SLURM_STEP_NUM_TASKS": "SLURM_PROCID",
    "OMPI_COMM_WORLD_SIZE": "OMPI_COMM_WORLD_RANK",
}
LATE = f"not all processes came within {OTHERS} s; start each of them with its number"
LOST = "another process of this run has ended"
# JAX ends the process with one of these lines, and many more
UNCOMPLETE, ENDED = "DEADLINE_EXCEEDED", "Terminating process because the JAX"
DEATHS = r"Gloo|NCCL|heartbeat|coordination service|[Cc]onnection (reset|closed)"
NOISE = rf"The tasks have crashed|RPC: |\d+$|{descriptors.LOGGED}"


class Team(NamedTuple):
    """The processes of a run, and which of them this is."""

    processes: int = 1
    number: int = 0
    coordinator: str = ""  # HOST:PORT of process 0; "": the launcher says it


def team(
    coordinator: str | None = None,
    processes: int | None = None,
    process_id: int | None = None,
) -> Team:
    """The team that a person describes, or that Slurm or Open MPI has started.

    Raises Mistake for a team that cannot be.
    """
    if coordinator is None and processes is None and process_id is None:
        return launched()
    if coordinator is None or processes is None or process_id is None:
        raise Mistake(
            "--coordinator, --processes and --process-id go together; give all three"
        )
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise Mistake(f"--coordinator {coordinator}: give HOST:PORT of process 0")
    if not 0 <= process_id < processes:
        raise Mistake(
            f"--process-id {process_id}: the processes are numbered from 0 to "
            f"{processes - 1}"
        )
    return Team(processes, process_id, coordinator)


def launched() -> Team:
    """The team that a launcher has started, as its variables say; else one alone."""
    for names in LAUNCHERS.items():
        count, number = (os.environ.get(name, "") for name in names)
        if count.isdecimal() and number.isdecimal() and int(count) > 1:
            return Team(int(count), int(number))
    return Team()


@contextlib.contextmanager
def joined(team: Team, command: str, then: str) -> Iterator[None]:
    """Inside, JAX sees the devices of all processes.

    Raises Mistake where the coordinator does not answer, and where another process
    dies, with what a person may do then. JAX may end this process first: then the same
    line comes from the process that passes on its standard error.
    """
    if team.processes == 1:
        yield
        return
    own = f"process {team.number}: " if team.number else ""
    lost = f"{LOST}; {then}"
    try:
        if team.coordinator:
            (await_coordinator if team.number else require_free_port)(team)
        endings = {
            UNCOMPLETE: f"{command}: {own}{LATE}",
            ENDED: f"{command}: {own}{lost}",
        }
        descriptors.sieve(NOISE, endings)  # until the process ends
        initialize(team)
        yield
    except Mistake as error:
        raise Mistake(f"{own}{error}") from error
    except Exception as error:
        if not is_loss(error):
            raise
        raise Mistake(f"{own}{lost}") from error


def initialize(team: Team) -> None:
    """Join the processes."""
    import jax

    jax.config.update("jax_enable_preemption_service", False)  # it takes SIGTERM
    jax.config.update("jax_check_proxy_envs", False)
    is_known = bool(team.coordinator)  # else JAX asks the launcher
    try:
        jax.distributed.initialize(
            team.coordinator or None,
            team.processes if is_known else None,
            team.number if is_known else None,
            initialization_timeout=OTHERS,
            heartbeat_timeout_seconds=SILENCE,
            shutdown_timeout_seconds=OTHERS,  # process 0 still saves and draws
        )
    except ValueError as error:  # the launcher does not say where process 0 is
        raise Mistake(
            f"the launcher's processes do not find each other ({error}); give "
            "--coordinator, --processes and --process-id"
        ) from error


def require_free_port(team: Team) -> None:
    """Raise Mistake if another program listens on the coordinator's port."""
    port = int(team.coordinator.rpartition(":")[2])
    try:
        socket.create_server(("", port)).close()
    except OSError as error:
        raise Mistake(
            f"port {port} cannot be had ({error.strerror}); give --coordinator another"
        ) from None


def await_coordinator(team: Team) -> None:
    """Raise Mistake unless something answers at the coordinator's address in time."""
    host, _, port = team.coordinator.rpartition(":")
    deadline = time.monotonic() + ANSWER
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise Mistake(
                    f"no coordinator at {team.coordinator} within {ANSWER} s "
                    f"({error}); start process 0 there, and let its port through"
                ) from None
        time.sleep(0.2)


def agree(facts: dict[str, Any]) -> None:
    """Raise Mistake unless each process has the same facts; all have the same names."""
    import jax

    if jax.process_count() == 1:
        return
    from jax.experimental import multihost_utils

    own = np.array([digest(fact) for fact in facts.values()])  # (f, 2)
    every = np.asarray(multihost_utils.process_allgather(own))  # (p, f, 2)
    odd = (every != every[0]).any(axis=2)  # (p, f)
    for i, name in enumerate(facts):
        if odd[:, i].any():
            raise Mistake(
                f"process {odd[:, i].argmax()} has other {name} than process 0; "
                "start all with the same"
            )


def share(m: int) -> slice:
    """Which of m rows this process reads, of those that all processes read together."""
    import jax

    each = -(-m // jax.process_count())
    return slice(jax.process_index() * each, (jax.process_index() + 1) * each)


def summed(own: np.ndarray) -> np.ndarray:
    """The sum of all processes' arrays; own: that of this one, float64, (n,)."""
    import jax

    if jax.process_count() == 1:
        return own
    from jax.experimental import multihost_utils

    halves = multihost_utils.process_allgather(own.view(np.uint32))  # keeps all bits
    return np.asarray(halves).view(np.float64).sum(axis=0)


def digest(fact: Any) -> np.ndarray:
    """A hash (2,) uint32 of a fact's text."""
    found = hashlib.blake2b(repr(fact).encode(), digest_size=8).digest()
    return np.frombuffer(found, np.uint32)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the lines that gloo prints to standard output as processes connect."""
    if is_alone() or sys.stdout is None:
        yield
        return
    sys.stdout.flush()
    with descriptors.nowhere(1):
        try:
            yield
        finally:
            ctypes.CDLL(None).fflush(None)  # gloo's lines wait in a buffer of C's


def is_alone() -> bool:
    """Whether no other process computes with this one."""
    jax = sys.modules.get("jax")
    return jax is None or not jax.distributed.is_initialized()


def is_loss(error: Exception) -> bool:
    """Whether an error says that another process has ended."""
    is_jax = type(error).__name__ == "JaxRuntimeError"
    return is_jax and re.search(DEATHS, str(error)) is not None
