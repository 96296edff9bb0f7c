# /// mutant
# cell = "held_usd"
# loses = ["test_held_usd"]
# misconception = "a step that the horizon cuts counts in full"
# message = "counts in part"
# ///
import numpy as np


def held_usd(profit_usd_per_year, step_years, discount_rate, horizon_years):
    profit = np.asarray(profit_usd_per_year, dtype=float)
    starts = np.arange(profit.shape[1]) * step_years
    return profit @ ((starts < horizon_years) * step_years * np.exp(-discount_rate * starts))
