# /// alternative
# cell = "optimal_n_d"
# why = "a numerical minimum along the budget"
# ///
import numpy as np
from scipy.optimize import brentq


def optimal_n_d(law, flop):
    def slope(log_n):  # of the loss by log N at 6 N D = C
        n = np.exp(log_n)
        d = flop / 6 / n
        return law.beta * law.B * d**-law.beta - law.alpha * law.A * n**-law.alpha

    n = float(np.exp(brentq(slope, 0.0, 80.0, xtol=1e-12, rtol=1e-14)))
    return [n, flop / 6 / n]
