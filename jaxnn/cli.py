"""What every command shares: flags, progress, and how a person's mistake is told."""

import argparse
import os
import re
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import jax

from jaxnn import devices
from jaxnn.mistake import Mistake

MISTAKE, BUG, INTERRUPTED = 2, 3, 130  # exit codes
REPORT = "this is a bug in jaxnn, not your mistake; please report the lines above"
SILENT = 10.0  # seconds without a line of progress, at most
STARTED = time.perf_counter()


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line that ends in the next step."""

    def error(self, message: str) -> NoReturn:
        flags = re.findall(r"--[a-z-]+", self.format_usage())
        for unknown in message.partition("unrecognized arguments: ")[2].split():
            word = unknown.partition("=")[0]
            longer = [flag for flag in flags if flag.startswith(word) and word[2:]]
            for flag in longer[:1] or get_close_matches(word, flags, 1, cutoff=0.75):
                message += f" (did you mean {flag}?)"
        name = self.prog.rpartition(".")[2]  # as in every other message
        self.exit(MISTAKE, f"{name}: {message}; see {self.prog} --help\n")


def parser(
    command: str,
    about: str,
    example: str,
    dtype: str = "of all numbers (default: float32)",
) -> Parser:
    """A parser with the flags that all commands have. Flags not given are absent."""
    made = Parser(
        prog=f"python -m jaxnn.{command}",
        description=about,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    made.add_argument(
        "--device",
        choices=devices.KINDS,
        help="auto takes the GPU if there is one (default: auto)",
    )
    made.add_argument("--dtype", choices=("float32", "float64"), help=dtype)
    made.add_argument("--seed", type=seed, help="of everything random (default: 0)")
    made.add_argument("--quiet", action="store_true", help="only the result")
    return made


def add_training_flags(
    parser: Parser, schemes: Iterable[str], methods: Iterable[str]
) -> None:
    """Add how a network is trained: where it starts, by what method, how long."""
    add = parser.add_argument
    add("--init", choices=list(schemes), help="initial weights (default: course)")
    add("--method", help=f"one of {', '.join(methods)} (default: lbfgs)")
    add("--steps", type=int, help="at most, in all (default: 200)")
    add(
        "--learning-rate",
        type=float,
        help="of adam, gd, momentum alone (default: 0.03, 1, 0.1)",
    )


def seed(word: str) -> int:
    """--seed as a number; argparse names the flag when this raises."""
    if not word.isdecimal() or int(word) >= 2**31:
        raise argparse.ArgumentTypeError(f"{word} is not in 0..2147483647")
    return int(word)


def run(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a command and exit with its code."""
    sys.exit(exit_code(main, sys.argv[1:], Path(sys.argv[0]).stem))


def exit_code(
    main: Callable[[Sequence[str]], int], argv: Sequence[str], name: str
) -> int:
    """Run a command: a mistake is one line and code 2, a bug its traceback and code 3.

    name: of the command, which begins each line.
    """
    try:
        return main(argv)
    except KeyboardInterrupt as stop:
        print(f"\n{name}: {stop or 'stopped'}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        silence()
        return 0
    except Mistake as mistake:
        problem = str(mistake)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        problem = f"{where}{error.strerror or error}; choose another place"
    except Exception as error:
        if not is_out_of_memory(error):
            traceback.print_exc()
            print(f"{name}: {REPORT}", file=sys.stderr)
            return BUG
        problem = "not enough memory; use fewer hidden units, seeds or digits"
    print(f"{name}: {problem}", file=sys.stderr)
    return MISTAKE


def is_out_of_memory(error: Exception) -> bool:
    """Whether the machine or the device had no memory left."""
    is_full = "RESOURCE_EXHAUSTED" in str(error)
    is_jax = isinstance(error, jax.errors.JaxRuntimeError)
    return isinstance(error, MemoryError) or (is_jax and is_full)


def teller(quiet: bool) -> Callable[..., None]:
    """print, or nothing where only the result is wanted."""
    return (lambda *_, **__: None) if quiet else print


def progress() -> Callable[[str, int, int], None]:
    """show(text, done, whole): a bar on a terminal, few lines in a pipe."""
    tenths, told = 0, time.monotonic()

    def show(text: str, done: int, whole: int) -> None:
        nonlocal tenths, told
        if sys.stdout.isatty():
            filled = 20 * done // whole
            mark = "#" * filled + "-" * (20 - filled)
            end = "\n" if done >= whole else ""
            print(f"\r[{mark}] {text}\033[K", end=end, flush=True)
        elif 10 * done // whole > tenths or time.monotonic() - told > SILENT:
            tenths, told = 10 * done // whole, time.monotonic()
            try:
                print(text, flush=True)
            except BrokenPipeError:
                silence()

    return show


def progress_of_parts(quiet: bool) -> Callable[[str, int, int], None]:
    """show(part, done, whole): a bar for each part, unless quiet; heeds Ctrl-C."""
    check, bars = hold_ctrl_c(), defaultdict(progress)

    def show(part: str, done: int, whole: int) -> None:
        check()
        if not quiet:
            bars[part](f"{part}: {100 * done // whole}%", done, whole)

    return show


def progress_of_stages(quiet: bool) -> Callable[[str, int, int], None]:
    """show(stage, done, whole): one line on a terminal that changes; else nothing.

    For work of seconds. whole 0 takes the line away.
    """

    def show(stage: str, done: int, whole: int) -> None:
        if quiet or not sys.stderr.isatty():
            return
        text = f"[{done} of {whole}] {stage}" if whole else ""
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)

    return show


def stopped(folder: Path) -> KeyboardInterrupt:
    """Ctrl-C, and where that is which was done before it; an empty folder goes."""
    if any(folder.iterdir()):
        return KeyboardInterrupt(f"stopped; what was done before is in {folder}")
    folder.rmdir()
    return KeyboardInterrupt("stopped; nothing saved")


def hold_ctrl_c() -> Callable[[], None]:
    """From now on the first Ctrl-C waits for check(), which raises KeyboardInterrupt.

    Raised wherever Python happens to be, it can end in a callback of JAX's, which
    drops it. A second Ctrl-C is raised at once.
    """
    is_pressed = False

    def note(*_: object) -> None:
        nonlocal is_pressed
        if is_pressed:
            raise KeyboardInterrupt
        is_pressed = True

    def check() -> None:
        if is_pressed:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    return check


def silence() -> None:
    """Go on without output: whoever read it has gone, as `| head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def process_seconds() -> float:
    """Seconds since this process was started; where unknown, since this import."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError, IndexError):
        return time.perf_counter() - STARTED
