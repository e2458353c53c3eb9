"""Train the digit network with scikit-learn; print its figures, save its weights.

    python in_sklearn.py PROBLEM.npz ITERATIONS PARAMS.npz

x (m, 400), y (m,) digits, theta_l (units_out, 1 + units_in), column 0 the bias.
"""

import sys
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

problem, iterations, place = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with np.load(problem) as file:
    data = dict(file)
start, costs = iter([data["theta1"], data["theta2"]]), []


class Network(MLPClassifier):
    """Training begins at `start`; `costs` has that of each evaluation."""

    def _init_coef(self, *_):
        theta = next(start)
        return theta[:, 1:].T, theta[:, 0]

    def _loss_grad_lbfgs(self, *args):
        cost, gradient = super()._loss_grad_lbfgs(*args)
        costs.append(cost)
        return cost, gradient


# Fitted to indicators (m, 10) it has logistic outputs and a cost summed over them.
# alpha is lambda; biases are not penalized.
how = {"activation": "logistic", "solver": "lbfgs", "alpha": float(data["lam"])}
network = Network(25, max_iter=iterations, max_fun=10**6, tol=0, **how)
warnings.simplefilter("ignore", ConvergenceWarning)
network.fit(data["x"], np.eye(10, dtype=int)[data["y"]])
print("start", costs[0], "cost", network.loss_, "steps", network.n_iter_)
read = network.predict_proba(data["x_test"]).argmax(axis=1)
print("accuracy", np.mean(read == data["y_test"]))
layers = zip(network.intercepts_, network.coefs_, strict=True)
theta1, theta2 = (np.column_stack([bias, w.T]) for bias, w in layers)
np.savez(place, theta1=theta1, theta2=theta2)
