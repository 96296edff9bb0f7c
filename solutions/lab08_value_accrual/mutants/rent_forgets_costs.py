# /// mutant
# cell = "scarcity_rent_usd"
# loses = ["test_scarcity_rent_usd"]
# misconception = "running costs are sunk"
# message = "the whole gap between intercept and costs"
# ///
import numpy as np


def scarcity_rent_usd(intercept_usd, slope_usd, costs_usd, firms, capacity):
    n = np.asarray(firms, dtype=float)
    return max(0.0, intercept_usd - slope_usd * np.prod(1 + 1 / n) * capacity)
