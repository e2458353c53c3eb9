"""python -m jaxnn lists the commands."""

from jaxnn import __version__

COMMANDS = {
    "train": "train the network on the embedded digits, or any file",
    "evaluate": "accuracy, cost and confusion matrix of trained weights",
    "gradcheck": "autodiff, hand derivation and finite differences compared",
}

if __name__ == "__main__":
    print(f"jaxnn {__version__}: the 400-25-10 digit network in JAX\n")
    for name, purpose in COMMANDS.items():
        print(f"  python -m jaxnn.{name:<10} {purpose}")
    print("\nEach takes --help.")
