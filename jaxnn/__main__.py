"""python -m jaxnn lists the commands."""

from collections.abc import Sequence

from jaxnn import __version__, cli
from jaxnn.mistake import Mistake

COMMANDS = {
    "train": "train the network on the embedded digits, or any file",
    "evaluate": "accuracy, cost and confusion matrix of trained weights",
    "reproduce": "the published experiments, published figure beside ours",
    "sweep": "many networks in one compiled call: which lambda, which width",
    "read": "photos of digits, and what the network saw in them",
    "report": "a run as one page, on which you draw a digit and watch the network",
    "gradcheck": "three gradients compared; in your own code, the mistake named",
}


def main(argv: Sequence[str]) -> int:
    """Print the list; takes no flags."""
    print(f"jaxnn {__version__}: the 400-25-10 digit network in JAX\n")
    for name, purpose in COMMANDS.items():
        print(f"  python -m jaxnn.{name:<10} {purpose}")
    print("\nEach takes --help.")
    if argv:
        raise Mistake(f"unknown command {argv[0]}; choose one of the above")
    return 0


if __name__ == "__main__":
    cli.run(main)
