"""Train the digit network with PyTorch; print its figures, save its weights.

    python in_torch.py PROBLEM.npz ITERATIONS PARAMS.npz cpu|cuda

x (m, 400), y (m,) digits, theta_l (units_out, 1 + units_in), column 0 the bias.
"""

import sys

import numpy as np
import torch
from torch import nn

problem, iterations, place, device = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
names = "x", "y", "x_test", "y_test", "theta1", "theta2", "lam"
with np.load(problem) as file:
    tensors = [torch.from_numpy(file[name]).to(device) for name in names]
x, y, x_test, y_test, theta1, theta2, lam = tensors
layers = nn.Linear(400, 25), nn.Linear(25, 10)
network = nn.Sequential(layers[0], nn.Sigmoid(), layers[1]).to(device)
with torch.no_grad():
    for layer, theta in zip(layers, (theta1, theta2), strict=True):
        layer.bias.copy_(theta[:, 0])
        layer.weight.copy_(theta[:, 1:])
target = nn.functional.one_hot(y, 10).to(x.dtype)  # (m, 10)
entropy = nn.BCEWithLogitsLoss(reduction="sum")
how = {"line_search_fn": "strong_wolfe", "history_size": 40}  # pairs, as in jaxnn
how |= {"max_iter": iterations, "max_eval": 10**6}
how |= {"tolerance_grad": 0, "tolerance_change": 0}
optimizer = torch.optim.LBFGS(network.parameters(), **how)


def closure():
    """The cost, whose gradients it leaves in the network."""
    optimizer.zero_grad()
    squares = sum((layer.weight**2).sum() for layer in layers)
    cost = (entropy(network(x), target) + lam / 2 * squares) / len(x)
    cost.backward()
    return cost.detach()


print("start", optimizer.step(closure).item(), "cost", closure().item())
print("steps", optimizer.state_dict()["state"][0]["n_iter"])
right = network(x_test).argmax(1) == y_test
print("accuracy", right.double().mean().item())
thetas = [torch.cat([layer.bias[:, None], layer.weight], 1) for layer in layers]
theta1, theta2 = (theta.detach().cpu().numpy() for theta in thetas)
np.savez(place, theta1=theta1, theta2=theta2)
