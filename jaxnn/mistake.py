"""What a person can mend, apart from every other exception."""

import shlex
import shutil
import sys
from pathlib import Path

BUG = 3  # exit code of a process that a bug of ours ended
LONGEST = 1000  # characters of a message: names in a file may have millions


class Mistake(ValueError):
    """Something a person can mend; the message says what is wrong and what to do next.

    One line, whatever characters the names in it have; only the clinic adds lines, the
    traceback of a person's own function. A command prints it and ends with exit code 2;
    any other exception is a bug of ours.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(shortened(message)))


def printable(text: str) -> str:
    """The text on one line: control characters and bytes that are no text as escapes.

    A terminal obeys control characters. Names of files and a person's messages have
    them by accident or on purpose.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def printable_lines(text: str) -> str:
    """The text with its lines as they are, and all else in it as `printable` has it."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, most: int = LONGEST) -> str:
    """The text, or its beginning and its end, which says what to do next."""
    if len(text) <= most:
        return text
    half = (most - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


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
