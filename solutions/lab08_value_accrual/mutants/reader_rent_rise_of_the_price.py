# /// mutant
# cell = "scarcity_rent_usd"
# loses = ["test_scarcity_rent_usd"]
# misconception = "the rent is what scarcity adds to the price"
# message = "the whole gap between intercept and costs"
# ///
import numpy as np


def scarcity_rent_usd(intercept_usd, slope_usd, costs_usd, firms, capacity):
    chain = slope_usd * np.prod(1 + 1 / np.asarray(firms, dtype=float))
    sold = (intercept_usd - sum(costs_usd)) / chain
    return float(slope_usd * max(0.0, sold - capacity))
