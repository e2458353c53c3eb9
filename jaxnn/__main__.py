"""jaxnn COMMAND, or python -m jaxnn COMMAND; without a command, the list of them."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

from jaxnn import __version__, cli
from jaxnn.mistake import Mistake

COMMANDS = {
    "train": "train the network on the embedded digits, or on any file",
    "evaluate": "accuracy, cost and confusion matrix of trained weights",
    "reproduce": "the published experiments, their figures next to ours",
    "sweep": "many networks in one compiled call: which lambda, which width",
    "read": "photos of digits, and what the network saw in them",
    "report": "a run as one page, on which you draw a digit and watch the network",
    "make_digits": "new digits, as many as you like, drawn from the embedded ones",
    "gradcheck": "compare three gradients, or name the mistake in your own code",
    "doctor": "what training would run on, for you or for a bug report",
}
NAMES = ", ".join(COMMANDS)


def main(argv: Sequence[str]) -> int:
    """Run the command that argv begins with; list them all if there is none."""
    name, *flags = argv or ["--help"]
    if name in COMMANDS:
        return import_module(f"jaxnn.{name}").main(flags)
    if name == "--version":
        print(f"jaxnn {__version__}")
    elif name in ("-h", "--help"):
        print(f"jaxnn {__version__}: the 400-25-10 digit network in JAX\n")
        for command, purpose in COMMANDS.items():
            print(f"  {cli.as_typed(f'{command:<11}')} {purpose}")
        print("\nEach takes --help.")
    else:
        near = get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {NAMES}"
        raise Mistake(f"unknown command {name}; {hint}")
    return 0


def run() -> NoReturn:
    """The script jaxnn: run main on the command line, and exit with its code."""
    argv = sys.argv[1:]
    name = argv[0] if argv and argv[0] in COMMANDS else "jaxnn"
    cli.leave(cli.exit_code(main, argv, name))


if __name__ == "__main__":
    run()
