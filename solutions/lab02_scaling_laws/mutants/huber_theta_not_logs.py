# /// mutant
# cell = "huber_lse_objective"
# loses = ["test_huber_lse_objective"]
# misconception = "theta holds E, A and B themselves"
# message = "taken from their logarithms"
# ///
import numpy as np


def huber_lse_objective(theta, params, tokens, loss, delta=1e-3):
    E, A, B, alpha, beta = theta
    predicted = E + A / np.asarray(params) ** alpha + B / np.asarray(tokens) ** beta
    size = np.abs(np.log(predicted) - np.log(loss))
    return float(np.sum(np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))))
