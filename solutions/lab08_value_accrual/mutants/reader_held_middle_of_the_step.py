# /// mutant
# cell = "held_usd"
# loses = ["test_held_usd"]
# misconception = "a step is paid in its middle, on average"
# message = "not in its middle"
# ///
import numpy as np


def held_usd(profit_usd_per_year, step_years, discount_rate, horizon_years):
    profit = np.asarray(profit_usd_per_year, dtype=float)
    starts = np.arange(profit.shape[1]) * step_years
    counted = np.clip(horizon_years - starts, 0, step_years)
    return profit @ (counted * np.exp(-discount_rate * (starts + step_years / 2)))
