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


def mean_matrix(size_in: int, size_out: int) -> np.ndarray:
    """(size_out, size_in): each row averages an equal length, parts of pixels too."""
    edges = np.arange(size_out + 1) * (size_in / size_out)
    pixels = np.arange(size_in)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(
        edges[:-1, None], pixels
    )
    return np.maximum(overlap, 0) * (size_out / size_in)


def unroll(images: np.ndarray) -> np.ndarray:
    """Pictures (m, h, w) as the course's rows (m, h * w), column after column."""
    m, h, w = images.shape
    return images.swapaxes(1, 2).reshape(m, h * w)


def roll(x: np.ndarray, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """The course's rows (m, h * w) back to pictures (m, h, w) of this shape."""
    h, w = shape
    return x.reshape(-1, w, h).swapaxes(1, 2)
