# /// mutant
# cell = "huber_lse_objective"
# loses = ["test_huber_lse_objective"]
# misconception = "the mean over the runs is asked for"
# message = "the same runs twice weigh twice"
# ///
import numpy as np


def huber_lse_objective(theta, params, tokens, loss, delta=1e-3):
    log_e, log_a, log_b, alpha, beta = theta
    shortage = np.logaddexp(log_a - alpha * np.log(params), log_b - beta * np.log(tokens))
    size = np.abs(np.logaddexp(log_e, shortage) - np.log(loss))
    return float(np.mean(np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))))
