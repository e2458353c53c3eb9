"""The network's cost in PyTorch, written tightly: a contender for the benchmarks.

Shapes: m examples, n pixels, k classes; theta_l (units_out, 1 + units_in), column 0 the
bias. Examples are rows, as PyTorch's own layers take them: torch.nn.functional.linear
and binary_cross_entropy_with_logits, its fused forms of z and of the cross-entropy.
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
    torch: Any, device: str, x: np.ndarray, y: np.ndarray
) -> tuple[Any, Any]:
    """x (m, n) and the digits y (m,) as indicators (m, k), on the device."""
    target = np.eye(10, dtype=x.dtype)[y]
    place = PLACES[device]
    return torch.from_numpy(x).to(place), torch.from_numpy(target).to(place)


def leaves(torch: Any, device: str, params: Sequence[np.ndarray]) -> list[Any]:
    """Copies of params on the device, of which a gradient is wanted."""
    place = PLACES[device]
    return [torch.tensor(p, device=place, requires_grad=True) for p in params]


def cost_function(torch: Any, compile_for: str | None = None) -> Callable[..., Any]:
    """cost(thetas, x (m, n), target (m, k), lam) -> tensor; compiled for a device.

    Raises Unavailable where PyTorch's compiler lacks a compiler of C++.
    """
    functional = torch.nn.functional

    def cost(thetas: Sequence[Any], x: Any, target: Any, lam: float) -> Any:
        a = x  # (m, n)
        for theta in thetas[:-1]:
            a = torch.sigmoid(functional.linear(a, theta[:, 1:], theta[:, 0]))  # (m, h)
        z = functional.linear(a, thetas[-1][:, 1:], thetas[-1][:, 0])  # (m, k)
        entropy = functional.binary_cross_entropy_with_logits(
            z, target, reduction="sum"
        )
        penalty = sum((theta[:, 1:] ** 2).sum() for theta in thetas)
        return entropy / len(x) + lam / (2 * len(x)) * penalty

    if compile_for is None:
        return cost
    if compile_for == "cpu" and not (shutil.which("g++") or shutil.which("clang++")):
        raise Unavailable("torch.compile needs a C++ compiler")
    return torch.compile(cost, mode=COMPILE_MODE[compile_for])


def cost_and_gradient(
    torch: Any, cost: Callable[..., Any], thetas: Sequence[Any], *args: Any
) -> tuple[Any, Sequence[Any]]:
    """By PyTorch's autodiff; thetas are leaves that require a gradient."""
    value = cost(thetas, *args)
    return value, torch.autograd.grad(value, thetas)
