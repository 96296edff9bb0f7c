# /// mutant
# cell = "scarcity_rent_usd"
# loses = ["test_scarcity_rent_usd"]
# misconception = "margins add up instead of steepening each other"
# message = "multiply, do not add"
# ///
import numpy as np


def scarcity_rent_usd(intercept_usd, slope_usd, costs_usd, firms, capacity):
    n = np.asarray(firms, dtype=float)
    gap = intercept_usd - sum(costs_usd)
    return max(0.0, gap - slope_usd * (1 + (1 / n).sum()) * capacity)
