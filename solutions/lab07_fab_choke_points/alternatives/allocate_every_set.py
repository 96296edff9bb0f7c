# /// alternative
# cell = "allocate_wafers"
# why = "solves the first-order conditions for every set of customers"
# ///
import itertools
import math

import numpy as np


def allocate_wafers(margin, covariance, risk_aversion):
    mean, sigma = np.array(margin, dtype=float), np.array(covariance, dtype=float)
    if math.isinf(risk_aversion):
        mean, risk_aversion = 0 * mean, 1.0
    n = len(mean)
    if risk_aversion == 0:
        return np.eye(n)[int(np.argmax(mean))]
    best, shares = -math.inf, None
    for size in range(1, n + 1):
        for chosen in itertools.combinations(range(n), size):
            ix = list(chosen)
            system = np.zeros((size + 1, size + 1))
            system[:size, :size] = risk_aversion * sigma[np.ix_(ix, ix)]
            system[:size, size] = system[size, :size] = 1
            w = np.zeros(n)
            w[ix] = np.linalg.solve(system, np.append(mean[ix], 1.0))[:size]
            value = mean @ w - risk_aversion / 2 * w @ sigma @ w
            if w.min() >= 0 and value > best:
                best, shares = value, w
    return shares
