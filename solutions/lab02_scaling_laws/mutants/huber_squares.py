# /// mutant
# cell = "huber_lse_objective"
# loses = ["test_huber_lse_objective"]
# misconception = "least squares will do"
# message = "squares let one wild run decide"
# ///
import numpy as np


def huber_lse_objective(theta, params, tokens, loss, delta=1e-3):
    log_e, log_a, log_b, alpha, beta = theta
    shortage = np.logaddexp(log_a - alpha * np.log(params), log_b - beta * np.log(tokens))
    residual = np.logaddexp(log_e, shortage) - np.log(loss)
    return float(np.sum(residual**2 / 2))
