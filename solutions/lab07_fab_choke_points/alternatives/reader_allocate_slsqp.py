# /// alternative
# cell = "allocate_wafers"
# why = "the solver that the text names, with the mean left out at infinity"
# ///
import numpy as np
from scipy.optimize import minimize


def allocate_wafers(margin, covariance, risk_aversion):
    mean, sigma = np.array(margin), np.array(covariance)
    if risk_aversion == np.inf:
        mean, risk_aversion = np.zeros(len(mean)), 1.0
    return minimize(
        lambda w: risk_aversion / 2 * w @ sigma @ w - mean @ w,
        np.full(len(mean), 1 / len(mean)),
        method="SLSQP",
        bounds=[(0, 1)] * len(mean),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-12},
    ).x
