# /// mutant
# cell = "scarcity_rent_usd"
# loses = ["test_scarcity_rent_usd"]
# misconception = "the rent of all units is asked for"
# message = "is rent, on each unit"
# ///
import numpy as np


def scarcity_rent_usd(intercept_usd, slope_usd, costs_usd, firms, capacity):
    n = np.asarray(firms, dtype=float)
    gap = intercept_usd - sum(costs_usd)
    return capacity * max(0.0, gap - slope_usd * np.prod(1 + 1 / n) * capacity)
