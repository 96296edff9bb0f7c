# /// mutant
# cell = "allocate_wafers"
# loses = ["test_allocate_wafers"]
# misconception = "the solution without the bounds, with negative shares set to zero afterwards"
# message = "negative shares set to zero afterwards"
# ///
import numpy as np


def allocate_wafers(margin, covariance, risk_aversion):
    margin, covariance = np.asarray(margin, dtype=float), np.asarray(covariance, dtype=float)
    if risk_aversion == 0:
        return np.eye(len(margin))[np.argmax(margin)]
    ones = np.ones(len(margin))
    least = np.linalg.solve(covariance, ones)
    shares = least / least.sum()
    if np.isfinite(risk_aversion):
        tilt = np.linalg.solve(covariance, margin - (shares @ margin))
        shares = shares + tilt / risk_aversion
    shares = np.maximum(shares, 0.0)
    return shares / shares.sum()
