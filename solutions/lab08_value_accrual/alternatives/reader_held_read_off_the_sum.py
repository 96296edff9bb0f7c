# /// alternative
# cell = "held_usd"
# why = "adds up whole steps and reads the horizon off the line between them"
# ///
import numpy as np


def held_usd(profit_usd_per_year, step_years, discount_rate, horizon_years):
    profit = np.asarray(profit_usd_per_year, dtype=float)
    layers, steps = profit.shape
    edges = step_years * np.arange(steps + 1)
    paid = profit * step_years * np.exp(-discount_rate * edges[:-1])
    sums = np.hstack([np.zeros((layers, 1)), np.cumsum(paid, axis=1)])
    return np.array([np.interp(horizon_years, edges, row) for row in sums])
