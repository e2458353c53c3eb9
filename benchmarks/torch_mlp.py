"""The network's cost in PyTorch, written tightly: a contender for the benchmarks.

Shapes: m examples, n pixels, k classes; theta_l (units_out, 1 + units_in), column 0 the
bias. Examples are rows, as PyTorch's own layers take them, or columns, as in jaxnn:
torch.nn.functional.linear or torch.addmm, its fused forms of z, and
binary_cross_entropy_with_logits.
"""

import importlib
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from timing import Unavailable

PLACES = {"cpu": "cpu", "gpu": "cuda"}  # PyTorch's names
COMPILE_MODE = {"cpu": "default", "gpu": "reduce-overhead"}  # CUDA graphs


def start_torch(device: str, precision: str) -> Any:
    """The package, settled for a device; Unavailable if it does not see a GPU."""
    torch: Any = importlib.import_module("torch")
    if device == "gpu" and not torch.cuda.is_available():
        raise Unavailable("this PyTorch sees no GPU")
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    return torch


def as_tensors(
    torch: Any, device: str, x: np.ndarray, y: np.ndarray, are_columns: bool
) -> tuple[Any, Any]:
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
    """Copies of params on the device, of which a gradient is wanted."""
    place = PLACES[device]
    return [torch.tensor(p, device=place, requires_grad=True) for p in params]


def cost_function(
    torch: Any, are_columns: bool, compile_for: str | None = None
) -> Callable[..., Any]:
    """cost(thetas, x, target, lam) -> tensor; compiled for a device.

    x (m, n) and target (m, k), or as columns (n, m) and (k, m). Raises Unavailable
    where PyTorch's compiler lacks a compiler of C++.
    """
    functional = torch.nn.functional

    def affine(theta: Any, a: Any) -> Any:
        if are_columns:
            return torch.addmm(theta[:, :1], theta[:, 1:], a)
        return functional.linear(a, theta[:, 1:], theta[:, 0])

    def cost(thetas: Sequence[Any], x: Any, target: Any, lam: float) -> Any:
        a, m = x, x.shape[1 if are_columns else 0]
        for theta in thetas[:-1]:
            a = torch.sigmoid(affine(theta, a))  # (m, h) or (h, m)
        z = affine(thetas[-1], a)  # (m, k) or (k, m)
        entropy = functional.binary_cross_entropy_with_logits(
            z, target, reduction="sum"
        )
        penalty = sum((theta[:, 1:] ** 2).sum() for theta in thetas)
        return entropy / m + lam / (2 * m) * penalty

    if compile_for is None:
        return cost
    if compile_for == "cpu" and not (shutil.which("g++") or shutil.which("clang++")):
        raise Unavailable("torch.compile needs a C++ compiler")
    return torch.compile(cost, mode=COMPILE_MODE[compile_for])


def biases_moved(
    torch: Any, thetas: Sequence[Any], centers: Sequence[Any]
) -> Sequence[Any]:
    """(b + W c, W) of each layer (b, W), as in centering.py; c (n_in,)."""
    moved = []
    for theta, c in zip(thetas, centers, strict=True):
        bias = theta[:, :1] + (theta[:, 1:] * c).sum(1, keepdim=True)  # (out, 1)
        moved.append(torch.cat([bias, theta[:, 1:]], 1))
    return moved


def cost_and_gradient(
    torch: Any, cost: Callable[..., Any], thetas: Sequence[Any], *args: Any
) -> tuple[Any, Sequence[Any]]:
    """By PyTorch's autodiff; thetas are leaves that require a gradient."""
    value = cost(thetas, *args)
    return value, torch.autograd.grad(value, thetas)
