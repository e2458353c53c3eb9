"""What a person can mend, apart from every other exception."""

import shlex
import shutil
import sys
from pathlib import Path

BUG = 3  # exit code of a process that a bug of ours ended


class Mistake(ValueError):
    """Something a person can mend; the message says what is wrong and what to do next.

    One line, whatever characters the names in it have; only the clinic adds lines, the
    traceback of a person's own function. A command prints it and ends with exit code 2;
    any other exception is a bug of ours.
    """

    def __init__(self, message: str) -> None:
        super().__init__(
            "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)
        )


def install(what: str) -> str:
    """The command that installs packages for the Python that runs now.

    what: their names, with pip's flags, as a person would type them.
    """
    pip, here = shutil.which("pip"), Path(sys.executable)
    is_ours = pip is not None and Path(pip).parent == here.parent
    way = "pip" if is_ours else f"{shlex.quote(sys.executable)} -m pip"
    return f"{way} install {what}"


def is_out_of_memory(error: Exception) -> bool:
    """Whether the machine or JAX's device had no memory left."""
    signs = "RESOURCE_EXHAUSTED", "Out of memory"  # a CPU may report only the second
    is_jax = type(error).__name__ == "JaxRuntimeError"
    is_full = any(sign in str(error) for sign in signs)
    return isinstance(error, MemoryError) or (is_jax and is_full)
