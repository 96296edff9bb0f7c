# /// mutant
# cell = "held_usd"
# loses = ["test_held_usd"]
# misconception = "money comes in all through a step"
# message = "not little by little"
# ///
import numpy as np


def held_usd(profit_usd_per_year, step_years, discount_rate, horizon_years):
    profit = np.asarray(profit_usd_per_year, dtype=float)
    starts = np.arange(profit.shape[1]) * step_years
    ends = np.minimum(starts + step_years, np.maximum(starts, horizon_years))
    if discount_rate == 0:
        return profit @ (ends - starts)
    paid = np.exp(-discount_rate * starts) - np.exp(-discount_rate * ends)
    return profit @ (paid / discount_rate)
