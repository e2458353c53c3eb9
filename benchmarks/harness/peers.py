"""The network's cost and gradient in NumPy and in PyTorch, as contenders.

In NumPy, `published` is how programs for this exercise usually write it: examples as
rows, float64, a column of ones for the bias. `tight` is the fastest NumPy that was
found: every array as long as the data is allocated once.

Shapes: m examples, n pixels, h hidden units, k classes; theta_l (units_out,
1 + units_in), column 0 the bias. One hidden layer. Costs are nats per example.
"""

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

Params = tuple[np.ndarray, ...]
PLACES = {"cpu": "cpu", "gpu": "cuda"}  # PyTorch's names


def tight(
    params: Params, x: np.ndarray, y: np.ndarray, order: Literal["C", "F"] = "C"
) -> Callable[[Params, float], tuple[float, Params]]:
    """evaluate(params, lam) -> cost and gradient, in the dtype of params.

    x: (m, n). y: (m,) digits. order: in memory the examples are columns ("C", as in
    jaxnn) or rows ("F").
    """
    m, (h, k), dtype = len(x), map(len, params), params[0].dtype
    sign = np.where(y == np.arange(k)[:, None], -1, 1)  # -1 at the example's class
    pixels, sign = (np.asarray(a, dtype, order=order) for a in (x.T, sign))
    ones = np.ones(m, dtype)
    a1, delta1, slope = (np.empty((h, m), dtype, order) for _ in range(3))
    delta2, losses = (np.empty((k, m), dtype, order) for _ in range(2))

    def evaluate(params: Params, lam: float) -> tuple[float, Params]:
        theta1, theta2 = params
        np.matmul(theta1[:, 1:], pixels, out=a1)
        np.add(a1, theta1[:, :1], out=a1)  # z1 (h, m)
        np.multiply(a1, 0.5, out=a1)
        np.tanh(a1, out=a1)
        np.add(a1, 1, out=a1)
        np.multiply(a1, 0.5, out=a1)  # sigmoid(z) = (1 + tanh(z / 2)) / 2
        np.matmul(theta2[:, 1:], a1, out=delta2)
        np.add(delta2, theta2[:, :1], out=delta2)  # z2 (k, m)
        # With w = z2, or -z2 at the class of the example, a loss is softplus(w) =
        # max(w, 0) + log(1 + e^-|w|), its derivative sigmoid(w) = e^(w - softplus(w))
        np.multiply(delta2, sign, out=delta2)  # w
        np.abs(delta2, out=losses)
        np.negative(losses, out=losses)
        np.exp(losses, out=losses)
        np.log1p(losses, out=losses)
        np.add(losses, np.maximum(delta2, 0), out=losses)
        np.subtract(delta2, losses, out=delta2)
        np.exp(delta2, out=delta2)
        np.multiply(delta2, sign, out=delta2)  # a2 - y

        np.matmul(theta2[:, 1:].T, delta2, out=delta1)
        np.subtract(1, a1, out=slope)
        np.multiply(slope, a1, out=slope)
        np.multiply(delta1, slope, out=delta1)
        weights1 = (pixels @ delta1.T).T  # faster than delta1 @ pixels.T
        gradient1 = np.column_stack([delta1 @ ones, weights1])
        gradient2 = np.column_stack([delta2 @ ones, delta2 @ a1.T])

        squares = 0.0
        for gradient, theta in zip((gradient1, gradient2), params, strict=True):
            squares += float(np.sum(theta[:, 1:] ** 2))
            gradient[:, 1:] += lam * theta[:, 1:]
            gradient /= m
        cost = float(losses.sum()) / m + lam / (2 * m) * squares
        return cost, (gradient1, gradient2)

    return evaluate


def published(
    x: np.ndarray, y: np.ndarray
) -> Callable[[Params, float], tuple[float, Params]]:
    """evaluate(params, lam) -> cost and gradient, as the exercise's programs write it.

    x: (m, n). y: (m,) digits. Like them, it overflows where |z| is large and takes
    log(0) where an output is 0 or 1.
    """
    m, x, y = len(x), x.astype(np.float64), np.eye(10)[y]  # y (m, k)

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    def evaluate(params: Params, lam: float) -> tuple[float, Params]:
        theta1, theta2 = params
        a1 = np.hstack([np.ones((m, 1)), x])  # (m, 1 + n)
        z2 = a1 @ theta1.T  # (m, h)
        a2 = np.hstack([np.ones((m, 1)), sigmoid(z2)])  # (m, 1 + h)
        a3 = sigmoid(a2 @ theta2.T)  # (m, k)
        cost = np.sum(-y * np.log(a3) - (1 - y) * np.log(1 - a3)) / m
        penalty = np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2)
        cost = cost + lam / (2 * m) * penalty

        delta3 = a3 - y  # (m, k)
        delta2 = (delta3 @ theta2[:, 1:]) * sigmoid(z2) * (1 - sigmoid(z2))  # (m, h)
        gradient1 = delta2.T @ a1 / m  # (h, 1 + n)
        gradient2 = delta3.T @ a2 / m  # (k, 1 + h)
        gradient1[:, 1:] += lam / m * theta1[:, 1:]
        gradient2[:, 1:] += lam / m * theta2[:, 1:]
        return float(cost), (gradient1, gradient2)

    return evaluate


def start_torch(device: str) -> tuple[Any, str]:
    """PyTorch, float32 products in full precision on a GPU, too; the device's name."""
    torch: Any = importlib.import_module("torch")
    torch.backends.cuda.matmul.allow_tf32 = False
    return torch, torch.cuda.get_device_name() if device == "gpu" else "cpu"


def as_tensors(
    torch: Any, device: str, x: np.ndarray, y: np.ndarray, are_columns: bool
) -> tuple[Any, ...]:
    """x (m, n) and the digits y (m,) as indicators (m, k), on the device.

    As columns (n, m), (k, m).
    """
    arrays = x, np.eye(10, dtype=x.dtype)[y]
    if are_columns:
        arrays = tuple(np.ascontiguousarray(a.T) for a in arrays)
    tensors = tuple(torch.from_numpy(a).to(PLACES[device]) for a in arrays)
    for tensor in tensors:
        torch._dynamo.mark_static_address(tensor)  # or CUDA graphs copy it every time
    return tensors


def leaves(torch: Any, device: str, params: Sequence[np.ndarray]) -> list[Any]:
    """Copies of params on the device, with respect to which PyTorch differentiates."""
    place = PLACES[device]
    return [torch.tensor(p, device=place, requires_grad=True) for p in params]


def torch_cost(torch: Any, are_columns: bool) -> Callable[..., Any]:
    """cost(thetas, x, target, lam) -> tensor, in PyTorch's fused forms.

    x (m, n) and target (m, k), or as columns (n, m) and (k, m).
    """
    functional = torch.nn.functional
    entropy = functional.binary_cross_entropy_with_logits

    def affine(theta: Any, a: Any) -> Any:
        if are_columns:
            return torch.addmm(theta[:, :1], theta[:, 1:], a)
        return functional.linear(a, theta[:, 1:], theta[:, 0])

    def cost(thetas: Sequence[Any], x: Any, target: Any, lam: float) -> Any:
        a, m = x, x.shape[1 if are_columns else 0]
        for theta in thetas[:-1]:
            a = torch.sigmoid(affine(theta, a))  # (m, h) or (h, m)
        z = affine(thetas[-1], a)  # (m, k) or (k, m)
        penalty = sum((theta[:, 1:] ** 2).sum() for theta in thetas)
        return entropy(z, target, reduction="sum") / m + lam / (2 * m) * penalty

    return cost
