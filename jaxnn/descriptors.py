"""What a process writes past Python, to standard output and standard error.

JAX's C++ layer, gloo and libtiff write there, as Python's own print does in the end.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

# how lines begin that C++ logs: by kind and date, with the place, or empty
LOGGED = r"[IWE]\d{4} \d\d:\d\d:\d\d|=== Source Location Trace|external/\S+:\d+$|\s*$"
SIEVE = """
import json, re, sys
noise, endings = sys.argv[1], json.loads(sys.argv[2])
lines, said = iter(sys.stdin.buffer.readline, b""), False
for line in lines:
    text = line.decode(errors="replace")
    found = [words for sign, words in endings.items() if re.search(sign, text)]
    if not said and (found or not re.match(noise, text)):
        sys.stderr.buffer.write(f"{found[0]}\\n".encode() if found else line)
        sys.stderr.buffer.flush()
    said = said or bool(found) or any(words in text for words in endings.values())
"""


def sieve(noise: str, endings: Mapping[str, str] | None = None) -> Callable[[], None]:
    """Pass standard error through a process that leaves out lines that begin as noise.

    endings: words for a line with such a sign; nothing after them passes. What passes
    is not lost in a crash of this process. Returns what ends it.
    """
    if sys.stderr is None:
        return lambda: None
    own = [sys.executable, "-I", "-S", "-c", SIEVE]
    words = [*own, noise, json.dumps(dict(endings or {}))]
    sys.stderr.flush()
    real = os.dup(2)
    # in a session of its own, Ctrl-C does not reach it
    process = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()

    def end() -> None:
        assert sys.stderr is not None
        sys.stderr.flush()
        os.dup2(real, 2)
        os.close(real)
        with contextlib.suppress(subprocess.TimeoutExpired):  # if others hold the pipe
            process.wait(5)

    return end


@contextlib.contextmanager
def nowhere(descriptor: int) -> Iterator[None]:
    """What is written to a descriptor is lost."""
    kept, nothing = os.dup(descriptor), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(nothing)
