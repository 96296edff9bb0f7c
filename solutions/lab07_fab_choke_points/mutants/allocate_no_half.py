# /// mutant
# cell = "allocate_wafers"
# loses = ["test_allocate_wafers"]
# misconception = "the dislike multiplies the whole variance"
# message = "half the dislike"
# ///
import math

import numpy as np
from scipy.optimize import minimize


def allocate_wafers(margin, covariance, risk_aversion):
    mean, sigma = np.asarray(margin, dtype=float), np.asarray(covariance, dtype=float)
    # the covariance as it is
    if math.isinf(risk_aversion):
        mean, risk_aversion = np.zeros(len(mean)), 1.0
    whole = {"type": "eq", "fun": lambda w: np.sum(w) - 1}
    start = np.full(len(mean), 1 / len(mean))
    best = minimize(
        lambda w: risk_aversion * w @ sigma @ w - mean @ w,
        start,
        method="SLSQP",
        bounds=[(0, 1)] * len(mean),
        constraints=[whole],
        options={"ftol": 1e-12},
    )
    return best.x
