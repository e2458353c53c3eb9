"""The course's picture of a digit: MNIST's 28x28 shrunk to 20x20, columns first.

The exercise's 5000 digits are MNIST images shrunk with MATLAB's bicubic `imresize`.
A bicubic resize is linear, so `shrink` is two products with one 20x28 matrix.
"""

import numpy as np

SIDE = 20
MNIST_SIDE = 28


def resize_matrix(size_in: int, size_out: int) -> np.ndarray:
    """The (size_out, size_in) float64 matrix M of MATLAB's old bicubic `imresize`.

    Keys' cubic (a = -1/2) is stretched by the shrinking factor, which smooths before
    sampling. Weights that fall outside the image go to its edge pixel, which reproduces
    the course's published costs in every digit. Rows sum to 1. Only for shrinking
    (size_out <= size_in). Source: R. Keys, Cubic convolution interpolation for digital
    image processing, IEEE TASSP 29 (1981), p. 1155.
    """
    scale = size_out / size_in
    reach = int(np.ceil(2 / scale))  # the cubic is 0 beyond distance 2
    matrix = np.zeros((size_out, size_in))
    for i in range(size_out):
        center = (i + 0.5) / scale - 0.5  # of output pixel i, in input pixels
        pixels = np.arange(np.floor(center) - reach, np.floor(center) + reach + 2)
        d = np.abs(center - pixels) * scale
        near = 1.5 * d**3 - 2.5 * d**2 + 1  # d <= 1
        far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2  # 1 < d <= 2
        weight = np.where(d <= 1, near, np.where(d <= 2, far, 0.0))
        inside = np.clip(pixels, 0, size_in - 1).astype(int)
        np.add.at(matrix[i], inside, weight / weight.sum())
    return matrix


def shrink(images: np.ndarray) -> np.ndarray:
    """The course's resize, M @ image @ M.T: (m, 28, 28) -> (m, 20, 20) float64."""
    matrix = resize_matrix(MNIST_SIDE, SIDE)  # (20, 28)
    # image by image: one large product would wake the BLAS threads and take longer
    return matrix @ (images @ matrix.T)


def unroll(images: np.ndarray) -> np.ndarray:
    """Pictures (m, 20, 20) as the course's rows (m, 400), column after column."""
    return images.swapaxes(1, 2).reshape(len(images), -1)


def roll(x: np.ndarray) -> np.ndarray:
    """The course's rows (m, 400) back to pictures (m, 20, 20)."""
    return x.reshape(-1, SIDE, SIDE).swapaxes(1, 2)
