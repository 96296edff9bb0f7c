# /// mutant
# cell = "scarcity_rent_usd"
# loses = ["test_scarcity_rent_usd"]
# misconception = "slack is a negative rent"
# message = "a capacity beyond demand brings no rent"
# ///
import numpy as np


def scarcity_rent_usd(intercept_usd, slope_usd, costs_usd, firms, capacity):
    n = np.asarray(firms, dtype=float)
    gap = intercept_usd - sum(costs_usd)
    return gap - slope_usd * np.prod(1 + 1 / n) * capacity
