# /// mutant
# cell = "allocate_wafers"
# loses = ["test_allocate_wafers"]
# misconception = "nothing but fear means equal shares"
# message = "equal shares are not the best"
# ///
import math

import numpy as np
from scipy.optimize import minimize


def allocate_wafers(margin, covariance, risk_aversion):
    mean, sigma = np.asarray(margin, dtype=float), np.asarray(covariance, dtype=float)
    # the covariance as it is
    if math.isinf(risk_aversion):
        return np.full(len(mean), 1 / len(mean))
    whole = {"type": "eq", "fun": lambda w: np.sum(w) - 1}
    start = np.full(len(mean), 1 / len(mean))
    best = minimize(
        lambda w: risk_aversion / 2 * w @ sigma @ w - mean @ w,
        start,
        method="SLSQP",
        bounds=[(0, 1)] * len(mean),
        constraints=[whole],
        options={"ftol": 1e-12},
    )
    return best.x
